/* SPDX-License-Identifier: MIT */
/* Case 41: a locale with a decimal comma changes nothing. */
#include "folder.h"
#include "formats/number.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Chooses a locale that writes one half as "0,5"; false where none is there. */
static bool choose_comma(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",  "fr_FR.UTF-8",
                                        "fr_FR.utf8",  "es_ES.UTF-8", "ru_RU.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (setlocale(LC_ALL, names[i]) && strcmp(localeconv()->decimal_point, ",") == 0)
            return true;
    }
    return false;
}

START_TEST(case_41_numbers_have_a_decimal_point)
{
    mlp_init init;
    float scale = 0;
    ck_assert(choose_comma());
    ck_assert_int_eq(mlp_init_parse("normal:0.5", &init, &scale, NULL), MLP_OK);
    ck_assert(scale == 0.5f);
    ck_assert_int_eq(mlp_init_parse("normal:0,5", &init, &scale, NULL), MLP_ERROR_USAGE);
    ck_assert_str_eq(localeconv()->decimal_point, ","); /* left as it was */
}
END_TEST

START_TEST(case_41_tables_have_a_decimal_point)
{
    /* One that is rounded by arithmetic, one by all of its digits, and one that is subnormal. */
    static const char *const texts[] = {"0.5", "1.000000059604644775390626", "1.5e-40"};
    static const float values[] = {0.5f, 0x1.000002p0f, 1.5e-40f};
    float value;
    ck_assert(choose_comma());
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(mlp_number_parse(texts[i], strlen(texts[i]), &value), MLP_NUMBER_OK);
        ck_assert(value == values[i]);
    }
    ck_assert_int_eq(mlp_number_parse("0,5", 3, &value), MLP_NUMBER_NONE);
}
END_TEST

START_TEST(case_41_a_model_has_the_same_bytes)
{
    size_t size;
    const mlp_layer_spec layers[] = {{4, MLP_TANH, MLP_NORM_NONE, 0.25f}, {2, MLP_IDENTITY, 0, 0}};
    const mlp_spec spec = {
        .inputs = 3, .layer_count = 2, .layers = layers, .loss = MLP_HUBER, .huber_delta = 1.5f};
    mlp_model *model = NULL, *loaded = NULL;
    ck_assert_int_eq(mlp_model_create(&spec, 1, &model, NULL), MLP_OK);
    setlocale(LC_ALL, "C");
    ck_assert_int_eq(mlp_model_save(model, in_folder("point"), NULL), MLP_OK);
    ck_assert(choose_comma());
    ck_assert_int_eq(mlp_model_save(model, in_folder("comma"), NULL), MLP_OK);
    char *bytes = get_file(in_folder("point"), &size);
    ck_assert(file_is(in_folder("comma"), bytes, size));
    ck_assert_int_eq(mlp_model_load(in_folder("comma"), &loaded, NULL), MLP_OK);
    ck_assert(mlp_model_spec(loaded)->huber_delta == 1.5f);
    ck_assert(mlp_model_spec(loaded)->layers[0].dropout == 0.25f);
    free(bytes);
    mlp_model_destroy(loaded);
    mlp_model_destroy(model);
}
END_TEST

int main(void)
{
    enum { SKIPPED = 77 };
    if (!choose_comma()) {
        printf("not run: no locale with a decimal comma is installed\n");
        return SKIPPED;
    }
    Suite *suite = suite_create("locale");
    TCase *tests = tcase_create("locale");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_add_test(tests, case_41_numbers_have_a_decimal_point);
    tcase_add_test(tests, case_41_tables_have_a_decimal_point);
    tcase_add_test(tests, case_41_a_model_has_the_same_bytes);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
