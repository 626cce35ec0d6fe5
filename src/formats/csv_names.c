/* SPDX-License-Identifier: MIT */
#include "formats/csv_names.h"

#include <string.h>
#include <sys/stat.h>

bool mlp_csv_claims(const char *source)
{
    static const char *const endings[] = {".csv", ".csv.gz", ".tsv", ".tsv.gz"};
    size_t length = strlen(source);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcmp(source + length - ending, endings[i]) == 0)
            return true;
    }
    return strcmp(source, "-") == 0;
}

bool mlp_csv_has(const char *source, mlp_split split)
{
    struct stat info;
    return split == MLP_TRAIN && (strcmp(source, "-") == 0 || lstat(source, &info) == 0);
}
