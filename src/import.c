/* SPDX-License-Identifier: MIT */
/* Models of files, whatever wrote them (mlp/import.h). */
#include "error.h"
#include "formats/model_format.h"

/* The first that claims a file gets it; the last claims everything. */
static const struct mlp_model_format *const formats[] = {
    &mlp_model_format_onnx,
    &mlp_model_format_safetensors,
};

static const struct mlp_model_format *format_of(const char *path)
{
    size_t i = 0;
    while (i + 1 < sizeof formats / sizeof formats[0] && !formats[i]->claims(path))
        i++;
    return formats[i];
}

static mlp_status check_options(const char *path, const struct mlp_model_format *format,
                                const mlp_import_options *o, mlp_error *error)
{
    unsigned given = o->has_loss ? MLP_IMPORT_LOSS : 0;
    if (o->has_activation || o->in_out || o->map)
        given |= MLP_IMPORT_TENSORS;
    if (o->has_activation && !mlp_activation_name(o->activation))
        return mlp_fail(error, MLP_ERROR_USAGE, "unknown activation %d", (int)o->activation);
    if (o->has_loss && !mlp_loss_name(o->loss))
        return mlp_fail(error, MLP_ERROR_USAGE, "unknown loss %d", (int)o->loss);
    if (given & ~format->options)
        return mlp_fail(error, MLP_ERROR_USAGE, "%s: %s says its own, expected safetensors", path,
                        format->what);
    return MLP_OK;
}

mlp_status mlp_model_import(const char *path, const mlp_import_options *options, mlp_model **out,
                            mlp_error *error)
{
    static const mlp_import_options defaults;
    const struct mlp_model_format *format = format_of(path);
    options = options ? options : &defaults;
    mlp_status status = check_options(path, format, options, error);
    return status == MLP_OK ? format->import(path, options, out, error) : status;
}
