/* SPDX-License-Identifier: MIT */
/* SHA-256 of a model's weights. */
#include "bytes.h"
#include "model.h"

#ifdef __APPLE__
#include <CommonCrypto/CommonDigest.h>
typedef CC_SHA256_CTX sha256_context;
#define sha256_init CC_SHA256_Init
#define sha256_update(hash, data, size) CC_SHA256_Update(hash, data, (CC_LONG)(size))
#define sha256_final CC_SHA256_Final
#else
#include <sha256.h>
typedef SHA256_CTX sha256_context;
#define sha256_init SHA256_Init
#define sha256_update SHA256_Update
#define sha256_final SHA256_Final
#endif

enum { DIGEST = 32 };

/* Values that are hashed at a time. */
enum { BLOCK = 1024 };

/* A block of values on their way into the hash. */
struct sink {
    sha256_context hash;
    float values[BLOCK];
    size_t count;
};

static void flush(struct sink *sink)
{
    unsigned char bytes[4 * BLOCK];
    mlp_store_f32(bytes, sink->values, sink->count);
    sha256_update(&sink->hash, bytes, 4 * sink->count);
    sink->count = 0;
}

static void put(struct sink *sink, float value)
{
    sink->values[sink->count++] = value;
    if (sink->count == BLOCK)
        flush(sink);
}

/* NULL is nothing. */
static void put_array(struct sink *sink, const float *values, size_t count)
{
    for (size_t i = 0; values && i < count; i++)
        put(sink, values[i]);
}

static void put_layer(struct sink *sink, const struct mlp_layer *layer)
{
    for (size_t o = 0; o < layer->out; o++) {
        const float *column = layer->w + o / MLP_NR * (layer->in * MLP_NR) + o % MLP_NR;
        for (size_t i = 0; i < layer->in; i++)
            put(sink, column[i * MLP_NR]);
    }
    for (size_t i = 0; i < MLP_VECTORS; i++)
        put_array(sink, mlp_layer_vector(layer, i), layer->out);
}

void mlp_model_fingerprint(const mlp_model *model, char out[65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[DIGEST];
    struct sink sink = {.count = 0};

    sha256_init(&sink.hash);
    for (size_t l = 0; l < model->spec.layer_count; l++)
        put_layer(&sink, &model->layers[l]);
    put_array(&sink, model->input_mean, model->spec.inputs);
    put_array(&sink, model->input_factor, model->spec.inputs);
    put_array(&sink, model->target_mean, mlp_model_outputs(model));
    put_array(&sink, model->target_scale, mlp_model_outputs(model));
    flush(&sink);
    sha256_final(digest, &sink.hash);

    for (size_t i = 0; i < sizeof digest; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[64] = '\0';
}
