/* SPDX-License-Identifier: MIT */
/* The training step: what mlp_train runs and mlp-bench measures. */
#ifndef MLP_SRC_STEP_H
#define MLP_SRC_STEP_H

#include <mlp/train.h>

#include <stdbool.h>
#include <stdint.h>

/* Where a step's time goes. */
enum mlp_phase {
    MLP_PHASE_GATHER,
    MLP_PHASE_FORWARD,
    MLP_PHASE_LOSS, /* the loss and its gradient at the outputs */
    MLP_PHASE_DX,
    MLP_PHASE_DW,   /* gradients of parameters and the optimizer */
    MLP_PHASE_WAIT, /* at barriers */
    MLP_PHASE_COUNT,
};

/* Seconds per phase, summed over threads. */
struct mlp_profile {
    double seconds[MLP_PHASE_COUNT];
};

/* "gather", "forward", ... */
const char *mlp_phase_name(enum mlp_phase phase);

/* The buffers and the plan of one run; borrows model and data. */
struct mlp_trainer;

/* How a step is cut into phases; the bits are the same. Batch normalisation always takes the
 * layered plan, which has all rows of a column at hand. */
enum mlp_plan {
    MLP_PLAN_AUTO,    /* layered where a layer's weights outgrow a core's cache */
    MLP_PLAN_SHARDED, /* two phases: rows of the minibatch, then weights */
    MLP_PLAN_LAYERED, /* one phase a layer and direction, on two-dimensional tiles */
};

/* Errors as mlp_train's. */
mlp_status mlp_trainer_create(mlp_model *model, const mlp_dataset *train,
                              const mlp_train_options *options, enum mlp_plan plan,
                              struct mlp_trainer **out, mlp_error *error);
void mlp_trainer_destroy(struct mlp_trainer *trainer);

/* Takes over the model's weights after they have been changed from outside. */
void mlp_trainer_reload(struct mlp_trainer *trainer);

/* Threads that the team must have. */
int mlp_trainer_threads(const struct mlp_trainer *trainer);

/* Minibatches in an epoch. */
size_t mlp_trainer_steps(const struct mlp_trainer *trainer);

/* From now on, time is added up by phase; NULL turns it off. */
void mlp_trainer_profile(struct mlp_trainer *trainer, struct mlp_profile *profile);

/* Team functions: all threads of an OpenMP parallel region of
 * mlp_trainer_threads() threads call them with the same arguments; they return
 * together. */

/* Waits for the whole team. */
void mlp_team_wait(struct mlp_trainer *trainer);

/* Starts an epoch (numbered from 1): draws its permutation and zeroes its loss. */
void mlp_team_begin_epoch(struct mlp_trainer *trainer, size_t epoch);

/* Runs the minibatch `step` (from 0) of the epoch; steps come in order. False where the step was
 * not taken because a loss or a gradient is not finite: the run is over. */
bool mlp_team_step(struct mlp_trainer *trainer, size_t step);

/* Computes the gradients of the minibatch `step` as mlp_team_step would, penalties and
 * clipping included, and keeps them: nothing is updated. */
void mlp_team_gradient(struct mlp_trainer *trainer, size_t step);

/* Copies what mlp_team_gradient has left for a layer to plain arrays: weight [out][in], bias,
 * scale and shift [out]; NULL is left out. Only between steps. */
void mlp_trainer_gradient(const struct mlp_trainer *trainer, size_t layer, float *weight,
                          float *bias, float *scale, float *shift);

/* Sum of the sample losses of the epoch so far, in ascending order of position.
 * Only between steps. */
double mlp_trainer_loss_sum(const struct mlp_trainer *trainer);

/* The share of the epoch's first `samples` samples whose class was right when they were met; NaN
 * where there are no classes. Only between steps. */
double mlp_trainer_accuracy(const struct mlp_trainer *trainer, size_t samples);

/* The learning rate from the next step on. Only by thread 0, between steps. */
void mlp_trainer_set_rate(struct mlp_trainer *trainer, double rate);

/* Says in words what was not finite, after a step that was not taken. */
void mlp_trainer_diagnose(const struct mlp_trainer *trainer, char *text, size_t size);

#endif
