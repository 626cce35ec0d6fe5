/* SPDX-License-Identifier: MIT */
/* mlp export --onnx, and models in files .onnx. */
#include "program.h"

#include <mlp/mlp.h>

#include <string.h>

START_TEST(a_model_goes_out_and_comes_back)
{
    save_model();
    expect_success("$MLP export model --onnx a.onnx");
    expect_success("$MLP export a.onnx --onnx b.onnx --softmax");
    json_t *model = json_of("$MLP info model --json"), *back = json_of("$MLP info b.onnx --json");
    ck_assert_str_eq(text_at(model, "fingerprint"), text_at(back, "fingerprint"));
    ck_assert_str_eq(text_at(back, "loss"), "cross_entropy");
    json_decref(model);
    json_decref(back);
    expect_success("$MLP predict model --data data >p; $MLP predict b.onnx --data data | cmp p");
    model = json_of("$MLP eval model --data data --json");
    back = json_of("$MLP eval a.onnx --data data --json");
    ck_assert(json_equal(model, back));
    json_decref(model);
    json_decref(back);
}
END_TEST

START_TEST(what_goes_wrong_is_said)
{
    save_model();
    expect_success("$MLP export model --onnx a.onnx");
    expect_success("head -c 40 a.onnx >cut.onnx");
    expect_failure(2, "nothing to write: expected --c or --onnx with the name of a file",
                   "$MLP export model");
    expect_failure(2, "no model given: mlp export MODEL", "$MLP export --onnx b.onnx");
    expect_failure(2, "--onnx: found 'b', expected a name that ends in .onnx",
                   "$MLP export model --onnx b");
    expect_failure(2, "--save: found 'b.onnx', expected another ending: the file is safetensors",
                   "$MLP train " SMALL "--save b.onnx");
    expect_failure(2, "--softmax: needs --onnx", "$MLP export model --c b.c --softmax");
    expect_success("echo text >text.onnx");
    expect_failure(2, "text.onnx", "$MLP export model --onnx text.onnx");
    expect_failure(2, "--onnx: 'a.onnx' is the model itself", "$MLP export a.onnx --onnx a.onnx");
    expect_failure(2, "--loss: a.onnx: a model of mlp tells its loss by itself",
                   "$MLP info a.onnx --loss mse");
    expect_failure(2, "--loss: model: a model of mlp tells its layers, names and loss",
                   "$MLP info model --loss mse");
    expect_failure(2, "does not go with mlp info", "$MLP info a.onnx --softmax");
    expect_failure(3, "cut.onnx: ", "$MLP info cut.onnx");
    expect_failure(1, "missing.onnx: cannot open", "$MLP eval missing.onnx --data data");
    expect_failure(1, "no/b.onnx: cannot", "$MLP export model --onnx no/b.onnx");
}
END_TEST

START_TEST(a_build_without_onnx_says_so)
{
    save_model();
    expect_failure(2, "b.onnx: this build of mlp has no ONNX", "$MLP export model --onnx b.onnx");
    expect_failure(2, "b.onnx: this build of mlp has no ONNX", "$MLP info b.onnx");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_onnx");
    TCase *tests = tcase_create("cli_onnx");
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_set_timeout(tests, 60);
    if (mlp_onnx_supported()) {
        tcase_add_test(tests, a_model_goes_out_and_comes_back);
        tcase_add_test(tests, what_goes_wrong_is_said);
    } else {
        tcase_add_test(tests, a_build_without_onnx_says_so);
    }
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
