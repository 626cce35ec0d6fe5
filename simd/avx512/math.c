/* SPDX-License-Identifier: MIT */
#include "math.h"

#include "kernels.h"

/* Inlined with a constant f, and f inlined into it. */
static inline __attribute__((always_inline)) void map(__m512 (*f)(__m512), size_t n, const float *x,
                                                      float *y)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm512_storeu_ps(y + i, f(_mm512_loadu_ps(x + i)));
    if (i < n) {
        __mmask16 tail = (__mmask16)((1u << (n - i)) - 1);
        _mm512_mask_storeu_ps(y + i, tail, f(_mm512_maskz_loadu_ps(tail, x + i)));
    }
}

void mlp_exp_avx512(size_t n, const float *x, float *y)
{
    map(mlp_exp_ps_avx512, n, x, y);
}

void mlp_log_avx512(size_t n, const float *x, float *y)
{
    map(mlp_log_ps_avx512, n, x, y);
}
