/* SPDX-License-Identifier: MIT */
/* What mlp predict writes of samples, in every format that it knows. */
#ifndef MLP_CLI_PREDICTIONS_H
#define MLP_CLI_PREDICTIONS_H

#include "options.h"

/* Predictions that are being written by result() and its like. */
struct predictions {
    const mlp_model *model;
    size_t total;       /* of the samples */
    bool probabilities; /* of every class, not of the likeliest alone */
    const struct prediction_format *format;
};

/* Name of format i, as --format takes it; NULL past the end. */
const char *prediction_format_name(size_t i);

/* The format of this name; NULL where there is none. */
const struct prediction_format *prediction_format_find(const char *name);

/* The format that a file's ending names; NULL where it names none. */
const struct prediction_format *prediction_format_of_file(const char *path);

/* Whether it is not for people to look at; whether files may have it. */
bool prediction_format_is_binary(const struct prediction_format *format);
bool prediction_format_is_for_files(const struct prediction_format *format);

/* Whether predictions in this format begin like that. */
bool prediction_format_starts(const struct prediction_format *format, const char *start,
                              size_t count);

/* Write what comes before the first sample, and a sample: its outputs as mlp_model_predict gives
 * them, finite. */
void predictions_begin(const struct predictions *p);
void predictions_add(const struct predictions *p, size_t index, const float *outputs);

#endif
