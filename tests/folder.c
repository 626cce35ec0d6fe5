/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include <check.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char folder[PATH_SIZE];

void folder_make(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/mlp-test-XXXXXX", parent && *parent ? parent : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_entry(const char *path, const struct stat *info, int flag, struct FTW *ftw)
{
    (void)info;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void folder_remove(void)
{
    ck_assert_int_eq(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *in_folder(const char *name)
{
    static char buffers[4][2 * PATH_SIZE];
    static int turn;
    char *buffer = buffers[turn++ % 4];
    snprintf(buffer, sizeof buffers[0], "%s/%s", folder, name);
    return buffer;
}

int folder_count(void)
{
    int count = -2;
    DIR *handle = opendir(folder);
    ck_assert_ptr_nonnull(handle);
    while (readdir(handle))
        count++;
    closedir(handle);
    return count;
}

void put_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "%s: cannot create", path);
    ck_assert_uint_eq(size == 0 ? 0 : fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

char *get_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s: cannot open", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    long length = ftell(file);
    ck_assert_int_ge(length, 0);
    rewind(file);
    char *data = malloc((size_t)length + 1);
    ck_assert_ptr_nonnull(data);
    ck_assert_uint_eq(fread(data, 1, (size_t)length, file), (size_t)length);
    data[length] = '\0';
    fclose(file);
    *size = (size_t)length;
    return data;
}

int file_is(const char *path, const void *data, size_t size)
{
    size_t length;
    char *found = get_file(path, &length);
    int same = length == size && memcmp(found, data, size) == 0;
    free(found);
    return same;
}
