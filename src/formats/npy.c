/* SPDX-License-Identifier: MIT */
#include "formats/npy.h"

#include "alloc.h"
#include "data.h"
#include "error.h"
#include "formats/format.h"
#include "formats/gz.h"
#include "formats/npy_values.h"
#include "formats/source_name.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* --- Arrays ------------------------------------------------------------------ */

void mlp_npy_free_inputs(struct mlp_npy_inputs *inputs)
{
    mlp_free(inputs->owned);
    mlp_file_unmap(&inputs->map);
    *inputs = (struct mlp_npy_inputs){0};
}

void mlp_npy_free_goals(struct mlp_npy_goals *goals)
{
    mlp_free(goals->labels);
    mlp_free(goals->targets);
    *goals = (struct mlp_npy_goals){0};
}

static mlp_status check_count(const struct mlp_npy_stream *stream,
                              const struct mlp_npy_header *header, mlp_error *error)
{
    char text[MLP_NPY_SHAPE_TEXT];
    if (header->dimension[0] <= UINT32_MAX)
        return MLP_OK;
    return mlp_fail(
        error, MLP_ERROR_DATA, "%s: %s %llu: found the shape %s, expected fewer than 2^32 samples",
        stream->name, stream->unit, (unsigned long long)header->start, mlp_npy_shape(header, text));
}

/* The sizes of inputs, which have no values yet. */
static struct mlp_npy_inputs measure(const struct mlp_npy_header *header)
{
    bool image = header->dimensions == 3;
    return (struct mlp_npy_inputs){
        .count = mlp_npy_count(header),
        .features = mlp_npy_features(header),
        .height = image ? (size_t)header->dimension[1] : 0,
        .width = image ? (size_t)header->dimension[2] : 0,
    };
}

static mlp_status copy_inputs(const struct mlp_npy_stream *stream,
                              const struct mlp_npy_header *header, struct mlp_npy_inputs *out,
                              mlp_error *error)
{
    float *f32 = NULL;
    uint8_t *u8 = NULL;
    mlp_status status;
    if (header->kind == 'u' && header->size == 1)
        status = mlp_npy_read_u8(stream, header, &u8, error);
    else
        status = mlp_npy_read_f32(stream, header, &f32, error);
    if (status != MLP_OK)
        return status;
    *out = measure(header);
    out->u8 = u8;
    out->f32 = f32;
    out->owned = u8 ? (void *)u8 : (void *)f32;
    return MLP_OK;
}

mlp_status mlp_npy_read_inputs(const struct mlp_npy_stream *stream, struct mlp_npy_inputs *out,
                               mlp_error *error)
{
    *out = (struct mlp_npy_inputs){0};
    struct mlp_npy_header header;
    mlp_status status = mlp_npy_read_header(stream, &header, error);
    if (status == MLP_OK)
        status = check_count(stream, &header, error);
    return status == MLP_OK ? copy_inputs(stream, &header, out, error) : status;
}

/* Labels may be a column, as a table of one. */
static mlp_status check_goal_shape(const struct mlp_npy_stream *stream,
                                   const struct mlp_npy_header *header, mlp_error *error)
{
    char text[MLP_NPY_SHAPE_TEXT];
    bool targets = header->kind == 'f';
    if (header->dimensions == 1 ||
        (header->dimensions == 2 && (targets || header->dimension[1] == 1)))
        return MLP_OK;
    return mlp_fail(
        error, MLP_ERROR_DATA, "%s: %s %llu: found the shape %s, expected %s", stream->name,
        stream->unit, (unsigned long long)header->start, mlp_npy_shape(header, text),
        targets ? "(count,) or (count, outputs) of targets" : "(count,) or (count, 1) of labels");
}

mlp_status mlp_npy_read_goals(const struct mlp_npy_stream *stream, struct mlp_npy_goals *out,
                              mlp_error *error)
{
    *out = (struct mlp_npy_goals){0};
    struct mlp_npy_header header;
    struct mlp_npy_goals goals = {0};
    mlp_status status = mlp_npy_read_header(stream, &header, error);
    if (status == MLP_OK)
        status = check_count(stream, &header, error);
    if (status == MLP_OK)
        status = check_goal_shape(stream, &header, error);
    if (status != MLP_OK)
        return status;
    goals.count = mlp_npy_count(&header);
    goals.outputs = header.kind == 'f' ? mlp_npy_features(&header) : 0;
    if (header.kind == 'f')
        status = mlp_npy_read_f32(stream, &header, &goals.targets, error);
    else
        status = mlp_npy_read_labels(stream, &header, &goals.labels, error);
    if (status == MLP_OK)
        *out = goals;
    return status;
}

mlp_status mlp_npy_join(const struct mlp_npy_inputs *inputs, const char *inputs_name,
                        const struct mlp_npy_goals *goals, const char *goals_name,
                        mlp_dataset **out, mlp_error *error)
{
    if (goals->count > 0 && goals->count != inputs->count)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: found %zu %s, expected %zu, one for each sample of %s", goals_name,
                        goals->count, goals->labels ? "labels" : "targets", inputs->count,
                        inputs_name);
    struct mlp_dataset content = {
        .count = inputs->count,
        .features = inputs->features,
        .classes = goals->labels ? mlp_dataset_label_classes(goals->labels, goals->count) : 0,
        .outputs = goals->outputs,
        .u8 = inputs->u8,
        .f32 = inputs->f32,
        .labels = goals->labels,
        .targets = goals->targets,
        .height = inputs->height,
        .width = inputs->width,
        .map = inputs->map,
        .owned = {inputs->owned, goals->labels, goals->targets},
    };
    return mlp_dataset_create(&content, out, error);
}

/* --- Files ------------------------------------------------------------------- */

static mlp_status read_gz(void *from, void *to, size_t size, size_t *count, mlp_error *error)
{
    return mlp_gz_read(from, to, size, count, error);
}

static struct mlp_npy_stream stream_of(const char *path, struct mlp_gz *gz)
{
    return (struct mlp_npy_stream){
        .name = path,
        .unit = mlp_gz_unit(gz),
        .limit = mlp_gz_limit(gz),
        .exact = !mlp_gz_is_packed(gz),
        .read = read_gz,
        .from = gz,
    };
}

/* Inputs that stay in the file. Floats are read once, from its beginning to its end: that they are
 * finite is checked. Advice to the system gains nothing: that pass is read ahead as it is, and what
 * it leaves in memory, training in a random order finds there. */
static mlp_status map_inputs(const struct mlp_npy_stream *stream,
                             const struct mlp_npy_header *header, struct mlp_npy_inputs *out,
                             mlp_error *error)
{
    struct mlp_map map;
    uint64_t end = header->start + header->values_size;
    mlp_status status = mlp_file_map(stream->name, &map, error);
    if (status != MLP_OK)
        return status;
    const unsigned char *values = map.data + header->start;
    const float *f32 = header->kind == 'f' ? (const float *)(const void *)values : NULL;
    if (map.size != end)
        status = mlp_fail(error, MLP_ERROR_DATA, "%s: is %zu bytes long, expected %llu",
                          stream->name, map.size, (unsigned long long)end);
    else if (f32)
        status = mlp_npy_check_finite(stream, header, f32, error);
    if (status != MLP_OK) {
        mlp_file_unmap(&map);
        return status;
    }
    *out = measure(header);
    out->u8 = f32 ? NULL : values;
    out->f32 = f32;
    out->map = map;
    return MLP_OK;
}

static bool can_stay(const struct mlp_gz *gz, const struct mlp_npy_header *header)
{
    return !mlp_gz_is_packed(gz) && mlp_npy_is_plain(header) && header->start % header->size == 0;
}

mlp_status mlp_npy_read_inputs_file(const char *path, struct mlp_npy_inputs *out, mlp_error *error)
{
    *out = (struct mlp_npy_inputs){0};
    struct mlp_gz *gz;
    struct mlp_npy_header header;
    mlp_status status = mlp_gz_open(path, &gz, error);
    if (status != MLP_OK)
        return status;
    struct mlp_npy_stream stream = stream_of(path, gz);
    status = mlp_npy_read_header(&stream, &header, error);
    if (status == MLP_OK)
        status = check_count(&stream, &header, error);
    if (status == MLP_OK && can_stay(gz, &header))
        status = map_inputs(&stream, &header, out, error);
    else if (status == MLP_OK)
        status = copy_inputs(&stream, &header, out, error);
    mlp_gz_close(gz);
    return status;
}

mlp_status mlp_npy_read_goals_file(const char *path, struct mlp_npy_goals *out, mlp_error *error)
{
    *out = (struct mlp_npy_goals){0};
    struct mlp_gz *gz;
    mlp_status status = mlp_gz_open(path, &gz, error);
    if (status != MLP_OK)
        return status;
    struct mlp_npy_stream stream = stream_of(path, gz);
    status = mlp_npy_read_goals(&stream, out, error);
    mlp_gz_close(gz);
    return status;
}

/* --- Names ------------------------------------------------------------------- */

static const char *const endings[] = {".npy", ".npy.gz"};
enum { ENDINGS = sizeof endings / sizeof endings[0] };

/* The length of `path` without the ending of an npy file; 0 where it has none. */
static size_t stem_length(const char *path)
{
    return mlp_source_stem(path, endings, ENDINGS);
}

/* Whether the file is called X, or X and more behind a sign: X_train, x-test. */
static bool is_called_x(const char *name, size_t length)
{
    return length > 0 && (name[0] == 'X' || name[0] == 'x') &&
           (length == 1 || strchr("_-.", name[1]));
}

/* The file of the labels without its ending: y_train for X_train and x_train, else NAME-labels for
 * NAME. False where that is too long for a path. */
static bool labels_stem(const char *inputs, char stem[PATH_MAX])
{
    int length = (int)stem_length(inputs);
    if (strlen(inputs) + sizeof "-labels.npy.gz" > PATH_MAX)
        return false;
    snprintf(stem, PATH_MAX, "%.*s", length, inputs);
    char *slash = strrchr(stem, '/'), *name = slash ? slash + 1 : stem;
    if (is_called_x(name, strlen(name)))
        name[0] = 'y';
    else
        strcat(stem, "-labels");
    return true;
}

/* Finds the file of the labels, plain before gz. */
static mlp_status find_labels(const char *inputs, char path[PATH_MAX], mlp_error *error)
{
    char stem[PATH_MAX];
    if (!labels_stem(inputs, stem))
        return mlp_fail(error, MLP_ERROR_USAGE, "%s: the name is too long for one of labels",
                        inputs);
    for (size_t i = 0; i < ENDINGS; i++) {
        strcpy(path, stem);
        strcat(path, endings[i]);
        if (mlp_source_exists(path))
            return MLP_OK;
    }
    return mlp_fail(error, MLP_ERROR_USAGE,
                    "%s: found no file %s.npy or %s.npy.gz with its labels, expected one of them, "
                    "or another by --labels",
                    inputs, stem, stem);
}

/* --- Sources ----------------------------------------------------------------- */

static bool npy_claims(const char *source)
{
    return stem_length(source) > 0;
}

/* One file is one split, the one that the user says it is. */
static bool npy_has(const char *source, mlp_split split)
{
    return split == MLP_TRAIN && mlp_source_exists(source);
}

static mlp_status npy_open(const char *source, mlp_split split, const mlp_source_options *options,
                           mlp_dataset **out, mlp_error *error)
{
    (void)split;
    char found[PATH_MAX];
    const char *labels = options->labels;
    struct mlp_npy_inputs inputs;
    struct mlp_npy_goals goals = {0};
    mlp_status status = mlp_npy_read_inputs_file(source, &inputs, error);
    if (status == MLP_OK && !options->unlabelled && !labels) {
        status = find_labels(source, found, error);
        labels = found;
    }
    if (status == MLP_OK && !options->unlabelled)
        status = mlp_npy_read_goals_file(labels, &goals, error);
    if (status == MLP_OK)
        status = mlp_npy_join(&inputs, source, &goals, labels, out, error);
    if (status != MLP_OK) {
        mlp_npy_free_inputs(&inputs);
        mlp_npy_free_goals(&goals);
    }
    return status;
}

const struct mlp_format mlp_format_npy = {
    .options = MLP_FORMAT_UNLABELLED | MLP_FORMAT_LABELS,
    .claims = npy_claims,
    .has = npy_has,
    .open = npy_open,
};
