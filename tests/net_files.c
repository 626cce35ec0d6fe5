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

void net_set_norms(mlp_model *model)
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
