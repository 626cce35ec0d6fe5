/* SPDX-License-Identifier: MIT */
/* Running `mlp-bench` from tests. */
#ifndef MLP_TESTS_BENCH_SHELL_H
#define MLP_TESTS_BENCH_SHELL_H

#include <jansson.h>
#include <stdbool.h>

/* As short as a measurement can be. */
#define QUICK "--min-time 0.0001 --reps 10 "

/* What the last command printed to stdout and stderr. */
extern char *out, *err;

/* A checked fixture: an empty folder in which commands run. */
void shell_set_up(void);

/* Runs a shell command in the folder, where $BENCH is the program; returns its
 * exit code. */
int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

void expect_success(const char *command);

/* Fails with `code`, one line on stderr that says `reason`, and no result. */
void expect_failure(int code, const char *reason, const char *command);

/* `out` as JSON; the caller's. */
json_t *parse_output(void);

double number(const json_t *object, const char *key);
const char *text_of(const json_t *object, const char *key);

/* Whether a line of `out` begins with `start`. */
bool line_begins(const char *start);

/* The median of a case in a run's document. */
const json_t *find_result(const json_t *run, const char *name);

/* Calls with the median of every case. */
#define each_result(run, i, result)                                                                \
    json_array_foreach(json_object_get(run, "benchmarks"), i,                                      \
                       result) if (json_object_get(result, "aggregate_name"))

#endif
