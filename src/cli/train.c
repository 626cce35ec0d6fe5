/* SPDX-License-Identifier: MIT */
/* mlp train */
#include "files.h"
#include "interrupt.h"
#include "output.h"
#include "run.h"
#include "spec_text.h"
#include "train_report.h"
#include "train_result.h"
#include "variation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of the command; starts zeroed but for `start`. */
struct training {
    double start; /* progress_now() when the command began */
    struct setup setup;
    struct log *log;   /* may be NULL */
    struct run kept;   /* the run whose weights are saved; without a model: none yet */
    size_t runs;       /* done */
    double *scores;    /* of them, [settings->runs] */
    json_t *json_runs; /* an array of objects; NULL where there is one run */
};

/* --- What stderr hears ------------------------------------------------------------- */

static void talk_of_data(const struct setup *setup)
{
    char count[NUMBER_SIZE], held[2 * NUMBER_SIZE + 64] = "";
    if (setup->valid)
        snprintf(held, sizeof held, ", validated on %s",
                 grouped(mlp_dataset_count(setup->valid), count));
    if (setup->test)
        snprintf(held + strlen(held), sizeof held - strlen(held), ", tested on %s",
                 grouped(mlp_dataset_count(setup->test), count));
    talk("data     %s: %s samples%s", setup->settings->data,
         grouped(mlp_dataset_count(setup->train), count), held);
}

static void talk_of_settings(const struct training *t, const mlp_model *model)
{
    const struct setup *setup = &t->setup;
    const mlp_train_options *o = &setup->options;
    char text[SPEC_TEXT_SIZE], number[NUMBER_SIZE];
    bool steady = o->schedule.kind == MLP_SCHEDULE_CONSTANT;
    talk_of_data(setup);
    spec_text(&setup->spec, text);
    talk("network  %s, %s, %s weights by %s", text, mlp_loss_name(setup->spec.loss),
         grouped(mlp_model_parameters(model), number), mlp_init_name(setup->spec.init));
    talk("training %s, learning rate %g%s%s, batch %zu, seed %llu",
         mlp_optimizer_name(o->optimizer), o->learning_rate, steady ? "" : " ",
         steady ? "" : mlp_schedule_name(o->schedule.kind), o->batch, (unsigned long long)o->seed);
    talk("kernels  %s, threads %d at most, ready after %.2f s", mlp_isa_selected(),
         o->threads > 0 ? o->threads : mlp_default_threads(), progress_now() - t->start);
}

/* --- What is kept --------------------------------------------------------------------- */

/* Whether a new run takes the place of the one that is kept: the best by the validation set, and
 * without one the last. */
static bool is_better(const struct run *run, const struct run *kept)
{
    return !kept->model || !run->setup->valid || isnan(kept->valid_score) ||
           run->valid_score > kept->valid_score;
}

static int save(const struct training *t, const struct run *run)
{
    const char *path = t->setup.settings->save;
    mlp_error error;
    if (!path)
        return MLP_OK;
    if (mlp_model_save(run->model, path, &error) != MLP_OK)
        return fail_with(&error);
    if (run->status == MLP_ERROR_DIVERGED)
        talk("saved    %s: the last good weights, after %zu steps", path, run->result.steps);
    else if (t->setup.settings->runs > 1)
        talk("saved    %s, seed %llu", path, (unsigned long long)run->seed);
    else
        talk("saved    %s", path);
    return MLP_OK;
}

/* A diverged run ends all; what was good before is saved all the same. */
static int end_diverged(const struct training *t, const struct run *run)
{
    int status = save(t, t->kept.model ? &t->kept : run);
    return status == MLP_OK ? fail_with(&run->error) : status;
}

/* --- One run and several ---------------------------------------------------------------- */

static void note_run(struct training *t, const struct run *run)
{
    const struct settings *s = t->setup.settings;
    t->scores[t->runs++] = train_score(run);
    if (s->runs == 1)
        return;
    if (s->json) {
        if (json_array_append_new(t->json_runs, train_result_json(run)) != 0) {
            json_decref(t->json_runs);
            t->json_runs = NULL;
        }
        return;
    }
    if (!train_score_name(run))
        result("seed %llu: loss %.6f after %zu epochs\n", (unsigned long long)run->seed,
               run->epoch_count > 0 ? run->epochs[run->epoch_count - 1].loss : (double)NAN,
               run->result.epochs);
    else if (train_run_classifies(run))
        result("seed %llu: %s %.2f %% after %zu epochs\n", (unsigned long long)run->seed,
               train_score_name(run), 100 * train_score(run), run->result.epochs);
    else
        result("seed %llu: %s %.6f after %zu epochs\n", (unsigned long long)run->seed,
               train_score_name(run), train_score(run), run->result.epochs);
}

/* Takes over the run's model and all else where it is better than what is kept. */
static void keep_better(struct training *t, struct run *run)
{
    if (is_better(run, &t->kept)) {
        train_run_end(&t->kept);
        t->kept = *run;
    } else {
        train_run_end(run);
    }
}

/* The first run begins the log, too: by now nothing is wrong with the settings. */
static int begin_run(struct training *t, struct run *run)
{
    const struct settings *s = t->setup.settings;
    if (t->runs == 0 && s->log) {
        int status = log_open(s->log, &t->log);
        if (status != MLP_OK)
            return status;
    }
    run->log = t->log;
    if (t->runs == 0)
        talk_of_settings(t, run->model);
    else
        talk("seed     %llu", (unsigned long long)run->seed);
    return MLP_OK;
}

static int do_run(struct training *t, uint64_t seed)
{
    struct run run = {.setup = &t->setup, .seed = seed};
    int status = setup_model(&t->setup, seed, &run.model);
    if (status == MLP_OK)
        status = begin_run(t, &run);
    if (status == MLP_OK)
        status = train_run(&run);
    if (status == MLP_OK && run.status == MLP_ERROR_DIVERGED)
        status = end_diverged(t, &run);
    if (status != MLP_OK) {
        train_run_end(&run);
        return status;
    }
    note_run(t, &run);
    keep_better(t, &run);
    return MLP_OK;
}

static int do_runs(struct training *t)
{
    const struct settings *s = t->setup.settings;
    int status = MLP_OK;
    interrupt_begin();
    for (size_t i = 0; i < s->runs && status == MLP_OK; i++) {
        if (i > 0 && interrupt_signal() != 0) /* the first run always has a model */
            break;
        status = do_run(t, s->train.seed + i);
    }
    return status;
}

/* --- The result ---------------------------------------------------------------------------- */

static void print_variation(const struct training *t, const char *name)
{
    const struct run *kept = &t->kept;
    struct variation v = variation_of(t->scores, t->runs);
    bool classifies = train_run_classifies(kept);
    const char *unit = classifies ? " %" : "";
    double scale = classifies ? 100 : 1;
    int digits = classifies ? 2 : 6;
    result("%s of %zu runs: mean %.*f%s, standard deviation %.*f%s, min %.*f%s, max %.*f%s\n", name,
           t->runs, digits, scale * v.mean, unit, digits, scale * v.deviation, unit, digits,
           scale * v.least, unit, digits, scale * v.most, unit);
}

static void print_runs(const struct training *t)
{
    const char *name = train_score_name(&t->kept);
    if (name)
        print_variation(t, name);
    result("kept: seed %llu, %s\n", (unsigned long long)t->kept.seed,
           t->setup.valid ? "the best by the validation set" : "the last");
}

/* Where it is asked for. */
static void add_top_k(json_t *object, const struct settings *s, const struct scores *scores)
{
    if (!object || s->top_k == 0 || !scores || !scores->classes)
        return;
    json_object_set_new(object, "top_k", json_integer((json_int_t)s->top_k));
    json_object_set_new(object, "top_k_accuracy", json_real(scores->classes->top_k_accuracy));
}

static void print_json(struct training *t, const struct scores *scores)
{
    if (t->setup.settings->runs == 1) {
        json_t *only = train_result_json(&t->kept);
        add_top_k(only, t->setup.settings, scores);
        result_json(only);
        return;
    }
    const char *name = train_score_name(&t->kept);
    json_t *kept = json_integer((json_int_t)(t->kept.seed - t->setup.settings->train.seed));
    json_t *object = json_pack("{s:O, s:o}", "runs", t->json_runs, "kept", kept);
    if (object && name) {
        struct variation v = variation_of(t->scores, t->runs);
        json_object_set_new(object, "score", variation_json(&v));
        json_object_set_new(object, "scored_by", json_string(name));
    }
    add_top_k(object, t->setup.settings, scores);
    result_json(object);
}

/* What the kept run's model does with the data that it was tested on, where that is wanted. */
static int score_kept(const struct training *t, struct scores *scores, const struct scores **out)
{
    const struct settings *s = t->setup.settings;
    const struct setup *setup = &t->setup;
    bool tested = setup->test != NULL;
    const mlp_dataset *data = tested ? setup->test : setup->valid;
    bool matrix = !s->json && mlp_loss_classifies(setup->spec.loss);
    *out = NULL;
    if (!data || !(matrix || s->report || s->top_k > 0))
        return MLP_OK;
    int status = scores_of(t->kept.model, data, tested ? setup->test_source : setup->valid_source,
                           t->kept.result.threads, s->top_k, scores);
    if (status == MLP_OK)
        *out = scores;
    return status;
}

static int print_result(struct training *t)
{
    const struct settings *s = t->setup.settings;
    struct scores scores = {0};
    const struct scores *known;
    int status = score_kept(t, &scores, &known);
    if (status == MLP_OK && s->json)
        print_json(t, known);
    if (status == MLP_OK && !s->json && s->runs > 1)
        print_runs(t);
    if (status == MLP_OK && !s->json)
        train_result_print(&t->kept, known);
    if (status == MLP_OK && s->report)
        status = train_report(&t->kept, known, progress_now() - t->start);
    scores_end(&scores);
    return status;
}

static int print_end(const struct training *t)
{
    int signal_number = interrupt_signal();
    bool unsaved = t->kept.result.checkpoint_failed;
    if (unsaved)
        talk("mlp: the last checkpoint could not be written: %s", t->setup.settings->checkpoint);
    if (signal_number == 0)
        return unsaved ? MLP_ERROR_INTERNAL : MLP_OK;
    talk("mlp: stopped by signal %d (%s) after %zu of %zu epochs; the result is that of the "
         "weights as they are now",
         signal_number, strsignal(signal_number), t->kept.result.epochs, t->setup.options.epochs);
    return 128 + signal_number;
}

/* --- All of it ------------------------------------------------------------------------------- */

static int prepare(struct training *t, const struct settings *s)
{
    int status = files_check(s);
    if (status == MLP_OK)
        status = setup_all_data(s, &t->setup);
    if (status == MLP_OK)
        status = setup_network(&t->setup);
    if (status != MLP_OK)
        return status;
    t->scores = calloc(s->runs, sizeof *t->scores);
    t->json_runs = s->runs > 1 ? json_array() : NULL;
    if (!t->scores || (s->runs > 1 && !t->json_runs))
        return fail(MLP_ERROR_INTERNAL, "out of memory for the results");
    return MLP_OK;
}

static int execute(struct training *t)
{
    int status = do_runs(t);
    if (status != MLP_OK)
        return status;
    int saved = save(t, &t->kept); /* the result of hours is told in any case */
    status = print_result(t);
    int end = status == MLP_OK ? print_end(t) : status;
    return saved != MLP_OK ? saved : end;
}

int run_train(const struct settings *settings)
{
    struct training training = {.start = progress_now()};
    int status = prepare(&training, settings);
    if (status == MLP_OK)
        status = execute(&training);
    int log_status = log_close(training.log);
    json_decref(training.json_runs);
    free(training.scores);
    train_run_end(&training.kept);
    setup_end(&training.setup);
    return status != MLP_OK ? status : log_status;
}
