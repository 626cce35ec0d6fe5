/* SPDX-License-Identifier: MIT */
/* Fuzz target of the npz reader. The first byte of the input chooses the split and whether labels
 * are read; the rest is the archive. */
#include "alloc.h"
#include "formats/format.h"
#include "fuzz_data.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct fuzz_file file;
    const mlp_source_options options = {.unlabelled = data[0] & 1,
                                        .labels = data[0] & 4 ? "y" : NULL};
    mlp_split split = data[0] & 2 ? MLP_TEST : MLP_TRAIN;
    mlp_dataset *found = NULL;
    mlp_error error = {.message = ""};
    fuzz_file_open(&file);
    fuzz_file_add(&file, data + 1, size - 1);
    (void)mlp_format_npz.has(file.path, split);
    mlp_status status = mlp_format_npz.open(file.path, split, &options, &found, &error);
    fuzz_check_data(status, found, &error);
    fuzz_file_close(&file);
    if (mlp_alloc_live() != 0)
        abort();
    return 0;
}
