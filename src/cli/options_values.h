/* SPDX-License-Identifier: MIT */
/* The options' parsers: each takes its option's text into the settings, or says
 * what is wrong with it and returns an exit code. */
#ifndef MLP_CLI_OPTIONS_VALUES_H
#define MLP_CLI_OPTIONS_VALUES_H

#include "options.h"

#include <stdint.h>

/* --- What they have in common ------------------------------------------------ */

/* A whole number from `least` to `most` that takes all of `text`. */
int parse_whole(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *out);

/* The same from 1 to `most`. */
int parse_size(const char *option, const char *text, uint64_t most, size_t *out);

/* Where a real number may lie, also when it is rounded to a float. */
struct range {
    double least, most;
    bool open_below, open_above; /* whether these two are out themselves */
    const char *text;            /* "a number above 0" */
};
extern const struct range above_zero, from_zero, share;

/* A decimal number within `range` that takes all of `text`. */
int parse_real(const char *option, const char *text, const struct range *range, double *out);
int parse_float(const char *option, const char *text, const struct range *range, float *out);

/* --- Data -------------------------------------------------------------------- */

int parse_data(struct settings *s, const char *text);
int parse_test(struct settings *s, const char *text);
int parse_valid(struct settings *s, const char *text);
int parse_split(struct settings *s, const char *text);
int parse_label(struct settings *s, const char *text);
int parse_targets(struct settings *s, const char *text);
int parse_delimiter(struct settings *s, const char *text);
int parse_header(struct settings *s, const char *text);
int parse_labels(struct settings *s, const char *text);
int parse_standardize(struct settings *s, const char *text);

/* --- Network ----------------------------------------------------------------- */

int parse_recipe(struct settings *s, const char *text);
int parse_hidden(struct settings *s, const char *text);
int parse_activation(struct settings *s, const char *text);
int parse_norm(struct settings *s, const char *text);
int parse_dropout(struct settings *s, const char *text);
int parse_layers(struct settings *s, const char *text); /* after the four above */
int parse_output_activation(struct settings *s, const char *text);
int parse_loss(struct settings *s, const char *text);
int parse_map(struct settings *s, const char *text);
int parse_orientation(struct settings *s, const char *text);
int parse_huber_delta(struct settings *s, const char *text);
int parse_init(struct settings *s, const char *text);
int parse_bias_init(struct settings *s, const char *text);

/* --- Training ---------------------------------------------------------------- */

int parse_optimizer(struct settings *s, const char *text); /* before the five below */
int parse_lr(struct settings *s, const char *text);
int parse_momentum(struct settings *s, const char *text);
int parse_beta1(struct settings *s, const char *text);
int parse_beta2(struct settings *s, const char *text);
int parse_epsilon(struct settings *s, const char *text);
int parse_schedule(struct settings *s, const char *text);
int parse_warmup(struct settings *s, const char *text);
int parse_batch(struct settings *s, const char *text);
int parse_epochs(struct settings *s, const char *text);
int parse_shuffle(struct settings *s, const char *text);
int parse_no_shuffle(struct settings *s, const char *text);
int parse_class_weights(struct settings *s, const char *text);

int parse_weight_decay(struct settings *s, const char *text);
int parse_l1(struct settings *s, const char *text);
int parse_l2(struct settings *s, const char *text);
int parse_clip_norm(struct settings *s, const char *text);
int parse_clip_value(struct settings *s, const char *text);
int parse_label_smoothing(struct settings *s, const char *text);
int parse_patience(struct settings *s, const char *text);
int parse_min_delta(struct settings *s, const char *text);
int parse_monitor(struct settings *s, const char *text);
int parse_restore_best(struct settings *s, const char *text); /* after --patience */
int parse_no_restore_best(struct settings *s, const char *text);
int parse_target(struct settings *s, const char *text);

/* --- The run and its output -------------------------------------------------- */

int parse_max_seconds(struct settings *s, const char *text);
int parse_checkpoint(struct settings *s, const char *text);
int parse_every(struct settings *s, const char *text);
int parse_resume(struct settings *s, const char *text);
int parse_runs(struct settings *s, const char *text);
int parse_seed(struct settings *s, const char *text);
int parse_threads(struct settings *s, const char *text);
int parse_isa(struct settings *s, const char *text);
int parse_save(struct settings *s, const char *text);
int parse_c(struct settings *s, const char *text);
int parse_name(struct settings *s, const char *text);
int parse_log(struct settings *s, const char *text);
int parse_report(struct settings *s, const char *text);
int parse_onnx(struct settings *s, const char *text);
int parse_format(struct settings *s, const char *text);
int parse_output(struct settings *s, const char *text);
int parse_probabilities(struct settings *s, const char *text);
int parse_softmax(struct settings *s, const char *text);
int parse_top_k(struct settings *s, const char *text);
int parse_json(struct settings *s, const char *text);
int parse_help(struct settings *s, const char *text);

#endif
