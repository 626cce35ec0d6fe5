/* SPDX-License-Identifier: MIT */
/* Inside of a training run: what its loop (train.c) and its checkpoints (checkpoint.c) share. */
#ifndef MLP_SRC_RUN_H
#define MLP_SRC_RUN_H

#include <mlp/checkpoint.h>

#include "formats/checkpoint.h"
#include "predict.h"
#include "schedule.h"
#include "step.h"

#include <limits.h>
#include <stdatomic.h>

/* Looks for an epoch that ends with the weights that an earlier one ended with (Brent 1980): a
 * perceptron that sees the same samples in the same order then repeats itself forever. */
struct cycle {
    bool possible;  /* weights alone are what an epoch starts from */
    char saved[65]; /* fingerprint */
    size_t since, limit;
};

/* A run's checkpoints; without a path: none are written. */
struct checkpointing {
    mlp_checkpoint_options options;
    char previous[PATH_MAX], best[PATH_MAX]; /* names of the files beside options.path */
    struct mlp_saver *saver;
    json_t *settings;
    char data[MLP_HASH_TEXT], valid[MLP_HASH_TEXT];
    double *history; /* [][MLP_HISTORY_COLUMNS] */
    size_t history_count, history_room;
    double last_time;  /* of the newest checkpoint */
    size_t last_steps; /* and the run's steps and epochs then */
    size_t last_epochs;
    size_t best_saved;    /* the epoch that the file of the best one has */
    mlp_model *best_copy; /* what is written to it, while run.best may go on */
    bool failed;          /* the newest one could not be written */
    bool out_of_memory;   /* an epoch is missing from the history */
};

struct run {
    mlp_model *model;
    struct mlp_trainer *trainer;
    struct mlp_predictor *valid, *test; /* NULL where there is no such set */
    const mlp_dataset *train;
    mlp_held_out held_out;
    const mlp_train_options *options;
    const mlp_callbacks *callbacks;

    struct mlp_schedule_state schedule;
    struct cycle cycle;
    mlp_model *best; /* weights of the best epoch; NULL where they are not kept */
    double best_value;
    size_t best_epoch, waited; /* epochs since it */
    struct checkpointing checkpoints;

    /* Written by thread 0 before a barrier that the others read it after. */
    bool over; /* after an epoch */
    mlp_stop stop;
    _Atomic size_t last_step; /* no step of this epoch after this one */
    double seconds, last_call, epoch_start, rate;
    size_t epochs, steps;
    size_t epoch,
        step; /* where the run is: the epoch, from 1, and how many of its steps are done */

    /* Where it begins, and sums over the steps that are done there. */
    size_t first_epoch, first_step;
    struct mlp_trainer_sums first_sums;
};

/* Reads the checkpoint to go on from, where there is one, and prepares for writing. The run is
 * complete but for its first step. */
mlp_status mlp_checkpoints_begin(struct run *run, const mlp_checkpoint_options *options,
                                 mlp_error *error);

/* Thread 0, between two steps: writes a checkpoint where it is time to. */
void mlp_checkpoints_look(struct run *run);

/* Thread 0: keeps an epoch for the history. */
void mlp_checkpoints_note(struct run *run, const mlp_progress *progress);

/* Calls the epoch callback for the epochs of the history. */
void mlp_checkpoints_replay(const struct run *run);

/* Writes the last state, unless the run diverged, and waits for it; false where that failed. */
bool mlp_checkpoints_finish(struct run *run);

void mlp_checkpoints_end(struct run *run);

#endif
