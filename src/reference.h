/* SPDX-License-Identifier: MIT */
/* The loss of a minibatch in float64: what gradients are checked against. Shares nothing with the
 * kernels and the training step but the random factors of dropout. */
#ifndef MLP_SRC_REFERENCE_H
#define MLP_SRC_REFERENCE_H

#include <mlp/dataset.h>
#include <mlp/model.h>

#include <stdbool.h>
#include <stddef.h>

/* The arrays of parameters that a layer has. */
enum mlp_part {
    MLP_PART_WEIGHT, /* [out][in] */
    MLP_PART_BIAS,   /* [out], as the others */
    MLP_PART_SCALE,
    MLP_PART_SHIFT,
    MLP_PART_COUNT,
};

struct mlp_reference;

/* The first `rows` samples of `data` as one minibatch for a copy of the model's parameters.
 * Samples and options fit the model: a trainer has taken them. */
mlp_status mlp_reference_create(const mlp_model *model, const mlp_dataset *data, size_t rows,
                                const mlp_train_options *options, struct mlp_reference **out,
                                mlp_error *error);
void mlp_reference_destroy(struct mlp_reference *reference);

/* The parameters, to be read and changed; *size is 0 where the layer has no such part. */
double *mlp_reference_part(const struct mlp_reference *reference, size_t layer, enum mlp_part part,
                           size_t *size);

/* Changes every parameter and input by `relative` of itself, up or down by chance: as much as
 * rounding may have changed what an engine computes. */
void mlp_reference_disturb(struct mlp_reference *reference, double relative);

/* The loss: the mean over the rows, each with its weight, and the penalties. Keeps what
 * mlp_reference_changed needs. */
double mlp_reference_loss(struct mlp_reference *reference);

/* The same after a change of parameters of the unit `unit` of `layer` alone since
 * mlp_reference_loss. *smooth: every activation and loss with a kink is on the side of it that it
 * was on then, and every weight too where there is an L1 penalty. */
double mlp_reference_changed(struct mlp_reference *reference, size_t layer, size_t unit,
                             bool *smooth);

#endif
