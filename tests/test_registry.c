/* SPDX-License-Identifier: MIT */
/* Names, recipes and defaults (mlp/spec.h). */
#include "registry.h"
#include "schedule.h"
#include "suite.h"

#include <mlp/model.h>

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Walks a registry: each name is there, of lower case, and parsed to its own row. */
static void assert_rows(const char *name_at(size_t), mlp_status parse(const char *, size_t *),
                        size_t count)
{
    size_t i;
    for (i = 0; name_at(i); i++) {
        size_t found = SIZE_MAX;
        ck_assert_msg(parse(name_at(i), &found) == MLP_OK, "%s", name_at(i));
        ck_assert_uint_eq(found, i);
        ck_assert_uint_eq(strspn(name_at(i), "abcdefghijklmnopqrstuvwxyz_"), strlen(name_at(i)));
    }
    ck_assert_uint_eq(i, count);
    ck_assert_ptr_null(name_at((size_t)-1));
}

/* The parsers, their results as numbers. */
#define PARSER(noun)                                                                               \
    static mlp_status parse_##noun(const char *name, size_t *out)                                  \
    {                                                                                              \
        mlp_##noun value = (mlp_##noun)0;                                                          \
        mlp_status status = mlp_##noun##_parse(name, &value, NULL);                                \
        *out = (size_t)value;                                                                      \
        return status;                                                                             \
    }
PARSER(activation)
PARSER(norm)
PARSER(loss)
PARSER(optimizer)
PARSER(monitor)

static mlp_status parse_init(const char *name, size_t *out)
{
    mlp_init value = MLP_INIT_HE;
    float scale = 0;
    mlp_status status = mlp_init_parse(name, &value, &scale, NULL);
    ck_assert(scale == 1.0f);
    *out = (size_t)value;
    return status;
}

static mlp_status parse_bias_init(const char *name, size_t *out)
{
    mlp_bias_init value = MLP_BIAS_DEFAULT;
    float scale = 0;
    mlp_status status = mlp_bias_init_parse(name, &value, &scale, NULL);
    ck_assert(scale == 1.0f);
    *out = (size_t)value;
    return status;
}

START_TEST(every_row_is_found_by_its_name)
{
    assert_rows(mlp_activation_name, parse_activation, MLP_SOFTMAX + 1);
    assert_rows(mlp_norm_name, parse_norm, MLP_NORM_BATCH + 1);
    assert_rows(mlp_loss_name, parse_loss, MLP_PERCEPTRON + 1);
    assert_rows(mlp_optimizer_name, parse_optimizer, MLP_LION + 1);
    assert_rows(mlp_monitor_name, parse_monitor, MLP_MONITOR_SCORE + 1);
    assert_rows(mlp_init_name, parse_init, MLP_INIT_ZEROS + 1);
    assert_rows(mlp_bias_init_name, parse_bias_init, MLP_BIAS_UNIFORM + 1);
}
END_TEST

/* One name by which other programs know each row; what a slip between enum and table would mix up.
 */
START_TEST(names_belong_to_their_rows)
{
    ck_assert_str_eq(mlp_activation_name(MLP_HARD_SIGMOID), "hard_sigmoid");
    ck_assert_str_eq(mlp_activation_name(MLP_SILU), "silu");
    ck_assert_str_eq(mlp_activation_name(MLP_GELU_TANH), "gelu_tanh");
    ck_assert_str_eq(mlp_norm_name(MLP_NORM_LAYER), "layer");
    ck_assert_str_eq(mlp_loss_name(MLP_HUBER), "huber");
    ck_assert_str_eq(mlp_optimizer_name(MLP_RMSPROP), "rmsprop");
    ck_assert_str_eq(mlp_optimizer_name(MLP_LION), "lion");
    ck_assert_str_eq(mlp_init_name(MLP_INIT_GLOROT_NORMAL), "glorot_normal");
    ck_assert_str_eq(mlp_bias_init_name(MLP_BIAS_CONSTANT), "constant");
    ck_assert_str_eq(mlp_schedule_name(MLP_SCHEDULE_ONE_CYCLE), "one_cycle");
    ck_assert_str_eq(mlp_monitor_name(MLP_MONITOR_SCORE), "score");
}
END_TEST

START_TEST(aliases_are_understood_but_not_listed)
{
    mlp_activation activation = MLP_TANH;
    mlp_error error;
    ck_assert_int_eq(mlp_activation_parse("swish", &activation, NULL), MLP_OK);
    ck_assert_int_eq(activation, MLP_SILU);
    ck_assert_int_eq(mlp_activation_parse("linear", &activation, NULL), MLP_OK);
    ck_assert_int_eq(activation, MLP_IDENTITY);
    ck_assert_int_eq(mlp_activation_parse("Swish", &activation, &error), MLP_ERROR_USAGE);
    ck_assert_ptr_null(strstr(error.message, "swish"));
    ck_assert_ptr_null(strstr(error.message, "linear"));
}
END_TEST

/* "none, layer, batch" */
static void assert_lists(const mlp_error *error, const char *name_at(size_t))
{
    ck_assert_int_eq(error->status, MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(error->message, "'wrong'"));
    const char *at = strstr(error->message, ": ");
    for (size_t i = 0; name_at(i); i++) {
        ck_assert_ptr_nonnull(at);
        at = strstr(at, name_at(i));
        ck_assert_msg(at, "%s in %s", name_at(i), error->message);
    }
}

START_TEST(an_unknown_name_lists_the_known_ones)
{
    mlp_error error;
    mlp_activation activation = MLP_TANH;
    mlp_norm norm = MLP_NORM_BATCH;
    mlp_loss loss = MLP_HUBER;
    mlp_optimizer optimizer = MLP_LION;
    mlp_init init = MLP_INIT_LECUN;
    mlp_bias_init bias_init = MLP_BIAS_NORMAL;
    mlp_schedule schedule = {MLP_SCHEDULE_STEP, 7, 0.5, 0.25, 3}, before = schedule;
    mlp_monitor monitor = MLP_MONITOR_SCORE;
    const mlp_recipe *recipe = NULL;
    float scale = 7;
    ck_assert_int_eq(mlp_activation_parse("wrong", &activation, &error), MLP_ERROR_USAGE);
    assert_lists(&error, mlp_activation_name);
    ck_assert_int_eq(mlp_norm_parse("wrong", &norm, &error), MLP_ERROR_USAGE);
    assert_lists(&error, mlp_norm_name);
    ck_assert_int_eq(mlp_loss_parse("wrong", &loss, &error), MLP_ERROR_USAGE);
    assert_lists(&error, mlp_loss_name);
    ck_assert_int_eq(mlp_optimizer_parse("wrong", &optimizer, &error), MLP_ERROR_USAGE);
    assert_lists(&error, mlp_optimizer_name);
    ck_assert_int_eq(mlp_init_parse("wrong", &init, &scale, &error), MLP_ERROR_USAGE);
    assert_lists(&error, mlp_init_name);
    ck_assert_int_eq(mlp_bias_init_parse("wrong", &bias_init, &scale, &error), MLP_ERROR_USAGE);
    assert_lists(&error, mlp_bias_init_name);
    ck_assert_int_eq(mlp_schedule_parse("wrong", &schedule, &error), MLP_ERROR_USAGE);
    assert_lists(&error, mlp_schedule_name);
    ck_assert_int_eq(mlp_monitor_parse("wrong", &monitor, &error), MLP_ERROR_USAGE);
    assert_lists(&error, mlp_monitor_name);
    ck_assert_int_eq(mlp_recipe_find("wrong", &recipe, &error), MLP_ERROR_USAGE);

    /* What was there is left alone. */
    ck_assert(activation == MLP_TANH && norm == MLP_NORM_BATCH && loss == MLP_HUBER);
    ck_assert(optimizer == MLP_LION && init == MLP_INIT_LECUN && bias_init == MLP_BIAS_NORMAL);
    ck_assert(monitor == MLP_MONITOR_SCORE && scale == 7);
    ck_assert(schedule.kind == before.kind && schedule.every == before.every);
    ck_assert_ptr_null(recipe);

    ck_assert_int_eq(mlp_activation_parse("", &activation, NULL), MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_activation_parse("Relu", &activation, NULL), MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_activation_parse("relu:1", &activation, NULL), MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_optimizer_parse("adamx", &optimizer, NULL), MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_init_parse("zero", &init, &scale, NULL), MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_recipe_find("referenc", &recipe, NULL), MLP_ERROR_USAGE);
}
END_TEST

START_TEST(initialisations_take_a_scale)
{
    static const struct {
        const char *text;
        mlp_init init;
        float scale;
    } good[] = {
        {"normal:0.5", MLP_INIT_NORMAL, 0.5f},     {"normal:2", MLP_INIT_NORMAL, 2.0f},
        {"normal:1e-3", MLP_INIT_NORMAL, 1e-3f},   {"normal:.25", MLP_INIT_NORMAL, 0.25f},
        {"uniform:0.1", MLP_INIT_UNIFORM, 0.1f},   {"orthogonal:1.41", MLP_INIT_ORTHOGONAL, 1.41f},
        {"constant:-2", MLP_INIT_CONSTANT, -2.0f}, {"constant:0", MLP_INIT_CONSTANT, 0.0f},
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        mlp_init init = MLP_INIT_HE;
        float scale = 7;
        ck_assert_int_eq(mlp_init_parse(good[i].text, &init, &scale, NULL), MLP_OK);
        ck_assert_int_eq(init, good[i].init);
        ck_assert(scale == good[i].scale);
    }
    static const char *const bad[] = {
        "normal:",     "normal:0",      "normal:-1",    "normal:nan",   "normal:inf",
        "normal:1e99", "normal:1x",     "normal: 1",    "normal:+1",    "normal:0x1",
        "normal:1e",   "normal:1.2.3",  "normal:1,5",   "normal:1 ",    "normal:-",
        "he:1",        "normal:1e-99",  "Normal:1",     "uniform:0",    "orthogonal:-1",
        "constant:",   "constant:1e99", "constant:nan", "normal:1:2",   "zeros:0",
        "he:",         "glorot:1",      ":1",           "orthogonal:0", "lecun_uniform:2",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        mlp_init init = MLP_INIT_LECUN;
        float scale = 7;
        ck_assert_msg(mlp_init_parse(bad[i], &init, &scale, NULL) == MLP_ERROR_USAGE, "%s", bad[i]);
        ck_assert(init == MLP_INIT_LECUN && scale == 7);
    }
}
END_TEST

START_TEST(initialisations_of_biases_take_a_scale)
{
    mlp_bias_init init = MLP_BIAS_DEFAULT;
    float scale = 7;
    ck_assert_int_eq(mlp_bias_init_parse("constant:-0.1", &init, &scale, NULL), MLP_OK);
    ck_assert(init == MLP_BIAS_CONSTANT && scale == -0.1f);
    ck_assert_int_eq(mlp_bias_init_parse("normal:0.01", &init, &scale, NULL), MLP_OK);
    ck_assert(init == MLP_BIAS_NORMAL && scale == 0.01f);
    ck_assert_int_eq(mlp_bias_init_parse("uniform:3", &init, &scale, NULL), MLP_OK);
    ck_assert(init == MLP_BIAS_UNIFORM && scale == 3);
    static const char *const bad[] = {"default:1", "zeros:1", "normal:0", "uniform:-1", "he", ""};
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(mlp_bias_init_parse(bad[i], &init, &scale, NULL) == MLP_ERROR_USAGE, "%s",
                      bad[i]);
}
END_TEST

START_TEST(schedules_take_their_numbers)
{
    static const struct {
        const char *text;
        mlp_schedule schedule;
    } good[] = {
        {"constant", {MLP_SCHEDULE_CONSTANT, 1, 1, 0, 3}},
        {"step:10:0.5", {MLP_SCHEDULE_STEP, 10, 0.5, 0, 3}},
        {"step:1:1", {MLP_SCHEDULE_STEP, 1, 1, 0, 3}},
        {"exponential:0.95", {MLP_SCHEDULE_EXPONENTIAL, 1, 0.95, 0, 3}},
        {"cosine", {MLP_SCHEDULE_COSINE, 1, 1, 0, 3}},
        {"cosine:0.01", {MLP_SCHEDULE_COSINE, 1, 1, 0.01, 3}},
        {"cosine:0", {MLP_SCHEDULE_COSINE, 1, 1, 0, 3}},
        {"one_cycle", {MLP_SCHEDULE_ONE_CYCLE, 1, 1, 0, 3}},
        {"plateau:5:0.1", {MLP_SCHEDULE_PLATEAU, 5, 0.1, 0, 3}},
    };
    bool seen[MLP_SCHEDULE_PLATEAU + 1] = {false};
    for (size_t i = 0; i < COUNT(good); i++) {
        mlp_schedule s = {.warmup_steps = 3};
        const mlp_schedule *e = &good[i].schedule;
        ck_assert_msg(mlp_schedule_parse(good[i].text, &s, NULL) == MLP_OK, "%s", good[i].text);
        ck_assert_msg(s.kind == e->kind && s.every == e->every && s.factor == e->factor &&
                          s.floor == e->floor && s.warmup_steps == e->warmup_steps,
                      "%s", good[i].text);
        seen[s.kind] = true;
    }
    for (size_t i = 0; mlp_schedule_name(i); i++)
        ck_assert_msg(i < COUNT(seen) && seen[i], "%s", mlp_schedule_name(i));
    static const char *const bad[] = {
        "constant:1",
        "constant:",
        "step",
        "step:",
        "step:5",
        "step:5:",
        "step::0.5",
        "step:0:0.5",
        "step:-1:0.5",
        "step:1.5:0.5",
        "step:5:0",
        "step:5:1.5",
        "step:5:-1",
        "step:5:nan",
        "step:5:0.5:1",
        "step:5 :0.5",
        "step:+5:0.5",
        "step:5:0,5",
        "exponential",
        "exponential:",
        "exponential:2",
        "exponential:",
        "exponential:1x",
        "cosine:",
        "cosine:-0.1",
        "cosine:1.1",
        "cosine:inf",
        "one_cycle:1",
        "plateau",
        "plateau:5",
        "plateau:0:0.5",
        "plateau:5:0",
        "Cosine",
        "step:5:1e-999",
        "step:99999999999999999999:0.5",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        mlp_schedule s = {.kind = MLP_SCHEDULE_STEP, .every = 77, .warmup_steps = 3};
        mlp_error error = {MLP_OK, ""};
        ck_assert_msg(mlp_schedule_parse(bad[i], &s, &error) == MLP_ERROR_USAGE, "%s", bad[i]);
        ck_assert_uint_gt(strlen(error.message), 0);
        ck_assert(s.kind == MLP_SCHEDULE_STEP && s.every == 77 && s.warmup_steps == 3);
    }
}
END_TEST

START_TEST(losses_know_whether_they_are_about_classes)
{
    for (size_t i = 0; mlp_loss_name(i); i++) {
        bool classes = i == MLP_CROSS_ENTROPY || i == MLP_BINARY_CROSS_ENTROPY || i == MLP_HINGE ||
                       i == MLP_PERCEPTRON;
        ck_assert_msg(mlp_loss_classifies((mlp_loss)i) == classes, "%s", mlp_loss_name(i));
    }
    ck_assert(!mlp_loss_classifies((mlp_loss)99));
}
END_TEST

START_TEST(optimizers_have_their_moments_and_defaults)
{
    static const struct {
        size_t moments;
        double learning_rate, beta1, beta2, epsilon, weight_decay; /* NAN: not used */
    } expected[] = {
        [MLP_SGD] = {0, 0.01, NAN, NAN, NAN, NAN},
        [MLP_ADAM] = {2, 0.001, 0.9, 0.999, 1e-7, NAN},
        [MLP_MOMENTUM] = {1, 0.01, 0.9, NAN, NAN, NAN},
        [MLP_NESTEROV] = {1, 0.01, 0.9, NAN, NAN, NAN},
        [MLP_RMSPROP] = {1, 0.001, NAN, 0.99, 1e-8, NAN},
        [MLP_ADAGRAD] = {1, 0.01, NAN, NAN, 1e-10, NAN},
        [MLP_ADAM_PYTORCH] = {2, 0.001, 0.9, 0.999, 1e-8, NAN},
        [MLP_ADAMW] = {2, 0.001, 0.9, 0.999, 1e-8, 0.01},
        [MLP_LION] = {1, 0.0001, 0.9, 0.99, NAN, 0},
    };
    size_t i;
    for (i = 0; mlp_optimizer_name(i); i++) {
        ck_assert_uint_lt(i, COUNT(expected));
        mlp_train_options o = mlp_train_options_default(), before = o;
        mlp_optimizer_defaults((mlp_optimizer)i, &o);
        ck_assert_uint_eq(mlp_optimizer_moments((mlp_optimizer)i), expected[i].moments);
        ck_assert_uint_eq((size_t)o.optimizer, i);
        ck_assert(o.learning_rate == expected[i].learning_rate);
        ck_assert(isnan(expected[i].beta1) || o.beta1 == expected[i].beta1);
        ck_assert(isnan(expected[i].beta2) || o.beta2 == expected[i].beta2);
        ck_assert(isnan(expected[i].epsilon) || o.epsilon == expected[i].epsilon);
        ck_assert(isnan(expected[i].weight_decay) || o.weight_decay == expected[i].weight_decay);
        /* In range, used or not. */
        ck_assert(o.beta1 >= 0 && o.beta1 < 1 && o.beta2 >= 0 && o.beta2 < 1 && o.epsilon > 0);
        ck_assert(o.weight_decay >= 0);
        ck_assert(o.batch == before.batch && o.epochs == before.epochs && o.seed == before.seed);
    }
    ck_assert_uint_eq(i, COUNT(expected));
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
    ck_assert(o.shuffle && !o.balanced && !o.restore_best && !o.class_weights);
    ck_assert_int_eq(o.schedule.kind, MLP_SCHEDULE_CONSTANT);
    ck_assert_uint_eq(o.schedule.warmup_steps, 0);
    ck_assert(o.weight_decay == 0 && o.l1 == 0 && o.l2 == 0 && o.label_smoothing == 0);
    ck_assert(o.clip_value == 0 && o.clip_norm == 0 && o.max_seconds == 0 && o.min_delta == 0);
    ck_assert(o.target_score > 1);
    ck_assert_uint_eq(o.patience, 0);
    ck_assert_int_eq(o.monitor, MLP_MONITOR_LOSS);

    /* Adam's own are the same. */
    mlp_train_options adam = o;
    mlp_optimizer_defaults(MLP_ADAM, &adam);
    ck_assert(adam.learning_rate == o.learning_rate && adam.beta1 == o.beta1);
    ck_assert(adam.beta2 == o.beta2 && adam.epsilon == o.epsilon);
    ck_assert(adam.weight_decay == o.weight_decay);
}
END_TEST

START_TEST(reference_recipe_is_as_documented)
{
    const mlp_recipe *r;
    ck_assert_int_eq(mlp_recipe_find("reference", &r, NULL), MLP_OK);
    ck_assert_uint_eq(r->hidden_count, 2);
    for (size_t l = 0; l < 2; l++) {
        ck_assert_uint_eq(r->hidden[l].units, 256);
        ck_assert_int_eq(r->hidden[l].activation, MLP_RELU);
        ck_assert_int_eq(r->hidden[l].norm, MLP_NORM_NONE);
        ck_assert(r->hidden[l].dropout == 0);
    }
    ck_assert_int_eq(r->loss, MLP_CROSS_ENTROPY);
    ck_assert_str_eq(r->data, "digits");
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
        ck_assert_int_eq(mlp_recipe_find(r->name, &found, NULL), MLP_OK);
        ck_assert_ptr_eq(found, r);
        ck_assert_uint_le(r->hidden_count, MLP_RECIPE_HIDDEN);
        ck_assert_uint_gt(strlen(r->summary), 0);
        ck_assert_uint_gt(strlen(r->data), 0);
        mlp_layer_spec layers[MLP_RECIPE_HIDDEN + 1];
        memcpy(layers, r->hidden, r->hidden_count * sizeof *layers);
        layers[r->hidden_count] = (mlp_layer_spec){.units = r->loss == MLP_CROSS_ENTROPY ? 3 : 1};
        mlp_spec spec = {.inputs = 7,
                         .layer_count = r->hidden_count + 1,
                         .layers = layers,
                         .loss = r->loss,
                         .init = r->init,
                         .init_scale = r->init_scale};
        mlp_model *model = NULL;
        ck_assert_int_eq(mlp_model_create(&spec, 1, &model, NULL), MLP_OK);
        mlp_model_destroy(model);
    }
    ck_assert_uint_ge(i, 5);
    ck_assert_ptr_null(mlp_recipe_at(i));
}
END_TEST

/* What every recipe's training needs, whatever its numbers. */
START_TEST(recipes_have_options_in_range)
{
    for (size_t i = 0; mlp_recipe_at(i); i++) {
        const mlp_train_options *o = &mlp_recipe_at(i)->options;
        ck_assert_int_eq(mlp_schedule_check(&o->schedule, NULL), MLP_OK);
        ck_assert(o->learning_rate > 0 && o->epsilon > 0 && o->target_score > 1);
        ck_assert(o->beta1 >= 0 && o->beta1 < 1 && o->beta2 >= 0 && o->beta2 < 1);
        ck_assert(o->batch > 0 && o->epochs > 0 && o->seed == 1);
    }
}
END_TEST

START_TEST(the_perceptron_is_rosenblatts)
{
    const mlp_recipe *r;
    ck_assert_int_eq(mlp_recipe_find("perceptron", &r, NULL), MLP_OK);
    ck_assert_uint_eq(r->hidden_count, 0);
    ck_assert_int_eq(r->loss, MLP_PERCEPTRON);
    ck_assert_int_eq(r->init, MLP_INIT_ZEROS);
    ck_assert_int_eq(r->options.optimizer, MLP_SGD);
    ck_assert(r->options.learning_rate == 1 && !r->options.shuffle);
    ck_assert_uint_eq(r->options.batch, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("registry");
    TCase *tests = tcase_create("registry");
    tcase_add_test(tests, every_row_is_found_by_its_name);
    tcase_add_test(tests, names_belong_to_their_rows);
    tcase_add_test(tests, aliases_are_understood_but_not_listed);
    tcase_add_test(tests, an_unknown_name_lists_the_known_ones);
    tcase_add_test(tests, initialisations_take_a_scale);
    tcase_add_test(tests, initialisations_of_biases_take_a_scale);
    tcase_add_test(tests, schedules_take_their_numbers);
    tcase_add_test(tests, losses_know_whether_they_are_about_classes);
    tcase_add_test(tests, optimizers_have_their_moments_and_defaults);
    tcase_add_test(tests, defaults_are_as_documented);
    tcase_add_test(tests, reference_recipe_is_as_documented);
    tcase_add_test(tests, every_recipe_makes_a_model);
    tcase_add_test(tests, recipes_have_options_in_range);
    tcase_add_test(tests, the_perceptron_is_rosenblatts);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
