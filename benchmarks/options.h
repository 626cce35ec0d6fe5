/* SPDX-License-Identifier: MIT */
#ifndef MLP_BENCH_OPTIONS_H
#define MLP_BENCH_OPTIONS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    BENCH_MAX_THREAD_COUNTS = 16,
    BENCH_MAX_SHAPES = 16,
};

struct bench_shape {
    size_t m, n, k; /* rows x columns x length of the chains */
};

/* What the command line asks for, defaults filled in. */
struct bench_options {
    bool help, version, list, json;
    bool filtered;
    regex_t filter;   /* only where `filtered` */
    const char *isa;  /* NULL: all that this machine can run */
    const char *data; /* folder of IDX files; NULL: synthetic samples */
    size_t thread_count;
    int threads[BENCH_MAX_THREAD_COUNTS]; /* each once, in the order given */
    size_t shape_count;                   /* 0: the reference shapes */
    struct bench_shape shapes[BENCH_MAX_SHAPES];
    double min_time; /* seconds that a case's repetitions take together, at least */
    size_t reps;     /* at least */
};

/* Reads the command line. False where it makes no sense, after one line on
 * stderr that says why. */
bool bench_options_parse(int argc, char **argv, struct bench_options *out);
void bench_options_clear(struct bench_options *options);

/* Whether --filter lets the name of a case through. */
bool bench_options_match(const struct bench_options *options, const char *name);

/* Prints the text of --help to stdout. */
void bench_options_help(void);

#endif
