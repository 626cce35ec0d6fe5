/* SPDX-License-Identifier: MIT */
#include "outputs.h"

#include "page.h"
#include "roofline.h"

#include "error.h"
#include "file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

mlp_status bench_check_outputs(const struct bench_options *options, mlp_error *error)
{
    mlp_status status = MLP_OK;
    if (options->html && options->svg && strcmp(options->html, options->svg) == 0)
        return mlp_fail(error, MLP_ERROR_USAGE, "--html and --svg: both name '%s'", options->html);
    if (options->html)
        status = mlp_file_check(options->html, error);
    if (status == MLP_OK && options->svg)
        status = mlp_file_check(options->svg, error);
    return status;
}

/* Writes what `draw` makes of the document: through memory, so that a file is there
 * whole or not at all. */
static mlp_status write_file(const char *path, bool draw(const json_t *run, FILE *out),
                             const json_t *document, mlp_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    bool good = memory && draw(document, memory);
    if (memory && fclose(memory) != 0)
        good = false;
    struct mlp_chunk chunk = {text, size};
    mlp_status status =
        good ? mlp_file_write(path, &chunk, 1, error) : mlp_fail_memory(error, path);
    free(text);
    return status;
}

mlp_status bench_write_outputs(const json_t *document, const struct bench_options *options,
                               mlp_error *error)
{
    mlp_status status = MLP_OK;
    if (options->html)
        status = write_file(options->html, bench_write_page, document, error);
    if (status == MLP_OK && options->svg)
        status = write_file(options->svg, bench_write_roofline, document, error);
    return status;
}
