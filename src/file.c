/* SPDX-License-Identifier: MIT */
#include "file.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ATTEMPTS = 100,    /* names of temporary files that are tried */
    NAME_SIZE = 64,    /* of such a name */
    MAX_PART = 1 << 30 /* bytes per call: macOS refuses 2 GiB and more */
};

static _Atomic unsigned long fail_countdown;

void mlp_file_fail_at(unsigned long n)
{
    fail_countdown = n;
}

/* Whether the seam makes this call fail; sets errno. */
static bool must_fail(void)
{
    if (fail_countdown == 0 || --fail_countdown != 0)
        return false;
    errno = EIO;
    return true;
}

static mlp_status fail_errno(mlp_error *error, const char *path, const char *what)
{
    return mlp_fail(error, MLP_ERROR_INTERNAL, "%s: cannot %s: %s", path, what, strerror(errno));
}

static const char *kind(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a folder";
    if (S_ISFIFO(mode))
        return "a pipe";
    if (S_ISCHR(mode) || S_ISBLK(mode))
        return "a device";
    return "a socket";
}

mlp_status mlp_file_open(const char *path, int *fd, uint64_t *size, mlp_error *error)
{
    struct stat info;
    *fd = must_fail() ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return fail_errno(error, path, "open");
    mlp_status status = MLP_OK;
    if (must_fail() || fstat(*fd, &info) != 0)
        status = fail_errno(error, path, "open");
    else if (!S_ISREG(info.st_mode))
        status = mlp_fail(error, MLP_ERROR_INTERNAL, "%s: cannot read: it is %s, not a file", path,
                          kind(info.st_mode));
    else
        *size = (uint64_t)info.st_size;
    if (status != MLP_OK)
        close(*fd);
    return status;
}

mlp_status mlp_file_read(int fd, const char *path, uint64_t offset, void *data, size_t size,
                         mlp_error *error)
{
    unsigned char *to = data;
    while (size > 0) {
        size_t part = size < MAX_PART ? size : (size_t)MAX_PART;
        ssize_t count = must_fail() ? -1 : pread(fd, to, part, (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail_errno(error, path, "read");
        if (count == 0)
            return mlp_fail(error, MLP_ERROR_DATA, "%s: ends at byte %llu, expected %zu more", path,
                            (unsigned long long)offset, size);
        to += count;
        offset += (uint64_t)count;
        size -= (size_t)count;
    }
    return MLP_OK;
}

mlp_status mlp_file_map(const char *path, struct mlp_map *out, mlp_error *error)
{
    *out = (struct mlp_map){0};
    int fd;
    uint64_t size = 0;
    mlp_status status = mlp_file_open(path, &fd, &size, error);
    if (status != MLP_OK)
        return status;
    void *data = NULL;
    if (size > SIZE_MAX / 2)
        status = mlp_fail(error, MLP_ERROR_INTERNAL, "%s: too large for memory", path);
    else if (size > 0) {
        data = must_fail() ? MAP_FAILED : mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status = fail_errno(error, path, "map");
    }
    if (status == MLP_OK)
        *out = (struct mlp_map){data, (size_t)size};
    close(fd);
    return status;
}

void mlp_file_unmap(struct mlp_map *map)
{
    if (map->size > 0)
        munmap((void *)(uintptr_t)map->data, map->size);
    *map = (struct mlp_map){0};
}

void mlp_file_touch(const void *data, size_t size)
{
#if defined(MADV_POPULATE_READ)
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)data / page * page;
    (void)madvise((void *)begin, (uintptr_t)data + size - begin, MADV_POPULATE_READ);
#else
    (void)data;
    (void)size;
#endif
}

/* Where the content goes. */
struct target {
    char path[PATH_MAX]; /* symbolic links followed */
    const char *name;    /* within path, after the folder */
    int folder;          /* descriptor */
    bool exists;
    mode_t mode; /* of the file that is replaced */
    bool moved;  /* it has been given another name */
};

/* Follows a symbolic link: target->path names the file that it points to. */
static mlp_status follow(const char *path, struct target *target, mlp_error *error)
{
    struct stat info;
    bool is_link = false;
    if (!must_fail() && lstat(path, &info) == 0)
        is_link = S_ISLNK(info.st_mode);
    else if (errno != ENOENT)
        return fail_errno(error, path, "write");
    if (is_link) {
        if (must_fail() || !realpath(path, target->path))
            return fail_errno(error, path, "follow the symbolic link");
        return MLP_OK;
    }
    if (strlen(path) >= sizeof target->path) {
        errno = ENAMETOOLONG;
        return fail_errno(error, path, "write");
    }
    strcpy(target->path, path);
    return MLP_OK;
}

/* Refuses what must not be replaced. */
static mlp_status inspect(const char *path, struct target *target, mlp_error *error)
{
    struct stat info;
    if (must_fail() || stat(target->path, &info) != 0) {
        target->exists = false;
        return errno == ENOENT ? MLP_OK : fail_errno(error, path, "write");
    }
    target->exists = true;
    target->mode = info.st_mode & 07777;
    if (!S_ISREG(info.st_mode))
        return mlp_fail(error, MLP_ERROR_INTERNAL, "%s: cannot write: it is %s, not a file", path,
                        kind(info.st_mode));
    if (must_fail() || faccessat(AT_FDCWD, target->path, W_OK, AT_EACCESS) != 0)
        return fail_errno(error, path, "write");
    return MLP_OK;
}

/* Opens the folder of target->path. */
static mlp_status open_folder(const char *path, struct target *target, mlp_error *error)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(target->path, '/');
    size_t length = slash ? (size_t)(slash - target->path) : 0;

    target->name = slash ? slash + 1 : target->path;
    if (target->name[0] == '\0')
        return mlp_fail(error, MLP_ERROR_INTERNAL, "%s: cannot write: no file name", path);
    if (slash) /* the root folder is the slash itself */
        snprintf(folder, sizeof folder, "%.*s", length == 0 ? 1 : (int)length, target->path);
    else
        strcpy(folder, ".");

    target->folder = must_fail() ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return target->folder < 0 ? fail_errno(error, path, "open its folder") : MLP_OK;
}

static mlp_status open_target(const char *path, struct target *target, mlp_error *error)
{
    mlp_status status = follow(path, target, error);
    if (status == MLP_OK)
        status = inspect(path, target, error);
    if (status == MLP_OK)
        status = open_folder(path, target, error);
    return status;
}

/* Makes a new file of a name that nobody has; -1 and errno on failure. The
 * process's umask holds, as for any new file. */
static int create_temporary(const struct target *target, char *name, size_t size)
{
    static _Atomic unsigned long counter;
    int fd = -1;
    for (int i = 0; i < ATTEMPTS && fd < 0; i++) {
        snprintf(name, size, ".mlp-%ld-%lu.tmp", (long)getpid(), counter++);
        if (must_fail())
            return -1;
        fd = openat(target->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            return -1;
    }
    return fd;
}

static bool write_all(int fd, const unsigned char *data, size_t size)
{
    while (size > 0) {
        size_t part = size < MAX_PART ? size : (size_t)MAX_PART;
        ssize_t written = must_fail() ? -1 : write(fd, data, part);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

static bool sync_all(int fd)
{
    int result;
    do
        result = must_fail() ? -1 : fsync(fd);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

/* Gives the file the permissions of the one that it replaces. */
static bool copy_mode(int fd, const struct target *target)
{
    struct stat info;
    if (!target->exists)
        return true;
    if (must_fail() || fstat(fd, &info) != 0)
        return false;
    if ((info.st_mode & 07777) == target->mode)
        return true;
    return !must_fail() && fchmod(fd, target->mode) == 0;
}

/* Fills and closes the temporary file `fd`. */
static mlp_status fill(int fd, const char *path, const struct target *target,
                       const struct mlp_chunk *chunks, size_t count, mlp_error *error)
{
    mlp_status status = MLP_OK;
    if (!copy_mode(fd, target))
        status = fail_errno(error, path, "set the permissions");
    for (size_t i = 0; i < count && status == MLP_OK; i++) {
        if (!write_all(fd, chunks[i].data, chunks[i].size))
            status = fail_errno(error, path, "write");
    }
    if (status == MLP_OK && !sync_all(fd))
        status = fail_errno(error, path, "sync");

    /* After EINTR the descriptor is closed (Linux) or the content is safe by
     * the sync above; it must not be closed twice. */
    bool closed = close(fd) == 0 || errno == EINTR;
    if (status == MLP_OK && (must_fail() || !closed))
        status = fail_errno(error, path, "close");
    return status;
}

static mlp_status replace(const char *path, const struct target *target, const char *temporary,
                          mlp_error *error)
{
    if (must_fail() || renameat(target->folder, temporary, target->folder, target->name) != 0)
        return fail_errno(error, path, "rename the temporary file");
    return MLP_OK;
}

/* Gives the file that is there a second name, which then takes the place of `previous`. A rename
 * onto another name of the same file does nothing: the name in between must go by itself. */
static bool link_previous(const struct target *target, const char *previous, const char *between)
{
    if (must_fail() || linkat(target->folder, target->name, target->folder, between, 0) != 0)
        return false;
    bool renamed = !must_fail() && renameat(target->folder, between, target->folder, previous) == 0;
    int reason = errno;
    unlinkat(target->folder, between, 0);
    errno = reason;
    return renamed;
}

static bool has_no_links(int reason)
{
    return reason == EPERM || reason == EOPNOTSUPP || reason == ENOSYS || reason == EMLINK;
}

/* Keeps the file that is to be replaced under the name `previous`. */
static mlp_status keep(const char *path, struct target *target, const char *previous,
                       const char *temporary, mlp_error *error)
{
    char between[NAME_SIZE + 8];
    if (!target->exists)
        return MLP_OK;
    snprintf(between, sizeof between, "%s.link", temporary);
    if (link_previous(target, previous, between))
        return MLP_OK;
    target->moved = has_no_links(errno) && !must_fail() &&
                    renameat(target->folder, target->name, target->folder, previous) == 0;
    if (target->moved)
        return MLP_OK;
    return fail_errno(error, path, "keep it under another name");
}

/* The last part of a path. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

mlp_status mlp_file_write_keeping(const char *path, const char *previous,
                                  const struct mlp_chunk *chunks, size_t count, mlp_error *error)
{
    struct target target = {.moved = false};
    mlp_status status = open_target(path, &target, error);
    if (status != MLP_OK)
        return status;

    char temporary[NAME_SIZE];
    int fd = create_temporary(&target, temporary, sizeof temporary);
    if (fd < 0) {
        status = fail_errno(error, path, "create a temporary file in its folder");
    } else {
        status = fill(fd, path, &target, chunks, count, error);
        if (status == MLP_OK && previous)
            status = keep(path, &target, name_of(previous), temporary, error);
        if (status == MLP_OK)
            status = replace(path, &target, temporary, error);
        if (status != MLP_OK && target.moved)
            renameat(target.folder, name_of(previous), target.folder, target.name);
        if (status != MLP_OK)
            unlinkat(target.folder, temporary, 0);
        else if (!sync_all(target.folder) && errno != EINVAL) /* EINVAL: cannot be synced */
            status = fail_errno(error, path, "sync its folder, though the file is written");
    }
    close(target.folder);
    return status;
}

mlp_status mlp_file_write(const char *path, const struct mlp_chunk *chunks, size_t count,
                          mlp_error *error)
{
    return mlp_file_write_keeping(path, NULL, chunks, count, error);
}

mlp_status mlp_file_check(const char *path, mlp_error *error)
{
    struct target target;
    mlp_status status = open_target(path, &target, error);
    if (status != MLP_OK)
        return status;

    char temporary[NAME_SIZE];
    int fd = create_temporary(&target, temporary, sizeof temporary);
    if (fd < 0) {
        status = fail_errno(error, path, "create a temporary file in its folder");
    } else {
        close(fd);
        unlinkat(target.folder, temporary, 0);
    }
    close(target.folder);
    return status;
}
