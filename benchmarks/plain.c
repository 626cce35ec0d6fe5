/* SPDX-License-Identifier: MIT */
/* Blocked as in Goto and van de Geijn, "Anatomy of high-performance matrix
 * multiplication" (2008), but nothing is packed that can be used where it is: B is, and
 * a transposed A; a row-major A and C are not. Where A is transposed and C narrow, the transpose of
 * C is computed: A then is the operand whose rows become vectors, and is used once. */
#include "plain.h"

#include "alloc.h"
#include "cases.h"
#include "error.h"
#include "model.h"
#include "team.h"

#include <stdio.h>
#include <string.h>

/* A packed block of A and one of B stay in a second-level cache of half a megabyte
 * on Zen, or two on Golden Cove, where these were tried. */
enum {
    KC = 288,        /* of the sums, at most */
    NC = 512,        /* columns of B that are packed at a time */
    MC = 256,        /* rows of a transposed A that are packed at a time */
    PAIR = 32,       /* columns of two panels: the widest tile of any instruction set */
    NARROW = MLP_NR, /* columns of a C that is computed transposed */
};

/* What each thread has for itself. */
struct part {
    size_t row, rows, column, columns; /* of C */
    float *a, *b, *scratch;
};

struct bench_plain {
    struct mlp_kernels kernels;
    struct bench_shape shape;
    bool a_transposed, b_transposed, swapped;
    size_t kc;
    int threads;
    struct part *parts; /* [threads] */
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Cuts `total` into multiples of `unit`, for each thread about as many. */
static size_t cut(size_t total, size_t unit, int thread, int threads, size_t *first)
{
    size_t units = bench_share((total + unit - 1) / unit, thread, threads, first);
    *first = smaller(*first * unit, total);
    return smaller(units * unit, total - *first);
}

/* Threads divide what makes them pack the less of the same: columns, unless A is
 * packed and taller, or there are too few. */
static bool divides_rows(const struct bench_plain *p)
{
    const struct bench_shape *shape = &p->shape;
    size_t threads = (size_t)p->threads;
    if (shape->m < p->kernels.mr * threads)
        return false;
    return p->swapped || shape->n < PAIR * threads || (p->a_transposed && shape->m >= shape->n);
}

static bool create_part(struct bench_plain *p, int thread)
{
    const struct bench_shape *shape = &p->shape;
    struct part *part = &p->parts[thread];
    *part = (struct part){.rows = shape->m, .columns = shape->n};
    if (divides_rows(p))
        part->rows =
            cut(shape->m, p->a_transposed ? MLP_NR : p->kernels.mr, thread, p->threads, &part->row);
    else
        part->columns = cut(shape->n, MLP_NR, thread, p->threads, &part->column);
    part->a = mlp_alloc(p->a_transposed ? MC * p->kc : 1, sizeof *part->a);
    part->b = mlp_alloc(NC * p->kc, sizeof *part->b);
    part->scratch = mlp_alloc((size_t)NC * MLP_NR, sizeof *part->scratch);
    return part->a && part->b && part->scratch;
}

bool bench_plain_create(struct bench_plain **out, const struct mlp_kernels *kernels,
                        struct bench_shape shape, enum bench_transposition transposition,
                        int threads)
{
    struct bench_plain *p = *out = mlp_alloc(1, sizeof *p);
    size_t blocks = (shape.k + KC - 1) / KC;
    if (!p)
        return false;
    *p = (struct bench_plain){
        .kernels = *kernels,
        .shape = shape,
        .a_transposed = bench_a_transposed(transposition),
        .b_transposed = bench_b_transposed(transposition),
        .swapped = transposition == BENCH_TN && shape.n <= NARROW && shape.m > shape.n,
        .kc = (shape.k + blocks - 1) / blocks,
        .threads = threads,
        .parts = mlp_alloc((size_t)threads, sizeof *p->parts),
    };
    bool good = p->parts != NULL;
    for (int t = 0; t < threads && good; t++)
        good = create_part(p, t);
    return good;
}

void bench_plain_destroy(struct bench_plain *p)
{
    if (!p)
        return;
    for (int t = 0; p->parts && t < p->threads; t++) {
        mlp_free(p->parts[t].a);
        mlp_free(p->parts[t].b);
        mlp_free(p->parts[t].scratch);
    }
    mlp_free(p->parts);
    mlp_free(p);
}

/* Packs the transpose of a row-major block [columns][rows]: 16 of its columns are a
 * panel, which the layout kernel transposes. */
static void pack_transposed(const struct mlp_kernels *kernels, size_t rows, size_t columns,
                            const float *src, size_t leading, float *dst, size_t stride,
                            float *scratch)
{
    for (size_t r = 0; r < rows; r += MLP_NR) {
        size_t width = smaller(MLP_NR, rows - r);
        kernels->gather_f32(columns, width, src + r, leading, NULL, scratch, columns * MLP_NR);
        kernels->transpose(columns, width, scratch, dst + r * MLP_NR, stride);
    }
}

static void pack_b(const struct bench_plain *p, const struct part *part, const float *b,
                   size_t column, size_t columns, size_t k, size_t kc)
{
    size_t stride = p->kc * MLP_NR;
    if (p->b_transposed)
        pack_transposed(&p->kernels, kc, columns, b + column * p->shape.k + k, p->shape.k, part->b,
                        stride, part->scratch);
    else
        p->kernels.gather_f32(kc, columns, b + k * p->shape.n + column, p->shape.n, NULL, part->b,
                              stride);
}

/* All of the thread's rows times the packed columns of B, which c begins with, for
 * sums from k on. */
static void multiply(const struct bench_plain *p, const struct part *part, const float *a, size_t k,
                     size_t kc, float *c, size_t columns)
{
    size_t n = p->shape.n, stride = p->kc * MLP_NR, first = part->row;
    if (!p->a_transposed) {
        p->kernels.gemm_plain(part->rows, columns, kc, false, a + first * p->shape.k + k,
                              p->shape.k, part->b, stride, MLP_NR, c, n, k > 0);
        return;
    }
    for (size_t i = 0; i < part->rows; i += MC) {
        size_t rows = smaller(MC, part->rows - i);
        p->kernels.gather_f32(kc, rows, a + k * p->shape.m + first + i, p->shape.m, NULL, part->a,
                              stride);
        for (size_t j = 0; j < columns; j += MLP_NR) {
            for (size_t r = 0; r < rows; r += MLP_NR)
                p->kernels.gemm_plain(smaller(MLP_NR, rows - r), smaller(MLP_NR, columns - j), kc,
                                      true, part->a + r * p->kc, MLP_NR, part->b + j * p->kc,
                                      stride, MLP_NR, c + (i + r) * n + j, n, k > 0);
        }
    }
}

static void product(const struct bench_plain *p, const struct part *part, const float *a,
                    const float *b, float *c)
{
    size_t n = p->shape.n, last = part->column + part->columns;
    if (part->rows == 0)
        return;
    for (size_t j = part->column; j < last; j += NC) {
        size_t columns = smaller(NC, last - j);
        for (size_t k = 0; k < p->shape.k; k += p->kc) {
            size_t kc = smaller(p->kc, p->shape.k - k);
            pack_b(p, part, b, j, columns, k, kc);
            multiply(p, part, a, k, kc, c + part->row * n + j, columns);
        }
    }
}

/* Up to 16 rows of C from their transpose, in lines of PAIR. */
static void put_transposed(const struct bench_plain *p, const float *block, size_t rows, float *c)
{
    size_t n = p->shape.n;
    _Alignas(64) float panel[MLP_NR * MLP_NR], lines[MLP_NR * MLP_NR];
    for (size_t l = 0; l < MLP_NR; l++)
        memcpy(panel + l * MLP_NR, block + l * PAIR, MLP_NR * sizeof *panel);
    p->kernels.transpose(MLP_NR, MLP_NR, panel, lines, MLP_NR * MLP_NR);
    for (size_t r = 0; r < rows; r++)
        memcpy(c + r * n, lines + r * MLP_NR, n * sizeof *c);
}

/* C's transpose: its columns are rows of B's, its rows columns of A's. */
static void swapped_product(const struct bench_plain *p, const struct part *part, const float *a,
                            const float *b, float *c)
{
    size_t m = p->shape.m, n = p->shape.n, last_row = part->row + part->rows;
    _Alignas(64) float block[MLP_NR][PAIR] = {{0}};
    for (size_t i = part->row; i < last_row; i += PAIR) {
        size_t rows = smaller(PAIR, last_row - i);
        for (size_t k = 0; k < p->shape.k; k += p->kc) {
            size_t kc = smaller(p->kc, p->shape.k - k);
            const float *columns = a + k * m + i;
            size_t b_stride = MLP_NR, b_row = m;
            if (rows % MLP_NR) { /* beyond them may be no memory */
                p->kernels.gather_f32(kc, rows, columns, m, NULL, part->b, p->kc * MLP_NR);
                columns = part->b;
                b_stride = p->kc * MLP_NR;
                b_row = MLP_NR;
            }
            p->kernels.gemm_plain(n, rows, kc, true, b + k * n, n, columns, b_stride, b_row,
                                  block[0], PAIR, k > 0);
        }
        for (size_t r = 0; r < rows; r += MLP_NR)
            put_transposed(p, block[0] + r, smaller(MLP_NR, rows - r), c + (i + r) * n);
    }
}

void bench_plain_product(struct bench_plain *p, const float *a, const float *b, float *c,
                         int thread)
{
    if (p->swapped)
        swapped_product(p, &p->parts[thread], a, b, c);
    else
        product(p, &p->parts[thread], a, b, c);
}

/* --- The cases ------------------------------------------------------------------ */

struct arrays {
    struct bench_operands *operands;
    float *c;
    struct bench_plain *plain;
};

static mlp_status prepare(struct bench_case *test, mlp_error *error)
{
    struct arrays *s = test->state = mlp_alloc(1, sizeof *s);
    if (!s)
        return mlp_fail_memory(error, test->name);
    s->operands = bench_operands_use(test->shape);
    s->c = mlp_alloc(test->shape.m * test->shape.n, sizeof *s->c);
    if (!s->operands || !s->c ||
        !bench_plain_create(&s->plain, &test->kernels, test->shape, test->transposition,
                            test->threads))
        return mlp_fail_memory(error, test->name);
    return MLP_OK;
}

static void run(void *context, int thread, int threads, size_t iterations)
{
    (void)threads;
    const struct bench_case *test = context;
    const struct arrays *s = test->state;
    const float *a = bench_operands_a(s->operands, test->transposition);
    const float *b = bench_operands_b(s->operands, test->transposition);
    for (size_t i = 0; i < iterations; i++)
        bench_plain_product(s->plain, a, b, s->c, thread);
}

static bool check(struct bench_case *test, struct bench_check *out)
{
    const struct arrays *s = test->state;
    if (!bench_operands_solve(s->operands))
        return false;
    bench_team_time(test->threads, run, test, 1);
    bench_check_product(s->operands, s->c, out);
    return true;
}

static void flush(struct bench_case *test, bool weights_only)
{
    const struct arrays *s = test->state;
    bench_operands_flush(s->operands, test->transposition, s->c, weights_only);
}

static void destroy(struct bench_case *test)
{
    struct arrays *s = test->state;
    if (!s)
        return;
    bench_operands_release(s->operands);
    mlp_free(s->c);
    bench_plain_destroy(s->plain);
    mlp_free(s);
    test->state = NULL;
}

static const struct bench_kind kind = {
    .prepare = prepare,
    .run = run,
    .check = check,
    .flush = flush,
    .destroy = destroy,
};

struct adding {
    struct bench_cases *cases;
    const struct bench_plan *plan;
};

static void add(void *context, const struct bench_blas_shape *shape)
{
    const struct adding *adding = context;
    const struct bench_plan *plan = adding->plan;
    struct bench_case *test =
        bench_add_blas(adding->cases, shape, plan->kernels->isa, plan->kernels, plan->threads);
    if (!test)
        return;
    test->kind = &kind;
    test->by_default = plan->fastest || plan->options->shape_count > 0;
}

void bench_add_plain(struct bench_cases *cases, const struct bench_plan *plan)
{
    struct adding adding = {cases, plan};
    bench_each_blas_shape(plan->options, add, &adding);
}
