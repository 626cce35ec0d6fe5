/* SPDX-License-Identifier: MIT */
#include "cases.h"

#include "alloc.h"
#include "peers.h"

#include <mlp/cpu.h>

#include <stdio.h>
#include <string.h>

/* The products of a training step of the reference net. */
static const struct bench_blas_shape blas_shapes[] = {
    {BENCH_NN, {256, 256, 784}}, {BENCH_NN, {256, 256, 256}}, {BENCH_NN, {256, 10, 256}},
    {BENCH_NT, {256, 256, 10}},  {BENCH_NT, {256, 256, 256}}, {BENCH_TN, {784, 256, 256}},
    {BENCH_TN, {256, 256, 256}}, {BENCH_TN, {256, 10, 256}},
};

void bench_each_blas_shape(const struct bench_options *options,
                           void add(void *context, const struct bench_blas_shape *shape),
                           void *context)
{
    for (size_t i = 0; options->shape_count == 0 && i < sizeof blas_shapes / sizeof blas_shapes[0];
         i++)
        add(context, &blas_shapes[i]);
    for (int t = 0; t < BENCH_TRANSPOSITION_COUNT; t++) {
        for (size_t i = 0; i < options->shape_count; i++) {
            const struct bench_asked_shape *asked = &options->shapes[i];
            struct bench_blas_shape shape = {(enum bench_transposition)t, asked->shape};
            if (asked->transpositions & 1u << t)
                add(context, &shape);
        }
    }
}

static bool make_room(struct bench_cases *cases)
{
    if (cases->count < cases->capacity)
        return true;
    size_t capacity = cases->capacity ? 2 * cases->capacity : 64;
    struct bench_case *items = mlp_alloc(capacity, sizeof *items);
    cases->failed = !items;
    if (!items)
        return false;
    if (cases->items)
        memcpy(items, cases->items, cases->count * sizeof *items);
    mlp_free(cases->items);
    cases->items = items;
    cases->capacity = capacity;
    return true;
}

struct bench_case *bench_cases_add(struct bench_cases *cases, const char *operation,
                                   const char *shape, const char *isa,
                                   const struct mlp_kernels *kernels, int threads)
{
    if (!make_room(cases))
        return NULL;
    struct bench_case *test = &cases->items[cases->count++];
    *test = (struct bench_case){.kernels = *kernels, .isa = isa, .threads = threads};
    snprintf(test->name, sizeof test->name, "%s/%s/%s/t%d", operation, shape, isa, threads);
    return test;
}

mlp_status bench_isas(const struct bench_options *options, size_t isas[BENCH_MAX_ISAS],
                      size_t *count, mlp_error *error)
{
    *count = 0;
    if (options->isa) {
        mlp_status status = mlp_isa_select(options->isa, error);
        if (status != MLP_OK)
            return status;
    }
    for (size_t i = 0; i < mlp_isa_count() && *count < BENCH_MAX_ISAS; i++) {
        if (options->isa ? strcmp(options->isa, mlp_isa_name(i)) == 0 : mlp_isa_supported(i))
            isas[(*count)++] = i;
    }
    return MLP_OK;
}

/* Leaves only what --suite and --filter let through. */
static void apply_filter(struct bench_cases *cases, const struct bench_options *options)
{
    size_t kept = 0;
    for (size_t i = 0; i < cases->count; i++) {
        struct bench_case *test = &cases->items[i];
        test->options = options;
        if (bench_options_match(options, test->suite, test->name))
            cases->items[kept++] = *test;
    }
    cases->count = kept;
}

struct bench_cases bench_cases_list(const struct bench_options *options, const size_t *isas,
                                    size_t isa_count)
{
    struct bench_cases cases = {0};
    for (size_t i = 0; i < isa_count; i++) {
        struct mlp_kernels kernels;
        mlp_kernels_fill(isas[i], &kernels);
        for (size_t t = 0; t < options->thread_count; t++) {
            struct bench_plan plan = {
                .options = options,
                .kernels = &kernels,
                .threads = options->threads[t],
                .fastest = i + 1 == isa_count,
                .first_threads = t == 0,
            };
            bench_add_products(&cases, &plan);
            bench_add_plain(&cases, &plan);
            bench_add_elementwise(&cases, &plan);
            bench_add_infer(&cases, &plan);
            bench_add_steps(&cases, &plan);
            bench_add_files(&cases, &plan);
        }
    }
    for (size_t t = 0; t < options->thread_count; t++)
        bench_add_peers(&cases, options, options->threads[t]);
    apply_filter(&cases, options);
    return cases;
}

void bench_cases_destroy(struct bench_cases *cases)
{
    mlp_free(cases->items);
    *cases = (struct bench_cases){0};
}

/* Where the name's `i`th part from the end begins: 0 threads, 1 instruction set,
 * 2 shape (with what stands before it in suites that have batches). */
static const char *part(const char *name, int i)
{
    const char *at = name + strlen(name);
    while (at > name && !(at[-1] == '/' && i-- == 0))
        at--;
    return at;
}

void bench_case_operation(const struct bench_case *test, char *text, size_t size)
{
    const char *shape = part(test->name, 2);
    if (test->suite == BENCH_INFER || (test->suite == BENCH_STEP && shape[0] == 'b'))
        shape = part(test->name, 3);
    int length = shape > test->name ? (int)(shape - test->name - 1) : 0;
    snprintf(text, size, "%.*s", length, test->name);
}

void bench_case_shape(const struct bench_case *test, char *text, size_t size)
{
    char operation[BENCH_NAME_SIZE];
    bench_case_operation(test, operation, sizeof operation);
    const char *shape = test->name + strlen(operation) + 1;
    snprintf(text, size, "%.*s", (int)(part(test->name, 1) - shape - 1), shape);
}

void bench_shape_text(struct bench_shape shape, char text[BENCH_SHAPE_SIZE])
{
    snprintf(text, BENCH_SHAPE_SIZE, "%zux%zux%zu", shape.m, shape.n, shape.k);
}

void bench_set_product(struct bench_case *test, enum bench_layout layout,
                       enum bench_transposition transposition, struct bench_shape shape)
{
    double m = (double)shape.m, n = (double)shape.n, k = (double)shape.k;
    test->suite = BENCH_GEMM;
    test->layout = layout;
    test->transposition = transposition;
    test->shape = shape;
    test->flops = 2 * m * n * k;
    test->bytes = sizeof(float) * (m * k + k * n + m * n);
    test->memory = test->bytes;
}

struct mlp_update bench_update(size_t variant)
{
    return (struct mlp_update){
        .optimizer = (enum mlp_optimizer)variant,
        .rate = 1e-6f,
        .beta1 = 0.9f,
        .rest1 = 0.1f,
        .rest2 = 0.001f,
        .epsilon = 1e-7f,
        .keep = 0.999999f,
    };
}

bench_time_fn *bench_case_timer(const struct bench_case *test)
{
    return test->kind->alone ? bench_alone_time : bench_team_time;
}

struct bench_case *bench_add_blas(struct bench_cases *cases, const struct bench_blas_shape *shape,
                                  const char *isa, const struct mlp_kernels *kernels, int threads)
{
    char operation[16], size[BENCH_SHAPE_SIZE];
    snprintf(operation, sizeof operation, "gemm/%s",
             bench_transposition_name(shape->transposition));
    bench_shape_text(shape->shape, size);
    struct bench_case *test = bench_cases_add(cases, operation, size, isa, kernels, threads);
    if (test)
        bench_set_product(test, BENCH_PLAIN, shape->transposition, shape->shape);
    return test;
}
