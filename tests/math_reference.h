/* SPDX-License-Identifier: MIT */
/* The functions of one float that the kernels promise within 2 ULP, beside
 * references in double; shared by the sampled tests and the exhaustive one. */
#ifndef MLP_TESTS_MATH_REFERENCE_H
#define MLP_TESTS_MATH_REFERENCE_H

#include "kernels.h"

struct math_function {
    const char *name;
    void (*run)(const struct mlp_kernels *kernels, size_t n, const float *x, float *y);
    double (*reference)(double x);
};

enum math_function_id { MATH_EXP, MATH_LOG, MATH_SIGMOID, MATH_TANH, MATH_FUNCTIONS };

extern const struct math_function math_functions[MATH_FUNCTIONS];

/* The most that the kernels may be off. */
#define MATH_ULPS 2.0

/* |got - want| in units of the last place that a float near `want` has; 0
 * where both are NaN; infinite where one of them is NaN, where want is beyond
 * the floats and got is not that infinity, and where want is a zero and got is
 * not that zero. */
double math_ulps(float got, double want);

#endif
