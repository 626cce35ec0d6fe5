/* SPDX-License-Identifier: MIT */
/* Small IDX and gz files, right ones and wrong ones, in the folder of folder.h. */
#ifndef MLP_TESTS_IDX_FILES_H
#define MLP_TESTS_IDX_FILES_H

#include <mlp/status.h>

#include <stddef.h>
#include <stdint.h>

enum { BYTES_SIZE = 4096 };

/* A file in the making. */
struct bytes {
    size_t size;
    unsigned char at[BYTES_SIZE];
};

void add(struct bytes *bytes, const void *data, size_t size);

/* Adds what the hexadecimal digits say; blanks between bytes are skipped. */
void add_hex(struct bytes *bytes, const char *hex);

/* Adds a gz member without optional header fields: 10 bytes of header, deflate
 * data, 8 bytes of trailer. */
void add_gz(struct bytes *bytes, const void *data, size_t size);

/* An IDX file of u8 with the values 0, 1, 2... modulo `modulus`. */
struct bytes idx_file(unsigned dimensions, const uint32_t *dimension, unsigned modulus);

/* An IDX file of f32. */
struct bytes idx_f32_file(unsigned dimensions, const uint32_t *dimension, const float *values);

/* Two images of 2 x 3, and two labels. */
struct bytes two_images(void);
struct bytes two_labels(void);

/* The same content as a gz file. */
struct bytes packed(struct bytes bytes);

/* Writes the file into the folder and returns its path. */
const char *put(const char *name, struct bytes bytes);

/* `error` has this status and a message of one line that begins with `path` and
 * holds `part`. */
void assert_error(const mlp_error *error, mlp_status status, const char *path, const char *part);

#endif
