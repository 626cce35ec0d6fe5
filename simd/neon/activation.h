/* SPDX-License-Identifier: MIT */
/* Activations and their derivatives on four floats, for the epilogues of the
 * matrix products too. With a constant `activation` the switch folds away. */
#ifndef MLP_SIMD_NEON_ACTIVATION_H
#define MLP_SIMD_NEON_ACTIVATION_H

#include "math.h"

#include "kernels.h"

/* y = activation(x), as mlp_activation_forward_fn. */
static inline float32x4_t mlp_activation_forward_f32_neon(enum mlp_activation activation,
                                                          float32x4_t x)
{
    switch (activation) {
    case MLP_IDENTITY:
        break;
    case MLP_RELU: /* a NaN is not <= 0 and stays */
        return vbslq_f32(vclezq_f32(x), vdupq_n_f32(0.0f), x);
    case MLP_LEAKY_RELU:
        return vbslq_f32(vcgtzq_f32(x), x, vmulq_f32(vdupq_n_f32(MLP_LEAKY_SLOPE), x));
    case MLP_SIGMOID:
        return mlp_sigmoid_f32_neon(x);
    case MLP_TANH:
        return mlp_tanh_f32_neon(x);
    }
    return x;
}

/* d * activation'(at output y), as mlp_activation_backward_fn. */
static inline float32x4_t mlp_activation_backward_f32_neon(enum mlp_activation activation,
                                                           float32x4_t y, float32x4_t d)
{
    const float32x4_t one = vdupq_n_f32(1.0f);
    switch (activation) {
    case MLP_IDENTITY:
        break;
    case MLP_RELU:
        return mlp_and_f32_neon(vcgtzq_f32(y), d);
    case MLP_LEAKY_RELU:
        return vbslq_f32(vcgtzq_f32(y), d, vmulq_f32(vdupq_n_f32(MLP_LEAKY_SLOPE), d));
    case MLP_SIGMOID:
        return vmulq_f32(d, vmulq_f32(y, vsubq_f32(one, y)));
    case MLP_TANH:
        return vmulq_f32(d, vfmsq_f32(one, y, y));
    }
    return d;
}

#endif
