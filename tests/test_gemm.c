/* SPDX-License-Identifier: MIT */
/* The three products. C is held to a float64 reference; every other
 * instruction set to the bits of C.
 *
 * C works out each depth k once, for the most rows and panels. Its element
 * depends on no other, so that every smaller shape is a corner of that. */
#include "kernel_test.h"

#include "registry.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum {
    MOST_ROWS = 97,
    MOST_PANELS = 9,
    MOST_K = 272,
    MOST_GAP = 2, /* rows of 16 between panels */
    COLUMNS = MOST_PANELS * MLP_NR,
    /* Slots of the harness. */
    SLOT_A = 0,
    SLOT_B,
    SLOT_C,
    SLOT_BIAS,
    SLOT_Y,
    SLOT_SLOPE,
    SLOT_W,
    SLOT_M,
    SLOT_V,
};

static const size_t depths[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10,  11,  12,  13,  14, 15,
                                16, 17, 18, 19, 20, 31, 32, 33, 48, 100, 255, 256, 257, 272};
enum { DEPTHS = sizeof depths / sizeof depths[0] };

/* Plain row-major operands of the largest product, and its results. */
struct product {
    size_t k;
    float a[MOST_ROWS][MOST_K];
    float b[MOST_K][COLUMNS];
    float start[MOST_ROWS][COLUMNS]; /* what `resume` resumes */
    float y[MOST_ROWS][COLUMNS];     /* outputs, for derivatives, or slopes */
    float bias[COLUMNS];
    float c[MOST_ROWS][COLUMNS];
    float slope[MOST_ROWS][COLUMNS];
};

static struct product the;

static void fill_product(size_t k, enum kt_values values)
{
    the.k = k;
    kt_fill(&the.a[0][0], MOST_ROWS * MOST_K, values);
    kt_fill(&the.b[0][0], MOST_K * COLUMNS, values);
    kt_fill(&the.start[0][0], MOST_ROWS * COLUMNS, values);
    kt_fill(&the.y[0][0], MOST_ROWS * COLUMNS, values);
    kt_fill(the.bias, COLUMNS, values);
}

/* --- Panels --------------------------------------------------------------- */

static size_t panels_of(size_t columns)
{
    return (columns + MLP_NR - 1) / MLP_NR;
}

static size_t extent(size_t rows, size_t columns, size_t stride)
{
    return (panels_of(columns) - 1) * stride + rows * MLP_NR;
}

/* The corner rows x columns of a row-major matrix as panels in a slot; NaN in
 * the padding and in the gaps, so that a sum over them shows. */
static float *panels_at(int slot, const float *matrix, size_t row_stride, size_t rows,
                        size_t columns, size_t stride, enum kt_side side)
{
    size_t n = extent(rows, columns, stride);
    float *panels = kt_floats(slot, n, side);
    for (size_t i = 0; i < n; i++)
        panels[i] = NAN;
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++)
            panels[c / MLP_NR * stride + r * MLP_NR + c % MLP_NR] = matrix[r * row_stride + c];
    }
    return panels;
}

/* The corner of `want` against panels, whose gaps are still NaN. */
static void expect_panels(const char *what, const float *want, size_t row_stride, size_t rows,
                          size_t panels, const float *got, size_t stride)
{
    for (size_t p = 0; p < panels; p++) {
        for (size_t r = 0; r < rows; r++)
            kt_expect_same(what, want + r * row_stride + p * MLP_NR, got + p * stride + r * MLP_NR,
                           MLP_NR);
        for (size_t i = rows * MLP_NR; p + 1 < panels && i < stride; i++)
            kt_require(isnan(got[p * stride + i]), "%s: wrote between panels", kt_case_name());
    }
}

/* --- One call ------------------------------------------------------------- */

/* The shape and the variant of one call of a forward or dx kernel. */
struct call {
    bool dx;
    size_t rows, panels, gap;
    bool resume;
    int activation; /* of the epilogue; negative: none */
    bool slope;     /* kept by a forward product, taken by a dx */
    size_t split;   /* the first block of K, 0: one block */
    enum kt_side side;
};

static void name_call(const struct mlp_kernels *kernels, const struct call *call,
                      enum kt_values values)
{
    kt_case("gemm_%s_%zux%d_%s_m%zu_n%zu_k%zu_gap%zu%s_%s%s_split%zu_%s",
            call->dx ? "dx" : "forward", kernels->mr, MLP_NR, kernels->isa, call->rows,
            call->panels * MLP_NR, the.k, call->gap, call->resume ? "_resume" : "",
            call->activation < 0 ? "plain" : mlp_activation_name((size_t)call->activation),
            call->slope ? "_slope" : "", call->split, kt_values_name(values));
}

/* What a call gives: C, and slopes at the stride of Y. */
struct results {
    const float *c, *slope;
    size_t c_stride, slope_stride;
};

/* Runs the kernel on the corner of `the`. */
static struct results run_call(const struct mlp_kernels *kernels, const struct call *call)
{
    size_t rows = call->rows, panels = call->panels, columns = panels * MLP_NR, k = the.k;
    size_t a_stride = (rows + call->gap) * MLP_NR, b_stride = (k + call->gap) * MLP_NR;
    float *a = panels_at(SLOT_A, &the.a[0][0], MOST_K, rows, k, a_stride, call->side);
    float *b = panels_at(SLOT_B, &the.b[0][0], COLUMNS, k, columns, b_stride, call->side);
    float *c = panels_at(SLOT_C, &the.start[0][0], COLUMNS, rows, columns, a_stride, call->side);
    size_t y_stride = b_stride + a_stride;
    float *y = panels_at(SLOT_Y, &the.y[0][0], COLUMNS, rows, columns, y_stride, call->side);
    float *slope =
        panels_at(SLOT_SLOPE, &the.start[0][0], COLUMNS, rows, columns, y_stride, call->side);
    const enum mlp_activation activation = (enum mlp_activation)call->activation;
    const struct mlp_forward_epilogue forward = {
        .bias = kt_copy(SLOT_BIAS, the.bias, columns, call->side),
        .activation = activation,
        .slope = call->slope ? slope : NULL,
        .slope_stride = y_stride};
    const struct mlp_dx_epilogue dx = {y, y_stride, activation, call->slope};
    bool plain = call->activation < 0, resume = call->resume;
    size_t begin = 0;
    /* Blocks of K begin at a panel of A. */
    if (call->split > 0 && call->split < k) {
        begin = call->split;
        if (call->dx)
            kernels->gemm_dx(rows, panels, begin, a, a_stride, b, b_stride, c, a_stride, resume,
                             NULL);
        else
            kernels->gemm_forward(rows, panels, begin, a, a_stride, b, b_stride, c, a_stride,
                                  resume, NULL);
        resume = true;
    }
    const float *a_rest = a + begin / MLP_NR * a_stride, *b_rest = b + begin * MLP_NR;
    if (call->dx)
        kernels->gemm_dx(rows, panels, k - begin, a_rest, a_stride, b_rest, b_stride, c, a_stride,
                         resume, plain ? NULL : &dx);
    else
        kernels->gemm_forward(rows, panels, k - begin, a_rest, a_stride, b_rest, b_stride, c,
                              a_stride, resume, plain ? NULL : &forward);
    kt_check_canaries(SLOT_C);
    kt_check_canaries(SLOT_SLOPE);
    return (struct results){c, slope, a_stride, y_stride};
}

/* the.c and the.slope = what C gives for the variant on the largest shape. */
static void run_c(const struct call *variant)
{
    struct call call = *variant;
    call.rows = MOST_ROWS;
    call.panels = MOST_PANELS;
    call.gap = 0;
    call.split = 0;
    name_call(kt_c(), &call, KT_ORDINARY);
    struct results got = run_call(kt_c(), &call);
    for (size_t r = 0; r < MOST_ROWS; r++) {
        for (size_t j = 0; j < COLUMNS; j++) {
            size_t at = r * MLP_NR + j % MLP_NR;
            the.c[r][j] = got.c[j / MLP_NR * got.c_stride + at];
            the.slope[r][j] = got.slope[j / MLP_NR * got.slope_stride + at];
        }
    }
}

static void expect_call(const struct mlp_kernels *kernels, const struct call *call,
                        enum kt_values values)
{
    name_call(kernels, call, values);
    struct results got = run_call(kernels, call);
    expect_panels("c", &the.c[0][0], COLUMNS, call->rows, call->panels, got.c, got.c_stride);
    expect_panels("slope", &the.slope[0][0], COLUMNS, call->rows, call->panels, got.slope,
                  got.slope_stride);
}

/* --- C -------------------------------------------------------------------- */

/* Each element within (k + 2) eps |A| |B| of the product in double; eps is half
 * a unit of the last place of 1. */
START_TEST(test_c_accuracy)
{
    const double eps = FLT_EPSILON / 2;
    for (size_t d = 0; d < DEPTHS; d++) {
        fill_product(depths[d], KT_ORDINARY);
        for (int variant = 0; variant < 4; variant++) {
            struct call call = {.dx = variant % 2, .resume = variant / 2, .activation = -1};
            run_c(&call);
            for (size_t r = 0; r < MOST_ROWS; r++) {
                for (size_t j = 0; j < COLUMNS; j++) {
                    double sum = call.resume ? the.start[r][j] : 0, size = fabs(sum);
                    for (size_t i = 0; i < the.k; i++) {
                        sum += (double)the.a[r][i] * the.b[i][j];
                        size += fabs((double)the.a[r][i] * the.b[i][j]);
                    }
                    double error = fabs(the.c[r][j] - sum);
                    kt_require(error <= ((double)the.k + 2) * eps * size,
                               "%s: (%zu, %zu) is off by %g", kt_case_name(), r, j, error);
                }
            }
        }
    }
}
END_TEST

/* In C, slopes are those of mlp_activation_slope_fn at the chains and biases; with a
 * slope, dx is the product of both. */
START_TEST(test_c_slope)
{
    static float want[MOST_ROWS][COLUMNS], slope[MOST_ROWS][COLUMNS];
    fill_product(5, KT_EXTREME);
    for (int v = 0; v < 2 * kt_activations(); v++) {
        struct call call = {.dx = v % 2, .activation = -1};
        const enum mlp_activation activation = (enum mlp_activation)(v / 2);
        run_c(&call);
        memcpy(want, the.c, sizeof want);
        memcpy(slope, the.start, sizeof slope);
        for (size_t r = 0; r < MOST_ROWS; r++) {
            for (size_t j = 0; j < COLUMNS; j++)
                want[r][j] = call.dx ? want[r][j] * the.y[r][j] : want[r][j] + the.bias[j];
            if (!call.dx)
                kt_c()->activation_slope(activation, COLUMNS, want[r], want[r], slope[r]);
        }
        call.activation = activation;
        call.slope = true;
        run_c(&call);
        kt_expect_same("c", want[0], the.c[0], MOST_ROWS * COLUMNS);
        kt_expect_same("slope", slope[0], the.slope[0], MOST_ROWS * COLUMNS);
    }
}
END_TEST

/* What expect_call takes for granted: in C, a corner of a product is the
 * product of the corners, and a split of K changes nothing. */
START_TEST(test_c_corners)
{
    static const size_t some[] = {1, 3, 16, 17, 33, 48};
    for (size_t d = 0; d < sizeof some / sizeof some[0]; d++) {
        fill_product(some[d], KT_SPECIAL);
        for (int activation = -1; activation < kt_activations(); activation++) {
            struct call call = {.dx = d % 2,
                                .resume = d / 2 % 2,
                                .activation = activation,
                                .slope = activation >= 0 && activation % 2};
            run_c(&call);
            for (size_t rows = 1; rows <= 13; rows++) {
                call.rows = rows;
                call.panels = rows % MOST_PANELS + 1;
                call.gap = rows % 3;
                call.split = rows % 2 ? 0 : 16;
                call.side = rows / 2 % KT_SIDES;
                expect_call(kt_c(), &call, KT_SPECIAL);
            }
        }
    }
}
END_TEST

/* --- Forward and dx, instruction sets ------------------------------------- */

/* Rows of the tests: all up to 2 MR + 1, and some of many tiles. */
static size_t row_count(const struct mlp_kernels *kernels, size_t i)
{
    static const size_t large[] = {23, 48, 97};
    size_t small = 2 * kernels->mr + 1;
    if (i < small)
        return i + 1;
    return i < small + sizeof large / sizeof large[0] ? large[i - small] : 0;
}

/* Every row count and every number of panels at each depth: plain and with an
 * epilogue, from zero and resumed, in one block and in two. The variants take
 * turns, such that each meets every row count and every depth. */
static void try_depth(const struct mlp_kernels *kernels, bool dx, size_t d)
{
    for (int v = 0; v < 4; v++) {
        enum kt_values values = (enum kt_values)((d + (size_t)v) % KT_VALUES);
        struct call call = {.dx = dx, .resume = v % 2};
        call.activation = v < 2 ? -1 : (int)((d + (size_t)v) % (size_t)kt_activations());
        call.slope = v == 3;
        fill_product(depths[d], values);
        run_c(&call);
        for (size_t i = 0; row_count(kernels, i) > 0; i++) {
            call.rows = row_count(kernels, i);
            for (call.panels = 1; call.panels <= MOST_PANELS; call.panels++) {
                size_t turn = i + call.panels + (size_t)v;
                /* The largest shapes of large depth would take most of the time. */
                if (call.rows > 2 * kernels->mr + 1 && the.k > 33 && turn % 5)
                    continue;
                call.gap = turn % (MOST_GAP + 1);
                call.side = turn % KT_SIDES;
                call.split = turn % 3 ? 0 : the.k / 32 * MLP_NR;
                expect_call(kernels, &call, values);
            }
        }
    }
}

START_TEST(test_isa_forward)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    for (size_t d = 0; kernels && d < DEPTHS; d++)
        try_depth(kernels, false, d);
}
END_TEST

START_TEST(test_isa_dx)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    for (size_t d = 0; kernels && d < DEPTHS; d++)
        try_depth(kernels, true, d);
}
END_TEST

/* Every epilogue, with and without a slope, on every row count, number of panels and
 * kind of values. */
START_TEST(test_isa_epilogues)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    for (int v = 0; v < 4 * kt_activations() * KT_VALUES; v++) {
        enum kt_values values = (enum kt_values)(v / 4 / kt_activations());
        struct call call = {
            .dx = v % 2, .slope = v / 2 % 2, .activation = v / 4 % kt_activations()};
        fill_product(5, values);
        run_c(&call);
        for (call.rows = 1; call.rows <= 2 * kernels->mr + 1; call.rows++) {
            for (call.panels = 1; call.panels <= MOST_PANELS; call.panels++) {
                call.side = (call.rows + call.panels) % KT_SIDES;
                expect_call(kernels, &call, values);
            }
        }
    }
}
END_TEST

/* A block of K may end anywhere in a panel of A as long as it is the last. */
START_TEST(test_isa_splits)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    fill_product(MOST_K, KT_ORDINARY);
    for (int dx = 0; dx < 2; dx++) {
        struct call call = {.dx = dx, .rows = 13, .panels = 3, .activation = MLP_RELU};
        run_c(&call);
        for (call.split = 0; call.split < MOST_K; call.split += MLP_NR)
            expect_call(kernels, &call, KT_ORDINARY);
    }
}
END_TEST

/* --- dw ------------------------------------------------------------------- */

enum { DW_ROWS = 56 };

/* The gradient of one panel: A's columns are the rows of G, the samples K. */
static struct {
    size_t k;
    float a[MOST_K][DW_ROWS];
    float b[MOST_K][MLP_NR];
    float g[DW_ROWS * MLP_NR]; /* where chains start */
    float w[DW_ROWS * MLP_NR], m[DW_ROWS * MLP_NR], v[DW_ROWS * MLP_NR];
} dw, dw_result;

/* The variant of one call. */
struct dw_call {
    size_t rows, gap;
    bool resume;
    int optimizer; /* negative: none, the chains go to g */
    size_t split;
    enum kt_side side;
};

static void fill_dw(size_t k, enum kt_values values)
{
    dw.k = k;
    kt_fill(&dw.a[0][0], MOST_K * DW_ROWS, values);
    kt_fill(&dw.b[0][0], MOST_K * MLP_NR, values);
    kt_fill(dw.g, DW_ROWS * MLP_NR, values);
    kt_fill(dw.w, DW_ROWS * MLP_NR, values);
    kt_fill(dw.m, DW_ROWS * MLP_NR, values);
    kt_fill(dw.v, DW_ROWS * MLP_NR, values);
    for (size_t i = 0; i < DW_ROWS * MLP_NR; i++)
        dw.v[i] = fabsf(dw.v[i]);
}

static struct mlp_update dw_update(int optimizer)
{
    return (struct mlp_update){.optimizer = (enum mlp_optimizer)optimizer,
                               .rate = 0.003f,
                               .beta1 = 0.9f,
                               .rest1 = 0.1f,
                               .rest2 = 0.001f,
                               .epsilon = 1e-7f,
                               .keep = 0.99f};
}

/* The first moment: not below zero where it is of squares. */
static const float *dw_moment(int optimizer)
{
    return optimizer == MLP_RMSPROP || optimizer == MLP_ADAGRAD ? dw.v : dw.m;
}

static void run_dw(const struct mlp_kernels *kernels, const struct dw_call *call)
{
    size_t rows = call->rows, n = rows * MLP_NR, k = dw.k, a_stride = (k + call->gap) * MLP_NR;
    float *a = panels_at(SLOT_A, &dw.a[0][0], DW_ROWS, k, rows, a_stride, call->side);
    float *b = kt_copy(SLOT_B, &dw.b[0][0], k * MLP_NR, call->side);
    float *g = kt_copy(SLOT_C, dw.g, n, call->side);
    float *w = kt_copy(SLOT_W, dw.w, n, call->side);
    float *m = kt_copy(SLOT_M, dw_moment(call->optimizer), n, call->side);
    float *v = kt_copy(SLOT_V, dw.v, n, call->side);
    const struct mlp_update update = dw_update(call->optimizer);
    bool resume = call->resume, plain = call->optimizer < 0;
    size_t moments = plain ? 0 : mlp_optimizer_moments(update.optimizer);
    if (call->split > 0 && call->split < k) {
        kernels->gemm_dw(rows, call->split, a, a_stride, b, resume, g, NULL, NULL, NULL, NULL);
        a += call->split * MLP_NR;
        b += call->split * MLP_NR;
        k -= call->split;
        resume = true;
    }
    kernels->gemm_dw(rows, k, a, a_stride, b, resume, g, plain ? NULL : &update, plain ? NULL : w,
                     moments > 0 ? m : NULL, moments > 1 ? v : NULL);
    for (int slot = SLOT_C; slot <= SLOT_V; slot += slot == SLOT_C ? SLOT_W - SLOT_C : 1)
        kt_check_canaries(slot);
    memcpy(dw_result.g, g, n * sizeof *g);
    memcpy(dw_result.w, w, n * sizeof *w);
    memcpy(dw_result.m, m, n * sizeof *m);
    memcpy(dw_result.v, v, n * sizeof *v);
}

/* The kernel's results against those of C for the same call in one block. */
static void expect_dw(const struct mlp_kernels *kernels, const struct dw_call *call,
                      enum kt_values values)
{
    static float want_g[DW_ROWS * MLP_NR], want_w[DW_ROWS * MLP_NR], want_m[DW_ROWS * MLP_NR],
        want_v[DW_ROWS * MLP_NR];
    size_t n = call->rows * MLP_NR;
    struct dw_call whole = *call;
    whole.split = 0;
    kt_case("gemm_dw_%zux%d_%s_m%zu_k%zu_gap%zu%s_%s_split%zu_%s", kernels->mr, MLP_NR,
            kernels->isa, call->rows, dw.k, call->gap, call->resume ? "_resume" : "",
            call->optimizer < 0 ? "plain" : mlp_optimizer_name((size_t)call->optimizer),
            call->split, kt_values_name(values));
    run_dw(kt_c(), &whole);
    memcpy(want_g, dw_result.g, n * sizeof *want_g);
    memcpy(want_w, dw_result.w, n * sizeof *want_w);
    memcpy(want_m, dw_result.m, n * sizeof *want_m);
    memcpy(want_v, dw_result.v, n * sizeof *want_v);
    run_dw(kernels, call);
    if (call->optimizer < 0) /* after an update it is anything */
        kt_expect_same("g", want_g, dw_result.g, n);
    kt_expect_same("w", want_w, dw_result.w, n);
    kt_expect_same("m", want_m, dw_result.m, n);
    kt_expect_same("v", want_v, dw_result.v, n);
}

START_TEST(test_c_dw_accuracy)
{
    const double eps = FLT_EPSILON / 2;
    for (size_t d = 0; d < DEPTHS; d++) {
        for (int resume = 0; resume < 2; resume++) {
            struct dw_call call = {.rows = DW_ROWS, .gap = 1, .resume = resume, .optimizer = -1};
            fill_dw(depths[d], KT_ORDINARY);
            run_dw(kt_c(), &call);
            for (size_t i = 0; i < DW_ROWS * MLP_NR; i++) {
                double sum = resume ? dw.g[i] : 0, size = fabs(sum);
                for (size_t s = 0; s < dw.k; s++) {
                    double term = (double)dw.a[s][i / MLP_NR] * dw.b[s][i % MLP_NR];
                    sum += term;
                    size += fabs(term);
                }
                double error = fabs(dw_result.g[i] - sum);
                kt_require(error <= ((double)dw.k + 2) * eps * size,
                           "gemm_dw_c_k%zu: element %zu is off by %g", dw.k, i, error);
            }
        }
    }
}
END_TEST

/* In C the update is that of mlp_update_fn with the gradient. */
START_TEST(test_c_dw_update)
{
    for (int optimizer = 0; optimizer < kt_optimizers(); optimizer++) {
        struct dw_call call = {.rows = 19, .resume = true, .optimizer = -1};
        size_t n = call.rows * MLP_NR;
        float g[19 * MLP_NR], w[19 * MLP_NR], m[19 * MLP_NR], v[19 * MLP_NR];
        const struct mlp_update update = dw_update(optimizer);
        fill_dw(37, KT_EXTREME);
        memcpy(w, dw.w, sizeof w);
        memcpy(m, dw_moment(optimizer), sizeof m);
        memcpy(v, dw.v, sizeof v);
        kt_case("gemm_dw_c_%s", mlp_optimizer_name((size_t)optimizer));
        run_dw(kt_c(), &call);
        memcpy(g, dw_result.g, sizeof g);
        kt_c()->update(n, &update, g, w, m, v);
        call.optimizer = optimizer;
        run_dw(kt_c(), &call);
        kt_expect_same("w", w, dw_result.w, n);
        kt_expect_same("m", m, dw_result.m, n);
        kt_expect_same("v", v, dw_result.v, n);
    }
}
END_TEST

/* Every row count with every optimizer, from zero and resumed; the depths take
 * turns, and every depth meets some rows. */
START_TEST(test_isa_dw)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    for (size_t d = 0; d < DEPTHS; d++) {
        enum kt_values values = (enum kt_values)(d % KT_VALUES);
        fill_dw(depths[d], values);
        for (size_t rows = 1; rows <= DW_ROWS; rows++) {
            for (int v = 0; v < 2 * (kt_optimizers() + 1); v++) {
                size_t turn = rows + (size_t)v;
                if (dw.k > 20 && (turn + d) % 7)
                    continue;
                struct dw_call call = {.rows = rows,
                                       .gap = turn % (MOST_GAP + 1),
                                       .resume = v % 2,
                                       .optimizer = v / 2 - 1,
                                       .split = turn % 4 ? 0 : dw.k / 2,
                                       .side = turn / 2 % KT_SIDES};
                expect_dw(kernels, &call, values);
            }
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gemm");
    TCase *c_case = kt_tcase(suite, "C");
    tcase_add_test(c_case, test_c_accuracy);
    tcase_add_test(c_case, test_c_slope);
    tcase_add_test(c_case, test_c_corners);
    tcase_add_test(c_case, test_c_dw_accuracy);
    tcase_add_test(c_case, test_c_dw_update);
    TCase *isa_case = kt_tcase(suite, "instruction sets");
    kt_add_isa_test(isa_case, test_isa_forward);
    kt_add_isa_test(isa_case, test_isa_dx);
    kt_add_isa_test(isa_case, test_isa_epilogues);
    kt_add_isa_test(isa_case, test_isa_splits);
    kt_add_isa_test(isa_case, test_isa_dw);
    return kt_main(suite);
}
