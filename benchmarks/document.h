/* SPDX-License-Identifier: MIT */
/* The results of a run, for programs: one JSON document, from which the CSV, the
 * page and the roofline are made. The schema is Google Benchmark's, with
 * additions; README.md has it. */
#ifndef MLP_BENCH_DOCUMENT_H
#define MLP_BENCH_DOCUMENT_H

#include "report.h"
#include "samples.h" /* BENCH_SCHEMA */

#include <jansson.h>

/* The document, owned by the caller; NULL where there is no memory. */
json_t *bench_document(const struct bench_context *context, const struct bench_result *results,
                       size_t count);

/* Print the document as it is, or as a table with a line for every case. False where
 * stdout fails or there is no memory. */
bool bench_print_json(const json_t *document);
bool bench_print_csv(const json_t *document);

#endif
