/* SPDX-License-Identifier: MIT */
/* What `mlp check` does and prints. */
#include "program.h"

#include <stdlib.h>
#include <string.h>

#define NET "--data data --hidden 8 --init glorot --activation tanh "

START_TEST(gradients_are_right)
{
    expect_success("$MLP check " NET);
    ck_assert_ptr_nonnull(strstr(out, "layer 0 weight"));
    ck_assert_ptr_nonnull(strstr(out, "layer 1 bias"));
    ck_assert_ptr_nonnull(strstr(out, "\nok: "));
    ck_assert_ptr_null(strstr(out, "scale"));
    expect_success("$MLP check " NET
                   "--norm batch --dropout 0.2 --l2 0.01 --class-weights balanced");
    ck_assert_ptr_nonnull(strstr(out, "layer 0 scale"));
    ck_assert_ptr_nonnull(strstr(out, "\nok: "));
}
END_TEST

START_TEST(json_has_every_part)
{
    int ok;
    double worst;
    json_int_t samples, checked, kinks;
    const char *isa;
    json_t *parts;
    expect_success("$MLP check " NET "--batch 5 --json");
    json_t *root = parse_json(out);
    ck_assert_int_eq(json_unpack(root, "{s:b, s:F, s:I, s:I, s:I, s:s, s:o !}", "ok", &ok, "worst",
                                 &worst, "samples", &samples, "checked", &checked, "kinks", &kinks,
                                 "isa", &isa, "parts", &parts),
                     0);
    ck_assert(ok && worst > 0 && worst <= 1e-6);
    ck_assert_int_eq(samples, 5);
    ck_assert_uint_eq(json_array_size(parts), 4);
    for (size_t i = 0; i < 4; i++) {
        json_t *part = json_array_get(parts, i);
        checked -= json_integer_value(json_object_get(part, "checked"));
        ck_assert_int_eq(json_integer_value(json_object_get(part, "layer")), (json_int_t)i / 2);
        ck_assert_str_eq(json_string_value(json_object_get(part, "part")),
                         i % 2 ? "bias" : "weight");
        ck_assert(json_number_value(json_object_get(part, "worst")) <= worst);
        ck_assert(json_number_value(json_object_get(part, "limit")) > 1e-6);
    }
    ck_assert_int_eq(checked, 0);
    json_decref(root);
}
END_TEST

/* Where weights are so large that float32 keeps fewer digits, the check knows. */
START_TEST(large_weights_are_no_failure)
{
    expect_success("$MLP check --data data --recipe reference --init normal:2");
    ck_assert_ptr_nonnull(strstr(out, "\nok: "));
}
END_TEST

/* Weights whose products overflow leave nothing to compare. */
START_TEST(wrong_gradients_are_a_failure)
{
    ck_assert_int_eq(shell("$MLP check --data data --hidden 8 --init constant:1e30 --json"), 1);
    ck_assert_ptr_nonnull(strstr(err, "gradients differ"));
    json_t *root = parse_json(out);
    ck_assert(json_is_false(json_object_get(root, "ok")));
    ck_assert(json_is_null(json_object_get(root, "worst")));
    json_decref(root);
    ck_assert_int_eq(shell("$MLP check --data data --hidden 8 --init constant:1e30"), 1);
    ck_assert_ptr_null(strstr(out, "ok"));
}
END_TEST

START_TEST(bad_options_are_refused)
{
    expect_failure(2, "--batch", "$MLP check --data data --batch 201");
    expect_failure(2, "--epochs", "$MLP check --data data --epochs 3");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("cli_check");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, program_set_up, folder_remove);
    tcase_add_test(tcase, gradients_are_right);
    tcase_add_test(tcase, json_has_every_part);
    tcase_add_test(tcase, large_weights_are_no_failure);
    tcase_add_test(tcase, wrong_gradients_are_a_failure);
    tcase_add_test(tcase, bad_options_are_refused);
    Suite *suite = suite_create("cli_check");
    suite_add_tcase(suite, tcase);
    return program_run(suite);
}
