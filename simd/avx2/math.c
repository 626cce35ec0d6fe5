/* SPDX-License-Identifier: MIT */
#include "math.h"

#include "kernels.h"

#include <string.h>

/* Inlined with a constant f, and f inlined into it. */
static inline __attribute__((always_inline)) void map(__m256 (*f)(__m256), size_t n, const float *x,
                                                      float *y)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(y + i, f(_mm256_loadu_ps(x + i)));
    if (i < n) {
        float tail[8] = {0};
        memcpy(tail, x + i, (n - i) * sizeof *x);
        _mm256_storeu_ps(tail, f(_mm256_loadu_ps(tail)));
        memcpy(y + i, tail, (n - i) * sizeof *y);
    }
}

void mlp_exp_avx2(size_t n, const float *x, float *y)
{
    map(mlp_exp_ps_avx2, n, x, y);
}

void mlp_log_avx2(size_t n, const float *x, float *y)
{
    map(mlp_log_ps_avx2, n, x, y);
}
