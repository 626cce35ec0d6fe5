/* SPDX-License-Identifier: MIT */
#include "nets.h"

#include <mlp/mlp.h>

#include <stdio.h>
#include <string.h>

const mlp_recipe bench_wide_net = {
    .name = "784-4096-4096-10",
    .hidden_count = 2,
    .hidden = {4096, 4096},
    .activation = MLP_RELU,
    .init = MLP_INIT_HE,
    .options = {.optimizer = MLP_ADAM,
                .learning_rate = 0.001,
                .beta1 = 0.9,
                .beta2 = 0.999,
                .epsilon = 1e-7,
                .batch = 256,
                .epochs = 1,
                .seed = 1},
};

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
        asked.hidden[i] = options->hidden[i];
        length += snprintf(name + length, sizeof name - (size_t)length, "-%zu", options->hidden[i]);
    }
    snprintf(name + length, sizeof name - (size_t)length, "-%d", BENCH_CLASSES);
    asked.hidden_count = options->hidden_count;
    asked.init = MLP_INIT_HE;
    asked.name = name;
    return &asked;
}

size_t bench_net_widths(const mlp_recipe *recipe, size_t inputs, size_t classes,
                        size_t widths[BENCH_MAX_LAYERS + 1])
{
    size_t count = recipe->hidden_count;
    widths[0] = inputs;
    memcpy(widths + 1, recipe->hidden, count * sizeof *widths);
    widths[count + 1] = classes;
    return count + 1;
}

mlp_spec bench_net_spec(const mlp_recipe *recipe, size_t layers, const size_t *widths)
{
    return (mlp_spec){
        .layer_count = layers,
        .widths = widths,
        .activation = recipe->activation,
        .init = recipe->init,
        .init_scale = recipe->init_scale,
    };
}

struct bench_net_size bench_net_size(size_t layers, const size_t *widths)
{
    struct bench_net_size size = {0};
    for (size_t l = 0; l < layers; l++) {
        double in = (double)widths[l], out = (double)widths[l + 1];
        size.weights += in * out + out;
        size.transposed += l > 0 ? in * out : 0;
        size.activations += out;
        size.flops[MLP_PHASE_FORWARD] += 2 * in * out;
        size.flops[MLP_PHASE_DW] += 2 * in * out;
        size.flops[MLP_PHASE_DX] += l > 0 ? 2 * in * out : 0;
    }
    return size;
}
