/* SPDX-License-Identifier: MIT */
/* Small npy files, right ones and wrong ones. */
#ifndef MLP_TESTS_NPY_FILES_H
#define MLP_TESTS_NPY_FILES_H

#include "idx_files.h"

/* Starts a file of this version with this text as its header, padded as NumPy does so that the
 * values begin at a multiple of 64. */
struct bytes npy_start(int version, const char *dict);

/* The file of an array, version 1: its type as '<f4', its shape as '(2, 3)'. */
struct bytes npy_file(const char *descr, const char *shape, const void *values, size_t size);

/* Values 0, 1, 2... of u1; values of <f4, on any machine. */
struct bytes npy_u8_file(const char *shape, size_t count);
struct bytes npy_f32_file(const char *shape, const float *values, size_t count);

#endif
