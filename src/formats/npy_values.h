/* SPDX-License-Identifier: MIT */
/* The values of an npy file, as inputs, targets and labels want them. What is wrong with one is
 * MLP_ERROR_DATA and names its offset. The stream stands at the values; all of them are read, and
 * nothing may follow. */
#ifndef MLP_SRC_FORMATS_NPY_VALUES_H
#define MLP_SRC_FORMATS_NPY_VALUES_H

#include "formats/npy_header.h"

/* Samples, and values of a sample: the first dimension, and the product of the others. */
static inline size_t mlp_npy_count(const struct mlp_npy_header *header)
{
    return (size_t)header->dimension[0];
}

static inline size_t mlp_npy_features(const struct mlp_npy_header *header)
{
    return (size_t)(header->values_size / header->size / header->dimension[0]);
}

/* Values as floats, rounded to the nearest, in C order: [count][features], mlp_alloc'ed. Refuses
 * what is not finite as a float, and bools that are neither 0 nor 1. */
mlp_status mlp_npy_read_f32(const struct mlp_npy_stream *stream,
                            const struct mlp_npy_header *header, float **out, mlp_error *error);

/* The same of values of one byte, as they are. */
mlp_status mlp_npy_read_u8(const struct mlp_npy_stream *stream, const struct mlp_npy_header *header,
                           uint8_t **out, mlp_error *error);

/* Labels: whole numbers from 0 to 255 of any integer type or bool, [count]. */
mlp_status mlp_npy_read_labels(const struct mlp_npy_stream *stream,
                               const struct mlp_npy_header *header, uint8_t **out,
                               mlp_error *error);

/* Whether the bytes of the file are the values as this machine has them in memory: bytes, or floats
 * in its byte order, in C order. */
bool mlp_npy_is_plain(const struct mlp_npy_header *header);

/* Floats that are where they are: that all of them are finite. */
mlp_status mlp_npy_check_finite(const struct mlp_npy_stream *stream,
                                const struct mlp_npy_header *header, const float *values,
                                mlp_error *error);

#endif
