/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <mlp/provenance.h>

#include "alloc.h"
#include "class_names.h"
#include "columns.h"
#include "data.h"
#include "error.h"
#include "init.h"
#include "registry.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* --- Specs ------------------------------------------------------------------ */

static mlp_status check_last(const mlp_spec *spec, mlp_error *error)
{
    const mlp_layer_spec *last = &spec->layers[spec->layer_count - 1];
    const char *loss = mlp_loss_name(spec->loss);
    struct mlp_loss_traits traits = mlp_loss_traits(spec->loss);
    if (last->norm != MLP_NORM_NONE || last->dropout > 0)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "the last layer has %s, expected only in hidden layers",
                        last->dropout > 0 ? "dropout" : "normalisation");
    if (spec->loss == MLP_CROSS_ENTROPY && (last->units < 2 || last->units > 256))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "the last layer has %zu outputs, expected 2 to 256 classes for %s",
                        last->units, loss);
    if (mlp_loss_classifies(spec->loss) && last->units > 256)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "the last layer has %zu outputs, expected at most 256 for %s", last->units,
                        loss);
    if (!traits.is_distance && last->activation != MLP_IDENTITY &&
        last->activation != traits.implied)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "the last layer's activation is %s, but the loss %s works on plain "
                        "outputs: expected identity%s%s",
                        mlp_activation_name(last->activation), loss,
                        traits.implied != MLP_IDENTITY ? " or " : "",
                        traits.implied != MLP_IDENTITY ? mlp_activation_name(traits.implied) : "");
    return MLP_OK;
}

static mlp_status check_layer(const mlp_spec *spec, size_t l, mlp_error *error)
{
    const mlp_layer_spec *layer = &spec->layers[l];
    if (layer->units == 0 || layer->units > INT32_MAX)
        return mlp_fail(error, MLP_ERROR_USAGE, "layer %zu has %zu units, expected 1 to %d", l,
                        layer->units, INT32_MAX);
    if (!mlp_activation_name(layer->activation))
        return mlp_fail(error, MLP_ERROR_USAGE, "layer %zu: unknown activation %d", l,
                        (int)layer->activation);
    if (!mlp_norm_name(layer->norm))
        return mlp_fail(error, MLP_ERROR_USAGE, "layer %zu: unknown normalisation %d", l,
                        (int)layer->norm);
    if (!(layer->dropout >= 0 && layer->dropout < 1))
        return mlp_fail(error, MLP_ERROR_USAGE, "layer %zu: dropout %g, expected 0 to below 1", l,
                        (double)layer->dropout);
    if (layer->norm == MLP_NORM_BATCH && layer->activation == MLP_SOFTMAX)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "layer %zu: batch normalisation before a softmax, which is not offered", l);
    return MLP_OK;
}

static mlp_status check_scale(const char *what, float scale, mlp_error *error)
{
    if (!isfinite(scale))
        return mlp_fail(error, MLP_ERROR_USAGE, "%s is %g, expected a finite number", what,
                        (double)scale);
    return MLP_OK;
}

static mlp_status check_spec(const mlp_spec *spec, mlp_error *error)
{
    if (spec->layer_count == 0)
        return mlp_fail(error, MLP_ERROR_USAGE, "a network needs at least one layer");
    if (spec->inputs == 0 || spec->inputs > INT32_MAX)
        return mlp_fail(error, MLP_ERROR_USAGE, "the network has %zu inputs, expected 1 to %d",
                        spec->inputs, INT32_MAX);
    if (!mlp_loss_name(spec->loss))
        return mlp_fail(error, MLP_ERROR_USAGE, "unknown loss %d", (int)spec->loss);
    if (!mlp_init_name(spec->init))
        return mlp_fail(error, MLP_ERROR_USAGE, "unknown initialisation %d", (int)spec->init);
    if (!mlp_bias_init_name(spec->bias_init))
        return mlp_fail(error, MLP_ERROR_USAGE, "unknown initialisation of biases %d",
                        (int)spec->bias_init);
    if (!(spec->huber_delta >= 0 && isfinite(spec->huber_delta)))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "the Huber loss's delta is %g, expected a finite number above 0",
                        (double)spec->huber_delta);
    mlp_status status = check_scale("the initialisation's scale", spec->init_scale, error);
    if (status == MLP_OK)
        status = check_scale("the scale of the biases", spec->bias_scale, error);
    for (size_t l = 0; l < spec->layer_count && status == MLP_OK; l++)
        status = check_layer(spec, l, error);
    return status == MLP_OK ? check_last(spec, error) : status;
}

/* --- Making ----------------------------------------------------------------- */

static void fill(float *values, size_t n, float value)
{
    for (size_t i = 0; i < n; i++)
        values[i] = value;
}

static bool allocate_norm(struct mlp_layer *layer, size_t columns)
{
    if (layer->norm == MLP_NORM_NONE)
        return true;
    layer->scale = mlp_alloc(columns, sizeof(float));
    layer->shift = mlp_alloc(columns, sizeof(float));
    if (!layer->scale || !layer->shift)
        return false;
    fill(layer->scale, layer->out, 1.0f);
    if (layer->norm != MLP_NORM_BATCH)
        return true;
    layer->mean = mlp_alloc(columns, sizeof(float));
    layer->variance = mlp_alloc(columns, sizeof(float));
    if (!layer->mean || !layer->variance)
        return false;
    fill(layer->variance, layer->out, 1.0f);
    return true;
}

static bool allocate_layers(mlp_model *model)
{
    size_t in = model->spec.inputs;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        struct mlp_layer *layer = &model->layers[l];
        const mlp_layer_spec *spec = &model->specs[l];
        layer->in = in;
        layer->out = in = spec->units;
        layer->activation = spec->activation;
        layer->norm = spec->norm;
        layer->dropout = spec->dropout;
        if (l + 1 == model->spec.layer_count && !mlp_loss_traits(model->spec.loss).is_distance)
            layer->activation = MLP_IDENTITY;
        size_t columns = mlp_panels(layer->out) * MLP_NR;
        if (layer->in > SIZE_MAX / sizeof(float) / columns)
            return false;
        layer->w = mlp_alloc_uninitialized(layer->in * columns, sizeof *layer->w);
        layer->bias = mlp_alloc(columns, sizeof *layer->bias);
        if (!layer->w || !layer->bias || !allocate_norm(layer, columns))
            return false;
    }
    return true;
}

mlp_status mlp_model_create_unset(const mlp_spec *spec, mlp_model **out, mlp_error *error)
{
    *out = NULL;
    mlp_status status = check_spec(spec, error);
    if (status != MLP_OK)
        return status;
    mlp_model *model = mlp_alloc(1, sizeof *model);
    if (!model)
        return mlp_fail_memory(error, "the model");
    model->spec = *spec;
    if (model->spec.huber_delta == 0)
        model->spec.huber_delta = 1;
    model->input_divisor = 255.0f;
    model->specs = mlp_alloc(spec->layer_count, sizeof *model->specs);
    model->layers = mlp_alloc(spec->layer_count, sizeof *model->layers);
    model->spec.layers = model->specs;
    if (model->specs)
        memcpy(model->specs, spec->layers, spec->layer_count * sizeof *model->specs);
    if (!model->specs || !model->layers || !allocate_layers(model)) {
        mlp_model_destroy(model);
        return mlp_fail_memory(error, "the weights");
    }
    *out = model;
    return MLP_OK;
}

mlp_status mlp_model_create_zero(const mlp_spec *spec, mlp_model **out, mlp_error *error)
{
    mlp_status status = mlp_model_create_unset(spec, out, error);
    for (size_t l = 0; status == MLP_OK && l < spec->layer_count; l++) {
        struct mlp_layer *layer = &(*out)->layers[l];
        memset(layer->w, 0, mlp_panels(layer->out) * MLP_NR * layer->in * sizeof *layer->w);
    }
    return status;
}

mlp_status mlp_model_create(const mlp_spec *spec, uint64_t seed, mlp_model **out, mlp_error *error)
{
    mlp_status status = mlp_model_create_zero(spec, out, error);
    if (status != MLP_OK)
        return status;
    for (size_t l = 0; l < spec->layer_count && status == MLP_OK; l++) {
        const struct mlp_layer *layer = &(*out)->layers[l];
        float *weight = mlp_alloc(layer->in * layer->out, sizeof *weight);
        float *bias = mlp_alloc(layer->out, sizeof *bias);
        if (weight && bias)
            status = mlp_init_layer(&(*out)->spec, seed, l, weight, bias, error);
        else
            status = mlp_fail_memory(error, "the initial weights");
        if (status == MLP_OK)
            mlp_model_set_layer(*out, l, weight, bias);
        mlp_free(weight);
        mlp_free(bias);
    }
    if (status != MLP_OK) {
        mlp_model_destroy(*out);
        *out = NULL;
        return status;
    }
    (*out)->fresh = true;
    (*out)->seed = seed;
    return MLP_OK;
}

bool mlp_model_scales_targets(const mlp_model *model)
{
    return mlp_loss_traits(model->spec.loss).is_distance;
}

bool mlp_model_add_input_scaling(mlp_model *model)
{
    size_t columns = mlp_panels(model->spec.inputs) * MLP_NR;
    if (!model->input_mean)
        model->input_mean = mlp_alloc(columns, sizeof(float));
    if (!model->input_factor)
        model->input_factor = mlp_alloc(columns, sizeof(float));
    return model->input_mean && model->input_factor;
}

bool mlp_model_add_target_scaling(mlp_model *model)
{
    size_t columns = mlp_panels(mlp_model_outputs(model)) * MLP_NR;
    if (!model->target_mean)
        model->target_mean = mlp_alloc(columns, sizeof(float));
    if (!model->target_scale)
        model->target_scale = mlp_alloc(columns, sizeof(float));
    return model->target_mean && model->target_scale;
}

void mlp_model_assign(mlp_model *model, const mlp_model *from)
{
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        const struct mlp_layer *to = &model->layers[l], *source = &from->layers[l];
        size_t columns = mlp_panels(to->out) * MLP_NR;
        memcpy(to->w, source->w, to->in * columns * sizeof *to->w);
        for (size_t i = 0; i < MLP_VECTORS; i++) {
            if (mlp_layer_vector(to, i))
                memcpy(mlp_layer_vector(to, i), mlp_layer_vector(source, i),
                       columns * sizeof(float));
        }
    }
}

/* Copies `from` [columns] to the array that has been made for it. */
static void copy_scaling(float *to, const float *from, size_t columns)
{
    if (from)
        memcpy(to, from, mlp_panels(columns) * MLP_NR * sizeof *to);
}

mlp_model *mlp_model_copy(const mlp_model *model)
{
    mlp_model *copy;
    size_t in = model->spec.inputs, out = mlp_model_outputs(model);
    if (mlp_model_create_zero(&model->spec, &copy, NULL) != MLP_OK)
        return NULL;
    if ((model->input_mean && !mlp_model_add_input_scaling(copy)) ||
        (model->target_mean && !mlp_model_add_target_scaling(copy))) {
        mlp_model_destroy(copy);
        return NULL;
    }
    mlp_model_assign(copy, model);
    copy_scaling(copy->input_mean, model->input_mean, in);
    copy_scaling(copy->input_factor, model->input_factor, in);
    copy_scaling(copy->target_mean, model->target_mean, out);
    copy_scaling(copy->target_scale, model->target_scale, out);
    copy->fresh = model->fresh;
    copy->seed = model->seed;
    copy->bad_numbers = model->bad_numbers;
    memcpy(copy->standardized, model->standardized, sizeof copy->standardized);
    memcpy(copy->claimed_fingerprint, model->claimed_fingerprint, sizeof copy->claimed_fingerprint);
    if (!mlp_model_set_provenance(copy, model->provenance) ||
        !mlp_model_set_class_names(copy, model->class_names) ||
        !mlp_model_set_columns(copy, model->columns)) {
        mlp_model_destroy(copy);
        return NULL;
    }
    return copy;
}

void mlp_model_destroy(mlp_model *model)
{
    if (!model)
        return;
    for (size_t l = 0; model->layers && l < model->spec.layer_count; l++) {
        mlp_free(model->layers[l].w);
        for (size_t i = 0; i < MLP_VECTORS; i++)
            mlp_free(mlp_layer_vector(&model->layers[l], i));
    }
    mlp_free(model->input_mean);
    mlp_free(model->input_factor);
    mlp_free(model->target_mean);
    mlp_free(model->target_scale);
    mlp_free(model->class_names);
    mlp_free(model->columns);
    mlp_free(model->provenance);
    mlp_free(model->layers);
    mlp_free(model->specs);
    mlp_free(model);
}

/* --- Where it comes from ------------------------------------------------------ */

bool mlp_model_set_provenance(mlp_model *model, const char *text)
{
    char *copy = text ? mlp_alloc_uninitialized(strlen(text) + 1, 1) : NULL;
    if (text && !copy)
        return false;
    if (text)
        strcpy(copy, text);
    mlp_free(model->provenance);
    model->provenance = copy;
    return true;
}

void mlp_model_forget_origin(mlp_model *model)
{
    model->fresh = false;
    model->claimed_fingerprint[0] = '\0';
    mlp_model_set_provenance(model, NULL);
}

const char *mlp_model_claimed_fingerprint(const mlp_model *model)
{
    return model->claimed_fingerprint[0] != '\0' ? model->claimed_fingerprint : NULL;
}

const char *mlp_model_provenance(const mlp_model *model)
{
    return model->provenance;
}

/* --- What a model is -------------------------------------------------------- */

const mlp_spec *mlp_model_spec(const mlp_model *model)
{
    return &model->spec;
}

size_t mlp_model_inputs(const mlp_model *model)
{
    return model->spec.inputs;
}

size_t mlp_model_outputs(const mlp_model *model)
{
    return model->specs[model->spec.layer_count - 1].units;
}

size_t mlp_model_classes(const mlp_model *model)
{
    size_t outputs = mlp_model_outputs(model);
    if (!mlp_loss_classifies(model->spec.loss))
        return 0;
    return outputs == 1 ? 2 : outputs;
}

size_t mlp_model_layer_inputs(const mlp_model *model, size_t layer)
{
    return model->layers[layer].in;
}

uint64_t mlp_model_parameters(const mlp_model *model)
{
    uint64_t count = 0;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &model->layers[l];
        count += ((uint64_t)layer->in + (layer->norm ? 3 : 1)) * layer->out;
    }
    return count;
}

float mlp_model_input_divisor(const mlp_model *model)
{
    return model->input_divisor;
}

mlp_scaling mlp_model_scaling(const mlp_model *model)
{
    return (mlp_scaling){
        .input_mean = model->input_mean,
        .input_factor = model->input_factor,
        .target_mean = model->target_mean,
        .target_scale = model->target_scale,
    };
}

float *mlp_layer_vector(const struct mlp_layer *layer, size_t i)
{
    float *const vectors[MLP_VECTORS] = {layer->bias, layer->scale, layer->shift, layer->mean,
                                         layer->variance};
    return vectors[i];
}

/* --- Weights ---------------------------------------------------------------- */

/* Where weight (o, i) of a layer stands in its panels. */
static inline size_t weight_at(const struct mlp_layer *layer, size_t o, size_t i)
{
    return (o / MLP_NR * layer->in + i) * MLP_NR + o % MLP_NR;
}

static void copy_out(const struct mlp_layer *layer, const float *from, float *to)
{
    if (from && to)
        memcpy(to, from, layer->out * sizeof *to);
}

void mlp_model_get_layer(const mlp_model *model, size_t l, float *weight, float *bias)
{
    const struct mlp_layer *layer = &model->layers[l];
    for (size_t o = 0; weight && o < layer->out; o++) {
        for (size_t i = 0; i < layer->in; i++)
            weight[o * layer->in + i] = layer->w[weight_at(layer, o, i)];
    }
    copy_out(layer, layer->bias, bias);
}

void mlp_model_set_layer(mlp_model *model, size_t l, const float *weight, const float *bias)
{
    struct mlp_layer *layer = &model->layers[l];
    mlp_model_forget_origin(model);
    for (size_t o = 0; weight && o < layer->out; o++) {
        for (size_t i = 0; i < layer->in; i++)
            layer->w[weight_at(layer, o, i)] = weight[o * layer->in + i];
    }
    copy_out(layer, bias, layer->bias);
}

void mlp_model_get_norm(const mlp_model *model, size_t l, float *scale, float *shift, float *mean,
                        float *variance)
{
    const struct mlp_layer *layer = &model->layers[l];
    copy_out(layer, layer->scale, scale);
    copy_out(layer, layer->shift, shift);
    copy_out(layer, layer->mean, mean);
    copy_out(layer, layer->variance, variance);
}

void mlp_model_set_norm(mlp_model *model, size_t l, const float *scale, const float *shift,
                        const float *mean, const float *variance)
{
    const struct mlp_layer *layer = &model->layers[l];
    mlp_model_forget_origin(model);
    copy_out(layer, scale, layer->scale);
    copy_out(layer, shift, layer->shift);
    copy_out(layer, mean, layer->mean);
    copy_out(layer, variance, layer->variance);
}

static bool all_finite(const float *values, size_t n)
{
    bool finite = true;
    for (size_t i = 0; values && i < n; i++)
        finite = finite && isfinite(values[i]);
    return finite;
}

bool mlp_model_is_finite(const mlp_model *model)
{
    bool finite = true;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &model->layers[l];
        size_t columns = mlp_panels(layer->out) * MLP_NR;
        finite = finite && all_finite(layer->w, layer->in * columns);
        for (size_t i = 0; i < MLP_VECTORS; i++)
            finite = finite && all_finite(mlp_layer_vector(layer, i), columns);
    }
    return finite;
}

/* Numbers that are not finite or, if they must not be, negative. */
static size_t count_bad(const float *values, size_t n, bool may_be_negative)
{
    size_t bad = 0;
    for (size_t i = 0; values && i < n; i++)
        bad += !isfinite(values[i]) || (!may_be_negative && values[i] < 0);
    return bad;
}

void mlp_model_count_bad_numbers(mlp_model *model)
{
    model->bad_numbers = 0;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &model->layers[l];
        model->bad_numbers +=
            count_bad(layer->w, layer->in * mlp_panels(layer->out) * MLP_NR, true);
        for (size_t i = 0; i < MLP_VECTORS; i++) {
            const float *vector = mlp_layer_vector(layer, i);
            model->bad_numbers += count_bad(vector, layer->out, vector != layer->variance);
        }
    }
}

size_t mlp_model_bad_numbers(const mlp_model *model)
{
    return model->bad_numbers;
}

mlp_status mlp_model_check_usable(const mlp_model *model, mlp_error *error)
{
    if (model->bad_numbers == 0)
        return MLP_OK;
    return mlp_fail(error, MLP_ERROR_DATA,
                    "%zu numbers of the model are NaN, infinite or negative variances: it is there "
                    "to be looked at alone",
                    model->bad_numbers);
}

double mlp_model_step_flops(const mlp_model *model)
{
    double flops = 0;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        double products = l > 0 ? 3 : 2; /* the first layer needs no dX */
        flops += products * 2 * (double)model->layers[l].in * (double)model->layers[l].out;
    }
    return flops;
}

/* --- Data that fit ------------------------------------------------------------- */

bool mlp_model_learns_targets(const mlp_model *model, const mlp_dataset *data)
{
    return data->targets && (!data->labels || !mlp_loss_classifies(model->spec.loss));
}

mlp_status mlp_model_check_data(const mlp_model *model, const mlp_dataset *data, mlp_error *error)
{
    size_t in = model->spec.inputs, out = mlp_model_outputs(model);
    size_t classes = out == 1 ? 2 : out;
    const char *loss = mlp_loss_name(model->spec.loss);
    if (data->features != in)
        return mlp_fail(error, MLP_ERROR_DATA, "the data have %zu features, the model takes %zu",
                        data->features, in);
    if (!data->labels && !data->targets)
        return mlp_fail(error, MLP_ERROR_DATA, "the data have neither labels nor targets");
    if (!mlp_model_learns_targets(model, data)) {
        if (data->classes > classes)
            return mlp_fail(error, MLP_ERROR_DATA, "the data have %zu classes, the model has %zu",
                            data->classes, classes);
        return MLP_OK;
    }
    if (data->outputs != out)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "the data have %zu target values a sample, the model has %zu outputs",
                        data->outputs, out);
    enum mlp_targets kind = mlp_loss_traits(model->spec.loss).targets;
    bool shares = kind == MLP_TARGETS_SHARES;
    float most = shares ? 1.0f : INFINITY;
    for (size_t i = 0; kind != MLP_TARGETS_ANY && i < data->count * out; i++) {
        if (!(data->targets[i] >= 0 && data->targets[i] <= most))
            return mlp_fail(error, MLP_ERROR_DATA,
                            "sample %zu: found %g as target %zu, expected %s for the loss %s",
                            i / out, (double)data->targets[i], i % out,
                            shares ? "a number from 0 to 1" : "a number from 0 up", loss);
    }
    return MLP_OK;
}
