/* SPDX-License-Identifier: MIT */
/* Reading npz files as data sets; the numbers of the cases are those of tests/bad_input.md.
 * Archives are written by libzip, and damaged byte by byte. */
#include "alloc.h"
#include "bytes.h"
#include "data.h"
#include "file.h"
#include "folder.h"
#include "npy_files.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

/* --- Archives ---------------------------------------------------------------- */

/* Adds an entry to the archive `path`, which is made where it is not there. */
static void add_entry(const char *path, const char *name, const void *data, size_t size, int method)
{
    zip_t *zip = zip_open(path, ZIP_CREATE, NULL);
    ck_assert_ptr_nonnull(zip);
    zip_source_t *source = zip_source_buffer(zip, data, size, 0);
    ck_assert_ptr_nonnull(source);
    zip_int64_t index = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    ck_assert_int_ge(index, 0);
    ck_assert_int_eq(zip_set_file_compression(zip, (zip_uint64_t)index, method, 0), 0);
    ck_assert_int_eq(zip_close(zip), 0);
}

static void add_array(const char *path, const char *name, struct bytes bytes, int method)
{
    add_entry(path, name, bytes.at, bytes.size, method);
}

static const float numbers[12] = {0, -0.0f, 1.5f, 3e38f, -3e38f, 1e-45f, 6, 7, 8, 9, 10, 11};

/* x: 3 samples of 4 floats, y: labels 0, 1, 2. */
static const char *make(const char *name, const char *x, const char *y, int method)
{
    const char *path = in_folder(name);
    remove(path);
    add_array(path, x, npy_f32_file("(3, 4)", numbers, 12), method);
    if (y)
        add_array(path, y, npy_u8_file("(3,)", 3), method);
    return path;
}

/* Replaces each occurrence of some bytes of the file by as many others; returns how many. */
static int patch(const char *path, const void *from, const void *to, size_t size)
{
    size_t length;
    int count = 0;
    char *data = get_file(path, &length);
    for (size_t i = 0; i + size <= length; i++) {
        if (memcmp(data + i, from, size) == 0) {
            memcpy(data + i, to, size);
            count++;
        }
    }
    put_file(path, data, length);
    free(data);
    return count;
}

/* Changes a field of the first entry of the directory: `size` bytes at `offset`. */
static void set_field(const char *path, size_t offset, size_t size, uint64_t value)
{
    static const char signature[4] = {'P', 'K', 1, 2};
    size_t length, at = 0;
    unsigned char bytes[8];
    char *data = get_file(path, &length);
    while (memcmp(data + at, signature, sizeof signature) != 0)
        ck_assert_uint_lt(++at, length - sizeof signature);
    mlp_store_u64(bytes, value);
    memcpy(data + at + offset, bytes, size);
    put_file(path, data, length);
    free(data);
}

enum { FLAGS = 8, METHOD = 10, CRC = 16, PACKED_SIZE = 20, SIZE = 24 }; /* fields of an entry */

static mlp_dataset *opened(const char *path, mlp_split split, const mlp_source_options *options)
{
    mlp_dataset *data;
    mlp_error error;
    mlp_status status = mlp_dataset_open_as(path, split, options, &data, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return data;
}

static void assert_refused_as(const char *path, mlp_split split, const mlp_source_options *options,
                              mlp_status expected, const char *part)
{
    mlp_dataset *data;
    mlp_error error;
    long live = mlp_alloc_live();
    ck_assert_int_eq(mlp_dataset_open_as(path, split, options, &data, &error), expected);
    assert_error(&error, expected, path, part);
    ck_assert_ptr_null(data);
    ck_assert_int_eq(mlp_alloc_live(), live);
}

static void assert_refused(const char *path, const char *part)
{
    assert_refused_as(path, MLP_TRAIN, NULL, MLP_ERROR_DATA, part);
}

static void assert_is_right(mlp_dataset *data)
{
    ck_assert_uint_eq(mlp_dataset_count(data), 3);
    ck_assert_uint_eq(mlp_dataset_features(data), 4);
    ck_assert_uint_eq(mlp_dataset_classes(data), 3);
    ck_assert_mem_eq(mlp_dataset_f32_at(data, 0), numbers, sizeof numbers);
    ck_assert_mem_eq(mlp_dataset_labels(data), "\0\1\2", 3);
    mlp_dataset_destroy(data);
}

/* --- Right ones -------------------------------------------------------------- */

START_TEST(stored_and_deflated_arrays)
{
    assert_is_right(opened(make("a.npz", "x.npy", "y.npy", ZIP_CM_STORE), MLP_TRAIN, NULL));
    assert_is_right(opened(make("b.npz", "x.npy", "y.npy", ZIP_CM_DEFLATE), MLP_TRAIN, NULL));
}
END_TEST

START_TEST(the_usual_names)
{
    static const char *const names[][2] = {{"x.npy", "y.npy"},
                                           {"X.npy", "Y.npy"},
                                           {"X.npy", "y.npy"},
                                           {"data.npy", "target.npy"},
                                           {"images.npy", "labels.npy"},
                                           {"arr_0.npy", "arr_1.npy"},
                                           {"x_train.npy", "y_train.npy"},
                                           {"X_train.npy", "Y_train.npy"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *path = make("a.npz", names[i][0], names[i][1], ZIP_CM_STORE);
        ck_assert(mlp_dataset_has(path, MLP_TRAIN));
        ck_assert(!mlp_dataset_has(path, MLP_TEST));
        assert_is_right(opened(path, MLP_TRAIN, NULL));
        if (!strstr(names[i][0], "train")) /* one file is the split that it is said to be */
            assert_is_right(opened(path, MLP_TEST, NULL));
    }
    ck_assert(!mlp_dataset_has(in_folder("nothing.npz"), MLP_TRAIN));
    ck_assert(!mlp_dataset_has(in_folder("nothing.npz"), MLP_TEST));
}
END_TEST

/* As Keras's mnist.npz. */
START_TEST(both_splits_in_one_archive)
{
    const char *path = make("a.npz", "x_train.npy", "y_train.npy", ZIP_CM_DEFLATE);
    add_array(path, "x_test.npy", npy_u8_file("(2, 2, 2)", 8), ZIP_CM_DEFLATE);
    assert_refused_as(path, MLP_TEST, NULL, MLP_ERROR_USAGE,
                      "found no array y_test, Y_test with the labels of x_test");
    add_array(path, "y_test.npy", npy_u8_file("(2,)", 2), ZIP_CM_DEFLATE);
    ck_assert(mlp_dataset_has(path, MLP_TRAIN));
    ck_assert(mlp_dataset_has(path, MLP_TEST));
    assert_is_right(opened(path, MLP_TRAIN, NULL));
    size_t height, width;
    mlp_dataset *data = opened(path, MLP_TEST, NULL);
    ck_assert_uint_eq(mlp_dataset_count(data), 2);
    ck_assert_mem_eq(mlp_dataset_u8_at(data, 0), "\0\1\2\3\4\5\6\7", 8);
    ck_assert(mlp_dataset_image(data, &height, &width));
    ck_assert_uint_eq(height * width, 4);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(labels_by_name_and_inputs_alone)
{
    const char *path = make("a.npz", "x.npy", "classes.npy", ZIP_CM_STORE);
    assert_refused_as(path, MLP_TRAIN, NULL, MLP_ERROR_USAGE,
                      "found no array y, Y, labels, target, arr_1 with the labels of x, expected "
                      "one of them, or another by --labels");
    assert_is_right(opened(path, MLP_TRAIN, &(mlp_source_options){.labels = "classes"}));
    assert_refused_as(path, MLP_TRAIN, &(mlp_source_options){.labels = "more"}, MLP_ERROR_USAGE,
                      "found no array 'more'");
    mlp_dataset *data = opened(path, MLP_TRAIN, &(mlp_source_options){.unlabelled = true});
    ck_assert_ptr_null(mlp_dataset_labels(data));
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(targets)
{
    const char *path = make("a.npz", "x.npy", NULL, ZIP_CM_DEFLATE);
    add_array(path, "y.npy", npy_f32_file("(3, 2)", numbers, 6), ZIP_CM_DEFLATE);
    mlp_dataset *data = opened(path, MLP_TRAIN, NULL);
    ck_assert_uint_eq(mlp_dataset_outputs(data), 2);
    ck_assert_mem_eq(mlp_dataset_targets(data), numbers, 6 * sizeof(float));
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(no_inputs)
{
    assert_refused(make("a.npz", "z.npy", "y.npy", ZIP_CM_STORE),
                   "found no array of inputs, beside 'z.npy', expected x_train, X_train, x, X");
    const char *path = make("a.npz", "x_train.npy", "y_train.npy", ZIP_CM_STORE);
    assert_refused_as(path, MLP_TEST, NULL, MLP_ERROR_DATA, "expected x_test, X_test, x, X");
    assert_refused(make("a.npz", "x", "y.npy", ZIP_CM_STORE), "found no array of inputs");
}
END_TEST

START_TEST(case_14_counts_differ)
{
    const char *path = make("a.npz", "x.npy", NULL, ZIP_CM_STORE);
    add_array(path, "y.npy", npy_u8_file("(4,)", 4), ZIP_CM_STORE);
    assert_refused(path, ": y.npy: found 4 labels, expected 3, one for each sample of x");
}
END_TEST

/* --- Wrong ones -------------------------------------------------------------- */

START_TEST(not_an_archive)
{
    put_file(in_folder("a.npz"), "", 0);
    assert_refused(in_folder("a.npz"), "found an empty archive");
    put_file(in_folder("a.npz"), "<!DOCTYPE html>", 15);
    assert_refused(in_folder("a.npz"), "found no zip archive");
    static const unsigned char empty[22] = {'P', 'K', 5, 6};
    put_file(in_folder("a.npz"), empty, sizeof empty);
    assert_refused(in_folder("a.npz"), "found an empty archive, expected arrays");
    assert_refused_as(in_folder("nothing.npz"), MLP_TRAIN, NULL, MLP_ERROR_INTERNAL,
                      "No such file");
}
END_TEST

START_TEST(case_48_to_62_an_array_that_is_wrong)
{
    struct bytes bytes = npy_f32_file("(3, 4)", numbers, 12);
    const char *path = in_folder("a.npz");
    bytes.at[0] = 'x';
    add_array(path, "x.npy", bytes, ZIP_CM_DEFLATE);
    add_array(path, "y.npy", npy_u8_file("(3,)", 3), ZIP_CM_STORE);
    assert_refused(path, "a.npz: x.npy: unpacked byte 0: found 78 4e 55 4d 50 59");

    remove(path);
    add_array(path, "x.npy", npy_file("|O", "(3,)", "(object)", 8), ZIP_CM_DEFLATE);
    add_array(path, "y.npy", npy_u8_file("(3,)", 3), ZIP_CM_STORE);
    assert_refused(path, "found Python objects, which are never unpickled");
}
END_TEST

/* The directory says another size than the array has. */
START_TEST(case_63_size_lie)
{
    static const struct {
        uint64_t size;
        const char *part;
    } deflated[] = {
        {10, "a header of 118 bytes, expected 0 at most"},
        {175, "found the shape (3, 4), 48 bytes, expected 47"},
        {177, "found the shape (3, 4), 48 bytes, expected 49"},
        {1 << 20, "found the size 1048576 in the directory, expected"},
        {0xfffffffe, "found the size 4294967294 in the directory, expected"},
    };
    for (size_t i = 0; i < sizeof deflated / sizeof deflated[0]; i++) {
        const char *path = make("a.npz", "x.npy", "y.npy", ZIP_CM_DEFLATE);
        set_field(path, SIZE, 4, deflated[i].size);
        assert_refused(path, deflated[i].part);
    }
    const char *path = make("a.npz", "x.npy", "y.npy", ZIP_CM_STORE);
    set_field(path, SIZE, 4, 175);
    assert_refused(path, "found the size 175 in the directory, expected 176 from 176 packed bytes");
    path = make("a.npz", "x.npy", "y.npy", ZIP_CM_STORE);
    set_field(path, PACKED_SIZE, 4, 1 << 20);
    assert_refused(path, "");

    /* The array promises more, or less, than there is. */
    path = in_folder("b.npz");
    add_array(path, "x.npy", npy_f32_file("(4000000000, 4)", numbers, 12), ZIP_CM_DEFLATE);
    add_array(path, "y.npy", npy_u8_file("(3,)", 3), ZIP_CM_STORE);
    assert_refused(path, "found the shape (4000000000, 4), 64000000000 bytes, expected 48");
}
END_TEST

START_TEST(case_64_names_that_lead_elsewhere)
{
    static const char *const names[] = {"../x.npy",  "a/../.np", "/bcx.npy",
                                        "..\\x.npy", "C:/x.npy", "abcx.n/.."};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char safe[16], part[64];
        size_t length = strlen(names[i]);
        const char *path = make("a.npz", "x.npy", "y.npy", ZIP_CM_STORE);
        memset(safe, 'q', length);
        safe[length] = '\0';
        add_array(path, safe, npy_u8_file("(3,)", 3), ZIP_CM_STORE);
        ck_assert_int_eq(patch(path, safe, names[i], length), 2);
        snprintf(part, sizeof part, "entry 2: found the name '%s'", names[i]);
        assert_refused(path, part);
    }
    const char *path = make("a.npz", "x.npy", "y.npy", ZIP_CM_STORE);
    add_array(path, "a..b/...npy", npy_u8_file("(3,)", 3), ZIP_CM_STORE);
    assert_is_right(opened(path, MLP_TRAIN, NULL));
}
END_TEST

/* 16 MiB of zeros behind an array of 3 x 4, in 16 KiB. */
START_TEST(case_65_a_bomb)
{
    enum { BOMB = 16 << 20 };
    struct bytes start = npy_f32_file("(3, 4)", numbers, 12);
    unsigned char *bomb = calloc(1, BOMB);
    ck_assert_ptr_nonnull(bomb);
    memcpy(bomb, start.at, start.size);
    const char *path = in_folder("a.npz");
    add_entry(path, "x.npy", bomb, BOMB, ZIP_CM_DEFLATE);
    free(bomb);
    add_array(path, "y.npy", npy_u8_file("(3,)", 3), ZIP_CM_STORE);
    assert_refused(path, "found the shape (3, 4), 48 bytes, expected 16777088");

    /* It hides its size: unpacking stops one byte behind the array. */
    set_field(path, SIZE, 4, start.size);
    assert_refused(path, "a.npz: x.npy: ");
    /* It promises more than deflate can make. */
    set_field(path, SIZE, 4, 0xf0000000U);
    assert_refused(path, "found the size 4026531840 in the directory, expected");
}
END_TEST

START_TEST(case_66_two_entries_of_one_name)
{
    const char *path = make("a.npz", "x.npy", "y.npy", ZIP_CM_STORE);
    add_array(path, "z.npy", npy_u8_file("(3, 4)", 12), ZIP_CM_STORE);
    ck_assert_int_eq(patch(path, "z.npy", "x.npy", 5), 2);
    assert_refused(path, "found two entries 'x.npy', expected each name once");
    path = make("a.npz", "x.npy", "y.npy", ZIP_CM_STORE);
    add_array(path, "z.npy", npy_u8_file("(3, 4)", 12), ZIP_CM_STORE);
    ck_assert_int_eq(patch(path, "z.npy", "y.npy", 5), 2);
    assert_refused(path, "found two entries 'y.npy'");
}
END_TEST

START_TEST(a_wrong_checksum)
{
    const int methods[] = {ZIP_CM_STORE, ZIP_CM_DEFLATE};
    for (size_t i = 0; i < 2; i++) {
        const char *path = make("a.npz", "x.npy", "y.npy", methods[i]);
        set_field(path, CRC, 4, 12345);
        assert_refused(path, "a.npz: x.npy: cannot be unpacked: CRC error");
    }
    const char *path = make("a.npz", "x.npy", "y.npy", ZIP_CM_STORE);
    float value = 1.5f, other = 2.5f;
    unsigned char from[4], to[4];
    mlp_store_f32(from, &value, 1);
    mlp_store_f32(to, &other, 1);
    ck_assert_int_eq(patch(path, from, to, 4), 1);
    assert_refused(path, "cannot be unpacked: CRC error");
}
END_TEST

START_TEST(encrypted_and_unknown_methods)
{
    const char *path = make("a.npz", "x.npy", "y.npy", ZIP_CM_STORE);
    set_field(path, FLAGS, 2, 1);
    assert_refused(path, "found encrypted data");
    path = make("a.npz", "x.npy", "y.npy", ZIP_CM_STORE);
    set_field(path, METHOD, 2, 12);
    assert_refused(path, "found compression method 12, expected 0 (stored) or 8 (deflate)");
    set_field(path, METHOD, 2, 999);
    assert_refused(path, "found compression method 999");
}
END_TEST

/* None may crash or hang; all are refused, as the directory is at the end. */
START_TEST(every_truncation_is_refused)
{
    size_t size;
    char *data = get_file(make("a.npz", "x.npy", "y.npy", ZIP_CM_DEFLATE), &size);
    for (size_t length = 0; length < size; length++) {
        put_file(in_folder("b.npz"), data, length);
        assert_refused(in_folder("b.npz"), "");
    }
    free(data);
}
END_TEST

/* A flip is refused or changes nothing: names of files, times and the like. */
START_TEST(every_single_bit_flip_is_refused_or_harmless)
{
    size_t size;
    int harmless = 0;
    char *data = get_file(make("a.npz", "x.npy", "y.npy", ZIP_CM_DEFLATE), &size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        mlp_dataset *set;
        mlp_error error;
        long live = mlp_alloc_live();
        data[bit / 8] ^= (char)(1 << bit % 8);
        put_file(in_folder("b.npz"), data, size);
        data[bit / 8] ^= (char)(1 << bit % 8);
        if (mlp_dataset_open(in_folder("b.npz"), MLP_TRAIN, &set, &error) == MLP_OK) {
            harmless++;
            assert_is_right(set);
        } else {
            ck_assert_int_ne(error.status, MLP_ERROR_INTERNAL);
        }
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
    ck_assert_int_lt((uint64_t)harmless, 8 * size / 2);
    free(data);
}
END_TEST

/* --- Failures ---------------------------------------------------------------- */

START_TEST(every_allocation_fails)
{
    const char *path = make("a.npz", "x.npy", "y.npy", ZIP_CM_DEFLATE);
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
        ck_assert_uint_gt(n, 7); /* names; header, values, block of two arrays; the set */
        assert_is_right(data);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
}
END_TEST

START_TEST(every_system_call_fails_once)
{
    const char *path = make("a.npz", "x.npy", "y.npy", ZIP_CM_DEFLATE);
    mlp_dataset *data;
    mlp_error error;
    unsigned long n = 0;
    mlp_status status = MLP_ERROR_INTERNAL;
    while (status != MLP_OK && n < 100) {
        mlp_file_fail_at(++n);
        status = mlp_dataset_open(path, MLP_TRAIN, &data, &error);
        mlp_file_fail_at(0);
        if (status != MLP_OK)
            assert_error(&error, MLP_ERROR_INTERNAL, path, "Input/output error");
    }
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_gt(n, 3); /* the file is opened, looked at and mapped */
    assert_is_right(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npz");
    TCase *tests = tcase_create("npz");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, stored_and_deflated_arrays);
    tcase_add_test(tests, the_usual_names);
    tcase_add_test(tests, both_splits_in_one_archive);
    tcase_add_test(tests, labels_by_name_and_inputs_alone);
    tcase_add_test(tests, targets);
    tcase_add_test(tests, no_inputs);
    tcase_add_test(tests, case_14_counts_differ);
    tcase_add_test(tests, not_an_archive);
    tcase_add_test(tests, case_48_to_62_an_array_that_is_wrong);
    tcase_add_test(tests, case_63_size_lie);
    tcase_add_test(tests, case_64_names_that_lead_elsewhere);
    tcase_add_test(tests, case_65_a_bomb);
    tcase_add_test(tests, case_66_two_entries_of_one_name);
    tcase_add_test(tests, a_wrong_checksum);
    tcase_add_test(tests, encrypted_and_unknown_methods);
    tcase_add_test(tests, every_truncation_is_refused);
    tcase_add_test(tests, every_single_bit_flip_is_refused_or_harmless);
    tcase_add_test(tests, every_allocation_fails);
    tcase_add_test(tests, every_system_call_fails_once);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
