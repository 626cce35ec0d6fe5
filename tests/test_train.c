/* SPDX-License-Identifier: MIT */
/* The contract: the weights after training are a function of data, settings
 * and seed alone. */
#include "nets.h"
#include "predict.h"
#include "step.h"
#include "threads.h"

#include <mlp/cpu.h>

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int thread_counts[] = {1, 2, 3, 8};

static mlp_train_options small_options(mlp_optimizer optimizer)
{
    mlp_train_options options = mlp_train_options_default();
    options.optimizer = optimizer;
    options.learning_rate = optimizer == MLP_SGD ? 0.5 : 0.01;
    options.batch = 37; /* leaves a last minibatch of 15 of the 200 samples */
    options.epochs = 2;
    options.seed = 3;
    return options;
}

/* The run that mlp_train does, but with a plan of the test's choice. */
static void train_with_plan(mlp_model *model, const mlp_dataset *data,
                            const mlp_train_options *options, enum mlp_plan plan)
{
    struct mlp_trainer *trainer;
    mlp_error error;
    mlp_status status = mlp_trainer_create(model, data, options, plan, &trainer, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
#pragma omp parallel num_threads(mlp_trainer_threads(trainer))
    for (size_t epoch = 1; epoch <= options->epochs; epoch++) {
        mlp_team_begin_epoch(trainer, epoch);
        for (size_t step = 0; step < mlp_trainer_steps(trainer); step++)
            mlp_team_step(trainer, step);
    }
    mlp_trainer_destroy(trainer);
}

static void fingerprint_of(const size_t *widths, size_t layer_count, mlp_activation activation,
                           mlp_optimizer optimizer, const mlp_dataset *data, int threads,
                           enum mlp_plan plan, char out[65])
{
    mlp_model *model = net_create(layer_count, widths, activation, 1);
    mlp_train_options options = small_options(optimizer);
    options.threads = threads;
    train_with_plan(model, data, &options, plan);
    mlp_model_fingerprint(model, out);
    mlp_model_destroy(model);
}

/* One golden value for each activation and optimizer: what every instruction
 * set, thread count and plan must give. */
static const struct golden {
    mlp_activation activation;
    mlp_optimizer optimizer;
    const char *fingerprint;
} goldens[] = {
#include "golden_fingerprints.inc"
};

static void check_golden(const struct golden *golden, const mlp_dataset *data)
{
    /* Widths that fill panels and widths that do not; the last layer is narrow,
     * so that its gradient is computed transposed. */
    static const size_t widths[] = {45, 33, 32, 5};
    for (size_t isa = 0; isa < mlp_isa_count(); isa++) {
        if (!mlp_isa_supported(isa)) {
            printf("skipped: this CPU lacks %s\n", mlp_isa_name(isa));
            continue;
        }
        use_isa(isa);
        for (size_t i = 0; i < sizeof thread_counts / sizeof *thread_counts; i++) {
            for (int plan = MLP_PLAN_SHARDED; plan <= MLP_PLAN_LAYERED; plan++) {
                char fingerprint[65];
                fingerprint_of(widths, 3, golden->activation, golden->optimizer, data,
                               thread_counts[i], (enum mlp_plan)plan, fingerprint);
                ck_assert_msg(strcmp(fingerprint, golden->fingerprint) == 0,
                              "%s, %s, %s, %d threads, plan %d: %s, expected %s", mlp_isa_name(isa),
                              mlp_activation_name(golden->activation),
                              mlp_optimizer_name(golden->optimizer), thread_counts[i], plan,
                              fingerprint, golden->fingerprint);
            }
        }
    }
}

START_TEST(golden_fingerprints)
{
    struct samples samples = samples_create(200, 45, 5, 11);
    mlp_dataset *data = samples_u8(&samples);
    check_golden(&goldens[_i], data);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

START_TEST(every_activation_and_optimizer_has_a_golden_value)
{
    for (size_t a = 0; mlp_activation_name(a); a++) {
        for (size_t o = 0; mlp_optimizer_name(o); o++) {
            int found = 0;
            for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++)
                found += goldens[i].activation == a && goldens[i].optimizer == o;
            ck_assert_msg(found == 1, "%s with %s has %d golden values", mlp_activation_name(a),
                          mlp_optimizer_name(o), found);
        }
    }
}
END_TEST

/* Minibatches longer than a block of K, so that gradients are resumed. */
START_TEST(long_minibatches_give_the_same_bits)
{
    static const size_t widths[] = {20, 40, 3};
    struct samples samples = samples_create(700, 20, 3, 12);
    mlp_dataset *data = samples_u8(&samples);
    char first[65] = "";
    for (size_t isa = 0; isa < mlp_isa_count(); isa++) {
        if (!mlp_isa_supported(isa))
            continue;
        use_isa(isa);
        for (int plan = MLP_PLAN_SHARDED; plan <= MLP_PLAN_LAYERED; plan++) {
            mlp_model *model = net_create(2, widths, MLP_RELU, 1);
            mlp_train_options options = small_options(MLP_ADAM);
            options.batch = 650;
            options.threads = 2;
            char fingerprint[65];
            train_with_plan(model, data, &options, (enum mlp_plan)plan);
            mlp_model_fingerprint(model, fingerprint);
            mlp_model_destroy(model);
            if (!*first)
                strcpy(first, fingerprint);
            ck_assert_str_eq(fingerprint, first);
        }
    }
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

START_TEST(u8_and_scaled_f32_data_give_the_same_bits)
{
    static const size_t widths[] = {30, 16, 4};
    struct samples samples = samples_create(200, 30, 4, 13);
    mlp_dataset *u8 = samples_u8(&samples), *f32 = samples_f32(&samples);
    char one[65], other[65];
    fingerprint_of(widths, 2, MLP_TANH, MLP_ADAM, u8, 2, MLP_PLAN_SHARDED, one);
    fingerprint_of(widths, 2, MLP_TANH, MLP_ADAM, f32, 2, MLP_PLAN_SHARDED, other);
    ck_assert_str_eq(one, other);
    mlp_dataset_destroy(u8);
    mlp_dataset_destroy(f32);
    samples_destroy(&samples);
}
END_TEST

/* Panels padded in every layer: training must not leak through the padding,
 * and more classes than one panel holds must work. */
START_TEST(training_learns_with_many_classes)
{
    static const size_t widths[] = {9, 50, 37};
    struct samples samples = samples_create(500, 9, 37, 14);
    mlp_dataset *data = samples_u8(&samples);
    mlp_model *model = net_create(2, widths, MLP_RELU, 1);
    mlp_train_options options = small_options(MLP_ADAM);
    options.epochs = 200;
    mlp_evaluation before, after;
    mlp_error error;
    ck_assert_int_eq(mlp_model_evaluate(model, data, 2, &before, &error), MLP_OK);
    ck_assert_int_eq(mlp_train(model, data, NULL, &options, NULL, NULL, &error), MLP_OK);
    ck_assert_int_eq(mlp_model_evaluate(model, data, 2, &after, &error), MLP_OK);
    ck_assert_uint_eq(after.count, 500);
    ck_assert_msg(after.loss < before.loss / 2, "loss %g after %g", after.loss, before.loss);
    ck_assert_msg(after.accuracy > 0.5, "accuracy %g", after.accuracy);
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

START_TEST(predictions_do_not_depend_on_the_batch)
{
    static const size_t widths[] = {45, 33, 20, 5};
    struct samples samples = samples_create(211, 45, 5, 15);
    mlp_model *model = net_create(3, widths, MLP_SIGMOID, 2);
    float *together = malloc(211 * 5 * sizeof *together), one[5];
    float first[5];
    mlp_error error;
    for (size_t isa = 0; isa < mlp_isa_count(); isa++) {
        if (!mlp_isa_supported(isa))
            continue;
        use_isa(isa);
        for (size_t i = 0; i < sizeof thread_counts / sizeof *thread_counts; i++)
            ck_assert_int_eq(
                mlp_model_predict_u8(model, samples.u8, 211, thread_counts[i], together, &error),
                MLP_OK);
        if (isa == 0)
            memcpy(first, together, sizeof first);
        ck_assert_mem_eq(together, first, sizeof first);
        for (size_t s = 0; s < 211; s++) {
            float sum = 0;
            ck_assert_int_eq(mlp_model_predict_u8(model, samples.u8 + s * 45, 1, 1, one, &error),
                             MLP_OK);
            ck_assert_mem_eq(one, together + s * 5, sizeof one);
            ck_assert_int_eq(mlp_model_predict_f32(model, samples.f32 + s * 45, 1, 2, one, &error),
                             MLP_OK);
            ck_assert_mem_eq(one, together + s * 5, sizeof one);
            for (int c = 0; c < 5; c++)
                sum += one[c];
            ck_assert_msg(fabsf(sum - 1) < 1e-5f, "probabilities add up to %g", (double)sum);
        }
        for (size_t count = 0; count < 20; count++) {
            float few[20 * 5];
            ck_assert_int_eq(mlp_model_predict_u8(model, samples.u8, count, 0, few, &error),
                             MLP_OK);
            ck_assert_mem_eq(few, together, count * 5 * sizeof *few);
        }
    }
    free(together);
    mlp_model_destroy(model);
    samples_destroy(&samples);
}
END_TEST

START_TEST(a_nan_among_the_logits_counts_as_wrong)
{
    static const size_t widths[] = {4, 3};
    struct samples samples = samples_create(10, 4, 3, 16);
    mlp_dataset *data = samples_u8(&samples);
    mlp_model *model = net_create(1, widths, MLP_RELU, 2);
    mlp_evaluation evaluation;
    const float bias[3] = {0, NAN, 0};
    mlp_model_set_layer(model, 0, NULL, bias);
    ck_assert_int_eq(mlp_model_evaluate(model, data, 1, &evaluation, NULL), MLP_OK);
    ck_assert_uint_eq(evaluation.correct, 0);
    ck_assert(isnan(evaluation.loss));
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

/* --- Callbacks ------------------------------------------------------------ */

struct watch {
    size_t epochs, stop_after;
    size_t steps, stop_step;
    double accuracy, loss;
};

static bool watch_epoch(const mlp_progress *progress, void *user)
{
    struct watch *watch = user;
    watch->epochs++;
    watch->accuracy = progress->test_accuracy;
    watch->loss = progress->loss;
    ck_assert_uint_eq(progress->epoch, watch->epochs);
    ck_assert_uint_eq(progress->samples_done, progress->samples);
    return watch->epochs != watch->stop_after;
}

static bool watch_step(const mlp_progress *progress, void *user)
{
    struct watch *watch = user;
    watch->steps++;
    ck_assert_uint_gt(progress->samples_done, 0);
    ck_assert_uint_lt(progress->samples_done, progress->samples);
    ck_assert(isfinite(progress->loss));
    return watch->steps != watch->stop_step;
}

START_TEST(callbacks_see_every_epoch_and_can_stop)
{
    static const size_t widths[] = {45, 33, 5};
    struct samples samples = samples_create(200, 45, 5, 17);
    mlp_dataset *data = samples_u8(&samples);
    mlp_model *model = net_create(2, widths, MLP_RELU, 1);
    mlp_train_options options = small_options(MLP_ADAM);
    options.epochs = 7;
    options.threads = 3;
    struct watch watch = {.stop_after = 4};
    mlp_callbacks callbacks = {.epoch = watch_epoch, .user = &watch};
    mlp_train_result result;
    mlp_error error;
    ck_assert_int_eq(mlp_train(model, data, data, &options, &callbacks, &result, &error), MLP_OK);
    ck_assert_uint_eq(watch.epochs, 4);
    ck_assert_uint_eq(result.epochs, 4);
    ck_assert(result.stopped);
    ck_assert_int_eq(result.threads, 3);
    mlp_evaluation evaluation;
    ck_assert_int_eq(mlp_model_evaluate(model, data, 1, &evaluation, &error), MLP_OK);
    ck_assert_double_eq(watch.accuracy, evaluation.accuracy);

    watch = (struct watch){0};
    ck_assert_int_eq(mlp_train(model, data, NULL, &options, &callbacks, &result, &error), MLP_OK);
    ck_assert_uint_eq(watch.epochs, 7);
    ck_assert(!result.stopped);
    ck_assert_double_lt(watch.accuracy, 0);
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

START_TEST(a_step_callback_can_stop_within_an_epoch)
{
    static const size_t widths[] = {200, 300, 10};
    struct samples samples = samples_create(3000, 200, 10, 18);
    mlp_dataset *data = samples_u8(&samples);
    mlp_model *model = net_create(2, widths, MLP_RELU, 1);
    mlp_train_options options = small_options(MLP_ADAM);
    options.batch = 1; /* epochs that last long enough for several calls */
    options.epochs = 1000;
    options.threads = 2;
    struct watch watch = {.stop_step = 2};
    mlp_callbacks callbacks = {.step = watch_step, .user = &watch};
    mlp_train_result result;
    mlp_error error;
    ck_assert_int_eq(mlp_train(model, data, NULL, &options, &callbacks, &result, &error), MLP_OK);
    ck_assert_uint_eq(watch.steps, 2);
    ck_assert(result.stopped);
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

/* --- Bad input ------------------------------------------------------------ */

static mlp_status try_options(const mlp_train_options *options, mlp_error *error)
{
    static const size_t widths[] = {6, 3};
    struct samples samples = samples_create(10, 6, 3, 19);
    mlp_dataset *data = samples_u8(&samples);
    mlp_model *model = net_create(1, widths, MLP_RELU, 1);
    mlp_status status = mlp_train(model, data, NULL, options, NULL, NULL, error);
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
    return status;
}

START_TEST(options_out_of_range_are_refused)
{
    mlp_train_options good = mlp_train_options_default();
    good.batch = 10;
    good.epochs = 1;
    mlp_error error;
    ck_assert_int_eq(try_options(&good, &error), MLP_OK);

#define REFUSED(change)                                                                            \
    do {                                                                                           \
        mlp_train_options o = good;                                                                \
        o.change;                                                                                  \
        ck_assert_int_eq(try_options(&o, &error), MLP_ERROR_USAGE);                                \
        ck_assert_uint_gt(strlen(error.message), 10);                                              \
    } while (0)
    REFUSED(batch = 0);
    REFUSED(batch = 11);
    REFUSED(learning_rate = 0);
    REFUSED(learning_rate = -1);
    REFUSED(learning_rate = NAN);
    REFUSED(learning_rate = INFINITY);
    REFUSED(learning_rate = 1e300); /* no float */
    REFUSED(learning_rate = 1e-300);
    REFUSED(beta1 = 1);
    REFUSED(beta2 = -0.1);
    REFUSED(epsilon = 0);
    REFUSED(epsilon = 1e-50);
    REFUSED(threads = -1);
    REFUSED(threads = MLP_MAX_THREADS + 1);
    REFUSED(optimizer = (mlp_optimizer)99);
#undef REFUSED
}
END_TEST

START_TEST(data_that_do_not_fit_are_refused)
{
    static const size_t widths[] = {6, 3};
    struct samples fits = samples_create(10, 6, 3, 20);
    struct samples wide = samples_create(10, 7, 3, 20), many = samples_create(10, 6, 4, 20);
    mlp_dataset *good = samples_u8(&fits), *bad[] = {samples_u8(&wide), samples_u8(&many)};
    mlp_model *model = net_create(1, widths, MLP_RELU, 1);
    mlp_train_options options = mlp_train_options_default();
    options.batch = 5;
    mlp_evaluation evaluation;
    mlp_error error;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(mlp_train(model, bad[i], NULL, &options, NULL, NULL, &error),
                         MLP_ERROR_DATA);
        ck_assert_int_eq(mlp_train(model, good, bad[i], &options, NULL, NULL, &error),
                         MLP_ERROR_DATA);
        ck_assert_int_eq(mlp_model_evaluate(model, bad[i], 1, &evaluation, &error), MLP_ERROR_DATA);
        mlp_dataset_destroy(bad[i]);
    }
    mlp_dataset_destroy(good);
    mlp_model_destroy(model);
    samples_destroy(&fits);
    samples_destroy(&wide);
    samples_destroy(&many);
}
END_TEST

START_TEST(training_that_diverges_says_so)
{
    static const size_t widths[] = {6, 8, 3};
    struct samples samples = samples_create(20, 6, 3, 21);
    mlp_dataset *data = samples_u8(&samples);
    mlp_model *model = net_create(2, widths, MLP_RELU, 1);
    mlp_train_options options = mlp_train_options_default();
    options.optimizer = MLP_SGD;
    options.learning_rate = 1e38;
    options.batch = 5;
    mlp_error error;
    ck_assert_int_eq(mlp_train(model, data, data, &options, NULL, NULL, &error),
                     MLP_ERROR_DIVERGED);
    ck_assert_ptr_nonnull(strstr(error.message, "epoch"));
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

static bool stop_at_once(const mlp_progress *progress, void *user)
{
    (void)progress;
    (void)user;
    return false;
}

/* The last step's update overflows: no loss tells, the weights do. */
START_TEST(weights_that_diverge_in_the_last_step_are_found)
{
    static const size_t widths[] = {6, 8, 3};
    struct samples samples = samples_create(20, 6, 3, 21);
    mlp_dataset *data = samples_u8(&samples);
    mlp_callbacks callbacks = {.epoch = stop_at_once};
    for (int stops = 0; stops < 2; stops++) {
        mlp_model *model = net_create(2, widths, MLP_RELU, 1);
        float weight[6 * 8];
        mlp_model_get_layer(model, 0, weight, NULL);
        for (size_t i = 0; i < sizeof weight / sizeof *weight; i++)
            weight[i] = fabsf(weight[i]) * 1e3f;
        mlp_model_set_layer(model, 0, weight, NULL);
        mlp_train_options options = mlp_train_options_default();
        options.optimizer = MLP_SGD;
        options.learning_rate = 3e38;
        options.batch = 20;
        options.epochs = stops ? 9 : 1;
        mlp_error error;
        ck_assert_int_eq(
            mlp_train(model, data, NULL, &options, stops ? &callbacks : NULL, NULL, &error),
            MLP_ERROR_DIVERGED);
        ck_assert_ptr_nonnull(strstr(error.message, "weights that are not finite"));
        mlp_model_destroy(model);
    }
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

START_TEST(default_threads_follow_the_environment)
{
    setenv("OMP_NUM_THREADS", "3", 1);
    ck_assert_int_eq(mlp_default_threads(), 3);
    setenv("OMP_NUM_THREADS", "5,2", 1);
    ck_assert_int_eq(mlp_default_threads(), 5);
    unsetenv("OMP_NUM_THREADS");
    int computed = mlp_default_threads();
    ck_assert_int_ge(computed, 1);
    static const char *const bad[] = {"abc", "0", "-2", "4x", "", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("OMP_NUM_THREADS", bad[i], 1);
        ck_assert_int_eq(mlp_default_threads(), computed);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("train");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, golden_fingerprints, 0, (int)(sizeof goldens / sizeof *goldens));
    tcase_add_test(tcase, every_activation_and_optimizer_has_a_golden_value);
    tcase_add_test(tcase, long_minibatches_give_the_same_bits);
    tcase_add_test(tcase, u8_and_scaled_f32_data_give_the_same_bits);
    tcase_add_test(tcase, training_learns_with_many_classes);
    tcase_add_test(tcase, predictions_do_not_depend_on_the_batch);
    tcase_add_test(tcase, a_nan_among_the_logits_counts_as_wrong);
    tcase_add_test(tcase, callbacks_see_every_epoch_and_can_stop);
    tcase_add_test(tcase, a_step_callback_can_stop_within_an_epoch);
    tcase_add_test(tcase, options_out_of_range_are_refused);
    tcase_add_test(tcase, data_that_do_not_fit_are_refused);
    tcase_add_test(tcase, training_that_diverges_says_so);
    tcase_add_test(tcase, weights_that_diverge_in_the_last_step_are_found);
    tcase_add_test(tcase, default_threads_follow_the_environment);
    Suite *suite = suite_create("train");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
