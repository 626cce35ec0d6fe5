/* SPDX-License-Identifier: MIT */
/* What runs came to, on stdout. */
#ifndef MLP_CLI_TRAIN_RESULT_H
#define MLP_CLI_TRAIN_RESULT_H

#include "scores.h"
#include "train_run.h"

/* A run as lines; `scores` is of what it was tested on, NULL where there is nothing. */
void train_result_print(const struct run *run, const struct scores *scores);

/* And as an object; NULL where memory is short. */
json_t *train_result_json(const struct run *run);

/* "test accuracy", "valid R2": what a run is scored by, on the test set where there is one. NULL
 * where there is neither. */
const char *train_score_name(const struct run *run);
double train_score(const struct run *run);

#endif
