/* SPDX-License-Identifier: MIT */
/* A safetensors file that is being loaded: the format itself, whatever its tensors mean. */
#ifndef MLP_SRC_FORMATS_SAFETENSORS_SOURCE_H
#define MLP_SRC_FORMATS_SAFETENSORS_SOURCE_H

#include "error.h"
#include "safetensors.h"

#include <jansson.h>
#include <stdint.h>

/* One tensor of the header, checked. */
struct mlp_st_tensor {
    size_t rows, columns; /* columns is 1 for a vector */
    uint64_t begin, end;  /* bytes from the start of the data */
};

/* A file that is being loaded; starts zeroed but for `path` and `error`. */
struct mlp_st_source {
    const char *path;
    mlp_error *error;
    int fd;
    uint64_t data_start, data_size;
    json_t *header; /* entries are deleted when they have been read */
    size_t entries; /* of it, at first */
    mlp_spec spec;  /* layers points to `layers` */
    mlp_layer_spec *layers;
    size_t tensor_count;
    struct mlp_st_tensor *tensors; /* [entries], all parts of layer 0, of layer 1, ... */
};

/* Formats the reason after the file's name; every bad-data message of the
 * loader comes from here. */
#define MLP_ST_FAIL(source, format, ...)                                                           \
    mlp_fail((source)->error, MLP_ERROR_DATA, "%s: " format, (source)->path, __VA_ARGS__)

/* Reads and parses the header of a file of `file_size` bytes. */
mlp_status mlp_st_read_header(struct mlp_st_source *s, uint64_t file_size);

/* Reads the header's entry of `name`, which has one or two dimensions. */
mlp_status mlp_st_read_entry(const struct mlp_st_source *s, const char *name, size_t dimensions,
                             struct mlp_st_tensor *tensor);

/* The ranges of all tensors must fill the data without holes and without overlap. */
mlp_status mlp_st_check_tiling(const struct mlp_st_source *s);

#endif
