/* SPDX-License-Identifier: MIT */
/* The files of --html and --svg. */
#ifndef MLP_BENCH_OUTPUTS_H
#define MLP_BENCH_OUTPUTS_H

#include "options.h"

#include <mlp/status.h>

#include <jansson.h>

/* Whether the files can be written: told before anything is measured. */
mlp_status bench_check_outputs(const struct bench_options *options, mlp_error *error);

/* Writes them from the document of a run. */
mlp_status bench_write_outputs(const json_t *document, const struct bench_options *options,
                               mlp_error *error);

#endif
