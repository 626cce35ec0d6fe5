/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <mlp/mlp.h>

#include <stdio.h>

/* Width of the columns of names. */
#define NAME "%-40s"

static const struct {
    const char *title, *share;
} groups[BENCH_GROUP_COUNT] = {
    [BENCH_PRODUCTS] = {"Matrix products, rows x columns x length of the sums. Columns are padded "
                        "to 16, FLOPs are not.",
                        "of peak"},
    [BENCH_KERNELS] = {"Other kernels, rows x columns. GB/s are read and written, the share is of "
                       "reading as much\nmemory: where caches read and write at once, it may pass "
                       "100 %.",
                       "of read"},
    [BENCH_STEPS] = {"Training. The limit is the time of the products' FLOPs at the FMA peak.",
                     "of limit"},
    [BENCH_WIDE] = {"Training a net whose weights outgrow the cache.", "of limit"},
};

enum { TEXT_SIZE = 32 };

/* Seconds with a unit that fits. */
static const char *duration(double seconds, char text[TEXT_SIZE])
{
    if (seconds >= 1)
        snprintf(text, TEXT_SIZE, "%.3f s ", seconds);
    else if (seconds >= 1e-3)
        snprintf(text, TEXT_SIZE, "%.3f ms", seconds * 1e3);
    else
        snprintf(text, TEXT_SIZE, "%.3f us", seconds * 1e6);
    return text;
}

static const char *cache_text(const struct bench_cache *cache, char text[64])
{
    char bytes[BENCH_BYTES_SIZE], sharers[24] = "";
    if (cache->shared_by > 1)
        snprintf(sharers, sizeof sharers, " for %d CPUs", cache->shared_by);
    snprintf(text, 64, "L%d %.20s%s", cache->level, bench_bytes((double)cache->bytes, bytes),
             sharers);
    return text;
}

void bench_print_machine(const struct bench_context *context)
{
    const struct bench_machine *m = &context->machine;
    char text[64];
    printf("mlp-bench %s\n\n", mlp_version());
    printf("CPU               %s, %d online, %d usable\n", m->cpu, m->cpus, m->cpus_usable);
    printf("caches           ");
    for (size_t i = 0; i < m->cache_count; i++)
        printf("%s %s", i ? "," : "", cache_text(&m->caches[i], text));
    printf("%s\n", m->cache_count ? "" : " unknown");
    printf("memory            %s\n", m->memory > 0 ? bench_bytes(m->memory, text) : "unknown");
    printf("instruction sets ");
    for (size_t i = 0; mlp_isa_name(i); i++) {
        if (mlp_isa_supported(i))
            printf(" %s", mlp_isa_name(i));
    }
    printf("\nthreads          ");
    for (size_t i = 0; i < context->options->thread_count; i++)
        printf(" %d", context->options->threads[i]);
    printf("\nsystem            %s, clock governor %s\n", m->system, m->governor);
    printf("build             %s, %s\n", m->compiler,
           context->release ? "release" : "NOT a release");
    fflush(stdout);
}

void bench_print_ceilings(const struct bench_context *context)
{
    printf(
        "\nCeilings, medians of %zu: multiply-adds in registers; reading arrays of half a cache\n",
        context->options->reps);
    printf("%-8s %7s  %16s", "isa", "threads", "FMA peak");
    for (size_t i = 0; i < context->machine.cache_count + 1; i++)
        printf("  %11s", bench_level_name(&context->machine, i));
    putchar('\n');
    for (size_t r = 0; r < context->row_count; r++) {
        const struct bench_ceiling_row *row = &context->rows[r];
        printf("%-8s %7d  %8.2f GFLOP/s", row->isa, row->threads, row->fma.median / 1e9);
        for (size_t i = 0; i < row->level_count; i++)
            printf("  %6.1f GB/s", row->read[i].median / 1e9);
        putchar('\n');
    }
    fflush(stdout);
}

static void print_row(const struct bench_result *result)
{
    const struct bench_case *test = result->test;
    struct bench_stats time = bench_stats(result->reps, result->seconds);
    struct bench_stats share = bench_stats(result->reps, result->shares);
    double work = test->flops > 0 ? test->flops : test->bytes;
    char median[TEXT_SIZE], minimum[TEXT_SIZE];
    printf(NAME "%10s %10s %6.1f%%  %8.2f %-7s  %5.1f%%\n", test->name,
           duration(time.median, median), duration(time.minimum, minimum),
           100 * time.mad / time.median, work / time.median / 1e9,
           test->flops > 0 ? "GFLOP/s" : "GB/s", 100 * share.median);
}

static void print_phases(const struct bench_result *result)
{
    const struct bench_case *test = result->test;
    struct bench_stats ceiling = bench_stats(result->reps, result->ceilings);
    double seconds[MLP_PHASE_COUNT], sum = 0;
    for (int p = 0; p < MLP_PHASE_COUNT; p++) {
        seconds[p] = bench_stats(result->reps, result->phases[p]).median;
        sum += seconds[p];
    }
    for (int p = 0; p < MLP_PHASE_COUNT; p++) {
        char time[TEXT_SIZE];
        printf(NAME "%-8s %10s %6.1f%%", p ? "" : test->name, mlp_phase_name((enum mlp_phase)p),
               duration(seconds[p], time), 100 * seconds[p] / sum);
        if (test->phase_flops[p] > 0) {
            double rate = test->phase_flops[p] / seconds[p];
            printf("  %8.2f GFLOP/s  %5.1f%%", rate / 1e9, 100 * rate / ceiling.median);
        }
        putchar('\n');
    }
}

void bench_print_group(enum bench_group group, const struct bench_result *results, size_t count)
{
    bool phases = false;
    printf("\n%s\n" NAME "%10s %10s %7s  %16s  %s\n", groups[group].title, "case", "median",
           "minimum", "spread", "rate", groups[group].share);
    for (size_t i = 0; i < count; i++) {
        print_row(&results[i]);
        phases = phases || results[i].test->kind->profile;
    }
    if (phases)
        printf("\nBy phase, mean of the threads\n" NAME "%-8s %10s %7s  %16s  %s\n", "case",
               "phase", "median", "of step", "rate", groups[group].share);
    for (size_t i = 0; i < count; i++) {
        if (results[i].test->kind->profile)
            print_phases(&results[i]);
    }
    fflush(stdout);
}
