/* SPDX-License-Identifier: MIT */
/* Initial weights (init.h): distributions, orthogonality, bits. */
#include "init.h"

#include "alloc.h"
#include "suite.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Every number is a pure function of its counters: these tests have no luck. */
enum { SEED = 20240229, OUT = 300, IN = 200, N = OUT * IN };

static float weight[N], bias[OUT];

/* Draws the only layer of a network into `weight` and `bias`. */
static void draw(mlp_init init, float scale, mlp_bias_init bias_init, float bias_scale, size_t out,
                 size_t in)
{
    mlp_layer_spec layer = {.units = out};
    mlp_spec spec = {.inputs = in,
                     .layer_count = 1,
                     .layers = &layer,
                     .init = init,
                     .init_scale = scale,
                     .bias_init = bias_init,
                     .bias_scale = bias_scale};
    for (size_t i = 0; i < COUNT(weight); i++)
        weight[i] = NAN;
    for (size_t i = 0; i < COUNT(bias); i++)
        bias[i] = NAN;
    ck_assert_int_eq(mlp_init_layer(&spec, SEED, 0, weight, bias, NULL), MLP_OK);
}

static bool all_are(size_t n, const float *values, float value)
{
    for (size_t i = 0; i < n; i++) {
        if (!(values[i] == value))
            return false;
    }
    return true;
}

static double moment(size_t n, const float *values, int order)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += pow((double)values[i], order);
    return sum / (double)n;
}

/* Mean, variance and kurtosis of a distribution around 0 of this deviation, each within 4.5
 * standard errors; `kurtosis` is 3 of the normal distribution, 1.8 of the uniform one. */
static void assert_moments(const char *name, size_t n, const float *values, double deviation,
                           double kurtosis)
{
    double bound = 4.5 / sqrt((double)n), variance = deviation * deviation;
    double fourth_error = kurtosis == 3 ? sqrt(96.0) : sqrt(1.0 / 9 - 1.0 / 25) * 9;
    double mean = moment(n, values, 1), second = moment(n, values, 2);
    double fourth = moment(n, values, 4);
    ck_assert_msg(fabs(mean) <= bound * deviation, "%s: mean %g", name, mean);
    ck_assert_msg(fabs(second / variance - 1) <= bound * sqrt(kurtosis - 1),
                  "%s: variance %g, expected %g", name, second, variance);
    ck_assert_msg(fabs(fourth / (variance * variance) - kurtosis) <= bound * fourth_error,
                  "%s: kurtosis %g, expected %g", name, fourth / (variance * variance), kurtosis);
}

START_TEST(normal_distributions_have_their_moments)
{
    static const struct {
        mlp_init init;
        double variance;
    } rows[] = {
        {MLP_INIT_HE, 2.0 / IN},
        {MLP_INIT_NORMAL, 0.25},
        {MLP_INIT_GLOROT_NORMAL, 2.0 / (IN + OUT)},
        {MLP_INIT_LECUN, 1.0 / IN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        draw(rows[i].init, 0.5f, MLP_BIAS_DEFAULT, 1, OUT, IN);
        assert_moments(mlp_init_name((size_t)rows[i].init), N, weight, sqrt(rows[i].variance), 3);
    }
}
END_TEST

START_TEST(uniform_distributions_have_their_moments_and_bounds)
{
    static const struct {
        mlp_init init;
        double bound_squared;
    } rows[] = {
        {MLP_INIT_GLOROT, 6.0 / (IN + OUT)},
        {MLP_INIT_UNIFORM, 0.25},
        {MLP_INIT_HE_UNIFORM, 6.0 / IN},
        {MLP_INIT_LECUN_UNIFORM, 3.0 / IN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *name = mlp_init_name((size_t)rows[i].init);
        float bound = sqrtf((float)rows[i].bound_squared), largest = 0;
        draw(rows[i].init, 0.5f, MLP_BIAS_DEFAULT, 1, OUT, IN);
        for (size_t k = 0; k < N; k++)
            largest = fmaxf(largest, fabsf(weight[k]));
        ck_assert_msg(largest <= bound && largest > 0.999f * bound, "%s: %g of %g", name,
                      (double)largest, (double)bound);
        assert_moments(name, N, weight, sqrt(rows[i].bound_squared / 3), 1.8);
    }
}
END_TEST

START_TEST(constants_are_constant)
{
    static const float values[] = {0.0f, -1.5f, 0.25f};
    for (size_t i = 0; i < COUNT(values); i++) {
        draw(MLP_INIT_CONSTANT, values[i], MLP_BIAS_DEFAULT, 1, OUT, IN);
        ck_assert(all_are(N, weight, values[i]) && all_are(OUT, bias, 0));
    }
    draw(MLP_INIT_ZEROS, 3, MLP_BIAS_DEFAULT, 1, OUT, IN);
    ck_assert(all_are(N, weight, 0) && all_are(OUT, bias, 0));
}
END_TEST

START_TEST(every_init_draws_finite_numbers)
{
    static const size_t shapes[][2] = {{1, 1}, {1, 5}, {5, 1}, {7, 7}, {3, 17}, {17, 3}};
    for (size_t i = 0; mlp_init_name(i); i++) {
        for (size_t b = 0; mlp_bias_init_name(b); b++) {
            for (size_t s = 0; s < COUNT(shapes); s++) {
                size_t out = shapes[s][0], in = shapes[s][1];
                draw((mlp_init)i, 1, (mlp_bias_init)b, 1, out, in);
                for (size_t k = 0; k < in * out; k++)
                    ck_assert_msg(isfinite(weight[k]), "%s", mlp_init_name(i));
                for (size_t k = 0; k < out; k++)
                    ck_assert_msg(isfinite(bias[k]), "%s", mlp_bias_init_name(b));
                ck_assert(isnan(weight[in * out]) && isnan(bias[out])); /* left alone */
            }
        }
    }
}
END_TEST

START_TEST(biases_are_drawn_by_themselves)
{
    static float weights_before[N];
    draw(MLP_INIT_NORMAL, 0.5f, MLP_BIAS_DEFAULT, 9, OUT, IN);
    memcpy(weights_before, weight, sizeof weight);
    assert_moments("default with normal", OUT, bias, 0.5, 3);
    ck_assert(memcmp(bias, weight, sizeof bias) != 0);
    for (size_t b = 0; mlp_bias_init_name(b); b++) {
        draw(MLP_INIT_NORMAL, 0.5f, (mlp_bias_init)b, 2, OUT, IN);
        ck_assert(memcmp(weights_before, weight, sizeof weight) == 0);
    }
    draw(MLP_INIT_HE, 0.5f, MLP_BIAS_DEFAULT, 9, OUT, IN);
    ck_assert(all_are(OUT, bias, 0));
    draw(MLP_INIT_NORMAL, 0.5f, MLP_BIAS_ZEROS, 9, OUT, IN);
    ck_assert(all_are(OUT, bias, 0));
    draw(MLP_INIT_HE, 1, MLP_BIAS_CONSTANT, -0.1f, OUT, IN);
    ck_assert(all_are(OUT, bias, -0.1f));
    draw(MLP_INIT_HE, 1, MLP_BIAS_NORMAL, 3, OUT, IN);
    assert_moments("normal", OUT, bias, 3, 3);
    draw(MLP_INIT_HE, 1, MLP_BIAS_UNIFORM, 3, OUT, IN);
    assert_moments("uniform", OUT, bias, sqrt(3), 1.8);
    for (size_t k = 0; k < OUT; k++)
        ck_assert(fabsf(bias[k]) <= 3);
}
END_TEST

/* --- Orthogonal ---------------------------------------------------------------- */

/* A product of two vectors that is not what those of orthonormal ones, times gain^2, have to 1e-6;
 * 0 where there is none. */
static double wrong_product(size_t out, size_t in, double gain)
{
    bool wide = out <= in;
    size_t count = wide ? out : in, length = wide ? in : out;
    for (size_t a = 0; a < count; a++) {
        for (size_t b = 0; b <= a; b++) {
            double product = 0;
            for (size_t i = 0; i < length; i++)
                product += (double)weight[wide ? a * in + i : i * in + a] *
                           (double)weight[wide ? b * in + i : i * in + b];
            double difference = fabs(product / (gain * gain) - (a == b));
            if (!(difference <= 1e-6))
                return difference;
        }
    }
    return 0;
}

START_TEST(orthogonal_weights_are_orthogonal)
{
    static const size_t shapes[][2] = {{1, 1},    {1, 40},   {40, 1},    {2, 2},    {64, 64},
                                       {150, 31}, {31, 150}, {200, 200}, {300, 200}};
    for (size_t s = 0; s < COUNT(shapes); s++) {
        size_t out = shapes[s][0], in = shapes[s][1];
        draw(MLP_INIT_ORTHOGONAL, 1, MLP_BIAS_DEFAULT, 1, out, in);
        double wrong = wrong_product(out, in, 1);
        ck_assert_msg(wrong == 0, "%zux%zu: %g", out, in, wrong);
        draw(MLP_INIT_ORTHOGONAL, 1.5f, MLP_BIAS_DEFAULT, 1, out, in);
        wrong = wrong_product(out, in, 1.5);
        ck_assert_msg(wrong == 0, "%zux%zu with a gain: %g", out, in, wrong);
        ck_assert(all_are(out, bias, 0));
    }
}
END_TEST

/* What tells the Q of QR with a positive diagonal from other orthonormal vectors: every vector is
 * orthogonal to those drawn before it, and points into the half space of its own. */
START_TEST(orthogonal_vectors_are_those_of_qr)
{
    static const size_t shapes[][2] = {{9, 20}, {20, 9}, {12, 12}};
    static float drawn[20 * 20];
    for (size_t s = 0; s < COUNT(shapes); s++) {
        size_t out = shapes[s][0], in = shapes[s][1];
        bool wide = out <= in;
        draw(MLP_INIT_NORMAL, 1, MLP_BIAS_DEFAULT, 1, out, in);
        memcpy(drawn, weight, out * in * sizeof *drawn);
        draw(MLP_INIT_ORTHOGONAL, 1, MLP_BIAS_DEFAULT, 1, out, in);
        for (size_t a = 0; a < (wide ? out : in); a++) {
            for (size_t b = 0; b <= a; b++) {
                double product = 0;
                for (size_t i = 0; i < (wide ? in : out); i++)
                    product += (double)drawn[wide ? b * in + i : i * in + b] *
                               (double)weight[wide ? a * in + i : i * in + a];
                ck_assert(b == a ? product > 0.01 : fabs(product) <= 1e-6);
            }
        }
    }
}
END_TEST

START_TEST(orthonormal_rows_are_found_for_dependent_ones_too)
{
    enum { ROWS = 4, LENGTH = 5 };
    /* The second is a multiple of the first, the third zero, the fourth their axis. */
    double rows[ROWS * LENGTH] = {3, 4, 0, 0, 0, -6, -8, 0, 0, 0, 0, 0, 0, 0, 0, 1e-30, 0, 0, 0, 0};
    mlp_orthonormalize(ROWS, LENGTH, rows);
    ck_assert(fabs(rows[0] - 0.6) < 1e-15 && fabs(rows[1] - 0.8) < 1e-15);
    for (size_t a = 0; a < ROWS; a++) {
        for (size_t b = 0; b <= a; b++) {
            double product = 0;
            for (size_t i = 0; i < LENGTH; i++)
                product += rows[a * LENGTH + i] * rows[b * LENGTH + i];
            ck_assert(fabs(product - (a == b)) < 1e-14);
        }
    }
}
END_TEST

/* --- Bits ------------------------------------------------------------------------- */

/* FNV-1a over the bits. */
static uint32_t hash(size_t n, const float *values)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        for (int shift = 0; shift < 32; shift += 8)
            h = (h ^ (bits >> shift & 255)) * 16777619u;
    }
    return h;
}

/* A network 7-5-3, seed 42, scale 0.5. Those of he, glorot and normal are of version 0.1; a model
 * of a seed must not change. */
START_TEST(draws_have_the_same_bits_everywhere)
{
    static const struct {
        mlp_init init;
        size_t layer;
        float first, last;
        uint32_t weights, biases;
    } golden[] = {
        {MLP_INIT_HE, 0, -0x1.331326p-2f, 0x1.1f8f0ap-7f, 0x3e2882a8, 0xb9fee455},
        {MLP_INIT_HE, 1, -0x1.708354p-3f, -0x1.021424p-1f, 0xd3821979, 0xe23c62b5},
        {MLP_INIT_GLOROT, 0, -0x1.f496a4p-3f, 0x1.06a942p-1f, 0xf5fc7d48, 0xb9fee455},
        {MLP_INIT_GLOROT, 1, -0x1.e8853cp-2f, -0x1.89117p-2f, 0x299a08a9, 0xe23c62b5},
        {MLP_INIT_NORMAL, 0, -0x1.1f3ep-2f, 0x1.0cfc9p-7f, 0x2dd568b1, 0x6b8cf07b},
        {MLP_INIT_NORMAL, 1, -0x1.2355cap-3f, -0x1.980ee8p-2f, 0xfd7a7c33, 0x874db124},
        {MLP_INIT_ORTHOGONAL, 0, -0x1.e67766p-4f, -0x1.f28c6p-4f, 0x7322a653, 0xb9fee455},
        {MLP_INIT_ORTHOGONAL, 1, -0x1.e1b168p-5f, -0x1.33d884p-4f, 0x39f71f25, 0xe23c62b5},
    };
    static const mlp_layer_spec layers[] = {{.units = 5}, {.units = 3}};
    for (size_t i = 0; i < COUNT(golden); i++) {
        mlp_spec spec = {.inputs = 7,
                         .layer_count = 2,
                         .layers = layers,
                         .init = golden[i].init,
                         .init_scale = 0.5f};
        size_t out = layers[golden[i].layer].units, in = golden[i].layer == 0 ? 7 : 5;
        ck_assert_int_eq(mlp_init_layer(&spec, 42, golden[i].layer, weight, bias, NULL), MLP_OK);
        ck_assert_msg(hash(in * out, weight) == golden[i].weights &&
                          hash(out, bias) == golden[i].biases,
                      "%s, layer %zu: %a, %a, 0x%08x, 0x%08x",
                      mlp_init_name((size_t)golden[i].init), golden[i].layer, (double)weight[0],
                      (double)weight[in * out - 1], hash(in * out, weight), hash(out, bias));
        ck_assert(weight[0] == golden[i].first && weight[in * out - 1] == golden[i].last);
    }
}
END_TEST

/* --- Failures ------------------------------------------------------------------- */

START_TEST(unknown_rows_and_lack_of_memory_are_reported)
{
    mlp_layer_spec layer = {.units = 3};
    mlp_spec spec = {.inputs = 2, .layer_count = 1, .layers = &layer, .init = (mlp_init)99};
    mlp_error error;
    ck_assert_int_eq(mlp_init_layer(&spec, 1, 0, weight, bias, &error), MLP_ERROR_USAGE);
    spec.init = MLP_INIT_HE;
    spec.bias_init = (mlp_bias_init)99;
    ck_assert_int_eq(mlp_init_layer(&spec, 1, 0, weight, bias, &error), MLP_ERROR_USAGE);

    long live = mlp_alloc_live();
    spec.init = MLP_INIT_ORTHOGONAL;
    spec.bias_init = MLP_BIAS_DEFAULT;
    mlp_alloc_fail_at(1, 0);
    ck_assert_int_eq(mlp_init_layer(&spec, 1, 0, weight, bias, &error), MLP_ERROR_INTERNAL);
    mlp_alloc_fail_at(0, 0);
    ck_assert_int_eq(mlp_init_layer(&spec, 1, 0, weight, bias, &error), MLP_OK);
    ck_assert_int_eq(mlp_alloc_live(), live);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("init");
    TCase *tests = tcase_create("init");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, normal_distributions_have_their_moments);
    tcase_add_test(tests, uniform_distributions_have_their_moments_and_bounds);
    tcase_add_test(tests, constants_are_constant);
    tcase_add_test(tests, every_init_draws_finite_numbers);
    tcase_add_test(tests, biases_are_drawn_by_themselves);
    tcase_add_test(tests, orthogonal_weights_are_orthogonal);
    tcase_add_test(tests, orthogonal_vectors_are_those_of_qr);
    tcase_add_test(tests, orthonormal_rows_are_found_for_dependent_ones_too);
    tcase_add_test(tests, draws_have_the_same_bits_everywhere);
    tcase_add_test(tests, unknown_rows_and_lack_of_memory_are_reported);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
