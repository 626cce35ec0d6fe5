/* SPDX-License-Identifier: MIT */
#include "activation.h"

/* The first n lanes, n < 16. */
static inline __mmask16 first_lanes(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

/* Inlined into each case of the switches below, where the activation is a
 * constant. */
static inline __attribute__((always_inline)) void forward(enum mlp_activation activation, size_t n,
                                                          const float *x, float *y)
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

static inline __attribute__((always_inline)) void backward(enum mlp_activation activation, size_t n,
                                                           const float *y, float *d)
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

void mlp_activation_forward_avx512(enum mlp_activation activation, size_t n, const float *x,
                                   float *y)
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

void mlp_activation_backward_avx512(enum mlp_activation activation, size_t n, const float *y,
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
