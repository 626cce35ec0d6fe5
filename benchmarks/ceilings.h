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
    float *buffer; /* [threads][floats]; owned */
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

/* Name of level i of a machine's rows: "L1", "L2", ..., "memory". */
const char *bench_level_name(const struct bench_machine *machine, size_t i);

/* Measures one row. False where there is no memory. */
bool bench_ceiling_row(const struct bench_machine *machine, const struct mlp_kernels *kernels,
                       int threads, size_t reps, struct bench_ceiling_row *out);

#endif
