/* SPDX-License-Identifier: MIT */
/* Bad safetensors files: each one is a small file that is good but for one
 * thing. */
#include "bytes.h"
#include "folder.h"
#include "loading.h"
#include "suite.h"

#include <mlp/model.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The least that the metadata of a net with these activations says. */
#define META_OF(activations)                                                                       \
    "\"__metadata__\":{\"mlp.version\":\"1\",\"mlp.activations\":\"" activations                   \
    "\",\"mlp.loss\":\"cross_entropy\"}"
#define META META_OF("identity")
#define TENSOR(name, type, shape, begin, end)                                                      \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end  \
    "]}"
/* A network 3 -> 2: weight 24 bytes, bias 8. */
#define WEIGHT TENSOR("0.weight", "F32", "[2,3]", 0, 24)
#define BIAS TENSOR("0.bias", "F32", "[2]", 24, 32)
#define GOOD "{" META "," WEIGHT "," BIAS "}"

/* Writes a file of `text` as header and `data_size` zero bytes of data. */
static const char *put_bytes(const char *text, size_t length, size_t data_size)
{
    const char *path = in_folder("bad");
    unsigned char *bytes = calloc(8 + length + data_size + 1, 1);
    mlp_store_u64(bytes, length);
    memcpy(bytes + 8, text, length);
    put_file(path, bytes, 8 + length + data_size);
    free(bytes);
    return path;
}

static const char *put_model(const char *header, size_t data_size)
{
    return put_bytes(header, strlen(header), data_size);
}

START_TEST(the_file_that_the_cases_vary_is_good)
{
    expect_good(put_model(GOOD, 32));
    expect_good(put_model(GOOD "      \n", 32)); /* padding */
    /* The order of header and data is the writer's choice. */
    expect_good(put_model("{" TENSOR("0.bias", "F32", "[2]", 0,
                                     8) "," META "," TENSOR("0.weight", "F32", "[2,3]", 8, 32) "}",
                          32));
}
END_TEST

/* A model of more than 64 MiB, with this fingerprint. */
static const char *put_large_model(const char *fingerprint)
{
    enum { IN = 4100, OUT = 4100 };
    static char header[1024];
    snprintf(header, sizeof header,
             "{\"__metadata__\":{\"mlp.version\":\"1\",\"mlp.activations\":\"identity\","
             "\"mlp.loss\":\"mse\",\"mlp.fingerprint\":\"%s\"},"
             "\"0.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d],\"data_offsets\":[0,%d]},"
             "\"0.bias\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[%d,%d]}}",
             fingerprint, OUT, IN, 4 * IN * OUT, OUT, 4 * IN * OUT, 4 * (IN + 1) * OUT);
    return put_model(header, 4 * (IN + 1) * OUT);
}

START_TEST(the_fingerprint_of_a_large_file_is_left_to_the_caller)
{
    static const char wrong[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    mlp_model *model = NULL;
    ck_assert_int_eq(mlp_model_load(put_large_model(wrong), &model, NULL), MLP_OK);
    ck_assert_str_eq(mlp_model_claimed_fingerprint(model), wrong);
    mlp_model *copy = mlp_model_copy(model);
    ck_assert_str_eq(mlp_model_claimed_fingerprint(copy), wrong);
    mlp_model_set_layer(copy, 0, NULL, NULL);
    ck_assert_ptr_null(mlp_model_claimed_fingerprint(copy));
    mlp_model_destroy(copy);
    mlp_model_destroy(model);
    expect_bad(put_large_model("0123"), "expected 64 hexadecimal digits");
}
END_TEST

START_TEST(tensors_of_a_checkpoint_take_part_in_the_tiling)
{
    static const char meta[] = "\"__metadata__\":{\"mlp.version\":\"1\",\"mlp.activations\":"
                               "\"identity\",\"mlp.loss\":\"cross_entropy\","
                               "\"mlp.checkpoint\":\"1\"}";
    static const struct {
        const char *tensor, *reason; /* NULL: good */
    } cases[] = {
        {TENSOR("checkpoint.a", "F64", "[2,1,3]", 32, 80), NULL},
        {TENSOR("checkpoint.a", "I64", "[]", 72, 80), "a hole between tensors"},
        {TENSOR("checkpoint.a", "U8", "[56]", 24, 80), "an overlap between tensors"},
        {TENSOR("checkpoint.a", "U8", "[40]", 32, 72), "8 bytes after the last tensor"},
        {TENSOR("checkpoint.a", "Q9", "[48]", 32, 80), "dtype is 'Q9'"},
        {TENSOR("checkpoint.a", "F64", "[2,2,3]", 32, 80), "do not fit the shape"},
        {TENSOR("other.a", "F64", "[6]", 32, 80), "unexpected tensor 'other.a'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char header[1024];
        snprintf(header, sizeof header, "{%s," WEIGHT "," BIAS ",%s}", meta, cases[i].tensor);
        if (cases[i].reason)
            expect_bad(put_model(header, 80), cases[i].reason);
        else
            expect_good(put_model(header, 80));
    }
    expect_bad(put_model("{" META "," WEIGHT "," BIAS
                         "," TENSOR("checkpoint.a", "F64", "[6]", 32, 80) "}",
                         80),
               "unexpected tensor 'checkpoint.a'");
}
END_TEST

START_TEST(case_67_under_8_bytes)
{
    for (size_t size = 0; size < 8; size++) {
        put_file(in_folder("bad"), "\2\0\0\0\0\0\0\0", size);
        expect_bad(in_folder("bad"), "bytes, a safetensors file has at least 8");
    }
}
END_TEST

START_TEST(case_68_header_longer_than_the_file)
{
    unsigned char bytes[10] = {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    put_file(in_folder("bad"), bytes, sizeof bytes);
    expect_bad(in_folder("bad"), "header of 3 bytes in a file of 10");
}
END_TEST

START_TEST(case_69_header_length_of_64_ones)
{
    unsigned char bytes[64];
    memset(bytes, 0xff, sizeof bytes);
    put_file(in_folder("bad"), bytes, sizeof bytes);
    expect_bad(in_folder("bad"), "header of 18446744073709551615 bytes");
}
END_TEST

START_TEST(header_above_the_limit)
{
    /* A sparse file: 100 MB of header that must not be read. */
    unsigned char length[8];
    const char *path = in_folder("bad");
    mlp_store_u64(length, 100000001);
    put_file(path, length, sizeof length);
    ck_assert_int_eq(truncate(path, 100000100), 0);
    expect_bad(path, "expected at most 100000000");
}
END_TEST

START_TEST(header_without_an_object)
{
    expect_bad(put_model("", 32), "does not start with '{'");
    expect_bad(put_model("[]", 32), "does not start with '{'");
    expect_bad(put_model(" " GOOD, 32), "does not start with '{'");
    expect_bad(put_model("{}", 0), "no __metadata__");
}
END_TEST

START_TEST(case_70_not_utf_8)
{
    expect_bad(put_model("{\"\xff\xfe\":1}", 0), "bad header");
    expect_bad(put_model("{\"\xc0\x80\":1}", 0), "bad header");
}
END_TEST

START_TEST(case_71_bad_json)
{
    expect_bad(put_model("{\"a\":}", 0), "bad header");
    expect_bad(put_model("{\"a\":1", 0), "bad header");
    expect_bad(put_model(GOOD "x", 32), "bad header");
    expect_bad(put_model(GOOD GOOD, 32), "bad header");
    expect_bad(put_bytes("{\"a\":\0}", 7, 0), "bad header");
    expect_bad(put_model("{\"a\nb\":1}", 0), "bad header"); /* and still one line */
}
END_TEST

START_TEST(case_72_deep_nesting)
{
    enum { DEPTH = 100000 };
    static char text[2 * DEPTH + 16];
    size_t length = (size_t)sprintf(text, "{\"a\":");
    memset(text + length, '[', DEPTH);
    memset(text + length + DEPTH, ']', DEPTH);
    strcpy(text + length + 2 * DEPTH, "}");
    expect_bad(put_model(text, 0), "bad header");
}
END_TEST

START_TEST(case_73_duplicate_key)
{
    expect_bad(put_model("{" META "," WEIGHT "," BIAS "," BIAS "}", 32), "bad header");
    expect_bad(put_model("{" META "," META "," WEIGHT "," BIAS "}", 32), "bad header");
}
END_TEST

START_TEST(case_74_unknown_dtype)
{
    static const char *const types[] = {"F64", "F16", "f32", "", "I8"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "{" META "," WEIGHT ",\"0.bias\":{\"dtype\":\"%s\",\"shape\":[2],"
                 "\"data_offsets\":[24,32]}}",
                 types[i]);
        expect_bad(put_model(text, 32), "expected F32");
    }
    expect_bad(put_model("{" META "," WEIGHT ",\"0.bias\":{\"dtype\":7,\"shape\":[2],"
                         "\"data_offsets\":[24,32]}}",
                         32),
               "expected F32");
}
END_TEST

START_TEST(case_75_dimensions_that_are_no_counts)
{
    static const char *const shapes[] = {"[-2]",   "[2.0]",  "[2e0]", "[\"2\"]",
                                         "[null]", "[true]", "[[2]]"};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "{" META "," WEIGHT ",\"0.bias\":{\"dtype\":\"F32\",\"shape\":%s,"
                 "\"data_offsets\":[24,32]}}",
                 shapes[i]);
        expect_bad(put_model(text, 32), "dimension 0 is not a whole number from 0 up");
    }
    expect_bad(put_model("{" META "," WEIGHT "," TENSOR("0.bias", "F32", "2", 24, 32) "}", 32),
               "a shape of 1 dimensions");
    expect_bad(put_model("{" META "," WEIGHT "," TENSOR("0.bias", "F32", "[0]", 24, 24) "}", 24),
               "tensor '0.bias' has no elements");
    expect_bad(put_model("{" META "," WEIGHT "," TENSOR("0.bias", "F32", "[0]", 24, 32) "}", 32),
               "do not fit the shape");
}
END_TEST

START_TEST(case_76_product_overflow)
{
    /* 2^62 * 2^2 is 0 in 64 bits, and so is 2^61 * 2 * 4 bytes. */
    expect_bad(put_model("{" META "," TENSOR("0.weight", "F32", "[4611686018427387904,4]", 0,
                                             0) "," TENSOR("0.bias", "F32", "[2]", 0, 8) "}",
                         8),
               "do not fit the shape");
    expect_bad(put_model("{" META "," TENSOR("0.weight", "F32", "[2305843009213693954,2]", 0,
                                             16) "," TENSOR("0.bias", "F32", "[2]", 16, 24) "}",
                         24),
               "do not fit the shape");
    expect_bad(put_model("{" META "," TENSOR("0.weight", "F32", "[99999999999999999999,1]", 0,
                                             24) "," BIAS "}",
                         32),
               "bad header");
}
END_TEST

START_TEST(case_77_end_before_begin)
{
    expect_bad(put_model("{" META "," TENSOR("0.weight", "F32", "[2,3]", 24, 0) "," BIAS "}", 32),
               "before they begin");
}
END_TEST

START_TEST(offsets_that_are_no_offsets)
{
    expect_bad(put_model("{" META "," WEIGHT "," TENSOR("0.bias", "F32", "[2]", 24, 36) "}", 32),
               "past the 32 bytes");
    expect_bad(put_model("{" META "," WEIGHT "," TENSOR("0.bias", "F32", "[2]", -8, 0) "}", 32),
               "not two whole numbers");
    expect_bad(put_model("{" META "," WEIGHT "," TENSOR("0.bias", "F32", "[2]", 24.0, 32) "}", 32),
               "not two whole numbers");
    expect_bad(put_model("{" META "," WEIGHT ",\"0.bias\":{\"dtype\":\"F32\",\"shape\":[2],"
                         "\"data_offsets\":[24,28,32]}}",
                         32),
               "not two whole numbers");
}
END_TEST

START_TEST(case_78_overlap)
{
    expect_bad(put_model("{" META "," WEIGHT "," TENSOR("0.bias", "F32", "[2]", 16, 24) "}", 24),
               "an overlap");
    expect_bad(put_model("{" META "," WEIGHT "," TENSOR("0.bias", "F32", "[2]", 0, 8) "}", 24),
               "an overlap");
}
END_TEST

START_TEST(case_79_hole)
{
    expect_bad(put_model("{" META "," WEIGHT "," TENSOR("0.bias", "F32", "[2]", 28, 36) "}", 36),
               "a hole");
    expect_bad(put_model("{" META "," TENSOR("0.weight", "F32", "[2,3]", 4,
                                             28) "," TENSOR("0.bias", "F32", "[2]", 28, 36) "}",
                         36),
               "a hole");
}
END_TEST

START_TEST(case_80_trailing_bytes)
{
    expect_bad(put_model(GOOD, 33), "1 bytes after the last tensor");
}
END_TEST

START_TEST(case_81_size_does_not_fit_the_shape)
{
    expect_bad(put_model("{" META "," TENSOR("0.weight", "F32", "[2,4]", 0, 24) "," BIAS "}", 32),
               "24 bytes of data do not fit the shape 2 x 4");
    expect_bad(put_model("{" META "," TENSOR("0.weight", "F32", "[2,3]", 0,
                                             23) "," TENSOR("0.bias", "F32", "[2]", 23, 31) "}",
                         31),
               "do not fit the shape");
}
END_TEST

START_TEST(case_82_metadata_that_is_no_string)
{
    expect_bad(
        put_model("{\"__metadata__\":{\"mlp.version\":1,\"mlp.activations\":\"identity\"}," WEIGHT
                  "," BIAS "}",
                  32),
        "'mlp.version' is not a string");
    expect_bad(put_model("{\"__metadata__\":[\"mlp.version\"]," WEIGHT "," BIAS "}", 32),
               "no __metadata__ object");
    expect_bad(put_model("{" WEIGHT "," BIAS "}", 32), "no __metadata__ object");
}
END_TEST

START_TEST(names_of_classes_that_are_not_theirs)
{
    static const struct {
        const char *text, *reason; /* NULL: good */
    } cases[] = {
        {"[\\\"a\\\",\\\"a\\\"]", NULL},
        {"[\\\"a\\\"]", "mlp.class_names has 1 names, but the model has 2 classes"},
        {"[\\\"a\\\",\\\"b\\\",\\\"c\\\"]", "mlp.class_names has 3 names, but"},
        {"[\\\"a\\\",1]", "mlp.class_names: item 1 is not a string"},
        {"[\\\"a\\\",\\\"\\\\u0000\\\"]", "mlp.class_names is no JSON array"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char header[1024];
        snprintf(header, sizeof header,
                 "{\"__metadata__\":{\"mlp.version\":\"1\",\"mlp.activations\":\"identity\","
                 "\"mlp.loss\":\"cross_entropy\",\"mlp.class_names\":\"%s\"}," WEIGHT "," BIAS "}",
                 cases[i].text);
        if (cases[i].reason)
            expect_bad(put_model(header, 32), cases[i].reason);
        else
            expect_good(put_model(header, 32));
    }
}
END_TEST

START_TEST(case_83_missing_or_extra_tensor)
{
    expect_bad(put_model("{" META "}", 0), "no tensors");
    expect_bad(put_model("{" META "," WEIGHT "}", 24), "'0.bias' is missing");
    expect_bad(put_model("{" META "," TENSOR("0.bias", "F32", "[2]", 0, 8) "}", 8),
               "'0.weight' is missing");
    expect_bad(put_model("{" META_OF("relu,identity") "," WEIGHT "," BIAS "," TENSOR(
                             "4.bias", "F32", "[2]", 32, 40) "," TENSOR("4.weight", "F32", "[2,2]",
                                                                        40, 56) "}",
                         56),
               "'2.weight' is missing");
    static const char *const names[] = {"1.weight",
                                        "00.weight",
                                        "0.weights",
                                        "weight",
                                        "",
                                        "-2.bias",
                                        "+2.bias",
                                        " 2.bias",
                                        "2",
                                        "2.bias ",
                                        "0.Bias",
                                        "18446744073709551616.bias",
                                        "2.weight",
                                        "1.running_mean",
                                        "0.num_batches_tracked"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "{" META "," WEIGHT "," BIAS ",\"%s\":{\"dtype\":\"F32\",\"shape\":[2],"
                 "\"data_offsets\":[32,40]}}",
                 names[i]);
        expect_bad(put_model(text, 40), "unexpected tensor");
    }
}
END_TEST

START_TEST(tensor_that_is_no_object_of_three)
{
    expect_bad(put_model("{" META "," WEIGHT ",\"0.bias\":7}", 24), "expected an object");
    expect_bad(put_model("{" META "," WEIGHT ",\"0.bias\":{\"dtype\":\"F32\",\"shape\":[2]}}", 24),
               "expected an object");
    expect_bad(put_model("{" META "," WEIGHT ",\"0.bias\":{\"dtype\":\"F32\",\"shape\":[2],"
                         "\"data_offsets\":[24,32],\"more\":1}}",
                         32),
               "expected an object");
}
END_TEST

START_TEST(case_84_wrong_shape)
{
    expect_bad(put_model("{" META "," TENSOR("0.weight", "F32", "[6]", 0, 24) "," BIAS "}", 32),
               "a shape of 2 dimensions");
    expect_bad(put_model("{" META "," WEIGHT "," TENSOR("0.bias", "F32", "[2,1]", 24, 32) "}", 32),
               "a shape of 1 dimensions");
    expect_bad(put_model("{" META "," WEIGHT "," TENSOR("0.bias", "F32", "[3]", 24, 36) "}", 36),
               "'0.bias' has 3 values, expected 2");
    expect_bad(put_model("{" META "," TENSOR("0.weight", "F32", "[1,6]", 0,
                                             24) "," TENSOR("0.bias", "F32", "[1]", 24, 28) "}",
                         28),
               "2 to 256 classes");
}
END_TEST

START_TEST(case_85_weights_that_are_not_finite)
{
    static const struct {
        uint32_t bits;
        const char *reason;
    } cases[] = {
        {0x7fc00000, "a NaN"},
        {0xff800001, "a NaN"},
        {0x7f800000, "an infinity"},
        {0xff800000, "an infinity"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size, start = 8 + strlen(GOOD);
        unsigned char *bytes = (unsigned char *)get_file(put_model(GOOD, 32), &size);
        mlp_store_u32(bytes + start + 28, cases[i].bits); /* the second bias */
        put_file(in_folder("bad"), bytes, size);
        free(bytes);
        expect_bad(in_folder("bad"), cases[i].reason);
        expect_bad(in_folder("bad"), "'0.bias'");
    }
}
END_TEST

START_TEST(case_86_layers_that_do_not_chain)
{
    expect_bad(put_model("{" META_OF("relu,identity") "," WEIGHT "," BIAS "," TENSOR(
                             "2.weight", "F32", "[2,3]", 32, 56) "," TENSOR("2.bias", "F32", "[2]",
                                                                            56, 64) "}",
                         64),
               "'2.weight' takes 3 inputs, but the layer before has 2 outputs");
}
END_TEST

START_TEST(case_103_what_is_no_file_cannot_be_loaded)
{
    mlp_model *model = NULL;
    ck_assert_int_eq(mkfifo(in_folder("pipe"), 0666), 0);
    ck_assert_int_eq(mlp_model_load(in_folder("pipe"), &model, NULL), MLP_ERROR_INTERNAL);
    ck_assert_int_eq(mlp_model_load(folder, &model, NULL), MLP_ERROR_INTERNAL);
    ck_assert_int_eq(mlp_model_load(in_folder("missing"), &model, NULL), MLP_ERROR_INTERNAL);
    ck_assert_ptr_null(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors_input");
    TCase *tests = tcase_create("safetensors_input");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_file_that_the_cases_vary_is_good);
    tcase_add_test(tests, the_fingerprint_of_a_large_file_is_left_to_the_caller);
    tcase_add_test(tests, tensors_of_a_checkpoint_take_part_in_the_tiling);
    tcase_add_test(tests, case_67_under_8_bytes);
    tcase_add_test(tests, case_68_header_longer_than_the_file);
    tcase_add_test(tests, case_69_header_length_of_64_ones);
    tcase_add_test(tests, header_above_the_limit);
    tcase_add_test(tests, header_without_an_object);
    tcase_add_test(tests, case_70_not_utf_8);
    tcase_add_test(tests, case_71_bad_json);
    tcase_add_test(tests, case_72_deep_nesting);
    tcase_add_test(tests, case_73_duplicate_key);
    tcase_add_test(tests, case_74_unknown_dtype);
    tcase_add_test(tests, case_75_dimensions_that_are_no_counts);
    tcase_add_test(tests, case_76_product_overflow);
    tcase_add_test(tests, case_77_end_before_begin);
    tcase_add_test(tests, offsets_that_are_no_offsets);
    tcase_add_test(tests, case_78_overlap);
    tcase_add_test(tests, case_79_hole);
    tcase_add_test(tests, case_80_trailing_bytes);
    tcase_add_test(tests, case_81_size_does_not_fit_the_shape);
    tcase_add_test(tests, case_82_metadata_that_is_no_string);
    tcase_add_test(tests, names_of_classes_that_are_not_theirs);
    tcase_add_test(tests, case_83_missing_or_extra_tensor);
    tcase_add_test(tests, tensor_that_is_no_object_of_three);
    tcase_add_test(tests, case_84_wrong_shape);
    tcase_add_test(tests, case_85_weights_that_are_not_finite);
    tcase_add_test(tests, case_86_layers_that_do_not_chain);
    tcase_add_test(tests, case_103_what_is_no_file_cannot_be_loaded);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
