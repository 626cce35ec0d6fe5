/* SPDX-License-Identifier: MIT */
#include "crash_log.h"

#include "file_system.h"
#include "folder.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 256, PIECES = 3 /* of a write */ };

struct crash_log crash_log;

int *crash_entry(struct names *names, const char *name)
{
    int i = 0;
    while (i < names->count && strcmp(names->name[i], name) != 0)
        i++;
    if (i == names->count) {
        ck_assert_int_lt(i, CRASH_FILES);
        snprintf(names->name[i], NAME_SIZE, "%s", name);
        names->file[i] = -1;
        names->count++;
    }
    return &names->file[i];
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* --- The log -------------------------------------------------------------------------- */

static struct names names_now;

static struct operation *add(enum kind kind, const char *what, int file)
{
    ck_assert_int_lt(crash_log.operation_count, MOST_OPERATIONS);
    struct operation *operation = &crash_log.operations[crash_log.operation_count++];
    *operation = (struct operation){.kind = kind, .what = what, .file = file};
    return operation;
}

/* `from` and `to` may be NULL. */
static void change_names(const char *what, const char *from, const char *to, int file)
{
    struct operation *operation = add(NAMES, what, file);
    if (from) {
        snprintf(operation->from, NAME_SIZE, "%s", from);
        *crash_entry(&names_now, from) = -1;
    }
    if (to) {
        snprintf(operation->to, NAME_SIZE, "%s", to);
        *crash_entry(&names_now, to) = file;
    }
}

static int new_file(void)
{
    ck_assert_int_lt(crash_log.file_count, CRASH_FILES);
    return crash_log.file_count++;
}

/* --- The calls ---------------------------------------------------------------------------- */

/* What an open descriptor is of; 0: nothing that matters. */
struct descriptor {
    enum { UNKNOWN, FOLDER, FILE_OPEN } of;
    int file;
    size_t offset;
};

static struct descriptor descriptors[MOST_DESCRIPTORS];

static struct descriptor *descriptor(int fd)
{
    ck_assert_int_lt(fd, MOST_DESCRIPTORS);
    return &descriptors[fd];
}

static int record_openat(int parent, const char *path, int flags, mode_t mode)
{
    const char *name = last_part(path);
    int fd = mlp_system_calls.openat(parent, path, flags, mode);
    if (fd < 0)
        return fd;
    *descriptor(fd) = (struct descriptor){.of = flags & O_DIRECTORY ? FOLDER : UNKNOWN};
    if ((flags & O_ACCMODE) == O_RDONLY)
        return fd;
    int file = *crash_entry(&names_now, name);
    if (file < 0) {
        file = new_file();
        change_names("create", NULL, name, file);
    } else if (flags & O_TRUNC) {
        add(TRUNCATE, "truncate", file);
    }
    *descriptor(fd) = (struct descriptor){.of = FILE_OPEN, .file = file};
    return fd;
}

static int record_close(int fd)
{
    *descriptor(fd) = (struct descriptor){.of = UNKNOWN};
    return mlp_system_calls.close(fd);
}

static ssize_t record_write(int fd, const void *data, size_t size)
{
    ssize_t written = mlp_system_calls.write(fd, data, size);
    struct descriptor *d = descriptor(fd);
    ck_assert_int_eq(d->of, FILE_OPEN);
    size_t done = 0, total = written > 0 ? (size_t)written : 0,
           piece = (total + PIECES - 1) / PIECES;
    while (done < total) {
        struct operation *operation = add(WRITE, "write", d->file);
        operation->offset = d->offset;
        operation->size = total - done < piece ? total - done : piece;
        ck_assert_uint_le(operation->offset + operation->size, FILE_SIZE);
        memcpy(operation->data, (const unsigned char *)data + done, operation->size);
        d->offset += operation->size;
        done += operation->size;
    }
    return written;
}

static int record_fsync(int fd)
{
    const struct descriptor *d = descriptor(fd);
    ck_assert_int_ne(d->of, UNKNOWN);
    if (d->of == FOLDER)
        add(SYNC_FOLDER, "sync the folder", -1);
    else
        add(SYNC, "sync the file", d->file);
    return 0;
}

static int record_linkat(int from_folder, const char *from, int to_folder, const char *to,
                         int flags)
{
    int result = mlp_system_calls.linkat(from_folder, from, to_folder, to, flags);
    if (result == 0)
        change_names("link", NULL, to, *crash_entry(&names_now, from));
    return result;
}

/* Between two names of one file it does nothing. */
static int record_renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    int result = mlp_system_calls.renameat(from_folder, from, to_folder, to);
    int file = *crash_entry(&names_now, from);
    if (result == 0 && file != *crash_entry(&names_now, to))
        change_names("rename", from, to, file);
    return result;
}

static int record_unlinkat(int parent, const char *name, int flags)
{
    int result = mlp_system_calls.unlinkat(parent, name, flags);
    if (result == 0)
        change_names("remove", name, NULL, -1);
    return result;
}

/* Two names of one file must lead to one file here too. */
static int file_at(const char *path, const ino_t *inodes, ino_t inode)
{
    int file = 0;
    while (file < crash_log.file_count && inodes[file] != inode)
        file++;
    if (file < crash_log.file_count)
        return file;
    size_t size;
    char *data = get_file(path, &size);
    ck_assert_uint_le(size, FILE_SIZE);
    memcpy(crash_log.files[file].data, data, size);
    crash_log.files[file].size = size;
    free(data);
    return new_file();
}

static void read_folder(void)
{
    ino_t inodes[CRASH_FILES];
    DIR *handle = opendir(folder);
    ck_assert_ptr_nonnull(handle);
    for (struct dirent *e = readdir(handle); e; e = readdir(handle)) {
        struct stat info;
        const char *path = in_folder(e->d_name);
        ck_assert_int_eq(lstat(path, &info), 0);
        if (!S_ISREG(info.st_mode))
            continue;
        int file = file_at(path, inodes, info.st_ino);
        inodes[file] = info.st_ino;
        *crash_entry(&crash_log.names, e->d_name) = file;
    }
    closedir(handle);
}

void crash_record(void)
{
    static struct mlp_file_system calls;
    calls = mlp_system_calls;
    calls.openat = record_openat;
    calls.close = record_close;
    calls.write = record_write;
    calls.fsync = record_fsync;
    calls.linkat = record_linkat;
    calls.renameat = record_renameat;
    calls.unlinkat = record_unlinkat;

    memset(&crash_log, 0, sizeof crash_log);
    memset(descriptors, 0, sizeof descriptors);
    read_folder();
    names_now = crash_log.names;
    mlp_file_use_system(&calls);
}

void crash_stop(bool success)
{
    mlp_file_use_system(NULL);
    if (success)
        add(RETURN, "return", -1);
}
