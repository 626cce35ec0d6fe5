/* SPDX-License-Identifier: MIT */
/* Runs of every kind that a report may have to tell of, without training. */
#ifndef MLP_TESTS_REPORT_CASES_H
#define MLP_TESTS_REPORT_CASES_H

#include "cli/report.h"

#include <stddef.h>

enum { CASE_EPOCHS = 4000, CASE_SETTINGS = 4 };

/* A report and what it borrows. */
struct report_case {
    struct report report;
    struct report_setting settings[CASE_SETTINGS];
    mlp_progress *epochs;
    mlp_model *model;
    mlp_dataset *whole, *data;
    float *f32, *targets, *outputs;
    uint8_t *labels;
    mlp_classification *classification;
    mlp_regression regression;
};

/* Name of case i: a word that makes a good file name; NULL past the end. */
const char *report_case_name(size_t i);

/* Makes case i; the test fails where that fails. Files go into the folder of folder.h. */
void report_case_make(size_t i, struct report_case *out);
void report_case_clear(struct report_case *report);

#endif
