/* SPDX-License-Identifier: MIT */
#include "kernel_test.h"

#include <math.h>
#include <string.h>

enum {
    MOST_ROWS = 50,
    MOST_COLUMNS = 800,
    SAMPLES = 60, /* of the data that is gathered from */
    MOST_FLOATS = (MOST_ROWS + 3) * MOST_COLUMNS,
};

static size_t panels_of(size_t columns)
{
    return (columns + MLP_NR - 1) / MLP_NR;
}

/* Floats that a panel matrix takes from its first to its last. */
static size_t extent(size_t rows, size_t columns, size_t stride)
{
    return (panels_of(columns) - 1) * stride + rows * MLP_NR;
}

static size_t at(size_t r, size_t c, size_t stride)
{
    return c / MLP_NR * stride + r * MLP_NR + c % MLP_NR;
}

/* One shape of a gather. */
struct gather {
    size_t rows, features, stride;
    const uint32_t *index;
};

/* What a gather has to give for element (r, c), whose value is `value`. */
static void expect_element(const struct gather *shape, const float *x, size_t r, size_t c,
                           float value)
{
    float got = x[at(r, c, shape->stride)];
    if (!kt_same(got, value))
        ck_abort_msg("%s: element (%zu, %zu) is %a, expected %a", kt_case_name(), r, c, (double)got,
                     (double)value);
}

static size_t sample_of(const struct gather *shape, size_t r)
{
    return shape->index ? shape->index[r] : r;
}

/* The gaps between panels are as kt_fill left them in `before`. */
static void expect_gaps(const struct gather *shape, const float *before, const float *x)
{
    for (size_t p = 0; p + 1 < panels_of(shape->features); p++) {
        size_t gap = p * shape->stride + shape->rows * MLP_NR;
        kt_expect_same("gap", before + gap, x + gap, shape->stride - shape->rows * MLP_NR);
    }
}

/* Both gathers against their definition, for C and every other instruction set. */
static void try_gather(const struct mlp_kernels *kernels, const struct gather *shape,
                       enum kt_side side)
{
    static float before[MOST_FLOATS];
    size_t rows = shape->rows, features = shape->features, size;
    /* Without an index, only as many samples as are asked for. */
    size_t values = (shape->index ? SAMPLES : rows) * features;
    size = extent(rows, features, shape->stride);
    kt_fill(before, size, KT_SPECIAL);

    kt_case("gather_u8_%s_m%zu_n%zu_stride%zu", kernels->isa, rows, features, shape->stride);
    uint8_t *bytes = kt_place(0, values, side);
    for (size_t i = 0; i < values; i++)
        bytes[i] = (uint8_t)kt_random();
    float *x = kt_copy(1, before, size, side);
    kernels->gather_u8(rows, features, bytes, shape->index, x, shape->stride);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < panels_of(features) * MLP_NR; c++)
            expect_element(shape, x, r, c,
                           c < features ? (float)bytes[sample_of(shape, r) * features + c] / 255.0f
                                        : 0.0f);
    }
    expect_gaps(shape, before, x);
    kt_check_canaries(1);

    size_t leading = features + rows % 3;
    kt_case("gather_f32_%s_m%zu_n%zu_leading%zu_stride%zu", kernels->isa, rows, features, leading,
            shape->stride);
    values = ((shape->index ? SAMPLES : rows) - 1) * leading + features;
    float *floats = kt_floats(0, values, side);
    kt_fill(floats, values, KT_SPECIAL);
    x = kt_copy(1, before, size, side);
    kernels->gather_f32(rows, features, floats, leading, shape->index, x, shape->stride);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < panels_of(features) * MLP_NR; c++)
            expect_element(shape, x, r, c,
                           c < features ? floats[sample_of(shape, r) * leading + c] : 0.0f);
    }
    expect_gaps(shape, before, x);
    kt_check_canaries(1);
}

START_TEST(test_gather)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    for (size_t rows = 1; rows <= 26; rows++) {
        for (size_t features = 1; features <= 50; features += rows % 3 + 1) {
            enum kt_side side = (rows + features) % KT_SIDES;
            struct gather shape = {rows, features, (rows + features % 3) * MLP_NR, NULL};
            try_gather(kernels, &shape, side);
            uint32_t *index = kt_place(2, rows * sizeof *index, side);
            for (size_t r = 0; r < rows; r++)
                index[r] = (uint32_t)kt_random_below(SAMPLES);
            index[0] = SAMPLES - 1;
            shape.index = index;
            try_gather(kernels, &shape, side);
        }
    }
    static uint32_t backwards[33];
    for (uint32_t r = 0; r < 33; r++)
        backwards[r] = SAMPLES - 1 - r;
    for (size_t features = 783; features <= 785; features++) {
        struct gather shape = {33, features, 33 * MLP_NR, backwards};
        try_gather(kernels, &shape, KT_AT_END);
        try_gather(kernels, &shape, KT_AT_START);
    }
}
END_TEST

/* Each of the 256 values is divided as IEEE 754 divides. */
START_TEST(test_gather_u8_values)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    uint8_t bytes[256];
    _Alignas(64) float x[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    kernels->gather_u8(1, 256, bytes, NULL, x, MLP_NR);
    for (int i = 0; i < 256; i++) {
        volatile float divisor = 255.0f;
        kt_require(kt_same(x[i], (float)i / divisor), "%s: %d / 255 is %a", kernels->isa, i,
                   (double)x[i]);
    }
}
END_TEST

static void try_unpack(const struct mlp_kernels *kernels, size_t rows, size_t columns, size_t gap,
                       enum kt_side side)
{
    size_t stride = (rows + gap) * MLP_NR;
    kt_case("unpack_%s_m%zu_n%zu_gap%zu", kernels->isa, rows, columns, gap);
    float *x = kt_floats(0, extent(rows, columns, stride), side);
    float *data = kt_floats(1, rows * columns, side);
    kt_fill(x, extent(rows, columns, stride), KT_SPECIAL);
    kernels->unpack(rows, columns, x, stride, data);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++)
            kt_require(kt_same(data[r * columns + c], x[at(r, c, stride)]),
                       "%s: element (%zu, %zu) is wrong", kt_case_name(), r, c);
    }
    kt_check_canaries(1);
}

START_TEST(test_unpack)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    for (size_t rows = 1; rows <= 10; rows++) {
        for (size_t columns = 1; columns <= 50; columns++) {
            try_unpack(kernels, rows, columns, columns % 3, KT_AT_END);
            try_unpack(kernels, rows, columns, columns % 3, KT_AT_START);
        }
    }
}
END_TEST

static void try_transpose(const struct mlp_kernels *kernels, size_t rows, size_t columns,
                          size_t gap, enum kt_side side)
{
    static float before[MOST_FLOATS], want[MOST_FLOATS];
    size_t blocks = panels_of(rows), stride = (columns + gap) * MLP_NR;
    size_t size = (blocks - 1) * stride + columns * MLP_NR;
    kt_case("transpose_%s_m%zu_n%zu_gap%zu", kernels->isa, rows, columns, gap);
    float *src = kt_floats(0, rows * MLP_NR, side);
    kt_fill(src, rows * MLP_NR, KT_SPECIAL);
    kt_fill(before, size, KT_SPECIAL);
    memcpy(want, before, size * sizeof *want);
    for (size_t r = 0; r < blocks * MLP_NR; r++) {
        for (size_t c = 0; c < columns; c++)
            want[r / 16 * stride + c * 16 + r % 16] = r < rows ? src[r * 16 + c] : 0.0f;
    }
    float *dst = kt_copy(1, before, size, side);
    kernels->transpose(rows, columns, src, dst, stride);
    kt_expect_same("dst", want, dst, size);
    kt_check_canaries(1);
}

START_TEST(test_transpose)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    for (size_t rows = 1; rows <= MOST_ROWS; rows++) {
        for (size_t columns = 1; columns <= MLP_NR; columns++) {
            try_transpose(kernels, rows, columns, (rows + columns) % 4, KT_AT_END);
            try_transpose(kernels, rows, columns, (rows + columns) % 4, KT_AT_START);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layout");
    TCase *tcase = kt_tcase(suite, "all instruction sets");
    int isas = (int)mlp_isa_table_size();
    /* From 0: C is held to the definition as well. */
    tcase_add_loop_test(tcase, test_gather, 0, isas);
    tcase_add_loop_test(tcase, test_gather_u8_values, 0, isas);
    tcase_add_loop_test(tcase, test_unpack, 0, isas);
    tcase_add_loop_test(tcase, test_transpose, 0, isas);
    return kt_main(suite);
}
