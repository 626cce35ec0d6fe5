/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
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

void bench_median_interval(size_t n, const double *sorted, double *low, double *high)
{
    assert(n > 0 && n <= BENCH_MAX_REPS);
    /* The median lies below the kth least value where fewer than k of n values
     * lie below the median: the tail of a binomial distribution. */
    double term = pow(0.5, (double)n), tail = term;
    size_t k = 0;
    while (2 * tail <= 0.05) {
        k++;
        term *= (double)(n - k + 1) / (double)k;
        tail += term;
    }
    k = k > 0 ? k - 1 : 0;
    *low = sorted[k];
    *high = sorted[n - 1 - k];
}

/* Twice the rank, so that the mean rank of ties is a whole number. */
struct ranked {
    double value;
    bool first; /* of the two samples */
    size_t rank;
};

static int compare_ranked(const void *a, const void *b)
{
    return compare(&((const struct ranked *)a)->value, &((const struct ranked *)b)->value);
}

/* Ranks `total` values; returns the sum of t^3 - t over groups of t ties. */
static double set_ranks(size_t total, struct ranked *values)
{
    double ties = 0;
    size_t end;
    qsort(values, total, sizeof *values, compare_ranked);
    for (size_t i = 0; i < total; i = end) {
        for (end = i + 1; end < total && values[end].value == values[i].value;)
            end++;
        for (size_t j = i; j < end; j++)
            values[j].rank = i + 1 + end;
        double t = (double)(end - i);
        ties += t * t * t - t;
    }
    return ties;
}

enum {
    EXACT_TOTAL = 30, /* values of both samples together */
    EXACT_SUM = EXACT_TOTAL / 2 * 2 * EXACT_TOTAL,
};

/* The share of all choices of n ranks whose sum lies as far from its mean as
 * `distance`, or farther; n is at most half of `total`. */
static double exact_p(size_t n, size_t total, const struct ranked *values, size_t distance)
{
    /* The number of ways to choose k of the ranks so far that add up to s. */
    double ways[EXACT_TOTAL / 2 + 1][EXACT_SUM + 1];
    size_t top = n * 2 * total, mean = n * (total + 1);
    for (size_t k = 0; k <= n; k++)
        memset(ways[k], 0, (top + 1) * sizeof ways[k][0]);
    ways[0][0] = 1;
    for (size_t i = 0; i < total; i++) {
        size_t rank = values[i].rank;
        for (size_t k = n < i + 1 ? n : i + 1; k > 0; k--) {
            for (size_t s = rank; s <= top; s++)
                ways[k][s] += ways[k - 1][s - rank];
        }
    }
    double all = 0, far = 0;
    for (size_t s = 0; s <= top; s++) {
        all += ways[n][s];
        if ((s > mean ? s - mean : mean - s) >= distance)
            far += ways[n][s];
    }
    return far / all;
}

double bench_mann_whitney(size_t n, const double *a, size_t m, const double *b)
{
    assert(n > 0 && n <= BENCH_MAX_REPS && m > 0 && m <= BENCH_MAX_REPS);
    struct ranked values[2 * BENCH_MAX_REPS];
    size_t total = n + m, sum = 0;
    for (size_t i = 0; i < total; i++)
        values[i] = (struct ranked){i < n ? a[i] : b[i - n], (i < n) == (n <= m), 0};
    size_t smaller = n <= m ? n : m;
    double ties = set_ranks(total, values);
    for (size_t i = 0; i < total; i++)
        sum += values[i].first ? values[i].rank : 0;
    size_t mean = smaller * (total + 1);
    size_t distance = sum > mean ? sum - mean : mean - sum;
    if (total <= EXACT_TOTAL)
        return exact_p(smaller, total, values, distance);
    double size = (double)total;
    double variance =
        (double)n * (double)m / 12 * (size + 1 - ties / (size * (size - 1))); /* of U */
    double z = fmax(0, (double)distance / 2 - 0.5) / sqrt(variance);
    return variance > 0 ? erfc(z / sqrt(2)) : 1;
}
