/* SPDX-License-Identifier: MIT */
#include "gradient_case.h"

#include "random.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* Number `i` of a sequence in [-1, 1). */
static float uniform(uint64_t sequence, size_t i)
{
    uint32_t word[4];
    mlp_random(sequence, MLP_RANDOM_BENCH, 0, i, word);
    return 2 * mlp_random_unit(word[0]) - 1;
}

/* Targets in the range that the loss takes. */
static void draw_targets(const struct gradient_case *c, float *targets)
{
    for (size_t r = 0; r < CASE_COUNT; r++) {
        float *t = targets + r * c->outputs;
        for (size_t o = 0; o < c->outputs; o++) {
            float value = uniform(4, r * CASE_OUTPUTS + o);
            if (c->loss == MLP_HINGE || c->loss == MLP_PERCEPTRON)
                t[o] = value > 0;
            else if (mlp_loss_classifies(c->loss) || c->loss == MLP_POISSON)
                t[o] = (value + 1) / 2;
            else
                t[o] = 1.5f * value;
        }
    }
}

static void make_data(const struct gradient_case *c, struct gradient_fixture *f)
{
    size_t classes = c->outputs == 1 ? 2 : c->outputs;
    bool labels = !c->targets;
    for (size_t i = 0; i < CASE_COUNT * CASE_FEATURES; i++) {
        f->f32[i] = uniform(1, i);
        f->u8[i] = (uint8_t)(127.5f + 127.5f * f->f32[i]);
    }
    for (size_t r = 0; r < CASE_COUNT; r++) {
        f->labels[r] = (uint8_t)(r < classes ? r : r * r % 11 % classes);
        f->sample_weights[r] = 1 + uniform(3, r);
    }
    draw_targets(c, f->targets);
    mlp_arrays arrays = {
        .count = CASE_COUNT,
        .features = CASE_FEATURES,
        .u8 = c->u8 ? f->u8 : NULL,
        .f32 = c->u8 ? NULL : f->f32,
        .labels = labels ? f->labels : NULL,
        .classes = labels ? classes : 0,
        .targets = labels ? NULL : f->targets,
        .outputs = labels ? 0 : c->outputs,
        .weights = c->weights ? f->sample_weights : NULL,
    };
    mlp_error error;
    mlp_status status = mlp_dataset_wrap(&arrays, &f->data, &error);
    ck_assert_msg(status == MLP_OK, "%s: %s", gradient_case_name(c), error.message);
}

static void make_model(const struct gradient_case *c, struct gradient_fixture *f)
{
    mlp_layer_spec layers[] = {
        {CASE_UNITS, c->hidden, c->norm, c->dropout},
        {CASE_UNITS_2, c->hidden, c->norm, c->dropout},
        {c->outputs, c->last, MLP_NORM_NONE, 0},
    };
    mlp_spec spec = {
        .inputs = CASE_FEATURES,
        .layer_count = 3,
        .layers = layers,
        .loss = c->loss,
        .huber_delta = 0.7f,
        .init = MLP_INIT_NORMAL, /* biases too */
        /* The exponentials of large outputs would leave few digits to compare. */
        .init_scale = c->loss == MLP_POISSON ? 0.1f : 0.4f,
    };
    mlp_error error;
    mlp_status status = mlp_model_create(&spec, 9, &f->model, &error);
    ck_assert_msg(status == MLP_OK, "%s: %s", gradient_case_name(c), error.message);
    for (size_t l = 0; l < 2; l++) {
        float scale[CASE_UNITS], shift[CASE_UNITS];
        for (size_t i = 0; i < CASE_UNITS; i++) {
            scale[i] = 1 + 0.5f * uniform(5 + l, i);
            shift[i] = 0.5f * uniform(7 + l, i);
        }
        mlp_model_set_norm(f->model, l, scale, shift, NULL, NULL);
    }
    if (!c->standardize)
        return;
    status = mlp_model_standardize(f->model, f->data,
                                   c->targets && mlp_model_scales_targets(f->model), &error);
    ck_assert_msg(status == MLP_OK, "%s: %s", gradient_case_name(c), error.message);
}

struct gradient_fixture *gradient_fixture_create(const struct gradient_case *c)
{
    struct gradient_fixture *f = calloc(1, sizeof *f);
    ck_assert_ptr_nonnull(f);
    make_data(c, f);
    make_model(c, f);
    for (size_t i = 0; i < CASE_OUTPUTS; i++)
        f->class_weights[i] = 0.5f + 0.75f * (float)i;
    f->options = mlp_train_options_default();
    f->options.threads = 2;
    f->options.l1 = c->l1;
    f->options.l2 = c->l2;
    f->options.label_smoothing = c->smoothing;
    f->options.balanced = c->balanced;
    f->options.class_weights = c->class_weights ? f->class_weights : NULL;
    return f;
}

void gradient_fixture_destroy(struct gradient_fixture *f)
{
    mlp_model_destroy(f->model);
    mlp_dataset_destroy(f->data);
    free(f);
}

const char *gradient_case_name(const struct gradient_case *c)
{
    static char name[256];
    snprintf(
        name, sizeof name, "%s of %zu outputs by %s%s%s%s%s%s, %s, last %s, norm %s, dropout %g",
        mlp_loss_name(c->loss), c->outputs, c->targets ? "targets" : "labels", c->u8 ? ", u8" : "",
        c->weights ? ", sample weights" : "", c->standardize ? ", standardised" : "",
        c->balanced        ? ", balanced"
        : c->class_weights ? ", class weights"
                           : "",
        c->smoothing > 0 ? ", smoothed" : "", mlp_activation_name(c->hidden),
        mlp_activation_name(c->last), mlp_norm_name(c->norm), (double)c->dropout);
    return name;
}
