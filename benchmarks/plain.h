/* SPDX-License-Identifier: MIT */
/* Products of plain row-major arrays, as a BLAS user calls them: packing the
 * operands and unpacking the result are part of the time. */
#ifndef MLP_BENCH_PLAIN_H
#define MLP_BENCH_PLAIN_H

#include "kernels.h"
#include "options.h"

struct bench_plain;

/* Buffers for products of one shape by a team of `threads`. False where there is
 * no memory; *out is destroyed also then. */
bool bench_plain_create(struct bench_plain **out, const struct mlp_kernels *kernels,
                        struct bench_shape shape, enum bench_transposition transposition,
                        int threads);
void bench_plain_destroy(struct bench_plain *plain); /* NULL is fine */

/* A team function: C[m][n] = op(A) . op(B), one chain over k for each element. A
 * is [m][k], or [k][m] where transposed; B is [k][n] or [n][k]. Each thread does its
 * part; they do not wait for each other. */
void bench_plain_product(struct bench_plain *plain, const float *a, const float *b, float *c,
                         int thread);

#endif
