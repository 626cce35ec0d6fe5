/* SPDX-License-Identifier: MIT */
/* Sources of data (mlp/dataset.h). */
#include <mlp/dataset.h>

#include "alloc.h"
#include "folder.h"
#include "idx_files.h"
#include "suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char train_images[] = "train-images-idx3-ubyte",
                  train_labels[] = "train-labels-idx1-ubyte",
                  test_images[] = "t10k-images-idx3-ubyte",
                  test_labels[] = "t10k-labels-idx1-ubyte";

static struct bytes labels_of(uint32_t count, unsigned char last)
{
    struct bytes bytes = idx_file(1, &count, 10);
    bytes.at[bytes.size - 1] = last;
    return bytes;
}

static mlp_dataset *open_source(const char *source, mlp_split split)
{
    mlp_dataset *data;
    mlp_error error;
    mlp_status status = mlp_dataset_open(source, split, &data, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return data;
}

static void assert_refused(const char *source, mlp_split split, mlp_status expected,
                           const char *path, const char *part)
{
    mlp_dataset *data;
    mlp_error error;
    long live = mlp_alloc_live();
    ck_assert_int_eq(mlp_dataset_open(source, split, &data, &error), expected);
    assert_error(&error, expected, path, part);
    ck_assert_ptr_null(data);
    ck_assert_int_eq(mlp_alloc_live(), live);
}

/* The data set is the one of two_images and two_labels. */
static void assert_two(mlp_dataset *data)
{
    ck_assert_uint_eq(mlp_dataset_count(data), 2);
    ck_assert_uint_eq(mlp_dataset_features(data), 6);
    ck_assert_uint_eq(mlp_dataset_classes(data), 2);
    ck_assert_ptr_null(mlp_dataset_f32_at(data, 0));
    ck_assert_ptr_null(mlp_dataset_targets(data));
    ck_assert_ptr_null(mlp_dataset_weights(data));
    for (uint8_t i = 0; i < 12; i++)
        ck_assert_uint_eq(mlp_dataset_u8_at(data, 0)[i], i);
    ck_assert_ptr_eq(mlp_dataset_u8_at(data, 1), mlp_dataset_u8_at(data, 0) + 6);
    ck_assert_uint_eq(mlp_dataset_labels(data)[0], 0);
    ck_assert_uint_eq(mlp_dataset_labels(data)[1], 1);
    size_t height, width;
    ck_assert(mlp_dataset_image(data, &height, &width));
    ck_assert_uint_eq(height, 2);
    ck_assert_uint_eq(width, 3);
    mlp_dataset_destroy(data);
}

START_TEST(digits_are_built_in)
{
    ck_assert_int_eq(mlp_dataset_has("digits", MLP_TRAIN), 1);
    ck_assert_int_eq(mlp_dataset_has("digits", MLP_TEST), 1);
    mlp_dataset *data = open_source("digits", MLP_TEST);
    ck_assert_uint_eq(mlp_dataset_count(data), 10000);
    ck_assert_uint_eq(mlp_dataset_features(data), 784);
    ck_assert_uint_eq(mlp_dataset_classes(data), 10);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(a_folder_with_plain_and_packed_files)
{
    long live = mlp_alloc_live();
    put(train_images, two_images());
    put("train-labels-idx1-ubyte.gz", packed(two_labels()));
    ck_assert_int_eq(mlp_dataset_has(folder, MLP_TRAIN), 1);
    ck_assert_int_eq(mlp_dataset_has(folder, MLP_TEST), 0);
    assert_two(open_source(folder, MLP_TRAIN));
    assert_two(open_source(in_folder(""), MLP_TRAIN)); /* a slash at the end */

    put("t10k-images-idx3-ubyte.gz", packed(two_images()));
    put(test_labels, two_labels());
    ck_assert_int_eq(mlp_dataset_has(folder, MLP_TEST), 1);
    assert_two(open_source(folder, MLP_TEST));
    ck_assert_int_eq(mlp_alloc_live(), live);
}
END_TEST

START_TEST(a_plain_file_comes_before_a_packed_one)
{
    struct bytes nonsense = {.size = 4};
    put(train_images, two_images());
    put(train_labels, two_labels());
    put("train-images-idx3-ubyte.gz", nonsense);
    put("train-labels-idx1-ubyte.gz", nonsense);
    assert_two(open_source(folder, MLP_TRAIN));
}
END_TEST

START_TEST(a_folder_named_digits_is_reached_by_a_path)
{
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(mkdir("digits", 0777), 0);
    put("digits/train-images-idx3-ubyte", two_images());
    put("digits/train-labels-idx1-ubyte", two_labels());
    assert_two(open_source("./digits", MLP_TRAIN));
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(a_folder_without_the_split)
{
    assert_refused(folder, MLP_TRAIN, MLP_ERROR_INTERNAL, folder,
                   "found no file train-images-idx3-ubyte in it, plain or .gz");
    assert_refused(folder, MLP_TEST, MLP_ERROR_INTERNAL, folder, "t10k-images-idx3-ubyte");
    ck_assert_int_eq(mlp_dataset_has(folder, MLP_TRAIN), 0);
}
END_TEST

START_TEST(half_of_a_split_counts_as_there)
{
    put(train_images, two_images());
    put(test_labels, two_labels());
    ck_assert_int_eq(mlp_dataset_has(folder, MLP_TRAIN), 1);
    ck_assert_int_eq(mlp_dataset_has(folder, MLP_TEST), 1);
    assert_refused(folder, MLP_TRAIN, MLP_ERROR_INTERNAL, folder, "train-labels-idx1-ubyte");
    assert_refused(folder, MLP_TEST, MLP_ERROR_INTERNAL, folder, "t10k-images-idx3-ubyte");
}
END_TEST

START_TEST(wrong_files_count_as_there_and_say_what_is_wrong)
{
    ck_assert_int_eq(mkdir(in_folder(train_images), 0777), 0);
    put(train_labels, two_labels());
    ck_assert_int_eq(symlink("nowhere", in_folder(test_images)), 0);
    put(test_labels, two_labels());
    ck_assert_int_eq(mlp_dataset_has(folder, MLP_TRAIN), 1);
    ck_assert_int_eq(mlp_dataset_has(folder, MLP_TEST), 1);
    assert_refused(folder, MLP_TRAIN, MLP_ERROR_INTERNAL, in_folder(train_images),
                   "it is a folder");
    assert_refused(folder, MLP_TEST, MLP_ERROR_INTERNAL, in_folder(test_images), "No such file");
}
END_TEST

START_TEST(one_file_is_the_split_that_is_asked_for)
{
    const char *path = put("my-images-idx3-ubyte", two_images());
    put("my-labels-idx1-ubyte", two_labels());
    assert_two(open_source(path, MLP_TRAIN));
    assert_two(open_source(path, MLP_TEST));
    ck_assert_int_eq(mlp_dataset_has(path, MLP_TRAIN), 1);
    ck_assert_int_eq(mlp_dataset_has(path, MLP_TEST), 0);
}
END_TEST

START_TEST(the_label_file_may_be_packed_otherwise)
{
    put("a-images-idx3", two_images());
    put("a-labels-idx1.gz", packed(two_labels()));
    put("b-images-idx3.gz", packed(two_images()));
    put("b-labels-idx1", two_labels());
    assert_two(open_source(in_folder("a-images-idx3"), MLP_TRAIN));
    assert_two(open_source(in_folder("b-images-idx3.gz"), MLP_TRAIN));
}
END_TEST

START_TEST(only_the_name_is_searched_not_the_folders)
{
    ck_assert_int_eq(mkdir(in_folder("images-idx3"), 0777), 0);
    put("images-idx3/images-idx3-images-idx3", two_images());
    put("images-idx3/images-idx3-labels-idx1", two_labels());
    assert_two(open_source(in_folder("images-idx3/images-idx3-images-idx3"), MLP_TRAIN));

    const char *path = put("images-idx3/pictures", two_images());
    assert_refused(path, MLP_TRAIN, MLP_ERROR_USAGE, path, "found no 'images-idx3' in the name");
}
END_TEST

START_TEST(a_label_file_is_no_source)
{
    const char *path = put(train_labels, two_labels());
    assert_refused(path, MLP_TRAIN, MLP_ERROR_USAGE, path, "expected an image file");
}
END_TEST

START_TEST(one_file_without_labels)
{
    const char *plain = put("a-images-idx3", two_images());
    const char *gz = put("b-images-idx3.gz", packed(two_images()));
    assert_refused(plain, MLP_TRAIN, MLP_ERROR_INTERNAL, in_folder("a-labels-idx1: "),
                   "No such file");
    assert_refused(gz, MLP_TRAIN, MLP_ERROR_INTERNAL, in_folder("b-labels-idx1.gz: "),
                   "No such file");
}
END_TEST

START_TEST(case_103_pipes_and_devices_are_refused)
{
    const char *path = in_folder("a-images-idx3");
    put("a-labels-idx1", two_labels());
    ck_assert_int_eq(mkfifo(path, 0666), 0);
    assert_refused(path, MLP_TRAIN, MLP_ERROR_INTERNAL, path, "it is a pipe");
    ck_assert_int_eq(mkfifo(in_folder("pipe"), 0666), 0);
    assert_refused(in_folder("pipe"), MLP_TRAIN, MLP_ERROR_INTERNAL, folder, "it is a pipe");
    assert_refused("/dev/zero", MLP_TRAIN, MLP_ERROR_INTERNAL, "/dev/zero", "it is a device");
}
END_TEST

START_TEST(case_104_a_missing_source)
{
    const char *path = in_folder("nothing");
    assert_refused(path, MLP_TRAIN, MLP_ERROR_INTERNAL, path, "no such file or folder");
    assert_refused("", MLP_TRAIN, MLP_ERROR_INTERNAL, "", "no such file or folder");
    ck_assert_int_eq(mlp_dataset_has(path, MLP_TRAIN), 0);
    ck_assert_int_eq(mlp_dataset_has(path, MLP_TEST), 0);
}
END_TEST

START_TEST(a_path_longer_than_any_is_refused)
{
    static char path[20000];
    memset(path, 'x', sizeof path - 1);
    memcpy(path, "images-idx3", 11);
    assert_refused(path, MLP_TRAIN, MLP_ERROR_INTERNAL, "images-idx3xxx", "xxx");
    for (size_t i = 0; i + 2 < sizeof path; i += 2)
        memcpy(path + i, "./", 2);
    ck_assert_int_eq(mlp_dataset_has(path, MLP_TRAIN), 0);
}
END_TEST

START_TEST(case_14_counts_that_differ)
{
    put(train_images, two_images());
    const char *path = put(train_labels, labels_of(3, 2));
    assert_refused(folder, MLP_TRAIN, MLP_ERROR_DATA, path,
                   "byte 4: found 3 labels, expected 2, one for each image of ");
    put(train_labels, labels_of(1, 0));
    assert_refused(folder, MLP_TRAIN, MLP_ERROR_DATA, path, "found 1 labels, expected 2");
}
END_TEST

START_TEST(case_16_images_given_as_labels)
{
    put(train_images, two_images());
    const char *path = put(train_labels, two_images());
    assert_refused(folder, MLP_TRAIN, MLP_ERROR_DATA, path, "byte 0: found the IDX magic number");
}
END_TEST

START_TEST(files_give_two_classes_or_as_many_as_the_labels_need)
{
    static const struct {
        unsigned char label;
        size_t classes;
    } cases[] = {{0, 2}, {1, 2}, {2, 3}, {9, 10}, {255, 256}};
    put(train_images, two_images());
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(train_labels, labels_of(2, cases[i].label));
        mlp_dataset *data = open_source(folder, MLP_TRAIN);
        ck_assert_uint_eq(mlp_dataset_classes(data), cases[i].classes);
        mlp_dataset_destroy(data);
    }
}
END_TEST

static const float floats6[6] = {-1.5f, 0.0f, 1e-42f, 3e38f, -0.0f, 7.0f};

START_TEST(labels_of_f32_are_targets)
{
    put(train_images, two_images());
    for (unsigned dimensions = 1; dimensions <= 2; dimensions++) {
        put(train_labels, idx_f32_file(dimensions, (const uint32_t[]){2, 3}, floats6));
        mlp_dataset *data = open_source(folder, MLP_TRAIN);
        size_t outputs = dimensions == 1 ? 1 : 3;
        ck_assert_uint_eq(mlp_dataset_count(data), 2);
        ck_assert_uint_eq(mlp_dataset_outputs(data), outputs);
        ck_assert_uint_eq(mlp_dataset_classes(data), 0);
        ck_assert_ptr_null(mlp_dataset_labels(data));
        ck_assert_mem_eq(mlp_dataset_targets(data), floats6, 2 * outputs * sizeof(float));
        ck_assert_uint_eq(mlp_dataset_u8_at(data, 1)[5], 11);
        mlp_dataset_destroy(data);
    }
}
END_TEST

START_TEST(inputs_of_f32)
{
    size_t height, width;
    const char *path = put("a-images-idx3", idx_f32_file(2, (const uint32_t[]){2, 3}, floats6));
    put("a-labels-idx1.gz", packed(two_labels()));
    mlp_dataset *data = open_source(path, MLP_TRAIN);
    ck_assert_uint_eq(mlp_dataset_features(data), 3);
    ck_assert_uint_eq(mlp_dataset_classes(data), 2);
    ck_assert_uint_eq(mlp_dataset_outputs(data), 0);
    ck_assert_ptr_null(mlp_dataset_u8_at(data, 0));
    ck_assert_mem_eq(mlp_dataset_f32_at(data, 0), floats6, sizeof floats6);
    ck_assert_ptr_eq(mlp_dataset_f32_at(data, 1), mlp_dataset_f32_at(data, 0) + 3);
    ck_assert(!mlp_dataset_image(data, &height, &width));
    ck_assert_uint_eq(height + width, 0);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(targets_with_nan)
{
    static const float values[2] = {1.0f, NAN};
    put(train_images, two_images());
    const char *path = put(train_labels, idx_f32_file(1, (const uint32_t[]){2}, values));
    assert_refused(folder, MLP_TRAIN, MLP_ERROR_DATA, path,
                   "byte 12: found NaN, expected a finite number");
    path = put(train_labels, idx_f32_file(1, (const uint32_t[]){3}, floats6));
    assert_refused(folder, MLP_TRAIN, MLP_ERROR_DATA, path,
                   "byte 4: found 3 targets, expected 2, one for each image of ");
}
END_TEST

START_TEST(every_allocation_of_opening_fails_once)
{
    put(train_images, two_images());
    put("train-labels-idx1-ubyte.gz", packed(two_labels()));
    long live = mlp_alloc_live();
    unsigned long n = 0;
    mlp_status status = MLP_ERROR_INTERNAL;
    mlp_dataset *data = NULL;
    while (status != MLP_OK && n < 100) {
        mlp_error error;
        mlp_alloc_fail_at(++n, 0);
        status = mlp_dataset_open(folder, MLP_TRAIN, &data, &error);
        mlp_alloc_fail_at(0, 0);
        if (status != MLP_OK) {
            assert_error(&error, MLP_ERROR_INTERNAL, "out of memory", "");
            ck_assert_int_eq(mlp_alloc_live(), live);
        }
    }
    ck_assert_uint_gt(n, 6);
    assert_two(data);
}
END_TEST

START_TEST(options_that_a_format_lacks_are_refused)
{
    static const mlp_source_options all[] = {
        {.labels = "y"},           {.label = "0"}, {.targets = "1"}, {.delimiter = ';'},
        {.header = MLP_HEADER_NO},
    };
    mlp_dataset *data;
    mlp_error error;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        ck_assert_int_eq(mlp_dataset_open_as("and", MLP_TRAIN, &all[i], &data, &error),
                         MLP_ERROR_USAGE);
        ck_assert_ptr_nonnull(strstr(error.message, "and: a source of this format has no options"));
    }
    static const mlp_source_options none;
    ck_assert_int_eq(mlp_dataset_open_as("and", MLP_TRAIN, &none, &data, NULL), MLP_OK);
    ck_assert_ptr_null(mlp_dataset_class_name(data, 0));
    mlp_dataset_destroy(data);
}
END_TEST

/* Label files need not be there. */
START_TEST(inputs_alone)
{
    static const mlp_source_options options = {.unlabelled = true};
    const char *sources[] = {put("t10k-images-idx3-ubyte", two_images()), folder, "and"};
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        mlp_dataset *data;
        mlp_error error;
        mlp_status status = mlp_dataset_open_as(sources[i], MLP_TEST, &options, &data, &error);
        ck_assert_msg(status == MLP_OK, "%s", error.message);
        ck_assert_uint_eq(mlp_dataset_count(data), i < 2 ? 2 : 4);
        mlp_dataset_destroy(data);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data");
    TCase *tests = tcase_create("data");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, digits_are_built_in);
    tcase_add_test(tests, a_folder_with_plain_and_packed_files);
    tcase_add_test(tests, a_plain_file_comes_before_a_packed_one);
    tcase_add_test(tests, a_folder_named_digits_is_reached_by_a_path);
    tcase_add_test(tests, a_folder_without_the_split);
    tcase_add_test(tests, half_of_a_split_counts_as_there);
    tcase_add_test(tests, wrong_files_count_as_there_and_say_what_is_wrong);
    tcase_add_test(tests, one_file_is_the_split_that_is_asked_for);
    tcase_add_test(tests, the_label_file_may_be_packed_otherwise);
    tcase_add_test(tests, only_the_name_is_searched_not_the_folders);
    tcase_add_test(tests, a_label_file_is_no_source);
    tcase_add_test(tests, one_file_without_labels);
    tcase_add_test(tests, case_103_pipes_and_devices_are_refused);
    tcase_add_test(tests, case_104_a_missing_source);
    tcase_add_test(tests, a_path_longer_than_any_is_refused);
    tcase_add_test(tests, case_14_counts_that_differ);
    tcase_add_test(tests, case_16_images_given_as_labels);
    tcase_add_test(tests, files_give_two_classes_or_as_many_as_the_labels_need);
    tcase_add_test(tests, labels_of_f32_are_targets);
    tcase_add_test(tests, inputs_of_f32);
    tcase_add_test(tests, targets_with_nan);
    tcase_add_test(tests, every_allocation_of_opening_fails_once);
    tcase_add_test(tests, inputs_alone);
    tcase_add_test(tests, options_that_a_format_lacks_are_refused);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
