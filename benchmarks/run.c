/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "alloc.h"
#include "cli/interrupt.h"
#include "error.h"
#include "peers.h"
#include "random.h"
#include "team.h"

#include <math.h>

/* A repetition takes about this many seconds where that is possible: less than
 * a scheduler's slice, so that on a busy machine many are undisturbed. */
static const double repetition = 0.003;

/* A measurement of the ceiling beside a repetition takes this share of it,
 * within these bounds in seconds. */
static const double ceiling_share = 0.05, ceiling_least = 0.001, ceiling_most = 0.05;

/* Bytes that a thread reads beside a case whose memory is larger. */
static const double most_read = 128 << 20;

/* Iterations of a repetition with cold caches: flushing takes longer than they do. */
enum { MOST_COLD = 8 };

/* A run of the cases of a slice. */
struct slice {
    const struct bench_options *options;
    const struct bench_ceilings *ceilings;
    struct bench_counters *counters;
    bool has_libraries; /* whose idle threads may spin */
};

/* A case of it. */
struct measurement {
    struct bench_case *test;
    struct bench_ceiling ceiling;
    struct bench_tally tally;
    struct bench_result *result;
    size_t wanted; /* repetitions */
};

static double clamp(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

static void begin_counting(void *context, int thread)
{
    bench_counters_attach(context, thread);
    bench_counters_begin(context, thread);
}

static void end_counting(void *context, int thread)
{
    bench_counters_end(context, thread);
}

/* Runs a case's iterations, each with the caches as --cold-cache wants them. */
static struct bench_time timed(struct bench_case *test, enum bench_cold cold, size_t iterations,
                               const struct bench_hooks *hooks)
{
    const struct bench_kind *kind = test->kind;
    struct bench_time sum = {0, 0};
    size_t rounds = cold == BENCH_WARM ? 1 : iterations;
    for (size_t i = 0; i < rounds; i++) {
        if (cold != BENCH_WARM)
            kind->flush(test, cold == BENCH_COLD_WEIGHTS);
        struct bench_time time =
            kind->alone
                ? bench_alone_hooked(test->threads, kind->run, test, iterations / rounds, hooks)
                : bench_team_hooked(test->threads, kind->run, test, iterations / rounds, hooks);
        sum.wall += time.wall;
        sum.cpu += time.cpu;
    }
    return sum;
}

/* Bytes that are read from the cache that holds them; what is flushed comes from memory. */
static double memory_of(const struct bench_case *test)
{
    return test->options->cold == BENCH_WARM ? test->memory : (double)INFINITY;
}

struct bench_binding bench_case_binding(const struct bench_ceilings *ceilings,
                                        const struct bench_case *test)
{
    const struct bench_ceiling_row *row =
        bench_ceilings_find(ceilings, test->kernels.isa, test->threads);
    return bench_bind(ceilings, row, test->no_fma ? 0 : test->flops, test->bytes, memory_of(test));
}

/* The ceiling that binds: multiply-adds, or reading as much as the case touches. */
static bool create_ceiling(const struct slice *slice, struct measurement *m, double seconds)
{
    struct bench_case *test = m->test;
    m->result->binding = bench_case_binding(slice->ceilings, test);
    double memory = memory_of(test);
    double bytes = clamp(memory / test->threads, 64, most_read);
    double aside = clamp(seconds * ceiling_share, ceiling_least, ceiling_most);
    size_t floats = m->result->binding.memory ? (size_t)bytes / sizeof(float) : 0;
    return bench_ceiling_create(&m->ceiling, &test->kernels, test->threads, floats, aside);
}

static mlp_status prepare(const struct slice *slice, struct measurement *m, mlp_error *error)
{
    struct bench_case *test = m->test;
    struct bench_result *result = m->result;
    const struct bench_options *options = slice->options;
    const struct bench_kind *kind = test->kind;
    *result = (struct bench_result){.test = test, .check = {BENCH_BITS_UNKNOWN, NAN}};
    mlp_status status = kind->prepare(test, error);
    if (status != MLP_OK)
        return status;
    if (kind->check && !kind->check(test, &result->check))
        return mlp_fail_memory(error, test->name);
    double least = (double)options->reps;
    double wanted =
        clamp(repetition, options->min_time / BENCH_MAX_REPS, options->min_time / least);
    size_t iterations =
        bench_calibrate(test->threads, kind->run, test, wanted, bench_case_timer(test));
    if (options->cold != BENCH_WARM && iterations > MOST_COLD)
        iterations = MOST_COLD;
    result->iterations = iterations;
    double seconds = timed(test, options->cold, iterations, NULL).wall;
    m->wanted = (size_t)clamp(options->min_time / seconds, least, BENCH_MAX_REPS);
    if (!create_ceiling(slice, m, seconds))
        return mlp_fail_memory(error, test->name);
    return MLP_OK;
}

static void profile(const struct measurement *m, size_t rep)
{
    struct bench_case *test = m->test;
    double iterations = (double)m->result->iterations, phases[MLP_PHASE_COUNT];
    test->kind->profile(test, m->result->iterations, phases);
    for (int p = 0; p < MLP_PHASE_COUNT; p++)
        m->result->phases[p][rep] = phases[p] / iterations / test->threads;
}

/* Waits for idle threads where there are several pools of them: one would spin on
 * the cores that another needs. */
static void settle(const struct slice *slice, const struct bench_case *test)
{
    if (slice->has_libraries && test->threads > 1)
        bench_quiesce();
}

static void measure(const struct slice *slice, struct measurement *m)
{
    struct bench_case *test = m->test;
    struct bench_result *result = m->result;
    enum bench_cold cold = slice->options->cold;
    struct bench_hooks hooks = {begin_counting, end_counting, slice->counters};
    double iterations = (double)result->iterations;
    size_t rep = result->reps;
    settle(slice, test);
    double before = bench_ceiling_measure(&m->ceiling);
    if (test->peer)
        settle(slice, test);
    if (result->iterations > 1)
        timed(test, cold, 1, NULL); /* into the caches */
    struct bench_time time =
        timed(test, cold, result->iterations, bench_counters_any(slice->counters) ? &hooks : NULL);
    if (bench_counters_any(slice->counters))
        bench_counters_take(slice->counters, test->threads, &m->tally);
    if (test->peer)
        settle(slice, test);
    double after = bench_ceiling_measure(&m->ceiling);

    double work = result->binding.memory ? test->bytes : test->flops;
    result->seconds[rep] = time.wall / iterations;
    result->cpu[rep] = time.cpu / iterations;
    result->ceilings[rep] = (before + after) / 2;
    result->shares[rep] = work / result->seconds[rep] / result->ceilings[rep];
    if (test->kind->profile)
        profile(m, rep);
    result->reps++;
}

/* What is left of a case: percentiles, counts. */
static mlp_status finish(const struct slice *slice, struct measurement *m, mlp_error *error)
{
    struct bench_result *result = m->result;
    const struct bench_kind *kind = m->test->kind;
    if (kind->latency && !interrupt_signal() && !kind->latency(m->test, &result->latency))
        return mlp_fail_memory(error, m->test->name);
    /* Threads that a library makes itself are not counted: peers, prediction. */
    bool counted = bench_counters_any(slice->counters) && !(kind->alone && m->test->threads > 1);
    result->counts =
        counted && result->reps > 0 ? bench_counts_of(&m->tally) : bench_counts_unknown();
    return MLP_OK;
}

static mlp_status run_slice(const struct slice *slice, struct measurement *m, size_t count,
                            uint32_t *order, mlp_error *error)
{
    mlp_status status = MLP_OK;
    for (size_t i = 0; i < count && status == MLP_OK && !interrupt_signal(); i++)
        status = prepare(slice, &m[i], error);
    for (uint32_t rep = 0; rep < BENCH_MAX_REPS && status == MLP_OK; rep++) {
        mlp_random_shuffle(1, rep, count, order);
        for (size_t i = 0; i < count && !interrupt_signal(); i++) {
            if (rep < m[order[i]].wanted)
                measure(slice, &m[order[i]]);
        }
    }
    for (size_t i = 0; i < count && status == MLP_OK; i++)
        status = finish(slice, &m[i], error);
    return status;
}

static bool has_libraries(struct bench_case *const *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (tests[i]->peer && tests[i]->peer->own_threads)
            return true;
    }
    return false;
}

mlp_status bench_run(struct bench_case *const *tests, size_t count,
                     const struct bench_options *options, const struct bench_ceilings *ceilings,
                     struct bench_counters *counters, struct bench_result *results,
                     mlp_error *error)
{
    mlp_status status = MLP_OK;
    if (count == 0)
        return status;
    const struct slice slice = {options, ceilings, counters, has_libraries(tests, count)};
    struct measurement *m = mlp_alloc(count, sizeof *m);
    uint32_t *order = mlp_alloc(count, sizeof *order);
    if (!m || !order)
        status = mlp_fail_memory(error, "the measurements");
    for (size_t i = 0; i < count && status == MLP_OK; i++) {
        m[i].test = tests[i];
        m[i].result = &results[i];
        results[i] = (struct bench_result){.test = tests[i]};
    }
    if (status == MLP_OK)
        status = run_slice(&slice, m, count, order, error);
    for (size_t i = 0; i < count; i++) {
        tests[i]->kind->destroy(tests[i]);
        if (m)
            bench_ceiling_destroy(&m[i].ceiling);
    }
    mlp_free(m);
    mlp_free(order);
    return status;
}
