/* SPDX-License-Identifier: MIT */
/* Fuzz target of the model reader. The first byte of the input chooses: what
 * follows the second is the file; or it is the header, to which the right length
 * and as many floats of data as the second byte says are added. The file is read as one of mlp and
 * as one of another program, whose options the first byte chooses too. */
#include "alloc.h"
#include "bytes.h"
#include "fuzz_file.h"

#include <mlp/import.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_FLOATS = 24 };

static void add_file(struct fuzz_file *file, const uint8_t *data, size_t size)
{
    static const unsigned char zeros[MOST_FLOATS * sizeof(float)];
    if (!(data[0] & 1)) {
        fuzz_file_add(file, data + 2, size - 2);
        return;
    }
    unsigned char length[8];
    mlp_store_u64(length, size - 2);
    fuzz_file_add(file, length, sizeof length);
    fuzz_file_add(file, data + 2, size - 2);
    fuzz_file_add(file, zeros, data[1] % (MOST_FLOATS + 1) * sizeof(float));
}

/* Ends the process where the outcome is not one, and takes the model. */
static void check(mlp_status status, mlp_model *model, const mlp_error *error)
{
    if ((status == MLP_OK) != (model != NULL) || (status != MLP_OK && error->message[0] == '\0'))
        abort();
    if (model) {
        char fingerprint[65];
        mlp_model_fingerprint(model, fingerprint);
    }
    mlp_model_destroy(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct fuzz_file file;
    mlp_model *model = NULL;
    mlp_error error = {.message = ""};
    mlp_import_options options = {.in_out = data[0] & 2, .map = data[0] & 4 ? "a,b+c" : NULL};
    options.has_loss = data[0] & 8;
    options.loss = MLP_MSE;
    fuzz_file_open(&file);
    add_file(&file, data, size);
    mlp_status status = mlp_model_load(file.path, &model, &error);
    check(status, model, &error);
    model = NULL;
    error.message[0] = '\0';
    status = mlp_model_import(file.path, &options, &model, &error);
    check(status, model, &error);
    fuzz_file_close(&file);
    if (mlp_alloc_live() != 0)
        abort();
    return 0;
}
