/* SPDX-License-Identifier: MIT */
#include "cases.h"

#include "alloc.h"

#include <mlp/cpu.h>

#include <stdio.h>
#include <string.h>

struct bench_case *bench_cases_add(struct bench_cases *cases, const char *operation,
                                   const char *shape, const struct mlp_kernels *kernels,
                                   int threads)
{
    if (cases->count == cases->capacity) {
        size_t capacity = cases->capacity ? 2 * cases->capacity : 64;
        struct bench_case *items = mlp_alloc(capacity, sizeof *items);
        if (!items) {
            cases->failed = true;
            return NULL;
        }
        if (cases->items)
            memcpy(items, cases->items, cases->count * sizeof *items);
        mlp_free(cases->items);
        cases->items = items;
        cases->capacity = capacity;
    }
    struct bench_case *test = &cases->items[cases->count++];
    *test = (struct bench_case){.kernels = *kernels, .threads = threads};
    snprintf(test->name, sizeof test->name, "%s/%s/%s/t%d", operation, shape, kernels->isa,
             threads);
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

/* Leaves only what --filter matches. */
static void apply_filter(struct bench_cases *cases, const struct bench_options *options)
{
    size_t kept = 0;
    for (size_t i = 0; i < cases->count; i++) {
        if (bench_options_match(options, cases->items[i].name))
            cases->items[kept++] = cases->items[i];
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
            bench_add_elementwise(&cases, &plan);
            bench_add_steps(&cases, &plan);
        }
    }
    apply_filter(&cases, options);
    return cases;
}

void bench_cases_destroy(struct bench_cases *cases)
{
    mlp_free(cases->items);
    *cases = (struct bench_cases){0};
}
