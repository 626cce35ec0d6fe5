/* SPDX-License-Identifier: MIT */
/* Inside of mlp_model: weights in panels. */
#ifndef MLP_SRC_MODEL_H
#define MLP_SRC_MODEL_H

#include <mlp/model.h>

#include "panels.h"

#include <stdbool.h>

/* One layer. Sizes of the arrays are padded as kernels.h says; padding is 0. */
struct mlp_layer {
    size_t in, out;
    enum mlp_activation activation; /* of the last layer, identity where the loss has its own */
    enum mlp_norm norm;
    float dropout;
    float *w;               /* [out/16][in][16] */
    float *bias;            /* [out/16 * 16] */
    float *scale, *shift;   /* [out/16 * 16], NULL without normalisation */
    float *mean, *variance; /* [out/16 * 16], NULL without batch normalisation */
};

struct mlp_model {
    mlp_spec spec;         /* spec.layers points to `specs` */
    mlp_layer_spec *specs; /* [layer_count], owned */
    float input_divisor;
    struct mlp_layer *layers; /* [layer_count], owned */
    /* Standardisation, or NULL: [inputs/16 * 16] and [outputs/16 * 16], owned. */
    float *input_mean, *input_factor;
    float *target_mean, *target_scale;

    const char **class_names; /* [classes], texts in the same allocation, UTF-8; or NULL */
    mlp_columns *columns;     /* mlp_columns_copy'ed, or NULL */

    /* Where it comes from (provenance.h). */
    bool fresh; /* as drawn from `seed`: neither trained nor given other weights */
    uint64_t seed;
    char standardized[33]; /* mlp_dataset_hash of the data that the scaling is of; or "" */
    char *provenance;      /* mlp_alloc'ed, or NULL */

    size_t bad_numbers; /* mlp_model_bad_numbers */

    /* What the file says that loading did not compute (mlp_model_claimed_fingerprint), or "". */
    char claimed_fingerprint[65];
};

/* A model of this shape with all weights zero, scales 1 and variances 1. MLP_ERROR_USAGE as
 * mlp_model_create. */
mlp_status mlp_model_create_zero(const mlp_spec *spec, mlp_model **out, mlp_error *error);

/* The same with weights that are not set, for those who set all of them and their padding: a
 * gigabyte of zeros takes as long to write as a file of that size to read. */
mlp_status mlp_model_create_unset(const mlp_spec *spec, mlp_model **out, mlp_error *error);

/* Copies all parameters from a model of the same shape. */
void mlp_model_assign(mlp_model *model, const mlp_model *from);

/* MLP_ERROR_DATA where the data's features, classes or targets do not fit the model. */
mlp_status mlp_model_check_data(const mlp_model *model, const mlp_dataset *data, mlp_error *error);

/* Whether the model learns the data's targets: they are there, and it is not about classes or there
 * are no labels. Else it learns what the labels stand for. */
bool mlp_model_learns_targets(const mlp_model *model, const mlp_dataset *data);

/* Makes room for standardisation; the arrays are zero. False where memory is short. */
bool mlp_model_add_input_scaling(mlp_model *model);
bool mlp_model_add_target_scaling(mlp_model *model);

/* The arrays of a layer that are parameters or belong to them, for whoever walks them all: row i
 * is [out], NULL where the layer has none of it. */
enum { MLP_VECTORS = 5 };
float *mlp_layer_vector(const struct mlp_layer *layer, size_t i);

/* Sets the weights of layer l, padding included, from little-endian floats [out][in], in one pass
 * by all threads; false where one is not finite: all are set then as well. */
bool mlp_model_load_weights(mlp_model *model, size_t l, const unsigned char *bytes);

/* From now on the weights are not those that a seed or a run made. */
void mlp_model_forget_origin(mlp_model *model);

/* Keeps a copy of the text, NULL for none; false where memory is short. */
bool mlp_model_set_provenance(mlp_model *model, const char *text);

/* MLP_ERROR_DATA for a model that is there to be looked at alone. */
mlp_status mlp_model_check_usable(const mlp_model *model, mlp_error *error);

/* Counts them anew. */
void mlp_model_count_bad_numbers(mlp_model *model);

/* Whether all parameters are finite. */
bool mlp_model_is_finite(const mlp_model *model);

/* Floating-point operations of one sample's training step: 2 per multiply-add
 * of the matrix products, unpadded, nothing else counted. */
double mlp_model_step_flops(const mlp_model *model);

#endif
