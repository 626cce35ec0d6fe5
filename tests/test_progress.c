/* SPDX-License-Identifier: MIT */
/* The progress line, how numbers are written, and where results go (src/cli). */
#include "../src/cli/output.h"
#include "../src/cli/progress.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const mlp_progress halfway = {
    .epoch = 3,
    .epochs = 30,
    .samples_done = 30000,
    .samples = 60000,
    .loss = 0.12341,
    .train_accuracy = 0.9712,
    .seconds = 0.25,
    .valid_loss = NAN,
    .valid_score = NAN,
    .test_loss = NAN,
    .test_score = NAN,
};

static const struct progress classes = {.classifies = true};
static const struct progress values = {.classifies = false};
static const struct progress errors = {.classifies = true, .counts = true};

START_TEST(the_line_fits_every_width)
{
    char line[256];
    for (size_t width = 0; width < 200; width++) {
        progress_format(line, sizeof line, width, &classes, &halfway, 12.0);
        ck_assert_uint_le(strlen(line), width);
        ck_assert(width < 11 || strncmp(line, "epoch  3/30", 11) == 0);
    }
}
END_TEST

START_TEST(a_wide_line_holds_everything)
{
    char line[256];
    progress_format(line, sizeof line, 120, &classes, &halfway, 25.0);
    ck_assert_str_eq(line, "epoch  3/30  [==============>             ]  loss 0.1234  "
                           "train 97.12 %  120k samples/s  4:35 left");
}
END_TEST

START_TEST(eighty_columns_hold_everything)
{
    char line[256];
    mlp_progress now = halfway;
    now.epoch = 29;
    progress_format(line, sizeof line, 79, &classes, &now, 25.0);
    ck_assert_str_eq(line, "epoch 29/30  [====>    ]  loss 0.1234  train 97.12 %  "
                           "120k samples/s  0:01 left");
}
END_TEST

START_TEST(a_narrow_line_keeps_what_matters)
{
    char line[256];
    progress_format(line, sizeof line, 40, &classes, &halfway, 25.0);
    ck_assert_str_eq(line, "epoch  3/30  loss 0.1234  train 97.12 %");
    progress_format(line, sizeof line, 33, &classes, &halfway, 25.0);
    ck_assert_str_eq(line, "epoch  3/30  loss 0.1234");
    mlp_progress now = halfway;
    now.train_accuracy = (double)NAN;
    progress_format(line, sizeof line, 40, &values, &now, 25.0);
    ck_assert_str_eq(line, "epoch  3/30  loss 0.1234  4:35 left");
}
END_TEST

START_TEST(a_small_buffer_is_not_overrun)
{
    char line[256];
    for (size_t size = 1; size < 100; size++) {
        memset(line, 'x', sizeof line);
        progress_format(line, size, 200, &classes, &halfway, 25.0);
        ck_assert_uint_lt(strlen(line), size);
        ck_assert_int_eq(line[size], 'x');
    }
}
END_TEST

/* The width that an epoch's line may have. */
enum { EPOCH_WIDTH = 79 };

START_TEST(an_epoch_tells_its_scores)
{
    char line[256];
    mlp_progress now = halfway;
    now.samples_done = now.samples;
    progress_format_epoch(line, sizeof line, EPOCH_WIDTH, &classes, &now);
    ck_assert_str_eq(line, "epoch  3/30  loss 0.1234  train 97.12 %  0.25 s  240k samples/s");
    now.valid_score = 0.9601;
    now.test_score = 1;
    progress_format_epoch(line, sizeof line, EPOCH_WIDTH, &classes, &now);
    ck_assert_str_eq(
        line, "epoch  3/30  loss 0.1234  train 97.12 %  valid 96.01 %  test 100.00 %  0.25 s");
    now.train_accuracy = (double)NAN;
    progress_format_epoch(line, sizeof line, EPOCH_WIDTH, &values, &now);
    ck_assert_str_eq(line, "epoch  3/30  loss 0.1234  valid R2 0.9601  test R2 1.0000  0.25 s");
}
END_TEST

START_TEST(an_epoch_of_a_perceptron_counts_errors)
{
    char line[256];
    mlp_progress now = halfway;
    now.samples = now.samples_done = 4;
    now.loss = 0.75;
    now.train_accuracy = 0.25;
    progress_format_epoch(line, sizeof line, EPOCH_WIDTH, &errors, &now);
    ck_assert_str_eq(line, "epoch  3/30  errors 3  train 25.00 %  0.25 s  16 samples/s");
}
END_TEST

START_TEST(an_epoch_fits_every_width)
{
    char line[256];
    mlp_progress now = halfway;
    now.valid_score = now.test_score = -1e300;
    for (size_t width = 0; width < 200; width++) {
        progress_format_epoch(line, sizeof line, width, &values, &now);
        ck_assert_uint_le(strlen(line), width);
    }
}
END_TEST

START_TEST(extreme_figures_fit_too)
{
    char line[256];
    mlp_progress extreme = {
        .epoch = (size_t)-1,
        .epochs = (size_t)-1,
        .samples_done = 1,
        .samples = (size_t)-1,
        .loss = 1e300,
        .seconds = 1e-300,
        .train_accuracy = NAN,
        .valid_score = NAN,
        .test_score = NAN,
    };
    for (size_t width = 0; width < 200; width++) {
        progress_format(line, sizeof line, width, &classes, &extreme, 1e300);
        ck_assert_uint_le(strlen(line), width);
    }
    ck_assert(progress_rate(&extreme) > 0);
    extreme.seconds = 0;
    ck_assert(progress_rate(&extreme) == 0);
}
END_TEST

START_TEST(long_times_show_hours)
{
    char line[256];
    mlp_progress early = halfway;
    early.epoch = 1;
    early.epochs = 1;
    progress_format(line, sizeof line, 200, &classes, &early, 7265.0);
    ck_assert_ptr_nonnull(strstr(line, "2:01:05 left"));
}
END_TEST

START_TEST(numbers_are_grouped)
{
    char text[NUMBER_SIZE];
    ck_assert_str_eq(grouped(0, text), "0");
    ck_assert_str_eq(grouped(999, text), "999");
    ck_assert_str_eq(grouped(1000, text), "1,000");
    ck_assert_str_eq(grouped(123456, text), "123,456");
    ck_assert_str_eq(grouped(UINT64_MAX, text), "18,446,744,073,709,551,615");
}
END_TEST

/* What a stream does not take is told once, and is nothing that stdout has to answer for. */
START_TEST(a_failed_stream_is_told)
{
    FILE *full = fopen("/dev/full", "w");
    ck_assert_ptr_nonnull(full);
    result_to(full);
    result("%d", 1);
    ck_assert(result_working());
    ck_assert_int_eq(result_to_stdout(), ENOSPC);
    ck_assert(result_working());
    result_to(full);
    result("%d", 2);
    result_flush();
    ck_assert(!result_working());
    ck_assert_int_eq(result_to_stdout(), ENOSPC);
    ck_assert(result_working());
    fclose(full);
    FILE *null = fopen("/dev/null", "w");
    ck_assert_ptr_nonnull(null);
    result_to(null);
    result("%d", 3);
    ck_assert_int_eq(result_to_stdout(), 0);
    result_to(null);
    result_json(NULL);
    ck_assert_int_eq(result_to_stdout(), ENOMEM);
    fclose(null);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("progress");
    TCase *tests = tcase_create("progress");
    tcase_add_test(tests, the_line_fits_every_width);
    tcase_add_test(tests, a_wide_line_holds_everything);
    tcase_add_test(tests, eighty_columns_hold_everything);
    tcase_add_test(tests, a_narrow_line_keeps_what_matters);
    tcase_add_test(tests, a_small_buffer_is_not_overrun);
    tcase_add_test(tests, an_epoch_tells_its_scores);
    tcase_add_test(tests, an_epoch_of_a_perceptron_counts_errors);
    tcase_add_test(tests, an_epoch_fits_every_width);
    tcase_add_test(tests, extreme_figures_fit_too);
    tcase_add_test(tests, long_times_show_hours);
    tcase_add_test(tests, numbers_are_grouped);
    tcase_add_test(tests, a_failed_stream_is_told);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
