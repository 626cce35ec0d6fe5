/* SPDX-License-Identifier: MIT */
/* The contract: the weights after training are a function of data, settings
 * and seed alone. */
#include "model.h"
#include "nets.h"
#include "predict.h"
#include "step.h"
#include "suite.h"
#include "threads.h"

#include <mlp/cpu.h>

#include <check.h>
#include <math.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int thread_counts[] = {1, 2, 3, 8};

static mlp_train_options small_options(mlp_optimizer optimizer)
{
    mlp_train_options options = mlp_train_options_default();
    mlp_optimizer_defaults(optimizer, &options);
    options.learning_rate = optimizer == MLP_LION ? 0.001 : 0.01;
    options.batch = 37; /* leaves a last minibatch of 10 of 84 samples */
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
    bool good = true;
    mlp_status status = mlp_trainer_create(model, data, options, plan, &trainer, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
#pragma omp parallel num_threads(mlp_trainer_threads(trainer))
    for (size_t epoch = 1; epoch <= options->epochs; epoch++) {
        mlp_team_begin_epoch(trainer, epoch);
        for (size_t step = 0; step < mlp_trainer_steps(trainer); step++) {
            if (!mlp_team_step(trainer, step))
                good = false;
        }
    }
    mlp_trainer_destroy(trainer);
    ck_assert_msg(good, "a step was not taken");
}

/* What a run is made of. */
struct setup {
    mlp_activation activation; /* of two hidden layers */
    mlp_norm norm;
    float dropout;
    mlp_loss loss;
    mlp_train_options options;
};

/* Widths that fill panels and widths that do not; the last layer is narrow, so that its
 * gradient is computed transposed. */
static void fingerprint_of(const struct setup *setup, const mlp_dataset *data, int threads,
                           enum mlp_plan plan, char out[65])
{
    const mlp_layer_spec hidden = {
        .activation = setup->activation, .norm = setup->norm, .dropout = setup->dropout};
    mlp_layer_spec layers[] = {hidden, hidden, {.units = 5}};
    layers[0].units = 17;
    layers[1].units = 16;
    mlp_spec spec = {
        .inputs = 18, .layer_count = 3, .layers = layers, .loss = setup->loss, .init_scale = 1};
    mlp_model *model;
    mlp_error error;
    mlp_status status = mlp_model_create(&spec, 1, &model, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    mlp_train_options options = setup->options;
    options.threads = threads;
    train_with_plan(model, data, &options, plan);
    ck_assert(mlp_model_is_finite(model));
    mlp_model_fingerprint(model, out);
    mlp_model_destroy(model);
}

static void expect_fingerprint(const struct setup *setup, const mlp_dataset *data, size_t isa,
                               int threads, enum mlp_plan plan, const char *expected)
{
    char found[65];
    use_isa(isa);
    fingerprint_of(setup, data, threads, plan, found);
    ck_assert_msg(strcmp(found, expected) == 0,
                  "%s, %s, %s, %s, %s, dropout %g, %d threads, plan %d: %s, expected %s",
                  mlp_isa_name(isa), mlp_activation_name(setup->activation),
                  mlp_norm_name(setup->norm), mlp_loss_name(setup->loss),
                  mlp_optimizer_name(setup->options.optimizer), (double)setup->dropout, threads,
                  (int)plan, found, expected);
}

/* The fingerprint that C gives on one thread. */
static void first_fingerprint(const struct setup *setup, const mlp_dataset *data, char out[65])
{
    use_isa(0);
    fingerprint_of(setup, data, 1, MLP_PLAN_SHARDED, out);
}

enum { THREAD_COUNTS = sizeof thread_counts / sizeof *thread_counts };

/* The fingerprint of a setup, which every instruction set, thread count and plan must give:
 * each is met at least once, in combinations that `turn` rotates. */
static void common_fingerprint(const struct setup *setup, const mlp_dataset *data, size_t turn,
                               char out[65])
{
    size_t runs = mlp_isa_count() > THREAD_COUNTS ? mlp_isa_count() : THREAD_COUNTS;
    first_fingerprint(setup, data, out);
    for (size_t i = 0; i < runs; i++) {
        size_t isa = (i + turn) % mlp_isa_count();
        if (mlp_isa_supported(isa))
            expect_fingerprint(setup, data, isa, thread_counts[i % THREAD_COUNTS],
                               (i + turn / 2) % 2 ? MLP_PLAN_LAYERED : MLP_PLAN_SHARDED, out);
    }
}

/* The same in all combinations. */
static void thorough_fingerprint(const struct setup *setup, const mlp_dataset *data, char out[65])
{
    first_fingerprint(setup, data, out);
    for (size_t isa = 0; isa < mlp_isa_count(); isa++) {
        for (size_t i = 0; mlp_isa_supported(isa) && i < THREAD_COUNTS; i++) {
            for (int plan = MLP_PLAN_SHARDED; plan <= MLP_PLAN_LAYERED; plan++)
                expect_fingerprint(setup, data, isa, thread_counts[i], (enum mlp_plan)plan, out);
        }
    }
}

/* One golden value for each activation and optimizer, over all losses: what every machine must
 * give. */
static const struct golden {
    mlp_activation activation;
    mlp_optimizer optimizer;
    const char *fingerprint;
} goldens[] = {
#include "golden_fingerprints.inc"
};

static const char *golden_of(mlp_activation activation, mlp_optimizer optimizer)
{
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        if (goldens[i].activation == activation && goldens[i].optimizer == optimizer)
            return goldens[i].fingerprint;
    }
    return "none: add it to golden_fingerprints.inc";
}

/* _i numbers the activations and optimizers. */
START_TEST(golden_fingerprints)
{
    size_t optimizers = 0;
    while (mlp_optimizer_name(optimizers))
        optimizers++;
    struct setup setup = {
        .activation = (mlp_activation)((size_t)_i / optimizers),
        .options = small_options((mlp_optimizer)((size_t)_i % optimizers)),
    };
    struct samples samples = samples_create(84, 18, 5, 11);
    mlp_dataset *data = samples_u8(&samples);
    SHA256_CTX hash;
    SHA256Init(&hash);
    for (size_t loss = 0; mlp_loss_name(loss); loss++) {
        char fingerprint[65];
        setup.loss = (mlp_loss)loss;
        common_fingerprint(&setup, data, (size_t)_i + loss, fingerprint);
        SHA256Update(&hash, (const uint8_t *)fingerprint, 64);
    }
    char found[65];
    SHA256End(&hash, found);
    const char *expected = golden_of(setup.activation, setup.options.optimizer);
    ck_assert_msg(strcmp(found, expected) == 0, "%s with %s gives %s, expected %s",
                  mlp_activation_name(setup.activation),
                  mlp_optimizer_name(setup.options.optimizer), found, expected);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

/* Each norm in every combination: what a newcomer is most likely to get wrong. */
START_TEST(every_combination_gives_the_same_bits)
{
    struct samples samples = samples_create(84, 18, 5, 11);
    mlp_dataset *data = samples_u8(&samples);
    struct setup setup = {
        .activation = MLP_GELU,
        .norm = (mlp_norm)_i,
        .dropout = 0.1f,
        .options = small_options(MLP_ADAM),
    };
    char fingerprint[65];
    thorough_fingerprint(&setup, data, fingerprint);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

/* _i numbers the activations. */
START_TEST(normalisation_and_dropout_give_the_same_bits)
{
    struct samples samples = samples_create(84, 18, 5, 11);
    mlp_dataset *data = samples_u8(&samples);
    for (size_t norm = 0; mlp_norm_name(norm); norm++) {
        for (int dropout = 0; dropout < 2; dropout++) {
            struct setup setup = {
                .activation = (mlp_activation)_i,
                .norm = (mlp_norm)norm,
                .dropout = dropout ? 0.3f : 0,
                .options = small_options(MLP_ADAM),
            };
            char fingerprint[65];
            if (norm == MLP_NORM_BATCH && setup.activation == MLP_SOFTMAX)
                continue; /* refused */
            common_fingerprint(&setup, data, norm * 2 + (size_t)dropout + (size_t)_i, fingerprint);
        }
    }
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

/* What comes between gradient and optimizer, and what weighs samples. */
START_TEST(regularisation_gives_the_same_bits)
{
    static const float weights[5] = {1, 2, 0.5f, 1, 3};
    struct samples samples = samples_create(84, 18, 5, 11);
    mlp_dataset *data = samples_u8(&samples);
    char none[65], seen[9][65];
    struct setup plain = {.activation = MLP_RELU, .options = small_options(MLP_MOMENTUM)};
    thorough_fingerprint(&plain, data, none);
    for (int i = 0; i < 9; i++) {
        struct setup setup = plain;
        mlp_train_options *o = &setup.options;
        switch (i) {
        case 0:
            o->l1 = 0.001;
            break;
        case 1:
            o->l2 = 0.01;
            break;
        case 2:
            o->clip_value = 0.001;
            break;
        case 3:
            o->clip_norm = 0.1;
            break;
        case 4:
            o->label_smoothing = 0.1;
            break;
        case 5:
            o->balanced = true;
            break;
        case 6:
            o->class_weights = weights;
            break;
        case 7:
            o->shuffle = false;
            break;
        default:
            o->l1 = o->l2 = 0.001;
            o->clip_value = 0.01;
            o->clip_norm = 0.05;
            o->class_weights = weights;
            o->label_smoothing = 0.2;
        }
        common_fingerprint(&setup, data, (size_t)i, seen[i]);
        ck_assert_str_ne(seen[i], none); /* it has an effect */
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(seen[i], seen[j]);
    }
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

/* A limit that no gradient reaches takes the careful way and changes no bit. */
START_TEST(a_careful_step_gives_the_bits_of_a_fused_one)
{
    struct samples samples = samples_create(84, 18, 5, 11);
    mlp_dataset *data = samples_u8(&samples);
    for (size_t o = 0; mlp_optimizer_name(o); o++) {
        struct setup setup = {.activation = MLP_TANH, .options = small_options((mlp_optimizer)o)};
        char fused[65], careful[65], prepared[65];
        fingerprint_of(&setup, data, 2, MLP_PLAN_SHARDED, fused);
        setup.options.clip_norm = 1e30;
        fingerprint_of(&setup, data, 2, MLP_PLAN_SHARDED, careful);
        setup.options.clip_norm = 0;
        setup.options.clip_value = 1e30;
        fingerprint_of(&setup, data, 2, MLP_PLAN_SHARDED, prepared);
        ck_assert_str_eq(careful, fused);
        ck_assert_str_eq(prepared, fused);
    }
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
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
    struct samples samples = samples_create(84, 18, 5, 13);
    mlp_dataset *u8 = samples_u8(&samples), *f32 = samples_f32(&samples);
    struct setup setup = {.activation = MLP_TANH, .options = small_options(MLP_ADAM)};
    char one[65], other[65];
    fingerprint_of(&setup, u8, 2, MLP_PLAN_SHARDED, one);
    fingerprint_of(&setup, f32, 2, MLP_PLAN_SHARDED, other);
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
    watch->accuracy = progress->test_score;
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
    mlp_held_out held_out = {.test = data};
    mlp_train_result result;
    mlp_error error;
    ck_assert_int_eq(mlp_train(model, data, &held_out, &options, &callbacks, &result, &error),
                     MLP_OK);
    ck_assert_uint_eq(watch.epochs, 4);
    ck_assert_uint_eq(result.epochs, 4);
    ck_assert_int_eq(result.stop, MLP_STOP_CALLBACK);
    ck_assert_int_eq(result.threads, 3);
    mlp_evaluation evaluation;
    ck_assert_int_eq(mlp_model_evaluate(model, data, 1, &evaluation, &error), MLP_OK);
    ck_assert_double_eq(watch.accuracy, evaluation.accuracy);

    watch = (struct watch){0};
    ck_assert_int_eq(mlp_train(model, data, NULL, &options, &callbacks, &result, &error), MLP_OK);
    ck_assert_uint_eq(watch.epochs, 7);
    ck_assert_int_eq(result.stop, MLP_STOP_EPOCHS);
    ck_assert(isnan(watch.accuracy));
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
    ck_assert_int_eq(result.stop, MLP_STOP_CALLBACK);
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
    REFUSED(weight_decay = -1);
    REFUSED(weight_decay = 1e9); /* more than all of a weight at once */
    REFUSED(l1 = -1);
    REFUSED(l2 = NAN);
    REFUSED(clip_value = -1);
    REFUSED(clip_norm = INFINITY);
    REFUSED(label_smoothing = 1);
    REFUSED(label_smoothing = -0.1);
    REFUSED(class_weights = ((const float[]){1, -1, 1}));
    REFUSED(class_weights = ((const float[]){1, NAN, 1}));
    REFUSED(schedule.kind = (mlp_schedule_kind)99);
    REFUSED(schedule = ((mlp_schedule){.kind = MLP_SCHEDULE_STEP, .every = 0, .factor = 0.5}));
    REFUSED(schedule = ((mlp_schedule){.kind = MLP_SCHEDULE_COSINE, .floor = 2}));
    REFUSED(monitor = (mlp_monitor)99);
    REFUSED(monitor = MLP_MONITOR_SCORE); /* of what? */
    REFUSED(target_score = 0.5);
    REFUSED(min_delta = -1);
    REFUSED(max_seconds = -1);
    REFUSED(max_seconds = NAN);
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
        const mlp_held_out test = {.test = bad[i]}, valid = {.valid = bad[i]};
        ck_assert_int_eq(mlp_train(model, good, &test, &options, NULL, NULL, &error),
                         MLP_ERROR_DATA);
        ck_assert_int_eq(mlp_train(model, good, &valid, &options, NULL, NULL, &error),
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

/* --- The guard ------------------------------------------------------------------ */

/* Trains until it fails; the weights afterwards are those before the step that failed, and are
 * finite. The message names what is in `words`. */
static void expect_divergence(const mlp_dataset *data, mlp_model *model,
                              const mlp_train_options *options, const char *const words[])
{
    mlp_train_result result;
    mlp_error error;
    ck_assert_int_eq(mlp_train(model, data, NULL, options, NULL, &result, &error),
                     MLP_ERROR_DIVERGED);
    ck_assert_int_eq(result.stop, MLP_STOP_DIVERGED);
    for (size_t i = 0; words[i]; i++)
        ck_assert_msg(strstr(error.message, words[i]) != NULL, "'%s' lacks '%s'", error.message,
                      words[i]);
    ck_assert(mlp_model_is_finite(model));
    char word[32];
    snprintf(word, sizeof word, "step %zu of", result.steps + 1);
    ck_assert_msg(strstr(error.message, word) != NULL, "%s: %s", word, error.message);
}

static const size_t guarded[] = {6, 8, 3};

START_TEST(training_that_diverges_says_so)
{
    static const char *const words[] = {"epoch", "layer", "smaller learning rate", NULL};
    struct samples samples = samples_create(20, 6, 3, 21);
    mlp_dataset *data = samples_u8(&samples);
    for (int careful = 0; careful < 2; careful++) {
        mlp_model *model = net_create(2, guarded, MLP_RELU, 1);
        mlp_train_options options = mlp_train_options_default();
        options.optimizer = MLP_SGD;
        options.learning_rate = 1e25;
        options.batch = 5;
        options.clip_norm = careful ? 1e30 : 0;
        expect_divergence(data, model, &options, words);
        mlp_model_destroy(model);
    }
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

/* The step's own gradient would overflow the weights: no loss tells. */
START_TEST(an_update_that_overflows_is_not_made)
{
    static const char *const words[] = {"overflow", NULL};
    struct samples samples = samples_create(20, 6, 3, 21);
    mlp_dataset *data = samples_u8(&samples);
    mlp_model *model = net_create(2, guarded, MLP_RELU, 1);
    float weight[6 * 8], after[6 * 8];
    mlp_model_get_layer(model, 0, weight, NULL);
    for (size_t i = 0; i < sizeof weight / sizeof *weight; i++)
        weight[i] = fabsf(weight[i]) * 1e3f;
    mlp_model_set_layer(model, 0, weight, NULL);
    mlp_train_options options = mlp_train_options_default();
    options.optimizer = MLP_SGD;
    options.learning_rate = 3e38;
    options.batch = 20;
    options.epochs = 1;
    expect_divergence(data, model, &options, words);
    mlp_model_get_layer(model, 0, after, NULL);
    ck_assert_mem_eq(weight, after, sizeof weight);
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

/* Activations that overflow to minus infinity give 0 behind a ReLU and a finite loss; their
 * products do not. */
START_TEST(what_hides_behind_a_relu_is_found)
{
    static const char *const words[] = {"activations of layer 0", NULL};
    static const size_t widths[] = {6, 8, 4, 3};
    struct samples samples = samples_create(20, 6, 3, 21);
    mlp_dataset *data = samples_u8(&samples);
    mlp_model *model = net_create(3, widths, MLP_RELU, 1);
    float first[6 * 8], second[8 * 4], bias[8];
    for (int i = 0; i < 48; i++)
        first[i] = 3e38f;
    for (int i = 0; i < 32; i++)
        second[i] = -1;
    for (int i = 0; i < 8; i++)
        bias[i] = 3e38f;
    mlp_model_set_layer(model, 0, first, bias);
    mlp_model_set_layer(model, 1, second, NULL);
    mlp_train_options options = mlp_train_options_default();
    options.batch = 20;
    expect_divergence(data, model, &options, words);
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

/* An infinite variance would make 0 of all values, and stay in the model. */
START_TEST(a_variance_that_overflows_is_found)
{
    static const char *const words[] = {"activations of layer 0", NULL};
    const mlp_layer_spec layers[] = {{.units = 8, .activation = MLP_RELU, .norm = (mlp_norm)_i},
                                     {.units = 3}};
    const mlp_spec spec = {.inputs = 6, .layer_count = 2, .layers = layers};
    struct samples samples = samples_create(20, 6, 3, 21);
    for (size_t i = 0; i < 20 * 6; i++)
        samples.f32[i] *= 1e25f;
    mlp_dataset *data = samples_f32(&samples);
    mlp_model *model;
    char before[65], after[65];
    ck_assert_int_eq(mlp_model_create(&spec, 1, &model, NULL), MLP_OK);
    mlp_model_fingerprint(model, before);
    mlp_train_options options = mlp_train_options_default();
    options.batch = 10;
    expect_divergence(data, model, &options, words);
    mlp_model_fingerprint(model, after);
    ck_assert_str_eq(before, after);
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

/* Scales so small that the gradient of what comes before them is none to worry about, and theirs
 * is: its square would overflow in Adam's second moment. */
START_TEST(gradients_of_scales_are_looked_at)
{
    static const char *const words[] = {"overflow", NULL};
    struct samples samples = samples_create(20, 6, 3, 21);
    mlp_dataset *data = samples_u8(&samples);
    for (int norm = MLP_NORM_LAYER; norm <= MLP_NORM_BATCH; norm++) {
        const mlp_layer_spec layers[] = {
            {.units = 8, .activation = MLP_TANH, .norm = (mlp_norm)norm}, {.units = 3}};
        const mlp_spec spec = {.inputs = 6, .layer_count = 2, .layers = layers};
        mlp_model *model;
        ck_assert_int_eq(mlp_model_create(&spec, 1, &model, NULL), MLP_OK);
        float scale[8], weight[3 * 8];
        for (int i = 0; i < 8; i++)
            scale[i] = 1e-25f;
        for (int i = 0; i < 24; i++)
            weight[i] = (i % 5 < 2 ? 1e25f : -1e25f) * (float)(1 + i % 3);
        mlp_model_set_norm(model, 0, scale, NULL, NULL, NULL);
        mlp_model_set_layer(model, 1, weight, NULL);
        mlp_train_options options = mlp_train_options_default();
        options.batch = 20;
        options.epochs = 1;
        expect_divergence(data, model, &options, words);
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
    int activations = 0, optimizers = 0;
    while (mlp_activation_name((size_t)activations))
        activations++;
    while (mlp_optimizer_name((size_t)optimizers))
        optimizers++;
    tcase_add_loop_test(tcase, golden_fingerprints, 0, activations * optimizers);
    tcase_add_loop_test(tcase, normalisation_and_dropout_give_the_same_bits, 0, activations);
    tcase_add_loop_test(tcase, every_combination_gives_the_same_bits, MLP_NORM_NONE,
                        MLP_NORM_BATCH + 1);
    tcase_add_test(tcase, regularisation_gives_the_same_bits);
    tcase_add_test(tcase, a_careful_step_gives_the_bits_of_a_fused_one);
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
    tcase_add_test(tcase, an_update_that_overflows_is_not_made);
    tcase_add_test(tcase, what_hides_behind_a_relu_is_found);
    tcase_add_test(tcase, gradients_of_scales_are_looked_at);
    tcase_add_loop_test(tcase, a_variance_that_overflows_is_found, MLP_NORM_NONE + 1,
                        MLP_NORM_BATCH + 1);
    tcase_add_test(tcase, default_threads_follow_the_environment);
    Suite *suite = suite_create("train");
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
