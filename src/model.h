/* SPDX-License-Identifier: MIT */
/* Inside of mlp_model: weights in panels. */
#ifndef MLP_SRC_MODEL_H
#define MLP_SRC_MODEL_H

#include <mlp/model.h>

#include "kernels.h"

#include <stdbool.h>

/* One layer. Sizes of the arrays are padded as kernels.h says; padding is 0. */
struct mlp_layer {
    size_t in, out;
    enum mlp_activation activation; /* identity for the last layer: logits */
    float *w;                       /* [out/16][in][16] */
    float *bias;                    /* [out/16 * 16] */
};

struct mlp_model {
    mlp_spec spec;  /* spec.widths points to `widths` */
    size_t *widths; /* [layer_count + 1], owned */
    float input_divisor;
    struct mlp_layer *layers; /* [layer_count], owned */
};

/* Panels of 16 that `columns` columns take. */
static inline size_t mlp_panels(size_t columns)
{
    return (columns + MLP_NR - 1) / MLP_NR;
}

/* A model of this shape with all weights zero. MLP_ERROR_USAGE where the spec
 * makes no sense: no layer, a width of 0, fewer than 2 classes or over 256. */
mlp_status mlp_model_create_zero(const mlp_spec *spec, mlp_model **out, mlp_error *error);

/* MLP_ERROR_DATA where the data's features or classes do not fit the model. */
mlp_status mlp_model_check_data(const mlp_model *model, const mlp_dataset *data, mlp_error *error);

/* Whether all weights and biases are finite. */
bool mlp_model_is_finite(const mlp_model *model);

/* Floating-point operations of one sample's training step: 2 per multiply-add
 * of the matrix products, unpadded, nothing else counted. */
double mlp_model_step_flops(const mlp_model *model);

#endif
