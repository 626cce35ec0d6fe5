/* SPDX-License-Identifier: MIT */
/* The machine's limits, measured: multiply-adds on registers, and reading of
 * arrays of a given size. */
#ifndef MLP_BENCH_CEILINGS_H
#define MLP_BENCH_CEILINGS_H

#include "kernels.h"
#include "machine.h"
#include "options.h"
#include "stats.h"

struct bench_ceiling {
    const struct mlp_kernels *kernels;
    int threads;
    size_t floats; /* that each thread reads; 0: multiply-adds */
    size_t chunks; /* of that size for each thread, read in turn: 1 to read from a cache */
    size_t next;
    float *buffer; /* [chunks][threads][floats] */
    bool owned;    /* the buffer is freed with the ceiling */
    double work;   /* FLOP or bytes of an iteration of one thread */
    size_t iterations;
};

/* Makes a ceiling ready to be measured, about `seconds` at a time; `floats` of 0
 * means the FMA peak. False where there is no memory. */
bool bench_ceiling_create(struct bench_ceiling *out, const struct mlp_kernels *kernels, int threads,
                          size_t floats, double seconds);
void bench_ceiling_destroy(struct bench_ceiling *ceiling);

/* FLOP/s or bytes/s of all threads together, now. */
double bench_ceiling_measure(struct bench_ceiling *ceiling);

/* One line of the table of ceilings. */
enum { BENCH_MAX_LEVELS = BENCH_MAX_CACHES + 1 };

struct bench_ceiling_row {
    const char *isa;
    int threads;
    struct bench_stats fma; /* FLOP/s */
    size_t level_count;
    struct bench_stats read[BENCH_MAX_LEVELS]; /* bytes/s, level by level, memory last */
};

/* The rows of a run: one for every instruction set and thread count that its cases
 * have. */
struct bench_ceilings {
    const struct bench_machine *machine;
    size_t count;
    struct bench_ceiling_row *rows; /* owned */
};

/* The row of an instruction set and a thread count; NULL where there is none. */
const struct bench_ceiling_row *bench_ceilings_find(const struct bench_ceilings *ceilings,
                                                    const char *isa, int threads);

/* Name of level i of a machine's rows: "L1", "L2", ..., "memory". */
const char *bench_level_name(const struct bench_machine *machine, size_t i);

/* The level that holds `bytes` which `threads` threads use together. */
size_t bench_level_of(const struct bench_machine *machine, double bytes, int threads);

/* Measures one row. False where there is no memory. */
bool bench_ceiling_row(const struct bench_machine *machine, const struct mlp_kernels *kernels,
                       int threads, size_t reps, struct bench_ceiling_row *out);

/* The ceiling that an iteration of `flops` on `bytes` cannot pass: multiply-adds, or
 * reading from the level that holds `memory` bytes, whichever takes longer (the
 * roofline of Williams, Waterman and Patterson, CACM 2009). */
struct bench_binding {
    bool memory;    /* the read bandwidth binds, not the multiply-adds */
    size_t level;   /* whose bandwidth it would be */
    double seconds; /* that an iteration takes at least */
};

struct bench_binding bench_bind(const struct bench_ceilings *ceilings,
                                const struct bench_ceiling_row *row, double flops, double bytes,
                                double memory);

/* "FMA" or the level's name. */
const char *bench_binding_name(const struct bench_ceilings *ceilings,
                               const struct bench_binding *binding);

#endif
