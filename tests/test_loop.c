/* SPDX-License-Identifier: MIT */
/* What happens around the steps of a run: validation, stopping, schedules, the perceptron. */
#include "nets.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <math.h>
#include <string.h>

/* --- A small run ------------------------------------------------------------------ */

struct history {
    size_t epochs;
    double loss[400], valid_loss[400], valid_score[400], rate[400];
    bool best[400];
    char fingerprint[400][65];
};

static bool remember(const mlp_progress *now, void *user)
{
    struct history *h = user;
    size_t i = h->epochs++;
    ck_assert_uint_lt(i, 400);
    h->loss[i] = now->loss;
    h->valid_loss[i] = now->valid_loss;
    h->valid_score[i] = now->valid_score;
    h->rate[i] = now->learning_rate;
    h->best[i] = now->best;
    mlp_model_fingerprint(now->model, h->fingerprint[i]);
    return true;
}

static mlp_dataset *open_set(const char *name, mlp_split split)
{
    mlp_dataset *data;
    mlp_error error;
    mlp_status status = mlp_dataset_open(name, split, &data, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return data;
}

static mlp_model *make(const mlp_spec *spec, uint64_t seed)
{
    mlp_model *model;
    mlp_error error;
    mlp_status status = mlp_model_create(spec, seed, &model, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return model;
}

/* A net that two hidden units of tanh make hard to overfit quickly, on noisy moons. */
struct run {
    mlp_dataset *all, *train, *valid, *test;
    mlp_model *model;
    mlp_train_options options;
    struct history history;
    mlp_train_result result;
};

static void set_up(struct run *run)
{
    static const mlp_layer_spec layers[] = {{.units = 16, .activation = MLP_TANH}, {.units = 2}};
    const mlp_spec spec = {.inputs = 2, .layer_count = 2, .layers = layers};
    memset(run, 0, sizeof *run);
    run->all = open_set("moons", MLP_TRAIN);
    run->test = open_set("moons", MLP_TEST);
    ck_assert_int_eq(mlp_dataset_divide(run->all, 0.25, 7, &run->train, &run->valid, NULL), MLP_OK);
    run->model = make(&spec, 1);
    run->options = mlp_train_options_default();
    run->options.batch = 50;
    run->options.epochs = 20;
    run->options.learning_rate = 0.05;
}

static void tear_down(struct run *run)
{
    mlp_model_destroy(run->model);
    mlp_dataset_destroy(run->train);
    mlp_dataset_destroy(run->valid);
    mlp_dataset_destroy(run->test);
    mlp_dataset_destroy(run->all);
}

static void train(struct run *run)
{
    mlp_held_out held_out = {.valid = run->valid, .test = run->test};
    mlp_callbacks callbacks = {.epoch = remember, .user = &run->history};
    mlp_error error;
    run->history.epochs = 0;
    mlp_status status = mlp_train(run->model, run->train, &held_out, &run->options, &callbacks,
                                  &run->result, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    ck_assert_uint_eq(run->history.epochs, run->result.epochs);
}

/* --- Validation and stopping ------------------------------------------------------ */

START_TEST(validation_is_reported_as_evaluation_finds_it)
{
    struct run run;
    mlp_evaluation found;
    set_up(&run);
    train(&run);
    ck_assert_int_eq(mlp_model_evaluate(run.model, run.valid, 1, &found, NULL), MLP_OK);
    size_t last = run.history.epochs - 1;
    ck_assert_double_eq(found.loss, run.history.valid_loss[last]);
    ck_assert_double_eq(found.accuracy, run.history.valid_score[last]);
    ck_assert_int_eq(run.result.stop, MLP_STOP_EPOCHS);
    ck_assert_uint_eq(run.result.steps, 20 * 15);
    /* It decides nothing here. */
    char with[65], without[65];
    mlp_model_fingerprint(run.model, with);
    tear_down(&run);
    set_up(&run);
    mlp_dataset_destroy(run.valid);
    run.valid = NULL;
    train(&run);
    mlp_model_fingerprint(run.model, without);
    ck_assert_str_eq(with, without);
    tear_down(&run);
}
END_TEST

/* Stops `patience` epochs after the best one, by either monitor, and ends with its weights. */
START_TEST(patience_stops_and_restores_the_best)
{
    struct run run;
    set_up(&run);
    run.options.epochs = 400;
    run.options.patience = 5;
    run.options.restore_best = true;
    run.options.monitor = (mlp_monitor)_i;
    train(&run);
    const struct history *h = &run.history;
    ck_assert_int_eq(run.result.stop, MLP_STOP_PATIENCE);
    size_t best = 0;
    for (size_t i = 1; i < h->epochs; i++) {
        bool better = _i == MLP_MONITOR_LOSS ? h->valid_loss[i] < h->valid_loss[best]
                                             : h->valid_score[i] > h->valid_score[best];
        ck_assert_int_eq(h->best[i], better);
        best = better ? i : best;
    }
    ck_assert_uint_eq(run.result.best_epoch, best + 1);
    ck_assert_uint_eq(run.result.epochs, best + 1 + 5);
    ck_assert(run.result.restored);
    char fingerprint[65];
    mlp_model_fingerprint(run.model, fingerprint);
    ck_assert_str_eq(fingerprint, h->fingerprint[best]);
    tear_down(&run);
}
END_TEST

START_TEST(min_delta_decides_what_is_better)
{
    struct run run;
    set_up(&run);
    run.options.patience = 3;
    run.options.min_delta = 100; /* nothing after the first epoch is that much better */
    train(&run);
    ck_assert_uint_eq(run.result.best_epoch, 1);
    ck_assert_uint_eq(run.result.epochs, 4);
    ck_assert(!run.result.restored);
    tear_down(&run);
}
END_TEST

START_TEST(a_target_score_stops)
{
    struct run run;
    set_up(&run);
    run.options.epochs = 400;
    run.options.target_score = 0.95;
    train(&run);
    size_t last = run.history.epochs - 1;
    ck_assert_int_eq(run.result.stop, MLP_STOP_TARGET);
    ck_assert_double_ge(run.history.valid_score[last], 0.95);
    for (size_t i = 0; i < last; i++)
        ck_assert_double_lt(run.history.valid_score[i], 0.95);
    tear_down(&run);
}
END_TEST

/* A budget that the first step uses up ends the run after it, with usable weights. */
START_TEST(a_time_budget_ends_the_run_cleanly)
{
    struct run run;
    set_up(&run);
    run.options.max_seconds = 1e-9;
    train(&run);
    ck_assert_int_eq(run.result.stop, MLP_STOP_TIME);
    ck_assert_uint_eq(run.result.epochs, 0);
    ck_assert_uint_eq(run.result.steps, 1);
    mlp_evaluation found;
    ck_assert_int_eq(mlp_model_evaluate(run.model, run.test, 1, &found, NULL), MLP_OK);
    ck_assert(isfinite(found.loss));
    tear_down(&run);
}
END_TEST

START_TEST(without_shuffling_the_order_is_the_data_s)
{
    struct run run;
    char first[65], second[65];
    for (int i = 0; i < 2; i++) {
        set_up(&run);
        run.options.shuffle = false;
        run.options.seed = (uint64_t)i; /* has no say any more */
        train(&run);
        mlp_model_fingerprint(run.model, i ? second : first);
        tear_down(&run);
    }
    ck_assert_str_eq(first, second);
}
END_TEST

/* The rates that a run uses: those of its last step of each epoch. */
START_TEST(schedules_set_the_rate)
{
    struct run run;
    set_up(&run);
    run.options.schedule =
        (mlp_schedule){.kind = MLP_SCHEDULE_STEP, .every = 2, .factor = 0.5, .warmup_steps = 0};
    run.options.epochs = 6;
    train(&run);
    static const double shares[] = {1, 1, 0.5, 0.5, 0.25, 0.25};
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq_tol(run.history.rate[i], 0.05 * shares[i], 1e-15);
    tear_down(&run);

    set_up(&run);
    run.options.schedule =
        (mlp_schedule){.kind = MLP_SCHEDULE_PLATEAU, .every = 1, .factor = 0.5, .warmup_steps = 0};
    run.options.epochs = 60;
    train(&run);
    double lowest = INFINITY, rate = 0.05;
    for (size_t i = 0; i < run.history.epochs; i++) {
        ck_assert_double_eq_tol(run.history.rate[i], rate, 1e-15);
        if (run.history.valid_loss[i] < lowest)
            lowest = run.history.valid_loss[i];
        else
            rate /= 2;
    }
    ck_assert_double_lt(rate, 0.05);
    tear_down(&run);
}
END_TEST

/* --- Recipes ---------------------------------------------------------------------- */

/* Trains a recipe's net on a set of its own or another; two classes share one output. */
static mlp_model *run_recipe(const char *name, const char *set, uint64_t seed,
                             mlp_train_result *result)
{
    const mlp_recipe *recipe;
    mlp_layer_spec layers[MLP_RECIPE_HIDDEN + 1];
    ck_assert_int_eq(mlp_recipe_find(name, &recipe, NULL), MLP_OK);
    mlp_dataset *data = open_set(set ? set : recipe->data, MLP_TRAIN);
    memcpy(layers, recipe->hidden, sizeof recipe->hidden);
    layers[recipe->hidden_count] =
        (mlp_layer_spec){.units = recipe->loss == MLP_CROSS_ENTROPY ? 2 : 1};
    mlp_spec spec = {
        .inputs = mlp_dataset_features(data),
        .layer_count = recipe->hidden_count + 1,
        .layers = layers,
        .loss = recipe->loss,
        .init = recipe->init,
        .init_scale = recipe->init_scale,
    };
    mlp_model *model = make(&spec, seed);
    mlp_train_options options = recipe->options;
    options.seed = seed;
    mlp_error error;
    mlp_status status = mlp_train(model, data, NULL, &options, NULL, result, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    mlp_dataset_destroy(data);
    return model;
}

static double accuracy_on(const mlp_model *model, const char *set, mlp_split split)
{
    mlp_dataset *data = open_set(set, split);
    mlp_evaluation found;
    ck_assert_int_eq(mlp_model_evaluate(model, data, 1, &found, NULL), MLP_OK);
    mlp_dataset_destroy(data);
    return found.accuracy;
}

START_TEST(the_perceptron_separates_what_can_be_separated)
{
    static const char *const sets[] = {"and", "or", "blobs"};
    mlp_train_result result;
    mlp_model *model = run_recipe("perceptron", sets[_i], 1, &result);
    ck_assert_int_eq(result.stop, MLP_STOP_SEPARATED);
    ck_assert_double_eq(accuracy_on(model, sets[_i], MLP_TRAIN), 1);
    mlp_model_destroy(model);
}
END_TEST

/* Rosenblatt's rule by hand on AND, from zero, in the order of the samples. */
START_TEST(the_perceptron_follows_rosenblatt_s_rule)
{
    mlp_train_result result;
    mlp_model *model = run_recipe("perceptron", "and", 1, &result);
    mlp_dataset *data = open_set("and", MLP_TRAIN);
    float w[2] = {0}, b = 0, got[2], got_bias;
    size_t epochs = 0, errors = 1;
    while (errors > 0) {
        errors = 0;
        epochs++;
        for (size_t i = 0; i < mlp_dataset_count(data); i++) {
            const float *x = mlp_dataset_f32_at(data, i);
            float y = w[0] * x[0] + w[1] * x[1] + b >= 0 ? 1 : 0;
            float error = (float)mlp_dataset_labels(data)[i] - y;
            w[0] += error * x[0];
            w[1] += error * x[1];
            b += error;
            errors += error != 0;
        }
    }
    mlp_model_get_layer(model, 0, got, &got_bias);
    ck_assert(got[0] == w[0] && got[1] == w[1] && got_bias == b);
    ck_assert_uint_eq(result.epochs, epochs);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(the_perceptron_proves_that_xor_cannot_be_separated)
{
    mlp_train_result result;
    mlp_model *model = run_recipe("perceptron", "xor", 1, &result);
    ck_assert_int_eq(result.stop, MLP_STOP_CYCLE);
    ck_assert_double_lt(accuracy_on(model, "xor", MLP_TRAIN), 1);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(two_layers_solve_xor_for_every_seed)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        mlp_train_result result;
        mlp_model *model = run_recipe("xor", NULL, seed, &result);
        double accuracy = accuracy_on(model, "xor", MLP_TRAIN);
        ck_assert_msg(accuracy == 1, "seed %d: accuracy %g", (int)seed, accuracy);
        mlp_model_destroy(model);
    }
}
END_TEST

START_TEST(the_deep_recipe_learns_its_data)
{
    mlp_train_result result;
    mlp_model *model = run_recipe("deep", NULL, 1, &result);
    double accuracy = accuracy_on(model, "spirals", MLP_TEST);
    ck_assert_msg(accuracy > 0.98, "accuracy %g", accuracy);
    mlp_model_destroy(model);
}
END_TEST

/* --- Standardisation -------------------------------------------------------------- */

/* y = 1000 + 50 x: far from what a net would learn in these units. */
START_TEST(targets_and_inputs_are_standardised)
{
    enum { N = 200 };
    float x[2 * N], y[N];
    for (int i = 0; i < N; i++) {
        x[2 * i] = 5000 + (float)i;
        x[2 * i + 1] = 3; /* constant */
        y[i] = 1000 + 50 * (float)i;
    }
    const mlp_arrays arrays = {.count = N, .features = 2, .f32 = x, .targets = y, .outputs = 1};
    mlp_dataset *data;
    ck_assert_int_eq(mlp_dataset_wrap(&arrays, &data, NULL), MLP_OK);
    static const mlp_layer_spec layers[] = {{.units = 8, .activation = MLP_TANH}, {.units = 1}};
    const mlp_spec spec = {.inputs = 2, .layer_count = 2, .layers = layers, .loss = MLP_MSE};
    mlp_model *model = make(&spec, 1);
    ck_assert_int_eq(mlp_model_standardize(model, data, true, NULL), MLP_OK);
    mlp_scaling scaling = mlp_model_scaling(model);
    ck_assert(fabsf(scaling.input_mean[0] - 5099.5f) < 1e-3f);
    ck_assert(scaling.input_mean[1] == 3 && scaling.input_factor[1] == 0);
    ck_assert(fabsf(scaling.target_mean[0] - (1000 + 50 * 99.5f)) < 1e-2f);
    mlp_train_options options = mlp_train_options_default();
    options.batch = 50;
    options.epochs = 200;
    options.learning_rate = 0.01;
    ck_assert_int_eq(mlp_train(model, data, NULL, &options, NULL, NULL, NULL), MLP_OK);
    mlp_evaluation found;
    ck_assert_int_eq(mlp_model_evaluate(model, data, 1, &found, NULL), MLP_OK);
    ck_assert_msg(found.r2 > 0.99, "R2 %g", found.r2);
    ck_assert(isnan(found.accuracy));
    /* In the data's own units, whatever the constant feature says. */
    float outputs[1], sample[2] = {5100, 1e6f};
    ck_assert_int_eq(mlp_model_predict_f32(model, sample, 1, 1, outputs, NULL), MLP_OK);
    ck_assert_msg(fabsf(outputs[0] - 6000) < 200, "%g", (double)outputs[0]);
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(what_cannot_be_standardised_is_refused)
{
    struct run run;
    mlp_error error;
    set_up(&run);
    mlp_dataset *other = open_set("sine", MLP_TRAIN);
    ck_assert_int_eq(mlp_model_standardize(run.model, other, false, &error), MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_model_standardize(run.model, run.train, true, &error), MLP_ERROR_USAGE);
    float x[4] = {0, 2e-42f, 0, 1e-42f};
    const uint8_t labels[2] = {0, 1};
    mlp_dataset *tiny;
    ck_assert_int_eq(mlp_dataset_wrap_f32(x, labels, 2, 2, 2, &tiny, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_standardize(run.model, tiny, false, &error), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "input 1"));
    mlp_dataset_destroy(tiny);
    mlp_dataset_destroy(other);
    tear_down(&run);
}
END_TEST

/* --- Classes ---------------------------------------------------------------------- */

/* A class that no sample has is nothing to stumble over: balanced weights pass it over, and it is
 * not predicted. */
START_TEST(a_missing_class_is_no_trouble)
{
    struct samples samples = samples_create(120, 6, 2, 5);
    mlp_dataset *data;
    ck_assert_int_eq(mlp_dataset_wrap_f32(samples.f32, samples.labels, 120, 6, 4, &data, NULL),
                     MLP_OK);
    static const mlp_layer_spec layers[] = {{.units = 8, .activation = MLP_RELU}, {.units = 4}};
    const mlp_spec spec = {.inputs = 6, .layer_count = 2, .layers = layers};
    mlp_model *model = make(&spec, 1);
    mlp_train_options options = mlp_train_options_default();
    options.batch = 40;
    options.epochs = 100;
    options.learning_rate = 0.01;
    options.balanced = true;
    ck_assert_int_eq(mlp_train(model, data, NULL, &options, NULL, NULL, NULL), MLP_OK);
    float outputs[120 * 4];
    ck_assert_int_eq(mlp_model_predict(model, data, 1, outputs, NULL), MLP_OK);
    for (int i = 0; i < 120; i++)
        ck_assert_uint_lt(mlp_model_class(model, outputs + 4 * (size_t)i), 2);
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

static bool note_accuracy(const mlp_progress *now, void *user)
{
    *(double *)user = now->train_accuracy;
    return true;
}

/* One layer whose weights are drawn from N(0, scale^2). */
static mlp_model *make_layer(size_t units, size_t loss, float scale)
{
    const mlp_layer_spec layer = {.units = units};
    const mlp_spec spec = {.inputs = 6,
                           .layer_count = 1,
                           .layers = &layer,
                           .loss = (mlp_loss)loss,
                           .init = MLP_INIT_NORMAL,
                           .init_scale = scale};
    return make(&spec, 3);
}

/* Whatever the loss, evaluation counts what mlp_model_class says of the predictions, also where
 * several are saturated; and training counts what evaluation does. */
START_TEST(the_class_is_that_of_the_predictions)
{
    enum { COUNT = 200 };
    const size_t units = (size_t)_i;
    struct samples samples = samples_create(COUNT, 6, units == 1 ? 2 : units, 8);
    mlp_dataset *data = samples_f32(&samples);
    for (size_t loss = units == 1 ? MLP_BINARY_CROSS_ENTROPY : 0; mlp_loss_name(loss); loss++) {
        mlp_model *model = make_layer(units, loss, units == 1 ? 1 : 20);
        mlp_evaluation found;
        float outputs[COUNT * 3];
        size_t correct = 0;
        ck_assert_int_eq(mlp_model_evaluate(model, data, 2, &found, NULL), MLP_OK);
        ck_assert_int_eq(mlp_model_predict(model, data, 2, outputs, NULL), MLP_OK);
        for (size_t i = 0; i < COUNT; i++)
            correct += mlp_model_class(model, outputs + i * units) == samples.labels[i];
        ck_assert_msg(found.correct == correct, "%s: evaluation counts %zu, predictions %zu",
                      mlp_loss_name(loss), found.correct, correct);
        mlp_model_destroy(model);

        double accuracy = NAN;
        mlp_callbacks callbacks = {.epoch = note_accuracy, .user = &accuracy};
        mlp_train_options options = mlp_train_options_default();
        options.batch = 64;
        options.epochs = 1;
        options.learning_rate = 1e-30;
        model = make_layer(units, loss, 1);
        ck_assert_int_eq(mlp_model_evaluate(model, data, 2, &found, NULL), MLP_OK);
        ck_assert_int_eq(mlp_train(model, data, NULL, &options, &callbacks, NULL, NULL), MLP_OK);
        ck_assert_msg(accuracy == found.accuracy, "%s: %g in training, %g in evaluation",
                      mlp_loss_name(loss), accuracy, found.accuracy);
        mlp_model_destroy(model);
    }
    mlp_dataset_destroy(data);
    samples_destroy(&samples);
}
END_TEST

/* Weighing samples by whole numbers is repeating them, to rounding. */
START_TEST(sample_weights_count_like_repetition)
{
    enum { N = 12, F = 3 };
    struct samples samples = samples_create(N, F, 2, 9);
    float weights[N], repeated[2 * N * F];
    uint8_t repeated_labels[2 * N];
    size_t count = 0;
    for (size_t i = 0; i < N; i++) {
        weights[i] = i % 3 == 0 ? 2 : 1;
        for (float w = 0; w < weights[i]; w++, count++) {
            memcpy(repeated + count * F, samples.f32 + i * F, F * sizeof *repeated);
            repeated_labels[count] = samples.labels[i];
        }
    }
    const mlp_arrays arrays = {.count = N,
                               .features = F,
                               .f32 = samples.f32,
                               .labels = samples.labels,
                               .classes = 2,
                               .weights = weights};
    mlp_dataset *weighted, *plain;
    ck_assert_int_eq(mlp_dataset_wrap(&arrays, &weighted, NULL), MLP_OK);
    ck_assert_int_eq(mlp_dataset_wrap_f32(repeated, repeated_labels, count, F, 2, &plain, NULL),
                     MLP_OK);
    static const mlp_layer_spec layers[] = {{.units = 5, .activation = MLP_TANH}, {.units = 2}};
    const mlp_spec spec = {.inputs = F, .layer_count = 2, .layers = layers};
    mlp_train_options options = mlp_train_options_default();
    options.optimizer = MLP_SGD;
    options.epochs = 1;
    options.shuffle = false;
    mlp_model *a = make(&spec, 1), *b = make(&spec, 1);
    options.batch = N;
    options.learning_rate = 0.5;
    ck_assert_int_eq(mlp_train(a, weighted, NULL, &options, NULL, NULL, NULL), MLP_OK);
    options.batch = count;
    options.learning_rate = 0.5 * (double)count / N; /* sums instead of means */
    ck_assert_int_eq(mlp_train(b, plain, NULL, &options, NULL, NULL, NULL), MLP_OK);
    float wa[5 * F], wb[5 * F];
    mlp_model_get_layer(a, 0, wa, NULL);
    mlp_model_get_layer(b, 0, wb, NULL);
    for (int i = 0; i < 5 * F; i++)
        ck_assert(fabsf(wa[i] - wb[i]) < 1e-6f);
    mlp_model_destroy(a);
    mlp_model_destroy(b);
    mlp_dataset_destroy(weighted);
    mlp_dataset_destroy(plain);
    samples_destroy(&samples);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loop");
    TCase *tcase = tcase_create("loop");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, validation_is_reported_as_evaluation_finds_it);
    tcase_add_loop_test(tcase, patience_stops_and_restores_the_best, MLP_MONITOR_LOSS,
                        MLP_MONITOR_SCORE + 1);
    tcase_add_test(tcase, min_delta_decides_what_is_better);
    tcase_add_test(tcase, a_target_score_stops);
    tcase_add_test(tcase, a_time_budget_ends_the_run_cleanly);
    tcase_add_test(tcase, without_shuffling_the_order_is_the_data_s);
    tcase_add_test(tcase, schedules_set_the_rate);
    tcase_add_loop_test(tcase, the_perceptron_separates_what_can_be_separated, 0, 3);
    tcase_add_test(tcase, the_perceptron_follows_rosenblatt_s_rule);
    tcase_add_test(tcase, the_perceptron_proves_that_xor_cannot_be_separated);
    tcase_add_test(tcase, two_layers_solve_xor_for_every_seed);
    tcase_add_test(tcase, the_deep_recipe_learns_its_data);
    tcase_add_test(tcase, targets_and_inputs_are_standardised);
    tcase_add_test(tcase, what_cannot_be_standardised_is_refused);
    tcase_add_test(tcase, a_missing_class_is_no_trouble);
    tcase_add_loop_test(tcase, the_class_is_that_of_the_predictions, 1, 4);
    tcase_add_test(tcase, sample_weights_count_like_repetition);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
