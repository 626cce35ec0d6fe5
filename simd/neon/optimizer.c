/* SPDX-License-Identifier: MIT */
#include "optimizer.h"

void mlp_update_neon(size_t n, const struct mlp_update *update, const float *g, float *w, float *m,
                     float *v)
{
    const struct mlp_update_neon u = mlp_update_broadcast_neon(update);
    switch (update->optimizer) {
    case MLP_SGD:
        for (size_t i = 0; i < n; i += 4)
            mlp_sgd_f32_neon(&u, vld1q_f32(g + i), w + i);
        break;
    case MLP_ADAM:
        for (size_t i = 0; i < n; i += 4)
            mlp_adam_f32_neon(&u, vld1q_f32(g + i), w + i, m + i, v + i);
        break;
    default: /* has no version of its own */
        mlp_update_c(n, update, g, w, m, v);
    }
}

/* `count` panels side by side, for several chains hide the latency of addition. */
static inline __attribute__((always_inline)) void
bias_panels(size_t count, size_t rows, const float *b, size_t b_stride, bool resume, float *g)
{
    float32x4_t sum[16];
    for (size_t i = 0; i < 4 * count; i++)
        sum[i] = resume ? vld1q_f32(g + i * 4) : vdupq_n_f32(0.0f);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < 4 * count; i++)
            sum[i] = vaddq_f32(sum[i], vld1q_f32(b + i / 4 * b_stride + r * MLP_NR + i % 4 * 4));
    }
    for (size_t i = 0; i < 4 * count; i++)
        vst1q_f32(g + i * 4, sum[i]);
}

void mlp_bias_gradient_neon(size_t rows, size_t panels, const float *b, size_t b_stride,
                            bool resume, float *g)
{
    size_t j = 0;
    for (; j + 4 <= panels; j += 4)
        bias_panels(4, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
    for (; j < panels; j++)
        bias_panels(1, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
}
