/* SPDX-License-Identifier: MIT */
/* Reads what an earlier run printed with --json. */
#ifndef MLP_BENCH_SAMPLES_H
#define MLP_BENCH_SAMPLES_H

#include "stats.h"

#include <mlp/status.h>

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The schema that is understood; `mlp_bench_schema` in the file. */
enum { BENCH_SCHEMA = 1 };

/* Names of cases in a file may be this long. */
enum { BENCH_MAX_NAME = 200 };

/* A repetition whose threads had their CPUs for a share of the time that is
 * smaller than in others by more than this was disturbed. */
#define BENCH_MOST_LOST 0.05

/* The repetitions of a case that count. */
struct bench_sample {
    const char *name;
    size_t first;    /* entry of the file where it begins */
    size_t reps;     /* 1 to BENCH_MAX_REPS */
    double *times;   /* [reps] nanoseconds, ascending, from 1e-6 to 1e18 */
    bool enough;     /* to judge: BENCH_MIN_REPS, at most a quarter disturbed */
    double cpu_time; /* of all threads, median; NAN where it was not measured */
    double busy;     /* cpu_time / time, median; NAN likewise */
    bool near_core;  /* the FMA units or the first cache bind it, and it moves little */
    double share;    /* of the binding ceiling, median; NAN where the file has none */
    /* For bench_compare: the case of this name in the other file, or NULL. */
    const struct bench_sample *partner;
};

/* A file. The types of all members of `context` that a comparison
 * needs have been checked. */
struct bench_samples {
    json_t *root;
    const json_t *context; /* in `root` */
    size_t count;          /* of cases */
    struct bench_sample *cases;
    double *times; /* of all cases */
};

/* Reads the file `path`. MLP_ERROR_INTERNAL where it cannot be read,
 * MLP_ERROR_DATA where it is not what a run of this schema prints: the message
 * names the line and the byte of a syntax error, and the path to a wrong
 * member. *out is to be cleared in any case. */
mlp_status bench_samples_read(const char *path, struct bench_samples *out, mlp_error *error);

/* All zero is fine. */
void bench_samples_clear(struct bench_samples *samples);

#endif
