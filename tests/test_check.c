/* SPDX-License-Identifier: MIT */
/* That the check of gradients finds what is wrong and nothing else, and that the loss in float64
 * which it trusts is the textbook's. */
#include "alloc.h"
#include "gradient_case.h"
#include "suite.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { LAYERS = 3 };

static const double tolerance = 1e-6;

/* --- The reference ---------------------------------------------------------- */

/* The loss of a network whose weights are identities: a layer and the outputs, or the outputs alone
 * where its units are 0. */
static double loss_of(mlp_layer_spec hidden, mlp_layer_spec last, mlp_loss loss, const float *x,
                      size_t rows, const float *targets, const mlp_train_options *options)
{
    enum { MOST = 4 };
    float identity[MOST * MOST] = {0}, zeros[MOST] = {0};
    mlp_layer_spec layers[] = {hidden, last};
    size_t first = hidden.units > 0 ? 0 : 1;
    for (size_t i = 0; i < last.units; i++)
        identity[i * last.units + i] = 1;
    mlp_arrays arrays = {
        .count = rows, .features = last.units, .f32 = x, .targets = targets, .outputs = last.units};
    mlp_spec spec = {.inputs = last.units,
                     .layer_count = 2 - first,
                     .layers = layers + first,
                     .loss = loss,
                     .huber_delta = 0.25f,
                     .init = MLP_INIT_ZEROS};
    mlp_dataset *data;
    mlp_model *model;
    struct mlp_reference *reference;
    mlp_error error;
    ck_assert_msg(mlp_dataset_wrap(&arrays, &data, &error) == MLP_OK, "%s", error.message);
    ck_assert_msg(mlp_model_create(&spec, 1, &model, &error) == MLP_OK, "%s", error.message);
    for (size_t l = 0; l < spec.layer_count; l++)
        mlp_model_set_layer(model, l, identity, zeros);
    ck_assert_msg(mlp_reference_create(model, data, rows, options, &reference, &error) == MLP_OK,
                  "%s", error.message);
    double result = mlp_reference_loss(reference);
    mlp_reference_destroy(reference);
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
    return result;
}

/* That of a single output. */
static double loss_of_output(mlp_activation activation, mlp_loss loss, float z, float target)
{
    mlp_train_options options = mlp_train_options_default();
    mlp_layer_spec none = {0}, last = {.units = 1, .activation = activation};
    return loss_of(none, last, loss, &z, 1, &target, &options);
}

static void expect(const char *what, double value, double expected)
{
    ck_assert_msg(fabs(value - expected) <= 1e-9, "%s: %.12g, expected %.12g", what, value,
                  expected);
}

/* Values by another implementation, at 0.75 and -1.25. */
START_TEST(activations_of_the_reference)
{
    static const double expected[][2] = {
        [MLP_IDENTITY] = {0.75, -1.25},
        [MLP_RELU] = {0.75, 0},
        [MLP_LEAKY_RELU] = {0.75, -0.0125},
        [MLP_SIGMOID] = {0.679178699175, 0.222700138825},
        [MLP_TANH] = {0.635148952387, -0.848283639958},
        [MLP_ELU] = {0.75, -0.71349520314},
        [MLP_SELU] = {0.788025740517, -1.25439544634},
        [MLP_HARD_SIGMOID] = {0.625, 0.291666666667},
        [MLP_SOFTPLUS] = {1.13687100611, 0.251929081345},
        [MLP_SILU] = {0.509384024382, -0.278375173532},
        [MLP_GELU] = {0.580029485717, -0.132062217084},
        [MLP_GELU_TANH] = {0.579960555166, -0.13228579703},
        [MLP_MISH] = {0.610018335218, -0.308413961142},
        [MLP_STEP] = {1, 0},
    };
    size_t rows = sizeof expected / sizeof expected[0];
    for (size_t a = 0; mlp_activation_name(a); a++) {
        if (a == MLP_SOFTMAX)
            continue;
        ck_assert_msg(a < rows, "%s has no value here", mlp_activation_name(a));
        for (int i = 0; i < 2; i++) {
            float z = i == 0 ? 0.75f : -1.25f;
            double e = expected[a][i];
            expect(mlp_activation_name(a), loss_of_output((mlp_activation)a, MLP_MSE, z, 0), e * e);
            expect(mlp_activation_name(a), loss_of_output((mlp_activation)a, MLP_MAE, z, -2),
                   e + 2);
        }
    }
}
END_TEST

START_TEST(losses_of_the_reference)
{
    static const struct {
        mlp_loss loss;
        float z, target;
        double expected;
    } rows[] = {
        {MLP_BINARY_CROSS_ENTROPY, 0.75f, 0.25f, 0.9493710061148999},
        {MLP_MSE, 0.75f, 0.25f, 0.25},
        {MLP_MAE, 0.75f, 1.25f, 0.5},
        {MLP_HUBER, 0.75f, 0.625f, 0.0078125}, /* delta is 0.25 */
        {MLP_HUBER, 0.75f, 1.25f, 0.09375},
        {MLP_HINGE, 0.75f, 1, 0.25},
        {MLP_HINGE, 0.75f, 0, 1.75},
        {MLP_HINGE, 1.5f, 1, 0},
        {MLP_POISSON, 0.75f, 2, 0.6170000166126748},
        {MLP_PERCEPTRON, 0.75f, 0, 0.75},
        {MLP_PERCEPTRON, 0.75f, 1, 0},
        {MLP_PERCEPTRON, -0.75f, 1, 0.75},
        {MLP_PERCEPTRON, -0.75f, 0, 0},
    };
    bool seen[32] = {[MLP_CROSS_ENTROPY] = true}; /* below */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect(mlp_loss_name(rows[i].loss),
               loss_of_output(MLP_IDENTITY, rows[i].loss, rows[i].z, rows[i].target),
               rows[i].expected);
        seen[rows[i].loss] = true;
    }
    for (size_t loss = 0; mlp_loss_name(loss); loss++)
        ck_assert_msg(seen[loss], "%s has no value here", mlp_loss_name(loss));
}
END_TEST

START_TEST(rows_of_the_reference)
{
    static const float z[] = {0.75f, -1.25f}, first[] = {1, 0}, second[] = {0, 1}, both[] = {1, 1};
    static const float pairs[] = {1, 3, 3, -1}, zeros[4] = {0};
    mlp_train_options options = mlp_train_options_default();
    mlp_layer_spec none = {0}, plain = {.units = 2};
    double near = log1p(exp(-2)), far = log1p(exp(2));
    expect("cross_entropy, first class",
           loss_of(none, plain, MLP_CROSS_ENTROPY, z, 1, first, &options), near);
    expect("cross_entropy, second class",
           loss_of(none, plain, MLP_CROSS_ENTROPY, z, 1, second, &options), far);
    options.label_smoothing = 0.5;
    expect("cross_entropy, smoothed",
           loss_of(none, plain, MLP_CROSS_ENTROPY, z, 1, second, &options),
           0.25 * near + 0.75 * far);

    options = mlp_train_options_default();
    mlp_layer_spec hidden = {.units = 2, .activation = MLP_SOFTMAX};
    expect("softmax", loss_of(hidden, plain, MLP_MAE, z, 1, both, &options), 0.5);
    expect("softmax", loss_of(hidden, plain, MLP_MSE, z, 1, first, &options),
           1 / (1 + exp(2)) / (1 + exp(2)));

    /* A row (1, 3) or a column (1, 3) becomes (-1, 1) but for epsilon; (3, -1) of variance 4. */
    double one = 1 / sqrt(1 + 1e-5), two = 2 / sqrt(4 + 1e-5);
    hidden = (mlp_layer_spec){.units = 2, .norm = MLP_NORM_LAYER};
    expect("layer norm", loss_of(hidden, plain, MLP_MSE, pairs, 2, zeros, &options),
           (one * one + two * two) / 2);
    expect("layer norm", loss_of(hidden, plain, MLP_MSE, pairs, 1, both, &options),
           ((one + 1) * (one + 1) + (one - 1) * (one - 1)) / 2);
    hidden.norm = MLP_NORM_BATCH;
    expect("batch norm", loss_of(hidden, plain, MLP_MSE, pairs, 2, zeros, &options),
           (one * one + two * two) / 2);

    /* Weights are the identity's. */
    options.l1 = 0.25;
    options.l2 = 0.5;
    expect("penalties", loss_of(none, plain, MLP_MSE, zeros, 2, zeros, &options), 2 * 0.25 + 0.5);
}
END_TEST

/* --- The check -------------------------------------------------------------- */

static const struct gradient_case ordinary = {.loss = MLP_CROSS_ENTROPY,
                                              .outputs = CASE_OUTPUTS,
                                              .hidden = MLP_RELU,
                                              .norm = MLP_NORM_BATCH,
                                              .dropout = 0.25f,
                                              .weights = true};

static mlp_gradient_check check(struct gradient_fixture *f, size_t samples, size_t most)
{
    mlp_gradient_check found;
    mlp_error error;
    mlp_status status =
        mlp_check_gradients(f->model, f->data, samples, &f->options, most, &found, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return found;
}

/* Any parameter's error is found, and where it is. */
START_TEST(wrong_gradients_are_found)
{
    struct gradient_fixture *f = gradient_fixture_create(&ordinary);
    struct mlp_gradients gradients;
    mlp_gradient_check parts[LAYERS * MLP_CHECK_PARTS];
    mlp_error error;
    ck_assert_int_eq(mlp_gradients_create(f->model, f->data, CASE_BATCH, &f->options, MLP_PLAN_AUTO,
                                          &gradients, &error),
                     MLP_OK);
    size_t tried = 0;
    for (size_t i = 0; i < gradients.count; i++) {
        if (!gradients.parts[i])
            continue;
        for (int kind = 0; kind < 2; kind++) {
            float *wrong = gradients.parts[i] + 3, kept = *wrong;
            *wrong = kind == 0 ? kept + 1e-5f : NAN;
            mlp_status status = mlp_gradients_compare(&gradients, f->model, f->data, CASE_BATCH,
                                                      &f->options, 0, parts, &error);
            ck_assert_int_eq(status, MLP_OK);
            mlp_gradient_check found = mlp_gradients_worst(parts, gradients.count);
            ck_assert_msg(found.worst > tolerance, "layer %zu, part %zu: not found",
                          i / MLP_CHECK_PARTS, i % MLP_CHECK_PARTS);
            ck_assert_uint_eq(found.layer, i / MLP_CHECK_PARTS);
            ck_assert_str_eq(found.part, parts[i].part);
            ck_assert_uint_eq(found.index, 3);
            ck_assert(memcmp(&found.worst, &parts[i].worst, sizeof found.worst) == 0);
            *wrong = kept;
            tried++;
        }
    }
    ck_assert_uint_eq(tried, 2 * (3 * 2 + 2 * 2)); /* scale and shift in hidden layers */
    mlp_gradients_destroy(&gradients);
    gradient_fixture_destroy(f);
}
END_TEST

START_TEST(the_model_is_left_as_it_is)
{
    struct gradient_fixture *f = gradient_fixture_create(&ordinary);
    char before[65], after[65];
    mlp_model_fingerprint(f->model, before);
    mlp_gradient_check found = check(f, CASE_BATCH, 0);
    mlp_model_fingerprint(f->model, after);
    ck_assert_str_eq(before, after);
    ck_assert(found.worst <= tolerance);
    gradient_fixture_destroy(f);
}
END_TEST

/* Of large weights float32 leaves fewer digits of a gradient, and `noise` tells how few. */
START_TEST(noise_grows_with_the_weights)
{
    struct gradient_case c = ordinary;
    c.norm = MLP_NORM_NONE;
    struct gradient_fixture *f = gradient_fixture_create(&c);
    double before = check(f, CASE_BATCH, 0).noise;
    for (size_t l = 0; l < LAYERS; l++) {
        float weight[CASE_UNITS * CASE_UNITS] = {0};
        mlp_model_get_layer(f->model, l, weight, NULL);
        for (size_t i = 0; i < CASE_UNITS * CASE_UNITS; i++)
            weight[i] *= 16;
        mlp_model_set_layer(f->model, l, weight, NULL);
    }
    mlp_gradient_check after = check(f, CASE_BATCH, 0);
    ck_assert_msg(before > 1e-9 && before < 1e-6, "%g", before);
    ck_assert_msg(after.noise > 100 * before, "%g, before %g", after.noise, before);
    ck_assert_msg(after.worst < 16 * after.noise, "%g, noise %g", after.worst, after.noise);
    gradient_fixture_destroy(f);
}
END_TEST

START_TEST(parts_and_how_many)
{
    static const char *const names[] = {"weight", "bias", "scale", "shift"};
    static const size_t units[] = {CASE_UNITS, CASE_UNITS_2, CASE_OUTPUTS};
    static const size_t inputs[] = {CASE_FEATURES, CASE_UNITS, CASE_UNITS_2};
    struct gradient_fixture *f = gradient_fixture_create(&ordinary);
    mlp_gradient_check parts[LAYERS * MLP_CHECK_PARTS];
    mlp_error error;
    for (size_t most = 0; most < 12; most += 5) {
        size_t sum = 0;
        ck_assert_int_eq(mlp_check_gradients_by_part(f->model, f->data, CASE_BATCH, &f->options,
                                                     most, parts, &error),
                         MLP_OK);
        for (size_t i = 0; i < LAYERS * MLP_CHECK_PARTS; i++) {
            size_t l = i / MLP_CHECK_PARTS, part = i % MLP_CHECK_PARTS;
            size_t size = units[l] * (part == 0 ? inputs[l] : 1);
            if (part > 1 && l == 2)
                size = 0;
            size_t expected = most > 0 && most < size ? most : size;
            ck_assert_uint_eq(parts[i].layer, l);
            ck_assert_str_eq(parts[i].part, names[part]);
            ck_assert_uint_eq(parts[i].checked + parts[i].kinks, expected);
            sum += expected;
        }
        mlp_gradient_check found = check(f, CASE_BATCH, most);
        ck_assert_uint_eq(found.checked + found.kinks, sum);
    }
    gradient_fixture_destroy(f);
}
END_TEST

/* Sets the weights and biases of the first `units` units of layer 0 to 0. */
static void zero_units(struct gradient_fixture *f, size_t units)
{
    float weight[CASE_UNITS * CASE_FEATURES], bias[CASE_UNITS];
    mlp_model_get_layer(f->model, 0, weight, bias);
    memset(weight, 0, units * CASE_FEATURES * sizeof *weight);
    memset(bias, 0, units * sizeof *bias);
    mlp_model_set_layer(f->model, 0, weight, bias);
}

START_TEST(kinks_are_left_out)
{
    struct gradient_case c = ordinary;
    c.norm = MLP_NORM_NONE;
    c.dropout = 0;
    struct gradient_fixture *f = gradient_fixture_create(&c);
    zero_units(f, 1);
    mlp_gradient_check found = check(f, CASE_BATCH, 0);
    ck_assert_uint_eq(found.kinks, CASE_FEATURES + 1);
    ck_assert(found.worst <= tolerance);
    gradient_fixture_destroy(f);
}
END_TEST

START_TEST(too_many_kinks_are_checked)
{
    struct gradient_case c = ordinary;
    c.norm = MLP_NORM_NONE;
    c.dropout = 0;
    struct gradient_fixture *f = gradient_fixture_create(&c);
    zero_units(f, CASE_UNITS);
    mlp_gradient_check found = check(f, CASE_BATCH, 0);
    ck_assert_uint_eq(found.kinks, 0);
    ck_assert_uint_eq(found.checked, mlp_model_parameters(f->model));
    ck_assert(found.worst > tolerance);
    gradient_fixture_destroy(f);
}
END_TEST

START_TEST(parts_of_data)
{
    struct gradient_case c = ordinary;
    c.balanced = true;
    for (int u8 = 0; u8 < 2; u8++) {
        c.u8 = u8;
        struct gradient_fixture *f = gradient_fixture_create(&c);
        mlp_dataset *whole = f->data, *rest, *part;
        mlp_error error;
        ck_assert_int_eq(mlp_dataset_divide(whole, 0.5, 3, &rest, &part, &error), MLP_OK);
        f->data = part;
        mlp_gradient_check found = check(f, 9, 0);
        ck_assert_msg(found.worst <= tolerance, "%g", found.worst);
        mlp_dataset_destroy(rest);
        mlp_dataset_destroy(part);
        f->data = whole;
        gradient_fixture_destroy(f);
    }
}
END_TEST

START_TEST(bad_arguments)
{
    struct gradient_fixture *f = gradient_fixture_create(&ordinary);
    mlp_gradient_check found;
    mlp_error error;
    static const size_t samples[] = {0, CASE_COUNT + 1};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(
            mlp_check_gradients(f->model, f->data, samples[i], &f->options, 0, &found, &error),
            MLP_ERROR_USAGE);
        ck_assert_ptr_nonnull(strstr(error.message, "samples"));
    }
    mlp_train_options options = f->options;
    options.l2 = NAN;
    ck_assert_int_eq(
        mlp_check_gradients(f->model, f->data, CASE_BATCH, &options, 0, &found, &error),
        MLP_ERROR_USAGE);
    mlp_dataset *narrow;
    ck_assert_int_eq(mlp_dataset_wrap_f32(f->f32, f->labels, CASE_COUNT, 3, 4, &narrow, &error),
                     MLP_OK);
    ck_assert_int_eq(
        mlp_check_gradients(f->model, narrow, CASE_BATCH, &f->options, 0, &found, &error),
        MLP_ERROR_DATA);
    mlp_dataset_destroy(narrow);
    gradient_fixture_destroy(f);
}
END_TEST

START_TEST(memory_that_is_short)
{
    struct gradient_fixture *f = gradient_fixture_create(&ordinary);
    long live = mlp_alloc_live();
    mlp_status status = MLP_ERROR_INTERNAL;
    unsigned long n = 0;
    while (status == MLP_ERROR_INTERNAL && n < 1000) {
        mlp_gradient_check found;
        mlp_error error;
        mlp_alloc_fail_at(++n, 0);
        status = mlp_check_gradients(f->model, f->data, CASE_BATCH, &f->options, 1, &found, &error);
        mlp_alloc_fail_at(0, 0);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_gt(n, 20);
    gradient_fixture_destroy(f);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("check");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, activations_of_the_reference);
    tcase_add_test(tcase, losses_of_the_reference);
    tcase_add_test(tcase, rows_of_the_reference);
    tcase_add_test(tcase, wrong_gradients_are_found);
    tcase_add_test(tcase, the_model_is_left_as_it_is);
    tcase_add_test(tcase, noise_grows_with_the_weights);
    tcase_add_test(tcase, parts_and_how_many);
    tcase_add_test(tcase, kinks_are_left_out);
    tcase_add_test(tcase, too_many_kinks_are_checked);
    tcase_add_test(tcase, parts_of_data);
    tcase_add_test(tcase, bad_arguments);
    tcase_add_test(tcase, memory_that_is_short);
    Suite *suite = suite_create("check");
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
