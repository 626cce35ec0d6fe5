/* SPDX-License-Identifier: MIT */
/* mlp-bench: how close the kernels and the training step come to what the
 * machine can do. */
#include "cases.h"
#include "ceilings.h"
#include "compare.h"
#include "document.h"
#include "load.h"
#include "options.h"
#include "outputs.h"
#include "peers.h"
#include "report.h"
#include "run.h"
#include "team.h"

#include "alloc.h"
#include "cli/interrupt.h"
#include "cli/suggest.h"
#include "error.h"

#include <mlp/mlp.h>

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The C kernels check their arguments where NDEBUG is not defined. */
#if defined(__OPTIMIZE__) && defined(NDEBUG)
#define RELEASE 1
#else
#define RELEASE 0
#endif

/* What a case takes besides --min-time: checks, calibration, ceilings. */
static const double with_preparation = 1.5;

/* A case of the default run may take this long, all repetitions together. */
static const double most_seconds = 25;

/* The case that is measured against itself, where it is among those that are
 * measured; else the first of them is. */
static const char noise_case[] = "gemm/forward/256x256x256/";

struct session {
    struct bench_context context;
    size_t isas[BENCH_MAX_ISAS];
    struct bench_cases cases;
    struct bench_case **tests; /* [test_count]: chosen so far, in order of measurement */
    size_t test_count;
    struct bench_result *results; /* [test_count] */
    struct bench_case noise;      /* a copy of the case that is measured against itself */
};

static void session_clear(struct session *session)
{
    bench_counters_destroy(session->context.counters);
    mlp_free(session->context.ceilings.rows);
    mlp_free(session->tests);
    mlp_free(session->results);
    bench_cases_destroy(&session->cases);
}

/* Whether the operands of --shape fit into memory, in all their layouts. */
static mlp_status check_shapes(const struct bench_options *options,
                               const struct bench_machine *machine, mlp_error *error)
{
    for (size_t i = 0; i < options->shape_count; i++) {
        const struct bench_shape *s = &options->shapes[i].shape;
        double m = (double)s->m, n = (double)s->n, k = (double)s->k;
        double bytes = sizeof(float) * (4 * (m * k + k * n) + 8 * m * n);
        char needed[BENCH_BYTES_SIZE], there[BENCH_BYTES_SIZE];
        if (machine->memory > 0 && bytes > 0.9 * machine->memory)
            return mlp_fail(error, MLP_ERROR_USAGE,
                            "--shape '%zux%zux%zu': takes %s of memory, the machine has %s", s->m,
                            s->n, s->k, bench_bytes(bytes, needed),
                            bench_bytes(machine->memory, there));
    }
    return MLP_OK;
}

static const char *case_name(size_t i, const void *context)
{
    const struct bench_cases *cases = context;
    return i < cases->count ? cases->items[i].name : NULL;
}

/* Names up to the shape, for words that are shorter than cases' names. */
struct operations {
    size_t count;
    char (*names)[BENCH_NAME_SIZE];
};

static const char *operation_name(size_t i, const void *context)
{
    const struct operations *operations = context;
    return i < operations->count ? operations->names[i] : NULL;
}

/* The name that a --filter may have meant: of a case, or else of an operation that is
 * like its beginning. */
static void find_near(const struct bench_cases *cases, char *word, char near[BENCH_NAME_SIZE])
{
    struct operations operations = {cases->count, mlp_alloc(cases->count, BENCH_NAME_SIZE)};
    for (size_t i = 0; operations.names && i < cases->count; i++)
        bench_case_operation(&cases->items[i], operations.names[i], BENCH_NAME_SIZE);
    const char *found = suggest(word, case_name, cases);
    while (operations.names && !found && *word) {
        char *slash = strrchr(word, '/');
        found = suggest(word, operation_name, &operations);
        *(slash ? slash : word) = 0;
    }
    snprintf(near, BENCH_NAME_SIZE, "%s", found ? found : "");
    mlp_free(operations.names);
}

/* The failure of a --filter that matches nothing. */
static mlp_status fail_filter(const struct bench_options *options, const struct session *session,
                              mlp_error *error)
{
    struct bench_options all = *options;
    all.filtered = false;
    struct bench_cases cases = bench_cases_list(&all, session->isas, session->context.isa_count);
    char word[BENCH_NAME_SIZE], near[BENCH_NAME_SIZE];
    size_t length = 0;
    for (const char *c = options->filter_text; *c && length + 1 < sizeof word; c++) {
        if (!strchr("^$\\()[]{}*+?|.", *c))
            word[length++] = *c;
    }
    word[length] = 0;
    find_near(&cases, word, near);
    bench_cases_destroy(&cases);
    return mlp_fail(error, MLP_ERROR_USAGE,
                    "--filter '%s': no case has such a name%s%s%s; --list has all",
                    options->filter_text, *near ? "; did you mean " : "", near, *near ? "?" : "");
}

/* Whether a run measures a case. */
static bool is_wanted(const struct bench_options *options, const struct bench_case *test)
{
    if (options->cold != BENCH_WARM && !test->kind->flush)
        return false;
    return options->filtered || test->by_default;
}

/* Whether --data can be opened and has a minibatch: told before anything is measured. */
static mlp_status check_data(const struct session *session, mlp_error *error)
{
    const struct bench_options *options = session->context.options;
    mlp_dataset *data;
    if (!options->data)
        return MLP_OK;
    mlp_status status = mlp_dataset_open(options->data, MLP_TRAIN, &data, error);
    if (status != MLP_OK)
        return status;
    size_t count = mlp_dataset_count(data);
    mlp_dataset_destroy(data);
    for (size_t i = 0; i < session->cases.count; i++) {
        const struct bench_case *test = &session->cases.items[i];
        bool trains = test->suite == BENCH_STEP || test->suite == BENCH_EPOCH;
        if (trains && is_wanted(options, test) && test->batch > count)
            return mlp_fail(error, MLP_ERROR_USAGE,
                            "%s: %zu samples are less than a minibatch of %zu", test->name, count,
                            test->batch);
    }
    return MLP_OK;
}

/* The instruction sets and the cases that the options are about. */
static mlp_status find_cases(struct session *session, const struct bench_options *options,
                             mlp_error *error)
{
    struct bench_context *context = &session->context;
    context->options = options;
    context->release = RELEASE;
    context->isas = session->isas;
    bench_machine_read(&context->machine);
    mlp_status status = bench_isas(options, session->isas, &context->isa_count, error);
    if (status == MLP_OK)
        status = check_shapes(options, &context->machine, error);
    if (status == MLP_OK)
        status = bench_peers_open(options, error);
    if (status != MLP_OK)
        return status;
    session->cases = bench_cases_list(options, session->isas, context->isa_count);
    if (session->cases.failed)
        return mlp_fail_memory(error, "the list of cases");
    if (session->cases.count == 0 && options->filtered)
        return fail_filter(options, session, error);
    size_t wanted = 0;
    for (size_t i = 0; i < session->cases.count; i++)
        wanted += is_wanted(options, &session->cases.items[i]);
    if (wanted == 0 && !options->list && !options->record)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        options->cold == BENCH_WARM
                            ? "nothing to measure: --filter chooses cases, --list has all"
                            : "--cold-cache: none of these cases can be measured so");
    return options->list ? MLP_OK : check_data(session, error);
}

static void print_list(const struct session *session)
{
    for (size_t i = 0; i < session->cases.count; i++)
        puts(session->cases.items[i].name);
}

static int most_threads(const struct bench_options *options)
{
    int most = 0;
    for (size_t i = 0; i < options->thread_count; i++)
        most = options->threads[i] > most ? options->threads[i] : most;
    return most;
}

/* Teams must have the size that is asked for: the trainer's barriers count on
 * it. */
static mlp_status check_threads(const struct bench_options *options, mlp_error *error)
{
    int most = most_threads(options);
    if (most > omp_get_thread_limit())
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "--threads: %d threads, but OMP_THREAD_LIMIT allows %d", most,
                        omp_get_thread_limit());
    omp_set_dynamic(0);
    if (options->pin && !bench_team_pin())
        return mlp_fail(error, MLP_ERROR_USAGE, "--pin: this system cannot bind threads to CPUs");
    return MLP_OK;
}

/* Measures a row of ceilings for every instruction set and thread count that the
 * wanted cases have. */
static mlp_status measure_ceilings(struct session *session, mlp_error *error)
{
    struct bench_context *context = &session->context;
    struct bench_ceilings *ceilings = &context->ceilings;
    ceilings->machine = &context->machine;
    ceilings->rows = mlp_alloc(session->cases.count, sizeof *ceilings->rows);
    if (!ceilings->rows)
        return mlp_fail_memory(error, "the ceilings");
    for (size_t i = 0; i < session->cases.count && !interrupt_signal(); i++) {
        const struct bench_case *test = &session->cases.items[i];
        if (!is_wanted(context->options, test) ||
            bench_ceilings_find(ceilings, test->kernels.isa, test->threads))
            continue;
        if (!bench_ceiling_row(&context->machine, &test->kernels, test->threads,
                               context->options->reps, &ceilings->rows[ceilings->count]))
            return mlp_fail_memory(error, "reading memory");
        ceilings->count++;
    }
    return MLP_OK;
}

/* Seconds that --reps iterations take at the speed of the case's ceiling. */
static double estimate(const struct bench_context *context, const struct bench_case *test)
{
    double seconds = bench_case_binding(&context->ceilings, test).seconds;
    return seconds * (double)context->options->reps;
}

/* Whether a case is to be measured; says so where it takes long. */
static bool is_chosen(const struct bench_context *context, const struct bench_case *test)
{
    const struct bench_options *options = context->options;
    if (!is_wanted(options, test))
        return false;
    double seconds = estimate(context, test);
    if (seconds < most_seconds)
        return true;
    fprintf(stderr, "mlp-bench: %s takes over %.0f s%s\n", test->name, seconds,
            options->filtered ? "" : ": left out (--filter measures it)");
    return options->filtered;
}

/* Appends the cases of a suite with `threads` threads. */
static void choose_slice(struct session *session, enum bench_suite suite, int threads)
{
    for (size_t i = 0; i < session->cases.count; i++) {
        struct bench_case *test = &session->cases.items[i];
        if (test->suite == suite && test->threads == threads && is_chosen(&session->context, test))
            session->tests[session->test_count++] = test;
    }
}

/* Appends a copy of one of the slice's cases, once a run. True where it did. */
static bool add_noise(struct session *session, size_t first)
{
    struct bench_noise *noise = &session->context.noise;
    if (noise->name[0] || session->test_count == first)
        return false;
    struct bench_case *chosen = session->tests[first];
    for (size_t i = first; i < session->test_count; i++) {
        if (!session->tests[i]->peer &&
            strncmp(session->tests[i]->name, noise_case, sizeof noise_case - 1) == 0)
            chosen = session->tests[i];
    }
    session->noise = *chosen;
    snprintf(noise->name, sizeof noise->name, "%s", chosen->name);
    session->tests[session->test_count++] = &session->noise;
    return true;
}

/* Compares the copy, the last result, with its original, and drops it. */
static void take_noise(struct session *session, size_t first)
{
    struct bench_noise *noise = &session->context.noise;
    const struct bench_result *copy = &session->results[--session->test_count];
    for (size_t i = first; i < session->test_count; i++) {
        const struct bench_result *original = &session->results[i];
        if (strcmp(original->test->name, noise->name) != 0 || original->reps < 2 || copy->reps < 2)
            continue;
        noise->ratio = bench_stats(copy->reps, copy->seconds).median /
                       bench_stats(original->reps, original->seconds).median;
        noise->p = bench_mann_whitney(original->reps, original->seconds, copy->reps, copy->seconds);
        noise->measured = true;
    }
}

static bool has_tables(const struct bench_options *options)
{
    return !options->json && !options->csv;
}

/* Measures the cases of a suite and prints them. One thread count after the other:
 * what an OpenMP runtime does with idle threads, which is mostly to spin, is no
 * part of a measurement with fewer threads. */
static mlp_status measure_suite(struct session *session, enum bench_suite suite, mlp_error *error)
{
    const struct bench_context *context = &session->context;
    const struct bench_options *options = context->options;
    size_t begin = session->test_count;
    mlp_status status = MLP_OK;
    for (size_t t = 0; t < options->thread_count && status == MLP_OK && !interrupt_signal(); t++) {
        size_t first = session->test_count;
        choose_slice(session, suite, options->threads[t]);
        bool noise = add_noise(session, first);
        status = bench_run(session->tests + first, session->test_count - first, options,
                           &context->ceilings, context->counters, session->results + first, error);
        if (noise && status == MLP_OK)
            take_noise(session, first);
    }
    if (status == MLP_OK && session->test_count > begin && has_tables(options))
        bench_print_suite(context, suite, session->results + begin, session->test_count - begin);
    return status;
}

static mlp_status measure_cases(struct session *session, mlp_error *error)
{
    size_t most = session->cases.count + 1; /* the case against itself */
    session->tests = mlp_alloc(most, sizeof(struct bench_case *));
    session->results = mlp_alloc(most, sizeof *session->results);
    if (!session->tests || !session->results)
        return mlp_fail_memory(error, "the results");
    mlp_status status = MLP_OK;
    for (int suite = 0; suite < BENCH_SUITE_COUNT && status == MLP_OK && !interrupt_signal();
         suite++)
        status = measure_suite(session, (enum bench_suite)suite, error);
    return status;
}

/* What --dry-run tells: the cases, and the time that --min-time gives them. */
static void print_plan(const struct session *session)
{
    const struct bench_options *options = session->context.options;
    double seconds = 0;
    size_t count = 0;
    for (size_t i = 0; i < session->cases.count; i++) {
        const struct bench_case *test = &session->cases.items[i];
        if (!is_wanted(options, test))
            continue;
        printf("%-44s %10.4g MFLOP %10.4g MB\n", test->name, test->flops / 1e6, test->memory / 1e6);
        seconds += options->min_time * with_preparation;
        count++;
    }
    printf("%zu cases, about %.0f s without those whose iterations are long\n", count, seconds);
}

static mlp_status record(struct session *session, mlp_error *error)
{
    const struct bench_options *options = session->context.options;
    for (size_t i = 0; i < session->cases.count; i++) {
        struct bench_case *test = &session->cases.items[i];
        if (strcmp(test->name, options->record) == 0)
            return bench_record(test, options, error);
    }
    const char *near = suggest(options->record, case_name, &session->cases);
    return mlp_fail(error, MLP_ERROR_USAGE, "--record '%s': no such case%s%s%s; --list has all",
                    options->record, near ? "; did you mean " : "", near ? near : "",
                    near ? "?" : "");
}

/* Prints and writes what was measured. */
static mlp_status report(struct session *session, mlp_error *error)
{
    struct bench_context *context = &session->context;
    const struct bench_options *options = context->options;
    if (has_tables(options)) {
        bench_print_peers(context, session->results, session->test_count);
        bench_print_end(context);
        if (!options->html && !options->svg)
            return MLP_OK;
    }
    json_t *document = bench_document(context, session->results, session->test_count);
    if (!document)
        return mlp_fail_memory(error, "the JSON object");
    bool printed =
        options->json ? bench_print_json(document) : !options->csv || bench_print_csv(document);
    int reason = errno;
    mlp_status status = bench_write_outputs(document, options, error);
    if (!printed)
        status = mlp_fail(error, MLP_ERROR_INTERNAL, "stdout: %s", strerror(reason));
    json_decref(document);
    return status;
}

/* Says which cases --cold-cache leaves out. */
static void warn_of_warm(struct session *session)
{
    const struct bench_options *options = session->context.options;
    size_t count = 0;
    for (size_t i = 0; i < session->cases.count; i++) {
        const struct bench_case *test = &session->cases.items[i];
        count += (options->filtered || test->by_default) && !is_wanted(options, test);
    }
    if (count > 0)
        bench_warn(&session->context.warnings,
                   "--cold-cache: training cannot be cold, %zu cases are left out", count);
}

static mlp_status measure(struct session *session, mlp_error *error)
{
    struct bench_context *context = &session->context;
    const struct bench_options *options = context->options;
    struct bench_load load;
    mlp_status status = bench_check_outputs(options, error);
    if (status == MLP_OK)
        status = check_threads(options, error);
    if (status != MLP_OK)
        return status;
    interrupt_begin();
    if (!options->no_counters) {
        context->counters = bench_counters_create(most_threads(options), NULL);
        if (!context->counters)
            return mlp_fail_memory(error, "the counters");
    }
    bench_warn_machine(&context->machine, most_threads(options), RELEASE, &context->warnings);
    warn_of_warm(session);
    bench_load_begin(&load, "", &context->warnings);
    for (size_t i = 0; i < context->warnings.count; i++)
        fprintf(stderr, "mlp-bench: warning: %s\n", context->warnings.text[i]);
    if (has_tables(options))
        bench_print_machine(context);
    status = measure_ceilings(session, error);
    if (status == MLP_OK && has_tables(options))
        bench_print_ceilings(context);
    if (status == MLP_OK)
        status = measure_cases(session, error);
    if (status != MLP_OK && session->test_count == 0)
        return status;
    size_t known = context->warnings.count;
    bench_load_end(&load, &context->warnings);
    for (size_t i = known; i < context->warnings.count && !has_tables(options); i++)
        fprintf(stderr, "mlp-bench: warning: %s\n", context->warnings.text[i]);
    if (context->noise.measured && !(fabs(context->noise.ratio - 1) < BENCH_MOST_NOISE))
        bench_warn(&context->warnings,
                   "the same case against itself differs by %.0f %%: the figures say little",
                   100 * fabs(context->noise.ratio - 1));
    context->interrupted = interrupt_signal() != 0;
    /* What was measured before a case failed is there all the same. */
    mlp_status reported = report(session, status == MLP_OK ? error : NULL);
    return status != MLP_OK ? status : reported;
}

static mlp_status run(const struct bench_options *options, mlp_error *error)
{
    struct session session = {0};
    mlp_status status = find_cases(&session, options, error);
    if (status == MLP_OK && options->list) {
        print_list(&session);
    } else if (status == MLP_OK && options->dry_run) {
        print_plan(&session);
    } else if (status == MLP_OK && options->record) {
        status = check_threads(options, error);
        if (status == MLP_OK)
            status = record(&session, error);
    } else if (status == MLP_OK) {
        status = measure(&session, error);
    }
    session_clear(&session);
    return status;
}

/* The exit code of what the options ask for. */
static int perform(const struct bench_options *options, mlp_error *error)
{
    if (options->help)
        bench_options_help();
    else if (options->version)
        printf("mlp-bench %s\n", mlp_version());
    else if (options->compare_old) {
        bool regressed = false;
        mlp_status status = bench_compare(options->compare_old, options->compare_new,
                                          options->threshold, &regressed, error);
        return status == MLP_OK && regressed ? 1 : (int)status;
    } else
        return (int)run(options, error);
    return 0;
}

int main(int argc, char **argv)
{
    struct bench_options options;
    mlp_error error = {.status = MLP_OK};
    if (!bench_options_parse(argc, argv, &options)) {
        bench_options_clear(&options);
        return MLP_ERROR_USAGE;
    }
    /* The options have the threads; what is no number would confuse libomp 14. */
    unsetenv("OMP_NUM_THREADS");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    int code = perform(&options, &error);
    bench_options_clear(&options);
    if (error.status != MLP_OK) {
        fprintf(stderr, "mlp-bench: %s\n", error.message);
    } else if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "mlp-bench: stdout: %s\n", strerror(errno));
        code = MLP_ERROR_INTERNAL;
    }
    return interrupt_signal() && code == 0 ? 128 + interrupt_signal() : code;
}
