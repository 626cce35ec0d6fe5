/* SPDX-License-Identifier: MIT */
#include "activation.h"

#include "activations.h"

#include <string.h>

/* Inlined into each case of the switches below, where the activation is a
 * constant. */
MLP_INLINE void forward(enum mlp_activation activation, size_t n, const float *x, float *y)
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

MLP_INLINE void forward_slope(enum mlp_activation activation, size_t n, const float *x, float *y,
                              float *slope)
{
    struct mlp_activated_neon result;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        result = mlp_activation_slope_f32_neon(activation, vld1q_f32(x + i));
        vst1q_f32(y + i, result.y);
        vst1q_f32(slope + i, result.slope);
    }
    if (i < n) {
        float tail[4] = {0};
        memcpy(tail, x + i, (n - i) * sizeof *x);
        result = mlp_activation_slope_f32_neon(activation, vld1q_f32(tail));
        vst1q_f32(tail, result.y);
        memcpy(y + i, tail, (n - i) * sizeof *y);
        vst1q_f32(tail, result.slope);
        memcpy(slope + i, tail, (n - i) * sizeof *slope);
    }
}

MLP_INLINE void backward(enum mlp_activation activation, size_t n, const float *y, float *d)
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

#define FORWARD_CASE(constant)                                                                     \
    case constant:                                                                                 \
        forward(constant, n, x, y);                                                                \
        break;

void mlp_activation_forward_neon(enum mlp_activation activation, size_t n, const float *x, float *y)
{
    switch (activation) {
        MLP_EACH_ACTIVATION(FORWARD_CASE)
    default: /* has no version of its own */
        mlp_activation_forward_c(activation, n, x, y);
    }
}

#define SLOPE_CASE(constant)                                                                       \
    case constant:                                                                                 \
        forward_slope(constant, n, x, y, slope);                                                   \
        break;

void mlp_activation_slope_neon(enum mlp_activation activation, size_t n, const float *x, float *y,
                               float *slope)
{
    switch (activation) {
        MLP_EACH_ACTIVATION(SLOPE_CASE)
    default: /* has no version of its own */
        mlp_activation_slope_c(activation, n, x, y, slope);
    }
}

#define BACKWARD_CASE(constant)                                                                    \
    case constant:                                                                                 \
        backward(constant, n, y, d);                                                               \
        break;

void mlp_activation_backward_neon(enum mlp_activation activation, size_t n, const float *y,
                                  float *d)
{
    switch (activation) {
        MLP_EACH_ACTIVATION(BACKWARD_CASE)
    default: /* has no version of its own */
        mlp_activation_backward_c(activation, n, y, d);
    }
}
