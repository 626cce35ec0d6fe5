/* SPDX-License-Identifier: MIT */
/* Saving and loading models, their fingerprint, damaged files. */
#include "alloc.h"
#include "bytes.h"
#include "file.h"
#include "folder.h"
#include "loading.h"

#include <mlp/model.h>

#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Good models ------------------------------------------------------------ */

/* Weights that are easy to name: weight (o, i) of layer l is (l + 1) + o + i / 8,
 * bias o is -o - l / 2. */
static mlp_model *make_model(size_t layer_count, const size_t *widths, mlp_activation activation)
{
    mlp_spec spec = {layer_count, widths, activation, MLP_INIT_HE, 1.0f};
    mlp_model *model = NULL;
    ck_assert_int_eq(mlp_model_create(&spec, 1, &model, NULL), MLP_OK);
    for (size_t l = 0; l < layer_count; l++) {
        size_t in = widths[l], out = widths[l + 1];
        float *weight = malloc(in * out * sizeof *weight), *bias = malloc(out * sizeof *bias);
        for (size_t o = 0; o < out; o++) {
            bias[o] = -(float)o - (float)l / 2;
            for (size_t i = 0; i < in; i++)
                weight[o * in + i] = (float)(l + 1 + o) + (float)i / 8;
        }
        mlp_model_set_layer(model, l, weight, bias);
        free(bias);
        free(weight);
    }
    return model;
}

static const size_t small_widths[] = {3, 17, 2};
enum { SMALL_BYTES = 4 * (17 * 3 + 17 + 2 * 17 + 2) }; /* of all its weights */

/* From Python's struct.pack and hashlib over the same numbers. */
static const char small_fingerprint[] =
    "c2823f290400ec0ea07ee05bb39be8f1226487d480f2bbaea8bfb041b26fe048";

static mlp_model *small_model(void)
{
    return make_model(2, small_widths, MLP_RELU);
}

static void assert_equal(const mlp_model *a, const mlp_model *b)
{
    char print_a[65], print_b[65];
    const mlp_spec *x = mlp_model_spec(a), *y = mlp_model_spec(b);
    ck_assert_uint_eq(x->layer_count, y->layer_count);
    ck_assert_int_eq(x->activation, y->activation);
    ck_assert(mlp_model_input_divisor(a) == mlp_model_input_divisor(b));
    for (size_t l = 0; l <= x->layer_count; l++)
        ck_assert_uint_eq(x->widths[l], y->widths[l]);
    for (size_t l = 0; l < x->layer_count; l++) {
        size_t in = x->widths[l], out = x->widths[l + 1];
        float *p = calloc(2 * out * (in + 1), sizeof *p), *q = p + out * (in + 1);
        mlp_model_get_layer(a, l, p, p + out * in);
        mlp_model_get_layer(b, l, q, q + out * in);
        ck_assert_int_eq(memcmp(p, q, out * (in + 1) * sizeof *p), 0);
        free(p);
    }
    mlp_model_fingerprint(a, print_a);
    mlp_model_fingerprint(b, print_b);
    ck_assert_str_eq(print_a, print_b);
}

START_TEST(what_is_saved_is_loaded)
{
    static const struct {
        size_t layer_count, widths[7];
    } shapes[] = {
        {1, {1, 2}},
        {1, {784, 10}},
        {2, {3, 1, 2}},
        {6, {16, 15, 17, 33, 1, 48, 256}},
    };
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        for (size_t a = 0; mlp_activation_name(a); a++) {
            mlp_error error;
            const char *path = in_folder("model");
            mlp_model *model =
                make_model(shapes[s].layer_count, shapes[s].widths, (mlp_activation)a);
            mlp_model *loaded = NULL;
            ck_assert_int_eq(mlp_model_save(model, path, NULL), MLP_OK);
            ck_assert_msg(mlp_model_load(path, &loaded, &error) == MLP_OK, "%s", error.message);
            assert_equal(model, loaded);
            mlp_model_destroy(loaded);
            mlp_model_destroy(model);
        }
    }
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

START_TEST(the_fingerprint_is_sha256_of_out_in_order)
{
    char fingerprint[65];
    mlp_model *model = small_model();
    mlp_model_fingerprint(model, fingerprint);
    ck_assert_str_eq(fingerprint, small_fingerprint);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(the_same_model_gives_the_same_bytes)
{
    size_t size;
    mlp_model *model = small_model();
    ck_assert_int_eq(mlp_model_save(model, in_folder("a"), NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_save(model, in_folder("b"), NULL), MLP_OK);
    char *bytes = get_file(in_folder("a"), &size);
    ck_assert(file_is(in_folder("b"), bytes, size));
    free(bytes);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(the_file_is_as_the_specification_says)
{
    size_t size;
    mlp_model *model = small_model();
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    unsigned char *bytes = (unsigned char *)get_file(in_folder("model"), &size);
    uint64_t length = mlp_load_u64(bytes), start = 8 + length;
    ck_assert_uint_eq(start % 64, 0);
    ck_assert_uint_eq(start + SMALL_BYTES, size);
    ck_assert_int_eq(bytes[8], '{');

    json_t *header = json_loadb((char *)bytes + 8, length, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(header);
    ck_assert_uint_eq(json_object_size(header), 5);
    json_t *metadata = json_object_get(header, "__metadata__");
    ck_assert_str_eq(json_string_value(json_object_get(metadata, "format")), "pt");
    ck_assert_str_eq(json_string_value(json_object_get(metadata, "mlp.widths")), "3,17,2");
    ck_assert_str_eq(json_string_value(json_object_get(metadata, "mlp.activation")), "relu");
    ck_assert_str_eq(json_string_value(json_object_get(metadata, "mlp.input_divisor")), "255");

    const char *type;
    json_int_t out, in, begin, end;
    json_t *tensor = json_object_get(header, "2.weight");
    ck_assert_int_eq(json_unpack(tensor, "{s:s, s:[I,I], s:[I,I]}", "dtype", &type, "shape", &out,
                                 &in, "data_offsets", &begin, &end),
                     0);
    ck_assert_str_eq(type, "F32");
    ck_assert_int_eq(out, 2);
    ck_assert_int_eq(in, 17);
    ck_assert_int_eq(end - begin, 2 * 17 * 4);
    float weight[2 * 17], expected[2 * 17];
    mlp_load_f32(weight, bytes + start + begin, 2 * 17);
    mlp_model_get_layer(model, 1, expected, NULL);
    ck_assert_int_eq(memcmp(weight, expected, sizeof weight), 0);
    json_decref(header);
    free(bytes);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(case_102_saving_over_the_file_that_was_read_works)
{
    const char *path = in_folder("model");
    mlp_model *model = small_model(), *loaded = NULL, *again = NULL;
    ck_assert_int_eq(mlp_model_save(model, path, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_load(path, &loaded, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_save(loaded, path, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_load(path, &again, NULL), MLP_OK);
    assert_equal(model, again);
    mlp_model_destroy(again);
    mlp_model_destroy(loaded);
    mlp_model_destroy(model);
}
END_TEST

/* --- Damage ------------------------------------------------------------------ */

/* Saves the small model as `model` and returns the file's size. */
static size_t save_small_model(void)
{
    struct stat info;
    mlp_model *model = small_model();
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    mlp_model_destroy(model);
    ck_assert_int_eq(stat(in_folder("model"), &info), 0);
    return (size_t)info.st_size;
}

/* Flips a bit of an open file, in place. */
static void flip(int fd, size_t at, int bit)
{
    unsigned char byte;
    ck_assert_int_eq(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= (unsigned char)(1 << bit);
    ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
}

START_TEST(every_truncation_is_refused)
{
    size_t length = save_small_model();
    while (length-- > 0) {
        ck_assert_int_eq(truncate(in_folder("model"), (off_t)length), 0);
        expect_bad(in_folder("model"), "");
    }
}
END_TEST

START_TEST(every_flipped_bit_of_a_weight_is_refused)
{
    size_t size = save_small_model();
    int fd = open(in_folder("model"), O_RDWR);
    for (size_t at = size - SMALL_BYTES; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            flip(fd, at, bit);
            expect_bad(in_folder("model"), "");
            flip(fd, at, bit);
        }
    }
    expect_good(in_folder("model"));
    close(fd);
}
END_TEST

/* A flipped bit of the header may hit what says nothing ("format"); but what is
 * loaded is the model. */
START_TEST(no_flipped_bit_of_the_header_changes_a_weight)
{
    size_t size = save_small_model();
    int fd = open(in_folder("model"), O_RDWR);
    for (size_t at = 0; at < size - SMALL_BYTES; at++) {
        for (int bit = 0; bit < 8; bit++) {
            mlp_model *model = NULL;
            char fingerprint[65];
            flip(fd, at, bit);
            if (mlp_model_load(in_folder("model"), &model, NULL) == MLP_OK) {
                mlp_model_fingerprint(model, fingerprint);
                ck_assert_str_eq(fingerprint, small_fingerprint);
            }
            mlp_model_destroy(model);
            flip(fd, at, bit);
        }
    }
    close(fd);
}
END_TEST

/* --- Failing calls ----------------------------------------------------------- */

START_TEST(every_allocation_of_a_save_fails_once)
{
    mlp_model *model = small_model();
    const char *path = in_folder("model");
    put_file(path, "old", 3);
    long live = mlp_alloc_live();
    unsigned long n;
    for (n = 1;; n++) {
        mlp_alloc_fail_at(n, 0);
        mlp_status status = mlp_model_save(model, path, NULL);
        mlp_alloc_fail_at(0, 0);
        ck_assert_int_eq(mlp_alloc_live(), live);
        if (status == MLP_OK)
            break;
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        ck_assert(file_is(path, "old", 3));
    }
    ck_assert_uint_ge(n, 4); /* the widths, the header and the data */
    expect_good(path);
    mlp_model_destroy(model);
}
END_TEST

/* Loads the saved model with call n failing; true once nothing fails any more. */
static bool load_with_failure(void)
{
    mlp_model *model = NULL;
    long live = mlp_alloc_live();
    mlp_status status = mlp_model_load(in_folder("model"), &model, NULL);
    mlp_alloc_fail_at(0, 0);
    mlp_file_fail_at(0);
    if (status == MLP_OK) {
        mlp_model_destroy(model);
    } else {
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        ck_assert_ptr_null(model);
    }
    ck_assert_int_eq(mlp_alloc_live(), live);
    return status == MLP_OK;
}

START_TEST(every_call_of_a_load_fails_once)
{
    unsigned long n;
    save_small_model();
    for (n = 1;; n++) {
        mlp_alloc_fail_at(n, 0);
        if (load_with_failure())
            break;
    }
    ck_assert_uint_ge(n, 6);
    for (n = 1;; n++) {
        mlp_file_fail_at(n);
        if (load_with_failure())
            break;
    }
    ck_assert_uint_ge(n, 7);
}
END_TEST

START_TEST(a_check_says_what_a_save_would)
{
    mlp_error error;
    ck_assert_int_eq(mlp_model_save_check(in_folder("new"), NULL), MLP_OK);
    ck_assert_int_eq(folder_count(), 0);
    ck_assert_int_eq(mlp_model_save_check(in_folder("missing/new"), &error), MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, "missing/new"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *tests = tcase_create("safetensors");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_is_saved_is_loaded);
    tcase_add_test(tests, the_fingerprint_is_sha256_of_out_in_order);
    tcase_add_test(tests, the_same_model_gives_the_same_bytes);
    tcase_add_test(tests, the_file_is_as_the_specification_says);
    tcase_add_test(tests, case_102_saving_over_the_file_that_was_read_works);
    tcase_add_test(tests, every_truncation_is_refused);
    tcase_add_test(tests, every_flipped_bit_of_a_weight_is_refused);
    tcase_add_test(tests, no_flipped_bit_of_the_header_changes_a_weight);
    tcase_add_test(tests, every_allocation_of_a_save_fails_once);
    tcase_add_test(tests, every_call_of_a_load_fails_once);
    tcase_add_test(tests, a_check_says_what_a_save_would);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
