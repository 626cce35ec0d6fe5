/* SPDX-License-Identifier: MIT */
/* Activations in double, and what they cost. */
#ifndef MLP_BENCH_ACTIVATIONS_H
#define MLP_BENCH_ACTIVATIONS_H

#include <mlp/spec.h>

#include <stdbool.h>

double bench_activation(enum mlp_activation activation, double x);

/* The derivative at x of one whose output does not tell it; NaN for the others. */
double bench_activation_slope(enum mlp_activation activation, double x);

/* The derivative at output y, or y where that is the slope. */
double bench_activation_derivative(enum mlp_activation activation, double y);

/* FLOPs an element as simd/c computes it, those of both branches, which SIMD takes:
 * an FMA counts 2, division and comparison 1. */
struct bench_activation_work {
    double forward;
    double slope;    /* with the value; 0 where the output tells it */
    double backward; /* from the output or the slope */
    bool of_exp;     /* mostly multiply-adds */
};

/* NULL where it is not known. */
const struct bench_activation_work *bench_activation_work(enum mlp_activation activation);

#endif
