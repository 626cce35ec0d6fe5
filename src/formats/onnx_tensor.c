/* SPDX-License-Identifier: MIT */
/* The numbers of a tensor: as bytes, as lists of their type, or in another file. */
#include "onnx_source.h"

#include "alloc.h"
#include "bytes.h"
#include "file.h"
#include "half.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 4096 }; /* elements that are converted at a time */

/* Bytes of an element; 0: a type that is not read. */
static size_t element_size(int32_t type)
{
    switch (type) {
    case MLP_ONNX_FLOAT:
        return 4;
    case MLP_ONNX_FLOAT16:
        return 2;
    case MLP_ONNX_DOUBLE:
    case MLP_ONNX_INT64:
        return 8;
    default:
        return 0;
    }
}

/* False where a dimension is not above 0 or their product is out of range. */
static bool count_elements(const mlp_onnx_tensor *tensor, size_t *count)
{
    *count = 1;
    for (size_t i = 0; i < tensor->n_dims; i++) {
        if (tensor->dims[i] <= 0 || tensor->dims[i] > INT32_MAX ||
            *count > SIZE_MAX / 16 / (size_t)tensor->dims[i])
            return false;
        *count *= (size_t)tensor->dims[i];
    }
    return true;
}

/* Elements that the lists of a tensor's type hold. */
static size_t listed(const mlp_onnx_tensor *tensor)
{
    switch (tensor->data_type) {
    case MLP_ONNX_FLOAT:
        return tensor->n_float_data;
    case MLP_ONNX_DOUBLE:
        return tensor->n_double_data;
    case MLP_ONNX_INT64:
        return tensor->n_int64_data;
    default:
        return 0;
    }
}

/* Elements that a tensor of the file has; *whole: no part of one is left over. */
static size_t held(const mlp_onnx_tensor *tensor, bool *whole)
{
    size_t size = element_size(tensor->data_type);
    *whole = true;
    if (!tensor->has_raw_data)
        return listed(tensor);
    *whole = tensor->raw_data.len % size == 0;
    return tensor->raw_data.len / size;
}

mlp_status mlp_onnx_check_floats(const struct mlp_onnx_source *s, const mlp_onnx_tensor *tensor,
                                 size_t *count)
{
    const char *name = mlp_onnx_text(tensor->name);
    size_t size = element_size(tensor->data_type);
    if (size == 0 || tensor->data_type == MLP_ONNX_INT64)
        return MLP_ONNX_FAIL(s,
                             "tensor '%.100s' has elements of type %d, expected %d, %d or %d "
                             "(float, float16 or double)",
                             name, tensor->data_type, MLP_ONNX_FLOAT, MLP_ONNX_FLOAT16,
                             MLP_ONNX_DOUBLE);
    if (!count_elements(tensor, count))
        return MLP_ONNX_FAIL(s, "tensor '%.100s': its dimensions are out of range", name);
    if (mlp_onnx_is_external(tensor)) {
        int fd;
        uint64_t offset;
        mlp_status status = mlp_onnx_open_external(s, tensor, *count * size, &fd, &offset);
        if (status == MLP_OK)
            close(fd);
        return status;
    }
    bool whole;
    size_t found = held(tensor, &whole);
    if (found != *count || !whole)
        return MLP_ONNX_FAIL(s, "tensor '%.100s' has the data of %zu elements%s, expected %zu",
                             name, found, whole ? "" : " and a part of one", *count);
    return MLP_OK;
}

mlp_status mlp_onnx_find_place(const struct mlp_onnx_source *s, const mlp_onnx_tensor *tensor,
                               size_t count, struct mlp_onnx_place *out)
{
    int fd;
    uint64_t offset;
    struct stat info;
    size_t size = count * element_size(tensor->data_type);
    mlp_status status = mlp_onnx_open_external(s, tensor, size, &fd, &offset);
    if (status != MLP_OK)
        return status;
    if (fstat(fd, &info) != 0)
        status = mlp_fail(s->error, MLP_ERROR_INTERNAL, "%s: cannot read the data of '%.100s'",
                          s->path, mlp_onnx_text(tensor->name));
    else
        *out = (struct mlp_onnx_place){info.st_dev, info.st_ino, offset, offset + size};
    close(fd);
    return status;
}

/* --- Conversions ------------------------------------------------------------------ */

/* `count` elements of little-endian bytes. */
static void convert(int32_t type, const unsigned char *from, float *to, size_t count)
{
    if (type == MLP_ONNX_FLOAT)
        mlp_load_f32(to, from, count);
    for (size_t i = 0; type == MLP_ONNX_FLOAT16 && i < count; i++)
        to[i] = mlp_half_to_float(from[2 * i] | (uint32_t)from[2 * i + 1] << 8);
    for (size_t i = 0; type == MLP_ONNX_DOUBLE && i < count; i++) {
        uint64_t bits = mlp_load_u64(from + 8 * i);
        double value;
        memcpy(&value, &bits, sizeof value);
        to[i] = (float)value;
    }
}

static void copy_listed(const mlp_onnx_tensor *tensor, float *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = tensor->data_type == MLP_ONNX_FLOAT ? tensor->float_data[i]
                                                    : (float)tensor->double_data[i];
}

static mlp_status read_external(const struct mlp_onnx_source *s, const mlp_onnx_tensor *tensor,
                                float *to, size_t count)
{
    unsigned char bytes[8 * BLOCK];
    size_t size = element_size(tensor->data_type);
    int fd;
    uint64_t offset;
    mlp_status status = mlp_onnx_open_external(s, tensor, count * size, &fd, &offset);
    if (status != MLP_OK)
        return status;
    for (size_t first = 0; first < count && status == MLP_OK; first += BLOCK) {
        size_t part = count - first < BLOCK ? count - first : BLOCK;
        status = mlp_file_read(fd, s->path, offset + first * size, bytes, part * size, s->error);
        if (status == MLP_OK)
            convert(tensor->data_type, bytes, to + first, part);
    }
    close(fd);
    return status;
}

mlp_status mlp_onnx_read_floats(const struct mlp_onnx_source *s, const mlp_onnx_tensor *tensor,
                                float *to, size_t count)
{
    mlp_status status = MLP_OK;
    if (mlp_onnx_is_external(tensor))
        status = read_external(s, tensor, to, count);
    else if (tensor->has_raw_data)
        convert(tensor->data_type, tensor->raw_data.data, to, count);
    else
        copy_listed(tensor, to, count);
    for (size_t i = 0; i < count && status == MLP_OK && !s->any_numbers; i++) {
        if (!isfinite(to[i]))
            status = MLP_ONNX_FAIL(s, "tensor '%.100s': element %zu is %s, expected finite numbers",
                                   mlp_onnx_text(tensor->name), i,
                                   isnan(to[i]) ? "a NaN" : "an infinity");
    }
    return status;
}

/* --- Small ones ------------------------------------------------------------------- */

bool mlp_onnx_scalar(const mlp_onnx_tensor *tensor, double *value)
{
    bool whole;
    float narrow;
    bool is_float = tensor->data_type == MLP_ONNX_FLOAT || tensor->data_type == MLP_ONNX_FLOAT16 ||
                    tensor->data_type == MLP_ONNX_DOUBLE;
    if (!is_float || tensor->n_dims > 0 || mlp_onnx_is_external(tensor) ||
        held(tensor, &whole) != 1 || !whole)
        return false;
    if (tensor->has_raw_data)
        convert(tensor->data_type, tensor->raw_data.data, &narrow, 1);
    else
        copy_listed(tensor, &narrow, 1);
    *value = (double)narrow;
    return true;
}

bool mlp_onnx_read_ints(const mlp_onnx_tensor *tensor, int64_t *to, size_t count)
{
    bool whole;
    if (tensor->data_type != MLP_ONNX_INT64 || tensor->n_dims != 1 ||
        mlp_onnx_is_external(tensor) || tensor->dims[0] != (int64_t)count ||
        held(tensor, &whole) != count || !whole)
        return false;
    for (size_t i = 0; i < count; i++)
        to[i] = tensor->has_raw_data ? (int64_t)mlp_load_u64(tensor->raw_data.data + 8 * i)
                                     : tensor->int64_data[i];
    return true;
}
