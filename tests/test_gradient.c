/* SPDX-License-Identifier: MIT */
/* One step of plain SGD against gradients by central differences of a loss
 * that is computed here, in float64 and without any code of the engine. */
#include "nets.h"
#include "step.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

enum { MOST_LAYERS = 3 };

struct net64 {
    size_t layer_count;
    size_t widths[MOST_LAYERS + 1];
    mlp_activation activation;
    double *w[MOST_LAYERS], *bias[MOST_LAYERS]; /* [out][in], [out] */
};

static double activate(mlp_activation activation, double z)
{
    switch (activation) {
    case MLP_IDENTITY:
        return z;
    case MLP_RELU:
        return z > 0 ? z : 0;
    case MLP_LEAKY_RELU:
        return z > 0 ? z : 0.01f * z;
    case MLP_SIGMOID:
        return 1 / (1 + exp(-z));
    case MLP_TANH:
        return tanh(z);
    }
    ck_abort_msg("activation %d has no reference here", (int)activation);
    return 0;
}

static double loss_of_sample(const struct net64 *net, const float *x, size_t label)
{
    double a[64] = {0}, z[64] = {0};
    for (size_t i = 0; i < net->widths[0]; i++)
        a[i] = x[i];
    for (size_t l = 0; l < net->layer_count; l++) {
        size_t in = net->widths[l], out = net->widths[l + 1];
        for (size_t o = 0; o < out; o++) {
            z[o] = net->bias[l][o];
            for (size_t i = 0; i < in; i++)
                z[o] += net->w[l][o * in + i] * a[i];
        }
        for (size_t o = 0; o < out && l + 1 < net->layer_count; o++)
            a[o] = activate(net->activation, z[o]);
    }
    size_t classes = net->widths[net->layer_count];
    double most = z[0], sum = 0;
    for (size_t c = 1; c < classes; c++)
        most = z[c] > most ? z[c] : most;
    for (size_t c = 0; c < classes; c++)
        sum += exp(z[c] - most);
    return log(sum) - (z[label] - most);
}

static double mean_loss(const struct net64 *net, const struct samples *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->count; i++)
        sum += loss_of_sample(net, s->f32 + i * s->features, s->labels[i]);
    return sum / (double)s->count;
}

static double numeric_gradient(struct net64 *net, const struct samples *s, double *weight)
{
    const double h = 1e-5, kept = *weight;
    *weight = kept + h;
    double above = mean_loss(net, s);
    *weight = kept - h;
    double below = mean_loss(net, s);
    *weight = kept;
    return (above - below) / (2 * h);
}

static void get_net(const mlp_model *model, struct net64 *net)
{
    const mlp_spec *spec = mlp_model_spec(model);
    net->layer_count = spec->layer_count;
    net->activation = spec->activation;
    net->widths[0] = spec->widths[0];
    for (size_t l = 0; l < spec->layer_count; l++) {
        size_t in = spec->widths[l], out = spec->widths[l + 1];
        float *w = malloc(in * out * sizeof *w), *bias = malloc(out * sizeof *bias);
        mlp_model_get_layer(model, l, w, bias);
        net->widths[l + 1] = out;
        net->w[l] = malloc(in * out * sizeof *net->w[l]);
        net->bias[l] = malloc(out * sizeof *net->bias[l]);
        for (size_t i = 0; i < in * out; i++)
            net->w[l][i] = w[i];
        for (size_t i = 0; i < out; i++)
            net->bias[l][i] = bias[i];
        free(w);
        free(bias);
    }
}

static void free_net(struct net64 *net)
{
    for (size_t l = 0; l < net->layer_count; l++) {
        free(net->w[l]);
        free(net->bias[l]);
    }
}

/* One step on the whole data set as one minibatch. */
static void step_once(mlp_model *model, const struct samples *s, enum mlp_plan plan)
{
    mlp_train_options options = mlp_train_options_default();
    options.optimizer = MLP_SGD;
    options.learning_rate = 1;
    options.batch = s->count;
    options.threads = 2;
    mlp_dataset *data = samples_f32(s);
    struct mlp_trainer *trainer;
    mlp_error error;
    mlp_status status = mlp_trainer_create(model, data, &options, plan, &trainer, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
#pragma omp parallel num_threads(2)
    {
        mlp_team_begin_epoch(trainer, 1);
        mlp_team_step(trainer, 0);
    }
    mlp_trainer_destroy(trainer);
    mlp_dataset_destroy(data);
}

static void check_gradients(size_t layer_count, const size_t *widths, mlp_activation activation,
                            enum mlp_plan plan)
{
    struct samples s = samples_create(13, widths[0], widths[layer_count], 5);
    mlp_model *model = net_create(layer_count, widths, activation, 9);
    struct net64 before, after;
    get_net(model, &before);
    step_once(model, &s, plan);
    get_net(model, &after);

    size_t checked = 0;
    for (size_t l = 0; l < layer_count; l++) {
        size_t in = widths[l], out = widths[l + 1];
        for (size_t i = 0; i < in * out + out; i++) {
            bool is_bias = i >= in * out;
            double *weight = is_bias ? &before.bias[l][i - in * out] : &before.w[l][i];
            double now = is_bias ? after.bias[l][i - in * out] : after.w[l][i];
            double expected = numeric_gradient(&before, &s, weight), got = *weight - now;
            /* float32 sums of 13 samples, and the rounding of w - g. */
            double tolerance = 2e-6 * (1 + fabs(*weight) + fabs(expected));
            ck_assert_msg(fabs(got - expected) <= tolerance,
                          "%s, layer %zu, weight %zu: gradient %.9g, expected %.9g",
                          mlp_activation_name(activation), l, i, got, expected);
            checked++;
        }
    }
    ck_assert_uint_gt(checked, 0);
    free_net(&before);
    free_net(&after);
    mlp_model_destroy(model);
    samples_destroy(&s);
}

static void check_all_activations(enum mlp_plan plan)
{
    static const size_t three[] = {21, 16, 18, 5}, one[] = {7, 3};
    for (size_t isa = 0; isa < mlp_isa_count(); isa++) {
        if (!mlp_isa_supported(isa))
            continue;
        use_isa(isa);
        for (size_t a = 0; mlp_activation_name(a); a++) {
            check_gradients(3, three, (mlp_activation)a, plan);
            check_gradients(1, one, (mlp_activation)a, plan);
        }
    }
}

START_TEST(gradients_of_the_sharded_plan)
{
    check_all_activations(MLP_PLAN_SHARDED);
}
END_TEST

START_TEST(gradients_of_the_layered_plan)
{
    check_all_activations(MLP_PLAN_LAYERED);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("gradient");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, gradients_of_the_sharded_plan);
    tcase_add_test(tcase, gradients_of_the_layered_plan);
    Suite *suite = suite_create("gradient");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
