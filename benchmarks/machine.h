/* SPDX-License-Identifier: MIT */
#ifndef MLP_BENCH_MACHINE_H
#define MLP_BENCH_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

enum { BENCH_MAX_CACHES = 4, BENCH_MAX_CPUS = 1024 };

/* The CPUs that this process may use, ascending. */
struct bench_cpus {
    size_t count;
    int ids[BENCH_MAX_CPUS];
};
void bench_cpus_usable(struct bench_cpus *out);
bool bench_cpus_has(const struct bench_cpus *cpus, int id);

struct bench_cache {
    int level;
    size_t bytes;  /* of one such cache */
    int shared_by; /* CPUs that have it in common */
};

/* What the figures depend on. */
struct bench_machine {
    char cpu[128];
    char system[64];   /* "Linux 6.1.0 x86_64" */
    char governor[32]; /* of the usable CPUs' clocks, as in "performance" or, where they differ,
                        * "performance+powersave"; "unknown" where the system hides it */
    int boost;         /* whether clocks above the nominal one are allowed; -1: unknown */
    int cpus;          /* online */
    int cpus_usable;   /* by this process */
    int cores_usable;  /* of these, what shares no core with another; 0: unknown */
    double quota;      /* CPUs that the cgroup allows; 0: no limit */
    double memory;     /* bytes; 0: unknown */
    size_t cache_count;
    struct bench_cache caches[BENCH_MAX_CACHES]; /* data caches, from the core outwards */
    const char *compiler;
};

void bench_machine_read(struct bench_machine *out);

/* The part of it that tests make up: governor, boost and cores_usable from
 * `root`/sys. */
void bench_machine_read_cpus(const char *root, const struct bench_cpus *usable,
                             struct bench_machine *out);

/* A number of bytes as people write it: "32 KiB". Returns `text`. */
#define BENCH_BYTES_SIZE 32
const char *bench_bytes(double bytes, char text[BENCH_BYTES_SIZE]);

#endif
