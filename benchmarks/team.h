/* SPDX-License-Identifier: MIT */
#ifndef MLP_BENCH_TEAM_H
#define MLP_BENCH_TEAM_H

#include <stddef.h>

/* Work of one thread of a team: its share, `iterations` times. */
typedef void bench_work_fn(void *context, int thread, int threads, size_t iterations);

/* Runs `work` on all threads of a team at once and returns the seconds from
 * when the last one begins to when the last one is done. */
double bench_team_seconds(int threads, bench_work_fn *work, void *context, size_t iterations);

/* The number of iterations that take about `seconds`, at least 1. Warms up. */
size_t bench_calibrate(int threads, bench_work_fn *work, void *context, double seconds);

/* Cuts `total` units evenly: the share of `thread` starts at *first. */
static inline size_t bench_share(size_t total, int thread, int threads, size_t *first)
{
    size_t begin = total * (size_t)thread / (size_t)threads;
    *first = begin;
    return total * ((size_t)thread + 1) / (size_t)threads - begin;
}

#endif
