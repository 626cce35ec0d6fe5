/* SPDX-License-Identifier: MIT */
/* A training run as one HTML page that needs nothing else: no network, no script. */
#ifndef MLP_CLI_REPORT_H
#define MLP_CLI_REPORT_H

#include <mlp/mlp.h>

#include <stddef.h>

struct report_setting {
    const char *name, *value;
};

/* What a page is made of. Zeroed members are left out of it; nothing is taken over. */
struct report {
    const char *title;                     /* NULL: "mlp train" */
    const struct report_setting *settings; /* as they were used, defaults included */
    size_t setting_count;
    const mlp_progress *epochs; /* a copy of what each epoch's callback was told */
    size_t epoch_count;
    const mlp_model *model;
    const mlp_dataset *data; /* what the model was evaluated on */
    const char *data_name;   /* "test" or "validation"; NULL: "held-out" */
    const float *outputs;    /* [count][outputs] of `data`, as mlp_model_predict gives them */
    const mlp_classification *classification; /* of `data`; NULL where it has no classes */
    const mlp_regression *regression;         /* of `data`; NULL where it has no values */
    const char *fingerprint, *isa;
    int threads;
    double seconds;      /* of the whole command; 0: not told */
    const char *command; /* that repeats the run */
    mlp_train_result result;
};

/* Writes the page by mlp_file_write (src/file.h): whole, or `path` is as it was. Errors are
 * that function's, and MLP_ERROR_INTERNAL where memory is short. */
mlp_status report_write(const char *path, const struct report *report, mlp_error *error);

#endif
