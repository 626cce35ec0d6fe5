/* SPDX-License-Identifier: MIT */
/* Counter-based randomness: Philox4x32-10 (Salmon et al., "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011). Every number is a pure function of
 * (seed, purpose, epoch, index); there is no state to save. */
#ifndef MLP_SRC_RANDOM_H
#define MLP_SRC_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* What the numbers are for: equal counters of two purposes never meet. */
enum mlp_purpose {
    MLP_RANDOM_SHUFFLE = 1,
    MLP_RANDOM_INIT = 2,
    MLP_RANDOM_DIGITS = 3,
    MLP_RANDOM_BENCH = 4,
    MLP_RANDOM_DROPOUT = 5,
    MLP_RANDOM_POINTS = 6, /* the built-in sets of points */
    MLP_RANDOM_DIVIDE = 7,
    MLP_RANDOM_VECTORS = 8, /* test vectors of saved models */
};

/* Four random words for (seed, purpose, epoch, index). */
void mlp_random(uint64_t seed, enum mlp_purpose purpose, uint32_t epoch, uint64_t index,
                uint32_t out[4]);

/* The 24 high bits of `word` as a float in [0, 1). */
float mlp_random_unit(uint32_t word);

/* A permutation of 0..n-1 for one epoch (Fisher and Yates); n < 2^32. */
void mlp_random_shuffle(uint64_t seed, uint32_t epoch, size_t n, uint32_t *permutation);

/* Dropout of a layer's outputs in one step. */
struct mlp_dropout {
    uint64_t seed, step; /* steps are counted over the whole run, from 0 */
    uint32_t layer;
    size_t panels; /* of 16 units that the layer has */
    float rate;
};

/* What dropout multiplies units 16 * panel to 16 * panel + 15 by, in rows `row` to row + rows - 1
 * of the minibatch: factors [rows][16], 1 / (1 - rate) where the unit's 16 random bits are at least
 * rate * 65536, rounded, else 0. Unit u of row r takes half-word u % 2 (the low one first) of word
 * u % 8 / 2 of the numbers for index (step << 32) + (r * panels + panel) * 2 + u % 16 / 8 and epoch
 * `layer`. */
void mlp_random_dropout(const struct mlp_dropout *dropout, size_t row, size_t rows, size_t panel,
                        float *factors);

/* values[i] = scale * N(0, 1) for i < n; tensor numbers the array. By
 * Marsaglia's polar method (1964) over our own log kernel, so the bits are the
 * same everywhere. */
void mlp_random_normal(uint64_t seed, uint32_t tensor, float scale, size_t n, float *values);

/* values[i] uniform in [-bound, bound). */
void mlp_random_uniform(uint64_t seed, uint32_t tensor, float bound, size_t n, float *values);

#endif
