/* SPDX-License-Identifier: MIT */
/* Whether a kernel's result is right: the operands of the products, the bits that
 * the C kernels give on them, and the same product in float64. */
#ifndef MLP_BENCH_CHECK_H
#define MLP_BENCH_CHECK_H

#include "options.h"

enum bench_bits {
    BENCH_BITS_UNKNOWN, /* not compared */
    BENCH_BITS_EQUAL,
    BENCH_BITS_DIFFER,
};

struct bench_check {
    enum bench_bits bits; /* against the C kernels */
    double error;         /* see bench_error; NaN: not computed */
};

/* The largest |value - exact| / (eps * scale), eps = 2^-23. A sum of k products
 * has scale |A||B| (Higham, Accuracy and Stability of Numerical Algorithms,
 * section 3.5: at most about k / 2 with rounding to nearest, and in practice near
 * its root); of other results the scale is their size. 0 / 0 counts as 0; a NaN
 * in `value` that is none in `exact` as infinite. */
double bench_error(size_t n, const float *value, const double *exact, const double *scale);

/* A product's operands with values in [-0.5, 0.5), the same in every layout, and
 * what the product is. Cases of one shape share them. */
struct bench_operands {
    struct bench_shape shape;
    float *a;  /* [m][k] */
    float *b;  /* [k][n] */
    float *at; /* [k][m]: A as a BLAS user stores it transposed */
    float *bt; /* [n][k] */
    /* Rows that are compared: all, or as many as C computes in a tenth of a second,
     * evenly spread, the first and the last among them. */
    size_t row_count;
    size_t *rows;
    float *chain;  /* [row_count][n]: the C kernels' bits, before any epilogue */
    double *exact; /* [row_count][n] */
    double *scale; /* [row_count][n]: |A||B| */
    size_t users;
    struct bench_operands *next;
};

/* The operands of a shape, filled at the first use; NULL where there is no
 * memory. Every use is given back with _release. */
struct bench_operands *bench_operands_use(struct bench_shape shape);
void bench_operands_release(struct bench_operands *operands); /* NULL is fine */

/* A and B as a product of this transposition has them stored. */
const float *bench_operands_a(const struct bench_operands *operands,
                              enum bench_transposition transposition);
const float *bench_operands_b(const struct bench_operands *operands,
                              enum bench_transposition transposition);

/* Drives B, and unless weights_only A and C [m][n] as well, out of the caches. */
void bench_operands_flush(const struct bench_operands *operands,
                          enum bench_transposition transposition, const float *c,
                          bool weights_only);

/* Computes rows, chain, exact and scale where that is not yet done. False where
 * there is no memory. */
bool bench_operands_solve(struct bench_operands *operands);

/* Compares `result` [m][n] with the product itself. */
void bench_check_product(const struct bench_operands *operands, const float *result,
                         struct bench_check *out);

#endif
