/* SPDX-License-Identifier: MIT */
/* Inputs on their way into the first layer: gathered, divided, standardised. Targets in the units
 * of the outputs, and back. */
#ifndef MLP_SRC_SCALING_H
#define MLP_SRC_SCALING_H

#include "loss.h"
#include "model.h"

/* Rows of inputs in panels: positions index[r] of the data, as (x - mean) * factor where the
 * model standardises. */
void mlp_scaling_gather(const struct mlp_kernels *kernels, const mlp_model *model,
                        const mlp_dataset *data, const uint32_t *index, size_t rows, float *x,
                        size_t x_stride);

/* The same for positions first, first + 1, ... */
void mlp_scaling_gather_from(const struct mlp_kernels *kernels, const mlp_model *model,
                             const mlp_dataset *data, size_t first, size_t rows, float *x,
                             size_t x_stride);

/* What the outputs should be for the sample at position i, into its row of panels: the data's
 * targets as the model learns them, standardised, or what the label stands for
 * (mlp_model_learns_targets); smoothed as the objective says. Padding is left alone. */
void mlp_scaling_targets(const struct mlp_objective *objective, const mlp_model *model,
                         const mlp_dataset *data, size_t i, float *row, size_t stride);

/* Predictions in the units of the targets: z * scale + mean, in place. */
void mlp_scaling_restore(const mlp_model *model, size_t rows, float *z, size_t stride);

#endif
