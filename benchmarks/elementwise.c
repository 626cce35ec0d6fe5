/* SPDX-License-Identifier: MIT */
/* The kernels beside the products, on the sizes of the reference net. */
#include "cases.h"

#include "alloc.h"
#include "error.h"
#include "gemm.h"
#include "model.h"
#include "random.h"
#include "team.h"

#include <stdio.h>

/* What the threads' shares are cut from. */
enum unit {
    LANES, /* 16 values of a plain array */
    ROWS,
    PANELS,
};

struct arrays {
    size_t rows, columns, stride;
    float *x, *y, *z, *w; /* [panels * stride], also taken as plain arrays */
    uint8_t *u8;          /* [rows][columns] */
    uint8_t *labels;      /* [rows] */
    uint32_t *index;      /* [rows]: a permutation */
};

/* A share of an operation: `count` units from `first`. */
typedef void run_fn(const struct bench_case *test, const struct arrays *s, size_t first,
                    size_t count);

struct operation {
    const char *name;
    size_t rows, columns;
    enum unit unit;
    double bytes;     /* read and written for each element */
    double footprint; /* bytes of the arrays for each element */
    run_fn *run;
    const char *(*variant)(size_t i); /* a registry: a case for each row; or NULL */
};

static void run_exp(const struct bench_case *test, const struct arrays *s, size_t first,
                    size_t count)
{
    size_t at = first * MLP_NR;
    test->kernels.exp(count * MLP_NR, s->x + at, s->y + at);
}

static void run_log(const struct bench_case *test, const struct arrays *s, size_t first,
                    size_t count)
{
    size_t at = first * MLP_NR;
    test->kernels.log(count * MLP_NR, s->w + at, s->y + at);
}

static void run_activation(const struct bench_case *test, const struct arrays *s, size_t first,
                           size_t count)
{
    size_t at = first * MLP_NR;
    test->kernels.activation_forward((enum mlp_activation)test->variant, count * MLP_NR, s->x + at,
                                     s->y + at);
}

/* On deltas of zero: others would shrink with every iteration, into the
 * subnormals. */
static void run_derivative(const struct bench_case *test, const struct arrays *s, size_t first,
                           size_t count)
{
    size_t at = first * MLP_NR;
    test->kernels.activation_backward((enum mlp_activation)test->variant, count * MLP_NR, s->x + at,
                                      s->z + at);
}

static void run_update(const struct bench_case *test, const struct arrays *s, size_t first,
                       size_t count)
{
    struct mlp_update update = {
        .optimizer = (enum mlp_optimizer)test->variant,
        .rate = 1e-6f,
        .rest1 = 0.1f,
        .rest2 = 0.001f,
        .epsilon = 1e-7f,
    };
    size_t at = first * MLP_NR;
    test->kernels.update(count * MLP_NR, &update, s->x + at, s->w + at, s->y + at, s->z + at);
}

static void run_bias(const struct bench_case *test, const struct arrays *s, size_t first,
                     size_t count)
{
    test->kernels.bias_gradient(s->rows, count, s->x + first * s->stride, s->stride, false,
                                s->y + first * MLP_NR);
}

static void run_softmax_xent(const struct bench_case *test, const struct arrays *s, size_t first,
                             size_t count)
{
    test->kernels.softmax_xent(count, s->columns, s->x + first * MLP_NR, s->stride,
                               s->labels + first, 1.0f, s->y + first);
}

static void run_softmax(const struct bench_case *test, const struct arrays *s, size_t first,
                        size_t count)
{
    test->kernels.softmax(count, s->columns, s->x + first * MLP_NR, s->stride);
}

static void run_gather_u8(const struct bench_case *test, const struct arrays *s, size_t first,
                          size_t count)
{
    test->kernels.gather_u8(count, s->columns, s->u8, s->index + first, s->x + first * MLP_NR,
                            s->stride);
}

static void run_gather_f32(const struct bench_case *test, const struct arrays *s, size_t first,
                           size_t count)
{
    test->kernels.gather_f32(count, s->columns, s->y, s->columns, s->index + first,
                             s->x + first * MLP_NR, s->stride);
}

static void run_unpack(const struct bench_case *test, const struct arrays *s, size_t first,
                       size_t count)
{
    test->kernels.unpack(count, s->columns, s->x + first * MLP_NR, s->stride,
                         s->y + first * s->columns);
}

/* From a layer's weights to their transposed copy. */
static void run_transpose(const struct bench_case *test, const struct arrays *s, size_t first,
                          size_t count)
{
    for (size_t j = first; j < first + count; j++)
        test->kernels.transpose(s->rows, MLP_NR, s->x + j * s->rows * MLP_NR,
                                s->y + j * MLP_NR * MLP_NR, s->columns * MLP_NR);
}

static const struct operation operations[] = {
    {"math/exp", 256, 256, LANES, 8, 8, run_exp, NULL},
    {"math/log", 256, 256, LANES, 8, 8, run_log, NULL},
    {"activation", 256, 256, LANES, 8, 8, run_activation, mlp_activation_name},
    {"derivative", 256, 256, LANES, 12, 8, run_derivative, mlp_activation_name},
    {"loss/softmax_xent", 256, 10, ROWS, 8, 4, run_softmax_xent, NULL},
    {"loss/softmax", 256, 10, ROWS, 8, 4, run_softmax, NULL},
    {"update", 256, 256, LANES, 28, 16, run_update, mlp_optimizer_name},
    {"update/bias_gradient", 256, 256, PANELS, 4, 4, run_bias, NULL},
    {"layout/gather_u8", 256, 784, ROWS, 5, 5, run_gather_u8, NULL},
    {"layout/gather_f32", 256, 784, ROWS, 8, 8, run_gather_f32, NULL},
    {"layout/unpack", 256, 784, ROWS, 8, 8, run_unpack, NULL},
    {"layout/transpose", 784, 256, PANELS, 8, 8, run_transpose, NULL},
};

/* Whether there is anything to measure in row `variant` of the registry. */
static bool has_work(const struct operation *operation, size_t variant)
{
    return operation->variant != mlp_activation_name || variant != MLP_IDENTITY;
}

/* SGD has no moments to read and write. */
static bool plain_sgd(const struct operation *operation, size_t variant)
{
    return operation->variant == mlp_optimizer_name && variant == MLP_SGD;
}

static size_t unit_count(const struct arrays *s, enum unit unit)
{
    switch (unit) {
    case ROWS:
        return s->rows;
    case PANELS:
        return mlp_panels(s->columns);
    default:
        return s->rows * s->columns / MLP_NR;
    }
}

static void run(void *context, int thread, int threads, size_t iterations)
{
    const struct bench_case *test = context;
    const struct operation *operation = test->what;
    const struct arrays *s = test->state;
    size_t first, count = bench_share(unit_count(s, operation->unit), thread, threads, &first);
    for (size_t i = 0; i < iterations && count; i++)
        operation->run(test, s, first, count);
}

/* x in [-8, 8), y in [0, 1), w in [0.5, 1.5), z zero; labels below columns. */
static void fill(struct arrays *s, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint32_t words[4];
        mlp_random(1, MLP_RANDOM_BENCH, 0, i, words);
        s->x[i] = mlp_random_unit(words[0]) * 16 - 8;
        s->y[i] = mlp_random_unit(words[1]);
        s->w[i] = mlp_random_unit(words[2]) + 0.5f;
        if (i < s->rows * s->columns)
            s->u8[i] = (uint8_t)(words[3] >> 24);
        if (i < s->rows)
            s->labels[i] = (uint8_t)(words[3] % s->columns);
    }
    mlp_random_shuffle(1, 0, s->rows, s->index);
}

static mlp_status prepare(struct bench_case *test, mlp_error *error)
{
    struct arrays *s = test->state = mlp_alloc(1, sizeof *s);
    if (!s)
        return mlp_fail_memory(error, test->name);
    s->rows = test->shape.m;
    s->columns = test->shape.n;
    s->stride = mlp_panel_stride(s->rows);
    size_t size = mlp_panels(s->columns) * s->stride;
    s->x = mlp_alloc(size, sizeof *s->x);
    s->y = mlp_alloc(size, sizeof *s->y);
    s->z = mlp_alloc(size, sizeof *s->z);
    s->w = mlp_alloc(size, sizeof *s->w);
    s->u8 = mlp_alloc(s->rows * s->columns, 1);
    s->labels = mlp_alloc(s->rows, 1);
    s->index = mlp_alloc(s->rows, sizeof *s->index);
    if (!s->x || !s->y || !s->z || !s->w || !s->u8 || !s->labels || !s->index)
        return mlp_fail_memory(error, test->name);
    fill(s, size);
    return MLP_OK;
}

static void destroy(struct bench_case *test)
{
    struct arrays *s = test->state;
    if (!s)
        return;
    mlp_free(s->x);
    mlp_free(s->y);
    mlp_free(s->z);
    mlp_free(s->w);
    mlp_free(s->u8);
    mlp_free(s->labels);
    mlp_free(s->index);
    mlp_free(s);
    test->state = NULL;
}

static const struct bench_kind kind = {prepare, run, NULL, destroy};

static void add_operation(struct bench_cases *cases, const struct bench_plan *plan,
                          const struct operation *operation, const char *variant, size_t i)
{
    char name[40], size[32];
    snprintf(name, sizeof name, "%s%s%s", operation->name, variant ? "/" : "",
             variant ? variant : "");
    snprintf(size, sizeof size, "%zux%zu", operation->rows, operation->columns);
    struct bench_case *test = bench_cases_add(cases, name, size, plan->kernels, plan->threads);
    if (!test)
        return;
    double elements = (double)operation->rows * (double)operation->columns;
    test->group = BENCH_KERNELS;
    test->kind = &kind;
    test->by_default = plan->first_threads && plan->options->shape_count == 0;
    bool plain = plain_sgd(operation, i);
    double footprint = elements * (plain ? 8 : operation->footprint);
    test->bytes = elements * (plain ? 12 : operation->bytes);
    test->working_set = (size_t)footprint / sizeof(float) / (size_t)plan->threads + 1;
    test->shape = (struct bench_shape){operation->rows, operation->columns, 0};
    test->what = operation;
    test->variant = i;
}

void bench_add_elementwise(struct bench_cases *cases, const struct bench_plan *plan)
{
    for (size_t o = 0; o < sizeof operations / sizeof operations[0]; o++) {
        const struct operation *operation = &operations[o];
        if (!operation->variant)
            add_operation(cases, plan, operation, NULL, 0);
        for (size_t i = 0; operation->variant && operation->variant(i); i++) {
            if (has_work(operation, i))
                add_operation(cases, plan, operation, operation->variant(i), i);
        }
    }
}
