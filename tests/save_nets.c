/* SPDX-License-Identifier: MIT */
/* For test_pytorch.py: saves networks of every kind into the folder FOLDER, and beside each one
 * inputs and what the library predicts for them, as raw floats (NAME.safetensors, NAME.in,
 * NAME.out). */
#include "net_files.h"

#include <stdio.h>
#include <stdlib.h>

static bool write_model(const char *folder, const char *name, const mlp_model *model)
{
    char path[NET_PATH];
    float outputs[NET_COUNT * NET_OUTPUTS];
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, name);
    return mlp_model_save(model, path, NULL) == MLP_OK &&
           mlp_model_predict_f32(model, net_x, NET_COUNT, 1, outputs, NULL) == MLP_OK &&
           net_write_floats(folder, name, "in", net_x, NET_COUNT * NET_INPUTS) &&
           net_write_floats(folder, name, "out", outputs, NET_COUNT * NET_OUTPUTS);
}

/* Not every combination is offered: false only where saving fails. */
static bool save(const char *folder, mlp_activation activation, mlp_norm norm, mlp_loss loss)
{
    char name[NET_PATH / 2];
    bool scaled = norm == MLP_NORM_BATCH;
    mlp_dataset *data;
    mlp_model *model = net_create(activation, norm, loss, NET_OUTPUTS, &data);
    if (!model)
        return true;
    snprintf(name, sizeof name, "%s-%s-%s", mlp_activation_name(activation), mlp_norm_name(norm),
             mlp_loss_name(loss));
    bool done =
        data && (!scaled || mlp_model_standardize(model, data, loss == MLP_MSE, NULL) == MLP_OK);
    done = done && write_model(folder, name, model);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
    return done;
}

int main(int argc, char **argv)
{
    bool done = argc == 2;
    net_fill();
    for (size_t a = 0; done && mlp_activation_name(a); a++) {
        for (size_t n = 0; done && mlp_norm_name(n); n++) {
            done = save(argv[1], (mlp_activation)a, (mlp_norm)n, MLP_CROSS_ENTROPY) &&
                   save(argv[1], (mlp_activation)a, (mlp_norm)n, MLP_MSE);
        }
    }
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
