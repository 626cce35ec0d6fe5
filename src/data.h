/* SPDX-License-Identifier: MIT */
/* Inside of mlp_dataset. */
#ifndef MLP_SRC_DATA_H
#define MLP_SRC_DATA_H

#include <mlp/dataset.h>

#include "file.h"

enum { MLP_DATASET_ARRAYS = 7 }; /* inputs, rows, labels, targets, weights, two of names */

struct mlp_dataset {
    size_t count, features;
    size_t classes;             /* 0 without labels */
    size_t outputs;             /* 0 without targets */
    const uint8_t *u8;          /* one of the two: [][features] */
    const float *f32;           /* the other is NULL */
    const uint32_t *rows;       /* [count]: the inputs of sample i are row rows[i]; NULL: row i */
    const uint8_t *labels;      /* [count], or NULL */
    const float *targets;       /* [count][outputs], or NULL */
    const float *weights;       /* [count], or NULL: 1 each */
    size_t height, width;       /* of the image that the features are, or 0 */
    const char **class_names;   /* [classes], with the texts in one allocation; or NULL */
    const mlp_columns *columns; /* or NULL */
    struct mlp_map map;         /* the file that the inputs are in; empty where they are not */
    double divided;             /* the fraction that mlp_dataset_divide was given; 0: a whole set */
    uint64_t divided_seed;
    void *owned[MLP_DATASET_ARRAYS]; /* those of the arrays that are mlp_alloc'ed and go with it */
};

/* The row of u8 or f32 that has the inputs of sample i. */
static inline size_t mlp_dataset_row(const mlp_dataset *data, size_t i)
{
    return data->rows ? data->rows[i] : i;
}

/* A data set with this content, `owned` included. On failure the arrays stay the caller's. */
mlp_status mlp_dataset_create(const struct mlp_dataset *content, mlp_dataset **out,
                              mlp_error *error);

/* The classes that the labels of files stand for: max(2, largest label + 1). */
size_t mlp_dataset_label_classes(const uint8_t *labels, size_t count);

#endif
