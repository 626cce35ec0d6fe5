/* SPDX-License-Identifier: MIT */
#include "hash.h"

#include "bytes.h"
#include "data.h"

/* The state's size is the header's own affair. */
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { BLOCK = 1024 };

static void write_text(const XXH3_state_t *state, char out[MLP_HASH_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(state));
    for (size_t i = 0; i < sizeof bytes.digest; i++) {
        out[2 * i] = digits[bytes.digest[i] >> 4];
        out[2 * i + 1] = digits[bytes.digest[i] & 15];
    }
    out[MLP_HASH_TEXT - 1] = '\0';
}

void mlp_hash_chunks(const struct mlp_chunk *chunks, size_t count, char out[MLP_HASH_TEXT])
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    for (size_t i = 0; i < count; i++)
        XXH3_128bits_update(&state, chunks[i].data, chunks[i].size);
    write_text(&state, out);
}

static void add_floats(XXH3_state_t *state, const float *values, size_t count)
{
    unsigned char bytes[4 * BLOCK];
    for (size_t i = 0; i < count; i += BLOCK) {
        size_t part = count - i < BLOCK ? count - i : BLOCK;
        mlp_store_f32(bytes, values + i, part);
        XXH3_128bits_update(state, bytes, 4 * part);
    }
}

static void add_sizes(XXH3_state_t *state, const mlp_dataset *data)
{
    const size_t sizes[] = {data->count,   data->features,   data->classes,
                            data->outputs, data->u8 != NULL, data->weights != NULL};
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        mlp_store_u64(bytes, sizes[i]);
        XXH3_128bits_update(state, bytes, sizeof bytes);
    }
}

/* `count` samples that follow each other in memory. */
static void add_inputs(XXH3_state_t *state, const mlp_dataset *data, size_t first, size_t count)
{
    if (data->u8)
        XXH3_128bits_update(state, mlp_dataset_u8_at(data, first), count * data->features);
    else
        add_floats(state, mlp_dataset_f32_at(data, first), count * data->features);
}

void mlp_dataset_hash(const mlp_dataset *data, char out[33])
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    add_sizes(&state, data);
    size_t together = data->rows ? 1 : data->count;
    for (size_t i = 0; i < data->count; i += together)
        add_inputs(&state, data, i, together);
    if (data->labels)
        XXH3_128bits_update(&state, data->labels, data->count);
    if (data->targets)
        add_floats(&state, data->targets, data->count * data->outputs);
    if (data->weights)
        add_floats(&state, data->weights, data->count);
    write_text(&state, out);
}
