/* SPDX-License-Identifier: MIT */
/* What tables call their columns, in data sets and in models. */
#ifndef MLP_SRC_COLUMNS_H
#define MLP_SRC_COLUMNS_H

#include "model.h"

#include <stdbool.h>

enum { MLP_COLUMN_NAME = 255 }; /* bytes of a name that is kept */

/* Whether a model can keep a name: UTF-8, neither empty nor too long. */
bool mlp_column_name_lasts(const char *name, size_t size);

/* One allocation, mlp_alloc'ed, with all pointers and texts; NULL where memory is short. */
mlp_columns *mlp_columns_copy(const mlp_columns *columns);

/* Keeps a copy; NULL: none. False where memory is short. */
bool mlp_model_set_columns(mlp_model *model, const mlp_columns *columns);

/* Keeps the names of columns and of classes that a model of the same shape has, where it has none
 * itself. False where memory is short. */
bool mlp_model_inherit_names(mlp_model *model, const mlp_model *from);

/* Keeps those of the data, where they have any that fit the model; else leaves the model's. */
mlp_status mlp_model_take_columns(mlp_model *model, const mlp_dataset *data, mlp_error *error);

#endif
