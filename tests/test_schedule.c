/* SPDX-License-Identifier: MIT */
/* Learning rates (schedule.h), compared with PyTorch's schedulers. */
#include "schedule.h"
#include "suite.h"

#include <check.h>
#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MOST_STEPS = 128, MOST_EPOCHS = 32 };

static const struct vector {
    const char *schedule;
    size_t warmup_steps;
    double learning_rate;
    size_t epoch_steps, epochs;
    double losses[MOST_EPOCHS];
    double rates[MOST_STEPS];
} vectors[] = {
#include "vectors/schedules.inc"
};

static struct mlp_schedule_state begin(const char *schedule, size_t warmup_steps, double rate,
                                       size_t epoch_steps, size_t epochs)
{
    mlp_train_options options = mlp_train_options_default();
    options.learning_rate = rate;
    options.epochs = epochs;
    options.schedule.warmup_steps = warmup_steps;
    ck_assert_int_eq(mlp_schedule_parse(schedule, &options.schedule, NULL), MLP_OK);
    return mlp_schedule_begin(&options, epoch_steps);
}

/* Every row of the registry with its numbers, so that none is forgotten. */
static const char *with_numbers(size_t i)
{
    static const char *const texts[] = {"constant", "step:2:0.5", "exponential:0.9",
                                        "cosine",   "one_cycle",  "plateau:2:0.5"};
    ck_assert_uint_lt(i, COUNT(texts));
    ck_assert_int_eq(strncmp(texts[i], mlp_schedule_name(i), strlen(mlp_schedule_name(i))), 0);
    return texts[i];
}

static bool is_near(double value, double expected, double tolerance)
{
    return fabs(value - expected) <= tolerance * fabs(expected);
}

START_TEST(rates_are_those_of_pytorch)
{
    const struct vector *v = &vectors[_i];
    ck_assert_uint_le(v->epoch_steps * v->epochs, MOST_STEPS);
    ck_assert_uint_le(v->epochs, MOST_EPOCHS);
    struct mlp_schedule_state state =
        begin(v->schedule, v->warmup_steps, v->learning_rate, v->epoch_steps, v->epochs);
    for (size_t step = 0; step < v->epoch_steps * v->epochs; step++) {
        double rate = mlp_schedule_rate(&state, step);
        ck_assert_msg(is_near(rate, v->rates[step], 1e-12), "%s, step %zu: %.17g, expected %.17g",
                      v->schedule, step, rate, v->rates[step]);
        if ((step + 1) % v->epoch_steps == 0)
            mlp_schedule_end_epoch(&state, v->losses[step / v->epoch_steps]);
    }
}
END_TEST

START_TEST(every_schedule_has_a_vector)
{
    for (size_t i = 0; mlp_schedule_name(i); i++) {
        const char *name = mlp_schedule_name(i);
        bool found = false;
        for (size_t v = 0; v < COUNT(vectors); v++)
            found = found || strncmp(vectors[v].schedule, name, strlen(name)) == 0;
        ck_assert_msg(found, "%s", name);
    }
}
END_TEST

START_TEST(cosines_are_right_to_the_last_bits)
{
    static const size_t totals[] = {1, 2, 3, 7, 100, 1000, 70001};
    const double pi = 3.14159265358979323846;
    for (size_t t = 0; t < COUNT(totals); t++) {
        size_t total = totals[t];
        struct mlp_schedule_state state = begin("cosine", 0, 1, 1, total);
        for (size_t step = 0; step <= total; step++) {
            /* (1 + cos(x)) / 2 without its cancellation */
            double half = pi / 2 * (double)(total - step) / (double)total;
            double expected = sin(half) * sin(half);
            double rate = mlp_schedule_rate(&state, step);
            ck_assert_msg(is_near(rate, expected, 2e-15), "step %zu of %zu: %.17g, expected %.17g",
                          step, total, rate, expected);
        }
    }
}
END_TEST

/* Found on x86-64; every machine has the same. */
START_TEST(rates_have_the_same_bits_everywhere)
{
    static const struct {
        const char *schedule;
        size_t step;
        double rate;
    } golden[] = {
        {"step:3:0.7", 10, 0x1.533ec3e29aecep-11},
        {"step:3:0.7", 333, 0x1.72177d27d188ap-12},
        {"step:3:0.7", 1000, 0x1.cafaeab8646b6p-19},
        {"exponential:0.97", 10, 0x1.533ec3e29aecep-11},
        {"exponential:0.97", 333, 0x1.b8e23fd1673fcp-10},
        {"exponential:0.97", 1000, 0x1.0cd05d4b2155p-11},
        {"cosine", 10, 0x1.532a2b9a3b2a4p-11},
        {"cosine", 333, 0x1.2a8f50e8605e9p-9},
        {"cosine", 1000, 0x1.7dd9b14ad1c85p-19},
        {"cosine:0.1", 10, 0x1.532c3ad4ab241p-11},
        {"cosine:0.1", 333, 0x1.3406839834537p-9},
        {"cosine:0.1", 1000, 0x1.3d41f7aad9d2fp-12},
        {"one_cycle", 10, 0x1.cdda0bfbd3922p-16},
        {"one_cycle", 333, 0x1.87b9cf2d6a778p-9},
        {"one_cycle", 1000, 0x1.605d01a09a1aap-18},
    };
    for (size_t i = 0; i < COUNT(golden); i++) {
        struct mlp_schedule_state state = begin(golden[i].schedule, 50, 0.003, 17, 60);
        double rate = mlp_schedule_rate(&state, golden[i].step);
        ck_assert_msg(memcmp(&rate, &golden[i].rate, sizeof rate) == 0, "%s, step %zu: %a",
                      golden[i].schedule, golden[i].step, rate);
    }
}
END_TEST

START_TEST(warm_up_rises_linearly_and_then_leaves_the_schedule_alone)
{
    enum { WARM_UP = 9 };
    for (size_t i = 0; mlp_schedule_name(i); i++) {
        struct mlp_schedule_state warm = begin(with_numbers(i), WARM_UP, 0.25, 5, 6);
        struct mlp_schedule_state cold = begin(with_numbers(i), 0, 0.25, 5, 6);
        for (size_t step = 0; step < 30; step++) {
            double share = step < WARM_UP ? (double)(step + 1) / (WARM_UP + 1) : 1;
            double rate = mlp_schedule_rate(&warm, step);
            ck_assert(rate > 0);
            ck_assert_msg(is_near(rate, share * mlp_schedule_rate(&cold, step), 1e-15),
                          "%s, step %zu", with_numbers(i), step);
        }
        ck_assert(mlp_schedule_rate(&warm, WARM_UP) == mlp_schedule_rate(&cold, WARM_UP));
    }
}
END_TEST

START_TEST(no_schedule_leaves_its_range)
{
    static const size_t shapes[][2] = {{1, 1}, {1, 2}, {2, 1}, {1, 3}, {3, 7}, {40, 25}};
    for (size_t i = 0; mlp_schedule_name(i); i++) {
        for (size_t s = 0; s < COUNT(shapes); s++) {
            size_t steps = shapes[s][0], epochs = shapes[s][1];
            struct mlp_schedule_state state = begin(with_numbers(i), 0, 0.1, steps, epochs);
            for (size_t step = 0; step <= steps * epochs + 3; step++) {
                double rate = mlp_schedule_rate(&state, step);
                ck_assert_msg(rate >= 0 && rate <= 0.1, "%s, %zu steps, step %zu: %g",
                              with_numbers(i), steps * epochs, step, rate);
                if ((step + 1) % steps == 0)
                    mlp_schedule_end_epoch(&state, 1.0);
            }
        }
    }
}
END_TEST

START_TEST(ends_are_as_documented)
{
    struct mlp_schedule_state cosine = begin("cosine:0.25", 0, 0.5, 3, 4);
    ck_assert(mlp_schedule_rate(&cosine, 0) == 0.5);
    ck_assert(is_near(mlp_schedule_rate(&cosine, 6), 0.5 * 0.625, 1e-15));
    ck_assert(mlp_schedule_rate(&cosine, 12) == 0.125);
    ck_assert(mlp_schedule_rate(&cosine, 1000) == 0.125);
    struct mlp_schedule_state cycle = begin("one_cycle", 0, 1, 10, 10);
    ck_assert(is_near(mlp_schedule_rate(&cycle, 0), 1.0 / 25, 1e-15));
    ck_assert(mlp_schedule_rate(&cycle, 29) == 1);
    ck_assert(is_near(mlp_schedule_rate(&cycle, 99), 1.0 / 250000, 1e-15));
    ck_assert(is_near(mlp_schedule_rate(&cycle, 500), 1.0 / 250000, 1e-15));
}
END_TEST

START_TEST(a_nan_is_no_lower_loss)
{
    static const double losses[] = {NAN, NAN, 1, NAN, 1, 0.5, 2, NAN};
    static const double rates[] = {1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125};
    struct mlp_schedule_state state = begin("plateau:2:0.5", 0, 1, 1, COUNT(losses));
    for (size_t epoch = 0; epoch < COUNT(losses); epoch++) {
        mlp_schedule_end_epoch(&state, losses[epoch]);
        ck_assert_msg(mlp_schedule_rate(&state, epoch + 1) == rates[epoch], "epoch %zu", epoch);
    }
}
END_TEST

START_TEST(only_a_plateau_heeds_losses)
{
    for (size_t i = 0; mlp_schedule_name(i); i++) {
        struct mlp_schedule_state told = begin(with_numbers(i), 0, 0.1, 1, 20);
        struct mlp_schedule_state untold = told;
        for (int epoch = 0; epoch < 8; epoch++)
            mlp_schedule_end_epoch(&told, 1.0);
        bool same = mlp_schedule_rate(&told, 8) == mlp_schedule_rate(&untold, 8);
        ck_assert_msg(same == (i != MLP_SCHEDULE_PLATEAU), "%s", with_numbers(i));
    }
}
END_TEST

START_TEST(numbers_out_of_range_are_refused)
{
    static const mlp_schedule bad[] = {
        {MLP_SCHEDULE_STEP, 0, 0.5, 0, 0},       {MLP_SCHEDULE_STEP, 1, 0, 0, 0},
        {MLP_SCHEDULE_STEP, 1, 1.5, 0, 0},       {MLP_SCHEDULE_STEP, 1, NAN, 0, 0},
        {MLP_SCHEDULE_EXPONENTIAL, 1, -1, 0, 0}, {MLP_SCHEDULE_COSINE, 1, 1, -0.1, 0},
        {MLP_SCHEDULE_COSINE, 1, 1, 1.1, 0},     {MLP_SCHEDULE_COSINE, 1, 1, NAN, 0},
        {MLP_SCHEDULE_PLATEAU, 0, 0.5, 0, 0},    {MLP_SCHEDULE_PLATEAU, 1, 2, 0, 0},
        {(mlp_schedule_kind)99, 1, 0.5, 0.5, 0},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        mlp_error error;
        ck_assert_msg(mlp_schedule_check(&bad[i], &error) == MLP_ERROR_USAGE, "row %zu", i);
        ck_assert_uint_gt(strlen(error.message), 0);
        ck_assert_int_eq(mlp_schedule_check(&bad[i], NULL), MLP_ERROR_USAGE);
    }
    /* A number that is not used may be anything. */
    mlp_schedule constant = {MLP_SCHEDULE_CONSTANT, 0, 0, NAN, 3};
    ck_assert_int_eq(mlp_schedule_check(&constant, NULL), MLP_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tests = tcase_create("schedule");
    tcase_add_loop_test(tests, rates_are_those_of_pytorch, 0, (int)COUNT(vectors));
    tcase_add_test(tests, every_schedule_has_a_vector);
    tcase_add_test(tests, cosines_are_right_to_the_last_bits);
    tcase_add_test(tests, rates_have_the_same_bits_everywhere);
    tcase_add_test(tests, warm_up_rises_linearly_and_then_leaves_the_schedule_alone);
    tcase_add_test(tests, no_schedule_leaves_its_range);
    tcase_add_test(tests, ends_are_as_documented);
    tcase_add_test(tests, a_nan_is_no_lower_loss);
    tcase_add_test(tests, only_a_plateau_heeds_losses);
    tcase_add_test(tests, numbers_out_of_range_are_refused);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
