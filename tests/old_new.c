/* SPDX-License-Identifier: MIT */
#include "old_new.h"

#include "folder.h"

#include <check.h>

const char old_text[OLD_SIZE] = "the old content";
static const char new_text[] = "the new content, a bit longer";

static const struct mlp_chunk new_chunks[] = {
    {new_text, 10},
    {NULL, 0},
    {new_text + 10, sizeof new_text - 10},
};

mlp_status write_new(const char *path, mlp_error *error)
{
    return mlp_file_write(path, new_chunks, 3, error);
}

mlp_status write_new_keeping(const char *path, mlp_error *error)
{
    return mlp_file_write_keeping(path, "previous", new_chunks, 3, error);
}

bool holds_old(const char *path)
{
    return file_is(path, old_text, sizeof old_text);
}

bool holds_new(const char *path)
{
    return file_is(path, new_text, sizeof new_text);
}

mode_t mode_of(const char *path)
{
    struct stat info;
    ck_assert_int_eq(lstat(path, &info), 0);
    return info.st_mode;
}
