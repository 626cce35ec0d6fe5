/* SPDX-License-Identifier: MIT */
/* The gradients of training steps against differences in float64 (mlp/check.h): every row of the
 * registries, both plans, every instruction set. */
#include "gradient_case.h"
#include "suite.h"

#include <mlp/cpu.h>

#include <check.h>
#include <string.h>

enum { LAYERS = 3 };

static const double tolerance = 1e-6;

static struct mlp_gradients gradients_of(const struct gradient_case *c, struct gradient_fixture *f,
                                         enum mlp_plan plan)
{
    struct mlp_gradients gradients;
    mlp_error error;
    mlp_status status =
        mlp_gradients_create(f->model, f->data, CASE_BATCH, &f->options, plan, &gradients, &error);
    ck_assert_msg(status == MLP_OK, "%s: %s", gradient_case_name(c), error.message);
    return gradients;
}

static void compare(const struct gradient_case *c, const struct gradient_fixture *f,
                    const struct mlp_gradients *gradients, size_t most)
{
    mlp_gradient_check parts[LAYERS * MLP_CHECK_PARTS];
    mlp_error error;
    mlp_status status = mlp_gradients_compare(gradients, f->model, f->data, CASE_BATCH, &f->options,
                                              most, parts, &error);
    ck_assert_msg(status == MLP_OK, "%s: %s", gradient_case_name(c), error.message);
    mlp_gradient_check worst = mlp_gradients_worst(parts, LAYERS * MLP_CHECK_PARTS);
    if (!(worst.worst <= tolerance))
        ck_abort_msg("%s, layer %zu, %s %zu: gradient %.9g, difference %.9g", gradient_case_name(c),
                     worst.layer, worst.part, worst.index, worst.gradient, worst.difference);
    ck_assert_uint_ge(worst.checked, LAYERS * 2);
    if (most == 0)
        ck_assert_uint_eq(worst.checked + worst.kinks, mlp_model_parameters(f->model));
}

/* The sharded plan has the bits of the layered one. */
static void compare_plans(const struct gradient_case *c, struct gradient_fixture *f,
                          const struct mlp_gradients *layered)
{
    struct mlp_gradients sharded = gradients_of(c, f, MLP_PLAN_SHARDED);
    for (size_t i = 0; i < layered->count; i++) {
        size_t l = i / MLP_CHECK_PARTS, units = mlp_model_spec(f->model)->layers[l].units;
        size_t in =
            i % MLP_CHECK_PARTS == MLP_PART_WEIGHT ? mlp_model_layer_inputs(f->model, l) : 1;
        if (layered->parts[i] &&
            memcmp(layered->parts[i], sharded.parts[i], units * in * sizeof(float)) != 0)
            ck_abort_msg("%s: layer %zu, part %zu: sharded and layered differ",
                         gradient_case_name(c), l, i % MLP_CHECK_PARTS);
    }
    mlp_gradients_destroy(&sharded);
}

/* Checks at most `most` parameters of each array, 0: all. */
static void check_case(const struct gradient_case *c, size_t most)
{
    struct gradient_fixture *f = gradient_fixture_create(c);
    struct mlp_gradients gradients = gradients_of(c, f, MLP_PLAN_LAYERED);
    compare(c, f, &gradients, most);
    compare_plans(c, f, &gradients);
    mlp_gradients_destroy(&gradients);
    gradient_fixture_destroy(f);
}

/* What the loss is usually about: labels, or else target values. */
static bool usual_targets(mlp_loss loss)
{
    return !mlp_loss_classifies(loss);
}

static bool takes_any_last_activation(mlp_loss loss)
{
    return loss == MLP_MSE || loss == MLP_MAE || loss == MLP_HUBER;
}

/* Activation _i with every normalisation and loss, with and without dropout. */
START_TEST(hidden_activations)
{
    for (size_t loss = 0; mlp_loss_name(loss); loss++) {
        for (size_t norm = 0; mlp_norm_name(norm); norm++) {
            for (int dropout = 0; dropout < 2; dropout++) {
                if (norm == MLP_NORM_BATCH && _i == MLP_SOFTMAX)
                    continue; /* not offered */
                struct gradient_case c = {.loss = (mlp_loss)loss,
                                          .outputs = CASE_OUTPUTS,
                                          .targets = usual_targets((mlp_loss)loss),
                                          .hidden = (mlp_activation)_i,
                                          .norm = (mlp_norm)norm,
                                          .dropout = dropout ? 0.3f : 0};
                check_case(&c, 10);
            }
        }
    }
}
END_TEST

START_TEST(last_activations)
{
    for (size_t loss = 0; mlp_loss_name(loss); loss++) {
        if (!takes_any_last_activation((mlp_loss)loss))
            continue;
        for (int standardize = 0; standardize < 2; standardize++) {
            struct gradient_case c = {.loss = (mlp_loss)loss,
                                      .outputs = 3,
                                      .targets = true,
                                      .hidden = MLP_TANH,
                                      .last = (mlp_activation)_i,
                                      .standardize = standardize};
            check_case(&c, 0);
        }
    }
}
END_TEST

/* The activations that losses imply may be named. */
START_TEST(implied_last_activations)
{
    static const struct {
        mlp_loss loss;
        mlp_activation last;
    } rows[] = {
        {MLP_CROSS_ENTROPY, MLP_SOFTMAX},
        {MLP_BINARY_CROSS_ENTROPY, MLP_SIGMOID},
        {MLP_PERCEPTRON, MLP_STEP},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gradient_case c = {
            .loss = rows[i].loss, .outputs = 3, .hidden = MLP_TANH, .last = rows[i].last};
        check_case(&c, 0);
    }
}
END_TEST

/* What samples weigh and what their targets are, for every loss. */
static void check_variants(mlp_loss loss, mlp_norm norm)
{
    struct gradient_case plain = {.loss = loss,
                                  .outputs = CASE_OUTPUTS,
                                  .targets = usual_targets(loss),
                                  .hidden = MLP_TANH,
                                  .norm = norm};
    struct gradient_case cases[8];
    for (size_t i = 0; i < 8; i++)
        cases[i] = plain;
    cases[0].u8 = true;
    cases[1].weights = true;
    cases[2].l1 = 0.01;
    cases[3].l2 = 0.02;
    cases[4].standardize = true;
    cases[5].targets = !plain.targets;
    cases[6].targets = cases[6].weights = cases[6].standardize = cases[6].u8 = true;
    cases[7].l1 = cases[7].l2 = 0.01;
    cases[7].weights = true;
    cases[7].dropout = 0.5f;
    for (size_t i = 0; i < 8; i++)
        check_case(&cases[i], 20);
    for (int targets = 0; targets < 2 && loss != MLP_CROSS_ENTROPY; targets++) {
        struct gradient_case one = plain;
        one.outputs = 1;
        one.targets = targets;
        check_case(&one, 20);
    }
    plain.targets = false;
    plain.balanced = true;
    check_case(&plain, 20);
    plain.class_weights = plain.weights = true;
    check_case(&plain, 20);
    plain.balanced = false;
    check_case(&plain, 20);
}

START_TEST(samples_and_targets)
{
    for (size_t loss = 0; mlp_loss_name(loss); loss++)
        check_variants((mlp_loss)loss, (mlp_norm)_i);
}
END_TEST

START_TEST(label_smoothing)
{
    struct gradient_case c = {.loss = MLP_CROSS_ENTROPY, .outputs = 4, .smoothing = 0.1};
    check_case(&c, 0);
    c.balanced = c.weights = true;
    check_case(&c, 0);
    c.balanced = false;
    c.targets = true;
    check_case(&c, 0);
}
END_TEST

/* The bits are those of the C kernels, which other tests make sure of: a few cases do. */
START_TEST(instruction_sets)
{
    if (!mlp_isa_supported((size_t)_i))
        return;
    mlp_error error;
    mlp_status status = mlp_isa_select(mlp_isa_name((size_t)_i), &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    for (size_t a = 0; mlp_activation_name(a); a++) {
        struct gradient_case c = {.outputs = CASE_OUTPUTS,
                                  .hidden = (mlp_activation)a,
                                  .norm = a == MLP_SOFTMAX ? MLP_NORM_LAYER : (mlp_norm)(a % 3),
                                  .dropout = a % 2 ? 0.3f : 0};
        check_case(&c, 0);
    }
    for (size_t loss = 0; mlp_loss_name(loss); loss++) {
        struct gradient_case c = {.loss = (mlp_loss)loss,
                                  .outputs = 3,
                                  .targets = usual_targets((mlp_loss)loss),
                                  .weights = true};
        check_case(&c, 0);
    }
}
END_TEST

static int rows_of(const char *name(size_t))
{
    int rows = 0;
    while (name((size_t)rows))
        rows++;
    return rows;
}

int main(void)
{
    TCase *tcase = tcase_create("gradient");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, hidden_activations, 0, rows_of(mlp_activation_name));
    tcase_add_loop_test(tcase, last_activations, 0, rows_of(mlp_activation_name));
    tcase_add_test(tcase, implied_last_activations);
    tcase_add_loop_test(tcase, samples_and_targets, 0, rows_of(mlp_norm_name));
    tcase_add_test(tcase, label_smoothing);
    tcase_add_loop_test(tcase, instruction_sets, 0, (int)mlp_isa_count());
    Suite *suite = suite_create("gradient");
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
