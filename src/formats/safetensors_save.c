/* SPDX-License-Identifier: MIT */
#include "safetensors_writer.h"

#include "error.h"
#include "file.h"

mlp_status mlp_model_save(const mlp_model *model, const char *path, mlp_error *error)
{
    struct mlp_st_writer writer;
    mlp_status status;
    mlp_st_writer_begin(&writer);
    mlp_st_writer_model(&writer, model);
    mlp_st_writer_tensors(&writer, model, "");
    if (mlp_st_writer_allocate(&writer)) {
        mlp_st_writer_fill(model, writer.data);
        struct mlp_chunk chunk = {writer.file, writer.size};
        status = mlp_file_write(path, &chunk, 1, error);
    } else {
        status = mlp_fail_memory(error, "saving the model");
    }
    mlp_st_writer_end(&writer);
    return status;
}

mlp_status mlp_model_save_check(const char *path, mlp_error *error)
{
    return mlp_file_check(path, error);
}
