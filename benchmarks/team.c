/* SPDX-License-Identifier: MIT */
#include "team.h"

#include "barrier.h"

#include <omp.h>

/* A run of this many seconds is no accident and needs no second look. */
static const double long_run = 0.2;

double bench_team_seconds(int threads, bench_work_fn *work, void *context, size_t iterations)
{
    double begin = 0, end = 0;
    struct mlp_barrier barrier = {0};
#pragma omp parallel num_threads(threads) reduction(max : begin, end)
    {
        mlp_barrier_wait(&barrier);
        begin = omp_get_wtime();
        work(context, omp_get_thread_num(), threads, iterations);
        end = omp_get_wtime();
    }
    return end - begin;
}

/* The fastest of a few runs: a single one may be cold, or wait for a thread that
 * the system has to wake. */
static double quickest(int threads, bench_work_fn *work, void *context, size_t iterations)
{
    double least = bench_team_seconds(threads, work, context, iterations);
    for (int i = 0; i < 3 && least < long_run; i++) {
        double seconds = bench_team_seconds(threads, work, context, iterations);
        least = seconds < least ? seconds : least;
    }
    return least;
}

size_t bench_calibrate(int threads, bench_work_fn *work, void *context, double seconds)
{
    size_t iterations = 1;
    double took = quickest(threads, work, context, iterations);
    while (took < seconds / 4) {
        double factor = took > 0 ? seconds / 2 / took : 16;
        iterations *= factor < 16 ? (size_t)(factor + 1) : 16;
        took = quickest(threads, work, context, iterations);
    }
    double wanted = seconds / took * (double)iterations;
    return wanted < 1 ? 1 : (size_t)(wanted + 0.5);
}
