/* SPDX-License-Identifier: MIT */
/* From settings to what a run needs: data, network, options. */
#ifndef MLP_CLI_SETUP_H
#define MLP_CLI_SETUP_H

#include "options.h"

/* Starts zeroed; setup_end frees what is there. */
struct setup {
    const struct settings *settings;
    mlp_dataset *whole; /* that `train` and `valid` are parts of; NULL: it is not divided */
    mlp_dataset *train;
    mlp_dataset *valid, *test; /* NULL: none */
    const char *valid_source, *test_source;
    mlp_layer_spec layers[MAX_HIDDEN + 1];
    mlp_spec spec;             /* whose layers are these */
    mlp_train_options options; /* complete, class weights too */
};

/* Each says what is wrong and returns an exit code. */

/* Opens the training data alone, or what is held out as well. */
int setup_training_data(const struct settings *settings, struct setup *out);

/* Opens what a model was trained on: the training data as they are, and a validation set of its
 * own. */
int setup_verification_data(const struct settings *settings, struct setup *out);
int setup_all_data(const struct settings *settings, struct setup *out);

/* Makes spec and options of the settings and the data, and checks that they fit. */
int setup_network(struct setup *setup);

/* A new model with weights from `seed`, standardised where that is asked for. */
int setup_model(const struct setup *setup, uint64_t seed, mlp_model **out);

void setup_end(struct setup *setup);

#endif
