/* SPDX-License-Identifier: MIT */
/* Samples one by one, as they come: for predictions that answer every line of a pipe at once. */
#ifndef MLP_STREAM_H
#define MLP_STREAM_H

#include <mlp/dataset.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mlp_stream mlp_stream;

/* Opens a source of lines for their inputs alone: a CSV file or - for standard input, as
 * mlp_dataset_open_as takes them. `inputs` is the number of values that a sample has: with as many
 * columns all are inputs, with more the label or the targets that `options` (NULL: the defaults)
 * name are left out; of `options` the columns and their names, the delimiter and the header count.
 * Reads the first line, and the second too where the first may be a header: where nothing in it is
 * a number, or it has the names of `options`. MLP_ERROR_USAGE for another source, and where the
 * library was built without libcsv. */
MLP_API mlp_status mlp_stream_open(const char *source, const mlp_source_options *options,
                                   size_t inputs, mlp_stream **out, mlp_error *error);

/* Reads the inputs [inputs] of the next sample; waits until its whole line has come and no longer.
 * At the end *end is true and `inputs` as it was. After a failure, which names line and column, the
 * stream can only be closed. */
MLP_API mlp_status mlp_stream_next(mlp_stream *stream, float *inputs, bool *end, mlp_error *error);

/* Whether the next sample, or the end, is there without waiting for the source; false also where
 * that is not sure. */
MLP_API bool mlp_stream_ready(const mlp_stream *stream);

/* The line that the last sample began in, from 1; 0 before the first. */
MLP_API size_t mlp_stream_line(const mlp_stream *stream);

/* Whether `source` is one of lines, as its name tells. */
MLP_API bool mlp_stream_claims(const char *source);

/* NULL is fine. */
MLP_API void mlp_stream_close(mlp_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
