/* SPDX-License-Identifier: MIT */
#include "kernel_test.h"
#include "math_reference.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { POINTS = 4096 };

static float from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float forward(enum mlp_activation activation, float x)
{
    float y;
    kt_c()->activation_forward(activation, 1, &x, &y);
    return y;
}

static float backward(enum mlp_activation activation, float y, float d)
{
    kt_c()->activation_backward(activation, 1, &y, &d);
    return d;
}

/* --- C -------------------------------------------------------------------- */

START_TEST(test_forward_values)
{
    static const struct {
        enum mlp_activation activation;
        float x, y;
    } cases[] = {
        {MLP_IDENTITY, -0.0f, -0.0f},
        {MLP_IDENTITY, NAN, NAN},
        {MLP_RELU, 3.5f, 3.5f},
        {MLP_RELU, FLT_TRUE_MIN, FLT_TRUE_MIN},
        {MLP_RELU, -FLT_TRUE_MIN, 0.0f},
        {MLP_RELU, 0.0f, 0.0f},
        {MLP_RELU, -0.0f, 0.0f},
        {MLP_RELU, INFINITY, INFINITY},
        {MLP_RELU, -INFINITY, 0.0f},
        {MLP_RELU, NAN, NAN},
        {MLP_LEAKY_RELU, 3.5f, 3.5f},
        {MLP_LEAKY_RELU, -2.0f, -2.0f * MLP_LEAKY_SLOPE},
        {MLP_LEAKY_RELU, -0.0f, -0.0f},
        {MLP_LEAKY_RELU, -INFINITY, -INFINITY},
        {MLP_LEAKY_RELU, NAN, NAN},
        {MLP_SIGMOID, 0.0f, 0.5f},
        {MLP_SIGMOID, -0.0f, 0.5f},
        {MLP_SIGMOID, INFINITY, 1.0f},
        {MLP_SIGMOID, -INFINITY, 0.0f},
        {MLP_SIGMOID, FLT_MAX, 1.0f},
        {MLP_SIGMOID, 17.5f, 1.0f},
        {MLP_SIGMOID, -103.0f, 0x1p-149f},
        {MLP_SIGMOID, -FLT_MAX, 0.0f},
        {MLP_SIGMOID, NAN, NAN},
        {MLP_TANH, 0.0f, 0.0f},
        {MLP_TANH, -0.0f, -0.0f},
        {MLP_TANH, FLT_TRUE_MIN, FLT_TRUE_MIN},
        {MLP_TANH, -FLT_MIN, -FLT_MIN},
        {MLP_TANH, 9.5f, 1.0f},
        {MLP_TANH, FLT_MAX, 1.0f},
        {MLP_TANH, INFINITY, 1.0f},
        {MLP_TANH, -INFINITY, -1.0f},
        {MLP_TANH, NAN, NAN},
        {MLP_ELU, 3.5f, 3.5f},
        {MLP_ELU, -0.0f, -0.0f},
        {MLP_ELU, -FLT_TRUE_MIN, -FLT_TRUE_MIN},
        {MLP_ELU, -18.0f, -1.0f},
        {MLP_ELU, INFINITY, INFINITY},
        {MLP_ELU, -INFINITY, -1.0f},
        {MLP_ELU, NAN, NAN},
        {MLP_SELU, 1.0f, 0x1.0cfabep+0f},
        {MLP_SELU, -0.0f, -0.0f},
        {MLP_SELU, INFINITY, INFINITY},
        {MLP_SELU, -INFINITY, -0x1.c212ccp+0f},
        {MLP_SELU, NAN, NAN},
        {MLP_HARD_SIGMOID, -0.0f, 0.5f},
        {MLP_HARD_SIGMOID, 3.0f, 1.0f},
        {MLP_HARD_SIGMOID, -3.0f, 0.0f},
        {MLP_HARD_SIGMOID, INFINITY, 1.0f},
        {MLP_HARD_SIGMOID, -INFINITY, 0.0f},
        {MLP_HARD_SIGMOID, NAN, NAN},
        {MLP_SOFTPLUS, -0.0f, 0x1.62e43p-1f},
        {MLP_SOFTPLUS, 100.0f, 100.0f},
        {MLP_SOFTPLUS, -103.0f, 0x1p-149f},
        {MLP_SOFTPLUS, INFINITY, INFINITY},
        {MLP_SOFTPLUS, -INFINITY, 0.0f},
        {MLP_SOFTPLUS, NAN, NAN},
        {MLP_SILU, 0.0f, 0.0f},
        {MLP_SILU, -0.0f, -0.0f},
        {MLP_SILU, FLT_MAX, FLT_MAX},
        {MLP_SILU, -FLT_MAX, -0.0f},
        {MLP_SILU, INFINITY, INFINITY},
        {MLP_SILU, -INFINITY, -0.0f},
        {MLP_SILU, NAN, NAN},
        {MLP_GELU, 0.0f, 0.0f},
        {MLP_GELU, -0.0f, -0.0f},
        {MLP_GELU, FLT_MAX, FLT_MAX},
        {MLP_GELU, -FLT_MAX, 0.0f},
        {MLP_GELU, INFINITY, INFINITY},
        {MLP_GELU, -INFINITY, 0.0f},
        {MLP_GELU, NAN, NAN},
        {MLP_GELU_TANH, 0.0f, 0.0f},
        {MLP_GELU_TANH, -0.0f, -0.0f},
        {MLP_GELU_TANH, FLT_MAX, FLT_MAX},
        {MLP_GELU_TANH, -FLT_MAX, -0.0f},
        {MLP_GELU_TANH, INFINITY, INFINITY},
        {MLP_GELU_TANH, -INFINITY, -0.0f},
        {MLP_GELU_TANH, NAN, NAN},
        {MLP_MISH, 0.0f, 0.0f},
        {MLP_MISH, -0.0f, -0.0f},
        {MLP_MISH, FLT_MAX, FLT_MAX},
        {MLP_MISH, -FLT_MAX, -0.0f},
        {MLP_MISH, INFINITY, INFINITY},
        {MLP_MISH, -INFINITY, -0.0f},
        {MLP_MISH, NAN, NAN},
        {MLP_STEP, 0.0f, 1.0f},
        {MLP_STEP, -0.0f, 1.0f},
        {MLP_STEP, -FLT_TRUE_MIN, 0.0f},
        {MLP_STEP, INFINITY, 1.0f},
        {MLP_STEP, -INFINITY, 0.0f},
        {MLP_STEP, NAN, NAN},
        {MLP_SOFTMAX, -0.0f, -0.0f},
        {MLP_SOFTMAX, NAN, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float y = forward(cases[i].activation, cases[i].x);
        if (!kt_same(y, cases[i].y))
            ck_abort_msg("%s(%a) is %a, expected %a", mlp_activation_name(cases[i].activation),
                         (double)cases[i].x, (double)y, (double)cases[i].y);
    }
}
END_TEST

/* Values, slopes and their bits at n points. */
static void try_points(enum mlp_activation activation, size_t n, const float *x)
{
    static float y[POINTS], same[POINTS], slope[POINTS];
    const struct math_activation *reference = math_activation(activation);
    const char *name = mlp_activation_name((size_t)activation);
    kt_require(reference, "%s has no reference", name);
    kt_c()->activation_forward(activation, n, x, y);
    kt_c()->activation_slope(activation, n, x, same, slope);
    for (size_t i = 0; i < n; i++) {
        double ulps = math_ulps(y[i], reference->reference(x[i]));
        double error = math_slope_error(slope[i], reference->slope(x[i]));
        kt_require(ulps <= reference->ulps, "%s(%a) is %a: off by %g ULP", name, (double)x[i],
                   (double)y[i], ulps);
        kt_require(error <= MATH_SLOPE_ERROR || isnan(x[i]), "%s'(%a) is %a: off by %g", name,
                   (double)x[i], (double)slope[i], error);
        kt_require(kt_same(y[i], same[i]), "%s(%a) with its slope is %a, without %a", name,
                   (double)x[i], (double)same[i], (double)y[i]);
    }
}

/* Every 4,999th float. */
START_TEST(test_accuracy)
{
    static float x[POINTS];
    size_t n = 0;
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 4999) {
        x[n++] = from_bits((uint32_t)bits);
        if (n == POINTS || bits + 4999 >= UINT64_C(1) << 32) {
            try_points((enum mlp_activation)_i, n, x);
            n = 0;
        }
    }
}
END_TEST

/* Where the values bend, and left of that, to where they vanish. */
START_TEST(test_accuracy_dense)
{
    static const struct {
        float from, to;
    } ranges[] = {{-0x1p-10f, 0x1p-10f}, {-4, 4}, {-16, 16}, {-112, -80}};
    static float x[POINTS];
    for (size_t r = 0; r < sizeof ranges / sizeof ranges[0]; r++) {
        for (int round = 0; round < 16; round++) {
            for (size_t i = 0; i < POINTS; i++) {
                float unit = (float)(kt_random() >> 40) * 0x1p-24f;
                x[i] = ranges[r].from + (ranges[r].to - ranges[r].from) * unit;
            }
            try_points((enum mlp_activation)_i, POINTS, x);
        }
    }
}
END_TEST

/* What the output does not tell is NaN where x is; the others' slope is what a delta
 * of one becomes. */
START_TEST(test_slope_choices)
{
    enum mlp_activation activation = (enum mlp_activation)_i;
    static const float list[] = {0.0f, -0.0f, FLT_TRUE_MIN, -1.0f, INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        float y, slope;
        kt_c()->activation_slope(activation, 1, &list[i], &y, &slope);
        float want = mlp_activation_needs_slope(activation) ? (isnan(list[i]) ? NAN : slope)
                                                            : backward(activation, y, 1.0f);
        kt_require(kt_same(slope, want), "%s'(%a) is %a", mlp_activation_name((size_t)_i),
                   (double)list[i], (double)slope);
    }
}
END_TEST

START_TEST(test_tanh_is_odd)
{
    for (uint32_t bits = 0; bits < UINT32_C(0x7f800000); bits += 4999) {
        float x = from_bits(bits);
        kt_require(kt_same(-forward(MLP_TANH, x), forward(MLP_TANH, -x)), "tanh(-%a)", (double)x);
    }
}
END_TEST

/* The derivative at output y, or y where that is the slope, in double. */
static double derivative(enum mlp_activation activation, double y)
{
    switch (activation) {
    case MLP_IDENTITY:
        return 1.0;
    case MLP_RELU:
        return y > 0 ? 1.0 : 0.0;
    case MLP_LEAKY_RELU:
        return y > 0 ? 1.0 : MLP_LEAKY_SLOPE;
    case MLP_SIGMOID:
        return y * (1.0 - y);
    case MLP_TANH:
        return 1.0 - y * y;
    case MLP_ELU:
        return y > 0 ? 1.0 : y + 1.0;
    case MLP_SELU:
        return y > 0 ? 1.0507009873554804934 : y + 1.7580993408473768599;
    case MLP_HARD_SIGMOID:
        return y > 0 && y < 1 ? 1.0 / 6 : 0.0;
    case MLP_SOFTPLUS:
    case MLP_SILU:
    case MLP_GELU:
    case MLP_GELU_TANH:
    case MLP_MISH:
        return y;
    case MLP_STEP:
        return 0.0;
    case MLP_SOFTMAX:
        return 1.0;
    }
    return NAN;
}

START_TEST(test_backward_accuracy)
{
    for (int i = 0; i < 10000; i++) {
        float y = forward((enum mlp_activation)_i, 4 * kt_value(KT_ORDINARY));
        float d = kt_value(KT_ORDINARY);
        double want = d * derivative((enum mlp_activation)_i, y);
        float got = backward((enum mlp_activation)_i, y, d);
        /* SELU's y + lambda alpha has the rounding of that constant. */
        double scale = _i == MLP_SELU ? fmax(fabs(want), fabs(d)) : fabs(want);
        if (!(fabs(got - want) <= 2 * FLT_EPSILON * scale))
            ck_abort_msg("%s: %a times the derivative at %a is %a, expected %a",
                         mlp_activation_name((size_t)_i), (double)d, (double)y, (double)got, want);
    }
}
END_TEST

/* The derivative of ReLU is a choice of d or +0, also of a d that is not finite, that
 * of others +0 where the output is at a limit. */
START_TEST(test_backward_choices)
{
    ck_assert(kt_same(backward(MLP_RELU, 0.0f, INFINITY), 0.0f));
    ck_assert(kt_same(backward(MLP_RELU, 0.0f, -1.0f), 0.0f));
    ck_assert(kt_same(backward(MLP_RELU, 0.0f, NAN), 0.0f));
    ck_assert(kt_same(backward(MLP_RELU, NAN, 1.0f), 0.0f));
    ck_assert(kt_same(backward(MLP_RELU, FLT_TRUE_MIN, -0.0f), -0.0f));
    ck_assert(kt_same(backward(MLP_HARD_SIGMOID, 0.0f, INFINITY), 0.0f));
    ck_assert(kt_same(backward(MLP_HARD_SIGMOID, 1.0f, NAN), 0.0f));
    ck_assert(kt_same(backward(MLP_STEP, 1.0f, -INFINITY), 0.0f));
}
END_TEST

/* --- Instruction sets ----------------------------------------------------- */

START_TEST(test_isa_sample)
{
    enum { N = 4096 };
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    static float x[N], want[N], got[N], want_slope[N], got_slope[N];
    uint32_t bits = 0;
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < N; i++, bits += 10487)
            x[i] = from_bits(bits);
        for (int a = 0; a < kt_activations(); a++) {
            kt_case("activation_forward_%s_%s", kernels->isa, mlp_activation_name((size_t)a));
            kt_c()->activation_forward((enum mlp_activation)a, N, x, want);
            memcpy(got, x, sizeof x);
            kernels->activation_forward((enum mlp_activation)a, N, got, got);
            kt_expect_same("y", want, got, N);
            kt_c()->activation_slope((enum mlp_activation)a, N, x, want, want_slope);
            memcpy(got, x, sizeof x);
            kernels->activation_slope((enum mlp_activation)a, N, got, got, got_slope);
            kt_expect_same("y with slope", want, got, N);
            kt_expect_same("slope", want_slope, got_slope, N);
        }
    }
}
END_TEST

/* One length between guard pages: y apart from x, then in place. */
static void try_forward(const struct mlp_kernels *kernels, enum mlp_activation activation, size_t n,
                        enum kt_values values, enum kt_side side)
{
    float want[80];
    float *x = kt_floats(0, n, side), *y = kt_floats(1, n, side);
    kt_case("activation_forward_%s_%s_n%zu_%s", kernels->isa, mlp_activation_name(activation), n,
            kt_values_name(values));
    kt_fill(x, n, values);
    kt_c()->activation_forward(activation, n, x, want);
    kernels->activation_forward(activation, n, x, y);
    kt_expect_same("y", want, y, n);
    kt_check_canaries(1);
    kernels->activation_forward(activation, n, x, x);
    kt_expect_same("y in place", want, x, n);
    kt_check_canaries(0);
}

static void try_slope(const struct mlp_kernels *kernels, enum mlp_activation activation, size_t n,
                      enum kt_values values, enum kt_side side)
{
    float want[80], want_slope[80];
    float *x = kt_floats(0, n, side), *y = kt_floats(1, n, side), *slope = kt_floats(2, n, side);
    kt_case("activation_slope_%s_%s_n%zu_%s", kernels->isa, mlp_activation_name(activation), n,
            kt_values_name(values));
    kt_fill(x, n, values);
    kt_c()->activation_slope(activation, n, x, want, want_slope);
    kernels->activation_slope(activation, n, x, y, slope);
    kt_expect_same("y", want, y, n);
    kt_expect_same("slope", want_slope, slope, n);
    kt_check_canaries(1);
    kt_check_canaries(2);
    memset(slope, 0, n * sizeof *slope);
    kernels->activation_slope(activation, n, x, x, slope);
    kt_expect_same("y in place", want, x, n);
    kt_expect_same("slope beside y in place", want_slope, slope, n);
    kt_check_canaries(0);
}

static void try_backward(const struct mlp_kernels *kernels, enum mlp_activation activation,
                         size_t n, enum kt_values values, enum kt_side side)
{
    float want[80];
    float *y = kt_floats(0, n, side), *d = kt_floats(1, n, side);
    kt_case("activation_backward_%s_%s_n%zu_%s", kernels->isa, mlp_activation_name(activation), n,
            kt_values_name(values));
    kt_fill(y, n, values);
    kt_fill(d, n, values);
    memcpy(want, d, n * sizeof *d);
    kt_c()->activation_backward(activation, n, y, want);
    kernels->activation_backward(activation, n, y, d);
    kt_expect_same("d", want, d, n);
    kt_check_canaries(1);
}

static void try_length(const struct mlp_kernels *kernels, enum mlp_activation activation, size_t n)
{
    for (int v = 0; v < KT_VALUES * KT_SIDES; v++) {
        try_forward(kernels, activation, n, v / KT_SIDES, v % KT_SIDES);
        try_slope(kernels, activation, n, v / KT_SIDES, v % KT_SIDES);
        try_backward(kernels, activation, n, v / KT_SIDES, v % KT_SIDES);
    }
}

START_TEST(test_isa_lengths)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    for (size_t n = 0; n <= 67; n++) {
        for (int a = 0; a < kt_activations(); a++)
            try_length(kernels, (enum mlp_activation)a, n);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("activation");
    TCase *c_case = kt_tcase(suite, "C");
    tcase_add_test(c_case, test_forward_values);
    tcase_add_loop_test(c_case, test_accuracy, 0, kt_activations());
    tcase_add_loop_test(c_case, test_accuracy_dense, 0, kt_activations());
    tcase_add_loop_test(c_case, test_slope_choices, 0, kt_activations());
    tcase_add_test(c_case, test_tanh_is_odd);
    tcase_add_loop_test(c_case, test_backward_accuracy, 0, kt_activations());
    tcase_add_test(c_case, test_backward_choices);
    TCase *isa_case = kt_tcase(suite, "instruction sets");
    kt_add_isa_test(isa_case, test_isa_sample);
    kt_add_isa_test(isa_case, test_isa_lengths);
    return kt_main(suite);
}
