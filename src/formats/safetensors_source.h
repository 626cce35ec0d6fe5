/* SPDX-License-Identifier: MIT */
/* A safetensors file that is being loaded: the format itself, whatever its tensors mean. */
#ifndef MLP_SRC_FORMATS_SAFETENSORS_SOURCE_H
#define MLP_SRC_FORMATS_SAFETENSORS_SOURCE_H

#include "error.h"
#include "file.h"
#include "safetensors.h"

#include <jansson.h>
#include <stdint.h>

/* Types of elements that are read; the others of the format are only stepped over. */
enum mlp_st_type {
    MLP_ST_F32,
    MLP_ST_F16,
    MLP_ST_BF16,
    MLP_ST_F64,
    MLP_ST_OTHER,
};

/* One tensor of the header, checked. */
struct mlp_st_tensor {
    const char *name; /* the header's */
    enum mlp_st_type type;
    size_t dimensions;
    size_t rows, columns; /* columns is 1 unless there are two dimensions */
    uint64_t begin, end;  /* bytes from the start of the data */
    bool taken;           /* by a layer; of files of other programs */
};

/* A file that is being loaded; starts zeroed but for `path` and `error`. */
struct mlp_st_source {
    const char *path;
    mlp_error *error;
    bool any_numbers; /* as mlp_import_options has it */
    struct mlp_map map;
    uint64_t data_start, data_size;
    json_t *header; /* entries are deleted when they have been read */
    size_t entries; /* of it, at first */
    mlp_spec spec;  /* layers points to `layers` */
    mlp_layer_spec *layers;
    size_t tensor_count;
    struct mlp_st_tensor *tensors; /* [entries]: all parts of layer 0, of layer 1, ..., others */
};

/* Formats the reason after the file's name; every bad-data message of the
 * loader comes from here. */
#define MLP_ST_FAIL(source, format, ...)                                                           \
    mlp_fail((source)->error, MLP_ERROR_DATA, "%s: " format, (source)->path, __VA_ARGS__)

/* Maps the file, reads and parses its header. */
mlp_status mlp_st_open(struct mlp_st_source *s);

/* Frees all that belongs to it. */
void mlp_st_close(struct mlp_st_source *s);

/* The string `key` of the metadata, or NULL. */
const char *mlp_st_metadata_text(const struct mlp_st_source *s, const char *key);

/* All that the metadata says must be strings. */
mlp_status mlp_st_check_strings(const struct mlp_st_source *s, const json_t *metadata);

/* Makes the model of `spec`, whose weights are not set yet; what is wrong with it is the file's
 * fault. */
mlp_status mlp_st_make_model(const struct mlp_st_source *s, const mlp_spec *spec,
                             mlp_model **model);

/* The bytes of a tensor. */
const unsigned char *mlp_st_data(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor);

/* The failure of element i of a tensor of this element size, which is not what it has to be. */
mlp_status mlp_st_fail_value(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor,
                             size_t i, float value, bool is_variance);

/* Reads the header's entry of `name`, of any type and any number of dimensions. */
mlp_status mlp_st_read_any(const struct mlp_st_source *s, const char *name,
                           struct mlp_st_tensor *tensor);

/* The same for a tensor of floats (F32) that has one or two dimensions. */
mlp_status mlp_st_read_entry(const struct mlp_st_source *s, const char *name, size_t dimensions,
                             struct mlp_st_tensor *tensor);

/* Whether the file is a model of mlp: its metadata, all of it strings, has a key that begins with
 * `mlp.`. Files of others need not have any. */
mlp_status mlp_st_check_origin(const struct mlp_st_source *s, bool *own);

/* What mlp_model_load does with a file that has been opened. On failure *model may be there. */
mlp_status mlp_st_load_own(struct mlp_st_source *s, mlp_model **model);

/* --- Tensors of any type (safetensors_convert.c) ------------------------------------ */

/* The first element that is not a finite float, as a failure; none where any number will do. */
mlp_status mlp_st_check_finite(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor);

/* The weights of layer l, [in][out] or [out][in], by all threads. */
mlp_status mlp_st_read_matrix(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor,
                              bool in_out, mlp_model *model, size_t l);

/* The [rows] of a tensor of one dimension. */
mlp_status mlp_st_read_values(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor,
                              float *to);

/* The ranges of all tensors must fill the data without holes and without overlap. */
mlp_status mlp_st_check_tiling(const struct mlp_st_source *s);

#endif
