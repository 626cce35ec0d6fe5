/* SPDX-License-Identifier: MIT */
/* Names of classes and columns as JSON. Each returns NULL where memory is short. */
#ifndef MLP_SRC_FORMATS_NAMES_JSON_H
#define MLP_SRC_FORMATS_NAMES_JSON_H

#include <mlp/dataset.h>

#include <jansson.h>

/* An array of them. */
json_t *mlp_names_json(const char *const *names, size_t count);

/* {"inputs": [...], "label": "..."} or {"inputs": [...], "targets": [...]} */
json_t *mlp_columns_json(const mlp_columns *columns);

#endif
