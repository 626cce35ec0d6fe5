/* SPDX-License-Identifier: MIT */
/* How products are cut into tiles, whatever the vectors. */
#ifndef MLP_SIMD_TILES_H
#define MLP_SIMD_TILES_H

#include <stddef.h>

/* Rows come in even shares instead of full tiles and a short, slow tail. */
struct mlp_shares {
    size_t count, rows; /* tiles, and rows of the last ones */
    size_t longer;      /* of the first tiles have one row more */
};

/* For tiles of at most `most` rows. */
static inline struct mlp_shares mlp_share_rows(size_t rows, size_t most)
{
    size_t count = (rows + most - 1) / most;
    struct mlp_shares shares = {count, rows / count, rows % count};
    return shares;
}

/* Element `at` of an array that may be missing, like an optimizer's moments. */
static inline float *mlp_at_or_null(float *array, size_t at)
{
    return array ? array + at : NULL;
}

#endif
