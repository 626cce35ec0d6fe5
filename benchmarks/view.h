/* SPDX-License-Identifier: MIT */
/* A run's document (the object that --json prints) as the pictures need it:
 * one flat row for each case. Whatever may be missing is: texts are "", numbers
 * NAN, arrays empty. */
#ifndef MLP_BENCH_VIEW_H
#define MLP_BENCH_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What lies beyond these shares the last place. */
enum {
    VIEW_MAX_SERIES = 32,
    VIEW_MAX_THREADS = 16,
    VIEW_MAX_LEVELS = 6,
};

enum view_bits { VIEW_UNCHECKED, VIEW_EQUAL, VIEW_DIFFERENT };

struct view_case {
    const json_t *json;
    const char *name;     /* with instruction set and threads */
    size_t kernel_length; /* of the name without them */
    const char *suite, *operation, *shape, *isa, *binding;
    bool peer;
    int threads;
    size_t series;               /* index into view.series */
    double median, minimum, mad; /* nanoseconds */
    double gflops, gigabytes;    /* per second */
    double intensity;            /* FLOP per byte */
    double share, share_of_peak; /* of the binding ceiling; of the FMA peak; 1 is all */
    double error;                /* in units of FLT_EPSILON */
    double samples;              /* per second */
    enum view_bits bits;         /* against the C kernels */
    bool wrong;                  /* the result is; a peer's other bits alone are not */
};

/* What a colour and a mark stand for: an instruction set of ours or a peer. */
struct view_series {
    const char *name;
    bool peer;
    size_t cases; /* that it has */
};

struct view_level {
    const char *name;
    double gigabytes; /* per second */
};

/* The ceilings of an instruction set with a number of threads. */
struct view_roof {
    const char *isa;
    int threads;
    double gflops;
    size_t level_count;
    struct view_level levels[VIEW_MAX_LEVELS]; /* from the core outwards */
};

struct view {
    const json_t *context;
    size_t case_count, series_count, thread_count, roof_count;
    struct view_case *cases;
    struct view_roof *roofs;
    struct view_series series[VIEW_MAX_SERIES];
    int threads[VIEW_MAX_THREADS]; /* of the cases, ascending */
};

/* False where there is no memory; view_clear is due in any case. The view
 * points into the document. */
bool view_create(struct view *out, const json_t *run);
void view_clear(struct view *view);

/* The roof of the fastest instruction set with so many threads, of those that
 * have cases if any has; NULL where there is none. */
const struct view_roof *view_fastest(const struct view *view, int threads);

/* Whether two cases differ in instruction set, peer and threads alone. */
bool view_same_kernel(const struct view_case *a, const struct view_case *b);

/* A member of an object: "" or NAN where there is none of this type. */
const char *view_text(const json_t *object, const char *key);
double view_number(const json_t *object, const char *key);
bool view_true(const json_t *object, const char *key);

#endif
