/* SPDX-License-Identifier: MIT */
/* The counter-based generator and what is drawn from it (random.h). */
#include "random.h"
#include "suite.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Every number is a pure function of its counters: these tests have no luck. */
enum { SEED = 20240229 };

/* --- Philox ---------------------------------------------------------------- */

/* Known answers of Random123 1.14 (kat_vectors, "philox4x32 10"): counter, key,
 * result. */
static const struct {
    uint32_t counter[4], key[2], expected[4];
} known_answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

START_TEST(philox_gives_the_known_answers)
{
    for (size_t i = 0; i < sizeof known_answers / sizeof known_answers[0]; i++) {
        const uint32_t *counter = known_answers[i].counter, *key = known_answers[i].key;
        uint32_t out[4];
        mlp_random(key[0] | (uint64_t)key[1] << 32, (enum mlp_purpose)counter[3], counter[2],
                   counter[0] | (uint64_t)counter[1] << 32, out);
        ck_assert_mem_eq(out, known_answers[i].expected, sizeof out);
    }
}
END_TEST

START_TEST(every_counter_matters)
{
    uint32_t base[4], other[5][4];
    mlp_random(SEED, MLP_RANDOM_INIT, 1, 2, base);
    mlp_random(SEED | UINT64_C(1) << 63, MLP_RANDOM_INIT, 1, 2, other[0]);
    mlp_random(SEED, MLP_RANDOM_SHUFFLE, 1, 2, other[1]);
    mlp_random(SEED, MLP_RANDOM_INIT, 2, 2, other[2]);
    mlp_random(SEED, MLP_RANDOM_INIT, 1, 3, other[3]);
    mlp_random(SEED, MLP_RANDOM_INIT, 1, 2 | UINT64_C(1) << 63, other[4]);
    for (int i = 0; i < 5; i++)
        ck_assert_mem_ne(base, other[i], sizeof base);
}
END_TEST

START_TEST(a_unit_number_is_the_high_bits_and_below_one)
{
    ck_assert(mlp_random_unit(0) == 0.0f);
    ck_assert(mlp_random_unit(0xff) == 0.0f);
    ck_assert(mlp_random_unit(0x100) == 0x1p-24f);
    ck_assert(mlp_random_unit(0x80000000) == 0.5f);
    ck_assert(mlp_random_unit(0xffffffff) == 1 - 0x1p-24f);
}
END_TEST

/* --- Shuffle --------------------------------------------------------------- */

static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 255, 256, 1000, 60000};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

static uint32_t *shuffled(uint64_t seed, uint32_t epoch, size_t n)
{
    uint32_t *permutation = malloc((n + 1) * sizeof *permutation);
    ck_assert_ptr_nonnull(permutation);
    permutation[n] = 0xcafecafe;
    mlp_random_shuffle(seed, epoch, n, permutation);
    ck_assert_uint_eq(permutation[n], 0xcafecafe);
    return permutation;
}

START_TEST(a_shuffle_is_a_permutation)
{
    for (size_t i = 0; i < SIZES; i++) {
        size_t n = sizes[i];
        uint32_t *permutation = shuffled(SEED, 1, n);
        bool *seen = calloc(n + 1, sizeof *seen);
        ck_assert_ptr_nonnull(seen);
        for (size_t j = 0; j < n; j++) {
            if (permutation[j] >= n || seen[permutation[j]])
                ck_abort_msg("n %zu: %u at %zu is out of range or there twice", n, permutation[j],
                             j);
            seen[permutation[j]] = true;
        }
        free(seen);
        free(permutation);
    }
}
END_TEST

START_TEST(seeds_and_epochs_shuffle_differently)
{
    enum { N = 100 };
    uint32_t *a = shuffled(SEED, 1, N), *b = shuffled(SEED, 2, N), *c = shuffled(SEED + 1, 1, N),
             *again = shuffled(SEED, 1, N);
    ck_assert_mem_eq(a, again, N * sizeof *a);
    ck_assert_mem_ne(a, b, N * sizeof *a);
    ck_assert_mem_ne(a, c, N * sizeof *a);
    ck_assert_mem_ne(b, c, N * sizeof *a);
    free(a);
    free(b);
    free(c);
    free(again);
}
END_TEST

/* A run's weights depend on it: another order would be another run. */
START_TEST(the_order_is_the_golden_one)
{
    static const uint32_t golden[16] = {
        11, 2, 7, 12, 3, 10, 9, 5, 0, 1, 15, 8, 13, 14, 4, 6,
    };
    uint32_t *permutation = shuffled(1, 1, 16);
    ck_assert_mem_eq(permutation, golden, sizeof golden);
    free(permutation);
}
END_TEST

/* All 24 orders of 4 are equally likely: chi-squared with 23 degrees of
 * freedom is above 58 once in 10,000 seeds. */
START_TEST(all_orders_are_equally_likely)
{
    enum { EACH = 1000, ORDERS = 24 };
    int counts[4 * 4 * 4 * 4] = {0};
    for (uint32_t epoch = 0; epoch < ORDERS * EACH; epoch++) {
        uint32_t p[4];
        mlp_random_shuffle(SEED, epoch, 4, p);
        counts[p[0] * 64 + p[1] * 16 + p[2] * 4 + p[3]]++;
    }
    int orders = 0;
    double chi = 0;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        orders += counts[i] > 0;
        chi += counts[i] > 0 ? (double)(counts[i] - EACH) * (counts[i] - EACH) / EACH : 0;
    }
    ck_assert_int_eq(orders, ORDERS);
    ck_assert_msg(chi < 58, "chi-squared %g", chi);
}
END_TEST

/* --- Floats ---------------------------------------------------------------- */

enum { MANY = 1000001 };

typedef void draw_fn(uint64_t seed, uint32_t tensor, float scale, size_t n, float *values);

static float *draw(draw_fn *function, uint64_t seed, uint32_t tensor, float scale, size_t n)
{
    static const float canary = -12345;
    float *values = malloc((n + 1) * sizeof *values);
    ck_assert_ptr_nonnull(values);
    values[n] = canary;
    function(seed, tensor, scale, n, values);
    ck_assert(values[n] == canary);
    return values;
}

static draw_fn *const functions[] = {mlp_random_normal, mlp_random_uniform};

START_TEST(a_value_does_not_depend_on_how_many_are_drawn)
{
    enum { N = 33 };
    float *all = draw(functions[_i], SEED, 3, 1, N);
    for (size_t n = 0; n <= N; n++) {
        float *some = draw(functions[_i], SEED, 3, 1, n);
        ck_assert(n == 0 || memcmp(some, all, n * sizeof *all) == 0);
        free(some);
    }
    free(all);
}
END_TEST

START_TEST(tensors_and_seeds_have_their_own_values)
{
    enum { N = 8 };
    float *a = draw(functions[_i], SEED, 3, 1, N), *b = draw(functions[_i], SEED, 4, 1, N),
          *c = draw(functions[_i], SEED + 1, 3, 1, N);
    for (int i = 0; i < N; i++) {
        ck_assert(a[i] != b[i]);
        ck_assert(a[i] != c[i]);
    }
    free(a);
    free(b);
    free(c);
}
END_TEST

START_TEST(the_scale_multiplies)
{
    enum { N = 1001 };
    const float scale = 0.0123f;
    float *one = draw(functions[_i], SEED, 5, 1, N);
    float *scaled = draw(functions[_i], SEED, 5, scale, N);
    for (int i = 0; i < N; i++)
        ck_assert(scaled[i] == scale * one[i]);
    free(one);
    free(scaled);
}
END_TEST

START_TEST(the_values_are_the_golden_ones)
{
    static const float golden[2][8] = {
        {-0x1.479376p+0f, -0x1.51954ep-2f, -0x1.b0a6f8p-1f, -0x1.187304p-1f, -0x1.4970fp-1f,
         -0x1.47b994p-1f, 0x1.3d9c8p-1f, -0x1.9bb19p-2f},
        {-0x1.406f7p-1f, -0x1.4d6c1cp-1f, -0x1.276d7cp-1f, 0x1.f4518cp-1f, 0x1.77b7dcp-1f,
         -0x1.9b5154p-1f, 0x1.5fe2a4p-1f, 0x1.9be65cp-1f},
    };
    float *values = draw(functions[_i], 1, 0, 1, 8);
    ck_assert_mem_eq(values, golden[_i], sizeof golden[0]);
    free(values);
}
END_TEST

/* The mean of the k-th powers, k = 1 to 4. */
static void moments(const float *values, size_t n, double out[5])
{
    memset(out, 0, 5 * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        double power = 1;
        for (int k = 1; k <= 4; k++)
            out[k] += power *= (double)values[i];
    }
    for (int k = 1; k <= 4; k++)
        out[k] /= (double)n;
}

/* Within 5 standard deviations of the moment's own error. */
static void expect_moment(double found, double expected, double variance, size_t n)
{
    double tolerance = 5 * sqrt(variance / (double)n);
    ck_assert_msg(fabs(found - expected) <= tolerance, "found %g, expected %g +- %g", found,
                  expected, tolerance);
}

START_TEST(normal_numbers_are_normal)
{
    /* E x^2, x^4, x^6, x^8 = 1, 3, 15, 105 */
    double m[5];
    float *values = draw(mlp_random_normal, SEED, 0, 1, MANY);
    moments(values, MANY, m);
    expect_moment(m[1], 0, 1, MANY);
    expect_moment(m[2], 1, 3 - 1, MANY);
    expect_moment(m[3], 0, 15, MANY);
    expect_moment(m[4], 3, 105 - 9, MANY);

    /* The two of a pair, and neighbours of different pairs, have nothing in common. */
    double within = 0, between = 0;
    for (size_t i = 0; i + 2 < MANY; i += 2) {
        within += (double)values[i] * (double)values[i + 1];
        between += (double)values[i + 1] * (double)values[i + 2];
    }
    expect_moment(within / (MANY / 2), 0, 1, MANY / 2);
    expect_moment(between / (MANY / 2), 0, 1, MANY / 2);

    /* Shares beyond 0.5 to 4.5 standard deviations. */
    for (double limit = 0.5; limit < 5; limit += 1) {
        size_t beyond = 0;
        for (size_t i = 0; i < MANY; i++)
            beyond += fabs((double)values[i]) > limit;
        double share = erfc(limit * 0.70710678118654752440);
        expect_moment((double)beyond / MANY, share, share, MANY);
    }
    free(values);
}
END_TEST

/* Marsaglia's method in float64 with libm's logarithm, from the same words. */
START_TEST(normal_numbers_are_the_polar_method_s)
{
    enum { PAIRS = 10000 };
    float *values = draw(mlp_random_normal, SEED, 9, 1, 2 * PAIRS);
    for (uint64_t pair = 0; pair < PAIRS; pair++) {
        double x = 0, y = 0, s = 1;
        for (uint64_t attempt = 0; s >= 1 || s == 0; attempt++) {
            uint32_t words[4];
            mlp_random(SEED, MLP_RANDOM_INIT, 9, pair | attempt / 2 << 48, words);
            x = 2 * (double)mlp_random_unit(words[attempt % 2 * 2]) - 1;
            y = 2 * (double)mlp_random_unit(words[attempt % 2 * 2 + 1]) - 1;
            s = x * x + y * y;
        }
        double factor = sqrt(-2 * log(s) / s);
        /* Near the circle's edge log(s) magnifies the rounding of s. */
        double tolerance = 1e-6 * factor * (1 + 1 / (1 - s));
        ck_assert(fabs((double)values[2 * pair] - x * factor) <= tolerance);
        ck_assert(fabs((double)values[2 * pair + 1] - y * factor) <= tolerance);
    }
    free(values);
}
END_TEST

START_TEST(uniform_numbers_are_uniform)
{
    /* E x^2, x^4, x^6, x^8 = 1/3, 1/5, 1/7, 1/9 */
    double m[5];
    float *values = draw(mlp_random_uniform, SEED, 0, 1, MANY);
    float least = 1, most = -1;
    for (size_t i = 0; i < MANY; i++) {
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    ck_assert(least >= -1 && least < -0.9999f);
    ck_assert(most < 1 && most > 0.9999f);
    moments(values, MANY, m);
    expect_moment(m[1], 0, 1.0 / 3, MANY);
    expect_moment(m[2], 1.0 / 3, 1.0 / 5 - 1.0 / 9, MANY);
    expect_moment(m[3], 0, 1.0 / 7, MANY);
    expect_moment(m[4], 1.0 / 5, 1.0 / 9 - 1.0 / 25, MANY);
    free(values);
}
END_TEST

/* By the rule that random.h gives, number by number. */
START_TEST(dropout_is_as_documented)
{
    enum { ROWS = 77, PANELS = 3 };
    static const float rates[] = {0.0f, 0.2f, 0.5f, 0.999f};
    static float factors[ROWS * 16];
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        const struct mlp_dropout dropout = {
            .seed = 9, .step = 12345, .layer = 2, .panels = PANELS, .rate = rates[i]};
        size_t dropped = 0;
        mlp_random_dropout(&dropout, 5, ROWS, 1, factors);
        for (size_t r = 0; r < ROWS; r++) {
            for (size_t u = 0; u < 16; u++) {
                uint32_t word[4];
                mlp_random(9, MLP_RANDOM_DROPOUT, 2,
                           (UINT64_C(12345) << 32) + ((r + 5) * PANELS + 1) * 2 + u / 8, word);
                uint32_t bits = word[u % 8 / 2] >> (u % 2 * 16) & 0xffff;
                bool drops = (double)bits < floor((double)rates[i] * 65536 + 0.5);
                float expected = drops ? 0.0f : 1.0f / (1.0f - rates[i]);
                ck_assert_msg(factors[r * 16 + u] == expected, "rate %g, row %zu, unit %zu",
                              (double)rates[i], r, u);
                dropped += drops;
            }
        }
        double share = (double)dropped / (ROWS * 16);
        ck_assert_msg(fabs(share - (double)rates[i]) < 0.05, "%g of %g", share, (double)rates[i]);
    }
}
END_TEST

int main(void)
{
    enum { FUNCTIONS = sizeof functions / sizeof functions[0] };
    Suite *suite = suite_create("random");
    TCase *philox = tcase_create("philox");
    tcase_add_test(philox, philox_gives_the_known_answers);
    tcase_add_test(philox, dropout_is_as_documented);
    tcase_add_test(philox, every_counter_matters);
    tcase_add_test(philox, a_unit_number_is_the_high_bits_and_below_one);
    suite_add_tcase(suite, philox);

    TCase *shuffle = tcase_create("shuffle");
    tcase_add_test(shuffle, a_shuffle_is_a_permutation);
    tcase_add_test(shuffle, seeds_and_epochs_shuffle_differently);
    tcase_add_test(shuffle, the_order_is_the_golden_one);
    tcase_add_test(shuffle, all_orders_are_equally_likely);
    suite_add_tcase(suite, shuffle);

    TCase *floats = tcase_create("floats");
    tcase_set_timeout(floats, 60); /* a million values, emulated */
    tcase_add_loop_test(floats, a_value_does_not_depend_on_how_many_are_drawn, 0, FUNCTIONS);
    tcase_add_loop_test(floats, tensors_and_seeds_have_their_own_values, 0, FUNCTIONS);
    tcase_add_loop_test(floats, the_scale_multiplies, 0, FUNCTIONS);
    tcase_add_loop_test(floats, the_values_are_the_golden_ones, 0, FUNCTIONS);
    tcase_add_test(floats, normal_numbers_are_normal);
    tcase_add_test(floats, normal_numbers_are_the_polar_method_s);
    tcase_add_test(floats, uniform_numbers_are_uniform);
    suite_add_tcase(suite, floats);

    return suite_run(suite);
}
