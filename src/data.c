/* SPDX-License-Identifier: MIT */
/* Data sets: where they come from, and arrays of the caller's (mlp/dataset.h). */
#include "data.h"

#include "alloc.h"
#include "digits.h"
#include "error.h"
#include "formats/format.h"

#include <math.h>
#include <string.h>

enum { LEAST_CLASSES = 10 };

static bool is_digits(const char *source)
{
    return strcmp(source, "digits") == 0;
}

static bool digits_has(const char *source, mlp_split split)
{
    (void)source;
    (void)split;
    return true;
}

static mlp_status digits_open(const char *source, mlp_split split, mlp_dataset **out,
                              mlp_error *error)
{
    (void)source;
    return mlp_digits_create(split, out, error);
}

static const struct mlp_format digits = {
    .claims = is_digits,
    .has = digits_has,
    .open = digits_open,
};

/* The first that claims a source gets it; the last claims everything. */
static const struct mlp_format *const formats[] = {
    &digits,
    &mlp_format_idx_folder,
    &mlp_format_idx_file,
};

static const struct mlp_format *format_of(const char *source)
{
    size_t i = 0;
    while (i + 1 < sizeof formats / sizeof formats[0] && !formats[i]->claims(source))
        i++;
    return formats[i];
}

mlp_status mlp_dataset_open(const char *source, mlp_split split, mlp_dataset **out,
                            mlp_error *error)
{
    *out = NULL;
    return format_of(source)->open(source, split, out, error);
}

bool mlp_dataset_has(const char *source, mlp_split split)
{
    return format_of(source)->has(source, split);
}

static uint8_t largest(const uint8_t *values, size_t count)
{
    uint8_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    return most;
}

mlp_status mlp_dataset_own_u8(uint8_t *images, uint8_t *labels, size_t count, size_t features,
                              mlp_dataset **out, mlp_error *error)
{
    mlp_dataset *data = mlp_alloc(1, sizeof *data);
    if (!data)
        return mlp_fail_memory(error, "a data set");
    size_t classes = (size_t)largest(labels, count) + 1;
    *data = (mlp_dataset){
        .count = count,
        .features = features,
        .classes = classes < LEAST_CLASSES ? LEAST_CLASSES : classes,
        .u8 = images,
        .labels = labels,
        .owned_inputs = images,
        .owned_labels = labels,
    };
    *out = data;
    return MLP_OK;
}

/* Checks what both kinds of the caller's arrays have in common, and makes a data
 * set without inputs. */
static mlp_status wrap(const void *x, size_t element_size, const uint8_t *labels, size_t count,
                       size_t features, size_t classes, mlp_dataset **out, mlp_error *error)
{
    *out = NULL;
    if (!x || !labels)
        return mlp_fail(error, MLP_ERROR_USAGE, "found no %s, expected an array",
                        x ? "labels" : "inputs");
    if (count == 0 || count > UINT32_MAX)
        return mlp_fail(error, MLP_ERROR_USAGE, "found %zu samples, expected 1 to 2^32 - 1", count);
    if (features == 0 || features > SIZE_MAX / element_size / count)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "found %zu features, expected at least 1 and %zu samples of them in memory",
                        features, count);
    if (classes < 2)
        return mlp_fail(error, MLP_ERROR_USAGE, "found %zu classes, expected at least 2", classes);
    for (size_t i = 0; i < count; i++) {
        if (labels[i] >= classes)
            return mlp_fail(error, MLP_ERROR_DATA, "sample %zu: found label %d, expected below %zu",
                            i, labels[i], classes);
    }

    mlp_dataset *data = mlp_alloc(1, sizeof *data);
    if (!data)
        return mlp_fail_memory(error, "a data set");
    data->count = count;
    data->features = features;
    data->classes = classes;
    data->labels = labels;
    *out = data;
    return MLP_OK;
}

mlp_status mlp_dataset_wrap_u8(const uint8_t *x, const uint8_t *labels, size_t count,
                               size_t features, size_t classes, mlp_dataset **out, mlp_error *error)
{
    mlp_status status = wrap(x, sizeof *x, labels, count, features, classes, out, error);
    if (status == MLP_OK)
        (*out)->u8 = x;
    return status;
}

mlp_status mlp_dataset_wrap_f32(const float *x, const uint8_t *labels, size_t count,
                                size_t features, size_t classes, mlp_dataset **out,
                                mlp_error *error)
{
    mlp_status status = wrap(x, sizeof *x, labels, count, features, classes, out, error);
    if (status != MLP_OK)
        return status;
    for (size_t i = 0; i < count * features; i++) {
        if (!isfinite(x[i])) {
            mlp_dataset_destroy(*out);
            *out = NULL;
            return mlp_fail(error, MLP_ERROR_DATA,
                            "sample %zu: found %f as input %zu, expected a finite number",
                            i / features, (double)x[i], i % features);
        }
    }
    (*out)->f32 = x;
    return MLP_OK;
}

void mlp_dataset_destroy(mlp_dataset *data)
{
    if (!data)
        return;
    mlp_free(data->owned_inputs);
    mlp_free(data->owned_labels);
    mlp_free(data);
}

size_t mlp_dataset_count(const mlp_dataset *data)
{
    return data->count;
}

size_t mlp_dataset_features(const mlp_dataset *data)
{
    return data->features;
}

size_t mlp_dataset_classes(const mlp_dataset *data)
{
    return data->classes;
}

const uint8_t *mlp_dataset_labels(const mlp_dataset *data)
{
    return data->labels;
}

const uint8_t *mlp_dataset_u8(const mlp_dataset *data)
{
    return data->u8;
}

const float *mlp_dataset_f32(const mlp_dataset *data)
{
    return data->f32;
}
