/* SPDX-License-Identifier: MIT */
#include "kernel_test.h"
#include "math_reference.h"

#include <float.h>
#include <math.h>
#include <string.h>

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
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float y = forward(cases[i].activation, cases[i].x);
        if (!kt_same(y, cases[i].y))
            ck_abort_msg("%s(%a) is %a, expected %a", mlp_activation_name(cases[i].activation),
                         (double)cases[i].x, (double)y, (double)cases[i].y);
    }
}
END_TEST

/* Every 4,999th float. */
START_TEST(test_accuracy)
{
    static const enum math_function_id ids[] = {MATH_SIGMOID, MATH_TANH};
    const struct math_function *function = &math_functions[ids[_i]];
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 4999) {
        float x = from_bits((uint32_t)bits), y;
        function->run(kt_c(), 1, &x, &y);
        double ulps = math_ulps(y, function->reference(x));
        if (!(ulps <= MATH_ULPS))
            ck_abort_msg("%s(%a) is %a: off by %g ULP", function->name, (double)x, (double)y, ulps);
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

/* The derivative at output y, in double. */
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
        if (!(fabs(got - want) <= 2 * FLT_EPSILON * fabs(want)))
            ck_abort_msg("%s: %a times the derivative at %a is %a, expected %a",
                         mlp_activation_name((size_t)_i), (double)d, (double)y, (double)got, want);
    }
}
END_TEST

/* ReLU's derivative is a choice of d or +0, also of a d that is not finite. */
START_TEST(test_backward_relu)
{
    ck_assert(kt_same(backward(MLP_RELU, 0.0f, INFINITY), 0.0f));
    ck_assert(kt_same(backward(MLP_RELU, 0.0f, -1.0f), 0.0f));
    ck_assert(kt_same(backward(MLP_RELU, 0.0f, NAN), 0.0f));
    ck_assert(kt_same(backward(MLP_RELU, NAN, 1.0f), 0.0f));
    ck_assert(kt_same(backward(MLP_RELU, FLT_TRUE_MIN, -0.0f), -0.0f));
}
END_TEST

/* --- Instruction sets ----------------------------------------------------- */

START_TEST(test_isa_sample)
{
    enum { N = 4096 };
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    static float x[N], want[N], got[N];
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
        }
    }
}
END_TEST

/* One length between guard pages: y apart from x, then in place, then backward. */
static void try_length(const struct mlp_kernels *kernels, enum mlp_activation activation, size_t n,
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

    kt_case("activation_backward_%s_%s_n%zu_%s", kernels->isa, mlp_activation_name(activation), n,
            kt_values_name(values));
    kt_fill(x, n, values);
    kt_fill(y, n, values);
    memcpy(want, y, n * sizeof *y);
    kt_c()->activation_backward(activation, n, x, want);
    kernels->activation_backward(activation, n, x, y);
    kt_expect_same("d", want, y, n);
    kt_check_canaries(1);
}

START_TEST(test_isa_lengths)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    for (size_t n = 0; n <= 67; n++) {
        for (int a = 0; a < kt_activations(); a++) {
            for (int v = 0; v < KT_VALUES * KT_SIDES; v++)
                try_length(kernels, (enum mlp_activation)a, n, v / KT_SIDES, v % KT_SIDES);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("activation");
    TCase *c_case = kt_tcase(suite, "C");
    tcase_add_test(c_case, test_forward_values);
    tcase_add_loop_test(c_case, test_accuracy, 0, 2);
    tcase_add_test(c_case, test_tanh_is_odd);
    tcase_add_loop_test(c_case, test_backward_accuracy, 0, kt_activations());
    tcase_add_test(c_case, test_backward_relu);
    TCase *isa_case = kt_tcase(suite, "instruction sets");
    kt_add_isa_test(isa_case, test_isa_sample);
    kt_add_isa_test(isa_case, test_isa_lengths);
    return kt_main(suite);
}
