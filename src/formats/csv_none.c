/* SPDX-License-Identifier: MIT */
/* In place of csv.c and the files that it needs where there is no libcsv. */
#include "error.h"
#include "formats/csv_names.h"
#include "formats/format.h"

static mlp_status csv_open(const char *source, mlp_split split, const mlp_source_options *options,
                           mlp_dataset **out, mlp_error *error)
{
    (void)split;
    (void)options;
    *out = NULL;
    return mlp_fail(error, MLP_ERROR_USAGE,
                    "%s: found a CSV file, expected another format: this build has no libcsv "
                    "(meson's option csv)",
                    source);
}

const struct mlp_format mlp_format_csv = {
    .options = MLP_FORMAT_UNLABELLED | MLP_FORMAT_COLUMNS,
    .claims = mlp_csv_claims,
    .has = mlp_csv_has,
    .open = csv_open,
};
