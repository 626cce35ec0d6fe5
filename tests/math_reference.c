/* SPDX-License-Identifier: MIT */
#include "math_reference.h"

#include <float.h>
#include <math.h>
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

static void run_sigmoid(const struct mlp_kernels *kernels, size_t n, const float *x, float *y)
{
    kernels->activation_forward(MLP_SIGMOID, n, x, y);
}

static void run_tanh(const struct mlp_kernels *kernels, size_t n, const float *x, float *y)
{
    kernels->activation_forward(MLP_TANH, n, x, y);
}

static double sigmoid(double x)
{
    double z = exp(-fabs(x));
    return (x < 0 ? z : 1.0) / (1.0 + z);
}

const struct math_function math_functions[MATH_FUNCTIONS] = {
    [MATH_EXP] = {"exp", run_exp, exp},
    [MATH_LOG] = {"log", run_log, log},
    [MATH_SIGMOID] = {"sigmoid", run_sigmoid, sigmoid},
    [MATH_TANH] = {"tanh", run_tanh, tanh},
};

double math_ulps(float got, double want)
{
    if (isnan(got) || isnan(want))
        return isnan(got) && isnan(want) ? 0.0 : INFINITY;
    if (isinf(got) || isinf((float)want))
        return got == (float)want ? 0.0 : INFINITY;
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
    return fabs(got - want) / unit;
}
