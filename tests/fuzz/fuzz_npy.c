/* SPDX-License-Identifier: MIT */
/* Fuzz target of the npy reader. The first byte of the input chooses: the rest is inputs, or labels
 * or targets. */
#include "alloc.h"
#include "formats/format.h"
#include "formats/npy.h"
#include "fuzz_data.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_inputs(const char *path, mlp_error *error)
{
    const mlp_source_options options = {.unlabelled = true};
    mlp_dataset *found = NULL;
    mlp_status status = mlp_format_npy.open(path, MLP_TRAIN, &options, &found, error);
    fuzz_check_data(status, found, error);
}

static void read_goals(const char *path, mlp_error *error)
{
    struct mlp_npy_goals goals;
    mlp_status status = mlp_npy_read_goals_file(path, &goals, error);
    if (status != MLP_OK && (error->message[0] == '\0' || goals.labels || goals.targets))
        abort();
    if (status == MLP_OK && !goals.labels == !goals.targets)
        abort();
    size_t sum = 0;
    for (size_t i = 0; goals.labels && i < goals.count; i++)
        sum += goals.labels[i];
    if (sum > 255 * goals.count)
        abort();
    if (goals.targets)
        fuzz_check_values(goals.targets, goals.count * goals.outputs);
    mlp_npy_free_goals(&goals);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct fuzz_file file;
    mlp_error error = {.message = ""};
    fuzz_file_open(&file);
    fuzz_file_add(&file, data + 1, size - 1);
    if (data[0] & 1)
        read_goals(file.path, &error);
    else
        read_inputs(file.path, &error);
    fuzz_file_close(&file);
    if (mlp_alloc_live() != 0)
        abort();
    return 0;
}
