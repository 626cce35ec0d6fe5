/* SPDX-License-Identifier: MIT */
/* Formats of models. A new one is a file of its own that defines a row, declared here, and its
 * place in the list of src/import.c. */
#ifndef MLP_SRC_FORMATS_MODEL_FORMAT_H
#define MLP_SRC_FORMATS_MODEL_FORMAT_H

#include <mlp/import.h>

#include <stdbool.h>

/* Which of mlp_import_options a format has; any_numbers is for all. */
enum {
    MLP_IMPORT_LOSS = 1 << 0,
    MLP_IMPORT_TENSORS = 1 << 1, /* what mere tensors do not tell: all others */
};

struct mlp_model_format {
    unsigned options; /* others are refused before it is called */
    const char *what; /* a file of this format, for that refusal */

    /* Whether the file is of this format, by its name. The first row that says so gets it, the last
     * row gets what is left. */
    bool (*claims)(const char *path);

    /* As mlp_model_import, with options that are checked. */
    mlp_status (*import)(const char *path, const mlp_import_options *options, mlp_model **out,
                         mlp_error *error);
};

/* ONNX graphs (onnx_load.c, or onnx_none.c, which says that this build has none) and safetensors
 * (safetensors_import.c). */
extern const struct mlp_model_format mlp_model_format_onnx;
extern const struct mlp_model_format mlp_model_format_safetensors;

#endif
