/* SPDX-License-Identifier: MIT */
#include "kernel_test.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum {
    MOST_ROWS = 40,
    MOST_CLASSES = 256,
    MOST_FLOATS = (MOST_ROWS + 3) * MOST_CLASSES,
};

/* A panel matrix of logits: dense, or with a gap between panels. */
struct logits {
    size_t rows, classes, panels, stride, size;
};

static struct logits logits_of(size_t rows, size_t classes, size_t gap)
{
    struct logits shape = {.rows = rows, .classes = classes};
    shape.panels = (classes + MLP_NR - 1) / MLP_NR;
    shape.stride = (rows + gap) * MLP_NR;
    shape.size = (shape.panels - 1) * shape.stride + rows * MLP_NR;
    return shape;
}

static size_t at(const struct logits *shape, size_t r, size_t c)
{
    return c / MLP_NR * shape->stride + r * MLP_NR + c % MLP_NR;
}

static void fill_labels(const struct logits *shape, uint8_t *labels)
{
    for (size_t r = 0; r < shape->rows; r++)
        labels[r] = (uint8_t)kt_random_below(shape->classes);
}

/* The padding of a row is +0. */
static void expect_padding(const struct logits *shape, const float *z)
{
    for (size_t r = 0; r < shape->rows; r++) {
        for (size_t c = shape->classes; c < shape->panels * MLP_NR; c++)
            kt_require(kt_same(z[at(shape, r, c)], 0.0f), "%s: padding of row %zu is not +0",
                       kt_case_name(), r);
    }
}

/* --- C -------------------------------------------------------------------- */

/* Row r in double: probabilities; returns the loss. */
static double reference_row(const struct logits *shape, const float *z, size_t r, size_t label,
                            double *probability)
{
    double max = -INFINITY, sum = 0;
    for (size_t c = 0; c < shape->classes; c++)
        max = fmax(max, z[at(shape, r, c)]);
    for (size_t c = 0; c < shape->classes; c++)
        sum += exp(z[at(shape, r, c)] - max);
    for (size_t c = 0; c < shape->classes; c++)
        probability[c] = exp(z[at(shape, r, c)] - max) / sum;
    return log(sum) - (z[at(shape, r, label)] - max);
}

/* Ordinary logits, `spread` times as far apart. The tolerance is that of a few
 * roundings of exp, the sum and the division, and of z - max, which grows with
 * the spread. */
static void try_accuracy(const struct logits *shape, float spread)
{
    static float z[MOST_FLOATS], gradient[MOST_FLOATS], softmax[MOST_FLOATS];
    float loss[MOST_ROWS];
    double probability[MOST_CLASSES];
    uint8_t labels[MOST_ROWS];
    const float scale = 1.0f / 256;
    fill_labels(shape, labels);
    kt_fill(z, shape->size, KT_ORDINARY);
    for (size_t i = 0; i < shape->size; i++)
        z[i] *= spread;
    memcpy(gradient, z, sizeof z);
    memcpy(softmax, z, sizeof z);
    kt_case("softmax_xent_c_m%zu_n%zu_spread%g", shape->rows, shape->classes, (double)spread);
    kt_c()->softmax_xent(shape->rows, shape->classes, gradient, shape->stride, labels, scale, loss);
    kt_c()->softmax(shape->rows, shape->classes, softmax, shape->stride);
    expect_padding(shape, gradient);
    expect_padding(shape, softmax);
    for (size_t r = 0; r < shape->rows; r++) {
        double want = reference_row(shape, z, r, labels[r], probability);
        double tolerance = 16 * (double)FLT_EPSILON;
        kt_require(fabs(loss[r] - want) <= tolerance * (1 + 3 * spread),
                   "%s: loss is %g, expected %g", kt_case_name(), (double)loss[r], want);
        for (size_t c = 0; c < shape->classes; c++) {
            double p = softmax[at(shape, r, c)], d = gradient[at(shape, r, c)];
            kt_require(fabs(p - probability[c]) <= tolerance * (1 + spread) * probability[c],
                       "%s: probability is %g, expected %g", kt_case_name(), p, probability[c]);
            double want_d = (probability[c] - (c == labels[r])) * scale;
            kt_require(fabs(d - want_d) <= tolerance * (1 + spread) * scale,
                       "%s: gradient is %g, expected %g", kt_case_name(), d, want_d);
        }
    }
}

START_TEST(test_accuracy)
{
    for (size_t classes = 1; classes <= 50; classes++) {
        struct logits shape = logits_of(5, classes, 1);
        try_accuracy(&shape, 0.1f);
        try_accuracy(&shape, 4.0f);
    }
    struct logits large = logits_of(9, MOST_CLASSES, 0);
    try_accuracy(&large, 10.0f);
}
END_TEST

/* The bits that the documented order of the sum gives. */
START_TEST(test_documented_order)
{
    for (size_t classes = 1; classes <= 70; classes++) {
        struct logits shape = logits_of(1, classes, 2);
        float z[5 * 48], lanes[MLP_NR] = {0}, e[80], sum, loss, log_sum;
        uint8_t label = (uint8_t)(classes / 2);
        kt_fill(z, shape.size, KT_ORDINARY);
        float max = z[at(&shape, 0, 0)], label_logit = z[at(&shape, 0, label)];
        for (size_t c = 1; c < classes; c++)
            max = fmaxf(max, z[at(&shape, 0, c)]);
        for (size_t c = 0; c < classes; c++) {
            e[c] = z[at(&shape, 0, c)] - max;
            kt_c()->exp(1, &e[c], &e[c]);
            lanes[c % 16] += e[c];
        }
        for (int half = 8; half >= 1; half /= 2) {
            for (int l = 0; l < half; l++)
                lanes[l] = lanes[l] + lanes[l + half];
        }
        sum = lanes[0];
        kt_c()->log(1, &sum, &log_sum);
        kt_c()->softmax_xent(1, classes, z, shape.stride, &label, 0.25f, &loss);
        ck_assert(kt_same(loss, log_sum - (label_logit - max)));
        for (size_t c = 0; c < classes; c++) {
            float want = (e[c] / sum - (c == label ? 1.0f : 0.0f)) * 0.25f;
            ck_assert(kt_same(z[at(&shape, 0, c)], want));
        }
    }
}
END_TEST

/* A NaN, or an infinity above all, spoils its own row and no other. */
START_TEST(test_bad_row)
{
    static const float bad[] = {NAN, INFINITY};
    for (size_t i = 0; i < 2; i++) {
        struct logits shape = logits_of(3, 20, 0);
        float z[3 * 32], loss[3];
        uint8_t labels[3] = {0, 1, 2};
        kt_fill(z, shape.size, KT_ORDINARY);
        z[at(&shape, 1, 18)] = bad[i];
        kt_c()->softmax_xent(3, 20, z, shape.stride, labels, 1.0f, loss);
        for (size_t r = 0; r < 3; r++) {
            ck_assert_int_eq(!!isnan(loss[r]), r == 1);
            for (size_t c = 0; c < 20; c++)
                ck_assert_int_eq(!!isnan(z[at(&shape, r, c)]), r == 1);
        }
        expect_padding(&shape, z);
    }
}
END_TEST

/* Logits so far apart that a float of their exp has no room, and -inf. */
START_TEST(test_far_apart)
{
    struct logits shape = logits_of(1, 3, 0);
    float z[16] = {1e30f, -1e30f, -INFINITY}, loss;
    uint8_t label = 0;
    kt_c()->softmax_xent(1, 3, z, shape.stride, &label, 1.0f, &loss);
    ck_assert(kt_same(loss, 0.0f));
    ck_assert(kt_same(z[0], 0.0f) && kt_same(z[1], 0.0f) && kt_same(z[2], 0.0f));
    z[0] = 1e30f;
    z[1] = -1e30f;
    label = 1;
    kt_c()->softmax_xent(1, 3, z, shape.stride, &label, 1.0f, &loss);
    ck_assert(kt_same(loss, 2e30f));
    ck_assert(kt_same(z[0], 1.0f) && kt_same(z[1], -1.0f));
}
END_TEST

/* A class beyond the cut has no part in the loss and no gradient, unless it is
 * the label; softmax alone keeps its probability. */
START_TEST(test_cut)
{
    struct logits shape = logits_of(1, 4, 0);
    const float beyond = nextafterf(MLP_XENT_CUT, -INFINITY);
    const float start[4] = {0.0f, MLP_XENT_CUT, beyond, 0.0f};
    for (uint8_t label = 0; label < 4; label++) {
        float z[16] = {0}, loss;
        memcpy(z, start, sizeof start);
        kt_c()->softmax_xent(1, 4, z, shape.stride, &label, 1.0f, &loss);
        ck_assert_int_eq(z[1] == 0.0f, 0);
        ck_assert(kt_same(z[2], label == 2 ? -1.0f : 0.0f));
        if (!(fabsf(loss - (logf(2.0f) - start[label])) <= 4 * FLT_EPSILON * (1 - start[label])))
            ck_abort_msg("label %d: loss is %g", label, (double)loss);
    }
    float z[16] = {0};
    memcpy(z, start, sizeof start);
    kt_c()->softmax(1, 4, z, shape.stride);
    ck_assert(z[2] > 0.0f && z[2] < 0x1p-57f);
}
END_TEST

/* --- Instruction sets ----------------------------------------------------- */

static void try_isa(const struct mlp_kernels *kernels, const struct logits *shape,
                    enum kt_values values, enum kt_side side)
{
    static float start[MOST_FLOATS], want[MOST_FLOATS];
    float want_loss[MOST_ROWS];
    const float scale = -1.0f / 96;
    kt_fill(start, shape->size, values);
    uint8_t *labels = kt_place(1, shape->rows, side);
    fill_labels(shape, labels);
    float *loss = kt_floats(2, shape->rows, side);

    kt_case("softmax_xent_%s_m%zu_n%zu_stride%zu_%s", kernels->isa, shape->rows, shape->classes,
            shape->stride, kt_values_name(values));
    memcpy(want, start, shape->size * sizeof *want);
    float *z = kt_copy(0, start, shape->size, side);
    kt_c()->softmax_xent(shape->rows, shape->classes, want, shape->stride, labels, scale,
                         want_loss);
    kernels->softmax_xent(shape->rows, shape->classes, z, shape->stride, labels, scale, loss);
    kt_expect_same("z", want, z, shape->size);
    kt_expect_same("loss", want_loss, loss, shape->rows);
    expect_padding(shape, z);
    kt_check_canaries(0);
    kt_check_canaries(2);

    kt_case("softmax_%s_m%zu_n%zu_stride%zu_%s", kernels->isa, shape->rows, shape->classes,
            shape->stride, kt_values_name(values));
    memcpy(want, start, shape->size * sizeof *want);
    z = kt_copy(0, start, shape->size, side);
    kt_c()->softmax(shape->rows, shape->classes, want, shape->stride);
    kernels->softmax(shape->rows, shape->classes, z, shape->stride);
    kt_expect_same("z", want, z, shape->size);
    expect_padding(shape, z);
    kt_check_canaries(0);
}

START_TEST(test_isa)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    for (size_t rows = 1; rows <= 19; rows++) {
        for (size_t classes = 1; classes <= 50; classes++) {
            struct logits shape = logits_of(rows, classes, (rows + classes) % 3);
            try_isa(kernels, &shape, (rows + classes) % KT_VALUES, rows % KT_SIDES);
            try_isa(kernels, &shape, KT_ORDINARY, (rows + 1) % KT_SIDES);
        }
    }
    struct logits large = logits_of(MOST_ROWS, MOST_CLASSES, 1);
    for (int v = 0; v < KT_VALUES; v++)
        try_isa(kernels, &large, v, KT_AT_END);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loss");
    TCase *c_case = kt_tcase(suite, "C");
    tcase_add_test(c_case, test_accuracy);
    tcase_add_test(c_case, test_documented_order);
    tcase_add_test(c_case, test_bad_row);
    tcase_add_test(c_case, test_far_apart);
    tcase_add_test(c_case, test_cut);
    TCase *isa_case = kt_tcase(suite, "instruction sets");
    kt_add_isa_test(isa_case, test_isa);
    return kt_main(suite);
}
