/* SPDX-License-Identifier: MIT */
#include "formats/csv_names.h"

#include "formats/source_name.h"

#include <string.h>

bool mlp_csv_claims(const char *source)
{
    static const char *const endings[] = {".csv", ".csv.gz", ".tsv", ".tsv.gz"};
    return strcmp(source, "-") == 0 ||
           mlp_source_stem(source, endings, sizeof endings / sizeof endings[0]) > 0;
}

bool mlp_csv_has(const char *source, mlp_split split)
{
    return split == MLP_TRAIN && (strcmp(source, "-") == 0 || mlp_source_exists(source));
}
