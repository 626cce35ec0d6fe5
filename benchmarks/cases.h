/* SPDX-License-Identifier: MIT */
/* What can be measured. The list follows from the table of instruction sets and
 * the library's registries: a new row there is a new case here. */
#ifndef MLP_BENCH_CASES_H
#define MLP_BENCH_CASES_H

#include "kernels.h"
#include "machine.h"
#include "options.h"
#include "step.h"

#include <mlp/status.h>

enum bench_group {
    BENCH_PRODUCTS, /* matrix products: share of the FMA peak */
    BENCH_KERNELS,  /* everything else in the table: share of the read bandwidth */
    BENCH_STEPS,    /* the training step of the reference net, and whole epochs */
    BENCH_WIDE,     /* the step of a net whose weights outgrow the cache */
    BENCH_GROUP_COUNT,
};

struct bench_case;

/* How the cases of a kind are run. */
struct bench_kind {
    /* Allocates and fills what the case needs. On failure `destroy` still is
     * called. */
    mlp_status (*prepare)(struct bench_case *test, mlp_error *error);
    /* Runs a thread's share `iterations` times; a bench_work_fn. */
    void (*run)(void *test, int thread, int threads, size_t iterations);
    /* Seconds of `iterations` by phase, summed over threads, in a run of its
     * own; NULL where there are no phases. */
    void (*profile)(struct bench_case *test, size_t iterations, double seconds[MLP_PHASE_COUNT]);
    void (*destroy)(struct bench_case *test);
};

struct bench_case {
    char name[64]; /* operation/what/shape/isa/tTHREADS; never changes its meaning */
    enum bench_group group;
    const struct bench_kind *kind;
    struct mlp_kernels kernels;
    int threads;
    bool by_default; /* measured where no --filter asks for it */

    double flops; /* of an iteration; 0 where bytes count */
    double bytes; /* read and written by an iteration; 0 where FLOPs count */
    double phase_flops[MLP_PHASE_COUNT];
    size_t working_set; /* floats that a thread touches, for the read ceiling */

    /* For the kind alone. */
    struct bench_shape shape;
    const void *what; /* a row of the kind's own table */
    size_t variant;   /* a row of the library's registry */
    const char *data; /* --data */
    void *state;
};

struct bench_cases {
    struct bench_case *items;
    size_t count, capacity;
    bool failed; /* an allocation did */
};

/* Appends a case of these names, everything else zero; NULL where there is no
 * memory. The pointer holds until the next call. */
struct bench_case *bench_cases_add(struct bench_cases *cases, const char *operation,
                                   const char *shape, const struct mlp_kernels *kernels,
                                   int threads);

/* What a list is made for. */
struct bench_plan {
    const struct bench_options *options;
    const struct mlp_kernels *kernels; /* the instruction set whose turn it is */
    int threads;                       /* the thread count whose turn it is */
    bool fastest;                      /* of the instruction sets that are measured */
    bool first_threads;                /* the first thread count */
};

/* Append the cases of a plan; products.c, elementwise.c, steps.c. */
void bench_add_products(struct bench_cases *cases, const struct bench_plan *plan);
void bench_add_elementwise(struct bench_cases *cases, const struct bench_plan *plan);
void bench_add_steps(struct bench_cases *cases, const struct bench_plan *plan);

/* Instruction sets to measure, as rows of mlp_isa_table(), ascending; returns
 * their number. MLP_ERROR_USAGE where --isa makes no sense. */
enum { BENCH_MAX_ISAS = 8 };
mlp_status bench_isas(const struct bench_options *options, size_t isas[BENCH_MAX_ISAS],
                      size_t *count, mlp_error *error);

/* All cases of these instruction sets that --filter lets through; `failed`
 * where there was no memory. */
struct bench_cases bench_cases_list(const struct bench_options *options, const size_t *isas,
                                    size_t isa_count);
void bench_cases_destroy(struct bench_cases *cases);

#endif
