/* SPDX-License-Identifier: MIT */
/* Models as safetensors files (https://github.com/huggingface/safetensors,
 * "Format"): eight bytes with the header's length, little-endian; the header, a
 * JSON object that gives each tensor's type, shape and byte range; the data.
 *
 * Tensors are named as torch.nn.Sequential names them where an activation
 * stands between the layers: layer l's weight is "2l.weight" [out][in]. What the
 * tensors do not tell is in __metadata__, all of it strings. The bytes are a
 * function of the model alone. */
#include "alloc.h"
#include "bytes.h"
#include "error.h"
#include "file.h"
#include "model.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LENGTH_BYTES = 8,
    DATA_ALIGNMENT = 64,
    MAX_HEADER = 100000000, /* the specification's own limit */
    NAME_SIZE = 32,         /* of a tensor's name, or of a number as text */
};

static const char metadata_key[] = "__metadata__";
static const char format_version[] = "1";

/* The name of layer `layer`'s weight or bias. */
static void tensor_name(char name[NAME_SIZE], size_t layer, const char *part)
{
    snprintf(name, NAME_SIZE, "%zu.%s", 2 * layer, part);
}

/* The divisor as text: whole numbers only, so no locale has a say. */
static void divisor_text(char text[NAME_SIZE], const mlp_model *model)
{
    snprintf(text, NAME_SIZE, "%lu", (unsigned long)model->input_divisor);
}

/* "784,256,10", mlp_alloc'ed; NULL where there is no memory. */
static char *widths_text(const mlp_spec *spec)
{
    enum { DIGITS = 21 }; /* of a 64-bit number and a comma */
    char *text = mlp_alloc(spec->layer_count + 1, DIGITS);
    size_t length = 0;
    for (size_t i = 0; text && i <= spec->layer_count; i++)
        length +=
            (size_t)snprintf(text + length, DIGITS, "%s%zu", i == 0 ? "" : ",", spec->widths[i]);
    return text;
}

/* --- Saving ---------------------------------------------------------------- */

static bool add_text(json_t *object, const char *key, const char *text)
{
    return json_object_set_new(object, key, json_string(text)) == 0;
}

static bool add_metadata(json_t *root, const mlp_model *model)
{
    char divisor[NAME_SIZE], fingerprint[65];
    divisor_text(divisor, model);
    mlp_model_fingerprint(model, fingerprint);

    json_t *metadata = json_object();
    if (json_object_set_new(root, metadata_key, metadata) != 0)
        return false;
    char *widths = widths_text(&model->spec);
    bool done = widths && add_text(metadata, "format", "pt") &&
                add_text(metadata, "mlp.version", format_version) &&
                add_text(metadata, "mlp.widths", widths) &&
                add_text(metadata, "mlp.activation", mlp_activation_name(model->spec.activation)) &&
                add_text(metadata, "mlp.input_divisor", divisor) &&
                add_text(metadata, "mlp.fingerprint", fingerprint);
    mlp_free(widths);
    return done;
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

static bool add_layer(json_t *root, size_t l, const struct mlp_layer *layer, size_t *offset)
{
    char weight[NAME_SIZE], bias[NAME_SIZE];
    tensor_name(weight, l, "weight");
    tensor_name(bias, l, "bias");
    json_int_t in = (json_int_t)layer->in, out = (json_int_t)layer->out;
    return add_tensor(root, weight, json_pack("[I,I]", out, in), layer->out * layer->in, offset) &&
           add_tensor(root, bias, json_pack("[I]", out), layer->out, offset);
}

/* The header's JSON, to be freed with free(); NULL where there is no memory.
 * *data_size is the bytes of all tensors. */
static char *header_text(const mlp_model *model, size_t *data_size)
{
    json_t *root = json_object();
    bool done = root && add_metadata(root, model);
    *data_size = 0;
    for (size_t l = 0; done && l < model->spec.layer_count; l++)
        done = add_layer(root, l, &model->layers[l], data_size);
    char *text = done ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

/* The length and the header, padded with spaces so that the data is aligned. */
static unsigned char *frame_header(const char *text, size_t *size)
{
    size_t length = strlen(text);
    size_t padded = (LENGTH_BYTES + length + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
    unsigned char *header = mlp_alloc_uninitialized(padded, 1);
    if (!header)
        return NULL;
    memset(header, ' ', padded);
    mlp_store_u64(header, padded - LENGTH_BYTES);
    memcpy(header + LENGTH_BYTES, text, length);
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
        float *bias = to + layer->out * layer->in;
        mlp_model_get_layer(model, l, to, bias);
        to = bias + layer->out;
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

/* --- Loading --------------------------------------------------------------- */

/* One tensor of the header, checked. */
struct tensor {
    size_t rows, columns; /* columns is 1 for a bias */
    uint64_t begin, end;  /* bytes from the start of the data */
};

/* A file that is being loaded; starts zeroed but for `path` and `error`. */
struct source {
    const char *path;
    mlp_error *error;
    int fd;
    uint64_t data_start, data_size;
    json_t *header;
    size_t layer_count;
    struct tensor *tensors; /* [2 * layer_count]: weight and bias of every layer */
    size_t *widths;         /* [layer_count + 1] */
};

/* Formats the reason after the file's name; every bad-data message of the
 * loader comes from here. */
#define FAIL(source, format, ...)                                                                  \
    mlp_fail((source)->error, MLP_ERROR_DATA, "%s: " format, (source)->path, __VA_ARGS__)

static mlp_status read_length(struct source *s, uint64_t file_size, size_t *length)
{
    unsigned char bytes[LENGTH_BYTES];
    if (file_size < sizeof bytes)
        return FAIL(s, "%llu bytes, a safetensors file has at least 8",
                    (unsigned long long)file_size);
    mlp_status status = mlp_file_read(s->fd, s->path, 0, bytes, sizeof bytes, s->error);
    if (status != MLP_OK)
        return status;
    uint64_t value = mlp_load_u64(bytes);
    if (value > file_size - LENGTH_BYTES)
        return FAIL(s, "byte 0: header of %llu bytes in a file of %llu, not a safetensors file",
                    (unsigned long long)value, (unsigned long long)file_size);
    if (value > MAX_HEADER)
        return FAIL(s, "byte 0: header of %llu bytes, expected at most %d",
                    (unsigned long long)value, MAX_HEADER);
    *length = (size_t)value;
    s->data_start = LENGTH_BYTES + value;
    s->data_size = file_size - s->data_start;
    return MLP_OK;
}

static mlp_status parse_header(struct source *s, const char *text, size_t length)
{
    json_error_t reason;
    if (length == 0 || text[0] != '{')
        return FAIL(s, "byte %d: the header does not start with '{'", LENGTH_BYTES);
    s->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &reason);
    if (!s->header)
        return FAIL(s, "byte %lld: bad header: %s", (long long)LENGTH_BYTES + reason.position,
                    reason.text);
    return MLP_OK;
}

static mlp_status read_header(struct source *s, uint64_t file_size)
{
    size_t length = 0;
    mlp_status status = read_length(s, file_size, &length);
    if (status != MLP_OK)
        return status;
    char *text = mlp_alloc_uninitialized(length + 1, 1);
    if (!text)
        return mlp_fail_memory(s->error, "the header of a model");
    status = mlp_file_read(s->fd, s->path, LENGTH_BYTES, text, length, s->error);
    if (status == MLP_OK)
        status = parse_header(s, text, length);
    mlp_free(text);
    return status;
}

/* The string `key` of the metadata, or NULL. */
static const char *metadata_text(const struct source *s, const char *key)
{
    return json_string_value(json_object_get(json_object_get(s->header, metadata_key), key));
}

static mlp_status check_metadata(const struct source *s)
{
    const json_t *metadata = json_object_get(s->header, metadata_key);
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return FAIL(s, "no %s object: not a model of mlp", metadata_key);
    json_object_foreach((json_t *)metadata, key, value)
    {
        if (!json_is_string(value))
            return FAIL(s, "%s: '%s' is not a string", metadata_key, key);
    }
    const char *version = metadata_text(s, "mlp.version");
    if (!version)
        return FAIL(s, "no mlp.version in %s: not a model of mlp", metadata_key);
    if (strcmp(version, format_version) != 0)
        return FAIL(s, "mlp.version is '%s', expected '%s'", version, format_version);
    return MLP_OK;
}

/* Whether `name` is that of a weight or bias of some layer. */
static bool is_tensor_name(const char *name)
{
    char canonical[NAME_SIZE];
    unsigned long long index = strtoull(name, NULL, 10);
    if (index % 2 != 0)
        return false;
    tensor_name(canonical, (size_t)(index / 2), "weight");
    if (strcmp(name, canonical) == 0)
        return true;
    tensor_name(canonical, (size_t)(index / 2), "bias");
    return strcmp(name, canonical) == 0;
}

/* Counts the layers; tensors of any other name are refused. */
static mlp_status count_layers(struct source *s)
{
    const char *name;
    json_t *value;
    size_t count = 0;
    json_object_foreach(s->header, name, value)
    {
        if (strcmp(name, metadata_key) == 0)
            continue;
        if (!is_tensor_name(name))
            return FAIL(s, "unexpected tensor '%s'", name);
        count++;
    }
    s->layer_count = count / 2 + count % 2; /* an odd one is found missing later */
    return count == 0 ? FAIL(s, "no tensors, expected '%s'", "0.weight") : MLP_OK;
}

/* `value` as a number of at least `least`. */
static bool read_integer(const json_t *value, json_int_t least, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < least)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static mlp_status read_shape(const struct source *s, const char *name, const json_t *shape,
                             size_t dimensions, uint64_t sizes[2])
{
    sizes[1] = 1;
    if (!json_is_array(shape) || json_array_size(shape) != dimensions)
        return FAIL(s, "tensor '%s': expected a shape of %zu dimensions", name, dimensions);
    for (size_t i = 0; i < dimensions; i++) {
        if (!read_integer(json_array_get(shape, i), 1, &sizes[i]))
            return FAIL(s, "tensor '%s': dimension %zu is not a whole number above 0", name, i);
    }
    return MLP_OK;
}

static mlp_status read_range(const struct source *s, const char *name, const json_t *offsets,
                             struct tensor *tensor)
{
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !read_integer(json_array_get(offsets, 0), 0, &tensor->begin) ||
        !read_integer(json_array_get(offsets, 1), 0, &tensor->end))
        return FAIL(s, "tensor '%s': data_offsets are not two whole numbers", name);
    if (tensor->end < tensor->begin)
        return FAIL(s, "tensor '%s': data_offsets end at %llu, before they begin at %llu", name,
                    (unsigned long long)tensor->end, (unsigned long long)tensor->begin);
    if (tensor->end > s->data_size)
        return FAIL(s, "tensor '%s': data_offsets end at %llu, past the %llu bytes of data", name,
                    (unsigned long long)tensor->end, (unsigned long long)s->data_size);
    return MLP_OK;
}

/* Reads the header's entry of `name`, which has one or two dimensions. */
static mlp_status read_tensor(const struct source *s, const char *name, size_t dimensions,
                              struct tensor *tensor)
{
    const json_t *entry = json_object_get(s->header, name);
    if (!entry)
        return FAIL(s, "tensor '%s' is missing", name);
    if (!json_is_object(entry) || json_object_size(entry) != 3)
        return FAIL(s, "tensor '%s': expected an object of dtype, shape and data_offsets", name);
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    if (!type || strcmp(type, "F32") != 0)
        return FAIL(s, "tensor '%s': dtype is '%s', expected F32", name, type ? type : "");

    uint64_t sizes[2];
    mlp_status status = read_shape(s, name, json_object_get(entry, "shape"), dimensions, sizes);
    if (status == MLP_OK)
        status = read_range(s, name, json_object_get(entry, "data_offsets"), tensor);
    if (status != MLP_OK)
        return status;
    uint64_t bytes = tensor->end - tensor->begin;
    if (sizes[0] > bytes / sizeof(float) / sizes[1] || sizes[0] * sizes[1] * sizeof(float) != bytes)
        return FAIL(s, "tensor '%s': %llu bytes of data do not fit the shape %llu x %llu", name,
                    (unsigned long long)bytes, (unsigned long long)sizes[0],
                    (unsigned long long)sizes[1]);
    tensor->rows = (size_t)sizes[0];
    tensor->columns = (size_t)sizes[1];
    return MLP_OK;
}

/* Reads the entries of one layer and checks that it follows the one before. */
static mlp_status read_layer_shape(struct source *s, size_t l)
{
    char name[NAME_SIZE];
    struct tensor *weight = &s->tensors[2 * l], *bias = weight + 1;
    tensor_name(name, l, "weight");
    mlp_status status = read_tensor(s, name, 2, weight);
    if (status != MLP_OK)
        return status;
    if (l > 0 && weight->columns != s->widths[l])
        return FAIL(s, "tensor '%s' takes %zu inputs, but the layer before has %zu outputs", name,
                    weight->columns, s->widths[l]);
    s->widths[l] = weight->columns;
    s->widths[l + 1] = weight->rows;

    tensor_name(name, l, "bias");
    status = read_tensor(s, name, 1, bias);
    if (status == MLP_OK && bias->rows != weight->rows)
        status =
            FAIL(s, "tensor '%s' has %zu values, expected %zu", name, bias->rows, weight->rows);
    return status;
}

static int compare_begin(const void *a, const void *b)
{
    const struct tensor *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* The ranges must fill the data without holes and without overlap. */
static mlp_status check_tiling(const struct source *s)
{
    size_t count = 2 * s->layer_count;
    struct tensor *sorted = mlp_alloc_uninitialized(count, sizeof *sorted);
    if (!sorted)
        return mlp_fail_memory(s->error, "the header of a model");
    memcpy(sorted, s->tensors, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_begin);

    mlp_status status = MLP_OK;
    uint64_t end = 0;
    for (size_t i = 0; i < count && status == MLP_OK; i++) {
        if (sorted[i].begin != end)
            status =
                FAIL(s, "byte %llu: %s between tensors", (unsigned long long)(s->data_start + end),
                     sorted[i].begin > end ? "a hole" : "an overlap");
        end = sorted[i].end;
    }
    if (status == MLP_OK && end != s->data_size)
        status = FAIL(s, "byte %llu: %llu bytes after the last tensor",
                      (unsigned long long)(s->data_start + end),
                      (unsigned long long)(s->data_size - end));
    mlp_free(sorted);
    return status;
}

static mlp_status read_shapes(struct source *s)
{
    mlp_status status = count_layers(s);
    if (status != MLP_OK)
        return status;
    s->tensors = mlp_alloc(2 * s->layer_count, sizeof *s->tensors);
    s->widths = mlp_alloc(s->layer_count + 1, sizeof *s->widths);
    if (!s->tensors || !s->widths)
        return mlp_fail_memory(s->error, "the header of a model");
    for (size_t l = 0; l < s->layer_count && status == MLP_OK; l++)
        status = read_layer_shape(s, l);
    return status == MLP_OK ? check_tiling(s) : status;
}

/* Makes the model, still without weights, that the header speaks of. */
static mlp_status make_model(const struct source *s, mlp_model **model)
{
    mlp_error reason;
    mlp_spec spec = {
        .layer_count = s->layer_count,
        .widths = s->widths,
        .init = MLP_INIT_HE,
        .init_scale = 1.0f,
    };
    const char *activation = metadata_text(s, "mlp.activation");
    if (!activation)
        return FAIL(s, "no mlp.activation in %s", metadata_key);
    if (mlp_activation_parse(activation, &spec.activation, &reason) != MLP_OK)
        return FAIL(s, "mlp.activation: %s", reason.message);
    mlp_status status = mlp_model_create_zero(&spec, model, &reason);
    if (status == MLP_ERROR_USAGE)
        return FAIL(s, "%s", reason.message);
    if (status != MLP_OK)
        return mlp_fail(s->error, status, "%s: %s", s->path, reason.message);
    return MLP_OK;
}

/* Compares what the metadata repeats with the model. */
static mlp_status check_repeated(const struct source *s, const char *key, const char *expected)
{
    const char *found = metadata_text(s, key);
    if (found && strcmp(found, expected) != 0)
        return FAIL(s, "%s is '%s', but the file holds '%s'", key, found, expected);
    return MLP_OK;
}

static mlp_status check_against_metadata(const struct source *s, const mlp_model *model)
{
    char divisor[NAME_SIZE], fingerprint[65];
    char *widths = widths_text(&model->spec);
    if (!widths)
        return mlp_fail_memory(s->error, "a model");
    mlp_status status = check_repeated(s, "mlp.widths", widths);
    mlp_free(widths);
    if (status != MLP_OK)
        return status;
    divisor_text(divisor, model);
    status = check_repeated(s, "mlp.input_divisor", divisor);
    if (status != MLP_OK)
        return status;
    mlp_model_fingerprint(model, fingerprint);
    return check_repeated(s, "mlp.fingerprint", fingerprint);
}

/* Reads tensor `i` into `values`; refuses NaN and infinity. */
static mlp_status read_values(const struct source *s, size_t i, float *values)
{
    const struct tensor *tensor = &s->tensors[i];
    size_t count = tensor->rows * tensor->columns;
    uint64_t start = s->data_start + tensor->begin;
    mlp_status status =
        mlp_file_read(s->fd, s->path, start, values, count * sizeof(float), s->error);
    if (status != MLP_OK)
        return status;
    mlp_load_f32(values, (const unsigned char *)values, count);
    for (size_t j = 0; j < count; j++) {
        if (isfinite(values[j]))
            continue;
        char name[NAME_SIZE];
        tensor_name(name, i / 2, i % 2 == 0 ? "weight" : "bias");
        return FAIL(s, "byte %llu: tensor '%s' holds %s, expected a finite number",
                    (unsigned long long)(start + j * sizeof(float)), name,
                    isnan(values[j]) ? "a NaN" : "an infinity");
    }
    return MLP_OK;
}

static mlp_status read_weights(const struct source *s, mlp_model *model)
{
    size_t largest = 0;
    for (size_t l = 0; l < s->layer_count; l++) {
        size_t count = s->widths[l + 1] * (s->widths[l] + 1);
        largest = count > largest ? count : largest;
    }
    float *values = mlp_alloc_uninitialized(largest, sizeof(float));
    if (!values)
        return mlp_fail_memory(s->error, "the weights of a model");
    mlp_status status = MLP_OK;
    for (size_t l = 0; l < s->layer_count && status == MLP_OK; l++) {
        float *bias = values + s->widths[l + 1] * s->widths[l];
        status = read_values(s, 2 * l, values);
        if (status == MLP_OK)
            status = read_values(s, 2 * l + 1, bias);
        if (status == MLP_OK)
            mlp_model_set_layer(model, l, values, bias);
    }
    mlp_free(values);
    return status;
}

static mlp_status load(struct source *s, uint64_t file_size, mlp_model **model)
{
    mlp_status status = read_header(s, file_size);
    if (status == MLP_OK)
        status = check_metadata(s);
    if (status == MLP_OK)
        status = read_shapes(s);
    if (status == MLP_OK)
        status = make_model(s, model);
    if (status == MLP_OK)
        status = read_weights(s, *model);
    if (status == MLP_OK)
        status = check_against_metadata(s, *model);
    return status;
}

mlp_status mlp_model_load(const char *path, mlp_model **out, mlp_error *error)
{
    struct source source = {.path = path, .error = error};
    mlp_model *model = NULL;
    uint64_t file_size;
    mlp_status status = mlp_file_open(path, &source.fd, &file_size, error);
    if (status != MLP_OK)
        return status;
    status = load(&source, file_size, &model);
    if (status == MLP_OK)
        *out = model;
    else
        mlp_model_destroy(model);
    mlp_free(source.widths);
    mlp_free(source.tensors);
    json_decref(source.header);
    close(source.fd);
    return status;
}
