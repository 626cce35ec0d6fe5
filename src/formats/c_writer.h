/* SPDX-License-Identifier: MIT */
/* Writes C source. Code is written with names that begin with mlp_ and MLP_, by which the
 * definitions that it needs are found, and gets the names that were asked for on its way out. */
#ifndef MLP_SRC_FORMATS_C_WRITER_H
#define MLP_SRC_FORMATS_C_WRITER_H

#include "text.h"

#include <mlp/export_source.h>

#include <stdbool.h>
#include <stddef.h>

struct mlp_c_writer {
    char lower[MLP_EXPORT_NAME_MAX + 1]; /* "name_", no zero byte at the end */
    char upper[MLP_EXPORT_NAME_MAX + 1]; /* "NAME_" */
    size_t name_size;                    /* of each */
    struct mlp_text text;                /* what goes into the file */
    struct mlp_text code;                /* what is to follow it, names as yet unchanged */
    bool infinite;                       /* a number was not finite */
};

/* Begins with a zeroed writer. MLP_ERROR_USAGE where the name is no identifier. */
mlp_status mlp_c_set_name(struct mlp_c_writer *w, const char *name, mlp_error *error);

/* Frees. */
void mlp_c_writer_end(struct mlp_c_writer *w);

/* Adds lines to the code. */
void mlp_c_put(struct mlp_c_writer *w, const char *lines);

/* Adds code [size] to the text, with the names that were asked for. */
void mlp_c_rename(struct mlp_c_writer *w, const char *code, size_t size);

/* The code so far goes into the text. */
void mlp_c_flush(struct mlp_c_writer *w);

enum { MLP_C_NUMBER = 32 };

/* The float exactly, as 0x1.8p-3f, in any locale; returns the length. */
size_t mlp_c_number(float value, char out[MLP_C_NUMBER]);

/* An array that is written into the text number by number. */
struct mlp_c_array {
    struct mlp_c_writer *writer;
    size_t column;
};

/* Its name is mlp_, `name` and the layer's number. The code so far goes before it. */
void mlp_c_begin_array(struct mlp_c_array *array, struct mlp_c_writer *w, const char *name,
                       size_t layer, size_t count);
void mlp_c_add_number(struct mlp_c_array *array, float value);
void mlp_c_end_array(struct mlp_c_array *array);

/* All of one. */
void mlp_c_add_vector(struct mlp_c_writer *w, const char *name, size_t layer, const float *values,
                      size_t count);

#endif
