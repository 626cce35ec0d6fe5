/* SPDX-License-Identifier: MIT */
#ifndef MLP_BENCH_RUN_H
#define MLP_BENCH_RUN_H

#include "cases.h"
#include "stats.h"

/* What the repetitions of a case gave. */
struct bench_result {
    const struct bench_case *test;
    size_t reps, iterations;         /* iterations in each repetition */
    double seconds[BENCH_MAX_REPS];  /* of an iteration */
    double ceilings[BENCH_MAX_REPS]; /* FLOP/s or bytes/s, measured before and after */
    double shares[BENCH_MAX_REPS];   /* of the ceiling */
    double phases[MLP_PHASE_COUNT][BENCH_MAX_REPS]; /* seconds of an iteration, mean of threads */
};

/* Measures `count` cases (may be 0), one repetition of each after the other in random
 * order, so that what disturbs the machine meets all alike. Each repetition
 * stands between two measurements of its ceiling. results[count] belongs to
 * the caller. */
mlp_status bench_run(struct bench_case *const *tests, size_t count,
                     const struct bench_options *options, struct bench_result *results,
                     mlp_error *error);

#endif
