/* SPDX-License-Identifier: MIT */
/* What can be measured. The list follows from the table of instruction sets, the
 * library's registries and the peers that are loaded: a new row there is a new
 * case here. */
#ifndef MLP_BENCH_CASES_H
#define MLP_BENCH_CASES_H

#include "check.h"
#include "kernels.h"
#include "options.h"
#include "step.h"
#include "team.h"

#include <mlp/status.h>

struct bench_case;
struct bench_peer;

/* Percentiles of the time of single calls, in seconds. */
struct bench_latency {
    size_t calls;
    double p50, p99, p999;
};

/* How the cases of a kind are run. What is NULL does not apply. */
struct bench_kind {
    /* Allocates and fills what the case needs. On failure `destroy` still is
     * called. */
    mlp_status (*prepare)(struct bench_case *test, mlp_error *error);
    /* Runs a thread's share `iterations` times; a bench_work_fn. */
    bench_work_fn *run;
    /* `run` is called by one thread alone and makes threads of its own. */
    bool alone;
    /* Compares the result with the C kernels' bits and with float64. Before
     * anything is timed. False where there is no memory. */
    bool (*check)(struct bench_case *test, struct bench_check *out);
    /* Flushes the operands, or of them the weights only, to memory. */
    void (*flush)(struct bench_case *test, bool weights_only);
    /* Seconds of `iterations` by phase, summed over threads, in a run of its
     * own. */
    void (*profile)(struct bench_case *test, size_t iterations, double seconds[MLP_PHASE_COUNT]);
    /* Times calls one by one; false where there is no memory. */
    bool (*latency)(struct bench_case *test, struct bench_latency *out);
    void (*destroy)(struct bench_case *test);
};

/* Whose layout a product's operands have. */
enum bench_layout {
    BENCH_NO_PRODUCT,
    BENCH_TRAINER, /* packed beforehand, as a training step has them */
    BENCH_PLAIN,   /* row-major arrays of the caller's; packing is part of the time */
};

enum { BENCH_NAME_SIZE = 80 };

struct bench_case {
    char name[BENCH_NAME_SIZE]; /* operation/what/shape/isa/tTHREADS; never changes its meaning */
    enum bench_suite suite;
    const struct bench_kind *kind;
    struct mlp_kernels kernels; /* of a peer's case: what its ceilings are measured with */
    const char *isa;            /* the instruction set's name or the peer's */
    const struct bench_peer *peer;
    int threads;
    bool by_default; /* measured where no --filter asks for it */
    enum bench_layout layout;
    enum bench_transposition transposition; /* of products */

    double flops;   /* of an iteration; kernels that only move values: 1 for each */
    double bytes;   /* of an iteration: every operand once, twice where read and written */
    double weights; /* bytes of a net's weights, of prediction */
    double samples; /* of an iteration, of training and prediction */
    double phase_flops[MLP_PHASE_COUNT];
    bool by_bytes; /* people want GB/s rather than GFLOP/s */
    bool no_fma;   /* computes little: only memory is a ceiling */
    double memory; /* bytes of all operands: where they are kept decides which ceiling binds */

    /* For the kind alone. */
    struct bench_shape shape;
    const void *what; /* a row of the kind's own table */
    size_t variant;   /* a row of the library's registry */
    size_t batch;
    const struct bench_options *options;
    void *state;
};

struct bench_cases {
    struct bench_case *items;
    size_t count, capacity;
    bool failed; /* an allocation did */
};

/* Appends a case of these names with the instruction set `isa` (or a peer's
 * name), everything else zero; NULL where there is no memory. The pointer holds
 * until the next call. */
struct bench_case *bench_cases_add(struct bench_cases *cases, const char *operation,
                                   const char *shape, const char *isa,
                                   const struct mlp_kernels *kernels, int threads);

/* What a list is made for. */
struct bench_plan {
    const struct bench_options *options;
    const struct mlp_kernels *kernels; /* the instruction set whose turn it is */
    int threads;                       /* the thread count whose turn it is */
    bool fastest;                      /* of the instruction sets that are measured */
    bool first_threads;                /* the first thread count */
};

/* Append the cases of a plan: products.c, plain.c, elementwise.c, infer.c,
 * steps.c, files.c. */
void bench_add_products(struct bench_cases *cases, const struct bench_plan *plan);
void bench_add_plain(struct bench_cases *cases, const struct bench_plan *plan);
void bench_add_elementwise(struct bench_cases *cases, const struct bench_plan *plan);
void bench_add_infer(struct bench_cases *cases, const struct bench_plan *plan);
void bench_add_steps(struct bench_cases *cases, const struct bench_plan *plan);
void bench_add_files(struct bench_cases *cases, const struct bench_plan *plan);

/* A product as BLAS has it. */
struct bench_blas_shape {
    enum bench_transposition transposition;
    struct bench_shape shape;
};

/* Calls `add` with each shape that products from plain arrays are measured at:
 * --shape's or the reference net's. */
void bench_each_blas_shape(const struct bench_options *options,
                           void add(void *context, const struct bench_blas_shape *shape),
                           void *context);

/* Instruction sets to measure, as rows of mlp_isa_table(), ascending; returns
 * their number. MLP_ERROR_USAGE where --isa makes no sense. */
enum { BENCH_MAX_ISAS = 8 };
mlp_status bench_isas(const struct bench_options *options, size_t isas[BENCH_MAX_ISAS],
                      size_t *count, mlp_error *error);

/* All cases of these instruction sets, and of the peers, that --suite and
 * --filter let through; `failed` where there was no memory. */
struct bench_cases bench_cases_list(const struct bench_options *options, const size_t *isas,
                                    size_t isa_count);
void bench_cases_destroy(struct bench_cases *cases);

/* Appends the case of a plain product, whose kind is still to be set; NULL where there is no
 * memory. `isa` stands in its name. */
struct bench_case *bench_add_blas(struct bench_cases *cases, const struct bench_blas_shape *shape,
                                  const char *isa, const struct mlp_kernels *kernels, int threads);

/* Fills in what the cases of a product have in common. */
void bench_set_product(struct bench_case *test, enum bench_layout layout,
                       enum bench_transposition transposition, struct bench_shape shape);

/* The constants with which optimizer `variant` is measured. */
struct mlp_update bench_update(size_t variant);

/* How the runs of a case are timed. */
bench_time_fn *bench_case_timer(const struct bench_case *test);

/* "256x256x784". */
enum { BENCH_SHAPE_SIZE = 32 };
void bench_shape_text(struct bench_shape shape, char text[BENCH_SHAPE_SIZE]);

/* A name without its shape, instruction set and threads: "gemm/forward". */
void bench_case_operation(const struct bench_case *test, char *text, size_t size);

/* The name's part with the shape: "256x256x784". */
void bench_case_shape(const struct bench_case *test, char *text, size_t size);

#endif
