/* SPDX-License-Identifier: MIT */
/* Who else uses the CPUs during a run. */
#ifndef MLP_BENCH_LOAD_H
#define MLP_BENCH_LOAD_H

#include "machine.h"
#include "warnings.h"

/* Seconds of CPU time since the system started, of all usable CPUs together. */
struct bench_times {
    double busy;  /* with programs and the kernel */
    double steal; /* a hypervisor ran something else */
    double all;   /* idle time as well */
    double own;   /* of this process; part of `busy` */
};

/* Adds a line of /proc/stat ("cpu0 1 2 3 ...", in ticks of `tick` seconds) where
 * it is about a usable CPU. False where it is none about a CPU. */
bool bench_times_add(const char *line, const struct bench_cpus *usable, double tick,
                     struct bench_times *times);

/* Warns where others took a good part of the time between the two. Says nothing
 * about less than half a second, which the kernel's ticks are too coarse for. */
void bench_times_judge(const struct bench_times *before, const struct bench_times *after,
                       size_t cpus, struct bench_warnings *warnings);

/* A process in a line of /proc/PID/stat. */
struct bench_process {
    long pid;
    char name[32];
    double ticks; /* of CPU time */
};
bool bench_process_parse(const char *line, struct bench_process *out);

/* The process that took the most time between two lists that are ascending by
 * pid, `self` excepted, with the ticks that it took; false where none took any. */
bool bench_process_busiest(const struct bench_process *before, size_t before_count,
                           const struct bench_process *after, size_t after_count, long self,
                           struct bench_process *out);

struct bench_load {
    const char *root; /* of /proc; "" is this system's */
    struct bench_cpus usable;
    struct bench_times begin;
    bool known;
};

/* Warns about the process that is busiest just now (looks for 100 ms, sees what
 * the system shows), then begins to measure. `load` must stay where it is. */
void bench_load_begin(struct bench_load *load, const char *root, struct bench_warnings *warnings);

/* Warns where others took CPU time since then. */
void bench_load_end(const struct bench_load *load, struct bench_warnings *warnings);

#endif
