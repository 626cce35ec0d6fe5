/* SPDX-License-Identifier: MIT */
#include "file.h"

#include "error.h"
#include "file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    ATTEMPTS = 1000,   /* names of temporary files that are tried */
    SWEPT = 8,         /* of them, those where crashes of writers are cleaned up after */
    STEM = 64,         /* bytes of the target's name in them */
    NAME_SIZE = 96,    /* of such a name */
    MAX_PART = 1 << 30 /* bytes per call: macOS refuses 2 GiB and more */
};

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
    *fd = mlp_system->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (*fd < 0)
        return fail_errno(error, path, "open");
    mlp_status status = MLP_OK;
    if (mlp_system->fstat(*fd, &info) != 0)
        status = fail_errno(error, path, "open");
    else if (!S_ISREG(info.st_mode))
        status = mlp_fail(error, MLP_ERROR_INTERNAL, "%s: cannot read: it is %s, not a file", path,
                          kind(info.st_mode));
    else
        *size = (uint64_t)info.st_size;
    if (status != MLP_OK)
        mlp_cleaner->close(*fd);
    return status;
}

mlp_status mlp_file_read(int fd, const char *path, uint64_t offset, void *data, size_t size,
                         mlp_error *error)
{
    unsigned char *to = data;
    while (size > 0) {
        size_t part = size < MAX_PART ? size : (size_t)MAX_PART;
        ssize_t count = mlp_system->pread(fd, to, part, (off_t)offset);
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

/* Whether a read failed only because another program has made the descriptor non-blocking; waits
 * until there is something. */
static bool waits(int fd)
{
    struct pollfd what = {.fd = fd, .events = POLLIN};
    return errno == EAGAIN && (poll(&what, 1, -1) >= 0 || errno == EINTR);
}

mlp_status mlp_file_read_next(int fd, const char *name, void *data, size_t size, size_t *count,
                              mlp_error *error)
{
    ssize_t got;
    do {
        got = mlp_system->read(fd, data, size < MAX_PART ? size : (size_t)MAX_PART);
    } while (got < 0 && (errno == EINTR || waits(fd)));
    *count = got < 0 ? 0 : (size_t)got;
    return got < 0 ? fail_errno(error, name, "read") : MLP_OK;
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
        data = mlp_system->mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status = fail_errno(error, path, "map");
    }
    if (status == MLP_OK)
        *out = (struct mlp_map){data, (size_t)size};
    mlp_cleaner->close(fd);
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
    if (mlp_system->fstatat(AT_FDCWD, path, &info, AT_SYMLINK_NOFOLLOW) == 0)
        is_link = S_ISLNK(info.st_mode);
    else if (errno != ENOENT)
        return fail_errno(error, path, "write");
    if (is_link) {
        if (!mlp_system->realpath(path, target->path))
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
    if (mlp_system->fstatat(AT_FDCWD, target->path, &info, 0) != 0) {
        target->exists = false;
        return errno == ENOENT ? MLP_OK : fail_errno(error, path, "write");
    }
    target->exists = true;
    target->mode = info.st_mode & 07777;
    if (!S_ISREG(info.st_mode))
        return mlp_fail(error, MLP_ERROR_INTERNAL, "%s: cannot write: it is %s, not a file", path,
                        kind(info.st_mode));
    if (mlp_system->faccessat(AT_FDCWD, target->path, W_OK, AT_EACCESS) != 0)
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

    target->folder = mlp_system->openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
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

/* A new file in the folder of its target. Whoever has its name has the other one too. */
struct temporary {
    int fd;
    char name[NAME_SIZE];
    char link[NAME_SIZE]; /* of the file that is kept, in between */
};

static void remove_name(const struct target *target, const char *name)
{
    int reason = errno;
    mlp_cleaner->unlinkat(target->folder, name, 0);
    errno = reason;
}

/* The ith of the names that temporary files of this target have. A character of it is not cut in
 * two: some file systems want valid UTF-8. */
static void set_names(const struct target *target, int i, struct temporary *temporary)
{
    int length = (int)strnlen(target->name, STEM + 1);
    if (length > STEM)
        length = STEM;
    while (length > 0 && ((unsigned char)target->name[length] & 0xC0) == 0x80)
        length--;
    snprintf(temporary->name, NAME_SIZE, ".mlp-%.*s-%d.tmp", length, target->name, i);
    snprintf(temporary->link, NAME_SIZE, ".mlp-%.*s-%d.link.tmp", length, target->name, i);
}

/* Whether the open file is still called `name`. */
static bool has_name(const struct target *target, const char *name, int fd)
{
    struct stat file, entry;
    return mlp_cleaner->fstat(fd, &file) == 0 && S_ISREG(file.st_mode) &&
           mlp_cleaner->fstatat(target->folder, name, &entry, AT_SYMLINK_NOFOLLOW) == 0 &&
           file.st_dev == entry.st_dev && file.st_ino == entry.st_ino;
}

/* Removes the file if its writer is gone, so that its lock can be had. The writer may have finished
 * since the file was opened, and another one may have the name. */
static void remove_orphan(const struct target *target, const struct temporary *orphan)
{
    int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = mlp_cleaner->openat(target->folder, orphan->name, flags, 0);
    if (fd < 0)
        return;
    if (mlp_cleaner->flock(fd, LOCK_EX | LOCK_NB) == 0 && has_name(target, orphan->name, fd)) {
        remove_name(target, orphan->link);
        remove_name(target, orphan->name);
    }
    mlp_cleaner->close(fd);
}

/* Locks a file that was just created. False if another process took it for an orphan before: it has
 * the lock, or has removed the file. Where there are no locks, no process does. */
static bool claim(int fd)
{
    struct stat info;
    if (mlp_cleaner->flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return false;
    return mlp_cleaner->fstat(fd, &info) != 0 || info.st_nlink > 0;
}

/* Makes and locks a new file of a name that nobody has; false and errno on failure. The process's
 * umask holds, as for any new file. */
static bool create_temporary(const struct target *target, struct temporary *out)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    for (int i = 0; i < SWEPT; i++) {
        set_names(target, i, out);
        remove_orphan(target, out);
    }
    for (int i = 0; i < ATTEMPTS; i++) {
        set_names(target, i, out);
        out->fd = mlp_system->openat(target->folder, out->name, flags, 0666);
        if (out->fd < 0 && errno != EEXIST)
            return false;
        if (out->fd >= 0 && claim(out->fd)) {
            remove_name(target, out->link); /* a crash may have left it alone */
            return true;
        }
        if (out->fd >= 0)
            mlp_cleaner->close(out->fd);
    }
    errno = EEXIST;
    return false;
}

static bool write_all(int fd, const unsigned char *data, size_t size)
{
    while (size > 0) {
        size_t part = size < MAX_PART ? size : (size_t)MAX_PART;
        ssize_t written = mlp_system->write(fd, data, part);
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
        result = mlp_system->fsync(fd);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

/* Gives the file the permissions of the one that it replaces. */
static bool copy_mode(int fd, const struct target *target)
{
    struct stat info;
    if (!target->exists)
        return true;
    if (mlp_system->fstat(fd, &info) != 0)
        return false;
    if ((info.st_mode & 07777) == target->mode)
        return true;
    return mlp_system->fchmod(fd, target->mode) == 0;
}

/* Fills the temporary file and has it on the disk. */
static mlp_status fill(int fd, const char *path, const struct target *target,
                       const struct mlp_chunk *chunks, size_t count, mlp_error *error)
{
    if (!copy_mode(fd, target))
        return fail_errno(error, path, "set the permissions");
    for (size_t i = 0; i < count; i++) {
        if (!write_all(fd, chunks[i].data, chunks[i].size))
            return fail_errno(error, path, "write");
    }
    if (!sync_all(fd))
        return fail_errno(error, path, "sync");
    return MLP_OK;
}

static int rename_within(const struct target *target, const char *from, const char *to)
{
    return mlp_system->renameat(target->folder, from, target->folder, to);
}

/* Gives the file that is there a second name, which then takes the place of `previous`. A rename
 * onto another name of the same file does nothing: the name in between must go by itself. */
static bool link_previous(const struct target *target, const char *previous, const char *between)
{
    if (mlp_system->linkat(target->folder, target->name, target->folder, between, 0) != 0)
        return errno == ENOENT; /* another writer has just replaced it, and kept it if it keeps */
    bool renamed = rename_within(target, between, previous) == 0;
    remove_name(target, between);
    return renamed;
}

static bool has_no_links(int reason)
{
    return reason == EPERM || reason == ENOTSUP || reason == EOPNOTSUPP || reason == ENOSYS ||
           reason == EMLINK;
}

/* Keeps the file that is to be replaced under the name `previous`. */
static mlp_status keep(const char *path, struct target *target, const char *previous,
                       const struct temporary *temporary, mlp_error *error)
{
    if (!target->exists || link_previous(target, previous, temporary->link))
        return MLP_OK;
    target->moved = has_no_links(errno) && rename_within(target, target->name, previous) == 0;
    return target->moved ? MLP_OK : fail_errno(error, path, "keep it under another name");
}

/* Puts the temporary file in the place of the target. */
static mlp_status replace(const char *path, const char *previous, struct target *target,
                          const struct temporary *temporary, mlp_error *error)
{
    mlp_status status = previous ? keep(path, target, previous, temporary, error) : MLP_OK;
    if (status == MLP_OK && rename_within(target, temporary->name, target->name) != 0)
        status = fail_errno(error, path, "rename the temporary file");
    if (status != MLP_OK && target->moved)
        mlp_cleaner->renameat(target->folder, previous, target->folder, target->name);
    return status;
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
    struct temporary temporary;
    mlp_status status = open_target(path, &target, error);
    if (status != MLP_OK)
        return status;
    if (!create_temporary(&target, &temporary)) {
        status = fail_errno(error, path, "create a temporary file in its folder");
    } else {
        status = fill(temporary.fd, path, &target, chunks, count, error);
        if (status == MLP_OK)
            status = replace(path, previous ? name_of(previous) : NULL, &target, &temporary, error);
        if (status != MLP_OK)
            remove_name(&target, temporary.name);
        else if (!sync_all(target.folder) && errno != EINVAL) /* EINVAL: cannot be synced */
            status = fail_errno(error, path, "sync its folder, though the file is written");
        /* Not before: the lock is what tells it from an orphan. What closing could report, the sync
         * has reported. */
        mlp_cleaner->close(temporary.fd);
    }
    mlp_cleaner->close(target.folder);
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
    struct temporary temporary;
    mlp_status status = open_target(path, &target, error);
    if (status != MLP_OK)
        return status;
    if (!create_temporary(&target, &temporary)) {
        status = fail_errno(error, path, "create a temporary file in its folder");
    } else {
        remove_name(&target, temporary.name);
        mlp_cleaner->close(temporary.fd);
    }
    mlp_cleaner->close(target.folder);
    return status;
}
