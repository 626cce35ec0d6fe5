/* SPDX-License-Identifier: MIT */
#ifndef MLP_BENCH_STATS_H
#define MLP_BENCH_STATS_H

#include <stddef.h>

/* Repetitions that a case may have. Fewer than the least say too little about
 * the spread. */
enum {
    BENCH_MIN_REPS = 9,
    BENCH_MAX_REPS = 99,
};

/* What robust statistics say about repetitions of one measurement. */
struct bench_stats {
    double median, minimum, maximum;
    double mad; /* median absolute deviation from the median */
};

/* Of n values, 1 to BENCH_MAX_REPS, none of them NaN, in any order. */
struct bench_stats bench_stats(size_t n, const double *values);

#endif
