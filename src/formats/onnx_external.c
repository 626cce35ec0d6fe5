/* SPDX-License-Identifier: MIT */
/* Tensors whose data are in a file beside the model's: in its folder or below, and nowhere else. */
#include "onnx_source.h"

#include "file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXTERNAL = 1 }; /* TensorProto.DataLocation */

bool mlp_onnx_is_external(const mlp_onnx_tensor *tensor)
{
    return tensor->has_data_location && tensor->data_location == EXTERNAL;
}

/* The text of `key`, or NULL. */
static const char *entry(const mlp_onnx_tensor *tensor, const char *key)
{
    for (size_t i = 0; i < tensor->n_external_data; i++) {
        const mlp_onnx_entry *one = tensor->external_data[i];
        if (strcmp(mlp_onnx_text(one->key), key) == 0)
            return mlp_onnx_text(one->value);
    }
    return NULL;
}

/* A decimal number; `missing` where there is none. False where it is anything else. */
static bool entry_number(const mlp_onnx_tensor *tensor, const char *key, uint64_t missing,
                         uint64_t *value)
{
    const char *text = entry(tensor, key);
    *value = missing;
    if (!text)
        return true;
    if (*text == '\0')
        return false;
    *value = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        unsigned digit = (unsigned)(*text - '0');
        if (*value > ((uint64_t)INT64_MAX - digit) / 10)
            return false;
        *value = 10 * *value + digit;
    }
    return *text == '\0';
}

/* Whether a path is relative and no part of it goes up. */
static bool stays_below(const char *path)
{
    if (*path == '\0' || *path == '/')
        return false;
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.')
            return false;
        path += length;
        path += *path == '/';
    }
    return true;
}

/* The real path of `location`, which is in the real folder of the model's file. */
static mlp_status resolve(const struct mlp_onnx_source *s, const char *name, const char *location,
                          char real[PATH_MAX])
{
    char joined[PATH_MAX], folder[PATH_MAX], real_folder[PATH_MAX];
    const char *slash = strrchr(s->path, '/');
    int length = slash ? (int)(slash - s->path) + 1 : 0;
    if (!stays_below(location))
        return MLP_ONNX_FAIL(s,
                             "tensor '%.100s' is in the file '%.200s', expected one in the "
                             "model's folder, without '..'",
                             name, location);
    if (snprintf(folder, sizeof folder, "%.*s.", length, s->path) >= PATH_MAX ||
        snprintf(joined, sizeof joined, "%.*s%s", length, s->path, location) >= PATH_MAX)
        return MLP_ONNX_FAIL(s, "tensor '%.100s': the name of its file is too long", name);
    if (!realpath(folder, real_folder) || !realpath(joined, real))
        return mlp_fail(s->error, MLP_ERROR_INTERNAL,
                        "%s: tensor '%.100s': cannot open its file '%.200s': %s", s->path, name,
                        location, strerror(errno));
    size_t within = strlen(real_folder);
    if (strcmp(real_folder, "/") == 0)
        within = 0;
    if (strncmp(real, real_folder, within) != 0 || real[within] != '/')
        return MLP_ONNX_FAIL(s,
                             "tensor '%.100s' is in the file '%.200s', which links to a place "
                             "outside the model's folder",
                             name, location);
    return MLP_OK;
}

mlp_status mlp_onnx_open_external(const struct mlp_onnx_source *s, const mlp_onnx_tensor *tensor,
                                  size_t size, int *fd, uint64_t *offset)
{
    char real[PATH_MAX];
    const char *name = mlp_onnx_text(tensor->name);
    const char *location = mlp_onnx_text(entry(tensor, "location"));
    uint64_t length = 0, file_size = 0;
    if (!entry_number(tensor, "offset", 0, offset) ||
        !entry_number(tensor, "length", size, &length))
        return MLP_ONNX_FAIL(s, "tensor '%.100s': offset or length is no number of bytes", name);
    if (length != size)
        return MLP_ONNX_FAIL(s, "tensor '%.100s' has a length of %llu bytes, expected %zu", name,
                             (unsigned long long)length, size);
    mlp_status status = resolve(s, name, location, real);
    if (status == MLP_OK)
        status = mlp_file_open(real, fd, &file_size, s->error);
    if (status != MLP_OK)
        return status;
    if (*offset <= file_size && size <= file_size - *offset)
        return MLP_OK;
    close(*fd);
    return MLP_ONNX_FAIL(s,
                         "tensor '%.100s' is in the bytes from %llu to %llu of '%.200s', which "
                         "has %llu",
                         name, (unsigned long long)*offset, (unsigned long long)(*offset + size),
                         location, (unsigned long long)file_size);
}
