/* SPDX-License-Identifier: MIT */
/* The kernels beside the products, on the sizes of the reference net. */
#include "cases.h"

#include "activations.h"
#include "alloc.h"
#include "error.h"
#include "flush.h"
#include "gemm.h"
#include "model.h"
#include "random.h"
#include "registry.h"
#include "team.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

enum { ARRAYS = 4 }; /* x, y, z, w */

/* A share of an operation: `count` units from `first`. */
typedef void run_fn(const struct bench_case *test, const struct arrays *s, size_t first,
                    size_t count);

/* The exact value of element (r, c) of the operation's result, from the arrays
 * before it; *scale is what an error is measured against. */
typedef double exact_fn(const struct bench_case *test, const struct arrays *s, size_t r, size_t c,
                        double *scale);

struct operation {
    const char *name;
    size_t rows, columns;
    enum unit unit;
    double bytes;     /* read and written for each element */
    double footprint; /* bytes of the arrays for each element */
    double flops;     /* for each element, as simd/c computes it; moves count 1 */
    bool fused;       /* mostly multiply-adds: their peak is a ceiling */
    run_fn *run;
    char result; /* array that `exact` is about */
    enum { PANELED, PLAIN_ARRAY, ONE_ROW } form;
    exact_fn *exact;
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

static void run_slope(const struct bench_case *test, const struct arrays *s, size_t first,
                      size_t count)
{
    size_t at = first * MLP_NR;
    test->kernels.activation_slope((enum mlp_activation)test->variant, count * MLP_NR, s->x + at,
                                   s->y + at, s->z + at);
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
    struct mlp_update update = bench_update(test->variant);
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

/* --- Exact results ------------------------------------------------------------- */

/* Element (r, c) of an array in panels. */
static size_t panel_at(const struct arrays *s, size_t r, size_t c)
{
    return c / MLP_NR * s->stride + r * MLP_NR + c % MLP_NR;
}

/* Of an operation on plain arrays, which has the array's rows one after the other. */
static size_t plain_at(const struct arrays *s, size_t r, size_t c)
{
    return r * s->columns + c;
}

static double relative(double value, double *scale)
{
    *scale = fabs(value);
    return value;
}

static double exact_exp(const struct bench_case *test, const struct arrays *s, size_t r, size_t c,
                        double *scale)
{
    (void)test;
    return relative(exp((double)s->x[plain_at(s, r, c)]), scale);
}

static double exact_log(const struct bench_case *test, const struct arrays *s, size_t r, size_t c,
                        double *scale)
{
    (void)test;
    return relative(log((double)s->w[plain_at(s, r, c)]), scale);
}

static double exact_activation(const struct bench_case *test, const struct arrays *s, size_t r,
                               size_t c, double *scale)
{
    double x = (double)s->x[plain_at(s, r, c)];
    return relative(bench_activation((enum mlp_activation)test->variant, x), scale);
}

static double exact_slope(const struct bench_case *test, const struct arrays *s, size_t r, size_t c,
                          double *scale)
{
    *scale = 1;
    return bench_activation_slope((enum mlp_activation)test->variant,
                                  (double)s->x[plain_at(s, r, c)]);
}

/* Deltas of one, which `check` puts in, become the derivative at output x, or the
 * slope x. */
static double exact_derivative(const struct bench_case *test, const struct arrays *s, size_t r,
                               size_t c, double *scale)
{
    double y = (double)s->x[plain_at(s, r, c)];
    *scale = fmax(1, y * y);
    return bench_activation_derivative((enum mlp_activation)test->variant, y);
}

/* The probabilities of row r, less 1 at the label where `label` is below columns. */
static double exact_softmax_of(const struct arrays *s, size_t r, size_t c, size_t label,
                               double *scale)
{
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < s->columns; i++)
        most = fmax(most, (double)s->x[panel_at(s, r, i)]);
    for (size_t i = 0; i < s->columns; i++)
        sum += exp((double)s->x[panel_at(s, r, i)] - most);
    *scale = 1;
    return exp((double)s->x[panel_at(s, r, c)] - most) / sum - (c == label);
}

static double exact_softmax(const struct bench_case *test, const struct arrays *s, size_t r,
                            size_t c, double *scale)
{
    (void)test;
    return exact_softmax_of(s, r, c, s->columns, scale);
}

static double exact_softmax_xent(const struct bench_case *test, const struct arrays *s, size_t r,
                                 size_t c, double *scale)
{
    (void)test;
    return exact_softmax_of(s, r, c, s->labels[r], scale);
}

/* Moments are zero before the check, so that one step has a closed form. */
static double exact_update(const struct bench_case *test, const struct arrays *s, size_t r,
                           size_t c, double *scale)
{
    struct mlp_update update = bench_update(test->variant);
    size_t at = plain_at(s, r, c);
    double g = (double)s->x[at], w = (double)s->w[at], rate = (double)update.rate;
    double epsilon = (double)update.epsilon, keep = (double)update.keep;
    double m = (double)update.rest1 * g, v = (double)update.rest2 * g * g;
    *scale = fabs(w);
    switch (update.optimizer) {
    case MLP_SGD:
    case MLP_MOMENTUM:
        return w - rate * g;
    case MLP_NESTEROV:
        return w - rate * (g + (double)update.beta1 * g);
    case MLP_RMSPROP:
        return w - rate * g / (sqrt(v) + epsilon);
    case MLP_ADAGRAD:
        return w - rate * g / (fabs(g) + epsilon);
    case MLP_ADAM:
    case MLP_ADAM_PYTORCH:
        return w - rate * m / (sqrt(v) + epsilon);
    case MLP_ADAMW:
        return keep * w - rate * m / (sqrt(v) + epsilon);
    case MLP_LION:
        return keep * w - (g > 0 ? rate : g < 0 ? -rate : 0);
    }
    return (double)NAN;
}

static double exact_bias(const struct bench_case *test, const struct arrays *s, size_t r, size_t c,
                         double *scale)
{
    (void)test;
    (void)r;
    double sum = 0;
    *scale = 0;
    for (size_t i = 0; i < s->rows; i++) {
        double delta = (double)s->x[panel_at(s, i, c)];
        sum += delta;
        *scale += fabs(delta);
    }
    return sum;
}

static double exact_gather_u8(const struct bench_case *test, const struct arrays *s, size_t r,
                              size_t c, double *scale)
{
    (void)test;
    return relative(s->u8[s->index[r] * s->columns + c] / 255.0, scale);
}

static double exact_gather_f32(const struct bench_case *test, const struct arrays *s, size_t r,
                               size_t c, double *scale)
{
    (void)test;
    return relative((double)s->y[s->index[r] * s->columns + c], scale);
}

static double exact_unpack(const struct bench_case *test, const struct arrays *s, size_t r,
                           size_t c, double *scale)
{
    (void)test;
    return relative((double)s->x[panel_at(s, r, c)], scale);
}

/* Element (r, c) of the source is element (c, r) of the copy. */
static double exact_transpose(const struct bench_case *test, const struct arrays *s, size_t r,
                              size_t c, double *scale)
{
    (void)test;
    return relative((double)s->x[c / MLP_NR * s->rows * MLP_NR + r * MLP_NR + c % MLP_NR], scale);
}

/* FLOPs: an FMA counts 2, division and root 1. Those of activations are in
 * activations.c, those of optimizers in variant_flops. */
static const struct operation operations[] = {
    {"math/exp", 256, 256, LANES, 8, 8, 24, true, run_exp, 'y', PLAIN_ARRAY, exact_exp, NULL},
    {"math/log", 256, 256, LANES, 8, 8, 30, true, run_log, 'y', PLAIN_ARRAY, exact_log, NULL},
    {"activation", 256, 256, LANES, 8, 8, 0, false, run_activation, 'y', PLAIN_ARRAY,
     exact_activation, mlp_activation_name},
    {"slope", 256, 256, LANES, 12, 12, 0, false, run_slope, 'z', PLAIN_ARRAY, exact_slope,
     mlp_activation_name},
    {"derivative", 256, 256, LANES, 12, 8, 0, false, run_derivative, 'z', PLAIN_ARRAY,
     exact_derivative, mlp_activation_name},
    {"loss/softmax_xent", 256, 10, ROWS, 8, 4, 34, true, run_softmax_xent, 'x', PANELED,
     exact_softmax_xent, NULL},
    {"loss/softmax", 256, 10, ROWS, 8, 4, 28, true, run_softmax, 'x', PANELED, exact_softmax, NULL},
    {"update", 256, 256, LANES, 28, 16, 0, true, run_update, 'w', PLAIN_ARRAY, exact_update,
     mlp_optimizer_name},
    {"update/bias_gradient", 256, 256, PANELS, 4, 4, 1, false, run_bias, 'y', ONE_ROW, exact_bias,
     NULL},
    {"layout/gather_u8", 256, 784, ROWS, 5, 5, 1, false, run_gather_u8, 'x', PANELED,
     exact_gather_u8, NULL},
    {"layout/gather_f32", 256, 784, ROWS, 8, 8, 1, false, run_gather_f32, 'x', PANELED,
     exact_gather_f32, NULL},
    {"layout/unpack", 256, 784, ROWS, 8, 8, 1, false, run_unpack, 'y', PLAIN_ARRAY, exact_unpack,
     NULL},
    {"layout/transpose", 784, 256, PANELS, 8, 8, 1, false, run_transpose, 'y', PANELED,
     exact_transpose, NULL},
};

/* FLOPs an element of the rows of the registries. */
static double variant_flops(const struct operation *operation, size_t variant)
{
    static const double update[] = {[MLP_SGD] = 2,           [MLP_ADAM] = 16,    [MLP_MOMENTUM] = 5,
                                    [MLP_NESTEROV] = 7,      [MLP_RMSPROP] = 12, [MLP_ADAGRAD] = 8,
                                    [MLP_ADAM_PYTORCH] = 16, [MLP_ADAMW] = 17,   [MLP_LION] = 11};
    const struct bench_activation_work *work = bench_activation_work((enum mlp_activation)variant);
    if (operation->run == run_activation && work)
        return work->forward;
    if (operation->run == run_slope && work)
        return work->slope;
    if (operation->run == run_derivative && work)
        return work->backward;
    if (operation->run == run_update && variant < sizeof update / sizeof *update)
        return update[variant];
    return operation->flops > 0 ? operation->flops : 1;
}

/* Whether there is anything to measure in row `variant` of the registry. */
static bool has_work(const struct operation *operation, size_t variant)
{
    if (operation->run == run_slope)
        return mlp_activation_needs_slope((enum mlp_activation)variant);
    bool is_copy = variant == MLP_IDENTITY || variant == MLP_SOFTMAX;
    return operation->variant != mlp_activation_name || !is_copy;
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

/* --- Checks --------------------------------------------------------------------- */

/* Copies of the arrays, to begin again from and to compare with. */
struct copies {
    size_t size;
    float *at[ARRAYS];
};

static float *const *array_of(struct arrays *s, int i)
{
    float **const arrays[ARRAYS] = {&s->x, &s->y, &s->z, &s->w};
    return arrays[i];
}

static void destroy_copies(struct copies *copies)
{
    for (int i = 0; i < ARRAYS; i++)
        mlp_free(copies->at[i]);
}

static bool copy_arrays(struct arrays *s, struct copies *out)
{
    *out = (struct copies){.size = mlp_panels(s->columns) * s->stride};
    bool good = true;
    for (int i = 0; i < ARRAYS; i++) {
        out->at[i] = mlp_alloc_uninitialized(out->size, sizeof(float));
        good = good && out->at[i];
    }
    for (int i = 0; i < ARRAYS && good; i++)
        memcpy(out->at[i], *array_of(s, i), out->size * sizeof(float));
    return good;
}

static void restore_arrays(struct arrays *s, const struct copies *from)
{
    for (int i = 0; i < ARRAYS; i++)
        memcpy(*array_of(s, i), from->at[i], from->size * sizeof(float));
}

static bool equal_arrays(struct arrays *s, const struct copies *other)
{
    for (int i = 0; i < ARRAYS; i++) {
        if (memcmp(*array_of(s, i), other->at[i], other->size * sizeof(float)) != 0)
            return false;
    }
    return true;
}

/* What the case's own values would hide: deltas are one, moments zero. */
static void prepare_check(const struct operation *operation, struct arrays *s, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (operation->run == run_derivative)
            s->z[i] = 1;
        if (operation->run == run_update)
            s->y[i] = s->z[i] = 0;
    }
}

static size_t result_at(const struct operation *operation, const struct arrays *s, size_t r,
                        size_t c)
{
    if (operation->run == run_transpose)
        return r / MLP_NR * s->columns * MLP_NR + c * MLP_NR + r % MLP_NR;
    return operation->form == PANELED ? panel_at(s, r, c)
                                      : (operation->form == ONE_ROW ? c : plain_at(s, r, c));
}

/* The error of `results` against the exact values that follow from the arrays as
 * they stand in `s`. */
static double result_error(const struct bench_case *test, const struct arrays *s,
                           const float *results)
{
    const struct operation *operation = test->what;
    size_t rows = operation->form == ONE_ROW ? 1 : s->rows;
    double worst = 0;
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < s->columns; c++) {
            double scale, exact = operation->exact(test, s, r, c, &scale);
            double error = bench_error(1, &results[result_at(operation, s, r, c)], &exact, &scale);
            worst = error > worst ? error : worst;
        }
    }
    return worst;
}

static bool check(struct bench_case *test, struct bench_check *out)
{
    const struct operation *operation = test->what;
    struct arrays *s = test->state;
    struct copies own = {0}, before = {0}, after = {0};
    size_t size = mlp_panels(s->columns) * s->stride, units = unit_count(s, operation->unit);
    bool good = copy_arrays(s, &own);
    if (good)
        prepare_check(operation, s, size);
    good = good && copy_arrays(s, &before);
    if (good) {
        bench_team_time(test->threads, run, test, 1);
        good = copy_arrays(s, &after);
        restore_arrays(s, &before);
    }
    if (good) {
        static const char names[] = "xyzw";
        int result = (int)(strchr(names, operation->result) - names);
        out->error = result_error(test, s, after.at[result]);
        struct bench_case by_c = *test;
        mlp_kernels_fill(0, &by_c.kernels);
        operation->run(&by_c, s, 0, units);
        out->bits = equal_arrays(s, &after) ? BENCH_BITS_EQUAL : BENCH_BITS_DIFFER;
        restore_arrays(s, &own);
    }
    destroy_copies(&own);
    destroy_copies(&before);
    destroy_copies(&after);
    return good;
}

static void flush(struct bench_case *test, bool weights_only)
{
    struct arrays *s = test->state;
    const struct operation *operation = test->what;
    size_t size = mlp_panels(s->columns) * s->stride * sizeof(float);
    if (weights_only) {
        if (operation->run == run_update || operation->run == run_transpose)
            bench_flush(operation->run == run_update ? s->w : s->x, size);
        return;
    }
    for (int i = 0; i < ARRAYS; i++)
        bench_flush(*array_of(s, i), size);
    bench_flush(s->u8, s->rows * s->columns);
}

static const struct bench_kind kind = {
    .prepare = prepare,
    .run = run,
    .check = check,
    .flush = flush,
    .destroy = destroy,
};

/* Whether the FMA peak limits an operation: not where additions, comparisons and moves
 * are all that it does. The C version's peak is of an fma in software, which other
 * arithmetic passes easily. */
static bool is_fused(const struct operation *operation, size_t variant)
{
    if (operation->run == run_activation || operation->run == run_slope) {
        const struct bench_activation_work *work =
            bench_activation_work((enum mlp_activation)variant);
        return work && work->of_exp;
    }
    return operation->fused;
}

static void set_work(struct bench_case *test, const struct operation *operation, size_t variant)
{
    double elements = (double)operation->rows * (double)operation->columns;
    test->bytes = elements * operation->bytes;
    test->memory = elements * operation->footprint;
    if (operation->run == run_update) { /* moments are read and written as well */
        double moments = (double)mlp_optimizer_moments((enum mlp_optimizer)variant);
        test->bytes = elements * sizeof(float) * (3 + 2 * moments);
        test->memory = elements * sizeof(float) * (2 + moments);
    }
    test->flops = elements * variant_flops(operation, variant);
}

/* Whether a row of a registry is measured without being asked for: a default run is to end within a
 * minute. The others come with --filter. */
static bool is_usual(const struct operation *operation, size_t variant)
{
    if (operation->run == run_update)
        return variant == MLP_SGD || variant == MLP_ADAM;
    return !operation->variant || variant <= MLP_TANH || variant == MLP_GELU;
}

static void add_operation(struct bench_cases *cases, const struct bench_plan *plan,
                          const struct operation *operation, const char *variant, size_t i)
{
    char name[40], size[32];
    snprintf(name, sizeof name, "%s%s%s", operation->name, variant ? "/" : "",
             variant ? variant : "");
    snprintf(size, sizeof size, "%zux%zu", operation->rows, operation->columns);
    struct bench_case *test =
        bench_cases_add(cases, name, size, plan->kernels->isa, plan->kernels, plan->threads);
    if (!test)
        return;
    test->suite = BENCH_ELEMENTWISE;
    test->kind = &kind;
    test->by_default =
        plan->first_threads && plan->options->shape_count == 0 && is_usual(operation, i);
    test->by_bytes = true;
    test->no_fma = !is_fused(operation, i);
    test->shape = (struct bench_shape){operation->rows, operation->columns, 0};
    test->what = operation;
    test->variant = i;
    set_work(test, operation, i);
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
