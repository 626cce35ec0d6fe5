/* SPDX-License-Identifier: MIT */
#ifndef MLP_BENCH_OPTIONS_H
#define MLP_BENCH_OPTIONS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    BENCH_MAX_THREAD_COUNTS = 16,
    BENCH_MAX_SHAPES = 16,
    BENCH_MAX_HIDDEN = 4,
    BENCH_MAX_LIBRARIES = 8,
};

/* Groups of cases, in the order in which they are measured and printed. */
enum bench_suite {
    BENCH_GEMM,        /* matrix products */
    BENCH_ELEMENTWISE, /* everything else in the table of kernels */
    BENCH_INFER,       /* latency and throughput of prediction */
    BENCH_STEP,        /* the training step */
    BENCH_EPOCH,       /* whole epochs */
    BENCH_FILES,       /* opening data and models */
    BENCH_SUITE_COUNT,
};

const char *bench_suite_name(enum bench_suite suite);

/* Which operand of a product is stored transposed, as BLAS has it. */
enum bench_transposition {
    BENCH_NN,
    BENCH_NT, /* B is stored [n][k] */
    BENCH_TN, /* A is stored [k][m] */
    BENCH_TT,
    BENCH_TRANSPOSITION_COUNT,
};

static inline bool bench_a_transposed(enum bench_transposition transposition)
{
    return transposition == BENCH_TN || transposition == BENCH_TT;
}

static inline bool bench_b_transposed(enum bench_transposition transposition)
{
    return transposition == BENCH_NT || transposition == BENCH_TT;
}

/* "nn", "nt", "tn", "tt". */
const char *bench_transposition_name(enum bench_transposition transposition);

struct bench_shape {
    size_t m, n, k; /* rows x columns x length of the chains */
};

/* A shape of --shape. */
struct bench_asked_shape {
    struct bench_shape shape;
    unsigned transpositions; /* bit 1 << BENCH_NN and so on */
};

/* What happens to the caches before every timed iteration. */
enum bench_cold {
    BENCH_WARM,
    BENCH_COLD_WEIGHTS, /* the weights (operand B) are flushed to memory */
    BENCH_COLD_ALL,     /* all operands are */
};

const char *bench_cold_name(enum bench_cold cold);

/* What the command line asks for, defaults filled in. */
struct bench_options {
    int argc; /* the command line itself */
    char **argv;
    bool help, version, list, dry_run, json, csv, pin, no_counters;
    unsigned suites; /* bit 1 << suite */
    bool filtered;
    const char *filter_text;
    regex_t filter;   /* only where `filtered` */
    const char *isa;  /* NULL: all that this machine can run */
    const char *data; /* folder of IDX files; NULL: synthetic samples */
    size_t thread_count;
    int threads[BENCH_MAX_THREAD_COUNTS]; /* each once, in the order given */
    size_t shape_count;                   /* 0: the reference shapes */
    struct bench_asked_shape shapes[BENCH_MAX_SHAPES];
    size_t hidden_count; /* 0: the reference net */
    size_t hidden[BENCH_MAX_HIDDEN];
    size_t batch;    /* 0: the recipe's; for `infer` several */
    double min_time; /* seconds that a case's repetitions take together, at least */
    size_t reps;     /* at least */
    enum bench_cold cold;
    size_t library_count;
    const char *libraries[BENCH_MAX_LIBRARIES]; /* --cblas */
    const char *record;                         /* name of a case, or NULL */
    double seconds;                             /* of --record */
    const char *html, *svg;                     /* files, or NULL */
    const char *compare_old, *compare_new;      /* files, or NULL */
    double threshold;                           /* of --compare: 0.05 is 5 % */
};

/* Reads the command line. False where it makes no sense, after one line on
 * stderr that says why. */
bool bench_options_parse(int argc, char **argv, struct bench_options *out);
void bench_options_clear(struct bench_options *options);

/* Whether --suite and --filter let a case through. */
bool bench_options_match(const struct bench_options *options, enum bench_suite suite,
                         const char *name);

/* Prints the text of --help to stdout. */
void bench_options_help(void);

#endif
