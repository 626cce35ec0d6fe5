/* SPDX-License-Identifier: MIT */
/* Files: reading by position, and the only place that writes them. */
#ifndef MLP_SRC_FILE_H
#define MLP_SRC_FILE_H

#include <mlp/status.h>

#include <stddef.h>
#include <stdint.h>

/* Opens the regular file `path` for reading; *size is its length in bytes. A
 * pipe, a device or a folder is refused without waiting for it. Everything that
 * fails here is MLP_ERROR_INTERNAL. The caller closes *fd. */
mlp_status mlp_file_open(const char *path, int *fd, uint64_t *size, mlp_error *error);

/* Reads exactly `size` bytes from byte `offset` on; a file that ends earlier is
 * MLP_ERROR_DATA. `path` is for the message. */
mlp_status mlp_file_read(int fd, const char *path, uint64_t offset, void *data, size_t size,
                         mlp_error *error);

/* Reads what comes next from `fd`, which may be a pipe: waits until there is something, and takes
 * up to `size` bytes of it; *count is 0 at the end. `name` is for the message. */
mlp_status mlp_file_read_next(int fd, const char *name, void *data, size_t size, size_t *count,
                              mlp_error *error);

/* The whole of a file in memory, read-only; zeroed: nothing. */
struct mlp_map {
    const unsigned char *data;
    size_t size;
};

/* Maps the regular file `path`, which may be empty (data is NULL then). Pages are read when they
 * are touched: where another process cuts the file short, touching them raises SIGBUS. Fails as
 * mlp_file_open. */
mlp_status mlp_file_map(const char *path, struct mlp_map *out, mlp_error *error);

/* An empty map is fine; leaves one. */
void mlp_file_unmap(struct mlp_map *map);

/* A hint that these bytes of a map are about to be read: all their pages are there at once, where
 * the system can do that, rather than by a fault each. */
void mlp_file_touch(const void *data, size_t size);

/* One piece of the content. */
struct mlp_chunk {
    const void *data;
    size_t size;
};

/* Writes the pieces, one after the other, to a temporary file in the folder of
 * `path`, syncs it, renames it to `path` and syncs the folder: after a crash at
 * any moment, of the machine too, `path` is the old or the new file, and after a
 * success the new one. A file that is replaced passes its permissions on; a symbolic link is
 * followed, so that it goes on pointing to the file. On failure `path` is as it was and no
 * temporary file is left; but where only the folder's sync fails, `path` already holds the new
 * content, and the message says so. Refuses a `path` that is there and is not a regular file, or is
 * write-protected: MLP_ERROR_INTERNAL, like every failure here.
 *
 * The temporary file is called .mlp-NAME-0.tmp after the file (of a long name, the
 * first 64 bytes), or 1, 2... where that is taken, and is locked (flock) for as long as
 * it is written. One without a lock is left from a crash: the next write of
 * the same NAME removes it. Where the file system has no locks it stays.
 *
 * A write beyond RLIMIT_FSIZE fails like one to a full disk in a process that
 * ignores SIGXFSZ; in others the signal's default action ends the process. */
mlp_status mlp_file_write(const char *path, const struct mlp_chunk *chunks, size_t count,
                          mlp_error *error);

/* The same, and the file that is replaced is called `previous` from then on, which is a name in the
 * folder of the file (that a symbolic link leads to); what had that name is lost. Where the file
 * system has hard links there is a file at `path` at every moment, and one at `previous` if there
 * was one; where it has none, one at `path` or at `previous`, after a crash too. On failure `path`
 * is as it was, and `previous` may be, or be the same file, or without links be gone. NULL keeps
 * nothing. */
mlp_status mlp_file_write_keeping(const char *path, const char *previous,
                                  const struct mlp_chunk *chunks, size_t count, mlp_error *error);

/* Whether mlp_file_write could start on `path`: creates a temporary file in its
 * folder and removes it. `path` is left alone. */
mlp_status mlp_file_check(const char *path, mlp_error *error);

/* Test seam: the nth system call of this file from now fails with EIO (1 = the
 * next one); 0 turns it off. Calls that clean up are not counted. Not thread-safe. */
void mlp_file_fail_at(unsigned long n);

/* The same, and every later one fails too. */
void mlp_file_fail_from(unsigned long n);

#endif
