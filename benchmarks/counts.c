/* SPDX-License-Identifier: MIT */
#include "counts.h"

#include <math.h>

/* A count is scaled up twentyfold at most: beyond that it is a guess. */
static const double least_running = 0.05;

/* Where cores are of several kinds, this much of the time must be accounted for. */
static const double least_together = 0.95;

/* What no CPU does. */
static const double least_ghz = 0.05, most_ghz = 10, most_ipc = 16;
static const double most_misses = 2; /* in a cycle */

/* In so many cycles interrupts alone replace a few lines of the first cache. */
static const double cycles_with_misses = 1e7;

const char *bench_event_name(enum bench_event event)
{
    static const char *const names[BENCH_EVENT_COUNT] = {
        "cycles", "instructions", "L1 misses", "L2 misses", "LLC misses",
    };
    return names[event];
}

static uint64_t longest_enabled(size_t count, const struct bench_record *records)
{
    uint64_t enabled = 0;
    for (size_t i = 0; i < count; i++)
        enabled = records[i].enabled > enabled ? records[i].enabled : enabled;
    return enabled;
}

double bench_scale(size_t count, const struct bench_record *records)
{
    double value = 0, running = 0, enabled = (double)longest_enabled(count, records);
    for (size_t i = 0; i < count; i++) {
        value += (double)records[i].value;
        running += (double)records[i].running;
    }
    double share = enabled > 0 ? running / enabled : 0;
    if (!(share >= (count > 1 ? least_together : least_running)))
        return NAN;
    return share < 1 ? value / share : value;
}

struct bench_counts bench_counts_unknown(void)
{
    struct bench_counts counts = {.seconds = NAN};
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        counts.of[e] = NAN;
    return counts;
}

const char *bench_counts_doubt(const struct bench_counts *counts)
{
    for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
        if (counts->doubts[e])
            return counts->doubts[e];
    }
    return NULL;
}

static void drop(struct bench_counts *counts, int event, const char *doubt)
{
    counts->of[event] = NAN;
    counts->doubts[event] = doubt;
}

struct bench_counts bench_counts_of(const struct bench_tally *tally)
{
    struct bench_counts counts = bench_counts_unknown();
    for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
        uint64_t enabled = longest_enabled(tally->pmus, tally->sum[e]);
        if (enabled == 0)
            continue;
        counts.of[e] = bench_scale(tally->pmus, tally->sum[e]);
        if (isnan(counts.of[e]))
            drop(&counts, e, "a counter was not running for most of the time");
        if (tally->missing[e])
            drop(&counts, e, "a thread could not open or read its counters");
        if (!(counts.seconds >= (double)enabled * 1e-9))
            counts.seconds = (double)enabled * 1e-9;
    }
    bench_counts_check(&counts);
    return counts;
}

void bench_counts_check(struct bench_counts *counts)
{
    static const char *const still[BENCH_EVENT_COUNT] = {
        "the counter of cycles stood still",     "the counter of instructions stood still",
        "the counter of L1 misses stood still",  "the counter of L2 misses stood still",
        "the counter of LLC misses stood still",
    };
    double *of = counts->of;
    bool none = of[BENCH_CYCLES] == 0; /* then nothing that is 0 was counted */
    for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
        if (none && of[e] == 0)
            drop(counts, e, still[e]);
    }
    double ghz = bench_counts_ghz(counts);
    if (ghz < least_ghz || ghz > most_ghz)
        drop(counts, BENCH_CYCLES, "the counter of cycles tells a clock that no CPU has");
    if (of[BENCH_INSTRUCTIONS] == 0)
        drop(counts, BENCH_INSTRUCTIONS, still[BENCH_INSTRUCTIONS]);
    if (bench_counts_ipc(counts) > most_ipc)
        drop(counts, BENCH_INSTRUCTIONS, "more instructions were counted than cycles allow");
    for (int e = BENCH_L1_MISSES; e <= BENCH_LLC_MISSES; e++) {
        if (of[e] > most_misses * of[BENCH_CYCLES])
            drop(counts, e, "more misses were counted than cycles allow");
    }
    if (of[BENCH_L1_MISSES] == 0 && of[BENCH_CYCLES] > cycles_with_misses)
        drop(counts, BENCH_L1_MISSES, still[BENCH_L1_MISSES]);
    /* The inner caches pass on what reaches memory. */
    if (of[BENCH_L2_MISSES] == 0 && of[BENCH_LLC_MISSES] > 0)
        drop(counts, BENCH_L2_MISSES, still[BENCH_L2_MISSES]);
}

double bench_counts_ipc(const struct bench_counts *counts)
{
    return counts->of[BENCH_CYCLES] > 0 ? counts->of[BENCH_INSTRUCTIONS] / counts->of[BENCH_CYCLES]
                                        : NAN;
}

double bench_counts_ghz(const struct bench_counts *counts)
{
    return counts->seconds > 0 ? counts->of[BENCH_CYCLES] / counts->seconds * 1e-9 : NAN;
}
