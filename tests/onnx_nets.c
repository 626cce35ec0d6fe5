/* SPDX-License-Identifier: MIT */
/* For test_onnxruntime.py and test_torch_onnx.py.
 *
 *   onnx_nets export FOLDER: writes networks of every kind into FOLDER, and beside each one inputs
 *   and what the library predicts for them, as raw floats (NAME.onnx, NAME.in, NAME.out);
 *   onnx_nets import NAME COUNT: reads NAME.onnx and COUNT samples of NAME.in, writes NAME.out. */
#include "net_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool write_model(const char *folder, const char *name, const mlp_model *model)
{
    char path[NET_PATH];
    float outputs[NET_COUNT * NET_OUTPUTS];
    mlp_onnx_options options = {.softmax = true};
    mlp_error error;
    snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    if (mlp_model_export_onnx(model, path, &options, &error) != MLP_OK) {
        printf("%s\n", error.message);
        return false;
    }
    return mlp_model_predict_f32(model, net_x, NET_COUNT, 1, outputs, NULL) == MLP_OK &&
           net_write_floats(folder, name, "in", net_x, NET_COUNT * NET_INPUTS) &&
           net_write_floats(folder, name, "out", outputs, NET_COUNT * mlp_model_outputs(model));
}

/* Not every combination is offered: false only where writing fails. */
static bool export_one(const char *folder, mlp_activation activation, mlp_norm norm, mlp_loss loss,
                       size_t units)
{
    char name[NET_PATH / 2];
    mlp_dataset *data;
    mlp_model *model = net_create(activation, norm, loss, units, &data);
    if (!model)
        return true;
    snprintf(name, sizeof name, "%s-%s-%s-%zu", mlp_activation_name(activation),
             mlp_norm_name(norm), mlp_loss_name(loss), units);
    bool done = data != NULL;
    if (done && norm == MLP_NORM_BATCH)
        done = mlp_model_standardize(model, data, mlp_model_scales_targets(model), NULL) == MLP_OK;
    done = done && write_model(folder, name, model);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
    return done;
}

static bool export_all(const char *folder)
{
    bool done = true;
    net_fill();
    for (size_t a = 0; done && mlp_activation_name(a); a++) {
        for (size_t n = 0; done && mlp_norm_name(n); n++) {
            for (size_t loss = 0; done && mlp_loss_name(loss); loss++) {
                done =
                    export_one(folder, (mlp_activation)a, (mlp_norm)n, (mlp_loss)loss, NET_OUTPUTS);
                done =
                    done && export_one(folder, (mlp_activation)a, (mlp_norm)n, (mlp_loss)loss, 1);
            }
        }
    }
    return done;
}

/* Reads `count` floats of a file; NULL where it has fewer. */
static float *read_floats(const char *path, size_t count)
{
    FILE *file = fopen(path, "rb");
    float *values = malloc(count * sizeof *values);
    bool done = file && values && fread(values, sizeof *values, count, file) == count;
    if (file)
        fclose(file);
    if (done)
        return values;
    free(values);
    return NULL;
}

static bool import_one(const char *name, size_t count)
{
    char path[NET_PATH];
    mlp_model *model = NULL;
    mlp_error error;
    snprintf(path, sizeof path, "%s.onnx", name);
    if (mlp_model_import_onnx(path, NULL, &model, &error) != MLP_OK) {
        printf("%s\n", error.message);
        return false;
    }
    snprintf(path, sizeof path, "%s.in", name);
    size_t outputs = mlp_model_outputs(model);
    float *in = read_floats(path, count * mlp_model_inputs(model));
    float *out = malloc(count * outputs * sizeof *out);
    bool done = in && out && mlp_model_predict_f32(model, in, count, 1, out, NULL) == MLP_OK &&
                net_write_floats(".", name, "out", out, count * outputs);
    printf("%s\n", mlp_loss_name(mlp_model_spec(model)->loss));
    free(out);
    free(in);
    mlp_model_destroy(model);
    return done;
}

int main(int argc, char **argv)
{
    bool done = false;
    if (argc == 3 && strcmp(argv[1], "export") == 0)
        done = export_all(argv[2]);
    if (argc == 4 && strcmp(argv[1], "import") == 0)
        done = import_one(argv[2], strtoul(argv[3], NULL, 10));
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
