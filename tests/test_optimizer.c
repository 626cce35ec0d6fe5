/* SPDX-License-Identifier: MIT */
#include "kernel_test.h"

#include "registry.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST = 176 }; /* weights */

static struct mlp_update update_of(enum mlp_optimizer optimizer)
{
    struct mlp_update update = {
        .optimizer = optimizer,
        .rate = 0.00316f,
        .beta1 = 0.9f,
        .rest1 = 0.1f,
        .rest2 = 0.001f,
        .epsilon = 1e-7f,
        .keep = 0.99f,
    };
    return update;
}

/* --- C -------------------------------------------------------------------- */

static void expect_near(const char *what, double want, double got, double scale)
{
    if (!(fabs(want - got) <= 4 * (double)FLT_EPSILON * scale))
        ck_abort_msg("%s: %s is %a, expected %a", kt_case_name(), what, got, want);
}

static bool is_adam(enum mlp_optimizer optimizer)
{
    return optimizer == MLP_ADAM || optimizer == MLP_ADAM_PYTORCH || optimizer == MLP_ADAMW;
}

/* Whether m is the mean or sum of squares. */
static bool squares_m(enum mlp_optimizer optimizer)
{
    return optimizer == MLP_RMSPROP || optimizer == MLP_ADAGRAD;
}

/* The textbooks' formulas in double: the new moments, */
static double textbook_m(const struct mlp_update *u, double g, double m)
{
    double rest1 = (double)u->rest1, rest2 = (double)u->rest2;
    switch (u->optimizer) {
    case MLP_MOMENTUM:
    case MLP_NESTEROV:
        return (double)u->beta1 * m + g;
    case MLP_RMSPROP:
        return (1 - rest2) * m + rest2 * g * g;
    case MLP_ADAGRAD:
        return m + g * g;
    case MLP_LION:
        return (1 - rest2) * m + rest2 * g;
    default:
        return (1 - rest1) * m + rest1 * g;
    }
}

static double textbook_v(const struct mlp_update *u, double g, double v)
{
    return (1 - (double)u->rest2) * v + (double)u->rest2 * g * g;
}

/* and the step for them; m0 is the old one. */
static double textbook_step(const struct mlp_update *u, double g, double m0, double m, double v)
{
    double mean = (1 - (double)u->rest1) * m0 + (double)u->rest1 * g;
    switch (u->optimizer) {
    case MLP_SGD:
        return g;
    case MLP_MOMENTUM:
        return m;
    case MLP_NESTEROV:
        return g + (double)u->beta1 * m;
    case MLP_RMSPROP:
    case MLP_ADAGRAD:
        return g / (sqrt(m) + (double)u->epsilon);
    case MLP_LION:
        return mean > 0 ? 1 : -1;
    default:
        return m / (sqrt(v) + (double)u->epsilon);
    }
}

static void try_formulas(enum mlp_optimizer optimizer)
{
    const struct mlp_update u = update_of(optimizer);
    size_t moments = mlp_optimizer_moments(optimizer);
    bool decays = optimizer == MLP_ADAMW || optimizer == MLP_LION;
    float g[16], w[16], m[16], v[16], w0[16], m0[16], v0[16];
    kt_fill(g, 16, KT_ORDINARY);
    kt_fill(w0, 16, KT_ORDINARY);
    for (int i = 0; i < 16; i++) {
        float random = kt_value(KT_ORDINARY);
        m0[i] = squares_m(optimizer) ? fabsf(random) + 0x1p-10f : random;
        v0[i] = fabsf(kt_value(KT_ORDINARY)) + 0x1p-10f;
    }
    memcpy(w, w0, sizeof w);
    memcpy(m, m0, sizeof m);
    memcpy(v, v0, sizeof v);
    kt_case("update_c_%s", mlp_optimizer_name(optimizer));
    kt_c()->update(16, &u, g, w, moments > 0 ? m : NULL, moments > 1 ? v : NULL);
    for (int i = 0; i < 16; i++) {
        double gi = (double)g[i], size = fabs(gi) + gi * gi;
        /* With the moments as the kernel rounded them. */
        double step = textbook_step(&u, gi, (double)m0[i], (double)m[i], (double)v[i]);
        double kept = (decays ? (double)u.keep : 1) * (double)w0[i];
        expect_near("w", kept - (double)u.rate * step, (double)w[i], fabs(kept) + fabs(step));
        if (moments > 0)
            expect_near("m", textbook_m(&u, gi, (double)m0[i]), (double)m[i],
                        fabs((double)m0[i]) + size);
        if (moments > 1)
            expect_near("v", textbook_v(&u, gi, (double)v0[i]), (double)v[i],
                        fabs((double)v0[i]) + size);
    }
}

START_TEST(test_formulas)
{
    for (int round = 0; round < 100; round++) {
        for (int o = 0; o < kt_optimizers(); o++)
            try_formulas((enum mlp_optimizer)o);
    }
}
END_TEST

/* Moments without a gradient end at +0 instead of sticking in the subnormals,
 * and the weight comes to rest. Adagrad's is a sum and stays. */
START_TEST(test_moments_decay)
{
    for (int o = 0; o < kt_optimizers(); o++) {
        struct mlp_update update = update_of((enum mlp_optimizer)o);
        float g[16] = {0}, w[16], m[16], v[16], before[16];
        update.keep = 1;
        for (int i = 0; i < 16; i++) {
            float tiny = squares_m(update.optimizer) ? 1.2e-38f : 1e-37f;
            w[i] = 1.0f;
            m[i] = i % 2 && !squares_m(update.optimizer) ? -tiny : tiny;
            v[i] = 1.2e-38f;
        }
        kt_case("update_c_%s", mlp_optimizer_name((size_t)o));
        for (int t = 0; t < 3000; t++)
            kt_c()->update(16, &update, g, w, m, v);
        memcpy(before, w, sizeof w);
        kt_c()->update(16, &update, g, w, m, v);
        kt_expect_same("w", before, w, 16);
        for (int i = 0; i < 16; i++) {
            bool decays = o != MLP_SGD && o != MLP_ADAGRAD;
            ck_assert_msg(!decays || kt_same(m[i], 0.0f), "%s: m is %a", kt_case_name(),
                          (double)m[i]);
            ck_assert(o != MLP_ADAGRAD || kt_same(m[i], 1.2e-38f));
            ck_assert(!is_adam(update.optimizer) || kt_same(v[i], 0.0f));
        }
    }
}
END_TEST

/* Where a root divides, a gradient below the least one is none at all; the least
 * one is a gradient, whose moments are no subnormals. Elsewhere all are gradients. */
START_TEST(test_least_gradient)
{
    const float least = MLP_ADAM_LEAST_GRADIENT, below = nextafterf(least, 0.0f);
    const float gradients[4] = {least, -least, below, -below};
    for (int o = 0; o < kt_optimizers(); o++) {
        const struct mlp_update update = update_of((enum mlp_optimizer)o);
        size_t moments = mlp_optimizer_moments(update.optimizer);
        bool divides = squares_m(update.optimizer) || is_adam(update.optimizer);
        float g[16] = {0}, w[16] = {0}, m[16] = {0}, v[16] = {0};
        memcpy(g, gradients, sizeof gradients);
        kt_c()->update(16, &update, g, w, m, v);
        kt_case("update_c_%s", mlp_optimizer_name((size_t)o));
        for (int i = 0; i < 4; i++) {
            bool counts = i < 2 || !divides;
            ck_assert_msg((fabsf(w[i]) > 0) == counts, "%s: w is %a", kt_case_name(), (double)w[i]);
            ck_assert_int_eq(fabsf(m[i]) >= FLT_MIN, counts && moments > 0);
            ck_assert_int_eq(v[i] >= FLT_MIN, counts && moments > 1);
            ck_assert(counts ||
                      (kt_same(m[i], 0.0f) && kt_same(v[i], 0.0f) && kt_same(w[i], 0.0f)));
        }
    }
}
END_TEST

START_TEST(test_nan_stays)
{
    for (int o = 0; o < kt_optimizers(); o++) {
        const struct mlp_update update = update_of((enum mlp_optimizer)o);
        size_t moments = mlp_optimizer_moments(update.optimizer);
        float g[16] = {0}, w[16] = {0}, m[16] = {0}, v[16] = {0};
        g[3] = NAN;
        w[5] = NAN;
        kt_c()->update(16, &update, g, w, m, v);
        for (int i = 0; i < 16; i++) {
            ck_assert_int_eq(!!isnan(w[i]), i == 3 || i == 5);
            ck_assert_int_eq(!!isnan(m[i]), i == 3 && moments > 0);
            ck_assert_int_eq(!!isnan(v[i]), i == 3 && moments > 1);
        }
    }
}
END_TEST

/* Lion's sign is of the mean of m and g, and has none for zero. */
START_TEST(test_lion_sign)
{
    static const struct {
        float m, g, sign;
    } cases[] = {
        {0.0f, 0.0f, 0.0f},    {-0.0f, -0.0f, 0.0f},       {0.0f, -0.0f, 0.0f},
        {0.0f, 1e-30f, 1.0f},  {0.0f, -1e-30f, -1.0f},     {1.0f, -8.0f, 1.0f},
        {1.0f, -10.0f, -1.0f}, {0.0f, FLT_TRUE_MIN, 0.0f}, {-1.0f, INFINITY, 1.0f},
        {NAN, 1.0f, NAN},      {1.0f, NAN, NAN},           {0.0f, -INFINITY, -1.0f},
    };
    const struct mlp_update lion = update_of(MLP_LION);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        float g[16] = {0}, w[16] = {2.0f}, m[16] = {0};
        g[0] = cases[c].g;
        m[0] = cases[c].m;
        kt_c()->update(16, &lion, g, w, m, NULL);
        float want = 2.0f * lion.keep - lion.rate * cases[c].sign;
        kt_case("lion: m %a, g %a", (double)cases[c].m, (double)cases[c].g);
        ck_assert_msg(isnan(want) ? !!isnan(w[0]) : fabsf(w[0] - want) <= FLT_EPSILON,
                      "%s: w is %a, expected %a", kt_case_name(), (double)w[0], (double)want);
    }
}
END_TEST

/* Penalties and clipping; nothing here is rounded. */
START_TEST(test_penalize)
{
    static const struct {
        float l1, l2, clip, w, g, want;
    } cases[] = {
        {0.25f, 0.5f, INFINITY, 3.0f, 1.0f, 2.75f},
        {0.25f, 0.5f, INFINITY, -3.0f, 1.0f, -0.75f},
        {0.25f, 0.5f, INFINITY, 0.0f, 1.0f, 1.0f},
        {0.25f, 0.5f, INFINITY, -0.0f, 1.0f, 1.0f},
        {0.25f, 0.5f, INFINITY, NAN, 1.0f, NAN},
        {0.25f, 0.5f, INFINITY, INFINITY, 1.0f, INFINITY},
        {0.25f, 0.5f, 2.0f, 3.0f, 1.0f, 2.0f},
        {0.25f, 0.5f, 2.0f, -8.0f, 1.0f, -2.0f},
        {0.25f, 0.5f, 2.75f, 3.0f, 1.0f, 2.75f},
        {0.0f, 0.0f, 2.0f, 1.0f, NAN, NAN},
        {0.0f, 0.0f, 2.0f, 1.0f, INFINITY, 2.0f},
        {0.0f, 0.0f, 2.0f, 1.0f, -INFINITY, -2.0f},
        {0.0f, 0.0f, 0.0f, 1.0f, -1.0f, -0.0f},
        {0.25f, 0.0f, INFINITY, FLT_TRUE_MIN, 0.0f, 0.25f},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        float w[16] = {0}, g[16] = {0};
        w[0] = cases[c].w;
        g[0] = cases[c].g;
        kt_c()->penalize(16, cases[c].l1, cases[c].l2, cases[c].clip, w, g);
        kt_case("penalize_c, case %zu", c);
        kt_expect_same("g", &cases[c].want, g, 1);
    }
    float g[16] = {5.0f, -5.0f, 1.0f};
    const float want[16] = {2.0f, -2.0f, 1.0f};
    kt_c()->penalize(16, 1.0f, 1.0f, 2.0f, NULL, g);
    kt_expect_same("g", want, g, 16);
}
END_TEST

START_TEST(test_all_below)
{
    static const struct {
        float limit, x;
        bool below;
    } cases[] = {
        {2.0f, 0x1.fffffep0f, true}, {2.0f, -0x1.fffffep0f, true}, {2.0f, 2.0f, false},
        {2.0f, -2.0f, false},        {2.0f, NAN, false},           {2.0f, -INFINITY, false},
        {INFINITY, FLT_MAX, true},   {INFINITY, INFINITY, false},  {INFINITY, NAN, false},
        {0.0f, 0.0f, false},         {-1.0f, 0.0f, false},         {NAN, 0.0f, false},
        {FLT_MIN, 0.0f, true},       {FLT_TRUE_MIN, -0.0f, true},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const float x[3] = {0.0f, cases[c].x, 0.0f};
        ck_assert_msg(kt_c()->all_below(3, cases[c].limit, x) == cases[c].below, "case %zu", c);
        ck_assert(kt_c()->all_below(0, cases[c].limit, x));
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
    size_t moments = mlp_optimizer_moments(optimizer);
    float want_w[MOST], want_m[MOST], want_v[MOST];
    float *g = kt_floats(0, n, side), *w = kt_floats(1, n, side);
    float *m = kt_floats(2, n, side), *v = kt_floats(3, n, side);
    kt_case("update_%s_%s_n%zu_%s", kernels->isa, mlp_optimizer_name(optimizer), n,
            kt_values_name(values));
    kt_fill(g, n, values);
    kt_fill(w, n, values);
    kt_fill(m, n, values);
    kt_fill(v, n, values);
    for (size_t i = 0; i < n; i++) {
        v[i] = i % 7 ? fabsf(v[i]) : v[i];
        m[i] = i % 7 && squares_m(optimizer) ? fabsf(m[i]) : m[i];
    }
    memcpy(want_w, w, n * sizeof *w);
    memcpy(want_m, m, n * sizeof *m);
    memcpy(want_v, v, n * sizeof *v);
    kt_c()->update(n, &update, g, want_w, moments > 0 ? want_m : NULL, moments > 1 ? want_v : NULL);
    kernels->update(n, &update, g, w, moments > 0 ? m : NULL, moments > 1 ? v : NULL);
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
static void try_flush(const struct mlp_kernels *kernels, enum mlp_optimizer optimizer)
{
    const struct mlp_update update = update_of(optimizer);
    float g[32] = {0}, w[32], m[32], v[32], want_w[32], want_m[32], want_v[32];
    for (int i = 0; i < 32; i++) {
        if (i % 2)
            g[i] = kt_value(KT_ORDINARY) * MLP_ADAM_LEAST_GRADIENT;
        w[i] = kt_value(KT_ORDINARY);
        m[i] = kt_value(KT_ORDINARY) * FLT_MIN;
        m[i] = squares_m(optimizer) ? fabsf(m[i]) : m[i];
        v[i] = fabsf(kt_value(KT_ORDINARY)) * FLT_MIN;
    }
    memcpy(want_w, w, sizeof w);
    memcpy(want_m, m, sizeof m);
    memcpy(want_v, v, sizeof v);
    kt_case("update_%s_%s_flush", kernels->isa, mlp_optimizer_name(optimizer));
    kt_c()->update(32, &update, g, want_w, want_m, want_v);
    kernels->update(32, &update, g, w, m, v);
    kt_expect_same("w", want_w, w, 32);
    kt_expect_same("m", want_m, m, 32);
    kt_expect_same("v", want_v, v, 32);
}

START_TEST(test_isa_flush)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    for (int round = 0; kernels && round < 200; round++) {
        for (int o = 0; o < kt_optimizers(); o++)
            try_flush(kernels, (enum mlp_optimizer)o);
    }
}
END_TEST

static void try_penalize(const struct mlp_kernels *kernels, size_t n, float clip, bool penalties,
                         enum kt_values values, enum kt_side side)
{
    float want[MOST];
    float *w = kt_floats(0, n, side), *g = kt_floats(1, n, side);
    kt_case("penalize_%s_n%zu_clip%g%s_%s", kernels->isa, n, (double)clip,
            penalties ? "" : "_clip_only", kt_values_name(values));
    kt_fill(w, n, values);
    kt_fill(g, n, values);
    memcpy(want, g, n * sizeof *g);
    kt_c()->penalize(n, 0.3f, 0.7f, clip, penalties ? w : NULL, want);
    kernels->penalize(n, 0.3f, 0.7f, clip, penalties ? w : NULL, g);
    kt_expect_same("g", want, g, n);
    kt_check_canaries(1);
}

START_TEST(test_isa_penalize)
{
    static const float clips[] = {INFINITY, 1.0f, 0.0f, 0x1p-130f};
    const struct mlp_kernels *kernels = kt_kernels(_i);
    for (size_t n = 16; kernels && n <= MOST; n += 16) {
        for (int v = 0; v < 16 * KT_VALUES * KT_SIDES; v++)
            try_penalize(kernels, n, clips[v % 4], v / 4 % 2, v / 16 % KT_VALUES, v / 8 % KT_SIDES);
    }
}
END_TEST

/* One value among many that are below, at every place. */
static void try_all_below(const struct mlp_kernels *kernels, size_t n, float limit, float value)
{
    for (int side = 0; side < KT_SIDES; side++) {
        float *x = kt_floats(0, n, (enum kt_side)side);
        for (size_t i = 0; i < n; i++)
            x[i] = i % 2 ? 0.0f : -0x1p-140f;
        kt_case("all_below_%s_n%zu_limit%a_value%a", kernels->isa, n, (double)limit, (double)value);
        for (size_t i = 0; i < n; i++) {
            float rest = x[i];
            x[i] = value;
            bool want = kt_c()->all_below(n, limit, x), got = kernels->all_below(n, limit, x);
            kt_require(want == got, "%s: %d at %zu", kt_case_name(), got, i);
            x[i] = rest;
        }
        kt_require(kernels->all_below(n, limit, x) == kt_c()->all_below(n, limit, x),
                   "%s: without it", kt_case_name());
    }
}

START_TEST(test_isa_all_below)
{
    static const float limits[] = {1.0f, FLT_MAX, INFINITY, FLT_MIN, 0.0f, -1.0f, NAN};
    const struct mlp_kernels *kernels = kt_kernels(_i);
    for (size_t n = 0; kernels && n <= 150; n++) {
        for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
            float limit = limits[l], below = nextafterf(limit, 0.0f);
            const float values[] = {limit, -limit, below, -below, NAN, INFINITY, -INFINITY};
            for (size_t v = 0; v < sizeof values / sizeof values[0]; v++)
                try_all_below(kernels, n, limit, values[v]);
        }
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
    tcase_add_test(c_case, test_lion_sign);
    tcase_add_test(c_case, test_penalize);
    tcase_add_test(c_case, test_all_below);
    tcase_add_test(c_case, test_bias_gradient_formula);
    TCase *isa_case = kt_tcase(suite, "instruction sets");
    kt_add_isa_test(isa_case, test_isa_update);
    kt_add_isa_test(isa_case, test_isa_flush);
    kt_add_isa_test(isa_case, test_isa_penalize);
    kt_add_isa_test(isa_case, test_isa_all_below);
    kt_add_isa_test(isa_case, test_isa_bias_gradient);
    return kt_main(suite);
}
