/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "metrics.h"
#include "peers.h"

#include <mlp/mlp.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *title, *rate;
} suites[BENCH_SUITE_COUNT] = {
    [BENCH_GEMM] = {"Matrix products, rows x columns x length of the sums. forward, dx, dw: from "
                    "packed panels, as\na step has them; nn, nt, tn: from plain arrays, packing "
                    "included. FLOPs are of unpadded columns.",
                    "GFLOP/s"},
    [BENCH_ELEMENTWISE] = {"Other kernels, rows x columns. GB/s are read and written; the ceiling "
                           "is of reading alone and\nmay be passed where caches read and write at "
                           "once.",
                           "GB/s"},
    [BENCH_INFER] = {"Prediction through the library's function, from plain arrays; bN: samples "
                     "of a call.",
                     "GFLOP/s"},
    [BENCH_STEP] = {"The training step: FLOPs of the products, time of everything.", "GFLOP/s"},
    [BENCH_EPOCH] = {"Whole epochs.", "GFLOP/s"},
    [BENCH_FILES] =
        {"Opening data sets and models out of the page cache: 200 MiB to 1 GiB in files "
         "that are made first.",
         "GB/s"},
};

enum { TEXT_SIZE = 32, NAME_ROOM = 45, WHY_ROOM = 38 };

/* Seconds with a unit that fits, in 8 columns. */
static const char *duration(double seconds, char text[TEXT_SIZE])
{
    static const struct {
        double unit;
        const char *name;
    } units[] = {{1, "s "}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
    size_t i = 0;
    while (i < 3 && seconds < units[i].unit)
        i++;
    double value = seconds / units[i].unit;
    snprintf(text, TEXT_SIZE, "%.*f %s",
             value >= 100  ? 1
             : value >= 10 ? 2
                           : 3,
             value, units[i].name);
    return text;
}

/* A number in four columns and its thousands, "-" where it is unknown. */
static const char *count(double value, char text[TEXT_SIZE])
{
    static const char units[] = " kMGT";
    size_t i = 0;
    if (isnan(value))
        return strcpy(text, "-");
    for (; value >= 999.5 && units[i + 1]; i++)
        value /= 1000;
    snprintf(text, TEXT_SIZE, "%.*f%.*s",
             value >= 99.95 || i == 0 ? 0
             : value >= 9.995         ? 1
                                      : 2,
             value, i > 0, units + i);
    return text;
}

/* A number with `digits` decimals, "-" where it is unknown. */
static const char *decimal(double value, int digits, char text[TEXT_SIZE])
{
    if (isnan(value))
        return strcpy(text, "-");
    snprintf(text, TEXT_SIZE, value < 1e4 ? "%.*f" : "%.*e", digits, value);
    return text;
}

/* A number with three digits, "-" where it is unknown. */
static const char *significant(double value, char text[TEXT_SIZE])
{
    if (isnan(value))
        return strcpy(text, "-");
    snprintf(text, TEXT_SIZE, "%.3g", value);
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

/* Text in lines of at most 100 columns, indented but for the first one. */
static void print_wrapped(const char *text, int indent)
{
    int room = 100 - indent;
    while ((int)strlen(text) > room) {
        int length = room;
        while (length > 0 && text[length] != ' ')
            length--;
        length = length > 0 ? length : room;
        printf("%.*s\n%*s", length, text, indent, "");
        text += length + (text[length] == ' ');
    }
    puts(text);
}

const char *bench_counters_text(const struct bench_context *context)
{
    if (!context->counters)
        return "off (--counters off)";
    return bench_counters_reason(context->counters);
}

void bench_print_machine(const struct bench_context *context)
{
    const struct bench_machine *m = &context->machine;
    const struct bench_options *o = context->options;
    char text[64];
    printf("mlp-bench %s\n\n", mlp_version());
    printf("CPU               %.48s, %d online, %d usable\n", m->cpu, m->cpus, m->cpus_usable);
    printf("caches           ");
    for (size_t i = 0; i < m->cache_count; i++)
        printf("%s %s", i ? "," : "", cache_text(&m->caches[i], text));
    printf("%s\n", m->cache_count ? "" : " unknown");
    printf("memory            %s\n", m->memory > 0 ? bench_bytes(m->memory, text) : "unknown");
    printf("instruction sets ");
    for (size_t i = 0; i < context->isa_count; i++)
        printf(" %s", mlp_isa_name(context->isas[i]));
    putchar('\n');
    printf("threads          ");
    for (size_t i = 0; i < o->thread_count; i++)
        printf(" %d", o->threads[i]);
    printf("%s\n", o->pin ? ", each bound to a CPU" : "");
    printf("system            %s, clock governor %s\n", m->system, m->governor);
    printf("build             %.60s, %s\n", m->compiler,
           context->release ? "release" : "NOT a release");
    for (size_t i = 0; bench_peer_at(i); i++) {
        char line[256];
        snprintf(line, sizeof line, "%s: %s", bench_peer_at(i)->name,
                 bench_peer_at(i)->description);
        printf("%-18s", i ? "" : "peers");
        print_wrapped(line, 18);
    }
    if (o->cold != BENCH_WARM)
        printf("caches are cold   %s flushed before every iteration\n",
               o->cold == BENCH_COLD_ALL ? "all operands" : "weights");
    const char *counters = bench_counters_text(context);
    printf("counters          ");
    print_wrapped(
        *counters ? counters : "cycles, instructions, misses of L1, L2 and the last level", 18);
    fflush(stdout);
}

void bench_print_ceilings(const struct bench_context *context)
{
    const struct bench_ceilings *c = &context->ceilings;
    printf("\nCeilings, medians of %zu: multiply-adds in registers; reading arrays of half a "
           "cache. They are\nmeasured again before and after every repetition of a case.\n",
           context->options->reps);
    printf("%-8s %7s  %16s", "isa", "threads", "FMA peak");
    for (size_t i = 0; i < context->machine.cache_count + 1; i++)
        printf("  %11s", bench_level_name(&context->machine, i));
    putchar('\n');
    for (size_t r = 0; r < c->count; r++) {
        const struct bench_ceiling_row *row = &c->rows[r];
        printf("%-8s %7d  %8.2f GFLOP/s", row->isa, row->threads, row->fma.median / 1e9);
        for (size_t i = 0; i < row->level_count; i++)
            printf("  %6.1f GB/s", row->read[i].median / 1e9);
        putchar('\n');
    }
    fflush(stdout);
}

/* Columns for the names of a table; names that are longer have a line of their own. */
static int name_width(const struct bench_result *results, size_t count, int room)
{
    int width = 20;
    for (size_t i = 0; i < count; i++) {
        int length = (int)strlen(results[i].test->name);
        width = length > width && length <= room ? length : width;
    }
    return width;
}

static void print_name(const char *name, int width)
{
    if ((int)strlen(name) > width)
        printf("%s\n%*s", name, width, "");
    else
        printf("%-*s", width, name);
}

static void print_time(const struct bench_result *result, const struct bench_metrics *m, int width)
{
    const struct bench_case *test = result->test;
    char median[TEXT_SIZE], minimum[TEXT_SIZE];
    print_name(test->name, width);
    printf(" %8s %8s %5.1f%%", duration(m->time.median, median), duration(m->time.minimum, minimum),
           100 * m->time.mad / m->time.median);
    if (m->wrong) {
        printf("  THE RESULT IS WRONG (see bits, error)\n");
        return;
    }
    printf(" %8.2f %6.1f%% %6s %5.1f%%\n",
           (test->by_bytes ? m->bytes_per_second : m->flops_per_second) / 1e9,
           100 * m->share_of_peak, m->binding, 100 * m->share_of_binding);
}

static void print_why(const struct bench_result *result, const struct bench_metrics *m, int width)
{
    static const char *const bits[] = {"-", "equal", "other"};
    char cycles[TEXT_SIZE], ipc[TEXT_SIZE], flops[TEXT_SIZE], ghz[TEXT_SIZE], l1[TEXT_SIZE],
        l2[TEXT_SIZE], llc[TEXT_SIZE], error[TEXT_SIZE];
    print_name(result->test->name, width);
    printf(" %6.3g %5s %6s %6s %4s %6s %4s %5s %5s %5s\n", m->flop_per_byte,
           bits[result->check.bits], significant(result->check.error, error),
           count(m->cycles, cycles), decimal(m->ipc, 2, ipc), decimal(m->flop_per_cycle, 1, flops),
           decimal(m->ghz, 2, ghz), count(m->l1_misses, l1), count(m->l2_misses, l2),
           count(m->llc_misses, llc));
}

static void print_phases(const struct bench_result *result, int width)
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
        print_name(p ? "" : test->name, width);
        printf(" %-8s %9s %6.1f%%", mlp_phase_name((enum mlp_phase)p), duration(seconds[p], time),
               100 * seconds[p] / sum);
        if (test->phase_flops[p] > 0 && !result->binding.memory) {
            double rate = test->phase_flops[p] / seconds[p];
            printf(" %8.2f %6.1f%%", rate / 1e9, 100 * rate / ceiling.median);
        }
        putchar('\n');
    }
}

static void print_training(const struct bench_context *context, const struct bench_result *results,
                           size_t count)
{
    int width = name_width(results, count, NAME_ROOM);
    bool phases = false;
    for (size_t i = 0; i < count; i++)
        phases = phases || (results[i].reps > 0 && results[i].test->kind->profile);
    if (phases)
        printf("\nBy phase, mean of the threads\n%-*s %-8s %9s %7s %8s %7s\n", width, "case",
               "phase", "median", "of step", "GFLOP/s", "of peak");
    for (size_t i = 0; i < count; i++) {
        if (results[i].reps > 0 && results[i].test->kind->profile)
            print_phases(&results[i], width);
    }
    printf("\n%-*s %14s\n", width, "case", "samples/s");
    for (size_t i = 0; i < count; i++) {
        if (results[i].reps == 0)
            continue;
        print_name(results[i].test->name, width);
        printf(" %14.0f\n", bench_metrics(&results[i], &context->ceilings).samples_per_second);
    }
}

static void print_inference(const struct bench_context *context, const struct bench_result *results,
                            size_t count)
{
    int width = name_width(results, count, NAME_ROOM);
    printf("\nThe weights are read once a call, or once for at most 96 samples of it.\n"
           "%-*s %12s %11s %6s %9s %9s %9s\n",
           width, "case", "samples/s", "weights", "in", "p50", "p99", "p99.9");
    for (size_t i = 0; i < count; i++) {
        const struct bench_result *r = &results[i];
        if (r->reps == 0)
            continue;
        char weights[BENCH_BYTES_SIZE], p50[TEXT_SIZE] = "-", p99[TEXT_SIZE] = "-",
                                        p999[TEXT_SIZE] = "-";
        if (r->latency.calls > 0) {
            duration(r->latency.p50, p50);
            duration(r->latency.p99, p99);
            duration(r->latency.p999, p999);
        }
        size_t level = bench_level_of(&context->machine, r->test->weights, 1);
        print_name(r->test->name, width);
        printf(" %12.0f %11s %6s %9s %9s %9s\n",
               bench_metrics(r, &context->ceilings).samples_per_second,
               bench_bytes(r->test->weights, weights), bench_level_name(&context->machine, level),
               p50, p99, p999);
    }
}

/* Why a count is missing that the counters have. */
static void print_doubt(const struct bench_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *doubt = bench_counts_doubt(&results[i].counts);
        if (results[i].reps > 0 && doubt) {
            printf("%s: ", results[i].test->name);
            print_wrapped(doubt, 0);
            return;
        }
    }
}

void bench_print_suite(const struct bench_context *context, enum bench_suite suite,
                       const struct bench_result *results, size_t count)
{
    int width = name_width(results, count, NAME_ROOM);
    printf("\n%s\n%-*s %8s %8s %6s %8s %7s %6s %6s\n", suites[suite].title, width, "case", "median",
           "minimum", "spread", suites[suite].rate, "of peak", "binds", "of it");
    for (size_t i = 0; i < count; i++) {
        if (results[i].reps == 0)
            continue;
        struct bench_metrics m = bench_metrics(&results[i], &context->ceilings);
        print_time(&results[i], &m, width);
    }
    width = name_width(results, count, WHY_ROOM);
    printf("\n%-*s %6s %5s %6s %6s %4s %6s %4s %5s %5s %5s\n", width, "case", "FLOP/B", "bits",
           "error", "cycles", "IPC", "FLOP/c", "GHz", "L1", "L2", "LLC");
    for (size_t i = 0; i < count; i++) {
        if (results[i].reps == 0)
            continue;
        struct bench_metrics m = bench_metrics(&results[i], &context->ceilings);
        print_why(&results[i], &m, width);
    }
    print_doubt(results, count);
    if (suite == BENCH_INFER)
        print_inference(context, results, count);
    if (suite == BENCH_STEP || suite == BENCH_EPOCH)
        print_training(context, results, count);
    fflush(stdout);
}

/* --- Peers ------------------------------------------------------------------------ */

/* The result of a case by the names of its parts; NULL where it was not measured or
 * is wrong. */
static const struct bench_result *find(const struct bench_context *context,
                                       const struct bench_result *results, size_t count,
                                       const char *operation, struct bench_shape shape,
                                       const char *isa, int threads)
{
    char text[BENCH_SHAPE_SIZE], name[BENCH_NAME_SIZE];
    bench_shape_text(shape, text);
    snprintf(name, sizeof name, "%s/%s/%s/t%d", operation, text, isa, threads);
    for (size_t i = 0; i < count; i++) {
        if (results[i].reps > 0 && strcmp(results[i].test->name, name) == 0)
            return bench_metrics(&results[i], &context->ceilings).wrong ? NULL : &results[i];
    }
    return NULL;
}

static double gflops(const struct bench_result *result)
{
    if (!result)
        return NAN;
    return result->test->flops / bench_stats(result->reps, result->seconds).median / 1e9;
}

/* The trainer's product that does the same work as BLAS's at this shape: the weight
 * gradient of a narrow layer is computed transposed. */
static const struct bench_result *find_trainers(const struct bench_context *context,
                                                const struct bench_result *results, size_t count,
                                                const struct bench_blas_shape *shape,
                                                const char *isa, int threads)
{
    static const char *const operations[BENCH_TRANSPOSITION_COUNT] = {"gemm/forward", "gemm/dx",
                                                                      "gemm/dw", ""};
    const char *operation = operations[shape->transposition];
    const struct bench_result *result =
        find(context, results, count, operation, shape->shape, isa, threads);
    struct bench_shape transposed = {shape->shape.n, shape->shape.m, shape->shape.k};
    if (!result && shape->transposition == BENCH_TN)
        result = find(context, results, count, operation, transposed, isa, threads);
    return result;
}

enum { MAX_PEERS = BENCH_MAX_LIBRARIES + 1, SHOWN_PEERS = 4 };

struct peers_row {
    double trainer, plain, peers[MAX_PEERS];
    double best, best_plain; /* of the peers; NaN where there is none */
};

static struct peers_row compare_peers(const struct bench_context *context,
                                      const struct bench_result *results, size_t count,
                                      const struct bench_blas_shape *shape, const char *isa,
                                      int threads)
{
    char plain[16];
    snprintf(plain, sizeof plain, "gemm/%s", bench_transposition_name(shape->transposition));
    struct peers_row row = {
        .trainer = gflops(find_trainers(context, results, count, shape, isa, threads)),
        .plain = gflops(find(context, results, count, plain, shape->shape, isa, threads)),
        .best = NAN,
        .best_plain = NAN,
    };
    for (size_t i = 0; bench_peer_at(i) && i < MAX_PEERS; i++) {
        const char *name = bench_peer_at(i)->name;
        bool packed = bench_peer_at(i)->packed;
        const struct bench_result *result =
            packed ? find_trainers(context, results, count, shape, name, threads)
                   : find(context, results, count, plain, shape->shape, name, threads);
        row.peers[i] = gflops(result);
        row.best = fmax(row.best, row.peers[i]); /* fmax passes a NaN over */
        if (!packed)
            row.best_plain = fmax(row.best_plain, row.peers[i]);
    }
    return row;
}

static void print_peers_row(const struct bench_blas_shape *shape, int threads,
                            const struct peers_row *row)
{
    char size[BENCH_SHAPE_SIZE], name[48], text[TEXT_SIZE];
    bench_shape_text(shape->shape, size);
    snprintf(name, sizeof name, "%s/%s t%d", bench_transposition_name(shape->transposition), size,
             threads);
    printf("%-22s %7s", name, decimal(row->trainer, 1, text));
    printf(" %7s", decimal(row->plain, 1, text));
    for (size_t i = 0; bench_peer_at(i) && i < SHOWN_PEERS; i++)
        printf(" %10s", decimal(row->peers[i], 1, text));
    printf(" %6s", decimal(row->trainer / row->best, 2, text));
    printf(" %6s\n", decimal(row->plain / row->best_plain, 2, text));
}

struct peers_table {
    const struct bench_context *context;
    const struct bench_result *results;
    size_t count;
    const char *isa;
    int threads;
};

static void print_peers_shape(void *context, const struct bench_blas_shape *shape)
{
    const struct peers_table *t = context;
    struct peers_row row =
        compare_peers(t->context, t->results, t->count, shape, t->isa, t->threads);
    if (!isnan(row.best))
        print_peers_row(shape, t->threads, &row);
}

void bench_print_peers(const struct bench_context *context, const struct bench_result *results,
                       size_t count)
{
    size_t measured = 0, peers = 0;
    for (size_t i = 0; i < count; i++)
        measured += results[i].test->peer && results[i].reps > 0;
    if (measured == 0 || context->isa_count == 0)
        return;
    struct peers_table table = {
        .context = context,
        .results = results,
        .count = count,
        .isa = mlp_isa_name(context->isas[context->isa_count - 1]),
    };
    printf(
        "\nPeers, GFLOP/s, beside ours with %s: from the trainer's layout, packed beforehand, "
        "and from\nplain arrays, as the CBLAS libraries have them; oneDNN has its weights packed "
        "beforehand. Ratios\nare of ours to the best peer, and from plain arrays to the best that "
        "starts from them too.\n%-22s %7s %7s",
        table.isa, "product", "trainer", "plain");
    for (; bench_peer_at(peers) && peers < SHOWN_PEERS; peers++)
        printf(" %10.10s", bench_peer_at(peers)->name);
    printf(" %6s %6s\n", "ratio", "plain");
    for (size_t t = 0; t < context->options->thread_count; t++) {
        table.threads = context->options->threads[t];
        bench_each_blas_shape(context->options, print_peers_shape, &table);
    }
    while (bench_peer_at(peers))
        peers++;
    if (peers > SHOWN_PEERS)
        printf("%zu more peers count in the ratios; --json and --html have them.\n",
               peers - SHOWN_PEERS);
    fflush(stdout);
}

void bench_print_end(const struct bench_context *context)
{
    const struct bench_noise *noise = &context->noise;
    if (noise->measured)
        printf("\nNoise floor: %s\nagainst itself: %+.2f %% (p = %.2f). Smaller differences mean "
               "nothing.\n",
               noise->name, 100 * (noise->ratio - 1), noise->p);
    for (size_t i = 0; i < context->warnings.count; i++) {
        printf(i ? "" : "\n");
        fputs("warning: ", stdout);
        print_wrapped(context->warnings.text[i], 9);
    }
    if (context->interrupted)
        puts("\nInterrupted: the figures above are of what was measured so far.");
    fflush(stdout);
}
