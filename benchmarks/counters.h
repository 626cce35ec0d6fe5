/* SPDX-License-Identifier: MIT */
/* Hardware counters around a measured section. Each thread of a team counts
 * itself, in user mode, through perf_event_open(2):
 *
 *     struct bench_counters *counters = bench_counters_create(threads, NULL);
 *     #pragma omp parallel num_threads(threads)
 *     {
 *         bench_counters_attach(counters, thread);
 *         barrier
 *         bench_counters_begin(counters, thread);
 *         work
 *         bench_counters_end(counters, thread);
 *     }
 *     bench_counters_take(counters, threads, &tally);
 *
 * and after the last repetition bench_counts_of(&tally). Two groups of events
 * per kind of cores, cycles with instructions and the misses, so that the
 * members of a group are about the same time. They are not pinned: where
 * somebody else needs the hardware too, they take turns and are scaled. Nothing
 * of this costs anything between begin and end. */
#ifndef MLP_BENCH_COUNTERS_H
#define MLP_BENCH_COUNTERS_H

#include "counts.h"
#include "pmu.h"

/* The kernel's part, which tests replace. Functions are called by the thread
 * that is counted. */
struct bench_kernel {
    /* A new counter of the calling thread, stopped, in the group of the counter
     * `group` (-1: a group of its own); -errno where there is none. */
    int (*open)(void *context, const struct bench_code *code, int group);
    /* Starts or stops a group. */
    bool (*run)(void *context, int group, bool on);
    bool (*read)(void *context, int counter, struct bench_record *record);
    void (*close)(void *context, int counter);
    long (*thread)(void *context); /* a number of the calling thread */
    void *context;
    const char *root; /* of /proc and /sys; "" */
};

/* perf_event_open(2) and its file descriptors; elsewhere than on Linux `open`
 * always fails. */
extern const struct bench_kernel bench_kernel_system;

struct bench_counters;

/* For teams of up to `threads` threads. Tries on the calling thread which events
 * there are. `kernel` NULL: bench_kernel_system. Returns
 * NULL where there is no memory. All
 * functions below take NULL for "no counters" and then open nothing. */
struct bench_counters *bench_counters_create(int threads, const struct bench_kernel *kernel);
void bench_counters_destroy(struct bench_counters *counters);

/* Whether there is any counter. */
bool bench_counters_any(const struct bench_counters *counters);

/* One line without its end about which counters there are not and why; "" where
 * all are there. */
const char *bench_counters_reason(const struct bench_counters *counters);

/* The calling thread will be `thread` of the team. Opens its counters where it
 * has none yet; takes tens of microseconds the first time. */
void bench_counters_attach(struct bench_counters *counters, int thread);

/* Starts and stops the counters of the calling thread: microseconds, so before
 * the clock is read and after. */
void bench_counters_begin(struct bench_counters *counters, int thread);
void bench_counters_end(struct bench_counters *counters, int thread);

/* Adds to `tally` what the team of `threads` counted since the last call. After
 * the parallel region. */
void bench_counters_take(struct bench_counters *counters, int threads, struct bench_tally *tally);

#endif
