/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "stats.h"
#include "threads.h"

#include <mlp/cpu.h>

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A dimension beyond this is a mistake, and products of two stay far from the
 * end of size_t. */
static const unsigned long most_dimension = 1 << 20;

static bool fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("mlp-bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return false;
}

/* A whole number of `least` to `most` at *text, which then points behind it. */
static bool read_number(const char **text, unsigned long least, unsigned long most,
                        unsigned long *out)
{
    if (**text < '0' || **text > '9')
        return false;
    char *end;
    errno = 0;
    *out = strtoul(*text, &end, 10);
    *text = end;
    return errno == 0 && *out >= least && *out <= most;
}

static bool set_help(struct bench_options *o, const char *text)
{
    (void)text;
    o->help = true;
    return true;
}

static bool set_version(struct bench_options *o, const char *text)
{
    (void)text;
    o->version = true;
    return true;
}

static bool set_list(struct bench_options *o, const char *text)
{
    (void)text;
    o->list = true;
    return true;
}

static bool set_json(struct bench_options *o, const char *text)
{
    (void)text;
    o->json = true;
    return true;
}

static bool set_filter(struct bench_options *o, const char *text)
{
    if (o->filtered)
        regfree(&o->filter);
    int code = regcomp(&o->filter, text, REG_EXTENDED | REG_NOSUB);
    o->filtered = code == 0;
    if (code == 0)
        return true;
    char reason[128];
    regerror(code, &o->filter, reason, sizeof reason);
    return fail("--filter '%s': %s", text, reason);
}

static bool set_isa(struct bench_options *o, const char *text)
{
    o->isa = text; /* looked up by mlp_isa_select, which knows the names */
    return true;
}

static bool set_data(struct bench_options *o, const char *text)
{
    o->data = text;
    return true;
}

static bool add_threads(struct bench_options *o, int threads)
{
    for (size_t i = 0; i < o->thread_count; i++) {
        if (o->threads[i] == threads)
            return true;
    }
    if (o->thread_count == BENCH_MAX_THREAD_COUNTS)
        return false;
    o->threads[o->thread_count++] = threads;
    return true;
}

static bool set_threads(struct bench_options *o, const char *text)
{
    o->thread_count = 0;
    for (const char *at = text;; at++) {
        unsigned long threads;
        if (!read_number(&at, 1, MLP_MAX_THREADS, &threads) || (*at && *at != ','))
            return fail("--threads '%s': expected numbers from 1 to %d with commas between", text,
                        MLP_MAX_THREADS);
        if (!add_threads(o, (int)threads))
            return fail("--threads '%s': more than %d numbers", text, BENCH_MAX_THREAD_COUNTS);
        if (!*at)
            return true;
    }
}

static bool set_shape(struct bench_options *o, const char *text)
{
    unsigned long size[3] = {0};
    const char *at = text;
    bool good = true;
    for (int i = 0; i < 3 && good; i++) {
        good = read_number(&at, 1, most_dimension, &size[i]) && *at == (i < 2 ? 'x' : 0);
        at++;
    }
    if (!good)
        return fail("--shape '%s': expected ROWSxCOLUMNSxK, each from 1 to %lu, as in 256x256x784",
                    text, most_dimension);
    if (o->shape_count == BENCH_MAX_SHAPES)
        return fail("--shape '%s': more than %d shapes", text, BENCH_MAX_SHAPES);
    o->shapes[o->shape_count++] = (struct bench_shape){size[0], size[1], size[2]};
    return true;
}

static bool set_min_time(struct bench_options *o, const char *text)
{
    char *end;
    o->min_time = strtod(text, &end);
    if (end == text || *end || !(o->min_time > 0 && o->min_time <= 3600))
        return fail("--min-time '%s': expected seconds above 0, up to 3600", text);
    return true;
}

static bool set_reps(struct bench_options *o, const char *text)
{
    const char *at = text;
    unsigned long reps = 0;
    if (!read_number(&at, BENCH_MIN_REPS, BENCH_MAX_REPS, &reps) || *at)
        return fail("--reps '%s': expected a number from %d to %d", text, BENCH_MIN_REPS,
                    BENCH_MAX_REPS);
    o->reps = reps;
    return true;
}

/* THE list of options: the parser and --help read it. */
static const struct row {
    const char *name, *argument, *help;
    bool (*set)(struct bench_options *options, const char *text);
} rows[] = {
    {"list", NULL, "print the names of all cases and stop", set_list},
    {"filter", "REGEX", "measure the cases whose name has a match (POSIX extended)", set_filter},
    {"isa", "NAME", "one instruction set instead of all (or environment MLP_ISA)", set_isa},
    {"threads", "N,N", "thread counts (default: 1 and all)", set_threads},
    {"shape", "MxNxK",
     "products of this shape instead of the reference net's;\n"
     "may be given again; rows x columns x length of the sums",
     set_shape},
    {"data", "FOLDER", "train on these IDX files instead of synthetic samples", set_data},
    {"min-time", "SECONDS", "time for each case, all repetitions together (default 0.1)",
     set_min_time},
    {"reps", "N", "repetitions at least, 9 to 99 (default 9)", set_reps},
    {"json", NULL, "print one JSON object instead of tables", set_json},
    {"help", NULL, "print this and stop", set_help},
    {"version", NULL, "print the version and stop", set_version},
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

void bench_options_help(void)
{
    puts("Usage: mlp-bench [OPTION]...\n"
         "Measures the machine's ceilings, the kernels and the training step. Without --filter,\n"
         "a selection of the cases that takes less than a minute on two cores.\n");
    for (int i = 0; i < ROW_COUNT; i++) {
        char left[32];
        snprintf(left, sizeof left, "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
                 rows[i].argument ? rows[i].argument : "");
        for (const char *line = rows[i].help; line;) {
            const char *end = strchr(line, '\n');
            printf("  %-20s  %.*s\n", left, end ? (int)(end - line) : (int)strlen(line), line);
            left[0] = 0;
            line = end ? end + 1 : NULL;
        }
    }
}

static void set_defaults(struct bench_options *o)
{
    const char *isa = getenv("MLP_ISA");
    *o = (struct bench_options){
        .isa = isa && *isa ? isa : NULL,
        .min_time = 0.1,
        .reps = BENCH_MIN_REPS,
    };
}

bool bench_options_parse(int argc, char **argv, struct bench_options *out)
{
    set_defaults(out);
    struct option table[ROW_COUNT + 1] = {{0}};
    int found;
    for (int i = 0; i < ROW_COUNT; i++)
        table[i] = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument,
                                   &found, i};
    opterr = 0;
    int code;
    while ((code = getopt_long(argc, argv, ":", table, NULL)) != -1) {
        if (code == ':')
            return fail("%s: its value is missing", argv[optind - 1]);
        if (code == '?' && optopt >= ' ') /* not the index of a row */
            return fail("unknown option '-%c' (see --help)", optopt);
        if (code == '?')
            return fail("'%s': unknown, ambiguous or without a value (see --help)",
                        argv[optind - 1]);
        if (!rows[found].set(out, optarg))
            return false;
    }
    if (optind < argc)
        return fail("'%s': no argument expected (see --help)", argv[optind]);
    if (out->thread_count == 0) {
        add_threads(out, 1);
        add_threads(out, mlp_default_threads());
    }
    return true;
}

void bench_options_clear(struct bench_options *options)
{
    if (options->filtered)
        regfree(&options->filter);
    options->filtered = false;
}

bool bench_options_match(const struct bench_options *options, const char *name)
{
    return !options->filtered || regexec(&options->filter, name, 0, NULL, 0) == 0;
}
