/* SPDX-License-Identifier: MIT */
#include "safetensors_writer.h"

#include "alloc.h"
#include "file.h"

mlp_status mlp_model_save(const mlp_model *model, const char *path, mlp_error *error)
{
    size_t size = 0;
    unsigned char *bytes = NULL;
    mlp_status status = mlp_st_model_bytes(model, &bytes, &size, error);
    if (status != MLP_OK)
        return status;
    struct mlp_chunk chunk = {bytes, size};
    status = mlp_file_write(path, &chunk, 1, error);
    mlp_free(bytes);
    return status;
}

mlp_status mlp_model_save_check(const char *path, mlp_error *error)
{
    return mlp_file_check(path, error);
}
