/* SPDX-License-Identifier: MIT */
/* Losses and their gradients on rows of a minibatch (mlp/spec.h has the formulas). Made of vector
 * kernels and of plain C without multiply-adds that is compiled once, so that every instruction
 * set gives the same bits. Sums over outputs run in 16 lanes and a tree. */
#ifndef MLP_SRC_LOSS_H
#define MLP_SRC_LOSS_H

#include <mlp/spec.h>

#include "kernels.h"

struct mlp_objective {
    const struct mlp_kernels *kernels;
    mlp_loss loss;
    float huber_delta;
    float smoothing; /* of labels */
    size_t outputs;
};

/* What rows are compared with. */
struct mlp_goal {
    const uint8_t *labels; /* [rows], or NULL */
    const float *targets;  /* panels like the outputs; NULL where labels do (mlp_loss_by_labels) */
    const float *weights;  /* [rows], or NULL: 1 each */
};

/* Whether the loss reads labels as they are, and no targets. */
bool mlp_loss_by_labels(const struct mlp_objective *objective, bool has_labels);

/* loss[r] of each row, weighted, and the gradient of scale * loss at the outputs z, panels with the
 * same stride: delta, which may be z. Padding of delta is 0. */
void mlp_loss_rows(const struct mlp_objective *objective, size_t rows, const float *z, float *delta,
                   size_t stride, const struct mlp_goal *goal, float scale, float *loss);

/* What the model predicts, in place of its plain outputs z: probabilities by softmax or sigmoid,
 * means by exp, of a perceptron of one output 0 or 1 by a step; other scores and values are left as
 * they are. */
void mlp_loss_predict(const struct mlp_objective *objective, size_t rows, float *z, size_t stride);

/* From where on one output names class 1: a plain one, and what is predicted of it. */
float mlp_loss_plain_threshold(mlp_loss loss);
float mlp_loss_threshold(mlp_loss loss);

/* The class that a row of outputs names: the largest, the first on a tie; of one output whether it
 * reaches the threshold. Where one is NaN, `outputs`, which no label is (2 for one output). */
size_t mlp_loss_class(size_t outputs, float threshold, const float *z, size_t stride);

#endif
