/* SPDX-License-Identifier: MIT */
/* In place of csv.c, csv_stream.c and what they need where there is no libcsv. */
#include "error.h"
#include "formats/csv_names.h"
#include "formats/format.h"

#include <mlp/stream.h>

static mlp_status fail_none(const char *source, mlp_error *error)
{
    return mlp_fail(error, MLP_ERROR_USAGE,
                    "%s: found a CSV file, expected another format: this build has no libcsv "
                    "(meson's option csv)",
                    source);
}

static mlp_status csv_open(const char *source, mlp_split split, const mlp_source_options *options,
                           mlp_dataset **out, mlp_error *error)
{
    (void)split;
    (void)options;
    *out = NULL;
    return fail_none(source, error);
}

const struct mlp_format mlp_format_csv = {
    .options = MLP_FORMAT_UNLABELLED | MLP_FORMAT_COLUMNS,
    .claims = mlp_csv_claims,
    .has = mlp_csv_has,
    .open = csv_open,
};

mlp_status mlp_stream_open(const char *source, const mlp_source_options *options, size_t inputs,
                           mlp_stream **out, mlp_error *error)
{
    (void)options;
    (void)inputs;
    *out = NULL;
    return fail_none(source, error);
}

mlp_status mlp_stream_next(mlp_stream *stream, float *inputs, bool *end, mlp_error *error)
{
    (void)stream;
    (void)inputs;
    *end = false;
    return fail_none("stream", error);
}

bool mlp_stream_ready(const mlp_stream *stream)
{
    (void)stream;
    return true;
}

size_t mlp_stream_line(const mlp_stream *stream)
{
    (void)stream;
    return 0;
}

bool mlp_stream_claims(const char *source)
{
    return mlp_csv_claims(source);
}

void mlp_stream_close(mlp_stream *stream)
{
    (void)stream;
}
