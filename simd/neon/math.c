/* SPDX-License-Identifier: MIT */
#include "math.h"

#include "kernels.h"

#include <string.h>

void mlp_exp_neon(size_t n, const float *x, float *y)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        vst1q_f32(y + i, mlp_exp_f32_neon(vld1q_f32(x + i)));
    if (i < n) {
        float tail[4] = {0};
        memcpy(tail, x + i, (n - i) * sizeof *x);
        vst1q_f32(tail, mlp_exp_f32_neon(vld1q_f32(tail)));
        memcpy(y + i, tail, (n - i) * sizeof *y);
    }
}

void mlp_log_neon(size_t n, const float *x, float *y)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        vst1q_f32(y + i, mlp_log_f32_neon(vld1q_f32(x + i)));
    if (i < n) {
        float tail[4] = {1, 1, 1, 1};
        memcpy(tail, x + i, (n - i) * sizeof *x);
        vst1q_f32(tail, mlp_log_f32_neon(vld1q_f32(tail)));
        memcpy(y + i, tail, (n - i) * sizeof *y);
    }
}
