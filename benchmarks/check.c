/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "alloc.h"
#include "flush.h"
#include "gemm.h"
#include "model.h"
#include "random.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Multiply-adds that the C kernels do in about a tenth of a second. */
static const double most_products = 1 << 27;

double bench_error(size_t n, const float *value, const double *exact, const double *scale)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double found = (double)value[i], difference = fabs(found - exact[i]);
        if ((isnan(found) && isnan(exact[i])) || found == exact[i])
            continue;
        double error = difference / (0x1p-23 * scale[i]);
        if (!(error <= worst)) /* also where it is NaN */
            worst = isnan(error) ? INFINITY : error;
    }
    return worst;
}

static void fill(float *values, size_t n, uint32_t tensor)
{
    uint32_t words[4];
    for (size_t i = 0; i < n; i++) {
        if (i % 4 == 0)
            mlp_random(1, MLP_RANDOM_BENCH, tensor, i / 4, words);
        values[i] = mlp_random_unit(words[i % 4]) - 0.5f;
    }
}

/* dst[columns][rows] from src[rows][columns], in blocks that stay in a cache. */
static void transpose(size_t rows, size_t columns, const float *src, float *dst)
{
    enum { BLOCK = 32 };
    for (size_t i = 0; i < rows; i += BLOCK) {
        for (size_t j = 0; j < columns; j += BLOCK) {
            for (size_t r = i; r < rows && r < i + BLOCK; r++) {
                for (size_t c = j; c < columns && c < j + BLOCK; c++)
                    dst[c * rows + r] = src[r * columns + c];
            }
        }
    }
}

/* All operands that are in use. Only the thread that leads uses them. */
static struct bench_operands *all;

static void destroy(struct bench_operands *o)
{
    mlp_free(o->a);
    mlp_free(o->b);
    mlp_free(o->at);
    mlp_free(o->bt);
    mlp_free(o->rows);
    mlp_free(o->chain);
    mlp_free(o->exact);
    mlp_free(o->scale);
    mlp_free(o);
}

static struct bench_operands *create(struct bench_shape shape)
{
    size_t m = shape.m, n = shape.n, k = shape.k;
    struct bench_operands *o = mlp_alloc(1, sizeof *o);
    if (!o)
        return NULL;
    *o = (struct bench_operands){
        .shape = shape,
        .a = mlp_alloc_uninitialized(m * k, sizeof *o->a),
        .b = mlp_alloc_uninitialized(k * n, sizeof *o->b),
        .at = mlp_alloc_uninitialized(m * k, sizeof *o->at),
        .bt = mlp_alloc_uninitialized(k * n, sizeof *o->bt),
    };
    if (!o->a || !o->b || !o->at || !o->bt) {
        destroy(o);
        return NULL;
    }
    fill(o->a, m * k, 0);
    fill(o->b, k * n, 1);
    transpose(m, k, o->a, o->at);
    transpose(k, n, o->b, o->bt);
    return o;
}

static bool same_shape(const struct bench_shape *a, const struct bench_shape *b)
{
    return a->m == b->m && a->n == b->n && a->k == b->k;
}

struct bench_operands *bench_operands_use(struct bench_shape shape)
{
    struct bench_operands *o = all;
    while (o && !same_shape(&o->shape, &shape))
        o = o->next;
    if (!o) {
        o = create(shape);
        if (!o)
            return NULL;
        o->next = all;
        all = o;
    }
    o->users++;
    return o;
}

void bench_operands_release(struct bench_operands *operands)
{
    if (!operands || --operands->users > 0)
        return;
    struct bench_operands **link = &all;
    while (*link != operands)
        link = &(*link)->next;
    *link = operands->next;
    destroy(operands);
}

const float *bench_operands_a(const struct bench_operands *operands,
                              enum bench_transposition transposition)
{
    return bench_a_transposed(transposition) ? operands->at : operands->a;
}

const float *bench_operands_b(const struct bench_operands *operands,
                              enum bench_transposition transposition)
{
    return bench_b_transposed(transposition) ? operands->bt : operands->b;
}

void bench_operands_flush(const struct bench_operands *operands,
                          enum bench_transposition transposition, const float *c, bool weights_only)
{
    size_t m = operands->shape.m, n = operands->shape.n, k = operands->shape.k;
    bench_flush(bench_operands_b(operands, transposition), k * n * sizeof(float));
    if (weights_only)
        return;
    bench_flush(bench_operands_a(operands, transposition), m * k * sizeof(float));
    bench_flush(c, m * n * sizeof(float));
}

static void choose_rows(struct bench_operands *o)
{
    size_t m = o->shape.m;
    double affordable = most_products / ((double)o->shape.n * (double)o->shape.k);
    o->row_count = affordable >= (double)m ? m
                   : affordable < 2        ? (m < 2 ? m : 2)
                                           : (size_t)affordable;
    for (size_t i = 0; i < o->row_count; i++)
        o->rows[i] = o->row_count > 1 ? i * (m - 1) / (o->row_count - 1) : 0;
}

/* The chains of the chosen rows, by the C kernels. False where there is no memory. */
static bool solve_chain(struct bench_operands *o)
{
    struct mlp_kernels c;
    mlp_kernels_fill(0, &c);
    size_t n = o->shape.n, k = o->shape.k, rows = o->row_count;
    size_t panels = mlp_panels(n), stride = mlp_panel_stride(rows);
    float *plain = mlp_alloc_uninitialized(rows * k, sizeof *plain);
    float *a = mlp_alloc_uninitialized(mlp_panels(k) * stride, sizeof *a);
    float *b = mlp_alloc_uninitialized(panels * k * MLP_NR, sizeof *b);
    float *result = mlp_alloc_uninitialized(panels * stride, sizeof *result);
    bool good = plain && a && b && result;
    if (good) {
        for (size_t i = 0; i < rows; i++)
            memcpy(plain + i * k, o->a + o->rows[i] * k, k * sizeof *plain);
        c.gather_f32(rows, k, plain, k, NULL, a, stride);
        c.gather_f32(k, n, o->b, n, NULL, b, k * MLP_NR);
        c.gemm_forward(rows, panels, k, a, stride, b, k * MLP_NR, result, stride, false, NULL);
        c.unpack(rows, n, result, stride, o->chain);
    }
    mlp_free(plain);
    mlp_free(a);
    mlp_free(b);
    mlp_free(result);
    return good;
}

static void solve_exact(struct bench_operands *o)
{
    size_t n = o->shape.n, k = o->shape.k;
    for (size_t i = 0; i < o->row_count; i++) {
        const float *a = o->a + o->rows[i] * k;
        double *exact = o->exact + i * n, *scale = o->scale + i * n;
        memset(exact, 0, n * sizeof *exact);
        memset(scale, 0, n * sizeof *scale);
        for (size_t s = 0; s < k; s++) {
            const float *b = o->b + s * n;
            double factor = (double)a[s];
            for (size_t j = 0; j < n; j++) {
                double product = factor * (double)b[j];
                exact[j] += product;
                scale[j] += fabs(product);
            }
        }
    }
}

bool bench_operands_solve(struct bench_operands *o)
{
    if (o->scale)
        return true;
    size_t n = o->shape.n;
    if (!o->rows)
        o->rows = mlp_alloc(o->shape.m, sizeof *o->rows);
    if (!o->rows)
        return false;
    choose_rows(o);
    if (!o->chain)
        o->chain = mlp_alloc_uninitialized(o->row_count * n, sizeof *o->chain);
    if (!o->exact)
        o->exact = mlp_alloc_uninitialized(o->row_count * n, sizeof *o->exact);
    double *scale = mlp_alloc_uninitialized(o->row_count * n, sizeof *scale);
    if (!o->chain || !o->exact || !scale || !solve_chain(o)) {
        mlp_free(scale);
        return false;
    }
    o->scale = scale;
    solve_exact(o);
    return true;
}

void bench_check_product(const struct bench_operands *o, const float *result,
                         struct bench_check *out)
{
    size_t n = o->shape.n;
    *out = (struct bench_check){BENCH_BITS_EQUAL, 0};
    for (size_t i = 0; i < o->row_count; i++) {
        const float *row = result + o->rows[i] * n;
        if (memcmp(row, o->chain + i * n, n * sizeof *row) != 0)
            out->bits = BENCH_BITS_DIFFER;
        double error = bench_error(n, row, o->exact + i * n, o->scale + i * n);
        out->error = error > out->error ? error : out->error;
    }
}
