/* SPDX-License-Identifier: MIT */
#include "export_nets.h"

#include "random.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 40 };

/* --- Random numbers ------------------------------------------------------------------ */

static uint64_t drawn;

uint32_t draw(void)
{
    uint32_t word[4];
    mlp_random(7, MLP_RANDOM_DIGITS, 0, drawn++, word);
    return word[0];
}

float draw_float(float scale)
{
    return ((float)(draw() >> 8) * 0x1p-23f - 1.0f) * scale;
}

float draw_odd(void)
{
    static const float odd[] = {0.0f, -0.0f, 0x1p-149f, -0x1.8p-130f, 0x1.fffffep127f, -0x1p100f};
    uint32_t bits = draw(), kind = draw() % 4;
    float value;
    memcpy(&value, &bits, sizeof value);
    if (kind == 0 && isfinite(value))
        return value;
    return kind == 1 ? odd[bits % (sizeof odd / sizeof odd[0])] : draw_float(kind == 2 ? 1 : 100);
}

/* --- Networks ------------------------------------------------------------------------ */

/* Scale, shift, mean and variance of normalised layers. */
static void draw_norm(mlp_model *model, size_t l, size_t units)
{
    float *values = malloc(4 * units * sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (size_t i = 0; i < 3 * units; i++)
        values[i] = draw_float(1) + (i < units);
    for (size_t i = 3 * units; i < 4 * units; i++)
        values[i] = fabsf(draw_float(2));
    mlp_model_set_norm(model, l, values, values + units, values + 2 * units, values + 3 * units);
    free(values);
}

static void draw_scaling(mlp_model *model)
{
    enum { COUNT = 9 };
    size_t in = mlp_model_inputs(model), outs = mlp_model_outputs(model);
    bool targets = mlp_model_scales_targets(model);
    float *x = malloc(COUNT * in * sizeof *x), *t = malloc(COUNT * outs * sizeof *t);
    uint8_t labels[COUNT] = {0, 1};
    mlp_error error;
    mlp_dataset *data = NULL;
    ck_assert(x && t);
    for (size_t i = 0; i < COUNT * in; i++)
        x[i] = i % in == 1 ? 0.5f : draw_float(3);
    for (size_t i = 0; i < COUNT * outs; i++)
        t[i] = draw_float(50) + 7;
    mlp_arrays arrays = {.count = COUNT, .features = in, .f32 = x};
    if (targets) {
        arrays.targets = t;
        arrays.outputs = outs;
    } else {
        arrays.labels = labels;
        arrays.classes = 2;
    }
    ck_assert_int_eq(mlp_dataset_wrap(&arrays, &data, NULL), MLP_OK);
    ck_assert_msg(mlp_model_standardize(model, data, targets, &error) == MLP_OK, "%s",
                  error.message);
    mlp_dataset_destroy(data);
    free(t);
    free(x);
}

mlp_model *export_net(size_t inputs, size_t count, const mlp_layer_spec *layers, mlp_loss loss,
                      bool scaling)
{
    mlp_spec spec = {.inputs = inputs,
                     .layer_count = count,
                     .layers = layers,
                     .loss = loss,
                     .init = MLP_INIT_GLOROT,
                     .bias_init = MLP_BIAS_NORMAL,
                     .bias_scale = 0.5f};
    mlp_model *model = NULL;
    mlp_error error;
    ck_assert_msg(mlp_model_create(&spec, 1 + drawn, &model, &error) == MLP_OK, "%s",
                  error.message);
    for (size_t l = 0; l < count; l++)
        draw_norm(model, l, layers[l].units);
    if (scaling)
        draw_scaling(model);
    return model;
}

static bool takes_any_activation(mlp_loss loss)
{
    return loss == MLP_MSE || loss == MLP_MAE || loss == MLP_HUBER;
}

mlp_model *export_net_of_everything(void)
{
    mlp_layer_spec layers[MAX_DEPTH] = {{0}};
    size_t count = 0;
    for (size_t a = 0; mlp_activation_name(a); a++) {
        mlp_layer_spec plain = {17 + a, (mlp_activation)a, MLP_NORM_NONE, 0.1f};
        mlp_layer_spec normal = {31 - a, MLP_RELU, a % 2 ? MLP_NORM_LAYER : MLP_NORM_BATCH, 0};
        layers[count++] = plain;
        layers[count++] = normal;
    }
    layers[count++] = (mlp_layer_spec){3, MLP_TANH, MLP_NORM_NONE, 0};
    ck_assert_uint_le(count, MAX_DEPTH);
    return export_net(13, count, layers, MLP_MSE, true);
}

size_t export_nets_of_losses(mlp_model *nets[MAX_NETS])
{
    static const size_t widths[] = {1, 3, 16, 37};
    size_t count = 0;
    for (size_t loss = 0; mlp_loss_name(loss); loss++) {
        for (size_t w = loss == MLP_CROSS_ENTROPY; w < sizeof widths / sizeof widths[0]; w++) {
            mlp_layer_spec layers[] = {{5 + loss, MLP_RELU, MLP_NORM_NONE, 0},
                                       {widths[w], MLP_IDENTITY, MLP_NORM_NONE, 0}};
            nets[count++] = export_net(4 + w, 2, layers, (mlp_loss)loss, w % 2 == 1);
        }
    }
    return count;
}

/* One unit whose product with a subnormal underflows: its sum is a zero with the product's sign. */
static mlp_model *make_underflow(mlp_activation activation)
{
    const mlp_layer_spec layer = {1, activation, MLP_NORM_NONE, 0};
    const float weight = 0x1p-100f, bias = -0.0f;
    mlp_model *model = export_net(1, 1, &layer, MLP_MSE, false);
    mlp_model_set_layer(model, 0, &weight, &bias);
    return model;
}

size_t export_nets_of_activations(mlp_model *nets[MAX_NETS])
{
    size_t count = 0;
    for (size_t a = 0; mlp_activation_name(a); a++) {
        for (size_t norm = 0; mlp_norm_name(norm); norm++) {
            if (a == MLP_SOFTMAX && norm == MLP_NORM_BATCH)
                continue; /* which is not offered */
            mlp_layer_spec layers[] = {
                {14 + a, (mlp_activation)a, (mlp_norm)norm, norm == 1 ? 0.3f : 0},
                {2, MLP_IDENTITY, MLP_NORM_NONE, 0}};
            nets[count++] = export_net(1 + a, 2, layers, MLP_CROSS_ENTROPY, false);
        }
        mlp_layer_spec last = {1 + a, (mlp_activation)a, MLP_NORM_NONE, 0};
        mlp_loss loss = (mlp_loss)(MLP_MSE + a % 3);
        ck_assert(takes_any_activation(loss));
        nets[count++] = export_net(20 - a, 1, &last, loss, a % 2 == 0);
        nets[count++] = make_underflow((mlp_activation)a);
    }
    return count;
}
