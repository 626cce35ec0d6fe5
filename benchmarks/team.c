/* SPDX-License-Identifier: MIT */
#include "team.h"

#include "barrier.h"

#include <math.h>
#include <omp.h>
#include <time.h>

#if defined(__linux__)
#include <sched.h>
#endif

/* A run of this many seconds is no accident and needs no second look. */
static const double long_run = 0.2;

static double cpu_seconds(clockid_t clock)
{
    struct timespec time;
    return clock_gettime(clock, &time) == 0 ? (double)time.tv_sec + 1e-9 * (double)time.tv_nsec : 0;
}

#if defined(__linux__)

static bool pinning;
static cpu_set_t usable;

/* The t-th usable CPU; around again where there are fewer. */
static int cpu_of(int thread)
{
    int count = CPU_COUNT(&usable), wanted = count > 0 ? thread % count : 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &usable) && wanted-- == 0)
            return cpu;
    }
    return 0;
}

static _Thread_local int pinned = -1;

static void pin(int thread)
{
    if (!pinning || pinned == thread)
        return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu_of(thread), &one);
    if (sched_setaffinity(0, sizeof one, &one) == 0)
        pinned = thread;
}

/* For a thread that is about to make others, which would inherit its one CPU. */
static void unpin(void)
{
    if (pinned >= 0 && sched_setaffinity(0, sizeof usable, &usable) == 0)
        pinned = -1;
}

bool bench_team_pin(void)
{
    pinning = sched_getaffinity(0, sizeof usable, &usable) == 0;
    return pinning;
}

#else

static void pin(int thread)
{
    (void)thread;
}

static void unpin(void)
{
}

bool bench_team_pin(void)
{
    return false;
}

#endif

struct bench_time bench_team_hooked(int threads, bench_work_fn *work, void *context,
                                    size_t iterations, const struct bench_hooks *hooks)
{
    double begin = INFINITY, end = 0, cpu = 0;
    struct mlp_barrier barrier = {0};
#pragma omp parallel num_threads(threads) reduction(min : begin) reduction(max : end)              \
    reduction(+ : cpu)
    {
        int thread = omp_get_thread_num();
        pin(thread);
        if (hooks)
            hooks->begin(hooks->context, thread);
        mlp_barrier_wait(&barrier);
        cpu -= cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
        begin = omp_get_wtime();
        work(context, thread, threads, iterations);
        end = omp_get_wtime();
        cpu += cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
        if (hooks)
            hooks->end(hooks->context, thread);
    }
    return (struct bench_time){end - begin, cpu};
}

struct bench_time bench_team_time(int threads, bench_work_fn *work, void *context,
                                  size_t iterations)
{
    return bench_team_hooked(threads, work, context, iterations, NULL);
}

struct bench_time bench_alone_hooked(int threads, bench_work_fn *work, void *context,
                                     size_t iterations, const struct bench_hooks *hooks)
{
    if (threads == 1)
        pin(0);
    else
        unpin();
    if (hooks)
        hooks->begin(hooks->context, 0);
    double cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID), begin = omp_get_wtime();
    work(context, 0, threads, iterations);
    double end = omp_get_wtime();
    cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    if (hooks)
        hooks->end(hooks->context, 0);
    return (struct bench_time){end - begin, cpu};
}

struct bench_time bench_alone_time(int threads, bench_work_fn *work, void *context,
                                   size_t iterations)
{
    return bench_alone_hooked(threads, work, context, iterations, NULL);
}

/* The fastest of a few runs: a single one may be cold, or wait for a thread that
 * the system has to wake. */
static double quickest(int threads, bench_work_fn *work, void *context, size_t iterations,
                       bench_time_fn *time)
{
    double least = time(threads, work, context, iterations).wall;
    for (int i = 0; i < 3 && least < long_run; i++) {
        double seconds = time(threads, work, context, iterations).wall;
        least = seconds < least ? seconds : least;
    }
    return least;
}

size_t bench_calibrate(int threads, bench_work_fn *work, void *context, double seconds,
                       bench_time_fn *time)
{
    size_t iterations = 1;
    double took = quickest(threads, work, context, iterations, time);
    while (!(took > 0) || took < seconds / 4) {
        double factor = took > 0 ? seconds / 2 / took : 16;
        iterations *= factor < 16 ? (size_t)factor + 1 : 16;
        took = quickest(threads, work, context, iterations, time);
    }
    double wanted = seconds / took * (double)iterations;
    return wanted < 1 ? 1 : (size_t)(wanted + 0.5);
}

void bench_quiesce(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    double before = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < 200; i++) {
        nanosleep(&pause, NULL);
        double now = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
        if (now - before < 0.3e-3)
            return;
        before = now;
    }
}
