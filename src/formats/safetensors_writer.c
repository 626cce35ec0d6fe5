/* SPDX-License-Identifier: MIT */
#include "safetensors_writer.h"

#include "alloc.h"
#include "bytes.h"
#include "error.h"
#include "class_names_text.h"
#include "columns_text.h"
#include "safetensors_vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_ALIGNMENT = 64 };

/* --- Header ------------------------------------------------------------------ */

void mlp_st_writer_begin(struct mlp_st_writer *w)
{
    *w = (struct mlp_st_writer){.root = json_object(), .metadata = json_object()};
    w->failed = json_object_set_new(w->root, MLP_ST_METADATA, w->metadata) != 0;
}

void mlp_st_writer_end(struct mlp_st_writer *w)
{
    mlp_free(w->file);
    json_decref(w->root);
    *w = (struct mlp_st_writer){.failed = true};
}

void mlp_st_writer_text(struct mlp_st_writer *w, const char *key, const char *text)
{
    if (!w->failed)
        w->failed = !text || json_object_set_new(w->metadata, key, json_string(text)) != 0;
}

size_t mlp_st_writer_tensor(struct mlp_st_writer *w, const char *name, const char *type,
                            size_t rows, size_t columns)
{
    size_t element = strcmp(type, "F64") == 0 ? sizeof(double) : sizeof(float);
    size_t begin = w->data_size, end = begin + rows * (columns > 0 ? columns : 1) * element;
    json_t *shape = columns > 0 ? json_pack("[I,I]", (json_int_t)rows, (json_int_t)columns)
                                : json_pack("[I]", (json_int_t)rows);
    json_t *tensor = json_pack("{s:s, s:o, s:[I,I]}", "dtype", type, "shape", shape, "data_offsets",
                               (json_int_t)begin, (json_int_t)end);
    w->failed = json_object_set_new(w->failed ? NULL : w->root, name, tensor) != 0; /* frees it */
    w->data_size = end;
    return begin;
}

/* The length and the header, padded with spaces so that the data is aligned. */
bool mlp_st_writer_allocate(struct mlp_st_writer *w)
{
    char *text = w->failed ? NULL : json_dumps(w->root, JSON_COMPACT);
    if (!text)
        return false;
    size_t length = strlen(text);
    size_t padded =
        (MLP_ST_LENGTH_BYTES + length + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
    w->size = padded + w->data_size;
    w->header_size = padded - MLP_ST_LENGTH_BYTES;
    if (w->header_size <= MLP_ST_MAX_HEADER)
        w->file = mlp_alloc_uninitialized(w->size, 1);
    if (w->file) {
        w->data = w->file + padded;
        memset(w->file, ' ', padded);
        mlp_store_u64(w->file, w->header_size);
        memcpy(w->file + MLP_ST_LENGTH_BYTES, text, length);
    }
    free(text);
    return w->file != NULL;
}

/* --- A model ------------------------------------------------------------------- */

static void add_key(struct mlp_st_writer *w, const mlp_model *model, size_t i)
{
    if (!mlp_st_needs_key(model, i))
        return;
    char *text = mlp_st_text(model, i);
    mlp_st_writer_text(w, mlp_st_key(i), text);
    mlp_free(text);
}

void mlp_st_writer_model(struct mlp_st_writer *w, const mlp_model *model)
{
    mlp_st_writer_text(w, "format", "pt");
    mlp_st_writer_text(w, "mlp.version", MLP_ST_VERSION);
    for (size_t i = 0; mlp_st_key(i); i++)
        add_key(w, model, i);
    if (model->class_names) {
        char *names = mlp_class_names_text(model);
        mlp_st_writer_text(w, MLP_CLASS_NAMES, names);
        free(names);
    }
    if (model->columns) {
        char *names = mlp_columns_text(model);
        mlp_st_writer_text(w, MLP_COLUMNS, names);
        free(names);
    }
    if (model->provenance)
        mlp_st_writer_text(w, "mlp.provenance", model->provenance);
}

size_t mlp_st_writer_tensors(struct mlp_st_writer *w, const mlp_model *model, const char *prefix)
{
    size_t module = 0, begin = w->data_size;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &model->layers[l];
        for (size_t part = 0; part < mlp_st_parts(layer->norm); part++) {
            char name[MLP_ST_TEXT], prefixed[2 * MLP_ST_TEXT];
            mlp_st_tensor_name(name, module, part);
            snprintf(prefixed, sizeof prefixed, "%s%s", prefix, name);
            mlp_st_writer_tensor(w, prefixed, "F32", layer->out, part == 0 ? layer->in : 0);
        }
        module += mlp_st_modules(&model->specs[l]);
    }
    return begin;
}

void mlp_st_writer_fill(const mlp_model *model, unsigned char *to)
{
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &model->layers[l];
        size_t count = layer->out * layer->in;
        float *weight = (float *)(void *)to; /* data and tensors are aligned */
        mlp_model_get_layer(model, l, weight, NULL);
        mlp_store_f32(to, weight, count);
        to += count * sizeof(float);
        for (size_t part = 1; part < mlp_st_parts(layer->norm); part++) {
            mlp_store_f32(to, mlp_layer_vector(layer, part - 1), layer->out);
            to += layer->out * sizeof(float);
        }
    }
}

mlp_status mlp_st_model_bytes(const mlp_model *model, unsigned char **bytes, size_t *size,
                              mlp_error *error)
{
    struct mlp_st_writer w;
    char fingerprint[MLP_ST_FINGERPRINT];
    mlp_st_writer_begin(&w);
    mlp_st_writer_model(&w, model);
    mlp_model_fingerprint(model, fingerprint);
    mlp_st_writer_text(&w, "mlp.fingerprint", fingerprint);
    mlp_status status = mlp_st_write_vectors(&w, model, error);
    mlp_st_writer_tensors(&w, model, "");
    if (status == MLP_OK && !mlp_st_writer_allocate(&w))
        status = w.header_size > MLP_ST_MAX_HEADER
                     ? mlp_fail(error, MLP_ERROR_USAGE,
                                "the model takes a header of %zu bytes, but a safetensors file has "
                                "%d at most",
                                w.header_size, MLP_ST_MAX_HEADER)
                     : mlp_fail_memory(error, "saving the model");
    if (status == MLP_OK) {
        mlp_st_writer_fill(model, w.data);
        *bytes = w.file;
        *size = w.size;
        w.file = NULL;
    }
    mlp_st_writer_end(&w);
    return status;
}
