/* SPDX-License-Identifier: MIT */
#ifndef MLP_BENCH_MACHINE_H
#define MLP_BENCH_MACHINE_H

#include <stddef.h>

enum { BENCH_MAX_CACHES = 4 };

struct bench_cache {
    int level;
    size_t bytes;  /* of one such cache */
    int shared_by; /* CPUs that have it in common */
};

/* What the figures depend on. */
struct bench_machine {
    char cpu[128];
    char system[64];   /* "Linux 6.1.0 x86_64" */
    char governor[32]; /* of the CPU's clock; "unknown" where the system hides it */
    int cpus;          /* online */
    int cpus_usable;   /* by this process */
    double memory;     /* bytes; 0: unknown */
    size_t cache_count;
    struct bench_cache caches[BENCH_MAX_CACHES]; /* data caches, from the core outwards */
    const char *compiler;
};

void bench_machine_read(struct bench_machine *out);

/* A number of bytes as people write it: "32 KiB". Returns `text`. */
#define BENCH_BYTES_SIZE 32
const char *bench_bytes(double bytes, char text[BENCH_BYTES_SIZE]);

#endif
