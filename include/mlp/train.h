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

/* Where a run stands. */
typedef struct mlp_progress {
    size_t epoch;                 /* from 1 */
    size_t epochs;                /* planned */
    size_t samples_done, samples; /* of this epoch */
    double loss;                  /* mean over samples_done, in nats */
    double seconds;               /* spent on training this epoch, evaluation excluded */
    double test_accuracy;         /* fraction of 1; negative: not (yet) evaluated */
} mlp_progress;

/* Called on the thread that called mlp_train. Returning false stops the run
 * after the current step; the model then holds the weights so far. */
typedef bool mlp_progress_callback(const mlp_progress *progress, void *user);

typedef struct mlp_callbacks {
    mlp_progress_callback *epoch; /* after every epoch and its evaluation; may be NULL */
    mlp_progress_callback *step;  /* at most every 0.1 s within an epoch; may be NULL */
    void *user;
} mlp_callbacks;

/* What the run did. */
typedef struct mlp_train_result {
    size_t epochs;  /* completed */
    int threads;    /* used */
    bool stopped;   /* a callback returned false */
    double seconds; /* training, evaluation excluded */
} mlp_train_result;

/* Trains `model` in place on `train`, evaluating on `test` (may be NULL) after
 * every epoch. The weights afterwards are a function of the model's weights,
 * the data and the options alone, whatever the thread count and instruction
 * set. `callbacks` and `result` may be NULL; *result is written only on success.
 * MLP_ERROR_DATA where data and model do not fit, MLP_ERROR_USAGE for options out
 * of range (batch 0 or above train's count, a learning rate that is not finite and
 * positive, Adam's betas not in [0, 1) or epsilon not above 0, threads below 0 or
 * above 4096), MLP_ERROR_DIVERGED where an epoch's mean loss or a weight at the end
 * is not finite (the weights then are of no use, and their bits no promise),
 * MLP_ERROR_INTERNAL where memory is short. */
MLP_API mlp_status mlp_train(mlp_model *model, const mlp_dataset *train, const mlp_dataset *test,
                             const mlp_train_options *options, const mlp_callbacks *callbacks,
                             mlp_train_result *result, mlp_error *error);

#ifdef __cplusplus
}
#endif

#endif
