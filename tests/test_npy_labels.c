/* SPDX-License-Identifier: MIT */
/* Labels and targets of npy files. */
#include "alloc.h"
#include "bytes.h"
#include "data.h"
#include "file.h"
#include "folder.h"
#include "npy_files.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void put_inputs(const char *name)
{
    put(name, npy_u8_file("(3, 4)", 12));
}

static mlp_dataset *opened(const char *path, const mlp_source_options *options)
{
    mlp_dataset *data;
    mlp_error error;
    mlp_status status = mlp_dataset_open_as(path, MLP_TRAIN, options, &data, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return data;
}

static void assert_refused(const char *path, const mlp_source_options *options, mlp_status expected,
                           const char *begin, const char *part)
{
    mlp_dataset *data;
    mlp_error error;
    long live = mlp_alloc_live();
    ck_assert_int_eq(mlp_dataset_open_as(path, MLP_TRAIN, options, &data, &error), expected);
    assert_error(&error, expected, begin, part);
    ck_assert_ptr_null(data);
    ck_assert_int_eq(mlp_alloc_live(), live);
}

/* Three labels of a file that is named by the option. */
static void assert_labels(struct bytes bytes, const uint8_t labels[3], size_t classes)
{
    put_inputs("a.npy");
    const char *paths[] = {put("plain", bytes), put("packed", packed(bytes))};
    for (size_t i = 0; i < 2; i++) {
        mlp_dataset *data = opened(in_folder("a.npy"), &(mlp_source_options){.labels = paths[i]});
        ck_assert_mem_eq(mlp_dataset_labels(data), labels, 3);
        ck_assert_uint_eq(mlp_dataset_classes(data), classes);
        ck_assert_uint_eq(mlp_dataset_outputs(data), 0);
        ck_assert_ptr_null(mlp_dataset_targets(data));
        mlp_dataset_destroy(data);
    }
}

/* A label file that is wrong at value `index`, whose type has `size` bytes. */
static void assert_label_refused(const char *descr, const char *hex, size_t index, size_t size,
                                 const char *part)
{
    char text[128];
    struct bytes bytes = npy_file(descr, "(3,)", "", 0);
    put_inputs("a.npy");
    add_hex(&bytes, hex);
    const char *path = put("y.npy", bytes);
    snprintf(text, sizeof text, ": byte %zu: found %s as label %zu, expected a class from 0 to ",
             128 + index * size, part, index);
    assert_refused(in_folder("a.npy"), &(mlp_source_options){.labels = path}, MLP_ERROR_DATA, path,
                   text);
}

START_TEST(labels_of_every_integer_type)
{
    static const struct {
        const char *descr, *hex;
    } types[] = {
        {"|u1", "00 01 07"},
        {"|i1", "00 01 07"},
        {"<i2", "0000 0100 0700"},
        {">i2", "0000 0001 0007"},
        {"<u2", "0000 0100 0700"},
        {"<i4", "00000000 01000000 07000000"},
        {">i4", "00000000 00000001 00000007"},
        {">u4", "00000000 00000001 00000007"},
        {"<i8", "0000000000000000 0100000000000000 0700000000000000"},
        {">i8", "0000000000000000 0000000000000001 0000000000000007"},
        {"<u8", "0000000000000000 0100000000000000 0700000000000000"},
    };
    static const uint8_t labels[3] = {0, 1, 7};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct bytes bytes = npy_file(types[i].descr, "(3,)", "", 0);
        add_hex(&bytes, types[i].hex);
        assert_labels(bytes, labels, 8);
        bytes = npy_file(types[i].descr, "(3, 1)", "", 0);
        add_hex(&bytes, types[i].hex);
        assert_labels(bytes, labels, 8);
    }
    assert_labels(npy_file("|b1", "(3,)", "\0\1\1", 3), (const uint8_t[]){0, 1, 1}, 2);
    assert_labels(npy_file("|u1", "(3,)", "\0\0\0", 3), (const uint8_t[]){0, 0, 0}, 2);
    assert_labels(npy_file("|u1", "(3,)", "\xff\0\1", 3), (const uint8_t[]){255, 0, 1}, 256);
}
END_TEST

/* Never clamped, never wrapped: 256 is no 0. */
START_TEST(case_43_and_44_labels_that_are_no_classes)
{
    assert_label_refused("|i1", "00 ff 01", 1, 1, "-1");
    assert_label_refused("|i1", "00 01 80", 2, 1, "-128");
    assert_label_refused("<i2", "0001 0000 0000", 0, 2, "256");
    assert_label_refused(">i4", "00000000 00000000 00010000", 2, 4, "65536");
    assert_label_refused("<i8", "ffffffffffffffff 0000000000000000 0000000000000000", 0, 8, "-1");
    assert_label_refused("<i8", "0000000000000080 0000000000000000 0000000000000000", 0, 8,
                         "-9223372036854775808");
    assert_label_refused("<u8", "0000000000000000 ffffffffffffffff 0000000000000000", 1, 8,
                         "18446744073709551615");
    assert_label_refused("<u8", "0000000000000000 0000000001000000 0000000000000000", 1, 8,
                         "4294967296");
    assert_label_refused("|b1", "00 02 01", 1, 1, "2");
}
END_TEST

START_TEST(floats_are_targets)
{
    static const float targets[6] = {1, 1.5f, -2.25f, 0, 3, 4};
    static const struct {
        const char *shape;
        size_t count, outputs;
    } cases[] = {{"(3,)", 3, 1}, {"(3, 1)", 3, 1}, {"(3, 2)", 6, 2}};
    put_inputs("a.npy");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = put("t.npy", npy_f32_file(cases[i].shape, targets, cases[i].count));
        mlp_dataset *data = opened(in_folder("a.npy"), &(mlp_source_options){.labels = path});
        ck_assert_uint_eq(mlp_dataset_outputs(data), cases[i].outputs);
        ck_assert_uint_eq(mlp_dataset_classes(data), 0);
        ck_assert_ptr_null(mlp_dataset_labels(data));
        ck_assert_mem_eq(mlp_dataset_targets(data), targets, cases[i].count * sizeof *targets);
        mlp_dataset_destroy(data);
    }
    struct bytes bytes = npy_file(">f8", "(3,)", "", 0);
    add_hex(&bytes, "3ff0000000000000 bff8000000000000 4000000000000000");
    mlp_dataset *data =
        opened(in_folder("a.npy"), &(mlp_source_options){.labels = put("t.npy", bytes)});
    ck_assert_mem_eq(mlp_dataset_targets(data), ((const float[]){1, -1.5f, 2}), 3 * sizeof(float));
    mlp_dataset_destroy(data);

    const float bad[3] = {1, NAN, 3};
    const char *path = put("t.npy", npy_f32_file("(3,)", bad, 3));
    assert_refused(in_folder("a.npy"), &(mlp_source_options){.labels = path}, MLP_ERROR_DATA, path,
                   "byte 132: found NaN as value 1, expected a finite number");
}
END_TEST

START_TEST(shapes_that_labels_cannot_have)
{
    put_inputs("a.npy");
    const char *path = put("y.npy", npy_u8_file("(3, 2)", 6));
    assert_refused(in_folder("a.npy"), &(mlp_source_options){.labels = path}, MLP_ERROR_DATA, path,
                   "found the shape (3, 2), expected (count,) or (count, 1) of labels");
    path = put("y.npy", npy_f32_file("(3, 1, 1)", (const float[]){1, 2, 3}, 3));
    assert_refused(in_folder("a.npy"), &(mlp_source_options){.labels = path}, MLP_ERROR_DATA, path,
                   "found the shape (3, 1, 1), expected (count,) or (count, outputs) of targets");
}
END_TEST

START_TEST(case_14_counts_differ)
{
    char part[1200];
    put_inputs("a.npy");
    const char *path = put("a-labels.npy", npy_u8_file("(2,)", 2));
    snprintf(part, sizeof part, "found 2 labels, expected 3, one for each sample of %s",
             in_folder("a.npy"));
    assert_refused(in_folder("a.npy"), NULL, MLP_ERROR_DATA, path, part);
    path = put("a-labels.npy", npy_f32_file("(4,)", (const float[]){1, 2, 3, 4}, 4));
    assert_refused(in_folder("a.npy"), NULL, MLP_ERROR_DATA, path, "found 4 targets, expected 3");
}
END_TEST

START_TEST(the_usual_names_of_labels)
{
    static const char *const names[][2] = {
        {"a.npy", "a-labels.npy"},         {"b.npy.gz", "b-labels.npy"},
        {"c.npy", "c-labels.npy.gz"},      {"X_train.npy", "y_train.npy"},
        {"x_test.npy.gz", "y_test.npy"},   {"X.npy", "y.npy"},
        {"x-valid.npy", "y-valid.npy.gz"}, {"Xylophone.npy", "Xylophone-labels.npy"},
    };
    struct bytes labels = npy_u8_file("(3,)", 3);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        put_inputs(names[i][0]);
        put(names[i][1], labels);
        mlp_dataset *data = opened(in_folder(names[i][0]), NULL);
        ck_assert_mem_eq(mlp_dataset_labels(data), "\0\1\2", 3);
        mlp_dataset_destroy(data);
        ck_assert_int_eq(remove(in_folder(names[i][1])), 0);
    }
    ck_assert(mlp_dataset_has(in_folder("a.npy"), MLP_TRAIN));
    ck_assert(!mlp_dataset_has(in_folder("a.npy"), MLP_TEST));
    ck_assert(!mlp_dataset_has(in_folder("nothing.npy"), MLP_TRAIN));
}
END_TEST

START_TEST(labels_that_are_missing)
{
    char part[2600];
    put_inputs("X_train.npy");
    const char *path = in_folder("X_train.npy");
    snprintf(part, sizeof part, "found no file %s or %s with its labels", in_folder("y_train.npy"),
             in_folder("y_train.npy.gz"));
    assert_refused(path, NULL, MLP_ERROR_USAGE, path, part);
    assert_refused(path, NULL, MLP_ERROR_USAGE, path, "another by --labels");
    put_inputs("a.npy");
    assert_refused(in_folder("a.npy"), NULL, MLP_ERROR_USAGE, in_folder("a.npy"), "a-labels.npy");
    assert_refused(path, &(mlp_source_options){.labels = in_folder("nothing")}, MLP_ERROR_INTERNAL,
                   in_folder("nothing"), "No such file");
    assert_refused(in_folder("nothing.npy"), NULL, MLP_ERROR_INTERNAL, in_folder("nothing.npy"),
                   "No such file");
}
END_TEST

START_TEST(inputs_alone)
{
    put_inputs("a.npy");
    mlp_dataset *data = opened(in_folder("a.npy"), &(mlp_source_options){.unlabelled = true});
    ck_assert_ptr_null(mlp_dataset_labels(data));
    ck_assert_ptr_null(mlp_dataset_targets(data));
    ck_assert_uint_eq(mlp_dataset_classes(data), 0);

    const mlp_layer_spec layer = {.units = 2};
    const mlp_spec spec = {.inputs = 4, .layer_count = 1, .layers = &layer};
    mlp_train_options train_options = mlp_train_options_default();
    mlp_evaluation evaluation;
    mlp_model *model;
    mlp_error error;
    train_options.batch = 1;
    ck_assert_int_eq(mlp_model_create(&spec, 1, &model, NULL), MLP_OK);
    ck_assert_int_eq(mlp_train(model, data, NULL, &train_options, NULL, NULL, &error),
                     MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "neither labels nor targets"));
    ck_assert_int_eq(mlp_model_evaluate(model, data, 1, &evaluation, &error), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "neither labels nor targets"));
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(options_of_tables_are_refused)
{
    put_inputs("a.npy");
    assert_refused(in_folder("a.npy"), &(mlp_source_options){.label = "0"}, MLP_ERROR_USAGE,
                   in_folder("a.npy"), "has no options but for its labels");
}
END_TEST

START_TEST(case_103_folders_and_pipes_are_refused)
{
    ck_assert_int_eq(mkfifo(in_folder("pipe.npy"), 0666), 0);
    assert_refused(in_folder("pipe.npy"), NULL, MLP_ERROR_INTERNAL, in_folder("pipe.npy"),
                   "it is a pipe");
    put_inputs("a.npy");
    assert_refused(in_folder("a.npy"), &(mlp_source_options){.labels = folder}, MLP_ERROR_INTERNAL,
                   folder, "it is a folder");
}
END_TEST

/* --- Failures ---------------------------------------------------------------- */

/* One of each way that inputs go, with labels or targets. */
static void put_sets(void)
{
    static const float values[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    put_inputs("a.npy");
    put("a-labels.npy", npy_u8_file("(3,)", 3));
    put("b.npy", npy_f32_file("(3, 4)", values, 12));
    put("b-labels.npy.gz", packed(npy_f32_file("(3,)", values, 3)));
    put("c.npy.gz", packed(npy_file("|i1", "(3, 4)", values, 12)));
    put("c-labels.npy", npy_u8_file("(3,)", 3));
}

static const char *const sets[] = {"a.npy", "b.npy", "c.npy.gz"};

START_TEST(every_allocation_fails)
{
    put_sets();
    const char *path = in_folder(sets[_i]);
    for (int persist = 0; persist < 2; persist++) {
        mlp_dataset *data;
        mlp_error error;
        long live = mlp_alloc_live();
        unsigned long n = 0;
        mlp_status status = MLP_ERROR_INTERNAL;
        while (status != MLP_OK && n < 100) {
            mlp_alloc_fail_at(++n, persist);
            status = mlp_dataset_open(path, MLP_TRAIN, &data, &error);
            mlp_alloc_fail_at(0, 0);
            if (status == MLP_OK)
                break;
            assert_error(&error, MLP_ERROR_INTERNAL, "out of memory for ", "");
            ck_assert_ptr_null(data);
            ck_assert_int_eq(mlp_alloc_live(), live);
        }
        ck_assert_int_eq(status, MLP_OK);
        ck_assert_uint_gt(n, 6); /* two readers, two headers, labels, a block, the set */
        mlp_dataset_destroy(data);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
}
END_TEST

START_TEST(every_system_call_fails_once)
{
    put_sets();
    const char *path = in_folder(sets[_i]);
    mlp_dataset *data;
    mlp_error error;
    long live = mlp_alloc_live();
    unsigned long n = 0;
    mlp_status status = MLP_ERROR_INTERNAL;
    while (status != MLP_OK && n < 100) {
        mlp_file_fail_at(++n);
        status = mlp_dataset_open(path, MLP_TRAIN, &data, &error);
        mlp_file_fail_at(0);
        if (status == MLP_OK)
            break;
        assert_error(&error, MLP_ERROR_INTERNAL, folder, "Input/output error");
        ck_assert_ptr_null(data);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_gt(n, 8);
    mlp_dataset_destroy(data);
    ck_assert_int_eq(mlp_alloc_live(), live);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npy_labels");
    TCase *tests = tcase_create("npy_labels");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, labels_of_every_integer_type);
    tcase_add_test(tests, case_43_and_44_labels_that_are_no_classes);
    tcase_add_test(tests, floats_are_targets);
    tcase_add_test(tests, shapes_that_labels_cannot_have);
    tcase_add_test(tests, case_14_counts_differ);
    tcase_add_test(tests, the_usual_names_of_labels);
    tcase_add_test(tests, labels_that_are_missing);
    tcase_add_test(tests, inputs_alone);
    tcase_add_test(tests, options_of_tables_are_refused);
    tcase_add_test(tests, case_103_folders_and_pipes_are_refused);
    tcase_add_loop_test(tests, every_allocation_fails, 0, sizeof sets / sizeof sets[0]);
    tcase_add_loop_test(tests, every_system_call_fails_once, 0, sizeof sets / sizeof sets[0]);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
