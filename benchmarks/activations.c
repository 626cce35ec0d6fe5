/* SPDX-License-Identifier: MIT */
#include "activations.h"

#include "kernels.h"

#include <math.h>
#include <stddef.h>

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double normal_distribution(double x)
{
    return erfc(-x * 0.70710678118654752440) / 2;
}

/* sqrt(8 / pi) (x + 0.044715 x^3) */
static double gelu_cubic(double x)
{
    return 1.5957691216057307118 * (x + 0.044715 * x * x * x);
}

/* SELU's lambda and lambda * alpha. */
static const double selu_lambda = 1.0507009873554804934;
static const double selu_lambda_alpha = 1.7580993408473768599;

double bench_activation(enum mlp_activation activation, double x)
{
    switch (activation) {
    case MLP_RELU:
        return fmax(x, 0);
    case MLP_LEAKY_RELU:
        return x > 0 ? x : (double)MLP_LEAKY_SLOPE * x;
    case MLP_SIGMOID:
        return sigmoid(x);
    case MLP_TANH:
        return tanh(x);
    case MLP_ELU:
        return x > 0 ? x : expm1(x);
    case MLP_SELU:
        return x > 0 ? selu_lambda * x : selu_lambda_alpha * expm1(x);
    case MLP_HARD_SIGMOID:
        return fmin(fmax(x + 3, 0), 6) / 6;
    case MLP_SOFTPLUS:
        return log1p(exp(x));
    case MLP_SILU:
        return x * sigmoid(x);
    case MLP_GELU:
        return x * normal_distribution(x);
    case MLP_GELU_TANH:
        return x * sigmoid(gelu_cubic(x));
    case MLP_MISH:
        return x * tanh(log1p(exp(x)));
    case MLP_STEP:
        return x >= 0;
    case MLP_IDENTITY:
    case MLP_SOFTMAX:
        break;
    }
    return x;
}

double bench_activation_slope(enum mlp_activation activation, double x)
{
    double y = sigmoid(x), cubic = gelu_cubic(x);
    double tanh_of_log = tanh(log1p(exp(x)));
    switch (activation) {
    case MLP_SOFTPLUS:
        return y;
    case MLP_SILU:
        return y + x * y * (1 - y);
    case MLP_GELU:
        return normal_distribution(x) + x * exp(-x * x / 2) * 0.39894228040143267794;
    case MLP_GELU_TANH:
        y = sigmoid(cubic);
        return y + x * y * (1 - y) * 1.5957691216057307118 * (1 + 3 * 0.044715 * x * x);
    case MLP_MISH:
        return tanh_of_log + x * y * (1 - tanh_of_log * tanh_of_log);
    default:
        return (double)NAN;
    }
}

double bench_activation_derivative(enum mlp_activation activation, double y)
{
    switch (activation) {
    case MLP_RELU:
        return y > 0;
    case MLP_LEAKY_RELU:
        return y > 0 ? 1 : (double)MLP_LEAKY_SLOPE;
    case MLP_SIGMOID:
        return y * (1 - y);
    case MLP_TANH:
        return 1 - y * y;
    case MLP_ELU:
        return y > 0 ? 1 : y + 1;
    case MLP_SELU:
        return y > 0 ? selu_lambda : y + selu_lambda_alpha;
    case MLP_HARD_SIGMOID:
        return y > 0 && y < 1 ? 1.0 / 6 : 0;
    case MLP_SOFTPLUS:
    case MLP_SILU:
    case MLP_GELU:
    case MLP_GELU_TANH:
    case MLP_MISH:
        return y;
    case MLP_STEP:
        return 0;
    case MLP_IDENTITY:
    case MLP_SOFTMAX:
        break;
    }
    return 1;
}

const struct bench_activation_work *bench_activation_work(enum mlp_activation activation)
{
    static const struct bench_activation_work work[] = {
        [MLP_IDENTITY] = {0, 0, 0, false},   [MLP_RELU] = {1, 0, 1, false},
        [MLP_LEAKY_RELU] = {2, 0, 2, false}, [MLP_SIGMOID] = {36, 0, 3, true},
        [MLP_TANH] = {44, 0, 3, true},       [MLP_ELU] = {24, 0, 3, true},
        [MLP_SELU] = {26, 0, 3, true},       [MLP_HARD_SIGMOID] = {4, 0, 3, false},
        [MLP_SOFTPLUS] = {52, 55, 1, true},  [MLP_SILU] = {40, 46, 1, true},
        [MLP_GELU] = {53, 63, 1, true},      [MLP_GELU_TANH] = {50, 59, 1, true},
        [MLP_MISH] = {39, 47, 1, true},      [MLP_STEP] = {2, 0, 1, false},
        [MLP_SOFTMAX] = {0, 0, 0, false},
    };
    return (size_t)activation < sizeof work / sizeof *work ? &work[activation] : NULL;
}
