/* SPDX-License-Identifier: MIT */
#include "safetensors_writer.h"

#include "alloc.h"
#include "error.h"
#include "file.h"

mlp_status mlp_model_save(const mlp_model *model, const char *path, mlp_error *error)
{
    size_t size = 0;
    unsigned char *bytes = mlp_st_model_bytes(model, &size);
    if (!bytes)
        return mlp_fail_memory(error, "saving the model");
    struct mlp_chunk chunk = {bytes, size};
    mlp_status status = mlp_file_write(path, &chunk, 1, error);
    mlp_free(bytes);
    return status;
}

mlp_status mlp_model_save_check(const char *path, mlp_error *error)
{
    return mlp_file_check(path, error);
}
