/* SPDX-License-Identifier: MIT */
/* Fuzz target of the IDX and gz readers. The first byte of the input chooses:
 * images or labels; the rest as it is, or packed by zlib first, so that what is
 * in a valid gz file is tried too. */
#include "alloc.h"
#include "formats/idx.h"
#include "fuzz_file.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    LABELS = 1,
    PACKED = 2,
    GZIP_WINDOW = 15 + 16,
};

static void add_packed(struct fuzz_file *file, const uint8_t *data, size_t size)
{
    unsigned char packed[1 << 14];
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (deflateInit2(&stream, 1, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    stream.next_in = (unsigned char *)data;
    stream.avail_in = (unsigned)size;
    int code;
    do {
        stream.next_out = packed;
        stream.avail_out = sizeof packed;
        code = deflate(&stream, Z_FINISH);
        fuzz_file_add(file, packed, sizeof packed - stream.avail_out);
    } while (code == Z_OK);
    deflateEnd(&stream);
}

/* Reads every value, so that the sanitizers see whether it is there. */
static bool is_right(const struct mlp_idx *idx)
{
    size_t values = idx->count * idx->features, pixels = idx->height * idx->width, sum = 0;
    for (size_t i = 0; i < values; i++)
        sum += idx->u8 ? idx->u8[i] : isfinite(idx->f32[i]) ? 0 : 256 * values;
    return values > 0 && sum <= 255 * values && (pixels == 0 || pixels == idx->features);
}

/* What was read fits what it says, and a failure says why. */
static void check(mlp_status status, const struct mlp_idx *idx, const mlp_error *error)
{
    if (status != MLP_OK) {
        if (idx->u8 || idx->f32 || error->message[0] == '\0')
            abort();
        return;
    }
    if (!idx->u8 == !idx->f32 || !is_right(idx))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct fuzz_file file;
    struct mlp_idx idx;
    mlp_error error = {.message = ""};
    fuzz_file_open(&file);
    if (data[0] & PACKED)
        add_packed(&file, data + 1, size - 1);
    else
        fuzz_file_add(&file, data + 1, size - 1);
    mlp_status status =
        mlp_idx_read(file.path, data[0] & LABELS ? MLP_IDX_LABELS : MLP_IDX_IMAGES, &idx, &error);
    check(status, &idx, &error);
    mlp_free(idx.u8);
    mlp_free(idx.f32);
    fuzz_file_close(&file);
    if (mlp_alloc_live() != 0)
        abort();
    return 0;
}
