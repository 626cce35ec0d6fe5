/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "cli/suggest.h"
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

static const unsigned long most_width = 1 << 16, most_batch = 60000;

const char *bench_suite_name(enum bench_suite suite)
{
    static const char *const names[BENCH_SUITE_COUNT] = {"gemm", "elementwise", "infer",
                                                         "step", "epoch",       "files"};
    return names[suite];
}

const char *bench_transposition_name(enum bench_transposition transposition)
{
    static const char *const names[BENCH_TRANSPOSITION_COUNT] = {"nn", "nt", "tn", "tt"};
    return names[transposition];
}

static const char *const cold_names[] = {"none", "weights", "all"};

const char *bench_cold_name(enum bench_cold cold)
{
    return cold_names[cold];
}

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

/* "all", then the suites. */
static const char *suite_choice(size_t i, const void *context)
{
    (void)context;
    if (i == 0)
        return "all";
    return i <= BENCH_SUITE_COUNT ? bench_suite_name((enum bench_suite)(i - 1)) : NULL;
}

static bool set_suite(struct bench_options *o, const char *text)
{
    o->suites = 0;
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ","), i = 0;
        while (suite_choice(i, NULL) && (strlen(suite_choice(i, NULL)) != length ||
                                         strncmp(suite_choice(i, NULL), at, length) != 0))
            i++;
        if (!suite_choice(i, NULL)) {
            char word[32];
            snprintf(word, sizeof word, "%.*s", (int)(length < 31 ? length : 31), at);
            const char *near = suggest(word, suite_choice, NULL);
            return fail(
                "--suite '%s': expected gemm, elementwise, infer, step, epoch, files or all%s%s%s",
                text, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
        }
        o->suites |= i ? 1u << (i - 1) : (1u << BENCH_SUITE_COUNT) - 1;
        at += length;
        if (!*at)
            return true;
    }
}

static bool set_filter(struct bench_options *o, const char *text)
{
    if (o->filtered)
        regfree(&o->filter);
    int code = regcomp(&o->filter, text, REG_EXTENDED | REG_NOSUB);
    o->filtered = code == 0;
    o->filter_text = text;
    if (code == 0)
        return true;
    char reason[128];
    regerror(code, &o->filter, reason, sizeof reason);
    return fail("--filter '%s': %s", text, reason);
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

/* "nn/" and the like at *text, which then points behind it; all of them where
 * there is none. */
static unsigned read_transposition(const char **text)
{
    for (int t = 0; t < BENCH_TRANSPOSITION_COUNT; t++) {
        const char *name = bench_transposition_name((enum bench_transposition)t);
        if (strncmp(*text, name, 2) == 0 && (*text)[2] == '/') {
            *text += 3;
            return 1u << t;
        }
    }
    return 1u << BENCH_NN | 1u << BENCH_NT | 1u << BENCH_TN;
}

static bool set_shape(struct bench_options *o, const char *text)
{
    unsigned long size[3] = {0};
    const char *at = text;
    unsigned transpositions = read_transposition(&at);
    bool good = true;
    for (int i = 0; i < 3 && good; i++) {
        good = read_number(&at, 1, most_dimension, &size[i]) && *at == (i < 2 ? 'x' : 0);
        at++;
    }
    if (!good)
        return fail("--shape '%s': expected ROWSxCOLUMNSxK, each from 1 to %lu, as in 256x256x784 "
                    "or tn/784x256x256",
                    text, most_dimension);
    if (o->shape_count == BENCH_MAX_SHAPES)
        return fail("--shape '%s': more than %d shapes", text, BENCH_MAX_SHAPES);
    o->shapes[o->shape_count++] = (struct bench_asked_shape){
        {size[0], size[1], size[2]},
        transpositions,
    };
    return true;
}

static bool set_hidden(struct bench_options *o, const char *text)
{
    o->hidden_count = 0;
    for (const char *at = text;; at++) {
        unsigned long width;
        if (!read_number(&at, 1, most_width, &width) || (*at && *at != ','))
            return fail("--hidden '%s': expected widths from 1 to %lu with commas between", text,
                        most_width);
        if (o->hidden_count == BENCH_MAX_HIDDEN)
            return fail("--hidden '%s': more than %d layers", text, BENCH_MAX_HIDDEN);
        o->hidden[o->hidden_count++] = width;
        if (!*at)
            return true;
    }
}

static bool set_batch(struct bench_options *o, const char *text)
{
    const char *at = text;
    unsigned long batch = 0;
    if (!read_number(&at, 1, most_batch, &batch) || *at)
        return fail("--batch '%s': expected a number from 1 to %lu", text, most_batch);
    o->batch = batch;
    return true;
}

static bool set_cold_cache(struct bench_options *o, const char *text)
{
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, cold_names[i]) == 0) {
            o->cold = (enum bench_cold)i;
            return true;
        }
    }
    return fail("--cold-cache '%s': expected none, weights or all", text);
}

static bool set_counters(struct bench_options *o, const char *text)
{
    o->no_counters = strcmp(text, "off") == 0;
    if (o->no_counters || strcmp(text, "auto") == 0)
        return true;
    return fail("--counters '%s': expected auto or off", text);
}

static bool set_cblas(struct bench_options *o, const char *text)
{
    if (o->library_count == BENCH_MAX_LIBRARIES)
        return fail("--cblas '%s': more than %d libraries", text, BENCH_MAX_LIBRARIES);
    o->libraries[o->library_count++] = text;
    return true;
}

static bool set_seconds(struct bench_options *o, const char *text)
{
    char *end;
    o->seconds = strtod(text, &end);
    if (end == text || *end || !(o->seconds > 0 && o->seconds <= 86400))
        return fail("--seconds '%s': expected seconds above 0, up to 86400", text);
    return true;
}

static bool set_compare(struct bench_options *o, const char *text)
{
    o->compare_old = text; /* NEW follows as an argument */
    return true;
}

static bool set_threshold(struct bench_options *o, const char *text)
{
    char *end;
    double percent = strtod(text, &end);
    if (end != text && *end == '%')
        end++;
    if (end == text || *end || !(percent > 0 && percent <= 1000))
        return fail("--threshold '%s': expected per cent above 0, up to 1000, as in 5%%", text);
    o->threshold = percent / 100;
    return true;
}

static bool set_min_time(struct bench_options *o, const char *text)
{
    char *end;
    o->min_time = strtod(text, &end);
    if (end == text || *end || !(o->min_time >= 1e-6 && o->min_time <= 3600))
        return fail("--min-time '%s': expected seconds from 1e-6 to 3600", text);
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

#define MEMBER(name) offsetof(struct bench_options, name)

/* THE list of options: the parser and --help read it. */
static const struct row {
    const char *name, *argument, *help;
    bool (*set)(struct bench_options *options, const char *text); /* or NULL: then */
    size_t member; /* is a bool that becomes true, or a text that is taken as it is */
} rows[] = {
    {"list", NULL, "print the names of all cases and stop", NULL, MEMBER(list)},
    {"suite", "NAME,NAME", "gemm, elementwise, infer, step, epoch, files or all (default)",
     set_suite, 0},
    {"filter", "REGEX",
     "measure the cases whose name has a match (POSIX extended),\n"
     "also those that a run without it leaves out",
     set_filter, 0},
    {"shape", "[tn/]MxNxK",
     "products of this shape instead of the reference net's: rows x\n"
     "columns x length of the sums; nn/, nt/, tn/ or tt/ says which\n"
     "operand is stored transposed (default: nn, nt and tn); may be\n"
     "given again",
     set_shape, 0},
    {"isa", "NAME", "one instruction set instead of all (or environment MLP_ISA)", NULL,
     MEMBER(isa)},
    {"threads", "N,N", "thread counts (default: 1 and all)", set_threads, 0},
    {"hidden", "N,N", "hidden layers of the net of step, infer and epoch", set_hidden, 0},
    {"batch", "N", "minibatch of step and epoch, samples of a call of infer", set_batch, 0},
    {"data", "FOLDER", "train on these IDX files instead of synthetic samples", NULL, MEMBER(data)},
    {"cblas", "LIB.so",
     "measure this library's cblas_sgemm as well, in the same run; may\n"
     "be given again",
     set_cblas, 0},
    {"min-time", "SECONDS", "time for each case, all repetitions together (default 0.1)",
     set_min_time, 0},
    {"reps", "N", "repetitions at least, 9 to 99 (default 9)", set_reps, 0},
    {"pin", NULL, "bind each thread to a CPU of its own", NULL, MEMBER(pin)},
    {"cold-cache", "WHAT", "none (default), weights or all: flushed before every iteration",
     set_cold_cache, 0},
    {"counters", "WHEN", "auto (default) or off: the CPU's performance counters", set_counters, 0},
    {"dry-run", NULL, "print what would be measured, and how long it takes; stop", NULL,
     MEMBER(dry_run)},
    {"record", "CASE", "run one case and nothing else, to be watched by perf", NULL,
     MEMBER(record)},
    {"seconds", "N", "how long --record runs (default 10)", set_seconds, 0},
    {"json", NULL, "print one JSON object in Google Benchmark's schema, no tables", NULL,
     MEMBER(json)},
    {"csv", NULL, "print a line of comma-separated values for each case, no tables", NULL,
     MEMBER(csv)},
    {"html", "FILE", "write a page with charts as well", NULL, MEMBER(html)},
    {"svg", "FILE", "write the roofline as a picture as well", NULL, MEMBER(svg)},
    {"compare", "OLD NEW",
     "compare two runs' JSON files instead of measuring; exit code 1\n"
     "where a case has become slower beyond the threshold and the noise",
     set_compare, 0},
    {"threshold", "N%", "of --compare (default 5%)", set_threshold, 0},
    {"help", NULL, "print this and stop", NULL, MEMBER(help)},
    {"version", NULL, "print the version and stop", NULL, MEMBER(version)},
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
            printf("  %-19s  %.*s\n", left, end ? (int)(end - line) : (int)strlen(line), line);
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
        .suites = (1u << BENCH_SUITE_COUNT) - 1,
        .min_time = 0.1,
        .reps = BENCH_MIN_REPS,
    };
}

static bool take_option(struct bench_options *o, const struct row *row, const char *text)
{
    char *member = (char *)o + row->member;
    if (row->set)
        return row->set(o, text);
    if (row->argument)
        *(const char **)(void *)member = text;
    else
        *(bool *)(void *)member = true;
    return true;
}

bool bench_options_parse(int argc, char **argv, struct bench_options *out)
{
    set_defaults(out);
    out->argc = argc;
    out->argv = argv;
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
        if (!take_option(out, &rows[found], optarg))
            return false;
    }
    if (out->compare_old) {
        if (optind == argc)
            return fail("--compare: expected two files, OLD.json NEW.json");
        out->compare_new = argv[optind++];
    }
    if (optind < argc)
        return fail("'%s': no argument expected (see --help)", argv[optind]);
    if (out->seconds > 0 && !out->record)
        return fail("--seconds: only with --record");
    if (out->threshold > 0 && !out->compare_old)
        return fail("--threshold: only with --compare");
    if ((out->compare_old || out->record || out->dry_run || out->list) &&
        (out->json || out->csv || out->html || out->svg))
        return fail("--json, --csv, --html and --svg: only where results are measured, not with "
                    "--compare, --record, --dry-run or --list");
    out->seconds = out->seconds > 0 ? out->seconds : 10;
    out->threshold = out->threshold > 0 ? out->threshold : 0.05;
    if (out->record && out->cold != BENCH_WARM)
        return fail("--record runs with warm caches: it cannot be had with --cold-cache");
    if (out->json && out->csv)
        return fail("--json and --csv: only one of them can be printed");
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

bool bench_options_match(const struct bench_options *options, enum bench_suite suite,
                         const char *name)
{
    if (!(options->suites & 1u << suite))
        return false;
    return !options->filtered || regexec(&options->filter, name, 0, NULL, 0) == 0;
}
