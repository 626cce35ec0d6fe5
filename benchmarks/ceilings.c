/* SPDX-License-Identifier: MIT */
#include "ceilings.h"

#include "alloc.h"
#include "team.h"

#include <assert.h>

/* What mlp_peak_read_fn wants a size to be a multiple of. */
enum { READ_UNIT = 64 };

/* A measurement of a row. */
static const double row_seconds = 0.004;

static void run_fma(void *context, int thread, int threads, size_t iterations)
{
    (void)thread;
    (void)threads;
    const struct bench_ceiling *ceiling = context;
    ceiling->kernels->peak_fma(iterations);
}

static void run_read(void *context, int thread, int threads, size_t iterations)
{
    (void)threads;
    const struct bench_ceiling *ceiling = context;
    for (size_t i = 0; i < iterations; i++)
        ceiling->kernels->peak_read(ceiling->floats,
                                    ceiling->buffer + (size_t)thread * ceiling->floats);
}

/* Puts a thread's part of the buffer where that thread runs. */
static void fill_buffer(void *context, int thread, int threads, size_t iterations)
{
    (void)threads;
    (void)iterations;
    const struct bench_ceiling *ceiling = context;
    float *part = ceiling->buffer + (size_t)thread * ceiling->floats;
    for (size_t i = 0; i < ceiling->floats; i++)
        part[i] = (float)i;
}

static bench_work_fn *work_of(const struct bench_ceiling *ceiling)
{
    return ceiling->floats ? run_read : run_fma;
}

bool bench_ceiling_create(struct bench_ceiling *out, const struct mlp_kernels *kernels, int threads,
                          size_t floats, double seconds)
{
    *out = (struct bench_ceiling){
        .kernels = kernels, .threads = threads, .work = (double)kernels->peak_fma(1)};
    if (floats) {
        out->floats = (floats + READ_UNIT - 1) / READ_UNIT * READ_UNIT;
        out->work = (double)out->floats * sizeof(float);
        out->buffer = mlp_alloc_uninitialized(out->floats * (size_t)threads, sizeof(float));
        if (!out->buffer)
            return false;
        bench_team_seconds(threads, fill_buffer, out, 1);
    }
    /* On one thread, which no barrier makes wait: few iterations measured on a
     * busy machine would be barriers more than work. */
    out->iterations = bench_calibrate(1, work_of(out), out, seconds);
    return true;
}

void bench_ceiling_destroy(struct bench_ceiling *ceiling)
{
    mlp_free(ceiling->buffer);
    ceiling->buffer = NULL;
}

double bench_ceiling_measure(struct bench_ceiling *ceiling)
{
    bench_work_fn *work = work_of(ceiling);
    if (ceiling->floats)
        bench_team_seconds(ceiling->threads, work, ceiling, 1); /* into the cache */
    double seconds = bench_team_seconds(ceiling->threads, work, ceiling, ceiling->iterations);
    return ceiling->work * (double)ceiling->iterations * ceiling->threads / seconds;
}

const char *bench_level_name(const struct bench_machine *machine, size_t i)
{
    static const char *const names[] = {"L0", "L1", "L2", "L3", "L4"};
    if (i >= machine->cache_count)
        return "memory";
    int level = machine->caches[i].level;
    return level >= 0 && level <= 4 ? names[level] : "cache";
}

/* Floats that each of the threads reads so that they stay in level i: half of
 * the cache, or of a thread's part of it where they share it. */
static size_t level_floats(const struct bench_machine *machine, size_t i, int threads)
{
    if (i < machine->cache_count) {
        const struct bench_cache *cache = &machine->caches[i];
        int sharers = threads < cache->shared_by ? threads : cache->shared_by;
        return cache->bytes / sizeof(float) / 2 / (size_t)sharers + 1;
    }
    double bytes = 64 << 20;
    if (machine->cache_count) {
        double last = 4 * (double)machine->caches[machine->cache_count - 1].bytes;
        bytes = last > bytes ? last : bytes;
    }
    if (machine->memory > 0 && bytes > machine->memory / 8)
        bytes = machine->memory / 8;
    return (size_t)(bytes / sizeof(float)) / (size_t)threads + 1;
}

bool bench_ceiling_row(const struct bench_machine *machine, const struct mlp_kernels *kernels,
                       int threads, size_t reps, struct bench_ceiling_row *out)
{
    /* Level 0 is the FMA peak. */
    enum { MOST = BENCH_MAX_LEVELS + 1 };
    struct bench_ceiling ceilings[MOST] = {{0}};
    double rates[MOST][BENCH_MAX_REPS] = {{0}};
    size_t count = machine->cache_count + 2;
    assert(reps <= BENCH_MAX_REPS && count <= MOST);
    *out = (struct bench_ceiling_row){
        .isa = kernels->isa, .threads = threads, .level_count = count - 1};
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = bench_ceiling_create(&ceilings[i], kernels, threads,
                                    i ? level_floats(machine, i - 1, threads) : 0, row_seconds);
    /* One level after the other: the clock differs between arithmetic and waiting
     * for memory, and takes its time to change. */
    for (size_t i = 0; i < count && good; i++) {
        for (size_t r = 0; r < reps; r++)
            rates[i][r] = bench_ceiling_measure(&ceilings[i]);
    }
    for (size_t i = 0; i < count; i++)
        bench_ceiling_destroy(&ceilings[i]);
    if (!good)
        return false;
    out->fma = bench_stats(reps, rates[0]);
    for (size_t i = 1; i < count; i++)
        out->read[i - 1] = bench_stats(reps, rates[i]);
    return true;
}
