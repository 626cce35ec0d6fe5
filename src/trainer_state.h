/* SPDX-License-Identifier: MIT */
/* What a trainer carries from one step into the next, beside the weights: to be saved and put
 * back. Only between steps, by one thread. */
#ifndef MLP_SRC_TRAINER_STATE_H
#define MLP_SRC_TRAINER_STATE_H

#include "step.h"

/* A moment of the optimizer, [rows][columns] as files have it: of a weight [out][in], or of a
 * vector, whose columns are 0. */
struct mlp_moment {
    const char *name; /* "weight.m", "bias.v", ... */
    float *values;
    size_t rows, columns;
    bool transposed; /* how the panels of a weight's moment lie: as those of W, or of its copy */
};

enum { MLP_MOMENTS = 8 }; /* a layer has at most */

/* Moment `i` of a layer; false where the layer or the optimizer has none of it. */
bool mlp_trainer_moment(const struct mlp_trainer *trainer, size_t layer, size_t i,
                        struct mlp_moment *out);

/* To and from a plain array. */
void mlp_moment_get(const struct mlp_moment *moment, float *plain);
void mlp_moment_set(const struct mlp_moment *moment, const float *plain);

/* Sums over the epoch so far, and the powers of the optimizer's decays. */
struct mlp_trainer_sums {
    double loss, beta1_power, beta2_power;
    size_t hits;
};

struct mlp_trainer_sums mlp_trainer_sums(const struct mlp_trainer *trainer);
void mlp_trainer_set_sums(struct mlp_trainer *trainer, const struct mlp_trainer_sums *sums);

#endif
