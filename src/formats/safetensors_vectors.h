/* SPDX-License-Identifier: MIT */
/* Test vectors in a model's metadata. */
#ifndef MLP_SRC_FORMATS_SAFETENSORS_VECTORS_H
#define MLP_SRC_FORMATS_SAFETENSORS_VECTORS_H

#include "safetensors_source.h"
#include "safetensors_writer.h"

#define MLP_ST_TEST_INPUTS "mlp.test_inputs"
#define MLP_ST_TEST_OUTPUTS "mlp.test_outputs"

/* Inputs, and the outputs that the model has for them. Fails
 * as mlp_model_predict_f32. */
mlp_status mlp_st_write_vectors(struct mlp_st_writer *w, const mlp_model *model, mlp_error *error);

/* Computes them again, where they are there; MLP_ERROR_DATA where a bit differs. */
mlp_status mlp_st_check_vectors(const struct mlp_st_source *s, const mlp_model *model);

#endif
