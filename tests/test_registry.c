/* SPDX-License-Identifier: MIT */
/* Names, recipes and defaults (mlp/spec.h). */
#include <mlp/model.h>
#include <mlp/spec.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(every_activation_is_found_by_its_name)
{
    size_t i;
    for (i = 0; mlp_activation_name(i); i++) {
        mlp_activation found = MLP_IDENTITY;
        ck_assert_int_eq(mlp_activation_parse(mlp_activation_name(i), &found, NULL), MLP_OK);
        ck_assert_uint_eq((size_t)found, i);
    }
    ck_assert_uint_gt(i, MLP_TANH);
    ck_assert_ptr_null(mlp_activation_name((size_t)-1));
}
END_TEST

START_TEST(every_optimizer_is_found_by_its_name)
{
    size_t i;
    for (i = 0; mlp_optimizer_name(i); i++) {
        mlp_optimizer found = MLP_SGD;
        ck_assert_int_eq(mlp_optimizer_parse(mlp_optimizer_name(i), &found, NULL), MLP_OK);
        ck_assert_uint_eq((size_t)found, i);
    }
    ck_assert_uint_gt(i, MLP_ADAM);
}
END_TEST

START_TEST(every_init_is_found_by_its_name)
{
    size_t i;
    for (i = 0; mlp_init_name(i); i++) {
        mlp_init found = MLP_INIT_HE;
        float scale = 0;
        ck_assert_int_eq(mlp_init_parse(mlp_init_name(i), &found, &scale, NULL), MLP_OK);
        ck_assert_uint_eq((size_t)found, i);
        ck_assert(scale == 1.0f);
    }
    ck_assert_uint_eq(i, MLP_INIT_NORMAL + 1);
}
END_TEST

START_TEST(an_unknown_name_lists_the_known_ones)
{
    mlp_error error;
    mlp_activation activation = MLP_TANH;
    ck_assert_int_eq(mlp_activation_parse("Relu", &activation, &error), MLP_ERROR_USAGE);
    ck_assert_int_eq(error.status, MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(error.message, "'Relu'"));
    for (size_t i = 0; mlp_activation_name(i); i++)
        ck_assert_ptr_nonnull(strstr(error.message, mlp_activation_name(i)));
    ck_assert_int_eq(activation, MLP_TANH); /* left alone */

    mlp_optimizer optimizer;
    mlp_init init;
    float scale;
    const mlp_recipe *recipe;
    ck_assert_int_eq(mlp_activation_parse("", &activation, NULL), MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_optimizer_parse("adamw", &optimizer, NULL), MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_init_parse("zero", &init, &scale, NULL), MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_recipe_find("referenc", &recipe, NULL), MLP_ERROR_USAGE);
}
END_TEST

START_TEST(normal_takes_a_scale)
{
    static const struct {
        const char *text;
        float scale;
    } good[] = {
        {"normal:0.5", 0.5f},
        {"normal:2", 2.0f},
        {"normal:1e-3", 1e-3f},
        {"normal:.25", 0.25f},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        mlp_init init = MLP_INIT_HE;
        float scale = 0;
        ck_assert_int_eq(mlp_init_parse(good[i].text, &init, &scale, NULL), MLP_OK);
        ck_assert_int_eq(init, MLP_INIT_NORMAL);
        ck_assert(scale == good[i].scale);
    }
    static const char *const bad[] = {
        "normal:",    "normal:0",  "normal:-1", "normal:nan",   "normal:inf", "normal:1e99",
        "normal:1x",  "normal: 1", "normal:+1", "normal:0x1",   "normal:1e",  "normal:1.2.3",
        "normal:1,5", "normal:1 ", "normal:-",  "normal:1e-99", "he:1",       "Normal:1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mlp_init init;
        float scale;
        ck_assert_msg(mlp_init_parse(bad[i], &init, &scale, NULL) == MLP_ERROR_USAGE, "%s", bad[i]);
    }
}
END_TEST

START_TEST(defaults_are_as_documented)
{
    mlp_train_options o = mlp_train_options_default();
    ck_assert_int_eq(o.optimizer, MLP_ADAM);
    ck_assert(o.learning_rate == 0.001 && o.beta1 == 0.9 && o.beta2 == 0.999);
    ck_assert(o.epsilon == 1e-7);
    ck_assert_uint_eq(o.batch, 256);
    ck_assert_uint_eq(o.epochs, 30);
    ck_assert_uint_eq(o.seed, 1);
    ck_assert_int_eq(o.threads, 0);
}
END_TEST

START_TEST(reference_recipe_is_as_documented)
{
    const mlp_recipe *r;
    ck_assert_int_eq(mlp_recipe_find("reference", &r, NULL), MLP_OK);
    ck_assert_uint_eq(r->hidden_count, 2);
    ck_assert_uint_eq(r->hidden[0], 256);
    ck_assert_uint_eq(r->hidden[1], 256);
    ck_assert_int_eq(r->activation, MLP_RELU);
    ck_assert_int_eq(r->init, MLP_INIT_NORMAL);
    ck_assert(r->init_scale == 1.0f);
    mlp_train_options o = mlp_train_options_default();
    ck_assert_int_eq(r->options.optimizer, o.optimizer);
    ck_assert(r->options.learning_rate == o.learning_rate && r->options.epsilon == o.epsilon);
    ck_assert_uint_eq(r->options.batch, o.batch);
    ck_assert_uint_eq(r->options.epochs, o.epochs);
}
END_TEST

START_TEST(every_recipe_makes_a_model)
{
    size_t i;
    for (i = 0; mlp_recipe_at(i); i++) {
        const mlp_recipe *r = mlp_recipe_at(i), *found;
        size_t widths[6] = {7};
        ck_assert_int_eq(mlp_recipe_find(r->name, &found, NULL), MLP_OK);
        ck_assert_ptr_eq(found, r);
        ck_assert_uint_le(r->hidden_count, 4);
        ck_assert_uint_gt(strlen(r->summary), 0);
        memcpy(widths + 1, r->hidden, r->hidden_count * sizeof *widths);
        widths[r->hidden_count + 1] = 3;
        mlp_spec spec = {r->hidden_count + 1, widths, r->activation, r->init, r->init_scale};
        mlp_model *model = NULL;
        ck_assert_int_eq(mlp_model_create(&spec, 1, &model, NULL), MLP_OK);
        mlp_model_destroy(model);
    }
    ck_assert_uint_ge(i, 2);
    ck_assert_ptr_null(mlp_recipe_at(i));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("registry");
    TCase *tests = tcase_create("registry");
    tcase_add_test(tests, every_activation_is_found_by_its_name);
    tcase_add_test(tests, every_optimizer_is_found_by_its_name);
    tcase_add_test(tests, every_init_is_found_by_its_name);
    tcase_add_test(tests, an_unknown_name_lists_the_known_ones);
    tcase_add_test(tests, normal_takes_a_scale);
    tcase_add_test(tests, defaults_are_as_documented);
    tcase_add_test(tests, reference_recipe_is_as_documented);
    tcase_add_test(tests, every_recipe_makes_a_model);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
