/* SPDX-License-Identifier: MIT */
/* Reading of files that may be compressed with gzip (RFC 1952). */
#ifndef MLP_SRC_FORMATS_GZ_H
#define MLP_SRC_FORMATS_GZ_H

#include <mlp/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file that is read from its beginning to its end. Whether it is compressed
 * is told by its first two bytes, whatever its name. */
struct mlp_gz;

/* Opens the regular file `path`, which is kept for messages and must outlive
 * the reader. What cannot be opened is MLP_ERROR_INTERNAL (mlp_file_open). */
mlp_status mlp_gz_open(const char *path, struct mlp_gz **out, mlp_error *error);

/* NULL is fine. */
void mlp_gz_close(struct mlp_gz *gz);

/* Reads the next `size` bytes of the content into `to`; *count is smaller only
 * where the content ends. Compressed data goes straight to `to`. Damaged data
 * is MLP_ERROR_DATA; checksum and length are compared when the end is met, that
 * is in the first read that asks for a byte beyond it. */
mlp_status mlp_gz_read(struct mlp_gz *gz, void *to, size_t size, size_t *count, mlp_error *error);

/* Checks that all of the content has been read, and its checksum. Unpacks one
 * byte at most. */
mlp_status mlp_gz_expect_end(struct mlp_gz *gz, mlp_error *error);

/* The most bytes that the content can have: of a plain file its length, of a
 * compressed one what deflate could make of so many bytes at best. */
uint64_t mlp_gz_limit(const struct mlp_gz *gz);

/* Whether the content is packed, so that the file's bytes are others. */
bool mlp_gz_is_packed(const struct mlp_gz *gz);

/* What an offset in the content is called in messages: "byte", or "unpacked
 * byte" where the file has other offsets. */
const char *mlp_gz_unit(const struct mlp_gz *gz);

#endif
