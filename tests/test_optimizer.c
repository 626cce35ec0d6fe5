/* SPDX-License-Identifier: MIT */
#include "kernel_test.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST = 176 }; /* weights */

static struct mlp_update update_of(enum mlp_optimizer optimizer)
{
    struct mlp_update update = {
        .optimizer = optimizer,
        .rate = 0.00316f,
        .rest1 = 0.1f,
        .rest2 = 0.001f,
        .epsilon = 1e-7f,
    };
    return update;
}

/* --- C -------------------------------------------------------------------- */

static void expect_near(const char *what, double want, double got, double scale)
{
    if (!(fabs(want - got) <= 4 * (double)FLT_EPSILON * scale))
        ck_abort_msg("%s is %a, expected %a", what, got, want);
}

/* Against the textbook's formulas in double. */
START_TEST(test_formulas)
{
    const struct mlp_update sgd = update_of(MLP_SGD), adam = update_of(MLP_ADAM);
    for (int round = 0; round < 100; round++) {
        float g[16], w[16], w_sgd[16], m[16], v[16];
        kt_fill(g, 16, KT_ORDINARY);
        kt_fill(w, 16, KT_ORDINARY);
        kt_fill(m, 16, KT_ORDINARY);
        for (int i = 0; i < 16; i++)
            v[i] = fabsf(kt_value(KT_ORDINARY)) + 0x1p-10f;
        float w0[16], m0[16], v0[16];
        memcpy(w_sgd, w, sizeof w);
        memcpy(w0, w, sizeof w);
        memcpy(m0, m, sizeof m);
        memcpy(v0, v, sizeof v);
        kt_c()->update(16, &sgd, g, w_sgd, NULL, NULL);
        kt_c()->update(16, &adam, g, w, m, v);
        for (int i = 0; i < 16; i++) {
            double beta1 = 1.0 - adam.rest1, beta2 = 1.0 - adam.rest2;
            double want_m = beta1 * m0[i] + adam.rest1 * (double)g[i];
            double want_v = beta2 * v0[i] + adam.rest2 * (double)g[i] * g[i];
            double step = adam.rate * (double)m[i] / (sqrt(v[i]) + adam.epsilon);
            expect_near("SGD's w", w0[i] - sgd.rate * (double)g[i], w_sgd[i], fabsf(w0[i]) + 1);
            expect_near("m", want_m, m[i], fabsf(m0[i]) + fabsf(g[i]));
            expect_near("v", want_v, v[i], fabsf(v0[i]) + g[i] * g[i]);
            expect_near("w", w0[i] - step, w[i], fabsf(w0[i]) + fabs(step));
        }
    }
}
END_TEST

/* Moments without a gradient end at +0 instead of sticking in the subnormals,
 * and the weight comes to rest. */
START_TEST(test_moments_decay)
{
    const struct mlp_update adam = update_of(MLP_ADAM);
    float g[16] = {0}, w[16], m[16], v[16], before[16];
    for (int i = 0; i < 16; i++) {
        w[i] = 1.0f;
        m[i] = i % 2 ? -1e-30f : 1e-30f;
        v[i] = 1.2e-38f;
    }
    for (int t = 0; t < 1000; t++)
        kt_c()->update(16, &adam, g, w, m, v);
    memcpy(before, w, sizeof w);
    kt_c()->update(16, &adam, g, w, m, v);
    for (int i = 0; i < 16; i++) {
        ck_assert(kt_same(m[i], 0.0f));
        ck_assert(kt_same(v[i], 0.0f));
        ck_assert(kt_same(w[i], before[i]));
    }
}
END_TEST

/* A gradient below the least one is none at all; the least one is a gradient,
 * whose moments are no subnormals. */
START_TEST(test_least_gradient)
{
    const struct mlp_update adam = update_of(MLP_ADAM);
    const float least = MLP_ADAM_LEAST_GRADIENT, below = nextafterf(least, 0.0f);
    const float gradients[4] = {least, -least, below, -below};
    float g[16] = {0}, w[16] = {0}, m[16] = {0}, v[16] = {0};
    memcpy(g, gradients, sizeof gradients);
    kt_c()->update(16, &adam, g, w, m, v);
    for (int i = 0; i < 4; i++) {
        bool counts = i < 2;
        ck_assert_int_eq(fabsf(m[i]) >= FLT_MIN, counts);
        ck_assert_int_eq(v[i] >= FLT_MIN, counts);
        ck_assert(counts || (kt_same(m[i], 0.0f) && kt_same(v[i], 0.0f) && kt_same(w[i], 0.0f)));
    }
}
END_TEST

START_TEST(test_nan_stays)
{
    const struct mlp_update adam = update_of(MLP_ADAM);
    float g[16] = {0}, w[16] = {0}, m[16] = {0}, v[16] = {0};
    g[3] = NAN;
    kt_c()->update(16, &adam, g, w, m, v);
    for (int i = 0; i < 16; i++) {
        ck_assert_int_eq(!!isnan(w[i]), i == 3);
        ck_assert_int_eq(!!isnan(m[i]), i == 3);
        ck_assert_int_eq(!!isnan(v[i]), i == 3);
    }
}
END_TEST

START_TEST(test_bias_gradient_formula)
{
    enum { ROWS = 37, PANELS = 3, STRIDE = 40 * MLP_NR };
    static _Alignas(64) float b[PANELS * STRIDE];
    float g[PANELS * MLP_NR], want[PANELS * MLP_NR];
    kt_fill(b, PANELS * STRIDE, KT_ORDINARY);
    for (int resume = 0; resume < 2; resume++) {
        kt_fill(g, PANELS * MLP_NR, KT_ORDINARY);
        for (int c = 0; c < PANELS * MLP_NR; c++) {
            want[c] = resume ? g[c] : 0.0f;
            for (int r = 0; r < ROWS; r++)
                want[c] += b[c / MLP_NR * STRIDE + r * MLP_NR + c % MLP_NR];
        }
        kt_c()->bias_gradient(ROWS, PANELS, b, STRIDE, resume, g);
        kt_expect_same("g", want, g, PANELS * MLP_NR);
    }
}
END_TEST

/* --- Instruction sets ----------------------------------------------------- */

static void try_update(const struct mlp_kernels *kernels, enum mlp_optimizer optimizer, size_t n,
                       enum kt_values values, enum kt_side side)
{
    const struct mlp_update update = update_of(optimizer);
    float want_w[MOST], want_m[MOST], want_v[MOST];
    float *g = kt_floats(0, n, side), *w = kt_floats(1, n, side);
    float *m = kt_floats(2, n, side), *v = kt_floats(3, n, side);
    kt_case("update_%s_%s_n%zu_%s", kernels->isa, mlp_optimizer_name(optimizer), n,
            kt_values_name(values));
    kt_fill(g, n, values);
    kt_fill(w, n, values);
    kt_fill(m, n, values);
    kt_fill(v, n, values);
    for (size_t i = 0; i < n; i++)
        v[i] = i % 7 ? fabsf(v[i]) : v[i];
    memcpy(want_w, w, n * sizeof *w);
    memcpy(want_m, m, n * sizeof *m);
    memcpy(want_v, v, n * sizeof *v);
    kt_c()->update(n, &update, g, want_w, want_m, want_v);
    kernels->update(n, &update, g, w, m, v);
    kt_expect_same("w", want_w, w, n);
    kt_expect_same("m", want_m, m, n);
    kt_expect_same("v", want_v, v, n);
    for (int slot = 1; slot <= 3; slot++)
        kt_check_canaries(slot);
}

START_TEST(test_isa_update)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    for (size_t n = 16; n <= MOST; n += 16) {
        for (int v = 0; v < 4 * KT_VALUES * KT_SIDES; v++) {
            for (int o = 0; o < kt_optimizers(); o++)
                try_update(kernels, (enum mlp_optimizer)o, n, v / KT_SIDES % KT_VALUES,
                           v % KT_SIDES);
        }
    }
}
END_TEST

/* Moments around FLT_MIN and gradients around the least one, where the flush
 * decides. */
START_TEST(test_isa_flush)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    const struct mlp_update adam = update_of(MLP_ADAM);
    for (int round = 0; round < 200; round++) {
        float g[32] = {0}, w[32], m[32], v[32], want_w[32], want_m[32], want_v[32];
        for (int i = 0; i < 32; i++) {
            if (i % 2)
                g[i] = kt_value(KT_ORDINARY) * MLP_ADAM_LEAST_GRADIENT;
            w[i] = kt_value(KT_ORDINARY);
            m[i] = kt_value(KT_ORDINARY) * FLT_MIN;
            v[i] = fabsf(kt_value(KT_ORDINARY)) * FLT_MIN;
        }
        memcpy(want_w, w, sizeof w);
        memcpy(want_m, m, sizeof m);
        memcpy(want_v, v, sizeof v);
        kt_case("update_%s_adam_flush", kernels->isa);
        kt_c()->update(32, &adam, g, want_w, want_m, want_v);
        kernels->update(32, &adam, g, w, m, v);
        kt_expect_same("w", want_w, w, 32);
        kt_expect_same("m", want_m, m, 32);
        kt_expect_same("v", want_v, v, 32);
    }
}
END_TEST

static void try_bias_gradient(const struct mlp_kernels *kernels, size_t rows, size_t panels,
                              size_t gap, bool resume, enum kt_values values, enum kt_side side)
{
    size_t n = panels * MLP_NR, stride = (rows + gap) * MLP_NR;
    float start[10 * MLP_NR], want[10 * MLP_NR];
    float *b = kt_floats(0, (panels - 1) * stride + rows * MLP_NR, side);
    kt_case("bias_gradient_%s_m%zu_n%zu_gap%zu%s_%s", kernels->isa, rows, n, gap,
            resume ? "_resume" : "", kt_values_name(values));
    kt_fill(b, (panels - 1) * stride + rows * MLP_NR, values);
    kt_fill(start, n, values);
    memcpy(want, start, n * sizeof *want);
    float *g = kt_copy(1, start, n, side);
    kt_c()->bias_gradient(rows, panels, b, stride, resume, want);
    kernels->bias_gradient(rows, panels, b, stride, resume, g);
    kt_expect_same("g", want, g, n);
    kt_check_canaries(1);
}

START_TEST(test_isa_bias_gradient)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    for (size_t rows = 1; rows <= 20; rows++) {
        for (size_t panels = 1; panels <= 9; panels++) {
            for (int v = 0; v < 2 * KT_VALUES * KT_SIDES; v++)
                try_bias_gradient(kernels, rows, panels, rows % 3, v % 2, v / 4, v / 2 % KT_SIDES);
        }
    }
    try_bias_gradient(kernels, 256, 5, 0, false, KT_ORDINARY, KT_AT_END);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optimizer");
    TCase *c_case = kt_tcase(suite, "C");
    tcase_add_test(c_case, test_formulas);
    tcase_add_test(c_case, test_moments_decay);
    tcase_add_test(c_case, test_least_gradient);
    tcase_add_test(c_case, test_nan_stays);
    tcase_add_test(c_case, test_bias_gradient_formula);
    TCase *isa_case = kt_tcase(suite, "instruction sets");
    kt_add_isa_test(isa_case, test_isa_update);
    kt_add_isa_test(isa_case, test_isa_flush);
    kt_add_isa_test(isa_case, test_isa_bias_gradient);
    return kt_main(suite);
}
