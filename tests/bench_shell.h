/* SPDX-License-Identifier: MIT */
/* What tests of mlp-bench have besides program.h. */
#ifndef MLP_TESTS_BENCH_SHELL_H
#define MLP_TESTS_BENCH_SHELL_H

#include "program.h"

/* As short as a measurement can be. */
#define QUICK "--min-time 0.0001 --reps 10 "

/* Whether a line of `out` begins with `start`. */
bool line_begins(const char *start);

/* The median of a case in a run's document. */
const json_t *find_result(const json_t *run, const char *name);

/* Calls with the median of every case. */
#define each_result(run, i, result)                                                                \
    json_array_foreach(json_object_get(run, "benchmarks"), i,                                      \
                       result) if (json_object_get(result, "aggregate_name"))

#endif
