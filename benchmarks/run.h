/* SPDX-License-Identifier: MIT */
#ifndef MLP_BENCH_RUN_H
#define MLP_BENCH_RUN_H

#include "cases.h"
#include "ceilings.h"
#include "counters.h"
#include "stats.h"

/* What the repetitions of a case gave. */
struct bench_result {
    const struct bench_case *test;
    struct bench_binding binding;
    struct bench_check check;
    struct bench_latency latency;    /* calls is 0 where there is none */
    struct bench_counts counts;      /* of all repetitions together */
    size_t reps;                     /* done: fewer than wanted after an interruption */
    size_t iterations;               /* in each repetition */
    double seconds[BENCH_MAX_REPS];  /* of an iteration */
    double cpu[BENCH_MAX_REPS];      /* CPU seconds of an iteration, all threads */
    double ceilings[BENCH_MAX_REPS]; /* of the binding one, measured before and after: FLOP/s or
                                        bytes/s */
    double shares[BENCH_MAX_REPS];   /* of that ceiling */
    double phases[MLP_PHASE_COUNT][BENCH_MAX_REPS]; /* seconds of an iteration, mean of threads */
};

/* The ceiling that binds a case, whose row is among the ceilings. */
struct bench_binding bench_case_binding(const struct bench_ceilings *ceilings,
                                        const struct bench_case *test);

/* Measures `count` cases (may be 0), one repetition of each after the other in random
 * order, so that what disturbs the machine meets all alike. Each repetition
 * stands between two measurements of its ceiling. Stops early after SIGINT or
 * SIGTERM. results[count] belongs to the caller. `counters` may be NULL. */
mlp_status bench_run(struct bench_case *const *tests, size_t count,
                     const struct bench_options *options, const struct bench_ceilings *ceilings,
                     struct bench_counters *counters, struct bench_result *results,
                     mlp_error *error);

/* Runs one case and nothing else for --seconds, after printing how to watch it. */
mlp_status bench_record(struct bench_case *test, const struct bench_options *options,
                        mlp_error *error);

#endif
