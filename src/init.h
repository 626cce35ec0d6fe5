/* SPDX-License-Identifier: MIT */
/* Initial weights: a pure function of (spec, seed). */
#ifndef MLP_SRC_INIT_H
#define MLP_SRC_INIT_H

#include <mlp/spec.h>

#include <stdint.h>

/* Draws weight [out][in] and bias [out] of layer `layer` (below spec->layer_count) as spec->init
 * and spec->bias_init say. The arrays are plain, so that a weight's value depends on its place
 * in the network and not on how panels store it. MLP_ERROR_USAGE where an initialisation is
 * unknown, MLP_ERROR_INTERNAL where memory is short (MLP_INIT_ORTHOGONAL takes in * out
 * doubles).
 *
 * MLP_INIT_ORTHOGONAL: numbers of N(0, 1) in the places of the weights; then the rows, or where
 * there are more rows than columns the columns, are made orthonormal in ascending order and
 * multiplied by init_scale. No vector changes its sign: the result is the Q of the QR
 * decomposition whose R has a positive diagonal, as PyTorch's orthogonal_ has it. */
mlp_status mlp_init_layer(const mlp_spec *spec, uint64_t seed, size_t layer, float *weight,
                          float *bias, mlp_error *error);

/* Makes `count` rows of `length` numbers, count <= length, orthonormal: modified Gram-Schmidt,
 * every row twice, which is enough (Parlett 1980), by + - * / and sqrt. A row that is all but in
 * the span of those above it gives way to the first axis that is not. */
void mlp_orthonormalize(size_t count, size_t length, double *rows);

#endif
