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

/* A run in which a case differs from itself by more than this share says little about
 * others. */
#define BENCH_MOST_NOISE 0.1

/* What robust statistics say about repetitions of one measurement. */
struct bench_stats {
    double median, minimum, maximum;
    double mad; /* median absolute deviation from the median */
};

/* Of n values, 1 to BENCH_MAX_REPS, none of them NaN, in any order. */
struct bench_stats bench_stats(size_t n, const double *values);

/* The confidence interval of the median of n sorted values, by order statistics:
 * of at least 95 % where n >= 6, else all that there is, from the least to the
 * greatest. It asks nothing of the distribution but that values are independent. */
void bench_median_interval(size_t n, const double *sorted, double *low, double *high);

/* The p of the two-sided test of Mann and Whitney (1947) whether values of a
 * tend to be greater or less than those of b. n, m: 1 to BENCH_MAX_REPS. Up to 30
 * values together it is exact, with ties as well; beyond, it is the normal
 * approximation with corrections for ties and continuity. */
double bench_mann_whitney(size_t n, const double *a, size_t m, const double *b);

#endif
