/* SPDX-License-Identifier: MIT */
/* mlp-bench: how close the kernels and the training step come to what the
 * machine can do. */
#include "cases.h"
#include "ceilings.h"
#include "options.h"
#include "report.h"
#include "run.h"

#include "alloc.h"
#include "error.h"

#include <mlp/mlp.h>

#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The C kernels check their arguments where NDEBUG is not defined. */
#if defined(__OPTIMIZE__) && defined(NDEBUG)
#define RELEASE 1
#else
#define RELEASE 0
#endif

/* A case of the default run may take this long, all repetitions together. */
static const double most_seconds = 25;

struct session {
    struct bench_context context;
    size_t isas[BENCH_MAX_ISAS];
    struct bench_cases cases;
    struct bench_case **tests; /* [test_count]: chosen so far, in order of measurement */
    size_t test_count;
    struct bench_result *results; /* [test_count] */
};

static void session_clear(struct session *session)
{
    mlp_free(session->context.rows);
    mlp_free(session->tests);
    mlp_free(session->results);
    bench_cases_destroy(&session->cases);
}

/* Whether --data can be opened: told before anything is measured. */
static mlp_status check_data(const struct bench_options *options, mlp_error *error)
{
    mlp_dataset *data;
    if (!options->data)
        return MLP_OK;
    mlp_status status = mlp_dataset_open(options->data, MLP_TRAIN, &data, error);
    if (status == MLP_OK)
        mlp_dataset_destroy(data);
    return status;
}

/* The instruction sets and the cases that the options are about. */
static mlp_status find_cases(struct session *session, const struct bench_options *options,
                             mlp_error *error)
{
    struct bench_context *context = &session->context;
    context->options = options;
    context->release = RELEASE;
    context->isas = session->isas;
    mlp_status status = bench_isas(options, session->isas, &context->isa_count, error);
    if (status != MLP_OK)
        return status;
    session->cases = bench_cases_list(options, session->isas, context->isa_count);
    if (session->cases.failed)
        return mlp_fail_memory(error, "the list of cases");
    if (session->cases.count == 0)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "--filter: no case has such a name; --list has all");
    return options->list ? MLP_OK : check_data(options, error);
}

static void print_list(const struct session *session)
{
    for (size_t i = 0; i < session->cases.count; i++)
        puts(session->cases.items[i].name);
}

/* Teams must have the size that is asked for: the trainer's barriers count on
 * it. */
static mlp_status check_threads(const struct session *session, mlp_error *error)
{
    const struct bench_options *options = session->context.options;
    int most = 0;
    for (size_t i = 0; i < options->thread_count; i++)
        most = options->threads[i] > most ? options->threads[i] : most;
    if (most > omp_get_thread_limit())
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "--threads: %d threads, but OMP_THREAD_LIMIT allows %d", most,
                        omp_get_thread_limit());
    omp_set_dynamic(0);
    if (most > omp_get_num_procs())
        fprintf(stderr, "mlp-bench: warning: %d threads on %d CPUs: the figures say little\n", most,
                omp_get_num_procs());
    if (!RELEASE)
        fputs("mlp-bench: warning: not a release build (meson setup --buildtype=release): the "
              "figures say little\n",
              stderr);
    return MLP_OK;
}

static mlp_status measure_ceilings(struct bench_context *context, mlp_error *error)
{
    const struct bench_options *options = context->options;
    context->row_count = context->isa_count * options->thread_count;
    context->rows = mlp_alloc(context->row_count, sizeof *context->rows);
    if (!context->rows)
        return mlp_fail_memory(error, "the ceilings");
    for (size_t r = 0; r < context->row_count; r++) {
        struct mlp_kernels kernels;
        mlp_kernels_fill(context->isas[r / options->thread_count], &kernels);
        int threads = options->threads[r % options->thread_count];
        if (!bench_ceiling_row(&context->machine, &kernels, threads, options->reps,
                               &context->rows[r]))
            return mlp_fail_memory(error, "reading memory");
    }
    return MLP_OK;
}

/* Seconds that a case takes at the speed of its ceiling. */
static double estimate(const struct bench_context *context, const struct bench_case *test)
{
    for (size_t r = 0; r < context->row_count; r++) {
        const struct bench_ceiling_row *row = &context->rows[r];
        if (strcmp(row->isa, test->kernels.isa) == 0 && row->threads == test->threads)
            return test->flops / row->fma.median * (double)context->options->reps;
    }
    return 0;
}

/* Whether a case is to be measured; says so where it takes long. */
static bool wanted(const struct bench_context *context, const struct bench_case *test)
{
    bool filtered = context->options->filtered;
    double seconds = estimate(context, test);
    if (!filtered && !test->by_default)
        return false;
    if (seconds < most_seconds)
        return true;
    fprintf(stderr, "mlp-bench: %s takes over %.0f s%s\n", test->name, seconds,
            filtered ? "" : ": left out (--filter measures it)");
    return filtered;
}

/* Appends the cases of a group with `threads` threads. */
static void choose_slice(struct session *session, enum bench_group group, int threads)
{
    for (size_t i = 0; i < session->cases.count; i++) {
        struct bench_case *test = &session->cases.items[i];
        if (test->group == group && test->threads == threads && wanted(&session->context, test))
            session->tests[session->test_count++] = test;
    }
}

/* Measures the cases of a group and, without --json, prints them. One thread
 * count after the other: what an OpenMP runtime does with idle threads, which is
 * mostly to spin, is no part of a measurement with fewer threads. */
static mlp_status measure_group(struct session *session, enum bench_group group, mlp_error *error)
{
    const struct bench_options *options = session->context.options;
    size_t begin = session->test_count;
    for (size_t t = 0; t < options->thread_count; t++) {
        size_t first = session->test_count;
        choose_slice(session, group, options->threads[t]);
        mlp_status status = bench_run(session->tests + first, session->test_count - first, options,
                                      session->results + first, error);
        if (status != MLP_OK)
            return status;
    }
    if (session->test_count > begin && !options->json)
        bench_print_group(group, session->results + begin, session->test_count - begin);
    return MLP_OK;
}

static mlp_status measure_cases(struct session *session, mlp_error *error)
{
    session->tests = mlp_alloc(session->cases.count, sizeof(struct bench_case *));
    session->results = mlp_alloc(session->cases.count, sizeof *session->results);
    if (!session->tests || !session->results)
        return mlp_fail_memory(error, "the results");
    mlp_status status = MLP_OK;
    for (int group = 0; group < BENCH_GROUP_COUNT && status == MLP_OK; group++)
        status = measure_group(session, (enum bench_group)group, error);
    return status;
}

static mlp_status measure(struct session *session, mlp_error *error)
{
    struct bench_context *context = &session->context;
    bool json = context->options->json;
    mlp_status status = check_threads(session, error);
    if (status != MLP_OK)
        return status;
    bench_machine_read(&context->machine);
    if (!json)
        bench_print_machine(context);
    status = measure_ceilings(context, error);
    if (status == MLP_OK && !json)
        bench_print_ceilings(context);
    if (status == MLP_OK)
        status = measure_cases(session, error);
    if (status == MLP_OK && json &&
        !bench_print_json(context, session->results, session->test_count))
        status = mlp_fail_memory(error, "the JSON object");
    return status;
}

static mlp_status run(const struct bench_options *options, mlp_error *error)
{
    struct session session = {.test_count = 0};
    mlp_status status = find_cases(&session, options, error);
    if (status == MLP_OK && options->list)
        print_list(&session);
    else if (status == MLP_OK)
        status = measure(&session, error);
    session_clear(&session);
    return status;
}

int main(int argc, char **argv)
{
    struct bench_options options;
    mlp_error error = {.status = MLP_OK};
    mlp_status status = MLP_ERROR_USAGE;
    if (!bench_options_parse(argc, argv, &options)) {
        bench_options_clear(&options);
        return status;
    }
    /* The options have the threads; what is no number would confuse libomp 14. */
    unsetenv("OMP_NUM_THREADS");
    if (options.help || options.version) {
        status = MLP_OK;
        if (options.help)
            bench_options_help();
        else
            printf("mlp-bench %s\n", mlp_version());
    } else {
        status = run(&options, &error);
    }
    bench_options_clear(&options);
    if (status != MLP_OK) {
        fprintf(stderr, "mlp-bench: %s\n", error.message);
    } else if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "mlp-bench: stdout: %s\n", strerror(errno));
        status = MLP_ERROR_INTERNAL;
    }
    return status;
}
