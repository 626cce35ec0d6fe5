/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "class_names.h"
#include "columns.h"
#include "data.h"
#include "error.h"
#include "model.h"
#include "provenance.h"

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <string.h>

/* Seconds between two calls of the step callback. */
static const double callback_interval = 0.1;

static bool call(mlp_progress_callback *callback, const mlp_progress *progress, void *user)
{
    return !callback || callback(progress, user);
}

/* What is known within an epoch. */
static mlp_progress progress_of(const struct run *run, size_t epoch, size_t samples, double seconds)
{
    size_t before = epoch == run->first_epoch ? run->first_step * run->options->batch : 0;
    return (mlp_progress){
        .epoch = epoch,
        .epochs = run->options->epochs,
        .step = run->steps,
        .samples_done = samples,
        .samples = run->train->count,
        .samples_before = before < samples ? before : samples,
        .loss = mlp_trainer_loss_sum(run->trainer) / (double)samples,
        .train_accuracy = mlp_trainer_accuracy(run->trainer, samples),
        .learning_rate = run->rate,
        .seconds = seconds,
        .valid_loss = NAN,
        .valid_score = NAN,
        .test_loss = NAN,
        .test_score = NAN,
        .model = run->model,
    };
}

/* --- Within an epoch ------------------------------------------------------------ */

static void end_after(struct run *run, size_t step, mlp_stop why)
{
    run->stop = why;
    run->last_step = step;
}

/* Thread 0, before a step: the callback within an epoch, and the clock. */
static void look_around(struct run *run, size_t epoch, size_t step)
{
    const mlp_train_options *o = run->options;
    double now = omp_get_wtime(), elapsed = now - run->epoch_start;
    if (o->max_seconds > 0 && run->seconds + elapsed >= o->max_seconds) {
        end_after(run, step, MLP_STOP_TIME);
        return;
    }
    bool reports = run->callbacks && run->callbacks->step;
    if (!reports || step == 0 || now - run->last_call < callback_interval)
        return;
    mlp_progress progress = progress_of(run, epoch, step * o->batch, elapsed);
    if (!call(run->callbacks->step, &progress, run->callbacks->user))
        end_after(run, step, MLP_STOP_CALLBACK);
    run->last_call = omp_get_wtime();
}

/* Thread 0, before a step. */
static void prepare_step(struct run *run, size_t epoch, size_t step)
{
    run->rate = mlp_schedule_rate(&run->schedule, run->steps);
    mlp_trainer_set_rate(run->trainer, run->rate);
    mlp_checkpoints_look(run);
    if (run->steps + 1 == run->options->max_steps)
        end_after(run, step, MLP_STOP_STEPS);
    if ((run->callbacks && run->callbacks->step) || run->options->max_seconds > 0)
        look_around(run, epoch, step);
}

/* All threads: the steps of an epoch. False where the run ended within it; a stop that is asked for
 * before a step is seen by all after it. After the last one the epoch is complete all the same. */
static bool run_steps(struct run *run, size_t epoch)
{
    size_t steps = mlp_trainer_steps(run->trainer);
    bool first_thread = omp_get_thread_num() == 0;
    size_t first = epoch == run->first_epoch ? run->first_step : 0;
    for (size_t step = first; step < steps; step++) {
        if (first_thread)
            prepare_step(run, epoch, step);
        bool taken = mlp_team_step(run->trainer, step);
        if (first_thread) {
            run->steps += taken;
            run->step += taken;
            run->stop = taken ? run->stop : MLP_STOP_DIVERGED;
        }
        if (!taken || (step >= run->last_step && step + 1 < steps))
            return false;
    }
    return true;
}

/* --- After an epoch ------------------------------------------------------------- */

/* What the monitor looks at, smaller for better. */
static double monitored(const struct run *run, const mlp_progress *progress)
{
    if (run->options->monitor == MLP_MONITOR_SCORE)
        return -progress->valid_score;
    return run->held_out.valid ? progress->valid_loss : progress->loss;
}

static void note_best(struct run *run, mlp_progress *progress)
{
    double value = monitored(run, progress);
    progress->best = value < run->best_value - run->options->min_delta;
    run->waited++;
    if (!progress->best)
        return;
    run->best_value = value;
    run->best_epoch = progress->epoch;
    run->waited = 0;
    if (run->best)
        mlp_model_assign(run->best, run->model);
}

/* Whether this epoch ended with weights that an earlier one ended with. */
static bool comes_back(struct run *run)
{
    struct cycle *cycle = &run->cycle;
    char fingerprint[65];
    if (!cycle->possible)
        return false;
    mlp_model_fingerprint(run->model, fingerprint);
    if (strcmp(fingerprint, cycle->saved) == 0)
        return true;
    if (++cycle->since >= cycle->limit) {
        memcpy(cycle->saved, fingerprint, sizeof fingerprint);
        cycle->since = 0;
        cycle->limit *= 2;
    }
    return false;
}

/* Whether the run goes on, and else why not. */
static bool goes_on(struct run *run, const mlp_progress *progress, mlp_stop *why)
{
    const mlp_train_options *o = run->options;
    bool perceptron = mlp_model_spec(run->model)->loss == MLP_PERCEPTRON;
    /* Samples of weight 0 have no loss, right or wrong. */
    if (perceptron && progress->loss == 0 && !(progress->train_accuracy < 1))
        *why = MLP_STOP_SEPARATED;
    else if (perceptron && comes_back(run))
        *why = MLP_STOP_CYCLE;
    else if (progress->valid_score >= o->target_score)
        *why = MLP_STOP_TARGET;
    else if (o->patience > 0 && run->waited >= o->patience)
        *why = MLP_STOP_PATIENCE;
    else if (o->max_seconds > 0 && run->seconds >= o->max_seconds)
        *why = MLP_STOP_TIME;
    else
        return true;
    return false;
}

static double score(const mlp_evaluation *found)
{
    return isnan(found->accuracy) ? found->r2 : found->accuracy;
}

/* Thread 0, after an epoch and its evaluation. */
static void finish_epoch(struct run *run, size_t epoch, double seconds, const mlp_evaluation *valid,
                         const mlp_evaluation *test)
{
    mlp_progress progress = progress_of(run, epoch, run->train->count, seconds);
    progress.valid_loss = valid->loss;
    progress.valid_score = score(valid);
    progress.test_loss = test->loss;
    progress.test_score = score(test);
    run->epochs = epoch;
    run->epoch = epoch + 1;
    run->step = 0;
    note_best(run, &progress);
    mlp_checkpoints_note(run, &progress);
    mlp_schedule_end_epoch(&run->schedule,
                           run->held_out.valid ? progress.valid_loss : progress.loss);
    mlp_stop why = MLP_STOP_EPOCHS;
    bool on = goes_on(run, &progress, &why);
    if (on && run->last_step < SIZE_MAX) {
        on = false;
        why = run->stop;
    }
    if (run->callbacks && !call(run->callbacks->epoch, &progress, run->callbacks->user) && on) {
        on = false;
        why = MLP_STOP_CALLBACK;
    }
    run->over = !on;
    run->stop = why;
}

/* All threads: the whole run. */
static void run_epochs(struct run *run)
{
    bool first_thread = omp_get_thread_num() == 0;
    for (size_t epoch = run->first_epoch; epoch <= run->options->epochs; epoch++) {
        double start = omp_get_wtime();
        if (first_thread)
            run->epoch_start = run->last_call = start;
        mlp_team_begin_epoch(run->trainer, epoch);
        if (first_thread && epoch == run->first_epoch)
            mlp_trainer_set_sums(run->trainer, &run->first_sums);
        bool complete = run_steps(run, epoch);
        double seconds = omp_get_wtime() - start;
        if (first_thread)
            run->seconds += seconds;
        if (!complete)
            return;
        mlp_evaluation valid = {.loss = NAN, .accuracy = NAN, .r2 = NAN}, test = valid;
        if (run->valid)
            mlp_team_evaluate(run->valid, run->held_out.valid, &valid);
        if (run->test)
            mlp_team_evaluate(run->test, run->held_out.test, &test);
        if (first_thread)
            finish_epoch(run, epoch, seconds, &valid, &test);
        mlp_team_wait(run->trainer);
        if (run->over)
            return;
    }
}

/* --- The run -------------------------------------------------------------------- */

static mlp_status make_predictor(const struct run *run, const mlp_dataset *data,
                                 struct mlp_predictor **out, mlp_error *error)
{
    if (!data)
        return MLP_OK;
    mlp_status status = mlp_model_check_data(run->model, data, error);
    return status == MLP_OK ? mlp_predictor_create(run->model, data->count,
                                                   mlp_trainer_threads(run->trainer), out, error)
                            : status;
}

static mlp_status check_monitor(const struct run *run, mlp_error *error)
{
    const mlp_train_options *o = run->options;
    const mlp_dataset *valid = run->held_out.valid;
    bool scores = o->monitor == MLP_MONITOR_SCORE || o->target_score <= 1;
    if (scores && !valid)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "a monitored or target score needs a validation set");
    /* Shares of classes have neither an accuracy nor an R2. */
    if (scores && mlp_loss_classifies(mlp_model_spec(run->model)->loss) && !valid->labels)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "a monitored or target score needs labels, the validation set has targets");
    return MLP_OK;
}

static mlp_status prepare(struct run *run, const mlp_checkpoint_options *checkpoints,
                          mlp_error *error)
{
    mlp_status status = mlp_model_check_usable(run->model, error);
    if (status == MLP_OK)
        status = check_monitor(run, error);
    if (status == MLP_OK)
        status = mlp_model_take_class_names(run->model, run->train, error);
    if (status == MLP_OK)
        status = mlp_model_take_columns(run->model, run->train, error);
    if (status == MLP_OK)
        status = mlp_trainer_create(run->model, run->train, run->options, MLP_PLAN_AUTO,
                                    &run->trainer, error);
    if (status != MLP_OK)
        return status;
    status = make_predictor(run, run->held_out.valid, &run->valid, error);
    if (status == MLP_OK)
        status = make_predictor(run, run->held_out.test, &run->test, error);
    bool keeps_best = run->options->restore_best || checkpoints->path;
    if (status == MLP_OK && keeps_best) {
        run->best = mlp_model_copy(run->model);
        if (!run->best)
            status = mlp_fail_memory(error, "the best weights");
    }
    run->schedule = mlp_schedule_begin(run->options, mlp_trainer_steps(run->trainer));
    run->first_sums = mlp_trainer_sums(run->trainer);
    return status == MLP_OK ? mlp_checkpoints_begin(run, checkpoints, error) : status;
}

/* Whether nothing but the weights goes from one epoch into the next. */
static bool weights_are_all(const struct run *run)
{
    const mlp_train_options *o = run->options;
    const mlp_spec *spec = mlp_model_spec(run->model);
    bool plain = !o->shuffle && o->optimizer == MLP_SGD && o->schedule.warmup_steps == 0 &&
                 o->schedule.kind == MLP_SCHEDULE_CONSTANT;
    for (size_t l = 0; l < spec->layer_count; l++)
        plain = plain && spec->layers[l].dropout == 0 && spec->layers[l].norm != MLP_NORM_BATCH;
    return plain && spec->loss == MLP_PERCEPTRON;
}

static const char advice[] = "try a smaller learning rate, gradient clipping, standardised inputs "
                             "or another initialisation";

static mlp_status fail_diverged(const struct run *run, mlp_error *error)
{
    char what[160];
    if (run->stop != MLP_STOP_DIVERGED)
        return mlp_fail(error, MLP_ERROR_DIVERGED,
                        "after %zu steps there are weights that are not finite: %s", run->steps,
                        advice);
    mlp_trainer_diagnose(run->trainer, what, sizeof what);
    return mlp_fail(error, MLP_ERROR_DIVERGED,
                    "epoch %zu, step %zu of the run: %s; the step is not taken: %s",
                    run->epochs + 1, run->steps + 1, what, advice);
}

static void run_team(struct run *run)
{
    int threads = mlp_trainer_threads(run->trainer);
#pragma omp parallel num_threads(threads)
    run_epochs(run);
}

/* Leaves the model with the weights that are wanted, and tells what the run did. */
static mlp_status end_run(struct run *run, mlp_train_result *result, mlp_error *error)
{
    mlp_status status = MLP_OK;
    bool restored = false;
    if (run->stop == MLP_STOP_DIVERGED || !mlp_model_is_finite(run->model)) {
        status = fail_diverged(run, error);
        run->stop = MLP_STOP_DIVERGED;
    }
    bool saved = mlp_checkpoints_finish(run);
    if (status == MLP_OK && run->options->restore_best && run->best_epoch > 0) {
        mlp_model_assign(run->model, run->best);
        restored = true;
    }
    if (!mlp_provenance_note(run->model, run->train, run->held_out.valid, run->options,
                             run->steps) &&
        status == MLP_OK)
        status = mlp_fail_memory(error, "the provenance of the model");
    if (result)
        *result = (mlp_train_result){
            .epochs = run->epochs,
            .steps = run->steps,
            .threads = mlp_trainer_threads(run->trainer),
            .stop = run->stop,
            .seconds = run->seconds,
            .best_epoch = run->best_epoch,
            .restored = restored,
            .checkpoint_failed = !saved,
        };
    return status;
}

mlp_status mlp_train(mlp_model *model, const mlp_dataset *train, const mlp_held_out *held_out,
                     const mlp_train_options *options, const mlp_callbacks *callbacks,
                     mlp_train_result *result, mlp_error *error)
{
    return mlp_train_resumable(model, train, held_out, options, NULL, callbacks, result, error);
}

mlp_status mlp_train_resumable(mlp_model *model, const mlp_dataset *train,
                               const mlp_held_out *held_out, const mlp_train_options *options,
                               const mlp_checkpoint_options *checkpoints,
                               const mlp_callbacks *callbacks, mlp_train_result *result,
                               mlp_error *error)
{
    static const mlp_checkpoint_options no_checkpoints;
    struct run run = {.model = model,
                      .train = train,
                      .options = options,
                      .callbacks = callbacks,
                      .cycle = {.limit = 1},
                      .best_value = INFINITY,
                      .epoch = 1,
                      .first_epoch = 1,
                      .last_step = SIZE_MAX};
    if (held_out)
        run.held_out = *held_out;
    mlp_status status = prepare(&run, checkpoints ? checkpoints : &no_checkpoints, error);
    if (status == MLP_OK) {
        run.cycle.possible = weights_are_all(&run);
        mlp_checkpoints_replay(&run);
        if (!run.over) /* a checkpoint's run may be */
            run_team(&run);
        status = end_run(&run, result, error);
    }
    mlp_checkpoints_end(&run);
    mlp_model_destroy(run.best);
    mlp_predictor_destroy(run.valid);
    mlp_predictor_destroy(run.test);
    mlp_trainer_destroy(run.trainer);
    return status;
}
