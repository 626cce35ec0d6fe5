/* SPDX-License-Identifier: MIT */
#include "kernels.h"
#include "math.h"

void mlp_activation_forward_c(enum mlp_activation activation, size_t n, const float *x, float *y)
{
    switch (activation) {
    case MLP_IDENTITY:
        for (size_t i = 0; i < n; i++)
            y[i] = x[i];
        break;
    case MLP_RELU: /* a NaN is not <= 0 and stays */
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] <= 0 ? 0.0f : x[i];
        break;
    case MLP_LEAKY_RELU:
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] > 0 ? x[i] : MLP_LEAKY_SLOPE * x[i];
        break;
    case MLP_SIGMOID:
        for (size_t i = 0; i < n; i++)
            y[i] = mlp_sigmoid_scalar(x[i]);
        break;
    case MLP_TANH:
        for (size_t i = 0; i < n; i++)
            y[i] = mlp_tanh_scalar(x[i]);
        break;
    }
}

void mlp_activation_backward_c(enum mlp_activation activation, size_t n, const float *y, float *d)
{
    switch (activation) {
    case MLP_IDENTITY:
        break;
    case MLP_RELU:
        for (size_t i = 0; i < n; i++)
            d[i] = y[i] > 0 ? d[i] : 0.0f;
        break;
    case MLP_LEAKY_RELU:
        for (size_t i = 0; i < n; i++)
            d[i] = y[i] > 0 ? d[i] : MLP_LEAKY_SLOPE * d[i];
        break;
    case MLP_SIGMOID:
        for (size_t i = 0; i < n; i++)
            d[i] *= y[i] * (1.0f - y[i]);
        break;
    case MLP_TANH:
        for (size_t i = 0; i < n; i++)
            d[i] *= mlp_fma(-y[i], y[i], 1.0f);
        break;
    }
}
