/* SPDX-License-Identifier: MIT */
#include "safetensors.h"

#include "alloc.h"
#include "bytes.h"
#include "error.h"
#include "file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_ALIGNMENT = 64 };

static bool add_text(json_t *object, const char *key, const char *text)
{
    return json_object_set_new(object, key, json_string(text)) == 0;
}

static bool add_key(json_t *metadata, const mlp_model *model, size_t i)
{
    if (!mlp_st_needs_key(model, i))
        return true;
    char *text = mlp_st_text(model, i);
    bool done = text && add_text(metadata, mlp_st_key(i), text);
    mlp_free(text);
    return done;
}

static bool add_metadata(json_t *root, const mlp_model *model)
{
    char fingerprint[MLP_ST_FINGERPRINT];
    json_t *metadata = json_object();
    if (json_object_set_new(root, MLP_ST_METADATA, metadata) != 0)
        return false;
    bool done =
        add_text(metadata, "format", "pt") && add_text(metadata, "mlp.version", MLP_ST_VERSION);
    for (size_t i = 0; done && mlp_st_key(i); i++)
        done = add_key(metadata, model, i);
    mlp_model_fingerprint(model, fingerprint);
    return done && add_text(metadata, "mlp.fingerprint", fingerprint);
}

/* Adds a tensor of `count` floats at byte *offset and moves *offset past it. */
static bool add_tensor(json_t *root, const char *name, json_t *shape, size_t count, size_t *offset)
{
    size_t end = *offset + count * sizeof(float);
    json_t *tensor = json_pack("{s:s, s:o, s:[I,I]}", "dtype", "F32", "shape", shape,
                               "data_offsets", (json_int_t)*offset, (json_int_t)end);
    *offset = end;
    return json_object_set_new(root, name, tensor) == 0;
}

static bool add_layer(json_t *root, size_t module, const struct mlp_layer *layer, size_t *offset)
{
    json_int_t in = (json_int_t)layer->in, out = (json_int_t)layer->out;
    bool done = true;
    for (size_t part = 0; done && part < mlp_st_parts(layer->norm); part++) {
        char name[MLP_ST_TEXT];
        mlp_st_tensor_name(name, module, part);
        done = part == 0 ? add_tensor(root, name, json_pack("[I,I]", out, in),
                                      layer->out * layer->in, offset)
                         : add_tensor(root, name, json_pack("[I]", out), layer->out, offset);
    }
    return done;
}

/* The header's JSON, to be freed with free(); NULL where there is no memory.
 * *data_size is the bytes of all tensors. */
static char *header_text(const mlp_model *model, size_t *data_size)
{
    size_t module = 0;
    json_t *root = json_object();
    bool done = root && add_metadata(root, model);
    *data_size = 0;
    for (size_t l = 0; done && l < model->spec.layer_count; l++) {
        done = add_layer(root, module, &model->layers[l], data_size);
        module += mlp_st_modules(&model->specs[l]);
    }
    char *text = done ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

/* The length and the header, padded with spaces so that the data is aligned. */
static unsigned char *frame_header(const char *text, size_t *size)
{
    size_t length = strlen(text);
    size_t padded =
        (MLP_ST_LENGTH_BYTES + length + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
    unsigned char *header = mlp_alloc_uninitialized(padded, 1);
    if (!header)
        return NULL;
    memset(header, ' ', padded);
    mlp_store_u64(header, padded - MLP_ST_LENGTH_BYTES);
    memcpy(header + MLP_ST_LENGTH_BYTES, text, length);
    *size = padded;
    return header;
}

/* All tensors in the order of the header, as the file's bytes. */
static float *collect(const mlp_model *model, size_t size)
{
    size_t count = size / sizeof(float);
    float *values = mlp_alloc_uninitialized(count, sizeof(float));
    if (!values)
        return NULL;
    float *to = values;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &model->layers[l];
        mlp_model_get_layer(model, l, to, NULL);
        to += layer->out * layer->in;
        for (size_t part = 1; part < mlp_st_parts(layer->norm); part++) {
            memcpy(to, mlp_layer_vector(layer, part - 1), layer->out * sizeof *to);
            to += layer->out;
        }
    }
    mlp_store_f32((unsigned char *)values, values, count);
    return values;
}

mlp_status mlp_model_save(const mlp_model *model, const char *path, mlp_error *error)
{
    size_t header_size = 0, data_size = 0;
    char *text = header_text(model, &data_size);
    unsigned char *header = text ? frame_header(text, &header_size) : NULL;
    float *data = header ? collect(model, data_size) : NULL;
    mlp_status status;
    if (data) {
        struct mlp_chunk chunks[] = {{header, header_size}, {data, data_size}};
        status = mlp_file_write(path, chunks, 2, error);
    } else {
        status = mlp_fail_memory(error, "saving the model");
    }
    mlp_free(data);
    mlp_free(header);
    free(text);
    return status;
}

mlp_status mlp_model_save_check(const char *path, mlp_error *error)
{
    return mlp_file_check(path, error);
}
