/* SPDX-License-Identifier: MIT */
/* exp, log and the activations beside references in double; shared by the sampled
 * tests and the exhaustive one. */
#ifndef MLP_TESTS_MATH_REFERENCE_H
#define MLP_TESTS_MATH_REFERENCE_H

#include "kernels.h"

struct math_function {
    const char *name;
    void (*run)(const struct mlp_kernels *kernels, size_t n, const float *x, float *y);
    double (*reference)(double x);
    double ulps; /* the most that the kernels may be off */
};

enum math_function_id { MATH_EXP, MATH_LOG, MATH_FUNCTIONS };

extern const struct math_function math_functions[MATH_FUNCTIONS];

struct math_activation {
    double (*reference)(double x);
    double (*slope)(double x); /* its derivative */
    double ulps;
};

/* NULL where an activation has no reference here. */
const struct math_activation *math_activation(enum mlp_activation activation);

/* The most that exp, log and the activations with ULPs of their own may be off. */
#define MATH_ULPS 2.0

/* The most that a slope may be off, for |slope| > 1 relatively. */
#define MATH_SLOPE_ERROR 0x1p-22

/* |got - want| in units of the last place that a float near `want` has, an infinity
 * taken as 2^128 where want does not round to it; 0 where both are NaN; infinite where
 * one of them is NaN, where want is an infinity and got is not that, and where want is
 * a zero and got is not that zero. */
double math_ulps(float got, double want);

/* What is to be at most MATH_SLOPE_ERROR; 0 where both are NaN, infinite where one
 * of them is. */
double math_slope_error(float got, double want);

#endif
