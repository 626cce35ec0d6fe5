/* SPDX-License-Identifier: MIT */
/* Which hardware counters a machine has, and what the kernel calls them. */
#ifndef MLP_BENCH_PMU_H
#define MLP_BENCH_PMU_H

#include "counts.h"

/* An event as perf_event_open(2) takes it: attr.type and attr.config. */
struct bench_code {
    bool known;
    uint32_t type;
    uint64_t config;
};

/* The counters of one kind of cores. */
struct bench_pmu {
    struct bench_code codes[BENCH_EVENT_COUNT];
};

enum { BENCH_PARANOID_UNKNOWN = -100 };

struct bench_pmus {
    struct bench_pmu pmu[BENCH_MAX_PMUS];
    size_t count;    /* at least 1 */
    bool hypervisor; /* the CPU says that it is a virtual one */
    int paranoid;    /* kernel.perf_event_paranoid */
};

/* Reads `root`/proc and `root`/sys; "" is this system. What cannot be read gives
 * the events that all kernels share. */
void bench_pmus_read(const char *root, struct bench_pmus *out);

/* Why an event could not be opened, from the positive errno of
 * perf_event_open(2), as a part of a sentence. */
#define BENCH_REASON_SIZE 160
void bench_pmus_explain(const struct bench_pmus *pmus, int error, char text[BENCH_REASON_SIZE]);

#endif
