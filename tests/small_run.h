/* SPDX-License-Identifier: MIT */
/* A training run of a few milliseconds with a checkpoint. */
#ifndef MLP_TESTS_SMALL_RUN_H
#define MLP_TESTS_SMALL_RUN_H

#include <mlp/mlp.h>

/* Fixture: folder_make and the data. */
void small_run_set_up(void);
void small_run_tear_down(void);

/* A new model. */
mlp_model *small_run_model(uint64_t seed);

struct small_run {
    uint64_t seed;
    size_t epochs, every_epochs; /* as the options of these names */
    bool resumes;                /* from `checkpoint` */
};

/* Trains with the checkpoint `checkpoint` in the folder, beside which the best weights are kept,
 * and makes *model, if given, of the trained one. Where the last checkpoint could not be written,
 * that is the error. *resumed: epochs that were trained before. */
mlp_status small_run(const struct small_run *run, mlp_model **model, size_t *resumed,
                     mlp_error *error);

/* Whether the file is a model that can be loaded. */
bool is_model(const char *path);

#endif
