/* SPDX-License-Identifier: MIT */
/* Panels of 16 columns (kernels.h), for plain C on their rows.
 *
 * Definitions of this file are copied into exported C (src/formats/c_excerpt.h), which relies on its
 * layout. */
#ifndef MLP_SRC_PANELS_H
#define MLP_SRC_PANELS_H

#include "kernels.h"

/* Panels of 16 that `columns` columns take. */
static inline size_t mlp_panels(size_t columns)
{
    return (columns + MLP_NR - 1) / MLP_NR;
}

/* How many of the 16 lanes of panel p are columns, and not padding. */
static inline size_t mlp_panel_lanes(size_t columns, size_t p)
{
    size_t left = columns - p * MLP_NR;
    return left < MLP_NR ? left : MLP_NR;
}

/* The sum of 16 lanes, which are used up, by the tree l + (l + 8), + 4, + 2, + 1. */
static inline float mlp_sum_lanes(float lanes[MLP_NR])
{
    for (int half = MLP_NR / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; l++)
            lanes[l] += lanes[l + half];
    }
    return lanes[0];
}

#endif
