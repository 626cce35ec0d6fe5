/* SPDX-License-Identifier: MIT */
#include "safetensors_source.h"

#include "alloc.h"
#include "bytes.h"
#include "file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- The header -------------------------------------------------------------- */

/* What a file is instead, by its first bytes; NULL where that is not known. */
static const char *recognise(const struct mlp_map *map)
{
    static const struct {
        const char *start;
        size_t size;
        const char *what;
    } others[] = {
        {"PK\3\4", 4,
         "a zip archive, as Keras and PyTorch write: tools/convert-keras takes .keras files, of a "
         ".pt "
         "file save the state_dict by safetensors.torch.save_file"},
        {"\x89HDF\r\n\x1a\n", 8, "an HDF5 file, as Keras writes: tools/convert-keras takes it"},
        {"\x80\2", 2,
         "a pickle, as PyTorch wrote: save the state_dict by safetensors.torch.save_file"},
        {"\x1f\x8b", 2, "gz data: unpack it before"},
        {"\x93NUMPY", 6, "an array of NumPy"},
        {"\x08", 1, "perhaps an ONNX graph: give it a name that ends in .onnx"},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (map->size >= others[i].size && memcmp(map->data, others[i].start, others[i].size) == 0)
            return others[i].what;
    }
    return NULL;
}

static mlp_status read_length(struct mlp_st_source *s, size_t *length)
{
    uint64_t file_size = s->map.size;
    if (file_size < MLP_ST_LENGTH_BYTES)
        return MLP_ST_FAIL(s, "%llu bytes, a safetensors file has at least 8",
                           (unsigned long long)file_size);
    uint64_t value = mlp_load_u64(s->map.data);
    const char *other = value > file_size - MLP_ST_LENGTH_BYTES || value > MLP_ST_MAX_HEADER
                            ? recognise(&s->map)
                            : NULL;
    if (other)
        return MLP_ST_FAIL(s, "byte 0: not a safetensors file but %s", other);
    if (value > file_size - MLP_ST_LENGTH_BYTES)
        return MLP_ST_FAIL(s,
                           "byte 0: header of %llu bytes in a file of %llu, not a safetensors file",
                           (unsigned long long)value, (unsigned long long)file_size);
    if (value > MLP_ST_MAX_HEADER)
        return MLP_ST_FAIL(s, "byte 0: header of %llu bytes, expected at most %d",
                           (unsigned long long)value, MLP_ST_MAX_HEADER);
    *length = (size_t)value;
    s->data_start = MLP_ST_LENGTH_BYTES + value;
    s->data_size = file_size - s->data_start;
    return MLP_OK;
}

static mlp_status parse_header(struct mlp_st_source *s, size_t length)
{
    json_error_t reason;
    const char *text = (const char *)s->map.data + MLP_ST_LENGTH_BYTES;
    if (length == 0 || text[0] != '{')
        return MLP_ST_FAIL(s, "byte %d: the header does not start with '{'", MLP_ST_LENGTH_BYTES);
    s->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &reason);
    if (!s->header)
        return MLP_ST_FAIL(s, "byte %lld: bad header: %s",
                           (long long)MLP_ST_LENGTH_BYTES + reason.position, reason.text);
    s->entries = json_object_size(s->header);
    return MLP_OK;
}

mlp_status mlp_st_open(struct mlp_st_source *s)
{
    size_t length = 0;
    mlp_status status = mlp_file_map(s->path, &s->map, s->error);
    if (status == MLP_OK)
        status = read_length(s, &length);
    return status == MLP_OK ? parse_header(s, length) : status;
}

void mlp_st_close(struct mlp_st_source *s)
{
    mlp_free(s->tensors);
    mlp_free(s->layers);
    json_decref(s->header);
    mlp_file_unmap(&s->map);
}

const unsigned char *mlp_st_data(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor)
{
    return s->map.data + s->data_start + tensor->begin;
}

/* --- Metadata ---------------------------------------------------------------- */

const char *mlp_st_metadata_text(const struct mlp_st_source *s, const char *key)
{
    return json_string_value(json_object_get(json_object_get(s->header, MLP_ST_METADATA), key));
}

mlp_status mlp_st_check_strings(const struct mlp_st_source *s, const json_t *metadata)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value)
    {
        if (!json_is_string(value))
            return MLP_ST_FAIL(s, "%s: '%s' is not a string", MLP_ST_METADATA, key);
    }
    return MLP_OK;
}

mlp_status mlp_st_check_origin(const struct mlp_st_source *s, bool *own)
{
    const char *key;
    json_t *value, *metadata = json_object_get(s->header, MLP_ST_METADATA);
    *own = false;
    if (!metadata)
        return MLP_OK;
    if (!json_is_object(metadata))
        return MLP_ST_FAIL(s, "%s is not an object", MLP_ST_METADATA);
    json_object_foreach(metadata, key, value)
    {
        *own = *own || strncmp(key, "mlp.", 4) == 0;
    }
    return mlp_st_check_strings(s, metadata);
}

/* --- Entries ----------------------------------------------------------------- */

/* `value` as a number of at least `least`. */
static bool read_integer(const json_t *value, json_int_t least, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < least)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static mlp_status fail_size(const struct mlp_st_source *s, const char *name, const json_t *shape,
                            uint64_t bytes)
{
    size_t dimensions = json_array_size(shape);
    const json_t *columns = json_array_get(shape, 1);
    if (dimensions == 0 || dimensions > 2)
        return MLP_ST_FAIL(s, "tensor '%s': %llu bytes of data do not fit the shape", name,
                           (unsigned long long)bytes);
    return MLP_ST_FAIL(s, "tensor '%s': %llu bytes of data do not fit the shape %lld x %lld", name,
                       (unsigned long long)bytes,
                       (long long)json_integer_value(json_array_get(shape, 0)),
                       columns ? (long long)json_integer_value(columns) : 1LL);
}

/* Reads the shape of a tensor whose range is known, of elements of `size` bytes. Tensors without
 * elements, of which a dimension is 0, are part of the format. */
static mlp_status read_shape(const struct mlp_st_source *s, const char *name, const json_t *shape,
                             size_t size, struct mlp_st_tensor *tensor)
{
    uint64_t bytes = tensor->end - tensor->begin, count = 1, one = 1;
    bool fits = true, empty = false;
    if (!json_is_array(shape))
        return MLP_ST_FAIL(s, "tensor '%s': expected a shape, an array of dimensions", name);
    tensor->dimensions = json_array_size(shape);
    for (size_t i = 0; i < tensor->dimensions; i++) {
        if (!read_integer(json_array_get(shape, i), 0, &one))
            return MLP_ST_FAIL(s, "tensor '%s': dimension %zu is not a whole number from 0 up",
                               name, i);
        empty = empty || one == 0;
        fits = fits && one > 0 && one <= bytes / size / count;
        count = fits ? count * one : count;
    }
    if (empty) {
        fits = true;
        count = 0;
    }
    if (!fits || count * size != bytes)
        return fail_size(s, name, shape, bytes);
    tensor->columns = tensor->dimensions == 2 ? (size_t)one : 1;
    tensor->rows = tensor->columns > 0 ? (size_t)count / tensor->columns : 0;
    return MLP_OK;
}

static mlp_status read_range(const struct mlp_st_source *s, const char *name, const json_t *offsets,
                             struct mlp_st_tensor *tensor)
{
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !read_integer(json_array_get(offsets, 0), 0, &tensor->begin) ||
        !read_integer(json_array_get(offsets, 1), 0, &tensor->end))
        return MLP_ST_FAIL(s, "tensor '%s': data_offsets are not two whole numbers", name);
    if (tensor->end < tensor->begin)
        return MLP_ST_FAIL(s, "tensor '%s': data_offsets end at %llu, before they begin at %llu",
                           name, (unsigned long long)tensor->end,
                           (unsigned long long)tensor->begin);
    if (tensor->end > s->data_size)
        return MLP_ST_FAIL(s, "tensor '%s': data_offsets end at %llu, past the %llu bytes of data",
                           name, (unsigned long long)tensor->end, (unsigned long long)s->data_size);
    return MLP_OK;
}

/* Bytes of an element, and what it is; 0 for an unknown type. */
static size_t find_type(const char *name, enum mlp_st_type *type)
{
    static const struct {
        const char *name;
        size_t size;
        enum mlp_st_type type;
    } types[] = {
        {"F32", 4, MLP_ST_F32},   {"F16", 2, MLP_ST_F16},       {"BF16", 2, MLP_ST_BF16},
        {"F64", 8, MLP_ST_F64},   {"BOOL", 1, MLP_ST_OTHER},    {"U8", 1, MLP_ST_OTHER},
        {"I8", 1, MLP_ST_OTHER},  {"U16", 2, MLP_ST_OTHER},     {"I16", 2, MLP_ST_OTHER},
        {"U32", 4, MLP_ST_OTHER}, {"I32", 4, MLP_ST_OTHER},     {"U64", 8, MLP_ST_OTHER},
        {"I64", 8, MLP_ST_OTHER}, {"F8_E4M3", 1, MLP_ST_OTHER}, {"F8_E5M2", 1, MLP_ST_OTHER},
        {"C64", 8, MLP_ST_OTHER}, {"F8_E8M0", 1, MLP_ST_OTHER},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        *type = types[i].type;
        if (strcmp(name, types[i].name) == 0)
            return types[i].size;
    }
    return 0;
}

mlp_status mlp_st_read_any(const struct mlp_st_source *s, const char *name,
                           struct mlp_st_tensor *tensor)
{
    const json_t *entry = json_object_get(s->header, name);
    *tensor = (struct mlp_st_tensor){.name = name};
    if (!entry)
        return MLP_ST_FAIL(s, "tensor '%s' is missing", name);
    if (!json_is_object(entry) || json_object_size(entry) != 3)
        return MLP_ST_FAIL(s, "tensor '%s': expected an object of dtype, shape and data_offsets",
                           name);
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    size_t size = type ? find_type(type, &tensor->type) : 0;
    if (size == 0)
        return MLP_ST_FAIL(s, "tensor '%s': dtype is '%s', expected F32, F16, BF16 or F64", name,
                           type ? type : "");
    mlp_status status = read_range(s, name, json_object_get(entry, "data_offsets"), tensor);
    if (status != MLP_OK)
        return status;
    return read_shape(s, name, json_object_get(entry, "shape"), size, tensor);
}

mlp_status mlp_st_read_entry(const struct mlp_st_source *s, const char *name, size_t dimensions,
                             struct mlp_st_tensor *tensor)
{
    const json_t *entry = json_object_get(s->header, name);
    const json_t *shape = json_object_get(entry, "shape");
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    if (type && strcmp(type, "F32") != 0)
        return MLP_ST_FAIL(s, "tensor '%s': dtype is '%s', expected F32", name, type);
    if (shape && json_array_size(shape) != dimensions)
        return MLP_ST_FAIL(s, "tensor '%s': expected a shape of %zu dimensions", name, dimensions);
    mlp_status status = mlp_st_read_any(s, name, tensor);
    if (status == MLP_OK && tensor->rows == 0)
        return MLP_ST_FAIL(s, "tensor '%s' has no elements", name);
    return status;
}

/* --- Ranges ---------------------------------------------------------------- */

static int compare_begin(const void *a, const void *b)
{
    const struct mlp_st_tensor *x = a, *y = b;
    if (x->begin == y->begin) /* one that is empty goes first */
        return (x->end > y->end) - (x->end < y->end);
    return x->begin > y->begin ? 1 : -1;
}

mlp_status mlp_st_check_tiling(const struct mlp_st_source *s)
{
    size_t count = s->tensor_count;
    struct mlp_st_tensor *sorted = mlp_alloc_uninitialized(count, sizeof *sorted);
    if (!sorted)
        return mlp_fail_memory(s->error, "the header of a model");
    memcpy(sorted, s->tensors, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_begin);

    mlp_status status = MLP_OK;
    uint64_t end = 0;
    for (size_t i = 0; i < count && status == MLP_OK; i++) {
        if (sorted[i].begin != end)
            status = MLP_ST_FAIL(s, "byte %llu: %s between tensors",
                                 (unsigned long long)(s->data_start + end),
                                 sorted[i].begin > end ? "a hole" : "an overlap");
        end = sorted[i].end;
    }
    if (status == MLP_OK && end != s->data_size)
        status = MLP_ST_FAIL(s, "byte %llu: %llu bytes after the last tensor",
                             (unsigned long long)(s->data_start + end),
                             (unsigned long long)(s->data_size - end));
    mlp_free(sorted);
    return status;
}

/* --- Values ---------------------------------------------------------------- */

mlp_status mlp_st_make_model(const struct mlp_st_source *s, const mlp_spec *spec, mlp_model **model)
{
    mlp_error reason;
    mlp_status status = mlp_model_create_unset(spec, model, &reason);
    if (status == MLP_ERROR_USAGE)
        return MLP_ST_FAIL(s, "%s", reason.message);
    if (status != MLP_OK)
        return mlp_fail(s->error, status, "%s: %s", s->path, reason.message);
    return MLP_OK;
}

mlp_status mlp_st_fail_value(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor,
                             size_t i, float value, bool is_variance)
{
    uint64_t size = (tensor->end - tensor->begin) / tensor->rows / tensor->columns;
    return MLP_ST_FAIL(s, "byte %llu: tensor '%.200s' holds %s, expected a finite number%s",
                       (unsigned long long)(s->data_start + tensor->begin + i * size), tensor->name,
                       isnan(value)   ? "a NaN"
                       : isinf(value) ? "an infinity"
                                      : "a negative number",
                       is_variance ? " from 0 up" : "");
}
