/* SPDX-License-Identifier: MIT */
/* The system calls of file.c, in a table: so that tests can make one fail, watch them, or put
 * others in their place. */
#ifndef MLP_SRC_FILE_SYSTEM_H
#define MLP_SRC_FILE_SYSTEM_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Each as the call of that name. */
struct mlp_file_system {
    int (*openat)(int folder, const char *name, int flags, mode_t mode);
    int (*close)(int fd);
    int (*fstat)(int fd, struct stat *info);
    int (*fstatat)(int folder, const char *name, struct stat *info, int flags);
    int (*faccessat)(int folder, const char *name, int mode, int flags);
    char *(*realpath)(const char *path, char *out);
    ssize_t (*pread)(int fd, void *data, size_t size, off_t offset);
    ssize_t (*read)(int fd, void *data, size_t size);
    void *(*mmap)(void *at, size_t size, int protection, int flags, int fd, off_t offset);
    ssize_t (*write)(int fd, const void *data, size_t size);
    int (*fchmod)(int fd, mode_t mode);
    int (*fsync)(int fd); /* to the medium itself, on macOS too */
    int (*flock)(int fd, int operation);
    int (*linkat)(int from_folder, const char *from, int to_folder, const char *to, int flags);
    int (*renameat)(int from_folder, const char *from, int to_folder, const char *to);
    int (*unlinkat)(int folder, const char *name, int flags);
};

/* The system's own calls. */
extern const struct mlp_file_system mlp_system_calls;

/* What file.c calls: the same, unless a test says otherwise. mlp_file_fail_at and
 * mlp_file_fail_from (file.h) act on it. */
extern const struct mlp_file_system *mlp_system;

/* The same without these failures, for cleaning up: where that fails, nothing else does. */
extern const struct mlp_file_system *mlp_cleaner;

/* Test seam: what is called from now on; NULL: the system's own. Not thread-safe. */
void mlp_file_use_system(const struct mlp_file_system *calls);

#endif
