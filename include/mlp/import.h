/* SPDX-License-Identifier: MIT */
/* Models of other programs. */
#ifndef MLP_IMPORT_H
#define MLP_IMPORT_H

#include <mlp/model.h>
#include <mlp/status.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a file does not tell. Zeroed: the defaults. */
typedef struct mlp_import_options {
    bool has_activation; /* of the hidden layers; else ReLU */
    mlp_activation activation;
    bool has_loss; /* else cross_entropy */
    mlp_loss loss;
    bool in_out; /* weights are [inputs][outputs], as Keras has them; else [outputs][inputs] */

    /* The layers in their order, commas between them: each the name of its weight, or what stands
     * in it before `.weight` or `/kernel`, as in "fc1,fc2,head"; or the names of weight and bias,
     * as in "w1+c1,w2+c2". Tensors that it does not name are left alone. NULL: all tensors of the
     * file, weights in natural order of their names (fc2 before fc10). */
    const char *map;

    /* To look at a file, whoever wrote it: weights may be NaN, infinite, negative variances or, of
     * F64, out of range. A model with such numbers (mlp_model_bad_numbers) neither predicts nor
     * trains nor is it saved: MLP_ERROR_DATA. */
    bool any_numbers;
} mlp_import_options;

/* Makes a model of a file. One whose name ends in .onnx is read as mlp_model_import_onnx does; of
 * the options it has the loss and any_numbers, others are MLP_ERROR_USAGE.
 *
 * All else is safetensors, with two-dimensional weights and one-dimensional biases that
 * chain: each layer takes as many inputs as the one before has outputs. Elements are F32, F16,
 * BF16 or F64, which is rounded to the nearest float. The bias of a weight is called the same but
 * for one word: bias for weight or kernel, biases for weights, b for w or W, intercepts for coefs;
 * where there is none it is zero. The last layer has no activation but what the loss implies.
 *
 * A file of mlp_model_save tells all of it by itself: it is loaded as mlp_model_load does, and
 * options other than the defaults (any_numbers excepted) are MLP_ERROR_USAGE. So are names of
 * options that are unknown or a map that has an empty item. MLP_ERROR_DATA says which tensor is
 * wrong, what was found and what was expected, and whether all would chain in the other
 * orientation. A chain of square weights does not tell its orientation. Options may be NULL; *out
 * is left alone on failure. */
MLP_API mlp_status mlp_model_import(const char *path, const mlp_import_options *options,
                                    mlp_model **out, mlp_error *error);

#ifdef __cplusplus
}
#endif

#endif
