/* SPDX-License-Identifier: MIT */
/* Small networks with small data for checks of gradients. */
#ifndef MLP_TESTS_GRADIENT_CASE_H
#define MLP_TESTS_GRADIENT_CASE_H

#include "gradient_check.h"

enum {
    CASE_COUNT = 30, /* samples, of which the first CASE_BATCH are the minibatch */
    CASE_BATCH = 13,
    CASE_FEATURES = 7,
    CASE_UNITS = 18, /* of the first layer: more than a panel */
    CASE_UNITS_2 = 16,
    CASE_OUTPUTS = 4, /* at most */
};

/* What a case is; outputs and loss have to be set, zero is a default for the rest. */
struct gradient_case {
    mlp_loss loss;
    size_t outputs;
    mlp_activation hidden, last;
    mlp_norm norm;
    float dropout;
    bool u8;          /* inputs, else f32 */
    bool targets;     /* else labels */
    bool weights;     /* of the samples */
    bool standardize; /* inputs, and targets of a regression */
    double l1, l2, smoothing;
    bool balanced, class_weights;
};

struct gradient_fixture {
    mlp_dataset *data;
    mlp_model *model; /* 7-18-16-outputs, random in every parameter */
    mlp_train_options options;
    uint8_t u8[CASE_COUNT * CASE_FEATURES], labels[CASE_COUNT];
    float f32[CASE_COUNT * CASE_FEATURES], targets[CASE_COUNT * CASE_OUTPUTS];
    float sample_weights[CASE_COUNT], class_weights[CASE_OUTPUTS];
};

/* The test fails where that fails. */
struct gradient_fixture *gradient_fixture_create(const struct gradient_case *c);
void gradient_fixture_destroy(struct gradient_fixture *fixture);

/* The name of a case for messages; static. */
const char *gradient_case_name(const struct gradient_case *c);

#endif
