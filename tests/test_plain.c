/* SPDX-License-Identifier: MIT */
/* The product of plain arrays. C is held to a float64 reference; every other
 * instruction set to the bits of C. */
#include "kernel_test.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum {
    MOST_ROWS = 49,
    MOST_COLUMNS = 67,
    MOST_K = 272,
    PADDED = (MOST_COLUMNS + MLP_NR - 1) / MLP_NR * MLP_NR,
    MOST_GAP = 3, /* of the leading dimensions */
    /* Slots of the harness. */
    SLOT_A = 0,
    SLOT_B,
    SLOT_C,
};

static const size_t depths[] = {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 33, 100, 257, 272};
enum { DEPTHS = sizeof depths / sizeof depths[0] };

static const size_t widths[] = {1,  2,  7,  8,  9,  15, 16, 17, 23, 24,
                                25, 31, 32, 33, 47, 48, 49, 64, 67};
enum { WIDTHS = sizeof widths / sizeof widths[0] };

/* Operands of the largest product, and where its chains start. */
static struct {
    float a[MOST_ROWS][MOST_K];
    float b[MOST_K][PADDED];
    float start[MOST_ROWS][MOST_COLUMNS];
} the;

/* One call's shape and variant. */
struct call {
    size_t rows, columns, k, gap;
    bool transposed, resume, packed; /* B is, in panels */
    enum kt_side side;
};

static void fill(enum kt_values values)
{
    kt_fill(&the.a[0][0], MOST_ROWS * MOST_K, values);
    kt_fill(&the.b[0][0], MOST_K * PADDED, values);
    kt_fill(&the.start[0][0], MOST_ROWS * MOST_COLUMNS, values);
}

/* A as the call has it, exactly as long as it must be; NaN between the rows. */
static float *place_a(const struct call *call, size_t leading)
{
    size_t lines = call->transposed ? call->k : call->rows;
    size_t width = call->transposed ? call->rows : call->k, n = (lines - 1) * leading + width;
    float *a = kt_floats(SLOT_A, n, call->side);
    for (size_t i = 0; i < n; i++)
        a[i] = NAN;
    for (size_t r = 0; r < call->rows; r++) {
        for (size_t s = 0; s < call->k; s++)
            a[call->transposed ? s * leading + r : r * leading + s] = the.a[r][s];
    }
    return a;
}

/* B in panels of `k` rows, or row-major; whole panels are there in either case. */
static float *place_b(const struct call *call, size_t *stride, size_t *row)
{
    size_t panels = (call->columns + MLP_NR - 1) / MLP_NR, padded = panels * MLP_NR;
    *stride = call->packed ? (call->k + call->gap) * MLP_NR : MLP_NR;
    *row = call->packed ? MLP_NR : padded + call->gap;
    size_t n = (panels - 1) * *stride + (call->k - 1) * *row + MLP_NR;
    float *b = kt_floats(SLOT_B, n, call->side);
    for (size_t i = 0; i < n; i++)
        b[i] = NAN;
    for (size_t s = 0; s < call->k; s++) {
        for (size_t j = 0; j < padded; j++)
            b[j / MLP_NR * *stride + s * *row + j % MLP_NR] = the.b[s][j];
    }
    return b;
}

/* Runs the kernel; `result` is [rows][MOST_COLUMNS]. What lies between the rows of C
 * must stay. */
static void run(const struct mlp_kernels *kernels, const struct call *call,
                float result[MOST_ROWS][MOST_COLUMNS])
{
    size_t a_leading = (call->transposed ? call->rows : call->k) + call->gap;
    size_t c_leading = call->columns + call->gap, b_stride, b_row;
    size_t n = (call->rows - 1) * c_leading + call->columns;
    const float *a = place_a(call, a_leading), *b = place_b(call, &b_stride, &b_row);
    float *c = kt_floats(SLOT_C, n, call->side);
    const float between = 12345;
    for (size_t i = 0; i < n; i++)
        c[i] = between;
    for (size_t r = 0; r < call->rows; r++)
        memcpy(c + r * c_leading, the.start[r], call->columns * sizeof *c);
    kernels->gemm_plain(call->rows, call->columns, call->k, call->transposed, a, a_leading, b,
                        b_stride, b_row, c, c_leading, call->resume);
    kt_check_canaries(SLOT_C);
    for (size_t i = 0; i < n; i++)
        kt_require(i % c_leading < call->columns || c[i] == between, "%s: wrote between the rows",
                   kt_case_name());
    for (size_t r = 0; r < call->rows; r++)
        memcpy(result[r], c + r * c_leading, call->columns * sizeof *c);
}

static void name_call(const struct mlp_kernels *kernels, const struct call *call,
                      enum kt_values values)
{
    kt_case("gemm_plain_%s_m%zu_n%zu_k%zu_gap%zu%s%s%s_%s", kernels->isa, call->rows, call->columns,
            call->k, call->gap, call->transposed ? "_transposed" : "",
            call->packed ? "_packed" : "", call->resume ? "_resume" : "", kt_values_name(values));
}

/* Each element within (k + 2) eps |A| |B| of the product in double; eps is half
 * a unit of the last place of 1. */
START_TEST(test_c_accuracy)
{
    static float result[MOST_ROWS][MOST_COLUMNS];
    const double eps = FLT_EPSILON / 2;
    fill(KT_ORDINARY);
    for (int v = 0; v < 8; v++) {
        struct call call = {.rows = 13, .columns = 35, .k = 60 + (size_t)v, .gap = (size_t)v % 3};
        call.transposed = v % 2;
        call.packed = v / 2 % 2;
        call.resume = v / 4;
        name_call(kt_c(), &call, KT_ORDINARY);
        run(kt_c(), &call, result);
        for (size_t r = 0; r < call.rows; r++) {
            for (size_t j = 0; j < call.columns; j++) {
                double sum = call.resume ? the.start[r][j] : 0, size = fabs(sum);
                for (size_t i = 0; i < call.k; i++) {
                    sum += (double)the.a[r][i] * the.b[i][j];
                    size += fabs((double)the.a[r][i] * the.b[i][j]);
                }
                double error = fabs(result[r][j] - sum);
                kt_require(error <= ((double)call.k + 2) * eps * size,
                           "%s: (%zu, %zu) is off by %g", kt_case_name(), r, j, error);
            }
        }
    }
}
END_TEST

static void expect_call(const struct mlp_kernels *kernels, const struct call *call,
                        enum kt_values values)
{
    static float want[MOST_ROWS][MOST_COLUMNS], got[MOST_ROWS][MOST_COLUMNS];
    name_call(kt_c(), call, values);
    run(kt_c(), call, want);
    name_call(kernels, call, values);
    run(kernels, call, got);
    for (size_t r = 0; r < call->rows; r++)
        kt_expect_same("c", want[r], got[r], call->columns);
}

/* Every row count on every width at each depth; the variants take turns. */
START_TEST(test_isa_plain)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    size_t turn = 0;
    for (size_t d = 0; kernels && d < DEPTHS; d++) {
        enum kt_values values = (enum kt_values)(d % KT_VALUES);
        fill(values);
        for (size_t rows = 1; rows <= 2 * kernels->mr + 1 || rows <= 35; rows++) {
            for (size_t w = 0; w < WIDTHS; w++, turn++) {
                /* Large depths would take most of the time. */
                if (depths[d] > 33 && turn % 7)
                    continue;
                struct call call = {.rows = rows, .columns = widths[w], .k = depths[d]};
                call.gap = turn % (MOST_GAP + 1);
                call.transposed = turn / 2 % 2;
                call.packed = turn / 3 % 2;
                call.resume = turn / 5 % 2;
                call.side = turn % KT_SIDES;
                expect_call(kernels, &call, values);
            }
        }
    }
}
END_TEST

/* Every variant with every kind of values, on shapes with tails. */
START_TEST(test_isa_variants)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    for (int v = 0; kernels && v < 8 * KT_VALUES; v++) {
        enum kt_values values = (enum kt_values)(v / 8);
        fill(values);
        for (size_t rows = 1; rows <= MOST_ROWS; rows += 4) {
            struct call call = {.rows = rows, .columns = MOST_COLUMNS, .k = 21, .gap = 1};
            call.transposed = v % 2;
            call.packed = v / 2 % 2;
            call.resume = v / 4 % 2;
            call.side = (enum kt_side)(rows % KT_SIDES);
            expect_call(kernels, &call, values);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plain");
    TCase *c = kt_tcase(suite, "c");
    tcase_add_test(c, test_c_accuracy);
    TCase *isas = kt_tcase(suite, "isas");
    kt_add_isa_test(isas, test_isa_plain);
    kt_add_isa_test(isas, test_isa_variants);
    return kt_main(suite);
}
