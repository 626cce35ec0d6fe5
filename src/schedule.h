/* SPDX-License-Identifier: MIT */
/* The learning rate as a function of the step: the same bits everywhere, in double,
 * by + - * / alone. */
#ifndef MLP_SRC_SCHEDULE_H
#define MLP_SRC_SCHEDULE_H

#include <mlp/spec.h>

/* A run's schedule. Only MLP_SCHEDULE_PLATEAU changes it, after an epoch. */
struct mlp_schedule_state {
    mlp_schedule schedule;
    double learning_rate; /* options.learning_rate */
    size_t epoch_steps;   /* steps in an epoch */
    size_t epochs;        /* planned */
    double lowest;        /* loss of an epoch so far; at first infinity */
    size_t waited;        /* epochs since it was met, or since the last drop */
    size_t drops;         /* times that a plateau has lowered the rate */
};

/* MLP_ERROR_USAGE where the kind is unknown or one of its numbers is out of range
 * (mlp/spec.h); numbers that the kind does not use are not looked at. */
mlp_status mlp_schedule_check(const mlp_schedule *schedule, mlp_error *error);

/* The state before a run's first step; `epoch_steps` is at least 1. */
struct mlp_schedule_state mlp_schedule_begin(const mlp_train_options *options, size_t epoch_steps);

/* The learning rate of step `step` of the run, from 0. With e = step / epoch_steps, rounded
 * down, and t = step / (epochs * epoch_steps), at most 1, it is learning_rate times
 *   step:        factor^(e / every), rounded down
 *   exponential: factor^e
 *   cosine:      floor + (1 - floor) (1 + cos(pi t)) / 2
 *   one_cycle:   as PyTorch's OneCycleLR with its default numbers (cosines, 0.3, 25, 1e4)
 *   plateau:     factor^drops
 * and in the first warmup_steps steps that times (step + 1) / (warmup_steps + 1). Within
 * 1e-13 of the true value, relatively, for powers of factor up to the 400th. */
double mlp_schedule_rate(const struct mlp_schedule_state *state, size_t step);

/* Tells the schedule the monitored loss of the epoch that has ended. A plateau lowers the
 * rate when `every` epochs in a row had no loss below the lowest before, as Keras's
 * ReduceLROnPlateau with min_delta 0, and PyTorch's with threshold 0 and patience every - 1.
 * A NaN is no lower loss. */
void mlp_schedule_end_epoch(struct mlp_schedule_state *state, double loss);

#endif
