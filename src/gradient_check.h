/* SPDX-License-Identifier: MIT */
/* The two halves of mlp_check_gradients, which tests put a plan or an error between. */
#ifndef MLP_SRC_GRADIENT_CHECK_H
#define MLP_SRC_GRADIENT_CHECK_H

#include <mlp/check.h>

#include "reference.h"
#include "step.h"

/* The gradients of one minibatch, [layer_count * MLP_CHECK_PARTS] arrays in the order of enum
 * mlp_part; NULL where a layer has no such part. */
struct mlp_gradients {
    size_t count;
    float **parts;
};

/* Has a trainer compute the gradients of the first `samples` samples, not clipped. Errors as
 * mlp_check_gradients'. */
mlp_status mlp_gradients_create(mlp_model *model, const mlp_dataset *data, size_t samples,
                                const mlp_train_options *options, enum mlp_plan plan,
                                struct mlp_gradients *out, mlp_error *error);
void mlp_gradients_destroy(struct mlp_gradients *gradients);

/* Compares them with differences; `out` as mlp_check_gradients_by_part's. */
mlp_status mlp_gradients_compare(const struct mlp_gradients *gradients, const mlp_model *model,
                                 const mlp_dataset *data, size_t samples,
                                 const mlp_train_options *options, size_t most,
                                 mlp_gradient_check *out, mlp_error *error);

/* The whole of `count` checks of parts. */
mlp_gradient_check mlp_gradients_worst(const mlp_gradient_check *parts, size_t count);

#endif
