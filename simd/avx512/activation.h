/* SPDX-License-Identifier: MIT */
/* Activations and their derivatives on sixteen floats, for the epilogues of the
 * matrix products too. With a constant `activation` the switch folds away. */
#ifndef MLP_SIMD_AVX512_ACTIVATION_H
#define MLP_SIMD_AVX512_ACTIVATION_H

#include "math.h"

#include "kernels.h"

/* y = activation(x), as mlp_activation_forward_fn. */
static inline __m512 mlp_activation_forward_ps_avx512(enum mlp_activation activation, __m512 x)
{
    const __m512 zero = _mm512_setzero_ps();
    switch (activation) {
    case MLP_IDENTITY:
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
    }
    return x;
}

/* d * activation'(at output y), as mlp_activation_backward_fn. */
static inline __m512 mlp_activation_backward_ps_avx512(enum mlp_activation activation, __m512 y,
                                                       __m512 d)
{
    const __m512 zero = _mm512_setzero_ps();
    const __m512 one = _mm512_set1_ps(1.0f);
    switch (activation) {
    case MLP_IDENTITY:
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
    }
    return d;
}

#endif
