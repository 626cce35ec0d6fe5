/* SPDX-License-Identifier: MIT */
/* From the readings of hardware counters to counts that can be believed. An
 * unknown count is NaN, never 0. */
#ifndef MLP_BENCH_COUNTS_H
#define MLP_BENCH_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is counted, in user mode. Misses are cache lines; whether the hardware
 * prefetchers' are among them depends on the CPU (pmu.c has the events). */
enum bench_event {
    BENCH_CYCLES,
    BENCH_INSTRUCTIONS,
    BENCH_L1_MISSES, /* of the data cache */
    BENCH_L2_MISSES,
    BENCH_LLC_MISSES, /* of the last level before memory */
    BENCH_EVENT_COUNT,
};

/* "cycles", "L1 misses". */
const char *bench_event_name(enum bench_event event);

/* Kinds of cores in one machine: four in some phones. */
enum { BENCH_MAX_PMUS = 6 };

/* A counter as the kernel reads it. It shares the hardware with others: it was
 * to count for `enabled` nanoseconds of the thread's time on a CPU and counted
 * for `running` of them. All zero where there is no such counter. */
struct bench_record {
    uint64_t value, enabled, running;
};

/* The count of one event from the counters of all kinds of cores, scaled to the
 * whole time. NaN where they ran for too little of it. With several kinds of
 * cores (count > 1) they must together have run nearly always: nobody knows on
 * which kind the rest was spent. */
double bench_scale(size_t count, const struct bench_record *records);

/* Sums over threads and repetitions. All zero to begin with. */
struct bench_tally {
    struct bench_record sum[BENCH_EVENT_COUNT][BENCH_MAX_PMUS];
    size_t pmus;
    bool missing[BENCH_EVENT_COUNT]; /* a thread could not count it */
};

struct bench_counts {
    double of[BENCH_EVENT_COUNT];          /* NaN: unknown */
    double seconds;                        /* the threads' time on a CPU, together; NaN: unknown */
    const char *doubts[BENCH_EVENT_COUNT]; /* why a count is not believed; NULL: no doubt */
};

/* Scales a tally and drops the counts that cannot be true. */
struct bench_counts bench_counts_of(const struct bench_tally *tally);

/* All unknown. */
struct bench_counts bench_counts_unknown(void);

/* The first doubt as a sentence, NULL where there is none. */
const char *bench_counts_doubt(const struct bench_counts *counts);

/* Drops what no CPU can count. */
void bench_counts_check(struct bench_counts *counts);

/* NaN where unknown. The clock is the mean over the threads; it is a little low
 * where much time is spent in the kernel, whose cycles do not count. */
double bench_counts_ipc(const struct bench_counts *counts);
double bench_counts_ghz(const struct bench_counts *counts);

#endif
