/* SPDX-License-Identifier: MIT */
#include "net_files.h"

#include <stdio.h>

float net_x[NET_COUNT * NET_INPUTS], net_t[NET_COUNT * NET_OUTPUTS];

void net_fill(void)
{
    for (size_t i = 0; i < NET_COUNT * NET_INPUTS; i++)
        net_x[i] = (float)(i * 37 % 101) / 25 - 2;
    for (size_t i = 0; i < NET_COUNT * NET_OUTPUTS; i++)
        net_t[i] = (float)(i * 11 % 23) - 4;
}

bool net_write_floats(const char *folder, const char *name, const char *what, const float *from,
                      size_t count)
{
    char path[NET_PATH];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, what);
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    bool done = fwrite(from, sizeof *from, count, file) == count;
    return fclose(file) == 0 && done;
}

static void set_norms(mlp_model *model)
{
    float scale[NET_HIDDEN], shift[NET_HIDDEN], mean[NET_HIDDEN], variance[NET_HIDDEN];
    for (size_t i = 0; i < NET_HIDDEN; i++) {
        scale[i] = 0.5f + (float)i / 16;
        shift[i] = (float)i / 8 - 1;
        mean[i] = (float)i / 32 - 0.25f;
        variance[i] = 0.25f + (float)i / 8;
    }
    for (size_t l = 0; l < mlp_model_spec(model)->layer_count; l++)
        mlp_model_set_norm(model, l, scale, shift, mean, variance);
}

mlp_model *net_create(mlp_activation activation, mlp_norm norm, mlp_loss loss, size_t units,
                      mlp_dataset **data)
{
    mlp_layer_spec layers[] = {{NET_HIDDEN, activation, norm, 0.25f},
                               {NET_HIDDEN, activation, norm, 0},
                               {units, MLP_IDENTITY, MLP_NORM_NONE, 0}};
    mlp_spec spec = {.inputs = NET_INPUTS, .layer_count = 3, .layers = layers, .loss = loss};
    mlp_arrays arrays = {.count = NET_COUNT,
                         .features = NET_INPUTS,
                         .f32 = net_x,
                         .targets = net_t,
                         .outputs = units};
    mlp_model *model = NULL;
    *data = NULL;
    if (mlp_model_create(&spec, 1, &model, NULL) != MLP_OK)
        return NULL;
    set_norms(model);
    mlp_dataset_wrap(&arrays, data, NULL);
    return model;
}
