/* SPDX-License-Identifier: MIT */
#include "train_run.h"

#include "interrupt.h"
#include "output.h"

#include <math.h>
#include <stdlib.h>

/* --- Callbacks ---------------------------------------------------------------------- */

/* Keeps what is told of an epoch. */
static void keep_epoch(struct run *run, const mlp_progress *now)
{
    if (run->epoch_count == run->epoch_room) {
        size_t room = run->epoch_room > 0 ? 2 * run->epoch_room : 64;
        mlp_progress *more = realloc(run->epochs, room * sizeof *more);
        if (!more) {
            run->out_of_memory = true;
            return;
        }
        run->epochs = more;
        run->epoch_room = room;
    }
    mlp_progress *kept = &run->epochs[run->epoch_count++];
    *kept = *now;
    kept->model = NULL;
}

static bool after_epoch(const mlp_progress *now, void *user)
{
    struct run *run = user;
    if (now->epoch > run->resumed)
        progress_epoch(&run->progress, now);
    run->valid_score = now->valid_score;
    run->test_score = now->test_score;
    keep_epoch(run, now);
    if (run->log)
        log_epoch(run->log, run->seed, now);
    return interrupt_signal() == 0 && !run->out_of_memory;
}

static bool within_epoch(const mlp_progress *now, void *user)
{
    struct run *run = user;
    progress_step(&run->progress, now);
    return interrupt_signal() == 0;
}

static void about_checkpoint(const mlp_checkpoint_event *event, void *user)
{
    struct run *run = user;
    switch (event->news) {
    case MLP_CHECKPOINT_RESUMED:
        run->resumed = event->epoch;
        talk("resumed  %s: after %zu epochs and %zu steps", event->path, event->epoch, event->step);
        break;
    case MLP_CHECKPOINT_DAMAGED:
        talk("mlp: warning: %s; trying the checkpoint before it", event->message);
        break;
    case MLP_CHECKPOINT_FAILED:
        progress_end(&run->progress);
        talk("mlp: warning: no checkpoint: %s; the run goes on, and will try again",
             event->message);
        break;
    }
}

static mlp_checkpoint_options checkpoints_of(struct run *run)
{
    enum { USUAL_SECONDS = 60 };
    const struct settings *s = run->setup->settings;
    mlp_checkpoint_options checkpoints = {
        .path = s->checkpoint,
        .every_steps = s->every_steps,
        .every_epochs = s->every_epochs,
        .every_seconds = option_given(s, "every") ? s->every_seconds : USUAL_SECONDS,
        .callback = about_checkpoint,
        .user = run,
    };
    if (s->resume && mlp_checkpoint_exists(s->resume))
        checkpoints.resume = s->resume;
    else if (s->resume)
        talk("resume   %s is not there yet: starting from the beginning", s->resume);
    return checkpoints;
}

/* --- The run ------------------------------------------------------------------------- */

/* Whether the weights are no more those that the last epoch was tested with. */
static bool has_moved(const struct run *run)
{
    size_t last = run->epoch_count;
    return last == 0 || run->result.steps != run->epochs[last - 1].step ||
           (run->result.restored && run->result.best_epoch != run->epochs[last - 1].epoch);
}

static int score(const struct run *run, const mlp_dataset *data, double *out)
{
    mlp_evaluation found;
    mlp_error error;
    if (!data)
        return MLP_OK;
    if (mlp_model_evaluate(run->model, data, run->result.threads, &found, &error) != MLP_OK)
        return fail_with(&error);
    *out = train_run_classifies(run) ? found.accuracy : found.r2;
    return MLP_OK;
}

/* Weights that came of a part of an epoch, or of an earlier one, are tested again. */
static int score_again(struct run *run)
{
    if (!has_moved(run))
        return MLP_OK;
    run->valid_score = run->test_score = (double)NAN;
    int status = score(run, run->setup->valid, &run->valid_score);
    return status == MLP_OK ? score(run, run->setup->test, &run->test_score) : status;
}

int train_run(struct run *run)
{
    const struct setup *setup = run->setup;
    mlp_callbacks callbacks = {.epoch = after_epoch, .step = within_epoch, .user = run};
    mlp_held_out held_out = {.valid = setup->valid, .test = setup->test};
    mlp_train_options options = setup->options;
    options.seed = run->seed;
    run->valid_score = run->test_score = (double)NAN;
    progress_begin(&run->progress, setup->spec.loss);
    mlp_checkpoint_options checkpoints = checkpoints_of(run);
    run->status = mlp_train_resumable(run->model, setup->train, &held_out, &options, &checkpoints,
                                      &callbacks, &run->result, &run->error);
    progress_end(&run->progress);
    if (run->status != MLP_OK && run->status != MLP_ERROR_DIVERGED)
        return fail_with(&run->error);
    if (run->out_of_memory)
        return fail(MLP_ERROR_INTERNAL, "out of memory for what is known of the epochs");
    return run->status == MLP_OK ? score_again(run) : MLP_OK;
}

/* --- About it ------------------------------------------------------------------------- */

bool train_run_classifies(const struct run *run)
{
    return mlp_loss_classifies(run->setup->spec.loss);
}

const char *train_stop_name(mlp_stop stop)
{
    static const char *const names[] = {
        [MLP_STOP_EPOCHS] = "epochs",     [MLP_STOP_CALLBACK] = "interrupted",
        [MLP_STOP_PATIENCE] = "patience", [MLP_STOP_TARGET] = "target",
        [MLP_STOP_TIME] = "time",         [MLP_STOP_SEPARATED] = "separated",
        [MLP_STOP_CYCLE] = "cycle",       [MLP_STOP_DIVERGED] = "diverged",
        [MLP_STOP_STEPS] = "steps",
    };
    return names[stop];
}

void train_run_end(struct run *run)
{
    free(run->epochs);
    mlp_model_destroy(run->model);
}
