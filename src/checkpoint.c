/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "alloc.h"
#include "error.h"
#include "model.h"
#include "saver.h"
#include "settings.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Seconds until a checkpoint that could not be written is tried again, at most. */
static const double retry_interval = 10;

/* --- Names ------------------------------------------------------------------------ */

static bool add_ending(const char *path, const char *ending, char out[PATH_MAX])
{
    int length = snprintf(out, PATH_MAX, "%s%s", path, ending);
    return length > 0 && length < PATH_MAX;
}

static bool exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool mlp_checkpoint_exists(const char *path)
{
    char previous[PATH_MAX];
    return exists(path) || (add_ending(path, ".previous", previous) && exists(previous));
}

static void tell(const struct run *run, mlp_checkpoint_news news, const char *path,
                 const char *message)
{
    const mlp_checkpoint_options *o = &run->checkpoints.options;
    mlp_checkpoint_event event = {
        .news = news,
        .path = path,
        .epoch = run->epochs,
        .step = run->step,
        .message = message,
    };
    if (o->callback)
        o->callback(&event, o->user);
}

/* --- A run as a checkpoint has it ----------------------------------------------------- */

/* An end that the clock or the caller made is none for a run that goes on from it. */
static bool is_over(const struct run *run)
{
    return run->over && run->stop != MLP_STOP_CALLBACK && run->stop != MLP_STOP_TIME &&
           run->stop != MLP_STOP_STEPS;
}

static struct mlp_position position_of(const struct run *run)
{
    struct mlp_position position = {
        .epoch = run->epoch,
        .step = run->step,
        .steps = run->steps,
        .epochs = run->epochs,
        .over = is_over(run),
        .stop = is_over(run) ? run->stop : MLP_STOP_EPOCHS,
        .best_value = run->best_value,
        .best_epoch = run->best_epoch,
        .waited = run->waited,
        .plateau_lowest = run->schedule.lowest,
        .plateau_waited = run->schedule.waited,
        .plateau_drops = run->schedule.drops,
        .cycle_since = run->cycle.since,
        .cycle_limit = run->cycle.limit,
        .seconds = run->options->max_seconds > 0 ? run->seconds : 0,
        .sums = mlp_trainer_sums(run->trainer),
    };
    memcpy(position.cycle_saved, run->cycle.saved, sizeof position.cycle_saved);
    if (run->step == 0) { /* those of the epoch before are no more needed */
        position.sums.loss = 0;
        position.sums.hits = 0;
    }
    return position;
}

static struct mlp_snapshot snapshot_of(const struct run *run)
{
    const struct checkpointing *c = &run->checkpoints;
    struct mlp_snapshot snapshot = {
        .model = run->model,
        .best = run->options->restore_best ? run->best : NULL,
        .trainer = run->trainer,
        .layers = run->model->spec.layer_count,
        .epoch_steps = mlp_trainer_steps(run->trainer),
        .settings = c->settings,
        .position = position_of(run),
        .history = c->history,
    };
    memcpy(snapshot.data, c->data, sizeof c->data);
    memcpy(snapshot.valid, c->valid, sizeof c->valid);
    return snapshot;
}

static void restore(struct run *run, const struct mlp_snapshot *snapshot)
{
    const struct mlp_position *p = &snapshot->position;
    struct checkpointing *c = &run->checkpoints;
    run->epoch = run->first_epoch = p->epoch;
    run->step = run->first_step = p->step;
    run->first_sums = p->sums;
    run->steps = c->last_steps = p->steps;
    run->epochs = c->last_epochs = c->history_count = c->history_room = p->epochs;
    run->over = p->over != 0;
    run->stop = (mlp_stop)p->stop;
    run->best_value = p->best_value;
    run->best_epoch = c->best_saved = p->best_epoch;
    run->waited = p->waited;
    run->schedule.lowest = p->plateau_lowest;
    run->schedule.waited = p->plateau_waited;
    run->schedule.drops = p->plateau_drops;
    run->cycle.since = p->cycle_since;
    run->cycle.limit = p->cycle_limit;
    memcpy(run->cycle.saved, p->cycle_saved, sizeof run->cycle.saved);
    run->seconds = p->seconds;
    if (p->steps > 0) /* which an epoch that is only to be ended reports */
        run->rate = mlp_schedule_rate(&run->schedule, p->steps - 1);
    c->history = snapshot->history;
}

/* --- Going on ----------------------------------------------------------------------------- */

static mlp_status read_from(struct run *run, const char *path, bool *damaged, mlp_error *error)
{
    struct mlp_snapshot snapshot = snapshot_of(run);
    mlp_status status = mlp_checkpoint_read(path, &snapshot, damaged, error);
    if (status != MLP_OK)
        return status;
    restore(run, &snapshot);
    tell(run, MLP_CHECKPOINT_RESUMED, path, NULL);
    return MLP_OK;
}

/* Where the newest checkpoint is damaged or gone, the one before it does. */
static mlp_status resume(struct run *run, mlp_error *error)
{
    const char *path = run->checkpoints.options.resume;
    char previous[PATH_MAX];
    bool damaged, damaged_too;
    mlp_error reason, second;
    mlp_status status = read_from(run, path, &damaged, &reason);
    bool missing = status != MLP_OK && !exists(path);
    if (status != MLP_OK && (damaged || missing) && add_ending(path, ".previous", previous) &&
        exists(previous)) {
        tell(run, MLP_CHECKPOINT_DAMAGED, path, reason.message);
        status = read_from(run, previous, &damaged_too, &second);
        if (status != MLP_OK && damaged_too)
            return mlp_fail(error, status, "%.480s; and the one before it: %.480s", reason.message,
                            second.message);
        reason = second;
    }
    if (status != MLP_OK && error)
        *error = reason;
    return status;
}

mlp_status mlp_checkpoints_begin(struct run *run, const mlp_checkpoint_options *options,
                                 mlp_error *error)
{
    struct checkpointing *c = &run->checkpoints;
    c->options = *options;
    c->last_time = omp_get_wtime();
    if (!options->path && !options->resume)
        return MLP_OK;
    if (options->path && (!add_ending(options->path, ".previous", c->previous) ||
                          !add_ending(options->path, ".best", c->best)))
        return mlp_fail(error, MLP_ERROR_USAGE, "%s: is too long a name for a checkpoint",
                        options->path);
    c->settings = mlp_settings_json(run->model, run->options, mlp_dataset_classes(run->train));
    if (!c->settings)
        return mlp_fail_memory(error, "the settings of a checkpoint");
    mlp_dataset_hash(run->train, c->data);
    if (run->held_out.valid)
        mlp_dataset_hash(run->held_out.valid, c->valid);
    mlp_status status = options->resume ? resume(run, error) : MLP_OK;
    if (status != MLP_OK || !options->path)
        return status;
    c->best_copy = mlp_model_copy(run->model); /* with the names that the checkpoint had */
    c->saver = c->best_copy ? mlp_saver_create() : NULL;
    return c->saver ? MLP_OK : mlp_fail_memory(error, "the writer of checkpoints");
}

void mlp_checkpoints_replay(const struct run *run)
{
    const struct checkpointing *c = &run->checkpoints;
    for (size_t i = 0; i < c->history_count && run->callbacks && run->callbacks->epoch; i++) {
        const double *row = c->history + i * MLP_HISTORY_COLUMNS;
        mlp_progress progress = {
            .epoch = i + 1,
            .epochs = run->options->epochs,
            .step = (size_t)row[MLP_HISTORY_STEP],
            .samples_done = mlp_dataset_count(run->train),
            .samples = mlp_dataset_count(run->train),
            .samples_before = mlp_dataset_count(run->train),
            .loss = row[MLP_HISTORY_LOSS],
            .train_accuracy = row[MLP_HISTORY_TRAIN_ACCURACY],
            .learning_rate = row[MLP_HISTORY_LEARNING_RATE],
            .valid_loss = row[MLP_HISTORY_VALID_LOSS],
            .valid_score = row[MLP_HISTORY_VALID_SCORE],
            .test_loss = row[MLP_HISTORY_TEST_LOSS],
            .test_score = row[MLP_HISTORY_TEST_SCORE],
            .best = row[MLP_HISTORY_BEST] != 0,
            .model = run->model,
        };
        run->callbacks->epoch(&progress, run->callbacks->user);
    }
}

/* --- Writing --------------------------------------------------------------------------------- */

static bool grow_history(struct checkpointing *c)
{
    size_t room = c->history_room > 0 ? 2 * c->history_room : 64;
    double *more = mlp_alloc_uninitialized(room, MLP_HISTORY_COLUMNS * sizeof *more);
    if (!more)
        return false;
    if (c->history_count > 0)
        memcpy(more, c->history, c->history_count * MLP_HISTORY_COLUMNS * sizeof *more);
    mlp_free(c->history);
    c->history = more;
    c->history_room = room;
    return true;
}

void mlp_checkpoints_note(struct run *run, const mlp_progress *progress)
{
    struct checkpointing *c = &run->checkpoints;
    if (!c->saver || c->out_of_memory)
        return;
    if (c->history_count == c->history_room && !grow_history(c)) {
        c->out_of_memory = true;
        return;
    }
    double *row = c->history + c->history_count++ * MLP_HISTORY_COLUMNS;
    row[MLP_HISTORY_STEP] = (double)progress->step;
    row[MLP_HISTORY_LOSS] = progress->loss;
    row[MLP_HISTORY_TRAIN_ACCURACY] = progress->train_accuracy;
    row[MLP_HISTORY_LEARNING_RATE] = progress->learning_rate;
    row[MLP_HISTORY_VALID_LOSS] = progress->valid_loss;
    row[MLP_HISTORY_VALID_SCORE] = progress->valid_score;
    row[MLP_HISTORY_TEST_LOSS] = progress->test_loss;
    row[MLP_HISTORY_TEST_SCORE] = progress->test_score;
    row[MLP_HISTORY_BEST] = progress->best;
}

static void note_failure(struct run *run, const char *message)
{
    run->checkpoints.failed = true;
    tell(run, MLP_CHECKPOINT_FAILED, run->checkpoints.options.path, message);
}

/* Says what became of the one before; the saver is idle. */
static void take_result(struct run *run)
{
    mlp_error error;
    if (mlp_saver_result(run->checkpoints.saver, &error) != MLP_OK)
        note_failure(run, error.message);
}

static bool is_due(const struct run *run)
{
    const struct checkpointing *c = &run->checkpoints;
    const mlp_checkpoint_options *o = &c->options;
    if (o->every_steps > 0 && run->steps - c->last_steps >= o->every_steps)
        return true;
    if (o->every_epochs > 0 && run->epochs - c->last_epochs >= o->every_epochs)
        return true;
    if (!(o->every_seconds > 0) && !c->failed)
        return false;
    double since = omp_get_wtime() - c->last_time;
    return (o->every_seconds > 0 && since >= o->every_seconds) ||
           (c->failed && since >= retry_interval);
}

/* The best epoch's weights are written before a state that may know of them. */
static bool add_best(struct run *run, struct mlp_save *save)
{
    struct checkpointing *c = &run->checkpoints;
    if (run->best_epoch == c->best_saved)
        return false;
    mlp_model_assign(c->best_copy, run->best);
    *save = (struct mlp_save){.path = c->best, .model = c->best_copy};
    return true;
}

/* Hands a copy of the run to the saver, which is idle. */
static void write_state(struct run *run)
{
    struct checkpointing *c = &run->checkpoints;
    struct mlp_snapshot snapshot = snapshot_of(run);
    struct mlp_save saves[2];
    size_t count = add_best(run, &saves[0]);
    struct mlp_save *state = &saves[count];
    *state = (struct mlp_save){.path = c->options.path, .previous = c->previous};
    state->bytes = c->out_of_memory ? NULL : mlp_checkpoint_bytes(&snapshot, &state->size);
    c->last_time = omp_get_wtime();
    if (!state->bytes) {
        note_failure(run, "out of memory for a checkpoint");
        return;
    }
    if (count > 0)
        c->best_saved = run->best_epoch;
    c->last_steps = run->steps;
    c->last_epochs = run->epochs;
    c->failed = false;
    mlp_saver_start(c->saver, saves, count + 1);
}

void mlp_checkpoints_look(struct run *run)
{
    struct checkpointing *c = &run->checkpoints;
    if (!c->saver || !mlp_saver_idle(c->saver))
        return;
    take_result(run);
    if (is_due(run))
        write_state(run);
}

bool mlp_checkpoints_finish(struct run *run)
{
    struct checkpointing *c = &run->checkpoints;
    if (!c->saver)
        return true;
    mlp_saver_wait(c->saver);
    take_result(run);
    if (run->stop == MLP_STOP_DIVERGED)
        return !c->failed;
    write_state(run);
    mlp_saver_wait(c->saver);
    take_result(run);
    return !c->failed;
}

void mlp_checkpoints_end(struct run *run)
{
    mlp_saver_destroy(run->checkpoints.saver);
    mlp_model_destroy(run->checkpoints.best_copy);
    mlp_free(run->checkpoints.history);
    json_decref(run->checkpoints.settings);
}
