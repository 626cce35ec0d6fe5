/* SPDX-License-Identifier: MIT */
/* Safetensors files as other programs write them. */
#ifndef MLP_TESTS_ST_FILES_H
#define MLP_TESTS_ST_FILES_H

#include <stddef.h>

/* A tensor whose element k is `first` + k / 8, which all types hold exactly. */
struct st_tensor {
    const char *name, *type; /* F32, F16, BF16, F64 or I64 */
    size_t rows, columns;    /* columns 0: one dimension; both 0: none */
    double first;
};

/* The tensors up to one without a name, in this order, as a file of the folder; its path.
 * `metadata` is JSON, or NULL: none. */
const char *put_tensors(const struct st_tensor *tensors, const char *metadata);

/* The same with the bits of element `at` of the last tensor replaced, little-endian. */
const char *put_tensors_with(const struct st_tensor *tensors, size_t at, unsigned long long bits);

#endif
