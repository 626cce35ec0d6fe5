/* SPDX-License-Identifier: MIT */
/* What a model tells of its training, and that training again gives the same. */
#include "folder.h"
#include "suite.h"

#include "alloc.h"

#include <mlp/mlp.h>

#include <check.h>
#include <string.h>

/* A model of moons or sine with this much of everything. */
struct task {
    mlp_dataset *all, *train, *valid;
    mlp_layer_spec layers[2];
    mlp_spec spec;
    mlp_train_options options;
    mlp_model *model;
};

static void begin(struct task *t, const char *data)
{
    memset(t, 0, sizeof *t);
    ck_assert_int_eq(mlp_dataset_open(data, MLP_TRAIN, &t->all, NULL), MLP_OK);
    ck_assert_int_eq(mlp_dataset_divide(t->all, 0.2, 5, &t->train, &t->valid, NULL), MLP_OK);
    size_t classes = mlp_dataset_classes(t->all);
    t->layers[0] = (mlp_layer_spec){.units = 11, .activation = MLP_SILU, .dropout = 0.1f};
    t->layers[1] = (mlp_layer_spec){.units = classes > 0 ? classes : 1};
    t->spec = (mlp_spec){.inputs = mlp_dataset_features(t->all),
                         .layer_count = 2,
                         .layers = t->layers,
                         .loss = classes > 0 ? MLP_CROSS_ENTROPY : MLP_HUBER,
                         .huber_delta = 0.7f,
                         .init = MLP_INIT_UNIFORM,
                         .init_scale = 0.3f,
                         .bias_init = MLP_BIAS_CONSTANT,
                         .bias_scale = 0.1f};
    t->options = mlp_train_options_default();
    t->options.batch = 32;
    t->options.epochs = 4;
    t->options.threads = 1;
    ck_assert_int_eq(mlp_model_create(&t->spec, 9, &t->model, NULL), MLP_OK);
}

static void end(struct task *t)
{
    mlp_model_destroy(t->model);
    mlp_dataset_destroy(t->train);
    mlp_dataset_destroy(t->valid);
    mlp_dataset_destroy(t->all);
}

static void train(struct task *t)
{
    mlp_held_out held_out = {.valid = t->valid};
    mlp_error error;
    mlp_status status = mlp_train(t->model, t->train, &held_out, &t->options, NULL, NULL, &error);
    ck_assert_msg(status == MLP_OK || status == MLP_ERROR_DIVERGED, "%s", error.message);
}

/* Through a file. */
static void expect_same(struct task *t)
{
    mlp_model *model;
    mlp_verification found;
    mlp_error error = {.message = ""};
    ck_assert_ptr_nonnull(mlp_model_provenance(t->model));
    ck_assert_int_eq(mlp_model_save(t->model, in_folder("model"), NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_load(in_folder("model"), &model, NULL), MLP_OK);
    ck_assert_str_eq(mlp_model_provenance(model), mlp_model_provenance(t->model));
    mlp_status status = mlp_verify(model, t->all, NULL, 3, NULL, &found, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    ck_assert_msg(found.same, "%s and %s", found.expected, found.found);
    mlp_model_destroy(model);
}

START_TEST(every_optimizer)
{
    struct task t;
    begin(&t, "moons");
    mlp_optimizer_defaults((mlp_optimizer)_i, &t.options);
    train(&t);
    expect_same(&t);
    end(&t);
}
END_TEST

START_TEST(every_option)
{
    static const float weights[] = {1, 2.5f};
    struct task t;
    begin(&t, "moons");
    ck_assert_int_eq(mlp_model_standardize(t.model, t.train, false, NULL), MLP_OK);
    t.options.optimizer = MLP_ADAMW;
    t.options.weight_decay = 0.013;
    t.options.beta1 = 0.8;
    t.options.beta2 = 0.99;
    t.options.epsilon = 1e-5;
    t.options.l1 = 1e-4;
    t.options.l2 = 3e-4;
    t.options.clip_norm = 0.9;
    t.options.clip_value = 0.2;
    t.options.shuffle = false;
    t.options.label_smoothing = 0.07;
    t.options.balanced = true;
    t.options.class_weights = weights;
    t.options.patience = 3;
    t.options.min_delta = 0.01;
    t.options.monitor = MLP_MONITOR_SCORE;
    t.options.restore_best = true;
    t.options.target_score = 0.99;
    t.options.seed = UINT64_MAX - 4;
    t.options.epochs = 30;
    ck_assert_int_eq(mlp_schedule_parse("plateau:2:0.5", &t.options.schedule, NULL), MLP_OK);
    t.options.schedule.warmup_steps = 13;
    train(&t);
    expect_same(&t);
    end(&t);
}
END_TEST

START_TEST(standardised_values)
{
    struct task t;
    begin(&t, "sine");
    ck_assert_int_eq(mlp_model_standardize(t.model, t.train, true, NULL), MLP_OK);
    train(&t);
    expect_same(&t);
    end(&t);
}
END_TEST

/* At the end of an epoch, within one, and where it diverges. */
START_TEST(runs_that_ended_early)
{
    struct task t;
    begin(&t, "moons");
    t.options.restore_best = true;
    t.options.max_steps = (size_t)_i;
    train(&t);
    t.options.max_steps = 0;
    expect_same(&t);
    end(&t);

    begin(&t, "sine");
    mlp_optimizer_defaults(MLP_SGD, &t.options);
    t.options.learning_rate = 1e30;
    train(&t);
    expect_same(&t);
    end(&t);
}
END_TEST

START_TEST(a_run_that_went_on_tells_the_same)
{
    struct task t;
    begin(&t, "moons");
    train(&t);
    char *whole = strdup(mlp_model_provenance(t.model));
    end(&t);
    begin(&t, "moons");
    mlp_checkpoint_options checkpoints = {.path = in_folder("checkpoint")};
    mlp_held_out held_out = {.valid = t.valid};
    t.options.max_steps = 30;
    ck_assert_int_eq(mlp_train_resumable(t.model, t.train, &held_out, &t.options, &checkpoints,
                                         NULL, NULL, NULL),
                     MLP_OK);
    ck_assert_str_ne(mlp_model_provenance(t.model), whole);
    end(&t);
    begin(&t, "moons");
    held_out.valid = t.valid;
    checkpoints.resume = checkpoints.path;
    ck_assert_int_eq(mlp_train_resumable(t.model, t.train, &held_out, &t.options, &checkpoints,
                                         NULL, NULL, NULL),
                     MLP_OK);
    ck_assert_str_eq(mlp_model_provenance(t.model), whole);
    expect_same(&t);
    free(whole);
    end(&t);
}
END_TEST

START_TEST(weights_of_another_origin_have_none)
{
    struct task t;
    float bias[11] = {0};
    begin(&t, "moons");
    ck_assert_ptr_null(mlp_model_provenance(t.model));
    train(&t);
    ck_assert_ptr_nonnull(mlp_model_provenance(t.model));
    mlp_model *copy = mlp_model_copy(t.model);
    ck_assert_str_eq(mlp_model_provenance(copy), mlp_model_provenance(t.model));
    mlp_model_destroy(copy);
    train(&t); /* from where the first run ended */
    ck_assert_ptr_null(mlp_model_provenance(t.model));
    end(&t);

    begin(&t, "moons");
    mlp_model_set_layer(t.model, 0, NULL, bias);
    train(&t);
    ck_assert_ptr_null(mlp_model_provenance(t.model));
    mlp_verification found;
    mlp_error error;
    ck_assert_int_eq(mlp_verify(t.model, t.all, NULL, 1, NULL, &found, &error), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "does not tell how it was trained"));
    end(&t);

    begin(&t, "moons"); /* standardised by other data */
    ck_assert_int_eq(mlp_model_standardize(t.model, t.all, false, NULL), MLP_OK);
    train(&t);
    ck_assert_ptr_null(mlp_model_provenance(t.model));
    end(&t);
}
END_TEST

START_TEST(other_data_and_other_weights)
{
    struct task t;
    mlp_verification found;
    mlp_error error;
    mlp_dataset *other;
    begin(&t, "moons");
    train(&t);
    ck_assert_int_eq(mlp_dataset_open("blobs", MLP_TRAIN, &other, NULL), MLP_OK);
    ck_assert_int_eq(mlp_verify(t.model, other, NULL, 1, NULL, &found, &error), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "the training data have the hash"));
    mlp_dataset_destroy(other);
    ck_assert_int_eq(mlp_verify(t.model, t.all, NULL, 1, NULL, &found, NULL), MLP_OK);
    ck_assert(found.same);

    /* The same story of other weights: in the file one bit of a bias is another. */
    char *text = strdup(mlp_model_provenance(t.model));
    size_t size;
    ck_assert_int_eq(mlp_model_save(t.model, in_folder("model"), NULL), MLP_OK);
    char *bytes = get_file(in_folder("model"), &size);
    bytes[size - 4] ^= 1;
    char *fingerprint = strstr(bytes + 8, "mlp.fingerprint");
    memcpy(fingerprint, "xyz.fingerprint", 15);
    put_file(in_folder("model"), bytes, size);
    mlp_model *model;
    ck_assert_int_eq(mlp_model_load(in_folder("model"), &model, NULL), MLP_OK);
    ck_assert_str_eq(mlp_model_provenance(model), text);
    ck_assert_int_eq(mlp_verify(model, t.all, NULL, 1, NULL, &found, NULL), MLP_OK);
    ck_assert(!found.same);
    mlp_model_destroy(model);
    free(bytes);
    free(text);
    end(&t);
}
END_TEST

START_TEST(a_validation_set_of_its_own)
{
    struct task t;
    mlp_verification found;
    mlp_error error;
    mlp_dataset *test;
    begin(&t, "moons");
    ck_assert_int_eq(mlp_dataset_open("moons", MLP_TEST, &test, NULL), MLP_OK);
    mlp_held_out held_out = {.valid = test};
    t.options.restore_best = true;
    ck_assert_int_eq(mlp_train(t.model, t.all, &held_out, &t.options, NULL, NULL, NULL), MLP_OK);
    ck_assert_int_eq(mlp_verify(t.model, t.all, test, 1, NULL, &found, NULL), MLP_OK);
    ck_assert(found.same);
    ck_assert_int_eq(mlp_verify(t.model, t.all, NULL, 1, NULL, &found, &error), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "was trained with validation data of hash"));
    ck_assert_int_eq(mlp_verify(t.model, t.all, t.all, 1, NULL, &found, &error), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "the validation data have the hash"));
    mlp_dataset_destroy(test);
    end(&t);
}
END_TEST

START_TEST(every_allocation_fails)
{
    struct task t;
    mlp_verification found;
    mlp_error error;
    begin(&t, "moons");
    t.options.epochs = 1;
    train(&t);
    long live = mlp_alloc_live();
    mlp_status status = MLP_ERROR_INTERNAL;
    unsigned long n = 0;
    while (status != MLP_OK) {
        mlp_alloc_fail_at(++n, _i);
        status = mlp_verify(t.model, t.all, NULL, 1, NULL, &found, &error);
        mlp_alloc_fail_at(0, 0);
        ck_assert(status == MLP_OK || status == MLP_ERROR_INTERNAL);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
    ck_assert(found.same);
    ck_assert_uint_gt(n, 20);
    end(&t);
}
END_TEST

/* Content, not the way it is stored, makes the hash. */
START_TEST(the_hash_of_data)
{
    static const float x[] = {1, 2, 3, 4, 5, 6};
    static const uint8_t labels[] = {0, 1, 0}, others[] = {0, 1, 1};
    mlp_dataset *one, *other, *rest, *part;
    char a[33], b[33];
    ck_assert_int_eq(mlp_dataset_wrap_f32(x, labels, 3, 2, 2, &one, NULL), MLP_OK);
    mlp_dataset_hash(one, a);
    ck_assert_uint_eq(strspn(a, "0123456789abcdef"), 32);
    ck_assert_int_eq(mlp_dataset_divide(one, 0.34, 1, &rest, &part, NULL), MLP_OK);
    mlp_dataset_hash(rest, b);
    ck_assert_str_ne(a, b);
    float picked[4];
    for (size_t i = 0; i < 2; i++)
        memcpy(picked + 2 * i, mlp_dataset_f32_at(rest, i), 2 * sizeof *picked);
    ck_assert_int_eq(mlp_dataset_wrap_f32(picked, mlp_dataset_labels(rest), 2, 2, 2, &other, NULL),
                     MLP_OK);
    mlp_dataset_hash(other, a);
    ck_assert_str_eq(a, b);
    mlp_dataset_destroy(other);
    mlp_dataset_hash(one, a);
    ck_assert_int_eq(mlp_dataset_wrap_f32(x, others, 3, 2, 2, &other, NULL), MLP_OK);
    mlp_dataset_hash(other, b);
    ck_assert_str_ne(a, b);
    mlp_dataset_destroy(other);
    ck_assert_int_eq(mlp_dataset_wrap_f32(x, labels, 2, 3, 2, &other, NULL), MLP_OK);
    mlp_dataset_hash(other, b);
    ck_assert_str_ne(a, b);
    mlp_dataset_destroy(other);
    mlp_dataset_destroy(part);
    mlp_dataset_destroy(rest);
    mlp_dataset_destroy(one);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("provenance");
    TCase *tests = tcase_create("verify");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_add_loop_test(tests, every_optimizer, 0, MLP_LION + 1);
    tcase_add_test(tests, every_option);
    tcase_add_test(tests, standardised_values);
    tcase_add_loop_test(tests, runs_that_ended_early, 24, 28); /* 25 steps are an epoch */
    tcase_add_test(tests, a_run_that_went_on_tells_the_same);
    tcase_add_test(tests, weights_of_another_origin_have_none);
    tcase_add_test(tests, other_data_and_other_weights);
    tcase_add_test(tests, a_validation_set_of_its_own);
    tcase_add_loop_test(tests, every_allocation_fails, 0, 2);
    tcase_add_test(tests, the_hash_of_data);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
