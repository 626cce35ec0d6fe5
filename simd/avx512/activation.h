/* SPDX-License-Identifier: MIT */
/* Activations and their derivatives on sixteen floats, for the epilogues of the
 * matrix products too. With a constant `activation` the switch folds away. */
#ifndef MLP_SIMD_AVX512_ACTIVATION_H
#define MLP_SIMD_AVX512_ACTIVATION_H

#include "math.h"

#include "kernels.h"

/* y = activation(x), as mlp_activation_forward_fn. */
MLP_INLINE __m512 mlp_activation_forward_ps_avx512(enum mlp_activation activation, __m512 x)
{
    const __m512 zero = _mm512_setzero_ps();
    switch (activation) {
    case MLP_IDENTITY:
    case MLP_SOFTMAX:
        break;
    case MLP_RELU: /* not <=: greater, or a NaN, which stays */
        return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, zero, _CMP_NLE_UQ), x);
    case MLP_LEAKY_RELU:
        return _mm512_mask_mul_ps(x, _mm512_cmp_ps_mask(x, zero, _CMP_NGT_UQ), x,
                                  _mm512_set1_ps(MLP_LEAKY_SLOPE));
    case MLP_SIGMOID:
        return mlp_sigmoid_ps_avx512(x);
    case MLP_TANH:
        return mlp_tanh_ps_avx512(x);
    case MLP_ELU:
        return mlp_elu_ps_avx512(x);
    case MLP_SELU:
        return mlp_selu_ps_avx512(x);
    case MLP_HARD_SIGMOID:
        return mlp_hard_sigmoid_ps_avx512(x);
    case MLP_SOFTPLUS:
        return mlp_softplus_ps_avx512(x).y;
    case MLP_SILU:
        return mlp_silu_ps_avx512(x).y;
    case MLP_GELU:
        return mlp_gelu_ps_avx512(x).y;
    case MLP_GELU_TANH:
        return mlp_gelu_tanh_ps_avx512(x).y;
    case MLP_MISH:
        return mlp_mish_ps_avx512(x).y;
    case MLP_STEP:
        return mlp_step_ps_avx512(x);
    }
    return x;
}

/* d * activation'(at output y), as mlp_activation_backward_fn. */
MLP_INLINE __m512 mlp_activation_backward_ps_avx512(enum mlp_activation activation, __m512 y,
                                                    __m512 d)
{
    const __m512 zero = _mm512_setzero_ps();
    const __m512 one = _mm512_set1_ps(1.0f);
    switch (activation) {
    case MLP_IDENTITY:
    case MLP_SOFTMAX:
        break;
    case MLP_RELU:
        return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(y, zero, _CMP_GT_OQ), d);
    case MLP_LEAKY_RELU:
        return _mm512_mask_mul_ps(d, _mm512_cmp_ps_mask(y, zero, _CMP_NGT_UQ), d,
                                  _mm512_set1_ps(MLP_LEAKY_SLOPE));
    case MLP_SIGMOID:
        return _mm512_mul_ps(d, _mm512_mul_ps(y, _mm512_sub_ps(one, y)));
    case MLP_TANH:
        return _mm512_mul_ps(d, _mm512_fnmadd_ps(y, y, one));
    case MLP_ELU:
        return _mm512_mask_mov_ps(_mm512_mul_ps(d, _mm512_add_ps(y, one)),
                                  _mm512_cmp_ps_mask(y, zero, _CMP_GT_OQ), d);
    case MLP_SELU:
        return _mm512_mul_ps(
            d, _mm512_mask_mov_ps(_mm512_add_ps(y, _mm512_set1_ps(MLP_SELU_LAMBDA_ALPHA)),
                                  _mm512_cmp_ps_mask(y, zero, _CMP_GT_OQ),
                                  _mm512_set1_ps(MLP_SELU_LAMBDA)));
    case MLP_HARD_SIGMOID:
        return _mm512_maskz_mul_ps(
            _mm512_mask_cmp_ps_mask(_mm512_cmp_ps_mask(y, zero, _CMP_GT_OQ), y, one, _CMP_LT_OQ), d,
            _mm512_set1_ps(MLP_SIXTH));
    case MLP_SOFTPLUS:
    case MLP_SILU:
    case MLP_GELU:
    case MLP_GELU_TANH:
    case MLP_MISH: /* y is the slope */
        return _mm512_mul_ps(d, y);
    case MLP_STEP:
        return zero;
    }
    return d;
}

/* y = activation(x) and its derivative, as mlp_activation_slope_fn. */
MLP_INLINE struct mlp_activated_avx512
mlp_activation_slope_ps_avx512(enum mlp_activation activation, __m512 x)
{
    struct mlp_activated_avx512 result;
    switch (activation) {
    case MLP_SOFTPLUS:
        return mlp_softplus_ps_avx512(x);
    case MLP_SILU:
        return mlp_silu_ps_avx512(x);
    case MLP_GELU:
        return mlp_gelu_ps_avx512(x);
    case MLP_GELU_TANH:
        return mlp_gelu_tanh_ps_avx512(x);
    case MLP_MISH:
        return mlp_mish_ps_avx512(x);
    default: /* the output tells it */
        result.y = mlp_activation_forward_ps_avx512(activation, x);
        result.slope =
            mlp_activation_backward_ps_avx512(activation, result.y, _mm512_set1_ps(1.0f));
        return result;
    }
}

#endif
