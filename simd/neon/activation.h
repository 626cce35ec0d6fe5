/* SPDX-License-Identifier: MIT */
/* Activations and their derivatives on four floats, for the epilogues of the
 * matrix products too. With a constant `activation` the switch folds away. */
#ifndef MLP_SIMD_NEON_ACTIVATION_H
#define MLP_SIMD_NEON_ACTIVATION_H

#include "math.h"

#include "kernels.h"

/* y = activation(x), as mlp_activation_forward_fn. */
MLP_INLINE float32x4_t mlp_activation_forward_f32_neon(enum mlp_activation activation,
                                                       float32x4_t x)
{
    switch (activation) {
    case MLP_IDENTITY:
    case MLP_SOFTMAX:
        break;
    case MLP_RELU: /* a NaN is not <= 0 and stays */
        return vbslq_f32(vclezq_f32(x), vdupq_n_f32(0.0f), x);
    case MLP_LEAKY_RELU:
        return vbslq_f32(vcgtzq_f32(x), x, vmulq_f32(vdupq_n_f32(MLP_LEAKY_SLOPE), x));
    case MLP_SIGMOID:
        return mlp_sigmoid_f32_neon(x);
    case MLP_TANH:
        return mlp_tanh_f32_neon(x);
    case MLP_ELU:
        return mlp_elu_f32_neon(x);
    case MLP_SELU:
        return mlp_selu_f32_neon(x);
    case MLP_HARD_SIGMOID:
        return mlp_hard_sigmoid_f32_neon(x);
    case MLP_SOFTPLUS:
        return mlp_softplus_f32_neon(x).y;
    case MLP_SILU:
        return mlp_silu_f32_neon(x).y;
    case MLP_GELU:
        return mlp_gelu_f32_neon(x).y;
    case MLP_GELU_TANH:
        return mlp_gelu_tanh_f32_neon(x).y;
    case MLP_MISH:
        return mlp_mish_f32_neon(x).y;
    case MLP_STEP:
        return mlp_step_f32_neon(x);
    }
    return x;
}

/* d * activation'(at output y), as mlp_activation_backward_fn. */
MLP_INLINE float32x4_t mlp_activation_backward_f32_neon(enum mlp_activation activation,
                                                        float32x4_t y, float32x4_t d)
{
    const float32x4_t one = vdupq_n_f32(1.0f);
    switch (activation) {
    case MLP_IDENTITY:
    case MLP_SOFTMAX:
        break;
    case MLP_RELU:
        return mlp_and_f32_neon(vcgtzq_f32(y), d);
    case MLP_LEAKY_RELU:
        return vbslq_f32(vcgtzq_f32(y), d, vmulq_f32(vdupq_n_f32(MLP_LEAKY_SLOPE), d));
    case MLP_SIGMOID:
        return vmulq_f32(d, vmulq_f32(y, vsubq_f32(one, y)));
    case MLP_TANH:
        return vmulq_f32(d, vfmsq_f32(one, y, y));
    case MLP_ELU:
        return vbslq_f32(vcgtzq_f32(y), d, vmulq_f32(d, vaddq_f32(y, one)));
    case MLP_SELU:
        return vmulq_f32(d, vbslq_f32(vcgtzq_f32(y), vdupq_n_f32(MLP_SELU_LAMBDA),
                                      vaddq_f32(y, vdupq_n_f32(MLP_SELU_LAMBDA_ALPHA))));
    case MLP_HARD_SIGMOID:
        return mlp_and_f32_neon(vandq_u32(vcgtzq_f32(y), vcltq_f32(y, one)),
                                vmulq_f32(d, vdupq_n_f32(MLP_SIXTH)));
    case MLP_SOFTPLUS:
    case MLP_SILU:
    case MLP_GELU:
    case MLP_GELU_TANH:
    case MLP_MISH: /* y is the slope */
        return vmulq_f32(d, y);
    case MLP_STEP:
        return vdupq_n_f32(0.0f);
    }
    return d;
}

/* y = activation(x) and its derivative, as mlp_activation_slope_fn. */
MLP_INLINE struct mlp_activated_neon mlp_activation_slope_f32_neon(enum mlp_activation activation,
                                                                   float32x4_t x)
{
    struct mlp_activated_neon result;
    switch (activation) {
    case MLP_SOFTPLUS:
        return mlp_softplus_f32_neon(x);
    case MLP_SILU:
        return mlp_silu_f32_neon(x);
    case MLP_GELU:
        return mlp_gelu_f32_neon(x);
    case MLP_GELU_TANH:
        return mlp_gelu_tanh_f32_neon(x);
    case MLP_MISH:
        return mlp_mish_f32_neon(x);
    default: /* the output tells it */
        result.y = mlp_activation_forward_f32_neon(activation, x);
        result.slope = mlp_activation_backward_f32_neon(activation, result.y, vdupq_n_f32(1.0f));
        return result;
    }
}

#endif
