/* SPDX-License-Identifier: MIT */
/* The built-in sets of few features: truth tables, clouds of points, a curve. */
#ifndef MLP_SRC_POINTS_H
#define MLP_SRC_POINTS_H

#include <mlp/dataset.h>

/* Name of set i; NULL past the end. */
const char *mlp_points_name(size_t i);

/* Makes the wanted split of set i, f32. Sample s is a pure function of set, split and s: the
 * same bits on every machine. Freed with mlp_dataset_destroy. */
mlp_status mlp_points_create(size_t i, mlp_split split, mlp_dataset **out, mlp_error *error);

#endif
