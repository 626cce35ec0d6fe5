/* SPDX-License-Identifier: MIT */
#include "formats/source_name.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

size_t mlp_source_stem(const char *name, const char *const *endings, size_t count)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < count; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcasecmp(name + length - ending, endings[i]) == 0)
            return length - ending;
    }
    return 0;
}

bool mlp_source_exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}
