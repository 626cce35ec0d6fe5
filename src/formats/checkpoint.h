/* SPDX-License-Identifier: MIT */
/* Checkpoints as files: a model's safetensors file (safetensors.h) with more in it. Tensors whose
 * names begin with "checkpoint." hold moments, the history and, where they are wanted at the end,
 * the weights of the best epoch; keys of the metadata that begin with "mlp.checkpoint" hold the
 * format's version, the settings, hashes of the data, the position, and a checksum: XXH3 with 128
 * bits of the whole file, with zeros in place of its own 32 digits.
 *
 * The bytes are a function of the run's settings, its data and the step alone. */
#ifndef MLP_SRC_FORMATS_CHECKPOINT_H
#define MLP_SRC_FORMATS_CHECKPOINT_H

#include "hash.h"
#include "model.h"
#include "safetensors.h"
#include "trainer_state.h"

#include <jansson.h>

#define MLP_CHECKPOINT_KEY "mlp.checkpoint"
#define MLP_CHECKPOINT_PREFIX "checkpoint."
#define MLP_CHECKPOINT_VERSION "1"

/* Where a run stands between two steps. */
struct mlp_position {
    size_t epoch, step; /* the epoch, from 1, and how many of its steps are done */
    size_t steps;       /* of the run, done */
    size_t epochs;      /* completed: rows of the history */
    size_t over, stop;  /* whether the run is over by itself, and then why (mlp_stop) */
    double best_value;  /* of the best epoch, as the monitor sees it */
    size_t best_epoch, waited;
    double plateau_lowest; /* as struct mlp_schedule_state has them */
    size_t plateau_waited, plateau_drops;
    size_t cycle_since, cycle_limit;
    char cycle_saved[65];
    double seconds; /* spent, where there is a limit on them; else 0 */
    struct mlp_trainer_sums sums;
};

/* What is kept of an epoch. */
enum mlp_history {
    MLP_HISTORY_STEP,
    MLP_HISTORY_LOSS,
    MLP_HISTORY_TRAIN_ACCURACY,
    MLP_HISTORY_LEARNING_RATE,
    MLP_HISTORY_VALID_LOSS,
    MLP_HISTORY_VALID_SCORE,
    MLP_HISTORY_TEST_LOSS,
    MLP_HISTORY_TEST_SCORE,
    MLP_HISTORY_BEST,
    MLP_HISTORY_COLUMNS,
};

/* A run as a checkpoint has it. All is borrowed. */
struct mlp_snapshot {
    mlp_model *model;
    mlp_model *best; /* the best epoch's weights, or NULL where they are not wanted at the end */
    struct mlp_trainer *trainer;
    size_t layers, epoch_steps; /* steps in an epoch */
    const json_t *settings;
    char data[MLP_HASH_TEXT], valid[MLP_HASH_TEXT]; /* "" where there is no validation set */
    struct mlp_position position;
    double *history; /* [position.epochs][MLP_HISTORY_COLUMNS], mlp_alloc'ed */
};

/* The checkpoint's bytes, mlp_alloc'ed; NULL where memory is short. */
unsigned char *mlp_checkpoint_bytes(const struct mlp_snapshot *snapshot, size_t *size);

/* Reads the checkpoint at `path` into the model, best and trainer of *snapshot, and its position
 * and history, which takes the place of the old one. Settings, hashes and the network are compared
 * first: nothing is changed where they differ. *damaged tells a file that is no complete checkpoint
 * from one that is of another run. */
mlp_status mlp_checkpoint_read(const char *path, struct mlp_snapshot *snapshot, bool *damaged,
                               mlp_error *error);

/* --- What saving and reading share -------------------------------------------- */

/* A number of a position. */
struct mlp_position_field {
    const char *key; /* "mlp.checkpoint.epoch" */
    size_t offset;   /* within struct mlp_position */
    bool is_double;
};

/* Field i; NULL past the end. */
const struct mlp_position_field *mlp_position_field(size_t i);

/* "checkpoint.0.weight.m" */
void mlp_checkpoint_moment_name(char name[2 * MLP_ST_TEXT], size_t layer,
                                const struct mlp_moment *moment);

/* The checksum of a whole file whose digits begin at byte `at`. */
void mlp_checkpoint_checksum(const unsigned char *file, size_t size, size_t at,
                             char out[MLP_HASH_TEXT]);

/* Where the checksum's digits are within the file's first `header` bytes; 0 where they are not. */
size_t mlp_checkpoint_find_checksum(const unsigned char *file, size_t header);

#endif
