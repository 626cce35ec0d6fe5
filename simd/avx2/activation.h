/* SPDX-License-Identifier: MIT */
/* Activations and their derivatives on eight floats, for the epilogues of the
 * matrix products too. With a constant `activation` the switch folds away. */
#ifndef MLP_SIMD_AVX2_ACTIVATION_H
#define MLP_SIMD_AVX2_ACTIVATION_H

#include "math.h"

#include "kernels.h"

/* y = activation(x), as mlp_activation_forward_fn. */
static inline __m256 mlp_activation_forward_ps_avx2(enum mlp_activation activation, __m256 x)
{
    const __m256 zero = _mm256_setzero_ps();
    switch (activation) {
    case MLP_IDENTITY:
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
    }
    return x;
}

/* d * activation'(at output y), as mlp_activation_backward_fn. */
static inline __m256 mlp_activation_backward_ps_avx2(enum mlp_activation activation, __m256 y,
                                                     __m256 d)
{
    const __m256 zero = _mm256_setzero_ps();
    const __m256 one = _mm256_set1_ps(1.0f);
    switch (activation) {
    case MLP_IDENTITY:
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
    }
    return d;
}

#endif
