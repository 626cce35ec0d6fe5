/* SPDX-License-Identifier: MIT */
/* Models of tensors of other programs: which are layers, whether they chain, their numbers. */
#include "safetensors_source.h"

#include "alloc.h"
#include "model_format.h"
#include "safetensors_names.h"

#include <stdlib.h>
#include <string.h>

/* A layer's tensors. */
struct pair {
    const struct mlp_st_tensor *weight, *bias; /* bias is NULL where there is none */
};

struct import {
    struct mlp_st_source *source;
    const mlp_import_options *options;
    struct pair *pairs; /* [source->tensor_count + 1], owned */
    size_t count;
};

/* --- Tensors ------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    const struct mlp_st_tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Reads all entries, sorted by name. */
static mlp_status read_tensors(struct mlp_st_source *s)
{
    const char *name;
    json_t *entry;
    mlp_status status = MLP_OK;
    s->tensors = mlp_alloc(s->entries + 1, sizeof *s->tensors);
    if (!s->tensors)
        return mlp_fail_memory(s->error, "the header of a model");
    json_object_foreach(s->header, name, entry)
    {
        if (strcmp(name, MLP_ST_METADATA) == 0)
            continue;
        status = mlp_st_read_any(s, name, &s->tensors[s->tensor_count++]);
        if (status != MLP_OK)
            return status;
    }
    if (s->tensor_count == 0)
        return MLP_ST_FAIL(s, "%s", "no tensors, expected weights and biases");
    qsort(s->tensors, s->tensor_count, sizeof *s->tensors, compare_names);
    return mlp_st_check_tiling(s);
}

static struct mlp_st_tensor *find(const struct mlp_st_source *s, const char *name)
{
    const struct mlp_st_tensor key = {.name = name};
    return bsearch(&key, s->tensors, s->tensor_count, sizeof key, compare_names);
}

/* A tensor that is to be a weight (2 dimensions) or a bias (1). */
static mlp_status expect(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor,
                         size_t dimensions)
{
    if (tensor->type == MLP_ST_OTHER)
        return MLP_ST_FAIL(
            s, "tensor '%.200s': dtype is '%s', expected F32, F16, BF16 or F64", tensor->name,
            json_string_value(json_object_get(json_object_get(s->header, tensor->name), "dtype")));
    if (tensor->dimensions != dimensions)
        return MLP_ST_FAIL(s, "tensor '%.200s' has %zu dimensions, expected the %zu of a %s",
                           tensor->name, tensor->dimensions, dimensions,
                           dimensions == 2 ? "weight" : "bias");
    if (tensor->rows == 0)
        return MLP_ST_FAIL(s, "tensor '%.200s' has no elements", tensor->name);
    return MLP_OK;
}

/* --- Layers -------------------------------------------------------------------- */

static mlp_status add_layer(struct import *import, struct mlp_st_tensor *weight,
                            struct mlp_st_tensor *bias)
{
    const struct mlp_st_source *s = import->source;
    mlp_status status = expect(s, weight, 2);
    if (status == MLP_OK && bias)
        status = expect(s, bias, 1);
    if (status != MLP_OK)
        return status;
    if (weight->taken || (bias && bias->taken))
        return MLP_ST_FAIL(s, "tensor '%.200s' would belong to two layers",
                           weight->taken ? weight->name : bias->name);
    weight->taken = true;
    if (bias)
        bias->taken = true;
    import->pairs[import->count++] = (struct pair){weight, bias};
    return MLP_OK;
}

/* The tensor that is called as the bias of `weight` would be; *out is NULL where there is none. */
static mlp_status find_bias(const struct mlp_st_source *s, const struct mlp_st_tensor *weight,
                            struct mlp_st_tensor **out)
{
    char *name = mlp_alloc_uninitialized(strlen(weight->name) + MLP_ST_GROWTH, 1);
    *out = NULL;
    if (!name)
        return mlp_fail_memory(s->error, "the header of a model");
    for (size_t i = 0; !*out && mlp_st_bias_name(weight->name, i, name); i++)
        *out = *name != '\0' ? find(s, name) : NULL;
    mlp_free(name);
    return MLP_OK;
}

static mlp_status add_weight(struct import *import, struct mlp_st_tensor *weight)
{
    struct mlp_st_tensor *bias;
    mlp_status status = find_bias(import->source, weight, &bias);
    return status == MLP_OK ? add_layer(import, weight, bias) : status;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return mlp_st_compare_names(x->weight->name, y->weight->name);
}

/* All tensors of the file are layers. */
static mlp_status take_all(struct import *import)
{
    const struct mlp_st_source *s = import->source;
    mlp_status status = MLP_OK;
    for (size_t i = 0; i < s->tensor_count && status == MLP_OK; i++) {
        struct mlp_st_tensor *tensor = &s->tensors[i];
        if (tensor->dimensions != 1)
            status = expect(s, tensor, 2);
        if (status == MLP_OK && tensor->dimensions == 2)
            status = add_weight(import, tensor);
    }
    for (size_t i = 0; i < s->tensor_count && status == MLP_OK; i++) {
        if (!s->tensors[i].taken)
            return MLP_ST_FAIL(s,
                               "tensor '%.200s' has one dimension and is the bias of no weight: "
                               "expected a map that names the layers",
                               s->tensors[i].name);
    }
    qsort(import->pairs, import->count, sizeof *import->pairs, compare_pairs);
    return status;
}

/* --- The map ------------------------------------------------------------------- */

static mlp_status fail_missing(const struct mlp_st_source *s, const char *item, size_t length,
                               bool exact)
{
    const char *end = exact ? "" : ", nor one with .weight or /kernel after that";
    return MLP_ST_FAIL(s, "no tensor '%.*s'%s, which the map names; the first of %zu is '%.200s'",
                       length < 200 ? (int)length : 200, item, end, s->tensor_count,
                       s->tensors[0].name);
}

/* The tensor of exactly this name; NULL too where memory is short, which *status tells. */
static struct mlp_st_tensor *find_exact(const struct mlp_st_source *s, const char *item,
                                        size_t length, mlp_status *status)
{
    char *name = mlp_alloc(length + 1, 1);
    struct mlp_st_tensor *found = NULL;
    if (name) {
        memcpy(name, item, length);
        found = find(s, name);
    }
    if (!name)
        *status = mlp_fail_memory(s->error, "the map of a model");
    else if (!found)
        *status = fail_missing(s, item, length, true);
    mlp_free(name);
    return found;
}

/* "w1+c1" */
static mlp_status add_both(struct import *import, const char *item, size_t length, size_t plus)
{
    mlp_status status = MLP_OK;
    struct mlp_st_tensor *bias = NULL;
    struct mlp_st_tensor *weight = find_exact(import->source, item, plus, &status);
    if (weight)
        bias = find_exact(import->source, item + plus + 1, length - plus - 1, &status);
    return status == MLP_OK ? add_layer(import, weight, bias) : status;
}

/* "fc1" or "fc1.weight" */
static mlp_status add_named(struct import *import, const char *item, size_t length)
{
    const struct mlp_st_source *s = import->source;
    struct mlp_st_tensor *weight = NULL;
    char *name = mlp_alloc_uninitialized(length + MLP_ST_GROWTH, 1);
    if (!name)
        return mlp_fail_memory(s->error, "the map of a model");
    for (size_t i = 0; !weight && mlp_st_weight_name(item, length, i, name); i++)
        weight = find(s, name);
    mlp_free(name);
    return weight ? add_weight(import, weight) : fail_missing(s, item, length, false);
}

static mlp_status take_mapped(struct import *import)
{
    mlp_status status = MLP_OK;
    const char *item = import->options->map;
    for (;;) {
        size_t length = strcspn(item, ","), plus = strcspn(item, "+,");
        if (length == 0 || plus == 0 || plus + 1 == length)
            return mlp_fail(import->source->error, MLP_ERROR_USAGE,
                            "map: item %zu is incomplete, expected the name of a layer, or those "
                            "of its weight and bias with + between them",
                            import->count);
        status =
            plus < length ? add_both(import, item, length, plus) : add_named(import, item, length);
        if (status != MLP_OK || item[length] == '\0')
            return status;
        item += length + 1;
    }
}

/* --- The chain ------------------------------------------------------------------- */

static size_t inputs_of(const struct pair *pair, bool in_out)
{
    return in_out ? pair->weight->rows : pair->weight->columns;
}

static size_t outputs_of(const struct pair *pair, bool in_out)
{
    return in_out ? pair->weight->columns : pair->weight->rows;
}

static bool bias_fits(const struct pair *pair, bool in_out)
{
    return !pair->bias || pair->bias->rows == outputs_of(pair, in_out);
}

/* The first layer that does not follow the one before, or whose bias does not fit. */
static size_t find_break(const struct import *import, bool in_out)
{
    const struct pair *pairs = import->pairs;
    for (size_t l = 0; l < import->count; l++) {
        if (!bias_fits(&pairs[l], in_out) ||
            (l > 0 && inputs_of(&pairs[l], in_out) != outputs_of(&pairs[l - 1], in_out)))
            return l;
    }
    return import->count;
}

static mlp_status check_chain(const struct import *import)
{
    const struct mlp_st_source *s = import->source;
    bool in_out = import->options->in_out;
    size_t l = find_break(import, in_out);
    if (l == import->count)
        return MLP_OK;
    const struct pair *pair = &import->pairs[l];
    const char *way = in_out ? "in-out" : "out-in", *hint = "";
    if (find_break(import, !in_out) == import->count)
        hint = in_out ? ": expected the orientation out-in, in which all layers chain"
                      : ": expected the orientation in-out, in which all layers chain";
    else if (!import->options->map)
        hint = ": expected a map that names the layers in their order";
    if (!bias_fits(pair, in_out))
        return MLP_ST_FAIL(s,
                           "tensor '%.200s' has %zu values, but '%.200s', %zu x %zu, has %zu "
                           "outputs in the orientation %s%s",
                           pair->bias->name, pair->bias->rows, pair->weight->name,
                           pair->weight->rows, pair->weight->columns, outputs_of(pair, in_out), way,
                           hint);
    return MLP_ST_FAIL(s,
                       "tensor '%.200s', %zu x %zu, takes %zu inputs, but '%.200s' before it has "
                       "%zu outputs in the orientation %s%s",
                       pair->weight->name, pair->weight->rows, pair->weight->columns,
                       inputs_of(pair, in_out), pair[-1].weight->name,
                       outputs_of(&pair[-1], in_out), way, hint);
}

/* --- The model ------------------------------------------------------------------- */

static mlp_status make_model(const struct import *import, mlp_model **model)
{
    enum { LEAST_CLASSES = 2, MOST_CLASSES = 256 };
    struct mlp_st_source *s = import->source;
    const mlp_import_options *o = import->options;
    size_t outputs = outputs_of(&import->pairs[import->count - 1], o->in_out);
    s->layers = mlp_alloc(import->count, sizeof *s->layers);
    if (!s->layers)
        return mlp_fail_memory(s->error, "the layers of a model");
    for (size_t l = 0; l < import->count; l++) {
        s->layers[l].units = outputs_of(&import->pairs[l], o->in_out);
        s->layers[l].activation = o->has_activation ? o->activation : MLP_RELU;
    }
    s->layers[import->count - 1].activation = MLP_IDENTITY;
    s->spec = (mlp_spec){.inputs = inputs_of(&import->pairs[0], o->in_out),
                         .layer_count = import->count,
                         .layers = s->layers,
                         .loss = o->has_loss ? o->loss : MLP_CROSS_ENTROPY,
                         .init_scale = 1};
    if (!o->has_loss && (outputs < LEAST_CLASSES || outputs > MOST_CLASSES))
        return MLP_ST_FAIL(s,
                           "the last layer has %zu outputs, expected a loss to be named: "
                           "cross_entropy, the default, is for %d to %d classes",
                           outputs, LEAST_CLASSES, MOST_CLASSES);
    return mlp_st_make_model(s, &s->spec, model);
}

static mlp_status read_numbers(const struct import *import, mlp_model *model)
{
    const struct mlp_st_source *s = import->source;
    mlp_status status = MLP_OK;
    for (size_t l = 0; l < import->count && status == MLP_OK; l++) {
        const struct pair *pair = &import->pairs[l];
        status = mlp_st_read_matrix(s, pair->weight, import->options->in_out, model, l);
        if (status == MLP_OK && pair->bias)
            status = mlp_st_read_values(s, pair->bias, model->layers[l].bias);
    }
    return status;
}

static mlp_status import_foreign(struct import *import, mlp_model **model)
{
    struct mlp_st_source *s = import->source;
    mlp_status status = read_tensors(s);
    if (status == MLP_OK) {
        import->pairs = mlp_alloc(s->tensor_count + 1, sizeof *import->pairs);
        if (!import->pairs)
            status = mlp_fail_memory(s->error, "the layers of a model");
    }
    if (status == MLP_OK)
        status = import->options->map ? take_mapped(import) : take_all(import);
    if (status == MLP_OK && import->count == 0)
        status = MLP_ST_FAIL(s, "%s", "no tensor of two dimensions, expected weights");
    if (status == MLP_OK)
        status = check_chain(import);
    if (status == MLP_OK)
        status = make_model(import, model);
    if (status == MLP_OK)
        status = read_numbers(import, *model);
    if (status == MLP_OK && s->any_numbers)
        mlp_model_count_bad_numbers(*model);
    return status;
}

/* --- All of it --------------------------------------------------------------------- */

static mlp_status import_any(struct import *import, mlp_model **model)
{
    struct mlp_st_source *s = import->source;
    const mlp_import_options *o = import->options;
    bool own = false;
    mlp_status status = mlp_st_open(s);
    if (status == MLP_OK)
        status = mlp_st_check_origin(s, &own);
    if (status != MLP_OK || !own)
        return status == MLP_OK ? import_foreign(import, model) : status;
    if (o->has_activation || o->has_loss || o->in_out || o->map)
        return mlp_fail(s->error, MLP_ERROR_USAGE,
                        "%s: a model of mlp tells its layers, names and loss by itself", s->path);
    return mlp_st_load_own(s, model);
}

static mlp_status import_safetensors(const char *path, const mlp_import_options *options,
                                     mlp_model **out, mlp_error *error)
{
    struct mlp_st_source source = {
        .path = path, .error = error, .any_numbers = options->any_numbers};
    struct import import = {.source = &source, .options = options};
    mlp_model *model = NULL;
    mlp_status status = import_any(&import, &model);
    if (status == MLP_OK)
        *out = model;
    else
        mlp_model_destroy(model);
    mlp_free(import.pairs);
    mlp_st_close(&source);
    return status;
}

static bool claims(const char *path)
{
    (void)path; /* the last one */
    return true;
}

const struct mlp_model_format mlp_model_format_safetensors = {
    .options = MLP_IMPORT_LOSS | MLP_IMPORT_TENSORS,
    .what = "a safetensors file",
    .claims = claims,
    .import = import_safetensors,
};
