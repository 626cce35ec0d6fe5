/* SPDX-License-Identifier: MIT */
/* Fuzz target of the reader of ONNX files: the input is the file. */
#include "alloc.h"
#include "fuzz_file.h"

#include <mlp/onnx.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_file file;
    mlp_model *model = NULL;
    mlp_error error = {.message = ""};
    fuzz_file_open(&file);
    fuzz_file_add(&file, data, size);
    mlp_status status = mlp_model_import_onnx(file.path, NULL, &model, &error);
    if ((status == MLP_OK) != (model != NULL) || (status != MLP_OK && error.message[0] == '\0'))
        abort();
    if (model) {
        char fingerprint[65];
        mlp_model_fingerprint(model, fingerprint);
    }
    mlp_model_destroy(model);
    fuzz_file_close(&file);
    if (mlp_alloc_live() != 0)
        abort();
    return 0;
}
