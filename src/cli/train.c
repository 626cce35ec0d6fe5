/* SPDX-License-Identifier: MIT */
/* mlp train */
#include "interrupt.h"
#include "output.h"
#include "progress.h"
#include "run.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A run; starts zeroed but for `settings`. */
struct run {
    const struct settings *settings;
    mlp_dataset *train, *test; /* `test` may be NULL */
    const char *test_source;
    mlp_model *model;
    double start; /* progress_now() when the command began */
    struct progress progress;
    json_t *epochs; /* an array of objects */
    mlp_train_result result;
    double test_accuracy; /* of the weights as they are now; negative: not known */
};

/* --- Data ------------------------------------------------------------------ */

/* One data set to open, by a thread of its own or not. */
struct opening {
    const char *source;
    mlp_split split;
    mlp_dataset *data;
    mlp_error error;
    mlp_status status;
};

static void *open_data(void *argument)
{
    struct opening *opening = argument;
    opening->status =
        mlp_dataset_open(opening->source, opening->split, &opening->data, &opening->error);
    return NULL;
}

/* Opens both parts at the same time: unpacking takes longer than the disk. */
static int open_both(struct run *run)
{
    const struct settings *s = run->settings;
    struct opening train = {.source = s->data, .split = MLP_TRAIN};
    struct opening test = {.source = s->test, .split = MLP_TEST};
    pthread_t thread;
    if (!test.source && mlp_dataset_has(s->data, MLP_TEST))
        test.source = s->data;
    bool threaded = test.source && pthread_create(&thread, NULL, open_data, &test) == 0;
    open_data(&train);
    if (threaded)
        pthread_join(thread, NULL);
    else if (test.source)
        open_data(&test);
    run->train = train.data;
    run->test = test.data;
    run->test_source = test.source;
    if (train.status != MLP_OK)
        return fail_with(&train.error);
    return test.status == MLP_OK ? MLP_OK : fail_with(&test.error);
}

/* What would fail later is told now, before any talk. */
static int check_data(const struct run *run)
{
    const struct settings *s = run->settings;
    size_t count = mlp_dataset_count(run->train), features = mlp_dataset_features(run->train);
    if (s->train.batch > count)
        return fail(MLP_ERROR_USAGE, "--batch: found %zu, expected at most %zu, the samples of %s",
                    s->train.batch, count, s->data);
    if (run->test && mlp_dataset_features(run->test) != features)
        return fail(MLP_ERROR_DATA, "%s: samples of %zu values, expected %zu as in %s",
                    run->test_source, mlp_dataset_features(run->test), features, s->data);
    if (run->test && mlp_dataset_classes(run->test) > mlp_dataset_classes(run->train))
        return fail(MLP_ERROR_DATA, "%s: %zu classes, expected at most %zu as in %s",
                    run->test_source, mlp_dataset_classes(run->test),
                    mlp_dataset_classes(run->train), s->data);
    return MLP_OK;
}

/* --- What stderr hears ------------------------------------------------------ */

static void talk_of_settings(const struct run *run)
{
    const struct settings *s = run->settings;
    char count[NUMBER_SIZE], weights[NUMBER_SIZE], tests[NUMBER_SIZE + 32] = "";
    uint64_t parameters = 0;
    const mlp_spec *spec = mlp_model_spec(run->model);
    for (size_t l = 0; l < spec->layer_count; l++)
        parameters += (uint64_t)(spec->widths[l] + 1) * spec->widths[l + 1];
    if (run->test)
        snprintf(tests, sizeof tests, ", tested on %s",
                 grouped(mlp_dataset_count(run->test), count));
    talk("data     %s: %s samples%s", s->data, grouped(mlp_dataset_count(run->train), count),
         tests);

    char widths[256];
    size_t length = 0;
    for (size_t i = 0; i <= spec->layer_count && length < sizeof widths; i++)
        length += (size_t)snprintf(widths + length, sizeof widths - length, "%s%zu",
                                   i > 0 ? "-" : "", spec->widths[i]);
    talk("network  %s, %s, %s weights by %s", widths, mlp_activation_name(s->activation),
         grouped(parameters, weights), mlp_init_name(s->init));
    talk("training %s, learning rate %g, batch %zu, seed %llu",
         mlp_optimizer_name(s->train.optimizer), s->train.learning_rate, s->train.batch,
         (unsigned long long)s->train.seed);
    talk("kernels  %s, threads %d at most, ready after %.2f s", mlp_isa_selected(),
         s->train.threads > 0 ? s->train.threads : mlp_default_threads(),
         progress_now() - run->start);
}

/* --- The run ---------------------------------------------------------------- */

static json_t *optional_fraction(double fraction)
{
    return fraction >= 0 ? json_real(fraction) : json_null();
}

static bool after_epoch(const mlp_progress *now, void *user)
{
    struct run *run = user;
    progress_epoch(&run->progress, now);
    run->test_accuracy = now->test_accuracy;
    json_t *epoch = json_pack("{s:I, s:f, s:o, s:f, s:f}", "epoch", (json_int_t)now->epoch, "loss",
                              now->loss, "test_accuracy", optional_fraction(now->test_accuracy),
                              "seconds", now->seconds, "samples_per_second", progress_rate(now));
    if (json_array_append_new(run->epochs, epoch) != 0) { /* out of memory: print_result tells */
        json_decref(run->epochs);
        run->epochs = NULL;
    }
    return interrupt_signal() == 0;
}

static bool within_epoch(const mlp_progress *now, void *user)
{
    struct run *run = user;
    progress_step(&run->progress, now);
    run->test_accuracy = -1; /* the weights have moved on */
    return interrupt_signal() == 0;
}

static int make_model(struct run *run)
{
    const struct settings *s = run->settings;
    size_t widths[MAX_HIDDEN + 2];
    mlp_error error;
    widths[0] = mlp_dataset_features(run->train);
    memcpy(widths + 1, s->hidden, s->hidden_count * sizeof *widths);
    widths[s->hidden_count + 1] = mlp_dataset_classes(run->train);
    mlp_spec spec = {
        .layer_count = s->hidden_count + 1,
        .widths = widths,
        .activation = s->activation,
        .init = s->init,
        .init_scale = s->init_scale,
    };
    if (mlp_model_create(&spec, s->train.seed, &run->model, &error) != MLP_OK)
        return fail_with(&error);
    return MLP_OK;
}

/* Trains, and saves what came of it, also after an interruption. */
static int train_and_save(struct run *run)
{
    const struct settings *s = run->settings;
    mlp_error error;
    mlp_callbacks callbacks = {.epoch = after_epoch, .step = within_epoch, .user = run};
    interrupt_begin();
    progress_begin(&run->progress);
    mlp_status status =
        mlp_train(run->model, run->train, run->test, &s->train, &callbacks, &run->result, &error);
    progress_end(&run->progress);
    if (status == MLP_OK && s->save) {
        status = mlp_model_save(run->model, s->save, &error);
        if (status == MLP_OK)
            talk("saved    %s", s->save);
    }
    return status == MLP_OK ? MLP_OK : fail_with(&error);
}

/* A run that was stopped within an epoch has weights that nothing has tested. */
static int test_again(struct run *run)
{
    mlp_evaluation evaluation;
    mlp_error error;
    if (!run->test || run->test_accuracy >= 0)
        return MLP_OK;
    if (mlp_model_evaluate(run->model, run->test, run->result.threads, &evaluation, &error) !=
        MLP_OK)
        return fail_with(&error);
    run->test_accuracy = evaluation.accuracy;
    return MLP_OK;
}

/* The most memory that this process has had, in bytes. */
static uint64_t peak_memory(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
#ifdef __APPLE__
    return (uint64_t)usage.ru_maxrss;
#else
    return (uint64_t)usage.ru_maxrss * 1024;
#endif
}

static void print_result(struct run *run)
{
    char fingerprint[65];
    mlp_model_fingerprint(run->model, fingerprint);
    if (run->settings->json) {
        result_json(json_pack("{s:O, s:o, s:s, s:s, s:i, s:f, s:I}", "epochs", run->epochs,
                              "test_accuracy", optional_fraction(run->test_accuracy), "fingerprint",
                              fingerprint, "isa", mlp_isa_selected(), "threads",
                              run->result.threads, "seconds", run->result.seconds, "peak_rss_bytes",
                              (json_int_t)peak_memory()));
        return;
    }
    if (run->test_accuracy >= 0)
        result("test accuracy %.2f %%\n", 100 * run->test_accuracy);
    result("fingerprint %s\n", fingerprint);
    result("epochs %zu, seconds %.2f, kernels %s, threads %d, peak memory %.0f MB\n",
           run->result.epochs, run->result.seconds, mlp_isa_selected(), run->result.threads,
           (double)peak_memory() / 1e6);
}

static int execute(struct run *run)
{
    int status = open_both(run);
    if (status == MLP_OK)
        status = check_data(run);
    if (status == MLP_OK)
        status = make_model(run);
    if (status != MLP_OK)
        return status;
    run->epochs = json_array();
    talk_of_settings(run);
    status = train_and_save(run);
    if (status == MLP_OK)
        status = test_again(run);
    if (status != MLP_OK)
        return status;
    print_result(run);
    int signal_number = interrupt_signal();
    if (signal_number == 0)
        return MLP_OK;
    talk("mlp: stopped by signal %d (%s) after %zu of %zu epochs; the result is that of the "
         "weights as they are now",
         signal_number, strsignal(signal_number), run->result.epochs, run->settings->train.epochs);
    return 128 + signal_number;
}

/* --- Before the run --------------------------------------------------------- */

/* Whether both names lead to the same file. */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return a && b && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/* Whether something is in the file, and certainly no model: those begin with the
 * header's length in eight bytes, of which four are zero, and '{'. */
static bool is_other_file(const char *path)
{
    static const char high_bytes[4];
    char start[9] = "";
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t count = fread(start, 1, sizeof start, file);
    fclose(file);
    return count > 0 && (start[8] != '{' || memcmp(start + 4, high_bytes, 4) != 0);
}

/* What would be a pity to learn after hours. */
static int check_save(const struct settings *s)
{
    mlp_error error;
    if (!s->save)
        return MLP_OK;
    if (same_file(s->save, s->data) || same_file(s->save, s->test))
        return fail(MLP_ERROR_USAGE, "--save: '%s' is the file that the data come from", s->save);
    if (mlp_model_save_check(s->save, &error) != MLP_OK)
        return fail_with(&error);
    if (is_other_file(s->save))
        return fail(MLP_ERROR_USAGE,
                    "--save: '%s' is there and not a model: another name, or move it away",
                    s->save);
    return MLP_OK;
}

int run_train(const struct settings *settings)
{
    struct run run = {.settings = settings, .start = progress_now(), .test_accuracy = -1};
    int status = check_save(settings);
    if (status == MLP_OK)
        status = execute(&run);
    json_decref(run.epochs);
    mlp_model_destroy(run.model);
    mlp_dataset_destroy(run.test);
    mlp_dataset_destroy(run.train);
    return status;
}
