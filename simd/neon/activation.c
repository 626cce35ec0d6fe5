/* SPDX-License-Identifier: MIT */
#include "activation.h"

#include <string.h>

/* Inlined into each case of the switches below, where the activation is a
 * constant. */
static inline __attribute__((always_inline)) void forward(enum mlp_activation activation, size_t n,
                                                          const float *x, float *y)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        vst1q_f32(y + i, mlp_activation_forward_f32_neon(activation, vld1q_f32(x + i)));
    if (i < n) {
        float tail[4] = {0};
        memcpy(tail, x + i, (n - i) * sizeof *x);
        vst1q_f32(tail, mlp_activation_forward_f32_neon(activation, vld1q_f32(tail)));
        memcpy(y + i, tail, (n - i) * sizeof *y);
    }
}

static inline __attribute__((always_inline)) void backward(enum mlp_activation activation, size_t n,
                                                           const float *y, float *d)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        vst1q_f32(d + i,
                  mlp_activation_backward_f32_neon(activation, vld1q_f32(y + i), vld1q_f32(d + i)));
    if (i < n) {
        float y_tail[4] = {0}, d_tail[4] = {0};
        memcpy(y_tail, y + i, (n - i) * sizeof *y);
        memcpy(d_tail, d + i, (n - i) * sizeof *d);
        vst1q_f32(d_tail, mlp_activation_backward_f32_neon(activation, vld1q_f32(y_tail),
                                                           vld1q_f32(d_tail)));
        memcpy(d + i, d_tail, (n - i) * sizeof *d);
    }
}

void mlp_activation_forward_neon(enum mlp_activation activation, size_t n, const float *x, float *y)
{
    switch (activation) {
    case MLP_IDENTITY:
        forward(MLP_IDENTITY, n, x, y);
        break;
    case MLP_RELU:
        forward(MLP_RELU, n, x, y);
        break;
    case MLP_LEAKY_RELU:
        forward(MLP_LEAKY_RELU, n, x, y);
        break;
    case MLP_SIGMOID:
        forward(MLP_SIGMOID, n, x, y);
        break;
    case MLP_TANH:
        forward(MLP_TANH, n, x, y);
        break;
    default: /* has no version of its own */
        mlp_activation_forward_c(activation, n, x, y);
    }
}

void mlp_activation_backward_neon(enum mlp_activation activation, size_t n, const float *y,
                                  float *d)
{
    switch (activation) {
    case MLP_IDENTITY:
        break;
    case MLP_RELU:
        backward(MLP_RELU, n, y, d);
        break;
    case MLP_LEAKY_RELU:
        backward(MLP_LEAKY_RELU, n, y, d);
        break;
    case MLP_SIGMOID:
        backward(MLP_SIGMOID, n, y, d);
        break;
    case MLP_TANH:
        backward(MLP_TANH, n, y, d);
        break;
    default:
        mlp_activation_backward_c(activation, n, y, d);
    }
}
