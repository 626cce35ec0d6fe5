/* SPDX-License-Identifier: MIT */
/* The matrix products of a training step, through the functions that the
 * trainer calls and in its layout. */
#include "cases.h"

#include "alloc.h"
#include "claims.h"
#include "error.h"
#include "gemm.h"
#include "model.h"
#include "random.h"
#include "team.h"

#include <stdio.h>
#include <string.h>

/* A product C[m x n] over k. What the letters are:
 *              rows m        columns n      k
 *   forward    samples       outputs        inputs
 *   dx         samples       inputs         outputs
 *   dw         inputs        outputs        samples   (and the other way round
 *              outputs       inputs         samples    for narrow layers) */
struct product {
    const char *name;
    struct bench_kind kind;
    bool gradient; /* dw */
    bool updates;  /* one case for each optimizer */
    size_t shape_count;
    struct bench_shape shapes[3]; /* of the reference net */
};

struct arrays {
    size_t a_stride, b_stride, c_stride;
    float *a, *b, *c, *y, *bias, *m, *v;
    struct mlp_claims claims; /* the units of a weight gradient */
};

static void run_forward(void *context, int thread, int threads, size_t iterations)
{
    const struct bench_case *test = context;
    const struct arrays *s = test->state;
    struct mlp_forward_epilogue epilogue = {s->bias, MLP_RELU};
    size_t row, rows = bench_share(test->shape.m, thread, threads, &row);
    for (size_t i = 0; i < iterations && rows; i++)
        mlp_forward_product(&test->kernels, rows, mlp_panels(test->shape.n), test->shape.k,
                            s->a + row * MLP_NR, s->a_stride, s->b, s->b_stride,
                            s->c + row * MLP_NR, s->c_stride, &epilogue);
}

static void run_dx(void *context, int thread, int threads, size_t iterations)
{
    const struct bench_case *test = context;
    const struct arrays *s = test->state;
    size_t row, rows = bench_share(test->shape.m, thread, threads, &row);
    struct mlp_dx_epilogue epilogue = {s->y + row * MLP_NR, s->c_stride, MLP_RELU};
    for (size_t i = 0; i < iterations && rows; i++)
        mlp_dx_product(&test->kernels, rows, mlp_panels(test->shape.n), test->shape.k,
                       s->a + row * MLP_NR, s->a_stride, s->b, s->b_stride, s->c + row * MLP_NR,
                       s->c_stride, &epilogue);
}

/* The units of a weight gradient are the trainer's: chunks of rows x panels. */
static double unit_rows(const void *context, size_t unit)
{
    const struct bench_case *test = context;
    size_t chunk = unit / mlp_panels(test->shape.n), height = test->shape.m;
    return (double)(mlp_dw_chunk_start(height, chunk + 1) - mlp_dw_chunk_start(height, chunk));
}

static void run_gradient(const struct bench_case *test, const struct mlp_update *update, int thread)
{
    const struct arrays *s = test->state;
    size_t height = test->shape.m, panels = mlp_panels(test->shape.n);
    const struct mlp_share *share = &s->claims.shares[thread];
    for (size_t unit = share->begin; unit < share->end; unit++) {
        size_t panel = unit % panels, chunk = unit / panels;
        size_t row = mlp_dw_chunk_start(height, chunk);
        size_t rows = mlp_dw_chunk_start(height, chunk + 1) - row;
        size_t at = panel * s->c_stride + row * MLP_NR;
        mlp_dw_product(&test->kernels, rows, test->shape.k, s->a + row / MLP_NR * s->a_stride,
                       s->a_stride, s->b + panel * s->b_stride, update, s->c + at, s->m + at,
                       s->v + at);
    }
}

static void run_dw(void *context, int thread, int threads, size_t iterations)
{
    (void)threads;
    for (size_t i = 0; i < iterations; i++)
        run_gradient(context, NULL, thread);
}

static void run_dw_update(void *context, int thread, int threads, size_t iterations)
{
    (void)threads;
    const struct bench_case *test = context;
    struct mlp_update update = {
        .optimizer = (enum mlp_optimizer)test->variant,
        .rate = 1e-6f,
        .rest1 = 0.1f,
        .rest2 = 0.001f,
        .epsilon = 1e-7f,
    };
    for (size_t i = 0; i < iterations; i++)
        run_gradient(test, &update, thread);
}

/* Fills [n] with values in [-0.5, 0.5). */
static float *random_array(size_t n, uint64_t *index)
{
    float *values = mlp_alloc_uninitialized(n, sizeof *values);
    uint32_t words[4];
    for (size_t i = 0; values && i < n; i++) {
        if (i % 4 == 0)
            mlp_random(1, MLP_RANDOM_BENCH, 0, (*index)++, words);
        values[i] = mlp_random_unit(words[i % 4]) - 0.5f;
    }
    return values;
}

static mlp_status prepare(struct bench_case *test, mlp_error *error)
{
    const struct product *product = test->what;
    size_t m = test->shape.m, n = test->shape.n, k = test->shape.k;
    struct arrays *s = test->state = mlp_alloc(1, sizeof *s);
    if (!s)
        return mlp_fail_memory(error, test->name);
    uint64_t index = 0;
    /* A has m samples of k columns; in a weight gradient k samples of m. */
    size_t a_rows = product->gradient ? k : m, a_columns = product->gradient ? m : k;
    s->a_stride = mlp_panel_stride(a_rows);
    s->b_stride = product->gradient ? mlp_panel_stride(k) : k * MLP_NR;
    s->c_stride = product->gradient ? m * MLP_NR : mlp_panel_stride(m);
    size_t c_size = mlp_panels(n) * s->c_stride;
    s->a = random_array(mlp_panels(a_columns) * s->a_stride, &index);
    s->b = random_array(mlp_panels(n) * s->b_stride, &index);
    s->c = random_array(c_size, &index);
    s->y = random_array(c_size, &index);
    s->bias = random_array(mlp_panels(n) * MLP_NR, &index);
    s->m = mlp_alloc(c_size, sizeof *s->m);
    s->v = mlp_alloc(c_size, sizeof *s->v);
    s->claims = (struct mlp_claims){
        .units = mlp_dw_chunks(m) * mlp_panels(n),
        .threads = test->threads,
        .shares = mlp_alloc((size_t)test->threads, sizeof *s->claims.shares),
    };
    if (!s->a || !s->b || !s->c || !s->y || !s->bias || !s->m || !s->v || !s->claims.shares)
        return mlp_fail_memory(error, test->name);
    mlp_claims_divide(&s->claims, unit_rows, test);
    return MLP_OK;
}

static void destroy(struct bench_case *test)
{
    struct arrays *s = test->state;
    if (!s)
        return;
    mlp_free(s->a);
    mlp_free(s->b);
    mlp_free(s->c);
    mlp_free(s->y);
    mlp_free(s->bias);
    mlp_free(s->m);
    mlp_free(s->v);
    mlp_free(s->claims.shares);
    mlp_free(s);
    test->state = NULL;
}

static const struct product products[] = {
    {"gemm/forward",
     {prepare, run_forward, NULL, destroy},
     false,
     false,
     3,
     {{256, 256, 784}, {256, 256, 256}, {256, 10, 256}}},
    {"gemm/dx",
     {prepare, run_dx, NULL, destroy},
     false,
     false,
     2,
     {{256, 256, 10}, {256, 256, 256}}},
    {"gemm/dw",
     {prepare, run_dw, NULL, destroy},
     true,
     false,
     3,
     {{784, 256, 256}, {256, 256, 256}, {10, 256, 256}}},
    {"gemm/dw",
     {prepare, run_dw_update, NULL, destroy},
     true,
     true,
     3,
     {{784, 256, 256}, {256, 256, 256}, {10, 256, 256}}},
};

/* The shape that says how an instruction set compares, where not all are run. */
static const struct bench_shape typical = {256, 256, 256};

static void add_product(struct bench_cases *cases, const struct bench_plan *plan,
                        const struct product *product, struct bench_shape shape,
                        const char *optimizer, size_t variant)
{
    char operation[32], size[32];
    snprintf(operation, sizeof operation, "%s%s%s", product->name, optimizer ? "_" : "",
             optimizer ? optimizer : "");
    snprintf(size, sizeof size, "%zux%zux%zu", shape.m, shape.n, shape.k);
    struct bench_case *test = bench_cases_add(cases, operation, size, plan->kernels, plan->threads);
    if (!test)
        return;
    bool chosen = plan->options->shape_count > 0;
    bool is_typical = memcmp(&shape, &typical, sizeof shape) == 0 && product == &products[0];
    test->group = BENCH_PRODUCTS;
    test->kind = &product->kind;
    test->by_default = (!optimizer || variant == MLP_ADAM) &&
                       (plan->fastest || chosen || (is_typical && plan->first_threads));
    test->flops = 2.0 * (double)shape.m * (double)shape.n * (double)shape.k;
    test->shape = shape;
    test->what = product;
    test->variant = variant;
}

static void add_shapes(struct bench_cases *cases, const struct bench_plan *plan,
                       const struct product *product, const char *optimizer, size_t variant)
{
    const struct bench_options *o = plan->options;
    size_t count = o->shape_count ? o->shape_count : product->shape_count;
    const struct bench_shape *shapes = o->shape_count ? o->shapes : product->shapes;
    for (size_t i = 0; i < count; i++)
        add_product(cases, plan, product, shapes[i], optimizer, variant);
}

void bench_add_products(struct bench_cases *cases, const struct bench_plan *plan)
{
    for (size_t p = 0; p < sizeof products / sizeof products[0]; p++) {
        if (!products[p].updates)
            add_shapes(cases, plan, &products[p], NULL, 0);
        for (size_t i = 0; products[p].updates && mlp_optimizer_name(i); i++)
            add_shapes(cases, plan, &products[p], mlp_optimizer_name(i), i);
    }
}
