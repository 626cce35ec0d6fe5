/* SPDX-License-Identifier: MIT */
#include "kernels.h"
#include "math.h"

void mlp_activation_forward_c(enum mlp_activation activation, size_t n, const float *x, float *y)
{
    switch (activation) {
    case MLP_IDENTITY:
    case MLP_SOFTMAX:
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
    case MLP_ELU:
        for (size_t i = 0; i < n; i++)
            y[i] = mlp_elu_scalar(x[i]);
        break;
    case MLP_SELU:
        for (size_t i = 0; i < n; i++)
            y[i] = mlp_selu_scalar(x[i]);
        break;
    case MLP_HARD_SIGMOID:
        for (size_t i = 0; i < n; i++)
            y[i] = mlp_hard_sigmoid_scalar(x[i]);
        break;
    case MLP_SOFTPLUS:
        for (size_t i = 0; i < n; i++)
            y[i] = mlp_softplus_scalar(x[i]).y;
        break;
    case MLP_SILU:
        for (size_t i = 0; i < n; i++)
            y[i] = mlp_silu_scalar(x[i]).y;
        break;
    case MLP_GELU:
        for (size_t i = 0; i < n; i++)
            y[i] = mlp_gelu_scalar(x[i]).y;
        break;
    case MLP_GELU_TANH:
        for (size_t i = 0; i < n; i++)
            y[i] = mlp_gelu_tanh_scalar(x[i]).y;
        break;
    case MLP_MISH:
        for (size_t i = 0; i < n; i++)
            y[i] = mlp_mish_scalar(x[i]).y;
        break;
    case MLP_STEP:
        for (size_t i = 0; i < n; i++)
            y[i] = mlp_step_scalar(x[i]);
        break;
    }
}

static void store_activated(struct mlp_activated activated, float *y, float *slope)
{
    *y = activated.y;
    *slope = activated.slope;
}

void mlp_activation_slope_c(enum mlp_activation activation, size_t n, const float *x, float *y,
                            float *slope)
{
    switch (activation) {
    case MLP_SOFTPLUS:
        for (size_t i = 0; i < n; i++)
            store_activated(mlp_softplus_scalar(x[i]), &y[i], &slope[i]);
        break;
    case MLP_SILU:
        for (size_t i = 0; i < n; i++)
            store_activated(mlp_silu_scalar(x[i]), &y[i], &slope[i]);
        break;
    case MLP_GELU:
        for (size_t i = 0; i < n; i++)
            store_activated(mlp_gelu_scalar(x[i]), &y[i], &slope[i]);
        break;
    case MLP_GELU_TANH:
        for (size_t i = 0; i < n; i++)
            store_activated(mlp_gelu_tanh_scalar(x[i]), &y[i], &slope[i]);
        break;
    case MLP_MISH:
        for (size_t i = 0; i < n; i++)
            store_activated(mlp_mish_scalar(x[i]), &y[i], &slope[i]);
        break;
    default: /* the output tells it */
        mlp_activation_forward_c(activation, n, x, y);
        for (size_t i = 0; i < n; i++)
            slope[i] = 1.0f;
        mlp_activation_backward_c(activation, n, y, slope);
    }
}

void mlp_activation_backward_c(enum mlp_activation activation, size_t n, const float *y, float *d)
{
    switch (activation) {
    case MLP_IDENTITY:
    case MLP_SOFTMAX:
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
    case MLP_ELU:
        for (size_t i = 0; i < n; i++)
            d[i] = y[i] > 0 ? d[i] : d[i] * (y[i] + 1.0f);
        break;
    case MLP_SELU:
        for (size_t i = 0; i < n; i++)
            d[i] *= y[i] > 0 ? MLP_SELU_LAMBDA : y[i] + MLP_SELU_LAMBDA_ALPHA;
        break;
    case MLP_HARD_SIGMOID:
        for (size_t i = 0; i < n; i++)
            d[i] = y[i] > 0 && y[i] < 1.0f ? d[i] * MLP_SIXTH : 0.0f;
        break;
    case MLP_SOFTPLUS:
    case MLP_SILU:
    case MLP_GELU:
    case MLP_GELU_TANH:
    case MLP_MISH:
        for (size_t i = 0; i < n; i++)
            d[i] *= y[i];
        break;
    case MLP_STEP:
        for (size_t i = 0; i < n; i++)
            d[i] = 0.0f;
        break;
    }
}
