/* SPDX-License-Identifier: MIT */
/* One training run, and what it told. */
#ifndef MLP_CLI_TRAIN_RUN_H
#define MLP_CLI_TRAIN_RUN_H

#include "log.h"
#include "progress.h"
#include "setup.h"

#include <stddef.h>
#include <stdint.h>

/* Starts zeroed but for the first four; train_run_end frees what is there. */
struct run {
    const struct setup *setup;
    uint64_t seed;
    struct log *log;  /* may be NULL */
    mlp_model *model; /* new; the run's own from here on */

    struct progress progress;
    mlp_progress *epochs; /* what each epoch's callback was told, without the model */
    size_t epoch_count, epoch_room;
    bool out_of_memory; /* for them */
    size_t resumed;     /* epochs that a checkpoint tells of */
    mlp_train_result result;
    mlp_status
        status; /* of mlp_train; MLP_OK or MLP_ERROR_DIVERGED where train_run does not fail */
    mlp_error error;
    double valid_score, test_score; /* of the weights as they are; NaN where there is no such set */
};

/* Trains. Says what goes wrong, divergence excepted, and returns an exit
 * code. */
int train_run(struct run *run);

/* What a run on labels is scored by: accuracy; R2 of values. */
bool train_run_classifies(const struct run *run);

/* The word for why a run ended. */
const char *train_stop_name(mlp_stop stop);

void train_run_end(struct run *run);

#endif
