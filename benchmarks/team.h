/* SPDX-License-Identifier: MIT */
#ifndef MLP_BENCH_TEAM_H
#define MLP_BENCH_TEAM_H

#include <stdbool.h>
#include <stddef.h>

/* Work of one thread of a team: its share, `iterations` times. */
typedef void bench_work_fn(void *context, int thread, int threads, size_t iterations);

/* What a run took. */
struct bench_time {
    double wall; /* seconds from when the first thread begins to when the last one is done */
    double cpu;  /* seconds of CPU time, summed over the threads */
};

/* From now on thread t of every team stays on the t-th CPU that this process may
 * use. False where the system cannot do that. */
bool bench_team_pin(void);

/* Called by every thread of a team right before and after its timed work. */
struct bench_hooks {
    void (*begin)(void *context, int thread);
    void (*end)(void *context, int thread);
    void *context;
};

/* Runs `work` on all threads of a team at once. `hooks` may be NULL. */
struct bench_time bench_team_hooked(int threads, bench_work_fn *work, void *context,
                                    size_t iterations, const struct bench_hooks *hooks);

/* The same with `work` on this thread alone, which makes threads of its own. */
struct bench_time bench_alone_hooked(int threads, bench_work_fn *work, void *context,
                                     size_t iterations, const struct bench_hooks *hooks);

/* Both without hooks. */
typedef struct bench_time bench_time_fn(int threads, bench_work_fn *work, void *context,
                                        size_t iterations);
bench_time_fn bench_team_time, bench_alone_time;

/* The number of iterations that take about `seconds`, at least 1. Warms up. */
size_t bench_calibrate(int threads, bench_work_fn *work, void *context, double seconds,
                       bench_time_fn *time);

/* Waits until the threads of OpenMP and of the peers have stopped spinning, which
 * they do for a while after their last work: a fifth of a second at most. */
void bench_quiesce(void);

/* Cuts `total` units evenly: the share of `thread` starts at *first. */
static inline size_t bench_share(size_t total, int thread, int threads, size_t *first)
{
    size_t begin = total * (size_t)thread / (size_t)threads;
    *first = begin;
    return total * ((size_t)thread + 1) / (size_t)threads - begin;
}

#endif
