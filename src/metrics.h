/* SPDX-License-Identifier: MIT */
#ifndef MLP_SRC_METRICS_H
#define MLP_SRC_METRICS_H

#include <mlp/metrics.h>

/* R2 of predictions and targets, [count][outputs] each, as mlp_regression has it. Predictions
 * need not be finite. */
double mlp_r_squared(const float *predictions, const float *targets, size_t count, size_t outputs);

#endif
