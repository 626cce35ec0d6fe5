/* SPDX-License-Identifier: MIT */
#include "optimizer.h"

void mlp_update_avx512(size_t n, const struct mlp_update *update, const float *g, float *w,
                       float *m, float *v)
{
    const struct mlp_update_avx512 u = mlp_update_broadcast_avx512(update);
    switch (update->optimizer) {
    case MLP_SGD:
        for (size_t i = 0; i < n; i += 16)
            mlp_sgd_ps_avx512(&u, _mm512_loadu_ps(g + i), w + i);
        break;
    case MLP_ADAM:
        for (size_t i = 0; i < n; i += 16)
            mlp_adam_ps_avx512(&u, _mm512_loadu_ps(g + i), w + i, m + i, v + i);
        break;
    default: /* has no version of its own */
        mlp_update_c(n, update, g, w, m, v);
    }
}

/* `count` panels side by side: eight chains hide the latency of addition. */
static inline __attribute__((always_inline)) void
bias_panels(size_t count, size_t rows, const float *b, size_t b_stride, bool resume, float *g)
{
    __m512 sum[8];
    for (size_t i = 0; i < count; i++)
        sum[i] = resume ? _mm512_loadu_ps(g + i * MLP_NR) : _mm512_setzero_ps();
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < count; i++)
            sum[i] = _mm512_add_ps(sum[i], _mm512_load_ps(b + i * b_stride + r * MLP_NR));
    }
    for (size_t i = 0; i < count; i++)
        _mm512_storeu_ps(g + i * MLP_NR, sum[i]);
}

void mlp_bias_gradient_avx512(size_t rows, size_t panels, const float *b, size_t b_stride,
                              bool resume, float *g)
{
    size_t j = 0;
    for (; j + 8 <= panels; j += 8)
        bias_panels(8, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
    for (; j + 4 <= panels; j += 4)
        bias_panels(4, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
    for (; j < panels; j++)
        bias_panels(1, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
}
