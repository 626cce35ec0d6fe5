/* SPDX-License-Identifier: MIT */
/* The results of a run, for people: tables of at most 100 columns. */
#ifndef MLP_BENCH_REPORT_H
#define MLP_BENCH_REPORT_H

#include "machine.h"
#include "run.h"
#include "warnings.h"

/* A case against itself. */
struct bench_noise {
    bool measured;
    char name[BENCH_NAME_SIZE];
    double ratio; /* of the medians */
    double p;     /* Mann-Whitney U, two-sided: the chance of such a difference by chance */
};

/* The context of a run. */
struct bench_context {
    struct bench_machine machine;
    bool release; /* this build is one: optimised, without assertions */
    const struct bench_options *options;
    size_t isa_count;
    const size_t *isas; /* that are measured */
    struct bench_ceilings ceilings;
    struct bench_counters *counters; /* NULL: --counters off */
    struct bench_warnings warnings;
    struct bench_noise noise;
    bool interrupted;
};

/* Why there are no counters, or not all; "" where all are there. */
const char *bench_counters_text(const struct bench_context *context);

void bench_print_machine(const struct bench_context *context);
void bench_print_ceilings(const struct bench_context *context);

/* The tables of a suite's results. */
void bench_print_suite(const struct bench_context *context, enum bench_suite suite,
                       const struct bench_result *results, size_t count);

/* Ours beside the peers, shape by shape; nothing where there are none. */
void bench_print_peers(const struct bench_context *context, const struct bench_result *results,
                       size_t count);

/* The noise floor and the warnings. */
void bench_print_end(const struct bench_context *context);

#endif
