/* SPDX-License-Identifier: MIT */
/* Safetensors files of other programs on the command line. */
#include "program.h"

#include "st_files.h"

#include <string.h>

enum { INPUTS = SIDE * SIDE, CLASSES = 10 };

static const struct st_tensor net[] = {
    {"fc1.weight", "F32", 4, INPUTS, -1},
    {"fc1.bias", "F32", 4, 0, 1},
    {"head.weight", "F32", CLASSES, 4, 2},
    {"head.bias", "F32", CLASSES, 0, -3},
    {0},
};

static const struct st_tensor turned[] = {
    {"dense/kernel", "F32", INPUTS, 4, -1},
    {"dense/bias", "F32", 4, 0, 1},
    {"dense_1/kernel", "F32", 4, CLASSES, 2},
    {"dense_1/bias", "F32", CLASSES, 0, -3},
    {0},
};

START_TEST(a_foreign_file_is_a_model_of_every_command)
{
    put_tensors(net, "{\"format\":\"pt\"}");
    expect_success("$MLP info foreign");
    ck_assert_ptr_nonnull(strstr(out, "16 -> 4, relu"));
    expect_success("$MLP info foreign --activation gelu");
    ck_assert_ptr_nonnull(strstr(out, "16 -> 4, gelu"));
    expect_success("$MLP eval foreign --data data --map fc1,head");
    expect_success("$MLP predict foreign --data data --loss mse");
    expect_success("$MLP export foreign --c net.c");
    put_tensors(turned, NULL);
    expect_success("$MLP predict foreign --data data --orientation in-out");
}
END_TEST

START_TEST(an_import_is_saved_as_a_model)
{
    put_tensors(turned, NULL);
    expect_success("$MLP import foreign --orientation in-out --activation tanh --save model");
    ck_assert_ptr_nonnull(strstr(out, "fingerprint"));
    expect_success(
        "$MLP predict model --data data >p; "
        "$MLP predict foreign --data data --orientation in-out --activation tanh | cmp p");
    expect_success("$MLP import model --save again; cmp model again");
    json_t *object = json_of("$MLP import model --save again --json");
    ck_assert_str_eq(text_at(object, "file"), "again");
    ck_assert_uint_eq(strlen(text_at(object, "fingerprint")), 64);
    json_decref(object);
}
END_TEST

START_TEST(case_85_info_shows_a_model_with_bad_numbers)
{
    put_tensors_with(net, 2, 0x7fc00000);
    expect_success("$MLP info foreign");
    ck_assert_ptr_nonnull(strstr(out, "bad numbers  1 (NaN, infinite"));
    ck_assert_ptr_nonnull(strstr(out, "16 -> 4, relu"));
    json_t *object = json_of("$MLP info foreign --json");
    ck_assert(number_at(object, "bad_numbers") == 1);
    json_decref(object);
    expect_failure(3, "tensor 'head.bias' holds a NaN", "$MLP predict foreign --data data");
    expect_failure(3, "tensor 'head.bias' holds a NaN", "$MLP eval foreign --data data");
    expect_failure(3, "tensor 'head.bias' holds a NaN", "$MLP export foreign --c net.c");
    expect_failure(3, "tensor 'head.bias' holds a NaN", "$MLP import foreign --save new");
    save_model();
    object = json_of("$MLP info model --json");
    ck_assert(number_at(object, "bad_numbers") == 0);
    json_decref(object);
}
END_TEST

START_TEST(what_goes_wrong_is_said)
{
    put_tensors(turned, NULL);
    save_model();
    expect_failure(3, "expected the orientation in-out, in which all layers chain",
                   "$MLP info foreign");
    expect_failure(3, "no tensor 'fc1', nor one with", "$MLP info foreign --map fc1");
    expect_failure(2, "--map: item 1 is incomplete", "$MLP info foreign --map dense, --loss mse");
    expect_failure(2, "--orientation: found 'out', expected out-in or in-out",
                   "$MLP info foreign --orientation out");
    expect_failure(2, "--map: model: a model of mlp tells its layers", "$MLP info model --map 0");
    expect_failure(2, "--orientation: model.onnx: an ONNX graph says its own",
                   "$MLP info model.onnx --orientation in-out");
    expect_failure(2, "does not go with mlp train", "$MLP train --map 0");
    expect_failure(2, "nothing to write: expected --save", "$MLP import foreign");
    expect_failure(2, "no model given: mlp import MODEL", "$MLP import --save new");
    expect_failure(2, "--save: 'model' is the model itself", "$MLP import model --save model");
    expect_success("echo text >text");
    expect_failure(2, "is there and not a model", "$MLP import model --save text");
    expect_failure(1, "no/new", "$MLP import model --save no/new");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_import");
    TCase *tests = tcase_create("cli_import");
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_foreign_file_is_a_model_of_every_command);
    tcase_add_test(tests, an_import_is_saved_as_a_model);
    tcase_add_test(tests, case_85_info_shows_a_model_with_bad_numbers);
    tcase_add_test(tests, what_goes_wrong_is_said);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
