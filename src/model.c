/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "alloc.h"
#include "error.h"
#include "random.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static mlp_status check_spec(const mlp_spec *spec, mlp_error *error)
{
    if (spec->layer_count == 0)
        return mlp_fail(error, MLP_ERROR_USAGE, "a network needs at least one layer");
    for (size_t i = 0; i <= spec->layer_count; i++) {
        if (spec->widths[i] == 0)
            return mlp_fail(error, MLP_ERROR_USAGE, "width %zu of the network is 0", i);
        if (spec->widths[i] > INT32_MAX)
            return mlp_fail(error, MLP_ERROR_USAGE, "width %zu of the network is %zu, at most %d",
                            i, spec->widths[i], INT32_MAX);
    }
    size_t classes = spec->widths[spec->layer_count];
    if (classes < 2 || classes > 256)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "the last layer has %zu outputs, expected 2 to 256 classes", classes);
    if (!mlp_activation_name(spec->activation))
        return mlp_fail(error, MLP_ERROR_USAGE, "unknown activation %d", (int)spec->activation);
    if (!mlp_init_name(spec->init))
        return mlp_fail(error, MLP_ERROR_USAGE, "unknown initialisation %d", (int)spec->init);
    if (!isfinite(spec->init_scale) || spec->init_scale < 0)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "the initialisation's scale is %g, expected a finite number from 0 up",
                        (double)spec->init_scale);
    return MLP_OK;
}

static bool allocate_layers(mlp_model *model)
{
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        struct mlp_layer *layer = &model->layers[l];
        layer->in = model->widths[l];
        layer->out = model->widths[l + 1];
        layer->activation = l + 1 < model->spec.layer_count ? model->spec.activation : MLP_IDENTITY;
        size_t columns = mlp_panels(layer->out) * MLP_NR;
        if (layer->in > SIZE_MAX / sizeof(float) / columns)
            return false;
        layer->w = mlp_alloc(layer->in * columns, sizeof *layer->w);
        layer->bias = mlp_alloc(columns, sizeof *layer->bias);
        if (!layer->w || !layer->bias)
            return false;
    }
    return true;
}

mlp_status mlp_model_create_zero(const mlp_spec *spec, mlp_model **out, mlp_error *error)
{
    *out = NULL;
    mlp_status status = check_spec(spec, error);
    if (status != MLP_OK)
        return status;
    mlp_model *model = mlp_alloc(1, sizeof *model);
    if (!model)
        return mlp_fail_memory(error, "the model");
    model->spec = *spec;
    model->input_divisor = 255.0f;
    model->widths = mlp_alloc(spec->layer_count + 1, sizeof *model->widths);
    model->layers = mlp_alloc(spec->layer_count, sizeof *model->layers);
    model->spec.widths = model->widths;
    if (model->widths)
        memcpy(model->widths, spec->widths, (spec->layer_count + 1) * sizeof *model->widths);
    if (!model->widths || !model->layers || !allocate_layers(model)) {
        mlp_model_destroy(model);
        return mlp_fail_memory(error, "the weights");
    }
    *out = model;
    return MLP_OK;
}

/* Draws plain arrays, [out][in] and [out], so that a weight's value depends on
 * its place in the network and not on how panels store it. */
static void draw_layer(const mlp_spec *spec, uint64_t seed, size_t l, float *weight, float *bias)
{
    size_t in = spec->widths[l], out = spec->widths[l + 1];
    uint32_t weight_tensor = (uint32_t)(2 * l), bias_tensor = weight_tensor + 1;
    memset(bias, 0, out * sizeof *bias);
    switch (spec->init) {
    case MLP_INIT_HE:
        mlp_random_normal(seed, weight_tensor, sqrtf(2.0f / (float)in), in * out, weight);
        break;
    case MLP_INIT_GLOROT:
        mlp_random_uniform(seed, weight_tensor, sqrtf(6.0f / (float)(in + out)), in * out, weight);
        break;
    case MLP_INIT_NORMAL:
        mlp_random_normal(seed, weight_tensor, spec->init_scale, in * out, weight);
        mlp_random_normal(seed, bias_tensor, spec->init_scale, out, bias);
        break;
    }
}

mlp_status mlp_model_create(const mlp_spec *spec, uint64_t seed, mlp_model **out, mlp_error *error)
{
    mlp_status status = mlp_model_create_zero(spec, out, error);
    if (status != MLP_OK)
        return status;
    for (size_t l = 0; l < spec->layer_count; l++) {
        float *weight = mlp_alloc(spec->widths[l] * spec->widths[l + 1], sizeof *weight);
        float *bias = mlp_alloc(spec->widths[l + 1], sizeof *bias);
        if (weight && bias) {
            draw_layer(spec, seed, l, weight, bias);
            mlp_model_set_layer(*out, l, weight, bias);
        } else {
            status = mlp_fail_memory(error, "the initial weights");
        }
        mlp_free(weight);
        mlp_free(bias);
        if (status != MLP_OK)
            break;
    }
    if (status != MLP_OK) {
        mlp_model_destroy(*out);
        *out = NULL;
    }
    return status;
}

void mlp_model_destroy(mlp_model *model)
{
    if (!model)
        return;
    for (size_t l = 0; model->layers && l < model->spec.layer_count; l++) {
        mlp_free(model->layers[l].w);
        mlp_free(model->layers[l].bias);
    }
    mlp_free(model->layers);
    mlp_free(model->widths);
    mlp_free(model);
}

const mlp_spec *mlp_model_spec(const mlp_model *model)
{
    return &model->spec;
}

float mlp_model_input_divisor(const mlp_model *model)
{
    return model->input_divisor;
}

/* Where weight (o, i) of a layer stands in its panels. */
static inline size_t weight_at(const struct mlp_layer *layer, size_t o, size_t i)
{
    return (o / MLP_NR * layer->in + i) * MLP_NR + o % MLP_NR;
}

void mlp_model_get_layer(const mlp_model *model, size_t l, float *weight, float *bias)
{
    const struct mlp_layer *layer = &model->layers[l];
    for (size_t o = 0; weight && o < layer->out; o++) {
        for (size_t i = 0; i < layer->in; i++)
            weight[o * layer->in + i] = layer->w[weight_at(layer, o, i)];
    }
    if (bias)
        memcpy(bias, layer->bias, layer->out * sizeof *bias);
}

void mlp_model_set_layer(mlp_model *model, size_t l, const float *weight, const float *bias)
{
    struct mlp_layer *layer = &model->layers[l];
    for (size_t o = 0; weight && o < layer->out; o++) {
        for (size_t i = 0; i < layer->in; i++)
            layer->w[weight_at(layer, o, i)] = weight[o * layer->in + i];
    }
    if (bias)
        memcpy(layer->bias, bias, layer->out * sizeof *bias);
}

static bool all_finite(const float *values, size_t n)
{
    bool finite = true;
    for (size_t i = 0; i < n; i++)
        finite = finite && isfinite(values[i]);
    return finite;
}

bool mlp_model_is_finite(const mlp_model *model)
{
    bool finite = true;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &model->layers[l];
        size_t columns = mlp_panels(layer->out) * MLP_NR;
        finite = finite && all_finite(layer->w, layer->in * columns) &&
                 all_finite(layer->bias, columns);
    }
    return finite;
}

double mlp_model_step_flops(const mlp_model *model)
{
    double flops = 0;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        double products = l > 0 ? 3 : 2; /* the first layer needs no dX */
        flops += products * 2 * (double)model->widths[l] * (double)model->widths[l + 1];
    }
    return flops;
}
