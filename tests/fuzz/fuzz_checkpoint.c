/* SPDX-License-Identifier: MIT */
/* Fuzz target of the reader of checkpoints: a run that is to go on from the input. The first byte
 * of the input chooses: what follows is the file; or it is the header, to which the right length,
 * the tensors' bytes of a checkpoint of this run, with its history or without, and the right
 * checksum are added, so that what is behind the checksum is tried too. */
#include "alloc.h"
#include "bytes.h"
#include "formats/checkpoint.h"
#include "fuzz_file.h"

#include <mlp/mlp.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    INPUTS = 2,
    CLASSES = 2,
    TENSORS = 1 << 12, /* their bytes, at most */
    EPOCHS = 2,
    HISTORY = EPOCHS * MLP_HISTORY_COLUMNS * sizeof(double),
    WHOLE = 1,
    NO_HISTORY = 2,
};

/* The run of the seeds: mlp train --data xor --hidden 3 --optimizer adam --epochs 2 --batch 2 */
static mlp_status run(const mlp_dataset *data, const char *save, const char *resume,
                      mlp_error *error)
{
    const mlp_layer_spec layers[] = {{.units = 3, .activation = MLP_RELU}, {.units = CLASSES}};
    const mlp_spec spec = {
        .inputs = INPUTS,
        .layer_count = 2,
        .layers = layers,
        .loss = MLP_CROSS_ENTROPY,
        .init_scale = 1, /* as mlp has it */
    };
    const mlp_checkpoint_options checkpoints = {.path = save, .resume = resume, .every_epochs = 1};
    mlp_train_options options = mlp_train_options_default();
    mlp_model *model = NULL;
    options.epochs = EPOCHS;
    options.batch = 2;
    options.threads = 1;
    mlp_status status = mlp_model_create(&spec, 1, &model, error);
    if (status == MLP_OK)
        status = mlp_train_resumable(model, data, NULL, &options, &checkpoints, NULL, NULL, error);
    mlp_model_destroy(model);
    return status;
}

/* The tensors' bytes of the run's own last checkpoint. */
static size_t read_tensors(const mlp_dataset *data, unsigned char tensors[TENSORS])
{
    char folder[] = "/tmp/fuzz_checkpoint_XXXXXX", path[64], other[80];
    unsigned char length[MLP_ST_LENGTH_BYTES];
    if (!mkdtemp(folder))
        abort();
    snprintf(path, sizeof path, "%s/c", folder);
    FILE *file = run(data, path, NULL, NULL) == MLP_OK ? fopen(path, "rb") : NULL;
    if (!file || fread(length, sizeof length, 1, file) != 1 ||
        fseek(file, (long)mlp_load_u64(length), SEEK_CUR) != 0)
        abort();
    size_t size = fread(tensors, 1, TENSORS, file);
    fclose(file);
    unlink(path);
    snprintf(other, sizeof other, "%s.previous", path);
    unlink(other);
    snprintf(other, sizeof other, "%s.best", path);
    unlink(other);
    rmdir(folder);
    return size;
}

/* Makes a whole file of a header. */
static void add_whole(struct fuzz_file *file, const uint8_t *header, size_t size,
                      const unsigned char *tensors, size_t tensors_size)
{
    size_t total = MLP_ST_LENGTH_BYTES + size + tensors_size;
    unsigned char *bytes = malloc(total);
    if (!bytes)
        abort();
    mlp_store_u64(bytes, size);
    memcpy(bytes + MLP_ST_LENGTH_BYTES, header, size);
    memcpy(bytes + MLP_ST_LENGTH_BYTES + size, tensors, tensors_size);
    size_t at = mlp_checkpoint_find_checksum(bytes, MLP_ST_LENGTH_BYTES + size);
    if (at > 0) {
        char sum[MLP_HASH_TEXT];
        mlp_checkpoint_checksum(bytes, total, at, sum);
        memcpy(bytes + at, sum, sizeof sum - 1);
    }
    fuzz_file_add(file, bytes, total);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mlp_dataset *samples;
    static unsigned char tensors[TENSORS];
    static size_t tensors_size;
    static long live;
    mlp_error error = {.message = ""};
    struct fuzz_file file;
    if (!samples) {
        if (mlp_dataset_open("xor", MLP_TRAIN, &samples, NULL) != MLP_OK)
            abort();
        tensors_size = read_tensors(samples, tensors);
        live = mlp_alloc_live();
    }
    if (size == 0)
        return 0;
    fuzz_file_open(&file);
    size_t skipped = data[0] & NO_HISTORY ? HISTORY : 0;
    if (data[0] & WHOLE)
        add_whole(&file, data + 1, size - 1, tensors + skipped, tensors_size - skipped);
    else
        fuzz_file_add(&file, data + 1, size - 1);
    if (run(samples, NULL, file.path, &error) != MLP_OK && error.message[0] == '\0')
        abort();
    fuzz_file_close(&file);
    if (mlp_alloc_live() != live)
        abort();
    return 0;
}
