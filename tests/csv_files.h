/* SPDX-License-Identifier: MIT */
/* CSV files of tests, and what becomes of them. */
#ifndef MLP_TESTS_CSV_FILES_H
#define MLP_TESTS_CSV_FILES_H

#include "idx_files.h"

#include <mlp/dataset.h>

/* Writes a text into the folder; returns its path. */
const char *put_text(const char *name, const char *text);

/* Opens what has to be right. */
mlp_dataset *open_csv(const char *path, const mlp_source_options *options);

/* The text as a file is refused, plain and packed, with one message that has `part` and the file's
 * name; nothing stays allocated. */
void assert_csv_refused(const char *text, const mlp_source_options *options, mlp_status status,
                        const char *part);

/* The text has these inputs [count][features] and labels [count]. */
void assert_csv(const char *text, const mlp_source_options *options, size_t count, size_t features,
                const float *inputs, const uint8_t *labels);

/* Opening fails in every way: the nth allocation, it and all behind it, the same of system calls.
 * It says so and leaves nothing; at least `allocations` and `calls` are made. */
void assert_every_failure(const char *path, const mlp_source_options *options,
                          unsigned long allocations, unsigned long calls);

#endif
