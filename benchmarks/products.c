/* SPDX-License-Identifier: MIT */
/* The matrix products of a training step, through the functions that the
 * trainer calls and in its layout: packed beforehand. */
#include "cases.h"

#include "alloc.h"
#include "claims.h"
#include "error.h"
#include "flush.h"
#include "gemm.h"
#include "model.h"
#include "registry.h"
#include "team.h"

#include <math.h>
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
    enum bench_transposition transposition;
    bool updates; /* one case for each optimizer */
    size_t shape_count;
    struct bench_shape shapes[3]; /* of the reference net */
};

struct arrays {
    struct bench_operands *operands;
    size_t a_stride, b_stride, c_stride, c_size;
    float *a, *b, *c, *y, *bias, *m, *v;
    struct mlp_claims claims; /* the units of a weight gradient */
};

static void run_forward(void *context, int thread, int threads, size_t iterations)
{
    const struct bench_case *test = context;
    const struct arrays *s = test->state;
    struct mlp_forward_epilogue epilogue = {.bias = s->bias, .activation = MLP_RELU};
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
    struct mlp_dx_epilogue epilogue = {
        .y = s->y + row * MLP_NR, .y_stride = s->c_stride, .activation = MLP_RELU};
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
    _Alignas(64) float g[MLP_DW_ROWS * MLP_NR];
    for (size_t unit = share->begin; unit < share->end; unit++) {
        size_t panel = unit % panels, chunk = unit / panels;
        size_t row = mlp_dw_chunk_start(height, chunk);
        size_t rows = mlp_dw_chunk_start(height, chunk + 1) - row;
        size_t at = panel * s->c_stride + row * MLP_NR;
        mlp_dw_product(&test->kernels, rows, test->shape.k, s->a + row / MLP_NR * s->a_stride,
                       s->a_stride, s->b + panel * s->b_stride, g, update, s->c + at, s->m + at,
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
    struct mlp_update update = bench_update(test->variant);
    for (size_t i = 0; i < iterations; i++)
        run_gradient(test, &update, thread);
}

static bool is_gradient(const struct bench_case *test)
{
    return test->transposition == BENCH_TN;
}

/* The derivative's outputs, half of them zero as a ReLU's are, and the biases. */
static void fill(struct arrays *s, size_t biases)
{
    for (size_t i = 0; i < s->c_size; i++)
        s->y[i] = i % 2 ? 0.5f : 0.0f;
    for (size_t i = 0; i < biases; i++)
        s->bias[i] = (float)(i % 7) * 0.25f;
}

static mlp_status prepare(struct bench_case *test, mlp_error *error)
{
    size_t m = test->shape.m, n = test->shape.n, k = test->shape.k;
    struct arrays *s = test->state = mlp_alloc(1, sizeof *s);
    if (!s)
        return mlp_fail_memory(error, test->name);
    /* A has m samples of k columns; in a weight gradient k samples of m. */
    bool gradient = is_gradient(test);
    size_t a_rows = gradient ? k : m, a_columns = gradient ? m : k, panels = mlp_panels(n);
    s->a_stride = mlp_panel_stride(a_rows);
    s->b_stride = gradient ? mlp_panel_stride(k) : k * MLP_NR;
    s->c_stride = gradient ? m * MLP_NR : mlp_panel_stride(m);
    s->c_size = panels * s->c_stride;
    s->operands = bench_operands_use(test->shape);
    s->a = mlp_alloc(mlp_panels(a_columns) * s->a_stride, sizeof *s->a);
    s->b = mlp_alloc(panels * s->b_stride, sizeof *s->b);
    s->c = mlp_alloc(s->c_size, sizeof *s->c);
    s->y = mlp_alloc(s->c_size, sizeof *s->y);
    s->bias = mlp_alloc(panels * MLP_NR, sizeof *s->bias);
    s->m = mlp_alloc(s->c_size, sizeof *s->m);
    s->v = mlp_alloc(s->c_size, sizeof *s->v);
    s->claims = (struct mlp_claims){
        .units = mlp_dw_chunks(m) * panels,
        .threads = test->threads,
        .shares = mlp_alloc((size_t)test->threads, sizeof *s->claims.shares),
    };
    if (!s->operands || !s->a || !s->b || !s->c || !s->y || !s->bias || !s->m || !s->v ||
        !s->claims.shares)
        return mlp_fail_memory(error, test->name);
    mlp_claims_divide(&s->claims, unit_rows, test);
    fill(s, panels * MLP_NR);
    test->kernels.gather_f32(a_rows, a_columns, gradient ? s->operands->at : s->operands->a,
                             a_columns, NULL, s->a, s->a_stride);
    test->kernels.gather_f32(k, n, s->operands->b, n, NULL, s->b, s->b_stride);
    return MLP_OK;
}

/* --- Checks: the product's chain, then the epilogue by the C kernels ---------------- */

/* Rows of the operands that are compared, as plain rows of n values. */
static void get_rows(const struct bench_case *test, const float *panels, float *rows)
{
    const struct arrays *s = test->state;
    const struct bench_operands *o = s->operands;
    size_t n = test->shape.n;
    for (size_t i = 0; i < o->row_count; i++)
        test->kernels.unpack(1, n, panels + o->rows[i] * MLP_NR, s->c_stride, rows + i * n);
}

/* Constants from which an update's result tells the gradient (compare_dw): without
 * moments rate 1, which leaves -g of weights of zero. */
static struct mlp_update check_update(const struct bench_case *test)
{
    struct mlp_update update = bench_update(test->variant);
    if (mlp_optimizer_moments(update.optimizer) == 0)
        update.rate = 1;
    return update;
}

static void run_check(void *context, int thread, int threads, size_t iterations)
{
    const struct bench_case *test = context;
    const struct product *product = test->what;
    if (is_gradient(test)) {
        struct mlp_update update = check_update(test);
        run_gradient(test, &update, thread);
    } else {
        product->kind.run(context, thread, threads, iterations);
    }
}

/* The rows' right values: bits from the C kernels in `bits`, and in the operands'
 * units the exact ones. `found` are the tested kernel's, turned into the
 * product's own scale. */
struct comparison {
    size_t size; /* rows x n */
    float *found, *bits, *other_found, *other_bits;
    double *exact, *scale;
};

static void compare_forward(const struct bench_case *test, const struct mlp_kernels *c,
                            struct comparison *x)
{
    const struct arrays *s = test->state;
    size_t n = test->shape.n;
    get_rows(test, s->c, x->found);
    for (size_t i = 0; i < x->size; i++) {
        float bias = s->bias[i % n];
        x->bits[i] += bias;
        x->exact[i] = fmax(x->exact[i] + (double)bias, 0);
        x->scale[i] += fabs((double)bias);
    }
    c->activation_forward(MLP_RELU, x->size, x->bits, x->bits);
}

static void compare_dx(const struct bench_case *test, const struct mlp_kernels *c,
                       struct comparison *x)
{
    const struct arrays *s = test->state;
    get_rows(test, s->c, x->found);
    get_rows(test, s->y, x->other_found);
    for (size_t i = 0; i < x->size; i++)
        x->exact[i] = x->other_found[i] > 0 ? x->exact[i] : 0;
    c->activation_backward(MLP_RELU, x->size, x->other_found, x->bits);
    memcpy(x->other_bits, x->other_found, x->size * sizeof *x->other_bits);
}

/* What one update leaves of g in m, where that was zero: m = unit * g, or, where
 * `squared`, unit * g * g. */
struct trace {
    double unit;
    bool squared;
};

static struct trace trace_of(const struct mlp_update *update)
{
    switch (update->optimizer) {
    case MLP_MOMENTUM:
    case MLP_NESTEROV:
        return (struct trace){1, false};
    case MLP_RMSPROP:
        return (struct trace){(double)update->rest2, true};
    case MLP_ADAGRAD:
        return (struct trace){1, true};
    case MLP_LION:
        return (struct trace){(double)update->rest2, false};
    default:
        return (struct trace){(double)update->rest1, false};
    }
}

/* Compares weights and the first moment (all of it zero before). */
static void compare_dw(const struct bench_case *test, const struct mlp_kernels *c,
                       struct comparison *x)
{
    const struct arrays *s = test->state;
    struct mlp_update update = check_update(test);
    bool moments = mlp_optimizer_moments(update.optimizer) > 0;
    get_rows(test, s->c, x->found);
    get_rows(test, s->m, x->other_found);
    for (size_t i = 0; i < x->size; i += MLP_NR) {
        size_t count = x->size - i < MLP_NR ? x->size - i : MLP_NR;
        float g[MLP_NR] = {0}, w[MLP_NR] = {0}, m[MLP_NR] = {0}, v[MLP_NR] = {0};
        memcpy(g, x->bits + i, count * sizeof *g);
        c->update(MLP_NR, &update, g, w, m, v);
        memcpy(x->bits + i, w, count * sizeof *w);
        memcpy(x->other_bits + i, m, count * sizeof *m);
    }
    struct trace trace = moments ? trace_of(&update) : (struct trace){-(double)update.rate, false};
    for (size_t i = 0; i < x->size; i++) {
        double g = x->exact[i], size = x->scale[i];
        x->exact[i] = trace.unit * g * (trace.squared ? g : 1);
        x->scale[i] = fabs(trace.unit) * size * (trace.squared ? 2 * fabs(g) + 0x1p-20 * size : 1);
    }
}

static bool create_comparison(struct comparison *x, const struct bench_operands *o)
{
    *x = (struct comparison){.size = o->row_count * o->shape.n};
    x->found = mlp_alloc(x->size, sizeof *x->found);
    x->bits = mlp_alloc(x->size, sizeof *x->bits);
    x->other_found = mlp_alloc(x->size, sizeof *x->other_found);
    x->other_bits = mlp_alloc(x->size, sizeof *x->other_bits);
    x->exact = mlp_alloc(x->size, sizeof *x->exact);
    x->scale = mlp_alloc(x->size, sizeof *x->scale);
    if (!x->found || !x->bits || !x->other_found || !x->other_bits || !x->exact || !x->scale)
        return false;
    memcpy(x->bits, o->chain, x->size * sizeof *x->bits);
    memcpy(x->exact, o->exact, x->size * sizeof *x->exact);
    memcpy(x->scale, o->scale, x->size * sizeof *x->scale);
    return true;
}

static void destroy_comparison(struct comparison *x)
{
    mlp_free(x->found);
    mlp_free(x->bits);
    mlp_free(x->other_found);
    mlp_free(x->other_bits);
    mlp_free(x->exact);
    mlp_free(x->scale);
}

static bool check(struct bench_case *test, struct bench_check *out)
{
    const struct arrays *s = test->state;
    struct comparison x = {0};
    struct mlp_kernels c;
    mlp_kernels_fill(0, &c);
    bool good = bench_operands_solve(s->operands) && create_comparison(&x, s->operands);
    if (!good) {
        destroy_comparison(&x);
        return false;
    }
    bench_team_time(test->threads, run_check, test, 1);
    bool gradient = is_gradient(test);
    if (gradient)
        compare_dw(test, &c, &x);
    else if (test->transposition == BENCH_NN)
        compare_forward(test, &c, &x);
    else
        compare_dx(test, &c, &x);
    bool moments = gradient && mlp_optimizer_moments((enum mlp_optimizer)test->variant) > 0;
    bool equal = memcmp(x.found, x.bits, x.size * sizeof *x.bits) == 0 &&
                 memcmp(x.other_found, x.other_bits, x.size * sizeof *x.bits) == 0;
    out->bits = equal ? BENCH_BITS_EQUAL : BENCH_BITS_DIFFER;
    out->error = bench_error(x.size, moments ? x.other_found : x.found, x.exact, x.scale);
    destroy_comparison(&x);
    return true;
}

static void flush(struct bench_case *test, bool weights_only)
{
    const struct arrays *s = test->state;
    bool gradient = is_gradient(test);
    size_t c_bytes = s->c_size * sizeof(float);
    /* A gradient's weights are its result. */
    if (!gradient || !weights_only)
        bench_flush(s->b, mlp_panels(test->shape.n) * s->b_stride * sizeof(float));
    if (gradient) {
        bench_flush(s->c, c_bytes);
        bench_flush(s->m, c_bytes);
        bench_flush(s->v, c_bytes);
    }
    if (weights_only)
        return;
    bench_flush(s->a,
                mlp_panels(gradient ? test->shape.m : test->shape.k) * s->a_stride * sizeof(float));
    bench_flush(s->c, c_bytes);
    bench_flush(s->y, c_bytes);
}

static void destroy(struct bench_case *test)
{
    struct arrays *s = test->state;
    if (!s)
        return;
    bench_operands_release(s->operands);
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

#define KIND(run_product)                                                                          \
    {                                                                                              \
        .prepare = prepare, .run = run_product, .check = check, .flush = flush, .destroy = destroy \
    }

static const struct product products[] = {
    {"gemm/forward",
     KIND(run_forward),
     BENCH_NN,
     false,
     3,
     {{256, 256, 784}, {256, 256, 256}, {256, 10, 256}}},
    {"gemm/dx", KIND(run_dx), BENCH_NT, false, 2, {{256, 256, 10}, {256, 256, 256}}},
    {"gemm/dw",
     KIND(run_dw),
     BENCH_TN,
     false,
     3,
     {{784, 256, 256}, {256, 256, 256}, {10, 256, 256}}},
    {"gemm/dw",
     KIND(run_dw_update),
     BENCH_TN,
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
    char operation[32], size[BENCH_SHAPE_SIZE];
    snprintf(operation, sizeof operation, "%s%s%s", product->name, optimizer ? "_" : "",
             optimizer ? optimizer : "");
    bench_shape_text(shape, size);
    struct bench_case *test =
        bench_cases_add(cases, operation, size, plan->kernels->isa, plan->kernels, plan->threads);
    if (!test)
        return;
    bool chosen = plan->options->shape_count > 0;
    bool is_typical = memcmp(&shape, &typical, sizeof shape) == 0 && product == &products[0];
    bench_set_product(test, BENCH_TRAINER, product->transposition, shape);
    if (optimizer) {
        /* Weights and moments are read and written instead of the gradient. */
        double arrays = 1 + (double)mlp_optimizer_moments((enum mlp_optimizer)variant);
        double values = (double)shape.m * (double)shape.n * sizeof(float);
        test->bytes += values * (2 * arrays - 1);
        test->memory += values * (arrays - 1);
    }
    test->kind = &product->kind;
    test->by_default = (!optimizer || variant == MLP_ADAM) &&
                       (plan->fastest || chosen || (is_typical && plan->first_threads));
    test->what = product;
    test->variant = variant;
}

static void add_shapes(struct bench_cases *cases, const struct bench_plan *plan,
                       const struct product *product, const char *optimizer, size_t variant)
{
    const struct bench_options *o = plan->options;
    for (size_t i = 0; o->shape_count == 0 && i < product->shape_count; i++)
        add_product(cases, plan, product, product->shapes[i], optimizer, variant);
    for (size_t i = 0; i < o->shape_count; i++) {
        if (o->shapes[i].transpositions & 1u << product->transposition)
            add_product(cases, plan, product, o->shapes[i].shape, optimizer, variant);
    }
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
