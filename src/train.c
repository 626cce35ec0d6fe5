/* SPDX-License-Identifier: MIT */
#include <mlp/train.h>

#include "data.h"
#include "error.h"
#include "model.h"
#include "predict.h"
#include "step.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdint.h>

/* Seconds between two calls of the step callback. */
static const double callback_interval = 0.1;

struct run {
    struct mlp_trainer *trainer;
    struct mlp_predictor *predictor; /* NULL where there is no test set */
    const mlp_dataset *train, *test;
    const mlp_train_options *options;
    const mlp_callbacks *callbacks;

    /* Written by thread 0 before a barrier that the others read it after. */
    bool stop; /* after an epoch */
    bool diverged;
    _Atomic size_t last_step; /* a step callback's stop: no step after this one */
    double seconds, last_call;
    size_t epochs;
    double epoch_start;
};

static bool call(mlp_progress_callback *callback, const mlp_progress *progress, void *user)
{
    return !callback || callback(progress, user);
}

/* Thread 0, before a step: the callback within an epoch. */
static void report_step(struct run *run, size_t epoch, size_t step)
{
    size_t samples_done = step * run->options->batch;
    double now = omp_get_wtime();
    if (now - run->last_call < callback_interval)
        return;
    mlp_progress progress = {
        .epoch = epoch,
        .epochs = run->options->epochs,
        .samples_done = samples_done,
        .samples = run->train->count,
        .loss = mlp_trainer_loss_sum(run->trainer) / (double)samples_done,
        .seconds = now - run->epoch_start,
        .test_accuracy = -1,
    };
    if (!call(run->callbacks->step, &progress, run->callbacks->user))
        run->last_step = step;
    run->last_call = omp_get_wtime();
}

/* All threads: the steps of an epoch. False where a callback ended it early; a
 * stop that is asked for before a step is seen by all after it. */
static bool run_steps(struct run *run, size_t epoch)
{
    size_t steps = mlp_trainer_steps(run->trainer);
    bool reports = omp_get_thread_num() == 0 && run->callbacks && run->callbacks->step;
    for (size_t step = 0; step < steps; step++) {
        if (reports && step > 0)
            report_step(run, epoch, step);
        mlp_team_step(run->trainer, step);
        if (step >= run->last_step)
            return false;
    }
    return true;
}

/* Thread 0, after an epoch and its evaluation. */
static void finish_epoch(struct run *run, size_t epoch, double seconds, double accuracy)
{
    double loss = mlp_trainer_loss_sum(run->trainer) / (double)run->train->count;
    mlp_progress progress = {
        .epoch = epoch,
        .epochs = run->options->epochs,
        .samples_done = run->train->count,
        .samples = run->train->count,
        .loss = loss,
        .seconds = seconds,
        .test_accuracy = accuracy,
    };
    run->epochs = epoch;
    run->diverged = !isfinite(loss);
    if (run->diverged)
        run->stop = true;
    else if (run->callbacks && !call(run->callbacks->epoch, &progress, run->callbacks->user))
        run->stop = true;
}

/* All threads: the whole run. */
static void run_epochs(struct run *run)
{
    bool first_thread = omp_get_thread_num() == 0;
    for (size_t epoch = 1; epoch <= run->options->epochs; epoch++) {
        double start = omp_get_wtime();
        if (first_thread)
            run->epoch_start = run->last_call = start;
        mlp_team_begin_epoch(run->trainer, epoch);
        bool complete = run_steps(run, epoch);
        double seconds = omp_get_wtime() - start;
        if (first_thread)
            run->seconds += seconds;
        if (!complete)
            return;
        mlp_evaluation evaluation = {.accuracy = -1};
        if (run->predictor)
            mlp_team_evaluate(run->predictor, run->test, &evaluation);
        if (first_thread)
            finish_epoch(run, epoch, seconds, evaluation.accuracy);
        mlp_team_wait(run->trainer);
        if (run->stop)
            return;
    }
}

mlp_status mlp_train(mlp_model *model, const mlp_dataset *train, const mlp_dataset *test,
                     const mlp_train_options *options, const mlp_callbacks *callbacks,
                     mlp_train_result *result, mlp_error *error)
{
    struct run run = {.train = train,
                      .test = test,
                      .options = options,
                      .callbacks = callbacks,
                      .last_step = SIZE_MAX};
    mlp_status status =
        mlp_trainer_create(model, train, options, MLP_PLAN_AUTO, &run.trainer, error);
    if (status != MLP_OK)
        return status;
    int threads = mlp_trainer_threads(run.trainer);
    if (test) {
        status = mlp_model_check_data(model, test, error);
        if (status == MLP_OK)
            status = mlp_predictor_create(model, test->count, threads, &run.predictor, error);
    }
    if (status == MLP_OK) {
#pragma omp parallel num_threads(threads)
        run_epochs(&run);
        if (run.diverged)
            status = mlp_fail(error, MLP_ERROR_DIVERGED,
                              "the mean loss of epoch %zu is not finite: try a smaller learning "
                              "rate or another initialisation",
                              run.epochs);
        else if (!mlp_model_is_finite(model)) /* a step that no loss has seen the end of */
            status = mlp_fail(error, MLP_ERROR_DIVERGED,
                              "after %zu epochs there are weights that are not finite: try a "
                              "smaller learning rate or another initialisation",
                              run.epochs);
    }
    if (status == MLP_OK && result)
        *result = (mlp_train_result){
            .epochs = run.epochs,
            .threads = threads,
            .stopped = run.stop || run.last_step != SIZE_MAX,
            .seconds = run.seconds,
        };
    mlp_predictor_destroy(run.predictor);
    mlp_trainer_destroy(run.trainer);
    return status;
}
