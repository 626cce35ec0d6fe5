/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "alloc.h"
#include "ceilings.h"
#include "error.h"
#include "random.h"
#include "team.h"

/* A repetition takes about this many seconds where that is possible: less than
 * a scheduler's slice, so that on a busy machine many are undisturbed. */
static const double repetition = 0.003;

/* A measurement of the ceiling beside a repetition takes this share of it,
 * within these bounds in seconds. */
static const double ceiling_share = 0.05, ceiling_least = 0.001, ceiling_most = 0.05;

static double clamp(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

static mlp_status prepare(struct bench_case *test, const struct bench_options *options,
                          struct bench_ceiling *ceiling, struct bench_result *result,
                          mlp_error *error)
{
    mlp_status status = test->kind->prepare(test, error);
    if (status != MLP_OK)
        return status;
    double least = (double)options->reps;
    double wanted =
        clamp(repetition, options->min_time / BENCH_MAX_REPS, options->min_time / least);
    result->test = test;
    result->iterations = bench_calibrate(test->threads, test->kind->run, test, wanted);
    double seconds = bench_team_seconds(test->threads, test->kind->run, test, result->iterations);
    result->reps = (size_t)clamp(options->min_time / seconds, least, BENCH_MAX_REPS);
    double aside = clamp(seconds * ceiling_share, ceiling_least, ceiling_most);
    if (!bench_ceiling_create(ceiling, &test->kernels, test->threads, test->working_set, aside))
        return mlp_fail_memory(error, test->name);
    return MLP_OK;
}

static void measure(struct bench_case *test, struct bench_ceiling *ceiling,
                    struct bench_result *result, size_t rep)
{
    const struct bench_kind *kind = test->kind;
    double iterations = (double)result->iterations;
    double before = bench_ceiling_measure(ceiling);
    if (result->iterations > 1)
        bench_team_seconds(test->threads, kind->run, test, 1); /* into the caches */
    double seconds = bench_team_seconds(test->threads, kind->run, test, result->iterations);
    double after = bench_ceiling_measure(ceiling);

    double work = test->flops > 0 ? test->flops : test->bytes;
    result->seconds[rep] = seconds / iterations;
    result->ceilings[rep] = (before + after) / 2;
    result->shares[rep] = work / result->seconds[rep] / result->ceilings[rep];
    if (!kind->profile)
        return;
    double phases[MLP_PHASE_COUNT];
    kind->profile(test, result->iterations, phases);
    for (int p = 0; p < MLP_PHASE_COUNT; p++)
        result->phases[p][rep] = phases[p] / iterations / test->threads;
}

mlp_status bench_run(struct bench_case *const *tests, size_t count,
                     const struct bench_options *options, struct bench_result *results,
                     mlp_error *error)
{
    mlp_status status = MLP_OK;
    if (count == 0)
        return status;
    struct bench_ceiling *ceilings = mlp_alloc(count, sizeof *ceilings);
    uint32_t *order = mlp_alloc(count, sizeof *order);
    if (!ceilings || !order)
        status = mlp_fail_memory(error, "the measurements");
    for (size_t i = 0; i < count && status == MLP_OK; i++)
        status = prepare(tests[i], options, &ceilings[i], &results[i], error);
    for (size_t rep = 0; rep < BENCH_MAX_REPS && status == MLP_OK; rep++) {
        mlp_random_shuffle(1, (uint32_t)rep, count, order);
        for (size_t i = 0; i < count; i++) {
            if (rep < results[order[i]].reps)
                measure(tests[order[i]], &ceilings[order[i]], &results[order[i]], rep);
        }
    }
    for (size_t i = 0; i < count; i++) {
        tests[i]->kind->destroy(tests[i]);
        if (ceilings)
            bench_ceiling_destroy(&ceilings[i]);
    }
    mlp_free(ceilings);
    mlp_free(order);
    return status;
}
