/* SPDX-License-Identifier: MIT */
#include "fuzz_file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_file_open(struct fuzz_file *file)
{
    file->fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (file->fd < 0)
        abort();
    snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->fd);
}

void fuzz_file_add(struct fuzz_file *file, const void *data, size_t size)
{
    if (size > 0 && write(file->fd, data, size) != (ssize_t)size)
        abort();
}

void fuzz_file_close(struct fuzz_file *file)
{
    close(file->fd);
}
