/* SPDX-License-Identifier: MIT */
#include "file_system.h"

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- The system's ------------------------------------------------------------------- */

/* The call itself has a variable number of arguments. */
static int open_at(int folder, const char *name, int flags, mode_t mode)
{
    return openat(folder, name, flags, mode);
}

/* macOS's fsync leaves the data in the cache of the drive; what does not is not known to all of
 * its file systems. */
static int sync_to_medium(int fd)
{
#ifdef F_FULLFSYNC
    if (fcntl(fd, F_FULLFSYNC) == 0)
        return 0;
#endif
    return fsync(fd);
}

const struct mlp_file_system mlp_system_calls = {
    .openat = open_at,
    .close = close,
    .fstat = fstat,
    .fstatat = fstatat,
    .faccessat = faccessat,
    .realpath = realpath,
    .pread = pread,
    .read = read,
    .mmap = mmap,
    .write = write,
    .fchmod = fchmod,
    .fsync = sync_to_medium,
    .flock = flock,
    .linkat = linkat,
    .renameat = renameat,
    .unlinkat = unlinkat,
};

/* --- The same, which fails where a test wants it ------------------------------------------ */

static _Atomic unsigned long countdown;
static bool goes_on; /* failing, once the countdown is over */

static bool must_fail(void)
{
    if (countdown == 0 || --countdown > 0)
        return false;
    if (goes_on)
        countdown = 1;
    errno = EIO;
    return true;
}

static int fail_openat(int folder, const char *name, int flags, mode_t mode)
{
    return must_fail() ? -1 : mlp_cleaner->openat(folder, name, flags, mode);
}

static int fail_fstat(int fd, struct stat *info)
{
    return must_fail() ? -1 : mlp_cleaner->fstat(fd, info);
}

static int fail_fstatat(int folder, const char *name, struct stat *info, int flags)
{
    return must_fail() ? -1 : mlp_cleaner->fstatat(folder, name, info, flags);
}

static int fail_faccessat(int folder, const char *name, int mode, int flags)
{
    return must_fail() ? -1 : mlp_cleaner->faccessat(folder, name, mode, flags);
}

static char *fail_realpath(const char *path, char *out)
{
    return must_fail() ? NULL : mlp_cleaner->realpath(path, out);
}

static ssize_t fail_pread(int fd, void *data, size_t size, off_t offset)
{
    return must_fail() ? -1 : mlp_cleaner->pread(fd, data, size, offset);
}

static ssize_t fail_read(int fd, void *data, size_t size)
{
    return must_fail() ? -1 : mlp_cleaner->read(fd, data, size);
}

static void *fail_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return must_fail() ? MAP_FAILED : mlp_cleaner->mmap(at, size, protection, flags, fd, offset);
}

static ssize_t fail_write(int fd, const void *data, size_t size)
{
    return must_fail() ? -1 : mlp_cleaner->write(fd, data, size);
}

static int fail_fchmod(int fd, mode_t mode)
{
    return must_fail() ? -1 : mlp_cleaner->fchmod(fd, mode);
}

static int fail_fsync(int fd)
{
    return must_fail() ? -1 : mlp_cleaner->fsync(fd);
}

static int fail_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    return must_fail() ? -1 : mlp_cleaner->linkat(from_folder, from, to_folder, to, flags);
}

static int fail_renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return must_fail() ? -1 : mlp_cleaner->renameat(from_folder, from, to_folder, to);
}

/* Closing, locking and removing are only called as mlp_cleaner's. */
static const struct mlp_file_system failing = {
    .openat = fail_openat,
    .fstat = fail_fstat,
    .fstatat = fail_fstatat,
    .faccessat = fail_faccessat,
    .realpath = fail_realpath,
    .pread = fail_pread,
    .read = fail_read,
    .mmap = fail_mmap,
    .write = fail_write,
    .fchmod = fail_fchmod,
    .fsync = fail_fsync,
    .linkat = fail_linkat,
    .renameat = fail_renameat,
};

/* --- Which of them ------------------------------------------------------------------------- */

const struct mlp_file_system *mlp_system = &mlp_system_calls;
const struct mlp_file_system *mlp_cleaner = &mlp_system_calls;

static void choose(void)
{
    mlp_system = countdown > 0 ? &failing : mlp_cleaner;
}

void mlp_file_use_system(const struct mlp_file_system *calls)
{
    mlp_cleaner = calls ? calls : &mlp_system_calls;
    choose();
}

void mlp_file_fail_at(unsigned long n)
{
    countdown = n;
    goes_on = false;
    choose();
}

void mlp_file_fail_from(unsigned long n)
{
    countdown = n;
    goes_on = true;
    choose();
}
