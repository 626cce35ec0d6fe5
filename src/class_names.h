/* SPDX-License-Identifier: MIT */
#ifndef MLP_SRC_CLASS_NAMES_H
#define MLP_SRC_CLASS_NAMES_H

#include "model.h"

/* One allocation, mlp_alloc'ed, with the pointers [count] and the texts; NULL where memory is
 * short. */
const char **mlp_copy_names(const char *const *names, size_t count);

/* Keeps copies of the names [mlp_model_classes], which are UTF-8; NULL: none. False where memory is
 * short. */
bool mlp_model_set_class_names(mlp_model *model, const char *const *names);

/* Keeps those of the data, where they have any and as many classes as the model; else leaves the
 * model's. MLP_ERROR_DATA where one is not UTF-8. */
mlp_status mlp_model_take_class_names(mlp_model *model, const mlp_dataset *data, mlp_error *error);

#endif
