/* SPDX-License-Identifier: MIT */
/* Training. */
#ifndef MLP_TRAIN_H
#define MLP_TRAIN_H

#include <mlp/dataset.h>
#include <mlp/model.h>
#include <mlp/spec.h>
#include <mlp/status.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a run stands. Values that are not known (yet) are NaN. */
typedef struct mlp_progress {
    size_t epoch;                 /* from 1 */
    size_t epochs;                /* planned */
    size_t step;                  /* steps done since the run began */
    size_t samples_done, samples; /* of this epoch */
    size_t samples_before;        /* of samples_done, those of an earlier run, without `seconds` */
    double loss;                  /* mean over samples_done, without penalties */
    double train_accuracy;        /* fraction of samples_done, as they were met; of classes */
    double learning_rate;         /* of the newest step */
    double seconds;               /* spent on training this epoch, evaluation excluded */
    double valid_loss, valid_score; /* of the validation set: accuracy, or R2 of a regression */
    double test_loss, test_score;   /* of the test set */
    bool best;                      /* the best epoch so far, by options.monitor */
    mlp_model *model;               /* the weights as they are; to be read only */
} mlp_progress;

/* Called on the thread that called mlp_train. Returning false stops the run
 * after the current step; the model then holds the weights so far. */
typedef bool mlp_progress_callback(const mlp_progress *progress, void *user);

typedef struct mlp_callbacks {
    mlp_progress_callback *epoch; /* after every epoch and its evaluation; may be NULL */
    mlp_progress_callback *step;  /* at most every 0.1 s within an epoch; may be NULL */
    void *user;
} mlp_callbacks;

/* Why a run ended. */
typedef enum mlp_stop {
    MLP_STOP_EPOCHS,    /* all epochs are done */
    MLP_STOP_CALLBACK,  /* a callback returned false */
    MLP_STOP_PATIENCE,  /* options.patience epochs were no better */
    MLP_STOP_TARGET,    /* options.target_score is reached */
    MLP_STOP_TIME,      /* options.max_seconds are over */
    MLP_STOP_SEPARATED, /* MLP_PERCEPTRON: an epoch without an error */
    MLP_STOP_CYCLE,     /* MLP_PERCEPTRON without shuffling: an epoch has ended with weights that an
                         * earlier one ended with, so that no later one will be without an error */
    MLP_STOP_DIVERGED,  /* see mlp_train */
    MLP_STOP_STEPS,     /* options.max_steps are done */
} mlp_stop;

/* What the run did. */
typedef struct mlp_train_result {
    size_t epochs;          /* completed */
    size_t steps;           /* done */
    int threads;            /* used */
    mlp_stop stop;          /* why it ended */
    double seconds;         /* training, evaluation excluded */
    size_t best_epoch;      /* by options.monitor; 0: none */
    bool restored;          /* the weights are those of the best epoch */
    bool checkpoint_failed; /* the last state could not be written (mlp_train_resumable) */
} mlp_train_result;

/* What a run may evaluate on; either may be NULL. */
typedef struct mlp_held_out {
    const mlp_dataset *valid; /* decides on the best epoch and on stopping */
    const mlp_dataset *test;  /* decides nothing */
} mlp_held_out;

/* Trains `model` in place on `train`, evaluating on what is held out (NULL:
 * nothing) after every epoch. The weights afterwards are a function of the model's
 * weights, the data and the options alone, whatever the thread count and
 * instruction set (max_seconds aside). `callbacks` and `result` may be NULL.
 * MLP_ERROR_DATA where data and model do not fit, MLP_ERROR_USAGE for options out
 * of range or that contradict each other. MLP_ERROR_DIVERGED where a loss, an
 * activation or a gradient is not finite: the step is not taken, the message names the
 * layer, the step and what to try, and the model keeps its last good weights. *result is
 * written on success and on MLP_ERROR_DIVERGED. MLP_ERROR_INTERNAL where memory is short. */
MLP_API mlp_status mlp_train(mlp_model *model, const mlp_dataset *train,
                             const mlp_held_out *held_out, const mlp_train_options *options,
                             const mlp_callbacks *callbacks, mlp_train_result *result,
                             mlp_error *error);

#ifdef __cplusplus
}
#endif

#endif
