/* SPDX-License-Identifier: MIT */
#include "ceilings.h"

#include "alloc.h"
#include "team.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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
    const struct bench_ceiling *ceiling = context;
    for (size_t i = 0; i < iterations; i++) {
        size_t chunk = (ceiling->next + i) % ceiling->chunks;
        size_t part = chunk * (size_t)threads + (size_t)thread;
        ceiling->kernels->peak_read(ceiling->floats, ceiling->buffer + part * ceiling->floats);
    }
}

/* Puts a thread's parts of the buffer where that thread runs: a page is there once
 * it is written to. */
static void touch_buffer(void *context, int thread, int threads, size_t iterations)
{
    enum { PAGE = 4096 / sizeof(float) };
    (void)iterations;
    const struct bench_ceiling *ceiling = context;
    for (size_t chunk = 0; chunk < ceiling->chunks; chunk++) {
        size_t part = chunk * (size_t)threads + (size_t)thread;
        float *to = ceiling->buffer + part * ceiling->floats;
        for (size_t i = 0; i < ceiling->floats; i += PAGE)
            to[i] = 0;
    }
}

static bench_work_fn *work_of(const struct bench_ceiling *ceiling)
{
    return ceiling->floats ? run_read : run_fma;
}

/* A ceiling on a buffer that belongs to somebody else. */
static struct bench_ceiling borrow(const struct mlp_kernels *kernels, int threads, size_t floats,
                                   size_t chunks, float *buffer)
{
    floats = (floats + READ_UNIT - 1) / READ_UNIT * READ_UNIT;
    return (struct bench_ceiling){
        .kernels = kernels,
        .threads = threads,
        .floats = floats,
        .chunks = chunks,
        .buffer = buffer,
        .work = floats ? (double)floats * sizeof(float) : (double)kernels->peak_fma(1),
    };
}

/* On one thread, which no barrier makes wait: few iterations measured on a busy
 * machine would be barriers more than work. */
static void calibrate(struct bench_ceiling *ceiling, double seconds)
{
    bench_work_fn *work = work_of(ceiling);
    struct bench_ceiling alone = *ceiling;
    alone.threads = 1;
    ceiling->iterations = bench_calibrate(1, work, &alone, seconds, bench_team_time);
}

static float *create_buffer(struct bench_ceiling *ceiling)
{
    size_t parts = ceiling->chunks * (size_t)ceiling->threads;
    ceiling->buffer = mlp_alloc_uninitialized(parts * ceiling->floats, sizeof(float));
    if (ceiling->buffer)
        bench_team_time(ceiling->threads, touch_buffer, ceiling, 1);
    return ceiling->buffer;
}

bool bench_ceiling_create(struct bench_ceiling *out, const struct mlp_kernels *kernels, int threads,
                          size_t floats, double seconds)
{
    *out = borrow(kernels, threads, floats, 1, NULL);
    out->owned = true;
    if (floats && !create_buffer(out))
        return false;
    calibrate(out, seconds);
    return true;
}

void bench_ceiling_destroy(struct bench_ceiling *ceiling)
{
    if (ceiling->owned)
        mlp_free(ceiling->buffer);
    ceiling->buffer = NULL;
}

double bench_ceiling_measure(struct bench_ceiling *ceiling)
{
    bench_work_fn *work = work_of(ceiling);
    if (ceiling->floats && ceiling->chunks == 1)
        bench_team_time(ceiling->threads, work, ceiling, 1); /* into the cache */
    double seconds = bench_team_time(ceiling->threads, work, ceiling, ceiling->iterations).wall;
    ceiling->next = (ceiling->next + ceiling->iterations) % ceiling->chunks;
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
    const struct bench_cache *cache = &machine->caches[i];
    int sharers = threads < cache->shared_by ? threads : cache->shared_by;
    return cache->bytes / sizeof(float) / 2 / (size_t)sharers + 1;
}

/* Bytes of memory that all threads read at a time. */
static const double memory_chunk = 16 << 20;

/* Bytes that memory is read from: twice the last cache, so that what was read
 * before is no longer there when its turn comes again. MLP_BENCH_MEMORY in the environment
 * says another number, for tests, which want no figures, on machines with large caches. */
static double memory_bytes(const struct bench_machine *machine)
{
    const char *asked = getenv("MLP_BENCH_MEMORY");
    if (asked && atof(asked) >= 2 * memory_chunk)
        return atof(asked);
    const double least = 128 << 20, most = 1 << 30;
    double bytes = least;
    if (machine->cache_count)
        bytes = 2 * (double)machine->caches[machine->cache_count - 1].bytes;
    bytes = bytes < least ? least : bytes > most ? most : bytes;
    if (machine->memory > 0 && bytes > machine->memory / 8)
        bytes = machine->memory / 8;
    return bytes;
}

static void measure_level(struct bench_ceiling *ceiling, size_t reps, struct bench_stats *out)
{
    double rates[BENCH_MAX_REPS];
    assert(reps <= BENCH_MAX_REPS);
    calibrate(ceiling, row_seconds);
    for (size_t r = 0; r < reps; r++)
        rates[r] = bench_ceiling_measure(ceiling);
    *out = bench_stats(reps, rates);
}

bool bench_ceiling_row(const struct bench_machine *machine, const struct mlp_kernels *kernels,
                       int threads, size_t reps, struct bench_ceiling_row *out)
{
    *out = (struct bench_ceiling_row){
        .isa = kernels->isa, .threads = threads, .level_count = machine->cache_count + 1};
    /* One buffer for all levels. */
    double chunks = memory_bytes(machine) / memory_chunk;
    size_t floats = (size_t)(memory_chunk / sizeof(float)) / (size_t)threads;
    struct bench_ceiling memory =
        borrow(kernels, threads, floats, chunks < 2 ? 2 : (size_t)chunks, NULL);
    if (!create_buffer(&memory))
        return false;
    size_t most = memory.chunks * memory.floats;
    /* One level after the other: the clock differs between arithmetic and waiting
     * for memory, and takes its time to change. */
    struct bench_ceiling fma = borrow(kernels, threads, 0, 1, NULL);
    measure_level(&fma, reps, &out->fma);
    for (size_t i = 0; i < machine->cache_count; i++) {
        size_t wanted = level_floats(machine, i, threads);
        struct bench_ceiling level =
            borrow(kernels, threads, wanted < most ? wanted : most, 1, memory.buffer);
        measure_level(&level, reps, &out->read[i]);
    }
    measure_level(&memory, reps, &out->read[machine->cache_count]);
    mlp_free(memory.buffer);
    return true;
}

const struct bench_ceiling_row *bench_ceilings_find(const struct bench_ceilings *ceilings,
                                                    const char *isa, int threads)
{
    for (size_t r = 0; r < ceilings->count; r++) {
        const struct bench_ceiling_row *row = &ceilings->rows[r];
        if (row->threads == threads && strcmp(row->isa, isa) == 0)
            return row;
    }
    return NULL;
}

size_t bench_level_of(const struct bench_machine *machine, double bytes, int threads)
{
    size_t i = 0;
    for (; i < machine->cache_count; i++) {
        const struct bench_cache *cache = &machine->caches[i];
        int caches = (threads + cache->shared_by - 1) / cache->shared_by;
        if (bytes <= (double)cache->bytes * caches)
            break;
    }
    return i;
}

struct bench_binding bench_bind(const struct bench_ceilings *ceilings,
                                const struct bench_ceiling_row *row, double flops, double bytes,
                                double memory)
{
    struct bench_binding binding = {
        .level = bench_level_of(ceilings->machine, memory, row->threads),
    };
    double by_fma = flops / row->fma.median;
    double by_memory = bytes / row->read[binding.level].median;
    binding.memory = by_memory > by_fma;
    binding.seconds = binding.memory ? by_memory : by_fma;
    return binding;
}

const char *bench_binding_name(const struct bench_ceilings *ceilings,
                               const struct bench_binding *binding)
{
    return binding->memory ? bench_level_name(ceilings->machine, binding->level) : "FMA";
}
