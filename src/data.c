/* SPDX-License-Identifier: MIT */
/* Data sets: where they come from, and arrays of the caller's (mlp/dataset.h). */
#include "data.h"

#include "alloc.h"
#include "digits.h"
#include "error.h"
#include "formats/format.h"
#include "points.h"

#include <math.h>
#include <string.h>

enum { LEAST_CLASSES = 2, MOST_CLASSES = 256 };

/* --- Sources --------------------------------------------------------------- */

const char *mlp_dataset_builtin_name(size_t i)
{
    return i == 0 ? "digits" : mlp_points_name(i - 1);
}

/* The number of the built-in set of this name; past the end where there is none. */
static size_t find_builtin(const char *name)
{
    size_t i = 0;
    while (mlp_dataset_builtin_name(i) && strcmp(mlp_dataset_builtin_name(i), name) != 0)
        i++;
    return i;
}

static bool is_builtin(const char *source)
{
    return mlp_dataset_builtin_name(find_builtin(source)) != NULL;
}

static bool builtin_has(const char *source, mlp_split split)
{
    (void)source;
    (void)split;
    return true;
}

static mlp_status builtin_open(const char *source, mlp_split split,
                               const mlp_source_options *options, mlp_dataset **out,
                               mlp_error *error)
{
    (void)options;
    size_t i = find_builtin(source);
    return i == 0 ? mlp_digits_create(split, out, error)
                  : mlp_points_create(i - 1, split, out, error);
}

/* Labels that are not asked for do no harm. */
static const struct mlp_format builtin = {
    .options = MLP_FORMAT_UNLABELLED,
    .claims = is_builtin,
    .has = builtin_has,
    .open = builtin_open,
};

/* The first that claims a source gets it; the last claims everything. */
static const struct mlp_format *const formats[] = {
    &builtin,        &mlp_format_idx_folder, &mlp_format_npy,
    &mlp_format_npz, &mlp_format_csv,        &mlp_format_idx_file,
};

static const struct mlp_format *format_of(const char *source)
{
    size_t i = 0;
    while (i + 1 < sizeof formats / sizeof formats[0] && !formats[i]->claims(source))
        i++;
    return formats[i];
}

static mlp_status check_options(const char *source, const struct mlp_format *format,
                                const mlp_source_options *options, mlp_error *error)
{
    unsigned given = options->unlabelled ? MLP_FORMAT_UNLABELLED : 0;
    if (options->labels)
        given |= MLP_FORMAT_LABELS;
    if (options->label || options->targets || options->delimiter || options->header ||
        options->class_names)
        given |= MLP_FORMAT_COLUMNS;
    if (!(given & ~format->options))
        return MLP_OK;
    return mlp_fail(error, MLP_ERROR_USAGE, "%s: a source of this format has no options%s", source,
                    format->options & MLP_FORMAT_LABELS    ? " but for its labels"
                    : format->options & MLP_FORMAT_COLUMNS ? " for labels outside of it"
                                                           : "");
}

mlp_status mlp_dataset_open(const char *source, mlp_split split, mlp_dataset **out,
                            mlp_error *error)
{
    return mlp_dataset_open_as(source, split, NULL, out, error);
}

mlp_status mlp_dataset_open_as(const char *source, mlp_split split,
                               const mlp_source_options *options, mlp_dataset **out,
                               mlp_error *error)
{
    static const mlp_source_options defaults;
    *out = NULL;
    const struct mlp_format *format = format_of(source);
    options = options ? options : &defaults;
    mlp_status status = check_options(source, format, options, error);
    return status == MLP_OK ? format->open(source, split, options, out, error) : status;
}

bool mlp_dataset_has(const char *source, mlp_split split)
{
    return format_of(source)->has(source, split);
}

/* --- Making ---------------------------------------------------------------- */

mlp_status mlp_dataset_create(const struct mlp_dataset *content, mlp_dataset **out,
                              mlp_error *error)
{
    *out = mlp_alloc(1, sizeof **out);
    if (!*out)
        return mlp_fail_memory(error, "a data set");
    **out = *content;
    return MLP_OK;
}

void mlp_dataset_destroy(mlp_dataset *data)
{
    if (!data)
        return;
    for (size_t i = 0; i < MLP_DATASET_ARRAYS; i++)
        mlp_free(data->owned[i]);
    mlp_file_unmap(&data->map);
    mlp_free(data);
}

size_t mlp_dataset_label_classes(const uint8_t *labels, size_t count)
{
    size_t classes = LEAST_CLASSES;
    for (size_t i = 0; i < count; i++)
        classes = labels[i] >= classes ? labels[i] + (size_t)1 : classes;
    return classes;
}

/* --- Wrapping -------------------------------------------------------------- */

/* What can be said without looking into the arrays. */
static mlp_status check_arrays(const mlp_arrays *a, mlp_error *error)
{
    if (!a->u8 == !a->f32)
        return mlp_fail(error, MLP_ERROR_USAGE, "found %s, expected an array of one type",
                        a->u8 ? "inputs of both u8 and f32" : "no inputs");
    if (!a->labels && !a->targets)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "found neither labels nor targets, expected an array of one of them");
    if (a->count == 0 || a->count > UINT32_MAX)
        return mlp_fail(error, MLP_ERROR_USAGE, "found %zu samples, expected 1 to 2^32 - 1",
                        a->count);
    size_t element = a->u8 ? sizeof *a->u8 : sizeof *a->f32;
    if (a->features == 0 || a->features > SIZE_MAX / element / a->count)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "found %zu features, expected at least 1 and %zu samples of them in memory",
                        a->features, a->count);
    if (a->labels && (a->classes < 2 || a->classes > MOST_CLASSES))
        return mlp_fail(error, MLP_ERROR_USAGE, "found %zu classes, expected 2 to %d", a->classes,
                        MOST_CLASSES);
    if (!a->labels && a->classes != 0)
        return mlp_fail(error, MLP_ERROR_USAGE, "found %zu classes, expected 0 without labels",
                        a->classes);
    if (a->targets && (a->outputs == 0 || a->outputs > SIZE_MAX / sizeof(float) / a->count))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "found %zu outputs, expected at least 1 and %zu samples of them in memory",
                        a->outputs, a->count);
    if (!a->targets && a->outputs != 0)
        return mlp_fail(error, MLP_ERROR_USAGE, "found %zu outputs, expected 0 without targets",
                        a->outputs);
    return MLP_OK;
}

static mlp_status check_labels(const mlp_arrays *a, mlp_error *error)
{
    for (size_t i = 0; a->labels && i < a->count; i++) {
        if (a->labels[i] >= a->classes)
            return mlp_fail(error, MLP_ERROR_DATA, "sample %zu: found label %d, expected below %zu",
                            i, a->labels[i], a->classes);
    }
    return MLP_OK;
}

static mlp_status check_finite(const float *values, size_t count, size_t width, const char *what,
                               mlp_error *error)
{
    for (size_t i = 0; values && i < count * width; i++) {
        if (!isfinite(values[i]))
            return mlp_fail(error, MLP_ERROR_DATA,
                            "sample %zu: found %f as %s %zu, expected a finite number", i / width,
                            (double)values[i], what, i % width);
    }
    return MLP_OK;
}

static mlp_status check_weights(const mlp_arrays *a, mlp_error *error)
{
    for (size_t i = 0; a->weights && i < a->count; i++) {
        if (!(a->weights[i] >= 0) || !isfinite(a->weights[i]))
            return mlp_fail(error, MLP_ERROR_DATA,
                            "sample %zu: found %g as weight, expected a finite number from 0 up", i,
                            (double)a->weights[i]);
    }
    return MLP_OK;
}

mlp_status mlp_dataset_wrap(const mlp_arrays *arrays, mlp_dataset **out, mlp_error *error)
{
    *out = NULL;
    const mlp_arrays *a = arrays;
    mlp_status status = check_arrays(a, error);
    if (status == MLP_OK)
        status = check_labels(a, error);
    if (status == MLP_OK)
        status = check_finite(a->f32, a->count, a->features, "input", error);
    if (status == MLP_OK)
        status = check_finite(a->targets, a->count, a->outputs, "target", error);
    if (status == MLP_OK)
        status = check_weights(a, error);
    if (status != MLP_OK)
        return status;
    struct mlp_dataset content = {
        .count = a->count,
        .features = a->features,
        .classes = a->classes,
        .outputs = a->outputs,
        .u8 = a->u8,
        .f32 = a->f32,
        .labels = a->labels,
        .targets = a->targets,
        .weights = a->weights,
    };
    return mlp_dataset_create(&content, out, error);
}

mlp_status mlp_dataset_wrap_u8(const uint8_t *x, const uint8_t *labels, size_t count,
                               size_t features, size_t classes, mlp_dataset **out, mlp_error *error)
{
    mlp_arrays arrays = {
        .count = count, .features = features, .u8 = x, .labels = labels, .classes = classes};
    return mlp_dataset_wrap(&arrays, out, error);
}

mlp_status mlp_dataset_wrap_f32(const float *x, const uint8_t *labels, size_t count,
                                size_t features, size_t classes, mlp_dataset **out,
                                mlp_error *error)
{
    mlp_arrays arrays = {
        .count = count, .features = features, .f32 = x, .labels = labels, .classes = classes};
    return mlp_dataset_wrap(&arrays, out, error);
}

/* --- Looking at ------------------------------------------------------------ */

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

size_t mlp_dataset_outputs(const mlp_dataset *data)
{
    return data->outputs;
}

const char *mlp_dataset_class_name(const mlp_dataset *data, size_t class_index)
{
    return data->class_names && class_index < data->classes ? data->class_names[class_index] : NULL;
}

const mlp_columns *mlp_dataset_columns(const mlp_dataset *data)
{
    return data->columns;
}

const uint8_t *mlp_dataset_labels(const mlp_dataset *data)
{
    return data->labels;
}

const float *mlp_dataset_targets(const mlp_dataset *data)
{
    return data->targets;
}

const float *mlp_dataset_weights(const mlp_dataset *data)
{
    return data->weights;
}

const uint8_t *mlp_dataset_u8_at(const mlp_dataset *data, size_t i)
{
    return data->u8 ? data->u8 + mlp_dataset_row(data, i) * data->features : NULL;
}

const float *mlp_dataset_f32_at(const mlp_dataset *data, size_t i)
{
    return data->f32 ? data->f32 + mlp_dataset_row(data, i) * data->features : NULL;
}

bool mlp_dataset_image(const mlp_dataset *data, size_t *height, size_t *width)
{
    *height = data->height;
    *width = data->width;
    return data->height > 0;
}
