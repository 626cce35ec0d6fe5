/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "output.h"

#include <string.h>

bool is_onnx(const char *path)
{
    const char *end = strrchr(path, '.');
    return end && strcmp(end, ".onnx") == 0;
}

int open_model(const struct settings *settings, mlp_model **out)
{
    mlp_error error;
    mlp_status status;
    bool has_loss = option_given(settings, "loss");
    if (is_onnx(settings->model)) {
        mlp_onnx_import_options options = {.has_loss = has_loss, .loss = settings->loss};
        status = mlp_model_import_onnx(settings->model, &options, out, &error);
    } else if (has_loss) {
        return fail(MLP_ERROR_USAGE, "--loss: %s says its own, expected a model in a file .onnx",
                    settings->model);
    } else {
        status = mlp_model_load(settings->model, out, &error);
    }
    return status == MLP_OK ? MLP_OK : fail_with(&error);
}
