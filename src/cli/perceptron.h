/* SPDX-License-Identifier: MIT */
/* What a run of Rosenblatt's perceptron came to. */
#ifndef MLP_CLI_PERCEPTRON_H
#define MLP_CLI_PERCEPTRON_H

#include "train_run.h"

#include <jansson.h>

bool is_perceptron(const struct run *run);

/* Whether the data were separated, and if so the weights where they are few. */
void perceptron_print(const struct run *run);

/* Adds the same to the run's object. */
void perceptron_add_json(const struct run *run, json_t *object);

#endif
