/* SPDX-License-Identifier: MIT */
/* Keys of a model's metadata that are no lists of numbers and names of the library. */
#ifndef MLP_SRC_FORMATS_SAFETENSORS_METADATA_H
#define MLP_SRC_FORMATS_SAFETENSORS_METADATA_H

#include "safetensors_source.h"
#include "safetensors_writer.h"

#define MLP_ST_CLASS_NAMES "mlp.class_names"
#define MLP_ST_TEST_INPUTS "mlp.test_inputs"
#define MLP_ST_TEST_OUTPUTS "mlp.test_outputs"

/* A JSON array of the names, where the model has any. */
void mlp_st_write_class_names(struct mlp_st_writer *w, const mlp_model *model);

/* Reads them, where they are there. */
mlp_status mlp_st_read_class_names(const struct mlp_st_source *s, mlp_model *model);

/* Test vectors (safetensors_vectors.c): inputs, and the outputs that the model has for them. Fails
 * as mlp_model_predict_f32. */
mlp_status mlp_st_write_vectors(struct mlp_st_writer *w, const mlp_model *model, mlp_error *error);

/* Computes them again, where they are there; MLP_ERROR_DATA where a bit differs. */
mlp_status mlp_st_check_vectors(const struct mlp_st_source *s, const mlp_model *model);

#endif
