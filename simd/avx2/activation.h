/* SPDX-License-Identifier: MIT */
/* Activations and their derivatives on eight floats, for the epilogues of the
 * matrix products too. With a constant `activation` the switch folds away. */
#ifndef MLP_SIMD_AVX2_ACTIVATION_H
#define MLP_SIMD_AVX2_ACTIVATION_H

#include "math.h"

#include "kernels.h"

/* y = activation(x), as mlp_activation_forward_fn. */
MLP_INLINE __m256 mlp_activation_forward_ps_avx2(enum mlp_activation activation, __m256 x)
{
    const __m256 zero = _mm256_setzero_ps();
    switch (activation) {
    case MLP_IDENTITY:
    case MLP_SOFTMAX:
        break;
    case MLP_RELU: /* not <=: greater, or a NaN, which stays */
        return _mm256_and_ps(x, _mm256_cmp_ps(x, zero, _CMP_NLE_UQ));
    case MLP_LEAKY_RELU:
        return _mm256_blendv_ps(_mm256_mul_ps(_mm256_set1_ps(MLP_LEAKY_SLOPE), x), x,
                                _mm256_cmp_ps(x, zero, _CMP_GT_OQ));
    case MLP_SIGMOID:
        return mlp_sigmoid_ps_avx2(x);
    case MLP_TANH:
        return mlp_tanh_ps_avx2(x);
    case MLP_ELU:
        return mlp_elu_ps_avx2(x);
    case MLP_SELU:
        return mlp_selu_ps_avx2(x);
    case MLP_HARD_SIGMOID:
        return mlp_hard_sigmoid_ps_avx2(x);
    case MLP_SOFTPLUS:
        return mlp_softplus_ps_avx2(x).y;
    case MLP_SILU:
        return mlp_silu_ps_avx2(x).y;
    case MLP_GELU:
        return mlp_gelu_ps_avx2(x).y;
    case MLP_GELU_TANH:
        return mlp_gelu_tanh_ps_avx2(x).y;
    case MLP_MISH:
        return mlp_mish_ps_avx2(x).y;
    case MLP_STEP:
        return mlp_step_ps_avx2(x);
    }
    return x;
}

/* d * activation'(at output y), as mlp_activation_backward_fn. */
MLP_INLINE __m256 mlp_activation_backward_ps_avx2(enum mlp_activation activation, __m256 y,
                                                  __m256 d)
{
    const __m256 zero = _mm256_setzero_ps();
    const __m256 one = _mm256_set1_ps(1.0f);
    switch (activation) {
    case MLP_IDENTITY:
    case MLP_SOFTMAX:
        break;
    case MLP_RELU:
        return _mm256_and_ps(d, _mm256_cmp_ps(y, zero, _CMP_GT_OQ));
    case MLP_LEAKY_RELU:
        return _mm256_blendv_ps(_mm256_mul_ps(_mm256_set1_ps(MLP_LEAKY_SLOPE), d), d,
                                _mm256_cmp_ps(y, zero, _CMP_GT_OQ));
    case MLP_SIGMOID:
        return _mm256_mul_ps(d, _mm256_mul_ps(y, _mm256_sub_ps(one, y)));
    case MLP_TANH:
        return _mm256_mul_ps(d, _mm256_fnmadd_ps(y, y, one));
    case MLP_ELU:
        return _mm256_blendv_ps(_mm256_mul_ps(d, _mm256_add_ps(y, one)), d,
                                _mm256_cmp_ps(y, zero, _CMP_GT_OQ));
    case MLP_SELU:
        return _mm256_mul_ps(
            d,
            _mm256_blendv_ps(_mm256_add_ps(y, _mm256_set1_ps(MLP_SELU_LAMBDA_ALPHA)),
                             _mm256_set1_ps(MLP_SELU_LAMBDA), _mm256_cmp_ps(y, zero, _CMP_GT_OQ)));
    case MLP_HARD_SIGMOID:
        return _mm256_and_ps(
            _mm256_and_ps(_mm256_cmp_ps(y, zero, _CMP_GT_OQ), _mm256_cmp_ps(y, one, _CMP_LT_OQ)),
            _mm256_mul_ps(d, _mm256_set1_ps(MLP_SIXTH)));
    case MLP_SOFTPLUS:
    case MLP_SILU:
    case MLP_GELU:
    case MLP_GELU_TANH:
    case MLP_MISH: /* y is the slope */
        return _mm256_mul_ps(d, y);
    case MLP_STEP:
        return zero;
    }
    return d;
}

/* y = activation(x) and its derivative, as mlp_activation_slope_fn. */
MLP_INLINE struct mlp_activated_avx2 mlp_activation_slope_ps_avx2(enum mlp_activation activation,
                                                                  __m256 x)
{
    struct mlp_activated_avx2 result;
    switch (activation) {
    case MLP_SOFTPLUS:
        return mlp_softplus_ps_avx2(x);
    case MLP_SILU:
        return mlp_silu_ps_avx2(x);
    case MLP_GELU:
        return mlp_gelu_ps_avx2(x);
    case MLP_GELU_TANH:
        return mlp_gelu_tanh_ps_avx2(x);
    case MLP_MISH:
        return mlp_mish_ps_avx2(x);
    default: /* the output tells it */
        result.y = mlp_activation_forward_ps_avx2(activation, x);
        result.slope = mlp_activation_backward_ps_avx2(activation, result.y, _mm256_set1_ps(1.0f));
        return result;
    }
}

#endif
