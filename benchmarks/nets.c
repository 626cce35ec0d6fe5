/* SPDX-License-Identifier: MIT */
#include "nets.h"

#include <mlp/mlp.h>

#include <stdio.h>
#include <string.h>

const mlp_recipe bench_wide_net = {
    .name = "784-4096-4096-10",
    .hidden_count = 2,
    .hidden = {{.units = 4096, .activation = MLP_RELU}, {.units = 4096, .activation = MLP_RELU}},
    .init = MLP_INIT_HE,
};

const mlp_recipe bench_gelu_net = {
    .name = "reference-gelu",
    .hidden_count = 2,
    .hidden = {{.units = 256, .activation = MLP_GELU}, {.units = 256, .activation = MLP_GELU}},
    .init = MLP_INIT_HE,
};

mlp_train_options bench_net_options(const mlp_recipe *recipe)
{
    return recipe->options.batch > 0 ? recipe->options : mlp_train_options_default();
}

const mlp_recipe *bench_asked_net(const struct bench_options *options)
{
    static mlp_recipe asked;
    static char name[64];
    if (options->hidden_count == 0 && options->batch == 0)
        return NULL;
    const mlp_recipe *reference;
    if (mlp_recipe_find("reference", &reference, NULL) != MLP_OK)
        return NULL;
    asked = *reference;
    if (options->batch)
        asked.options.batch = options->batch;
    if (options->hidden_count == 0)
        return &asked;
    int length = snprintf(name, sizeof name, "%d", BENCH_FEATURES);
    for (size_t i = 0; i < options->hidden_count; i++) {
        asked.hidden[i] = (mlp_layer_spec){.units = options->hidden[i], .activation = MLP_RELU};
        length += snprintf(name + length, sizeof name - (size_t)length, "-%zu", options->hidden[i]);
    }
    snprintf(name + length, sizeof name - (size_t)length, "-%d", BENCH_CLASSES);
    asked.hidden_count = options->hidden_count;
    asked.init = MLP_INIT_HE;
    asked.name = name;
    return &asked;
}

mlp_spec bench_net_spec(const mlp_recipe *recipe, size_t inputs, size_t classes,
                        mlp_layer_spec layers[BENCH_MAX_LAYERS])
{
    memcpy(layers, recipe->hidden, recipe->hidden_count * sizeof *layers);
    layers[recipe->hidden_count] = (mlp_layer_spec){.units = classes};
    return (mlp_spec){
        .inputs = inputs,
        .layer_count = recipe->hidden_count + 1,
        .layers = layers,
        .loss = recipe->loss,
        .init = recipe->init,
        .init_scale = recipe->init_scale,
    };
}

struct bench_net_size bench_net_size(const mlp_spec *spec)
{
    struct bench_net_size size = {0};
    for (size_t l = 0; l < spec->layer_count; l++) {
        double in = (double)(l > 0 ? spec->layers[l - 1].units : spec->inputs);
        double out = (double)spec->layers[l].units;
        size.weights += in * out + out;
        size.transposed += l > 0 ? in * out : 0;
        size.activations += out;
        size.flops[MLP_PHASE_FORWARD] += 2 * in * out;
        size.flops[MLP_PHASE_DW] += 2 * in * out;
        size.flops[MLP_PHASE_DX] += l > 0 ? 2 * in * out : 0;
    }
    return size;
}
