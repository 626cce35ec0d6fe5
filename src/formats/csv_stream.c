/* SPDX-License-Identifier: MIT */
/* CSV files line by line (mlp/stream.h). */
#include "alloc.h"
#include "error.h"
#include "formats/csv_names.h"
#include "formats/csv_table.h"

#include <mlp/stream.h>

#include <string.h>

struct mlp_stream {
    struct mlp_csv_table table;
    char *source;
    size_t line;
};

static mlp_status open_table(const char *source, const mlp_source_options *options, size_t inputs,
                             mlp_stream *stream, mlp_error *error)
{
    static const mlp_source_options defaults;
    mlp_source_options alone = options ? *options : defaults;
    alone.unlabelled = true;
    alone.inputs = inputs;
    size_t length = strlen(source);
    stream->source = mlp_alloc(length + 1, 1);
    if (!stream->source)
        return mlp_fail_memory(error, source);
    memcpy(stream->source, source, length);
    return mlp_csv_table_open(stream->source, &alone, &stream->table, error);
}

mlp_status mlp_stream_open(const char *source, const mlp_source_options *options, size_t inputs,
                           mlp_stream **out, mlp_error *error)
{
    *out = NULL;
    if (!mlp_csv_claims(source) || inputs == 0)
        return mlp_fail(error, MLP_ERROR_USAGE, "%s: found %s, expected %s", source,
                        inputs == 0 ? "0 inputs" : "no source of lines",
                        inputs == 0 ? "at least 1" : "NAME.csv, NAME.tsv, either with .gz, or -");
    mlp_stream *stream = mlp_alloc(1, sizeof *stream);
    if (!stream)
        return mlp_fail_memory(error, source);
    mlp_status status = open_table(source, options, inputs, stream, error);
    if (status != MLP_OK) {
        mlp_free(stream->source);
        mlp_free(stream);
        return status;
    }
    *out = stream;
    return MLP_OK;
}

mlp_status mlp_stream_next(mlp_stream *stream, float *inputs, bool *end, mlp_error *error)
{
    size_t line;
    struct mlp_csv_field label;
    mlp_status status = mlp_csv_table_next(&stream->table, inputs, NULL, &label, &line, error);
    *end = status == MLP_OK && line == 0;
    stream->line = line > 0 ? line : stream->line;
    return status;
}

bool mlp_stream_ready(const mlp_stream *stream)
{
    return mlp_csv_table_ready(&stream->table);
}

size_t mlp_stream_line(const mlp_stream *stream)
{
    return stream->line;
}

bool mlp_stream_claims(const char *source)
{
    return mlp_csv_claims(source);
}

void mlp_stream_close(mlp_stream *stream)
{
    if (!stream)
        return;
    mlp_csv_table_close(&stream->table);
    mlp_free(stream->source);
    mlp_free(stream);
}
