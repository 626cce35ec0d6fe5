/* SPDX-License-Identifier: MIT */
/* How good a model is on a data set: for mlp eval, and at the end of mlp train. */
#ifndef MLP_CLI_SCORES_H
#define MLP_CLI_SCORES_H

#include <mlp/mlp.h>

#include <jansson.h>

/* Starts zeroed; scores_end frees what is there. */
struct scores {
    mlp_evaluation evaluation;
    float *outputs;              /* [count][outputs] */
    mlp_classification *classes; /* NULL where there are none */
    bool has_values;
    mlp_regression values;  /* where it has */
    bool shares;            /* the outputs are probabilities */
    const mlp_model *model; /* borrowed: says what the classes are called */
};

/* Runs the model on the data, which are called `source`. `top_k` 0: 5, or fewer where there are
 * not more than 5 classes. Says what is wrong and returns an exit code. */
int scores_of(const mlp_model *model, const mlp_dataset *data, const char *source, int threads,
              size_t top_k, struct scores *out);

/* Accuracy and more, or errors of the values, as lines of a result. */
void scores_print(const struct scores *scores);

/* Which classes are taken for which: a matrix where it fits, and the worst. */
void scores_print_confusion(const struct scores *scores);

/* All of it, as an object; NULL where memory is short. */
json_t *scores_json(const struct scores *scores);

void scores_end(struct scores *scores);

/* A finite number, else null. */
json_t *json_number(double value);

#endif
