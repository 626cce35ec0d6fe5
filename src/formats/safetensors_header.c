/* SPDX-License-Identifier: MIT */
#include "safetensors_source.h"

#include "alloc.h"
#include "bytes.h"
#include "file.h"

#include <stdlib.h>
#include <string.h>

/* --- The header -------------------------------------------------------------- */

static mlp_status read_length(struct mlp_st_source *s, uint64_t file_size, size_t *length)
{
    unsigned char bytes[MLP_ST_LENGTH_BYTES];
    if (file_size < sizeof bytes)
        return MLP_ST_FAIL(s, "%llu bytes, a safetensors file has at least 8",
                           (unsigned long long)file_size);
    mlp_status status = mlp_file_read(s->fd, s->path, 0, bytes, sizeof bytes, s->error);
    if (status != MLP_OK)
        return status;
    uint64_t value = mlp_load_u64(bytes);
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

static mlp_status parse_header(struct mlp_st_source *s, const char *text, size_t length)
{
    json_error_t reason;
    if (length == 0 || text[0] != '{')
        return MLP_ST_FAIL(s, "byte %d: the header does not start with '{'", MLP_ST_LENGTH_BYTES);
    s->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &reason);
    if (!s->header)
        return MLP_ST_FAIL(s, "byte %lld: bad header: %s",
                           (long long)MLP_ST_LENGTH_BYTES + reason.position, reason.text);
    s->entries = json_object_size(s->header);
    return MLP_OK;
}

mlp_status mlp_st_read_header(struct mlp_st_source *s, uint64_t file_size)
{
    size_t length = 0;
    mlp_status status = read_length(s, file_size, &length);
    if (status != MLP_OK)
        return status;
    char *text = mlp_alloc_uninitialized(length + 1, 1);
    if (!text)
        return mlp_fail_memory(s->error, "the header of a model");
    status = mlp_file_read(s->fd, s->path, MLP_ST_LENGTH_BYTES, text, length, s->error);
    if (status == MLP_OK)
        status = parse_header(s, text, length);
    mlp_free(text);
    return status;
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

static mlp_status read_shape(const struct mlp_st_source *s, const char *name, const json_t *shape,
                             size_t dimensions, uint64_t sizes[2])
{
    sizes[1] = 1;
    if (!json_is_array(shape) || json_array_size(shape) != dimensions)
        return MLP_ST_FAIL(s, "tensor '%s': expected a shape of %zu dimensions", name, dimensions);
    for (size_t i = 0; i < dimensions; i++) {
        if (!read_integer(json_array_get(shape, i), 1, &sizes[i]))
            return MLP_ST_FAIL(s, "tensor '%s': dimension %zu is not a whole number above 0", name,
                               i);
    }
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

mlp_status mlp_st_read_entry(const struct mlp_st_source *s, const char *name, size_t dimensions,
                             struct mlp_st_tensor *tensor)
{
    const json_t *entry = json_object_get(s->header, name);
    if (!entry)
        return MLP_ST_FAIL(s, "tensor '%s' is missing", name);
    if (!json_is_object(entry) || json_object_size(entry) != 3)
        return MLP_ST_FAIL(s, "tensor '%s': expected an object of dtype, shape and data_offsets",
                           name);
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    if (!type || strcmp(type, "F32") != 0)
        return MLP_ST_FAIL(s, "tensor '%s': dtype is '%s', expected F32", name, type ? type : "");

    uint64_t sizes[2];
    mlp_status status = read_shape(s, name, json_object_get(entry, "shape"), dimensions, sizes);
    if (status == MLP_OK)
        status = read_range(s, name, json_object_get(entry, "data_offsets"), tensor);
    if (status != MLP_OK)
        return status;
    uint64_t bytes = tensor->end - tensor->begin;
    if (sizes[0] > bytes / sizeof(float) / sizes[1] || sizes[0] * sizes[1] * sizeof(float) != bytes)
        return MLP_ST_FAIL(s, "tensor '%s': %llu bytes of data do not fit the shape %llu x %llu",
                           name, (unsigned long long)bytes, (unsigned long long)sizes[0],
                           (unsigned long long)sizes[1]);
    tensor->rows = (size_t)sizes[0];
    tensor->columns = (size_t)sizes[1];
    return MLP_OK;
}

/* --- Ranges ---------------------------------------------------------------- */

static int compare_begin(const void *a, const void *b)
{
    const struct mlp_st_tensor *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
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
