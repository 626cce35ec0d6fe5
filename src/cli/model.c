/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "output.h"

#include <string.h>

bool is_onnx(const char *path)
{
    const char *end = strrchr(path, '.');
    return end && strcmp(end, ".onnx") == 0;
}

/* Whether one of these options is given, and which. */
static const char *find_option(const struct settings *settings, const char *const *names,
                               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (option_given(settings, names[i]))
            return names[i];
    }
    return NULL;
}

static int open_onnx(const struct settings *settings, mlp_model **out)
{
    static const char *const others[] = {"activation", "map", "orientation"};
    const char *given = find_option(settings, others, sizeof others / sizeof others[0]);
    mlp_onnx_import_options options = {.has_loss = option_given(settings, "loss"),
                                       .loss = settings->loss};
    mlp_error error;
    if (given)
        return fail(MLP_ERROR_USAGE, "--%s: an ONNX graph says its own, expected safetensors",
                    given);
    if (mlp_model_import_onnx(settings->model, &options, out, &error) != MLP_OK)
        return fail_with(&error);
    return MLP_OK;
}

static int open_safetensors(const struct settings *settings, bool any_numbers, mlp_model **out)
{
    static const char *const all[] = {"loss", "activation", "map", "orientation"};
    const char *given = find_option(settings, all, sizeof all / sizeof all[0]);
    mlp_import_options options = {
        .has_activation = option_given(settings, "activation"),
        .activation = settings->usual.activation,
        .has_loss = option_given(settings, "loss"),
        .loss = settings->loss,
        .in_out = settings->in_out,
        .map = settings->map,
        .any_numbers = any_numbers,
    };
    mlp_error error;
    mlp_status status = mlp_model_import(settings->model, &options, out, &error);
    if (status == MLP_ERROR_USAGE && strncmp(error.message, "map: ", 5) == 0)
        return fail(status, "--%s", error.message);
    if (status == MLP_ERROR_USAGE && given)
        return fail(status, "--%s: %s", given, error.message);
    return status == MLP_OK ? MLP_OK : fail_with(&error);
}

int open_model(const struct settings *settings, mlp_model **out)
{
    return is_onnx(settings->model) ? open_onnx(settings, out)
                                    : open_safetensors(settings, false, out);
}

int open_damaged_model(const struct settings *settings, mlp_model **out)
{
    return is_onnx(settings->model) ? open_onnx(settings, out)
                                    : open_safetensors(settings, true, out);
}

void talk_of_usual_data(const struct settings *settings)
{
    if (!option_given(settings, "data"))
        talk("data     %s, which are built in: no --data is given", settings->data);
}
