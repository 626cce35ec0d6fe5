/* SPDX-License-Identifier: MIT */
#include "activation.h"

#include "activations.h"

/* The first n lanes, n < 16. */
static inline __mmask16 first_lanes(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

/* Inlined into each case of the switches below, where the activation is a
 * constant. */
MLP_INLINE void forward(enum mlp_activation activation, size_t n, const float *x, float *y)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm512_storeu_ps(y + i,
                         mlp_activation_forward_ps_avx512(activation, _mm512_loadu_ps(x + i)));
    if (i < n) {
        __mmask16 tail = first_lanes(n - i);
        __m512 last = _mm512_maskz_loadu_ps(tail, x + i);
        _mm512_mask_storeu_ps(y + i, tail, mlp_activation_forward_ps_avx512(activation, last));
    }
}

MLP_INLINE void forward_slope(enum mlp_activation activation, size_t n, const float *x, float *y,
                              float *slope)
{
    struct mlp_activated_avx512 result;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        result = mlp_activation_slope_ps_avx512(activation, _mm512_loadu_ps(x + i));
        _mm512_storeu_ps(y + i, result.y);
        _mm512_storeu_ps(slope + i, result.slope);
    }
    if (i < n) {
        __mmask16 tail = first_lanes(n - i);
        result = mlp_activation_slope_ps_avx512(activation, _mm512_maskz_loadu_ps(tail, x + i));
        _mm512_mask_storeu_ps(y + i, tail, result.y);
        _mm512_mask_storeu_ps(slope + i, tail, result.slope);
    }
}

MLP_INLINE void backward(enum mlp_activation activation, size_t n, const float *y, float *d)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm512_storeu_ps(d + i, mlp_activation_backward_ps_avx512(
                                    activation, _mm512_loadu_ps(y + i), _mm512_loadu_ps(d + i)));
    if (i < n) {
        __mmask16 tail = first_lanes(n - i);
        __m512 last_y = _mm512_maskz_loadu_ps(tail, y + i);
        __m512 last_d = _mm512_maskz_loadu_ps(tail, d + i);
        _mm512_mask_storeu_ps(d + i, tail,
                              mlp_activation_backward_ps_avx512(activation, last_y, last_d));
    }
}

#define FORWARD_CASE(constant)                                                                     \
    case constant:                                                                                 \
        forward(constant, n, x, y);                                                                \
        break;

void mlp_activation_forward_avx512(enum mlp_activation activation, size_t n, const float *x,
                                   float *y)
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

void mlp_activation_slope_avx512(enum mlp_activation activation, size_t n, const float *x, float *y,
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

void mlp_activation_backward_avx512(enum mlp_activation activation, size_t n, const float *y,
                                    float *d)
{
    switch (activation) {
        MLP_EACH_ACTIVATION(BACKWARD_CASE)
    default: /* has no version of its own */
        mlp_activation_backward_c(activation, n, y, d);
    }
}
