/* SPDX-License-Identifier: MIT */
/* Results for people (tables of at most 100 columns) and for programs (JSON). */
#ifndef MLP_BENCH_REPORT_H
#define MLP_BENCH_REPORT_H

#include "cases.h"
#include "ceilings.h"
#include "machine.h"
#include "run.h"

/* The context of a run. */
struct bench_context {
    struct bench_machine machine;
    bool release; /* this build is one: optimised, without assertions */
    const struct bench_options *options;
    size_t isa_count;
    const size_t *isas; /* that are measured */
    size_t row_count;
    struct bench_ceiling_row *rows; /* [row_count]: instruction sets x thread counts */
};

void bench_print_machine(const struct bench_context *context);
void bench_print_ceilings(const struct bench_context *context);
/* The table of a group's results, and that of phases where there are any. */
void bench_print_group(enum bench_group group, const struct bench_result *results, size_t count);

/* Everything as one JSON object on stdout: {"context", "benchmarks"}. False
 * where there is no memory. */
bool bench_print_json(const struct bench_context *context, const struct bench_result *results,
                      size_t count);

#endif
