/* SPDX-License-Identifier: MIT */
/* A file with an old content that is to get a new one. */
#ifndef MLP_TESTS_OLD_NEW_H
#define MLP_TESTS_OLD_NEW_H

#include "file.h"

#include <stdbool.h>
#include <sys/stat.h>

enum { OLD_SIZE = 16 };

extern const char old_text[OLD_SIZE];

/* Gives the file the new content; _keeping: and what was there the name `previous`. */
mlp_status write_new(const char *path, mlp_error *error);
mlp_status write_new_keeping(const char *path, mlp_error *error);

/* What the file holds. */
bool holds_old(const char *path);
bool holds_new(const char *path);

/* Of the file itself, or of the link. */
mode_t mode_of(const char *path);

#endif
