/* SPDX-License-Identifier: MIT */
#ifndef MLP_CLI_MODEL_H
#define MLP_CLI_MODEL_H

#include "options.h"

/* Loads the model of the command line, of any format that mlp_model_import reads. Says what is
 * wrong and returns an exit code. */
int open_model(const struct settings *settings, mlp_model **out);

/* The same to look at it: numbers that are not finite are taken too. */
int open_damaged_model(const struct settings *settings, mlp_model **out);

/* The model's names of classes, and how many there are: 0 where it has none. */
size_t class_names(const mlp_model *model, const char *names[MAX_CLASSES]);

#endif
