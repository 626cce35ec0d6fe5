/* SPDX-License-Identifier: MIT */
/* Data sets of the caller's arrays (mlp/dataset.h). */
#include <mlp/dataset.h>

#include "alloc.h"
#include "idx_files.h"
#include "suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const uint8_t bytes6[6] = {0, 1, 2, 3, 4, 255}, labels3[3] = {2, 0, 1};
static const float floats6[6] = {0.0f, -1.5f, 1e-42f, 3e38f, -0.0f, 7.0f};
static const float weights3[3] = {0.0f, 1e-42f, 3e38f};

/* Three samples with everything: two f32 inputs, a label, two targets, a weight. */
static mlp_arrays complete(void)
{
    return (mlp_arrays){
        .count = 3,
        .features = 2,
        .f32 = floats6,
        .labels = labels3,
        .classes = 3,
        .targets = floats6,
        .outputs = 2,
        .weights = weights3,
    };
}

static void assert_refused(const mlp_arrays *arrays, mlp_status expected, const char *message)
{
    mlp_dataset *data = (mlp_dataset *)(uintptr_t)1;
    mlp_error error;
    long live = mlp_alloc_live();
    ck_assert_int_eq(mlp_dataset_wrap(arrays, &data, &error), expected);
    assert_error(&error, expected, message, "");
    ck_assert_ptr_null(data);
    ck_assert_int_eq(mlp_dataset_wrap(arrays, &data, NULL), expected);
    ck_assert_int_eq(mlp_alloc_live(), live);
}

START_TEST(wrapping_keeps_the_arrays)
{
    mlp_dataset *data;
    mlp_arrays arrays = complete();
    long live = mlp_alloc_live();
    ck_assert_int_eq(mlp_dataset_wrap(&arrays, &data, NULL), MLP_OK);
    ck_assert_uint_eq(mlp_dataset_count(data), 3);
    ck_assert_uint_eq(mlp_dataset_features(data), 2);
    ck_assert_uint_eq(mlp_dataset_classes(data), 3);
    ck_assert_uint_eq(mlp_dataset_outputs(data), 2);
    ck_assert_ptr_eq(mlp_dataset_labels(data), labels3);
    ck_assert_ptr_eq(mlp_dataset_targets(data), floats6);
    ck_assert_ptr_eq(mlp_dataset_weights(data), weights3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_ptr_eq(mlp_dataset_f32_at(data, i), floats6 + 2 * i);
        ck_assert_ptr_null(mlp_dataset_u8_at(data, i));
    }
    size_t height = 1, width = 1;
    ck_assert(!mlp_dataset_image(data, &height, &width));
    ck_assert_uint_eq(height + width, 0);
    mlp_dataset_destroy(data);
    mlp_dataset_destroy(NULL);
    ck_assert_int_eq(mlp_alloc_live(), live);
}
END_TEST

START_TEST(inputs_and_labels_alone)
{
    mlp_dataset *u8, *f32;
    ck_assert_int_eq(mlp_dataset_wrap_u8(bytes6, labels3, 3, 2, 256, &u8, NULL), MLP_OK);
    ck_assert_int_eq(mlp_dataset_wrap_f32(floats6, labels3, 3, 2, 4, &f32, NULL), MLP_OK);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_ptr_eq(mlp_dataset_u8_at(u8, i), bytes6 + 2 * i);
        ck_assert_ptr_eq(mlp_dataset_f32_at(f32, i), floats6 + 2 * i);
    }
    ck_assert_ptr_null(mlp_dataset_f32_at(u8, 0));
    ck_assert_ptr_eq(mlp_dataset_labels(u8), labels3);
    ck_assert_ptr_null(mlp_dataset_targets(u8));
    ck_assert_ptr_null(mlp_dataset_weights(u8));
    ck_assert_uint_eq(mlp_dataset_outputs(u8), 0);
    ck_assert_uint_eq(mlp_dataset_classes(u8), 256);
    ck_assert_uint_eq(mlp_dataset_classes(f32), 4);
    mlp_dataset_destroy(u8);
    mlp_dataset_destroy(f32);
}
END_TEST

START_TEST(targets_alone)
{
    mlp_dataset *data;
    mlp_arrays arrays = {.count = 6, .features = 1, .u8 = bytes6, .targets = floats6, .outputs = 1};
    ck_assert_int_eq(mlp_dataset_wrap(&arrays, &data, NULL), MLP_OK);
    ck_assert_uint_eq(mlp_dataset_classes(data), 0);
    ck_assert_ptr_null(mlp_dataset_labels(data));
    ck_assert_ptr_eq(mlp_dataset_targets(data), floats6);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(case_15_a_label_out_of_range)
{
    static const char message[] = "sample 0: found label 2, expected below 2";
    mlp_dataset *data;
    mlp_error error;
    mlp_arrays arrays = complete();
    arrays.classes = 2;
    assert_refused(&arrays, MLP_ERROR_DATA, message);
    ck_assert_int_eq(mlp_dataset_wrap_u8(bytes6, labels3, 3, 2, 2, &data, &error), MLP_ERROR_DATA);
    assert_error(&error, MLP_ERROR_DATA, message, "");
    ck_assert_int_eq(mlp_dataset_wrap_f32(floats6, labels3, 3, 2, 2, &data, &error),
                     MLP_ERROR_DATA);
    assert_error(&error, MLP_ERROR_DATA, message, "");
}
END_TEST

START_TEST(an_input_or_target_that_is_not_finite)
{
    static const float values[] = {NAN, INFINITY, -INFINITY};
    for (size_t v = 0; v < 3; v++) {
        for (size_t at = 0; at < 6; at++) {
            float changed[6];
            memcpy(changed, floats6, sizeof changed);
            changed[at] = values[v];
            char message[64];
            mlp_arrays arrays = complete();
            arrays.f32 = changed;
            snprintf(message, sizeof message,
                     "sample %zu: found %f as input %zu, expected a finite", at / 2,
                     (double)values[v], at % 2);
            assert_refused(&arrays, MLP_ERROR_DATA, message);
            arrays = complete();
            arrays.targets = changed;
            snprintf(message, sizeof message,
                     "sample %zu: found %f as target %zu, expected a finite", at / 2,
                     (double)values[v], at % 2);
            assert_refused(&arrays, MLP_ERROR_DATA, message);
        }
    }
}
END_TEST

START_TEST(a_weight_that_is_none)
{
    static const float values[] = {NAN, INFINITY, -INFINITY, -1.0f, -1e-42f};
    for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
        for (size_t at = 0; at < 3; at++) {
            float changed[3] = {1, 1, 1};
            changed[at] = values[v];
            char message[96];
            mlp_arrays arrays = complete();
            arrays.weights = changed;
            snprintf(message, sizeof message,
                     "sample %zu: found %g as weight, expected a finite number from 0 up", at,
                     (double)values[v]);
            assert_refused(&arrays, MLP_ERROR_DATA, message);
        }
    }
}
END_TEST

START_TEST(sizes_that_make_no_sense)
{
    static const struct {
        size_t count, features, classes, outputs;
        const char *message;
    } cases[] = {
        {0, 2, 3, 2, "found 0 samples, expected 1 to 2^32 - 1"},
        {(size_t)UINT32_MAX + 1, 2, 3, 2, "found 4294967296 samples"},
        {3, 0, 3, 2, "found 0 features, expected at least 1 and 3 samples of them in memory"},
        {3, SIZE_MAX / 12 + 1, 3, 2, "found 1537228672809129302 features"},
        {3, 2, 0, 2, "found 0 classes, expected 2 to 256"},
        {3, 2, 1, 2, "found 1 classes"},
        {3, 2, 257, 2, "found 257 classes"},
        {3, 2, 3, 0, "found 0 outputs, expected at least 1 and 3 samples of them in memory"},
        {3, 2, 3, SIZE_MAX / 12 + 1, "found 1537228672809129302 outputs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mlp_arrays arrays = complete();
        arrays.count = cases[i].count;
        arrays.features = cases[i].features;
        arrays.classes = cases[i].classes;
        arrays.outputs = cases[i].outputs;
        assert_refused(&arrays, MLP_ERROR_USAGE, cases[i].message);
    }
    mlp_dataset *data;
    ck_assert_int_eq(mlp_dataset_wrap_u8(bytes6, labels3, 3, SIZE_MAX / 3 + 1, 3, &data, NULL),
                     MLP_ERROR_USAGE);
}
END_TEST

START_TEST(missing_arrays)
{
    mlp_dataset *data;
    mlp_arrays arrays = complete();
    arrays.f32 = NULL;
    assert_refused(&arrays, MLP_ERROR_USAGE, "found no inputs, expected an array of one type");
    arrays = complete();
    arrays.u8 = bytes6;
    assert_refused(&arrays, MLP_ERROR_USAGE, "found inputs of both u8 and f32");
    arrays = complete();
    arrays.labels = NULL;
    assert_refused(&arrays, MLP_ERROR_USAGE, "found 3 classes, expected 0 without labels");
    arrays = complete();
    arrays.targets = NULL;
    assert_refused(&arrays, MLP_ERROR_USAGE, "found 2 outputs, expected 0 without targets");
    arrays.labels = NULL;
    assert_refused(&arrays, MLP_ERROR_USAGE, "found neither labels nor targets");
    ck_assert_int_eq(mlp_dataset_wrap_u8(NULL, labels3, 3, 2, 3, &data, NULL), MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_dataset_wrap_f32(floats6, NULL, 3, 2, 3, &data, NULL), MLP_ERROR_USAGE);
}
END_TEST

START_TEST(wrapping_without_memory)
{
    mlp_arrays arrays = complete();
    mlp_alloc_fail_at(1, 1);
    assert_refused(&arrays, MLP_ERROR_INTERNAL, "out of memory for a data set");
    mlp_alloc_fail_at(0, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wrap");
    TCase *tests = tcase_create("wrap");
    tcase_add_test(tests, wrapping_keeps_the_arrays);
    tcase_add_test(tests, inputs_and_labels_alone);
    tcase_add_test(tests, targets_alone);
    tcase_add_test(tests, case_15_a_label_out_of_range);
    tcase_add_test(tests, an_input_or_target_that_is_not_finite);
    tcase_add_test(tests, a_weight_that_is_none);
    tcase_add_test(tests, sizes_that_make_no_sense);
    tcase_add_test(tests, missing_arrays);
    tcase_add_test(tests, wrapping_without_memory);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
