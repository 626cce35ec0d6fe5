/* SPDX-License-Identifier: MIT */
/* In place of ONNX where the library is built without it. */
#include <mlp/onnx.h>

#include "error.h"
#include "formats/model_format.h"
#include "formats/onnx_name.h"

bool mlp_onnx_supported(void)
{
    return false;
}

mlp_status mlp_model_export_onnx(const mlp_model *model, const char *path,
                                 const mlp_onnx_options *options, mlp_error *error)
{
    (void)model;
    (void)options;
    return mlp_fail(error, MLP_ERROR_USAGE, "%s: this build of mlp has no ONNX", path);
}

mlp_status mlp_model_import_onnx(const char *path, const mlp_onnx_import_options *options,
                                 mlp_model **out, mlp_error *error)
{
    (void)options;
    (void)out;
    return mlp_fail(error, MLP_ERROR_USAGE, "%s: this build of mlp has no ONNX", path);
}

static mlp_status import_onnx(const char *path, const mlp_import_options *options, mlp_model **out,
                              mlp_error *error)
{
    (void)options;
    return mlp_model_import_onnx(path, NULL, out, error);
}

const struct mlp_model_format mlp_model_format_onnx = {
    .options = MLP_IMPORT_LOSS,
    .what = "an ONNX graph",
    .claims = mlp_onnx_claims,
    .import = import_onnx,
};
