/* SPDX-License-Identifier: MIT */
#include "math_reference.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static void run_exp(const struct mlp_kernels *kernels, size_t n, const float *x, float *y)
{
    kernels->exp(n, x, y);
}

static void run_log(const struct mlp_kernels *kernels, size_t n, const float *x, float *y)
{
    kernels->log(n, x, y);
}

const struct math_function math_functions[MATH_FUNCTIONS] = {
    [MATH_EXP] = {"exp", run_exp, exp, MATH_ULPS},
    [MATH_LOG] = {"log", run_log, log, MATH_ULPS},
};

/* --- Activations ---------------------------------------------------------- */

/* |x|, or a number at which nothing is left of exp(-|x|): limits at infinity. */
static double bounded(double x)
{
    return fabs(x) > 1000 ? 1000 : fabs(x);
}

static double identity(double x)
{
    return x;
}

static double identity_slope(double x)
{
    (void)x;
    return 1;
}

static double relu(double x)
{
    return x <= 0 ? 0 : x;
}

static double relu_slope(double x)
{
    return x > 0;
}

static double leaky_relu(double x)
{
    return x > 0 ? x : (double)MLP_LEAKY_SLOPE * x;
}

static double leaky_relu_slope(double x)
{
    return x > 0 ? 1 : (double)MLP_LEAKY_SLOPE;
}

static double sigmoid(double x)
{
    double z = exp(-fabs(x));
    return (x < 0 ? z : 1.0) / (1.0 + z);
}

static double sigmoid_slope(double x)
{
    return sigmoid(x) * sigmoid(-x);
}

static double tanh_slope(double x)
{
    return 4 * sigmoid_slope(2 * x);
}

static double elu(double x)
{
    return x < 0 ? expm1(x) : x;
}

static double elu_slope(double x)
{
    return x > 0 ? 1 : exp(x);
}

static const double selu_alpha = 1.6732632423543772848;
static const double selu_lambda = 1.0507009873554804934;

static double selu(double x)
{
    return selu_lambda * (x < 0 ? selu_alpha * expm1(x) : x);
}

static double selu_slope(double x)
{
    return selu_lambda * (x > 0 ? 1 : selu_alpha * exp(x));
}

static double hard_sigmoid(double x)
{
    double above = x + 3 < 0 ? 0 : x + 3;
    return (above > 6 ? 6 : above) / 6;
}

static double hard_sigmoid_slope(double x)
{
    return fabs(x) < 3 ? 1.0 / 6 : 0;
}

static double softplus(double x)
{
    return (x < 0 ? 0 : x) + log1p(exp(-fabs(x)));
}

/* x factor, where the factor is not below exp(x) for x < 0: with the limit at -inf. */
static double times(double x, double factor)
{
    return (x < 0 ? -bounded(x) : x) * factor;
}

static double silu(double x)
{
    return times(x, sigmoid(x));
}

static double silu_slope(double x)
{
    double bend = bounded(x) * sigmoid_slope(x);
    return sigmoid(x) + (x < 0 ? -bend : bend);
}

/* Phi(-a) for a >= 0. */
static double normal_tail(double a)
{
    return erfc(a * 0.70710678118654752440) / 2;
}

/* The operations of mlp_gelu_scalar, for the sign of a zero. */
static double gelu(double x)
{
    return (x < 0 ? 0 : x) - bounded(x) * normal_tail(bounded(x));
}

static double gelu_slope(double x)
{
    double a = bounded(x);
    double below = normal_tail(a) - a * exp(-a * a / 2) * 0.39894228040143267794;
    return x < 0 ? below : 1 - below;
}

/* sqrt(8 / pi) (x + 0.044715 x^3) and its derivative. */
static double gelu_cubic(double x)
{
    return 1.5957691216057307118 * (x + 0.044715 * x * x * x);
}

static double gelu_cubic_slope(double x)
{
    return 1.5957691216057307118 * (1 + 3 * 0.044715 * x * x);
}

static double gelu_tanh(double x)
{
    return times(x, sigmoid(gelu_cubic(x)));
}

static double gelu_tanh_slope(double x)
{
    double a = bounded(x), cubic = gelu_cubic(a);
    double bend = a * gelu_cubic_slope(a) * sigmoid_slope(cubic);
    return x < 0 ? sigmoid(-cubic) - bend : sigmoid(cubic) + bend;
}

/* tanh(log(1 + exp(x))) */
static double mish_factor(double x)
{
    double z = exp(-fabs(x));
    return x < 0 ? z * (2 + z) / (2 + z * (2 + z)) : (1 + 2 * z) / (1 + 2 * z * (1 + z));
}

static double mish(double x)
{
    return times(x, mish_factor(x));
}

static double mish_slope(double x)
{
    double factor = mish_factor(x);
    double bend = bounded(x) * (1 - factor) * (1 + factor) * sigmoid(x);
    return factor + (x < 0 ? -bend : bend);
}

static double step(double x)
{
    return isnan(x) ? x : x >= 0;
}

static double step_slope(double x)
{
    (void)x;
    return 0;
}

static const struct math_activation activations[] = {
    [MLP_IDENTITY] = {identity, identity_slope, 0},
    [MLP_RELU] = {relu, relu_slope, 0},
    [MLP_LEAKY_RELU] = {leaky_relu, leaky_relu_slope, 0.5},
    [MLP_SIGMOID] = {sigmoid, sigmoid_slope, MATH_ULPS},
    [MLP_TANH] = {tanh, tanh_slope, MATH_ULPS},
    [MLP_ELU] = {elu, elu_slope, MATH_ULPS},
    [MLP_SELU] = {selu, selu_slope, MATH_ULPS},
    [MLP_HARD_SIGMOID] = {hard_sigmoid, hard_sigmoid_slope, MATH_ULPS},
    [MLP_SOFTPLUS] = {softplus, sigmoid, MATH_ULPS},
    [MLP_SILU] = {silu, silu_slope, MATH_ULPS},
    [MLP_GELU] = {gelu, gelu_slope, 2 * MATH_ULPS},
    [MLP_GELU_TANH] = {gelu_tanh, gelu_tanh_slope, 2 * MATH_ULPS},
    [MLP_MISH] = {mish, mish_slope, 2 * MATH_ULPS},
    [MLP_STEP] = {step, step_slope, 0},
    [MLP_SOFTMAX] = {identity, identity_slope, 0},
};

const struct math_activation *math_activation(enum mlp_activation activation)
{
    size_t i = (size_t)activation;
    bool known = i < sizeof activations / sizeof activations[0] && activations[i].reference;
    return known ? &activations[i] : NULL;
}

/* --- Errors --------------------------------------------------------------- */

double math_ulps(float got, double want)
{
    if (isnan(got) || isnan(want))
        return isnan(got) && isnan(want) ? 0.0 : INFINITY;
    if (isinf(got) && got == (float)want)
        return 0.0;
    if (isinf(want))
        return INFINITY;
    double value = isinf(got) ? copysign(0x1p128, got) : got;
    if (want == 0)
        return got == 0 && !signbit(got) == !signbit(want) ? 0.0 : INFINITY;
    /* The exponent field of want, not below that of the subnormal floats. */
    uint64_t bits, least = (uint64_t)(DBL_MAX_EXP + FLT_MIN_EXP - 2);
    memcpy(&bits, &want, sizeof bits);
    uint64_t exponent = bits >> (DBL_MANT_DIG - 1) & 0x7ff;
    exponent = (exponent < least ? least : exponent) - (FLT_MANT_DIG - 1);
    double unit;
    exponent <<= DBL_MANT_DIG - 1;
    memcpy(&unit, &exponent, sizeof unit);
    return fabs(value - want) / unit;
}

double math_slope_error(float got, double want)
{
    if (isnan(got) || isnan(want))
        return isnan(got) && isnan(want) ? 0.0 : INFINITY;
    return fabs(got - want) / fmax(1, fabs(want));
}
