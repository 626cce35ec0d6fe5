/* SPDX-License-Identifier: MIT */
/* Arrays in NumPy's npy format as inputs, and as the labels or targets of them. */
#ifndef MLP_SRC_FORMATS_NPY_H
#define MLP_SRC_FORMATS_NPY_H

#include "file.h"
#include "formats/npy_header.h"

#include <mlp/dataset.h>

/* Inputs: 1 to 4 dimensions, [count] and the product of the others features. Values of u1 stay u8,
 * all others become f32. Zeroed: none. */
struct mlp_npy_inputs {
    size_t count, features; /* both at least 1; count below 2^32 */
    size_t height, width;   /* of 3 dimensions; else 0 */
    const uint8_t *u8;      /* one of the two: [count][features] */
    const float *f32;       /* finite; the other is NULL */
    void *owned;            /* the array, or NULL where it is in */
    struct mlp_map map;     /* the file */
};

/* What is to be learnt: labels [count] of integers or bools, or targets [count] or
 * [count][outputs] of floats. Zeroed: none. */
struct mlp_npy_goals {
    size_t count, outputs;
    uint8_t *labels; /* one of the two, freed with mlp_free; outputs is 0 */
    float *targets;  /* finite */
};

/* Read all of a stream. On failure *out is empty. */
mlp_status mlp_npy_read_inputs(const struct mlp_npy_stream *stream, struct mlp_npy_inputs *out,
                               mlp_error *error);
mlp_status mlp_npy_read_goals(const struct mlp_npy_stream *stream, struct mlp_npy_goals *out,
                              mlp_error *error);

/* Read all of the file `path`, which may be packed with gzip; inputs whose bytes are the values
 * already stay in the file, which is mapped. */
mlp_status mlp_npy_read_inputs_file(const char *path, struct mlp_npy_inputs *out, mlp_error *error);
mlp_status mlp_npy_read_goals_file(const char *path, struct mlp_npy_goals *out, mlp_error *error);

/* Makes a data set of both, which then owns them; `goals` may be none. MLP_ERROR_DATA where their
 * counts differ; the names are for that message. On failure both stay the caller's. */
mlp_status mlp_npy_join(const struct mlp_npy_inputs *inputs, const char *inputs_name,
                        const struct mlp_npy_goals *goals, const char *goals_name,
                        mlp_dataset **out, mlp_error *error);

/* Free what they hold; leave them empty. */
void mlp_npy_free_inputs(struct mlp_npy_inputs *inputs);
void mlp_npy_free_goals(struct mlp_npy_goals *goals);

#endif
