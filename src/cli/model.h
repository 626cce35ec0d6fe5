/* SPDX-License-Identifier: MIT */
#ifndef MLP_CLI_MODEL_H
#define MLP_CLI_MODEL_H

#include "options.h"

/* Whether a name ends in .onnx. */
bool is_onnx(const char *path);

/* Loads the model of the command line: by its name, an ONNX file or safetensors. Says what is
 * wrong and returns an exit code. */
int open_model(const struct settings *settings, mlp_model **out);

/* The same to look at it: numbers that are not finite are taken too. */
int open_damaged_model(const struct settings *settings, mlp_model **out);

#endif
