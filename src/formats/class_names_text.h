/* SPDX-License-Identifier: MIT */
/* Names of classes as a text of a model's metadata, in whatever format. */
#ifndef MLP_SRC_FORMATS_CLASS_NAMES_TEXT_H
#define MLP_SRC_FORMATS_CLASS_NAMES_TEXT_H

#include "model.h"

#define MLP_CLASS_NAMES "mlp.class_names"

/* A JSON array of the names that the model has, freed with free(); NULL where memory is short. */
char *mlp_class_names_text(const mlp_model *model);

/* Takes the names of such a text, NULL for none; MLP_ERROR_DATA, `path` in front, where it is
 * anything else or not one name for each class. */
mlp_status mlp_class_names_read(const char *path, const char *text, mlp_model *model,
                                mlp_error *error);

#endif
