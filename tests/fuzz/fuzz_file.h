/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share: bytes as a file with a path. */
#ifndef MLP_TESTS_FUZZ_FILE_H
#define MLP_TESTS_FUZZ_FILE_H

#include <stddef.h>

/* A file in memory (Linux's memfd) and its path; ends the process where the
 * system has none left. */
struct fuzz_file {
    int fd;
    char path[32];
};

void fuzz_file_open(struct fuzz_file *file);
void fuzz_file_add(struct fuzz_file *file, const void *data, size_t size);
void fuzz_file_close(struct fuzz_file *file);

#endif
