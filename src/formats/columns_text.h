/* SPDX-License-Identifier: MIT */
/* Names of columns as a text of a model's metadata, in whatever format. */
#ifndef MLP_SRC_FORMATS_COLUMNS_TEXT_H
#define MLP_SRC_FORMATS_COLUMNS_TEXT_H

#include "model.h"

#define MLP_COLUMNS "mlp.columns"

/* A JSON object of the names that the model has, {"inputs": [...], "label": "..."} or
 * {"inputs": [...], "targets": [...]}, freed with free(); NULL where memory is short. */
char *mlp_columns_text(const mlp_model *model);

/* Takes the names of such a text, NULL for none; MLP_ERROR_DATA, `path` in front, where it is
 * anything else or not one name for each input and output. */
mlp_status mlp_columns_read(const char *path, const char *text, mlp_model *model, mlp_error *error);

#endif
