/* SPDX-License-Identifier: MIT */
/* Keys of a model's metadata that are no lists of numbers and names of the library. */
#ifndef MLP_SRC_FORMATS_SAFETENSORS_METADATA_H
#define MLP_SRC_FORMATS_SAFETENSORS_METADATA_H

#include "safetensors_source.h"
#include "safetensors_writer.h"

#define MLP_ST_CLASS_NAMES "mlp.class_names"

/* A JSON array of the names, where the model has any. */
void mlp_st_write_class_names(struct mlp_st_writer *w, const mlp_model *model);

/* Reads them, where they are there. */
mlp_status mlp_st_read_class_names(const struct mlp_st_source *s, mlp_model *model);

#endif
