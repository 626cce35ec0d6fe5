/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include "folder.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void tree_put(const char *path, const char *text)
{
    char whole[2 * PATH_SIZE];
    int length = snprintf(whole, sizeof whole, "%s/%s", folder, path);
    ck_assert(length > 0 && (size_t)length < sizeof whole);
    for (char *slash = whole + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(whole, 0700); /* may be there already */
        *slash = '/';
    }
    put_file(whole, text, strlen(text));
}
