/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of_sorted(size_t n, const double *sorted)
{
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

struct bench_stats bench_stats(size_t n, const double *values)
{
    assert(n > 0 && n <= BENCH_MAX_REPS);
    double sorted[BENCH_MAX_REPS];
    memcpy(sorted, values, n * sizeof *values);
    qsort(sorted, n, sizeof *sorted, compare);
    struct bench_stats stats = {
        .median = median_of_sorted(n, sorted),
        .minimum = sorted[0],
        .maximum = sorted[n - 1],
    };
    for (size_t i = 0; i < n; i++)
        sorted[i] = fabs(sorted[i] - stats.median);
    qsort(sorted, n, sizeof *sorted, compare);
    stats.mad = median_of_sorted(n, sorted);
    return stats;
}
