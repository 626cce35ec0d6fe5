/* SPDX-License-Identifier: MIT */
/* Gradients, checked against finite differences in float64. */
#ifndef MLP_CHECK_H
#define MLP_CHECK_H

#include <mlp/dataset.h>
#include <mlp/model.h>
#include <mlp/spec.h>
#include <mlp/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a check found, and where it was worst. */
typedef struct mlp_gradient_check {
    size_t checked; /* parameters */
    size_t kinks;   /* parameters that were left out: every difference of the loss straddles a kink
                     * of ReLU, of a step, of a loss or of an L1 penalty, where there is no
                     * derivative; where these are more than 8 and more than a quarter of all,
                     * they are checked all the same */
    double worst;   /* largest |gradient - difference| / max(1, |difference|); infinity where one of
                     * the two is not a number */
    double noise;   /* how far the differences themselves move, relative likewise, when every
                     * parameter and input changes in the last bit of a float: large where float32
                     * has few digits left to be right in, as with very large weights */
    size_t layer;
    const char *part; /* "weight", "bias", "scale" or "shift" */
    size_t index;     /* within the part, weights as [out][in] */
    double gradient, difference;
} mlp_gradient_check;

/* Compares the gradients that a training step computes for `model` on the first `samples` samples
 * of `data` as one minibatch (loss, penalties, class and sample weights, dropout and normalisation
 * as the options say; no clipping) with central differences of the same loss, which is computed in
 * float64 by code of its own. Checks at most `most` parameters of each array, evenly spread (0:
 * all). The model is left as it is. Errors as mlp_train's. */
MLP_API mlp_status mlp_check_gradients(mlp_model *model, const mlp_dataset *data, size_t samples,
                                       const mlp_train_options *options, size_t most,
                                       mlp_gradient_check *out, mlp_error *error);

/* The same for each array by itself: out[layer * MLP_CHECK_PARTS + part], parts in the order
 * weight, bias, scale, shift; one that the layer lacks has nothing checked. */
enum { MLP_CHECK_PARTS = 4 };
MLP_API mlp_status mlp_check_gradients_by_part(mlp_model *model, const mlp_dataset *data,
                                               size_t samples, const mlp_train_options *options,
                                               size_t most, mlp_gradient_check *out,
                                               mlp_error *error);

#ifdef __cplusplus
}
#endif

#endif
