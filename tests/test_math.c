/* SPDX-License-Identifier: MIT */
/* fma, exp and log. exhaustive_math.c tries all floats. */
#include "c/fma.h"
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

/* --- fma ------------------------------------------------------------------ */

static void expect_fma(float a, float b, float c)
{
    float want = fmaf(a, b, c);
    float got = mlp_fma(a, b, c);
    if (!kt_same(want, got))
        ck_abort_msg("fma(%a, %a, %a) is %a, expected %a", (double)a, (double)b, (double)c,
                     (double)got, (double)want);
}

/* Every triple of numbers from the edges of the format. */
START_TEST(test_fma_edges)
{
    static const float magnitudes[] = {
        0.0f, FLT_TRUE_MIN, 2 * FLT_TRUE_MIN, 3 * FLT_TRUE_MIN, 0x1.fffffcp-127f, FLT_MIN,
        0x1.000002p-126f, 0x1p-103f, 0x1p-102f, 0x1p-75f, 0x1p-74f, 0x1.8p-74f, 0x1p-25f,
        0x1p-24f, 0x1.000002p-24f, 0x1.8p-24f, 0x1p-12f, 0x1.001p-12f, 0.5f, 0x1.fffffep-1f, 1.0f,
        0x1.000002p+0f, 0x1.000004p+0f, 1.5f, 0x1.fffffep+0f, 0x1.001002p+0f, 3.0f, 0x1p23f,
        0x1p24f, 0x1.000002p+24f, 0x1p64f, 0x1.fffffep+63f, 0x1p103f, 0x1p104f, FLT_MAX / 2,
        0x1p127f, FLT_MAX, INFINITY, NAN,
    };
    enum { N = sizeof magnitudes / sizeof magnitudes[0] };
    for (int i = 0; i < 2 * N; i++) {
        for (int j = 0; j < 2 * N; j++) {
            for (int k = 0; k < 2 * N; k++)
                expect_fma(copysignf(magnitudes[i / 2], i % 2 ? -1.0f : 1.0f),
                           copysignf(magnitudes[j / 2], j % 2 ? -1.0f : 1.0f),
                           copysignf(magnitudes[k / 2], k % 2 ? -1.0f : 1.0f));
        }
    }
}
END_TEST

/* All bit patterns alike. */
START_TEST(test_fma_random)
{
    for (int i = 0; i < 1000000; i++) {
        uint64_t bits = kt_random();
        expect_fma(from_bits((uint32_t)bits), from_bits((uint32_t)(bits >> 32)),
                   from_bits((uint32_t)kt_random()));
    }
}
END_TEST

static float random_significand(void)
{
    /* Runs of zeros and ones reach more edges than noise does. */
    uint32_t bits = (uint32_t)kt_random() & 0x7fffff;
    bits &= (uint32_t)kt_random() >> (kt_random() % 32);
    bits ^= (uint32_t)kt_random() % 2 ? 0x7fffffu : 0;
    return from_bits((kt_random() % 2 ? 0x3f800000u : 0xbf800000u) | bits);
}

/* An addend that meets the product: cancellation, halfway cases, and a last
 * bit far below, for results from the subnormals to the largest floats. */
START_TEST(test_fma_near)
{
    for (int i = 0; i < 1000000; i++) {
        int product_exponent = (int)kt_random_below(290) - 160;
        int a_exponent = product_exponent / 2;
        float a = ldexpf(random_significand(), a_exponent);
        float b = ldexpf(random_significand(), product_exponent - a_exponent);
        int distance = (int)kt_random_below(106) - 53;
        float c = ldexpf(random_significand(), product_exponent + distance);
        expect_fma(a, b, c);
        /* The product rounded, and its neighbours: what is left is its error. */
        float product = (float)((double)a * b);
        expect_fma(a, b, -product);
        expect_fma(a, b, -nextafterf(product, INFINITY));
        /* Half a unit of a's last place on top of a. */
        expect_fma(a, 1.0f, copysignf(ldexpf(1.0f, a_exponent - 24), c));
        expect_fma(a, from_bits(0x3f800001), copysignf(ldexpf(1.0f, a_exponent - 24), c));
        expect_fma(a, from_bits(0x3f7fffff), copysignf(ldexpf(1.0f, a_exponent - 24), c));
    }
}
END_TEST

/* --- exp and log ---------------------------------------------------------- */

static const enum math_function_id tested[] = {MATH_EXP, MATH_LOG};
enum { TESTED = sizeof tested / sizeof tested[0] };

/* exp and log, or their kernels, of one number. */
static float value_of(enum math_function_id id, float x)
{
    float y;
    math_functions[id].run(kt_c(), 1, &x, &y);
    return y;
}

START_TEST(test_special_values)
{
    static const struct {
        enum math_function_id id;
        float x, y;
    } cases[] = {
        {MATH_EXP, 0.0f, 1.0f},
        {MATH_EXP, -0.0f, 1.0f},
        {MATH_EXP, INFINITY, INFINITY},
        {MATH_EXP, -INFINITY, 0.0f},
        {MATH_EXP, NAN, NAN},
        {MATH_EXP, FLT_MAX, INFINITY},
        {MATH_EXP, -FLT_MAX, 0.0f},
        {MATH_EXP, 0x1.62e430p+6f, INFINITY},   /* the first float past ln(2^128) */
        {MATH_EXP, -0x1.9fe368p+6f, 0x1p-149f}, /* the last above half of it */
        {MATH_EXP, -0x1.9fe36ap+6f, 0.0f},
        {MATH_EXP, FLT_TRUE_MIN, 1.0f},
        {MATH_LOG, 1.0f, 0.0f},
        {MATH_LOG, 0.0f, -INFINITY},
        {MATH_LOG, -0.0f, -INFINITY},
        {MATH_LOG, INFINITY, INFINITY},
        {MATH_LOG, -INFINITY, NAN},
        {MATH_LOG, -1.0f, NAN},
        {MATH_LOG, -FLT_TRUE_MIN, NAN},
        {MATH_LOG, NAN, NAN},
        {MATH_LOG, FLT_TRUE_MIN, -0x1.9d1dap+6f},
        {MATH_LOG, FLT_MAX, 0x1.62e430p+6f},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float y = value_of(cases[i].id, cases[i].x);
        if (!kt_same(y, cases[i].y))
            ck_abort_msg("%s(%a) is %a, expected %a", math_functions[cases[i].id].name,
                         (double)cases[i].x, (double)y, (double)cases[i].y);
    }
}
END_TEST

/* Every 4,999th float. */
START_TEST(test_accuracy)
{
    const struct math_function *function = &math_functions[tested[_i]];
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 4999) {
        float x = from_bits((uint32_t)bits);
        float y = value_of(tested[_i], x);
        double ulps = math_ulps(y, function->reference(x));
        if (!(ulps <= MATH_ULPS))
            ck_abort_msg("%s(%a) is %a: off by %g ULP", function->name, (double)x, (double)y, ulps);
    }
}
END_TEST

/* The bits of C over a sample of all floats, in place. */
START_TEST(test_isa_sample)
{
    enum { N = 4096 };
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    float x[N], want[N];
    uint32_t bits = 0;
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < N; i++, bits += 10487)
            x[i] = from_bits(bits);
        for (int f = 0; f < TESTED; f++) {
            const struct math_function *function = &math_functions[tested[f]];
            float got[N];
            kt_case("%s_%s", function->name, kernels->isa);
            function->run(kt_c(), N, x, want);
            memcpy(got, x, sizeof x);
            function->run(kernels, N, got, got);
            kt_expect_same("y", want, got, N);
        }
    }
}
END_TEST

/* Every short length, between guard pages, also where nothing is aligned. */
START_TEST(test_isa_lengths)
{
    enum { MOST = 35 };
    const struct mlp_kernels *kernels = kt_kernels(_i);
    if (!kernels)
        return;
    for (size_t n = 0; n <= MOST; n++) {
        for (int variant = 0; variant < KT_SIDES * KT_VALUES * TESTED; variant++) {
            enum kt_side side = variant % KT_SIDES;
            enum kt_values values = variant / KT_SIDES % KT_VALUES;
            const struct math_function *function =
                &math_functions[tested[variant / KT_SIDES / KT_VALUES]];
            kt_case("%s_%s_n%zu_%s", function->name, kernels->isa, n, kt_values_name(values));
            float *x = kt_floats(0, n, side), *y = kt_floats(1, n, side), want[MOST + 1];
            kt_fill(x, n, values);
            function->run(kt_c(), n, x, want);
            function->run(kernels, n, x, y);
            kt_expect_same("y", want, y, n);
            kt_check_canaries(1);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("math");
    TCase *fma_case = kt_tcase(suite, "fma");
    tcase_add_test(fma_case, test_fma_edges);
    tcase_add_test(fma_case, test_fma_random);
    tcase_add_test(fma_case, test_fma_near);
    TCase *c_case = kt_tcase(suite, "exp and log");
    tcase_add_test(c_case, test_special_values);
    tcase_add_loop_test(c_case, test_accuracy, 0, TESTED);
    TCase *isa_case = kt_tcase(suite, "instruction sets");
    kt_add_isa_test(isa_case, test_isa_sample);
    kt_add_isa_test(isa_case, test_isa_lengths);
    return kt_main(suite);
}
