/* SPDX-License-Identifier: MIT */
/* Runs the programs in a temporary folder. */
#ifndef MLP_TESTS_PROGRAM_H
#define MLP_TESTS_PROGRAM_H

#include "folder.h"

#include <check.h>
#include <jansson.h>
#include <stdbool.h>

/* Fixture: folder_make and empty files `out` and `err`. */
void shell_set_up(void);

/* Images in the folder's `data`, of SIDE x SIDE pixels, ten classes; sample i
 * has label 7 i mod 10. */
enum { SIDE = 4, TRAIN_COUNT = 200, TEST_COUNT = 50 };

/* Fixture: shell_set_up and the data. */
void program_set_up(void);

/* Writes an IDX file of images or labels. */
void put_idx(const char *name, unsigned count, unsigned side, bool labels);

/* Whether the thread sanitizer watches: it keeps a part of its memory in a file, which no limit on
 * the size of files may meet. */
#if defined(__has_feature)
#define UNDER_TSAN __has_feature(thread_sanitizer)
#elif defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#else
#define UNDER_TSAN 0
#endif

/* What the last run wrote; freed by the next one. */
extern char *out, *err;

/* Reads both again. */
void read_output(void);

/* Runs a shell command in the folder, where $MLP and $BENCH are `mlp` and `mlp-bench`; returns
 * its exit code. */
int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Options of a training that takes no time. */
#define SMALL "--data data --hidden 8 --batch 32 --epochs 2 --threads 1 "

/* The command fails with `code` and one line that says `reason`; it prints no
 * result and leaves the folder's files alone. */
void expect_failure(int code, const char *reason, const char *command);

void expect_success(const char *command);

/* Trains and saves `model`. */
void save_model(void);

json_t *parse_json(const char *text);

/* The object that the command prints. */
json_t *json_of(const char *command);

/* Members that have to be there. */
const char *text_at(const json_t *object, const char *key);
double number_at(const json_t *object, const char *key);

/* Runs the tests; the exit code of a test program: 77, with a word, where this
 * machine cannot run the program by itself. */
int program_run(Suite *suite);

#endif
