/* SPDX-License-Identifier: MIT */
/* For test_pytorch.py: saves networks of every kind into the folder FOLDER, and beside each one
 * inputs and what the library predicts for them, as raw floats (NAME.safetensors, NAME.in,
 * NAME.out). */
#include <mlp/mlp.h>

#include <stdio.h>
#include <stdlib.h>

enum { INPUTS = 6, HIDDEN = 17, OUTPUTS = 3, COUNT = 20, MOST_PATH = 512 };

static float x[COUNT * INPUTS], t[COUNT * OUTPUTS];

static void fill(void)
{
    for (size_t i = 0; i < COUNT * INPUTS; i++)
        x[i] = (float)(i * 37 % 101) / 25 - 2;
    for (size_t i = 0; i < COUNT * OUTPUTS; i++)
        t[i] = (float)(i * 11 % 23) - 4;
}

static bool write_floats(const char *folder, const char *name, const char *what, const float *from,
                         size_t count)
{
    char path[MOST_PATH];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, what);
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    bool done = fwrite(from, sizeof *from, count, file) == count;
    return fclose(file) == 0 && done;
}

/* Running statistics that are not the initial ones. */
static void set_norms(mlp_model *model)
{
    float scale[HIDDEN], shift[HIDDEN], mean[HIDDEN], variance[HIDDEN];
    for (size_t i = 0; i < HIDDEN; i++) {
        scale[i] = 0.5f + (float)i / 16;
        shift[i] = (float)i / 8 - 1;
        mean[i] = (float)i / 32 - 0.25f;
        variance[i] = 0.25f + (float)i / 8;
    }
    for (size_t l = 0; l < mlp_model_spec(model)->layer_count; l++)
        mlp_model_set_norm(model, l, scale, shift, mean, variance);
}

static bool write_model(const char *folder, const char *name, const mlp_model *model)
{
    char path[MOST_PATH];
    float outputs[COUNT * OUTPUTS];
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, name);
    return mlp_model_save(model, path, NULL) == MLP_OK &&
           mlp_model_predict_f32(model, x, COUNT, 1, outputs, NULL) == MLP_OK &&
           write_floats(folder, name, "in", x, COUNT * INPUTS) &&
           write_floats(folder, name, "out", outputs, COUNT * OUTPUTS);
}

/* Not every combination is offered: false only where saving fails. */
static bool save(const char *folder, mlp_activation activation, mlp_norm norm, mlp_loss loss)
{
    char name[MOST_PATH / 2];
    bool scaled = norm == MLP_NORM_BATCH;
    mlp_layer_spec layers[] = {{HIDDEN, activation, norm, 0.25f},
                               {HIDDEN, activation, norm, 0},
                               {OUTPUTS, MLP_IDENTITY, MLP_NORM_NONE, 0}};
    mlp_spec spec = {.inputs = INPUTS, .layer_count = 3, .layers = layers, .loss = loss};
    mlp_arrays arrays = {
        .count = COUNT, .features = INPUTS, .f32 = x, .targets = t, .outputs = OUTPUTS};
    mlp_dataset *data = NULL;
    mlp_model *model = NULL;
    if (mlp_model_create(&spec, 1, &model, NULL) != MLP_OK)
        return true;
    set_norms(model);
    snprintf(name, sizeof name, "%s-%s-%s", mlp_activation_name(activation), mlp_norm_name(norm),
             mlp_loss_name(loss));
    bool done = mlp_dataset_wrap(&arrays, &data, NULL) == MLP_OK;
    if (done && scaled)
        done = mlp_model_standardize(model, data, loss == MLP_MSE, NULL) == MLP_OK;
    done = done && write_model(folder, name, model);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
    return done;
}

int main(int argc, char **argv)
{
    bool done = argc == 2;
    fill();
    for (size_t a = 0; done && mlp_activation_name(a); a++) {
        for (size_t n = 0; done && mlp_norm_name(n); n++) {
            done = save(argv[1], (mlp_activation)a, (mlp_norm)n, MLP_CROSS_ENTROPY) &&
                   save(argv[1], (mlp_activation)a, (mlp_norm)n, MLP_MSE);
        }
    }
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
