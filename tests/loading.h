/* SPDX-License-Identifier: MIT */
#ifndef MLP_TESTS_LOADING_H
#define MLP_TESTS_LOADING_H

#include <mlp/model.h>

/* Loading the model fails for its content with one line that names the file
 * and says `reason`, and leaves nothing allocated. */
void expect_bad(const char *path, const char *reason);

void expect_good(const char *path);

/* A model of this spec whose numbers are easy to name: weight (o, i) of layer l is
 * (l + 1) + o + i / 8, bias o is -o - l / 2; scale, shift, running mean and variance o are
 * 1 / 2, 3 / 4, -5 / 4 and 3 / 2, each plus o. */
mlp_model *make_model(const mlp_spec *spec);

/* One that has everything: 2 -> 3 (GELU, batch normalisation, dropout 0.2) -> 1, the Huber loss
 * of delta 0.3, inputs and targets standardised. */
enum { FULL_INPUTS = 2, FULL_HIDDEN = 3 };
mlp_model *full_model(void);

/* Gives a model of one output standardisation of its inputs and, with `targets`, of its targets. */
void standardize(mlp_model *model, bool targets);

#endif
