/* SPDX-License-Identifier: MIT */
/* Reading a checkpoint: the checksum first, then whether it is of this run, then what it holds. */
#include "checkpoint.h"

#include "alloc.h"
#include "bytes.h"
#include "columns.h"
#include "error.h"
#include "file.h"
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A checkpoint that is being read; starts zeroed but for `path` and `error`. */
struct source {
    const char *path;
    mlp_error *error;
    struct mlp_map map;
    size_t data;      /* where the tensors' bytes begin */
    json_t *header;   /* owned */
    json_t *metadata; /* of the header */
    mlp_model *model; /* owned */
    struct mlp_position position;
    double *history; /* owned */
};

#define FAIL(source, format, ...)                                                                  \
    mlp_fail((source)->error, MLP_ERROR_DATA, "%s: " format, (source)->path, __VA_ARGS__)

/* --- Whether it is a whole checkpoint ----------------------------------------------- */

static mlp_status check_sum(struct source *s)
{
    uint64_t length = s->map.size < MLP_ST_LENGTH_BYTES ? 0 : mlp_load_u64(s->map.data);
    if (s->map.size < MLP_ST_LENGTH_BYTES || length > s->map.size - MLP_ST_LENGTH_BYTES)
        return FAIL(s, "%zu bytes, which is no whole checkpoint", s->map.size);
    s->data = MLP_ST_LENGTH_BYTES + (size_t)length;
    size_t at = mlp_checkpoint_find_checksum(s->map.data, s->data);
    if (at == 0)
        return FAIL(s, "found no %s in its header, which every checkpoint has",
                    MLP_CHECKPOINT_KEY ".checksum");
    char expected[MLP_HASH_TEXT];
    mlp_checkpoint_checksum(s->map.data, s->map.size, at, expected);
    if (memcmp(expected, s->map.data + at, sizeof expected - 1) != 0)
        return FAIL(s, "byte %zu: found the checksum %.32s, but that of its bytes is %s", at,
                    (const char *)s->map.data + at, expected);
    return MLP_OK;
}

static const char *text_of(const struct source *s, const char *key)
{
    const char *text = json_string_value(json_object_get(s->metadata, key));
    return text ? text : "";
}

static mlp_status parse_header(struct source *s)
{
    json_error_t reason;
    s->header = json_loadb((const char *)s->map.data + MLP_ST_LENGTH_BYTES,
                           s->data - MLP_ST_LENGTH_BYTES, JSON_REJECT_DUPLICATES, &reason);
    if (!s->header)
        return FAIL(s, "bad header: %s", reason.text);
    s->metadata = json_object_get(s->header, MLP_ST_METADATA);
    if (strcmp(text_of(s, MLP_CHECKPOINT_KEY), MLP_CHECKPOINT_VERSION) != 0)
        return FAIL(s, "is a checkpoint of version '%s', expected '%s'",
                    text_of(s, MLP_CHECKPOINT_KEY), MLP_CHECKPOINT_VERSION);
    return MLP_OK;
}

/* --- Whether it is of this run -------------------------------------------------------- */

static mlp_status compare_settings(const struct source *s, const struct mlp_snapshot *ours)
{
    json_t *theirs = json_loads(text_of(s, MLP_CHECKPOINT_KEY ".settings"), 0, NULL);
    mlp_status status = mlp_settings_compare(ours->settings, theirs, s->path, s->error);
    json_decref(theirs);
    return status;
}

static mlp_status compare_data(const struct source *s, const struct mlp_snapshot *ours)
{
    if (strcmp(text_of(s, MLP_CHECKPOINT_KEY ".data"), ours->data) != 0)
        return FAIL(s, "is of a run on other data (hash %s, found %s)",
                    text_of(s, MLP_CHECKPOINT_KEY ".data"), ours->data);
    if (strcmp(text_of(s, MLP_CHECKPOINT_KEY ".valid"), ours->valid) != 0)
        return FAIL(s, "is of a run with other validation data (hash '%s', found '%s')",
                    text_of(s, MLP_CHECKPOINT_KEY ".valid"), ours->valid);
    return MLP_OK;
}

/* Whether the checkpoint's network is the run's: what metadata tell of both. */
static mlp_status compare_networks(const struct source *s, const struct mlp_snapshot *ours)
{
    mlp_status status = MLP_OK;
    for (size_t i = 0; mlp_st_key(i) && status == MLP_OK; i++) {
        char *found = mlp_st_needs_key(ours->model, i) ? mlp_st_text(ours->model, i) : NULL;
        const char *theirs = mlp_st_needs_key(s->model, i) ? text_of(s, mlp_st_key(i)) : "";
        if (mlp_st_needs_key(ours->model, i) && !found)
            status = mlp_fail_memory(s->error, "a checkpoint");
        else if (strcmp(found ? found : "", theirs) != 0)
            status = mlp_fail(s->error, MLP_ERROR_USAGE,
                              "%s: is of another network: its %s is '%.200s', found '%.200s'",
                              s->path, mlp_st_key(i), theirs, found ? found : "");
        mlp_free(found);
    }
    return status;
}

/* --- What it holds ------------------------------------------------------------------- */

static bool read_field(const struct source *s, const struct mlp_position_field *field,
                       struct mlp_position *position)
{
    char *to = (char *)position + field->offset, *end;
    const char *text = text_of(s, field->key);
    unsigned long long number = strtoull(text, &end, field->is_double ? 16 : 10);
    uint64_t bits = number;
    size_t size = (size_t)number;
    if (*text == '\0' || *end != '\0')
        return false;
    if (field->is_double)
        memcpy(to, &bits, sizeof bits);
    else
        memcpy(to, &size, sizeof size);
    return true;
}

static mlp_status read_position(struct source *s, const struct mlp_snapshot *ours)
{
    struct mlp_position *p = &s->position;
    for (size_t i = 0; mlp_position_field(i); i++) {
        const struct mlp_position_field *field = mlp_position_field(i);
        if (!read_field(s, field, p))
            return FAIL(s, "%s is '%s', expected a number", field->key, text_of(s, field->key));
    }
    snprintf(p->cycle_saved, sizeof p->cycle_saved, "%s", text_of(s, MLP_CHECKPOINT_KEY ".cycle"));
    size_t steps = ours->epoch_steps;
    if (p->epoch == 0 || p->epochs != p->epoch - 1)
        return FAIL(s, "is in epoch %zu after %zu complete ones", p->epoch, p->epochs);
    if (p->step > steps)
        return FAIL(s, "is at step %zu of epoch %zu, which has %zu", p->step, p->epoch, steps);
    if (p->epochs > SIZE_MAX / steps - 1 || p->steps != p->epochs * steps + p->step)
        return FAIL(s, "has %zu steps in %zu epochs of %zu and %zu more", p->steps, p->epochs,
                    steps, p->step);
    if (p->best_epoch > p->epochs || p->stop > MLP_STOP_STEPS)
        return FAIL(s, "best epoch %zu of %zu, end %zu", p->best_epoch, p->epochs, p->stop);
    return MLP_OK;
}

/* The bytes of a tensor with this type and shape (columns 0: 1 dimension); NULL where there is
 * none. */
static const unsigned char *find_tensor(const struct source *s, const char *name, const char *type,
                                        size_t rows, size_t columns)
{
    const json_t *entry = json_object_get(s->header, name);
    const json_t *shape = json_object_get(entry, "shape");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    json_int_t begin = json_integer_value(json_array_get(offsets, 0));
    json_int_t end = json_integer_value(json_array_get(offsets, 1));
    uint64_t room = s->map.size - s->data;
    uint64_t bytes =
        (uint64_t)rows * (columns > 0 ? columns : 1) * (*type == 'F' && type[1] == '6' ? 8 : 4);
    bool fits =
        dtype && strcmp(dtype, type) == 0 && json_array_size(shape) == (columns > 0 ? 2 : 1) &&
        json_integer_value(json_array_get(shape, 0)) == (json_int_t)rows &&
        (columns == 0 || json_integer_value(json_array_get(shape, 1)) == (json_int_t)columns);
    if (!fits || begin < 0 || end < begin || (uint64_t)end > room ||
        (uint64_t)(end - begin) != bytes)
        return NULL;
    return s->map.data + s->data + begin;
}

static mlp_status fail_tensor(const struct source *s, const char *name)
{
    return FAIL(s, "found no tensor '%s' of the type and shape that this run has", name);
}

/* Reads floats that may have any alignment. */
static mlp_status read_floats(const struct source *s, const char *name, size_t rows, size_t columns,
                              float **out)
{
    size_t count = rows * (columns > 0 ? columns : 1);
    const unsigned char *bytes = find_tensor(s, name, "F32", rows, columns);
    if (!bytes)
        return fail_tensor(s, name);
    *out = mlp_alloc_uninitialized(count, sizeof **out);
    if (!*out)
        return mlp_fail_memory(s->error, "a checkpoint");
    mlp_load_f32(*out, bytes, count);
    return MLP_OK;
}

static mlp_status read_moment(const struct source *s, size_t layer, const struct mlp_moment *moment)
{
    char name[2 * MLP_ST_TEXT];
    float *plain = NULL;
    mlp_checkpoint_moment_name(name, layer, moment);
    mlp_status status = read_floats(s, name, moment->rows, moment->columns, &plain);
    if (status == MLP_OK)
        mlp_moment_set(moment, plain);
    mlp_free(plain);
    return status;
}

static mlp_status read_moments(const struct source *s, struct mlp_snapshot *ours)
{
    struct mlp_moment moment;
    mlp_status status = MLP_OK;
    for (size_t i = 0; i < ours->layers * MLP_MOMENTS && status == MLP_OK; i++) {
        if (mlp_trainer_moment(ours->trainer, i / MLP_MOMENTS, i % MLP_MOMENTS, &moment))
            status = read_moment(s, i / MLP_MOMENTS, &moment);
    }
    return status;
}

/* A part of a layer of the best epoch's model. */
static mlp_status read_best_part(const struct source *s, mlp_model *best, size_t l, size_t module,
                                 size_t part)
{
    const struct mlp_layer *layer = &best->layers[l];
    char name[MLP_ST_TEXT], prefixed[2 * MLP_ST_TEXT];
    float *values = NULL;
    mlp_st_tensor_name(name, module, part);
    snprintf(prefixed, sizeof prefixed, MLP_CHECKPOINT_PREFIX "best.%s", name);
    mlp_status status = read_floats(s, prefixed, layer->out, part == 0 ? layer->in : 0, &values);
    if (status == MLP_OK && part == 0)
        mlp_model_set_layer(best, l, values, NULL);
    else if (status == MLP_OK)
        memcpy(mlp_layer_vector(layer, part - 1), values, layer->out * sizeof *values);
    mlp_free(values);
    return status;
}

static mlp_status read_best(const struct source *s, mlp_model *best)
{
    size_t module = 0;
    mlp_status status = MLP_OK;
    if (!best || s->position.best_epoch == 0)
        return MLP_OK;
    for (size_t l = 0; l < best->spec.layer_count; l++) {
        size_t parts = mlp_st_parts(best->layers[l].norm);
        for (size_t part = 0; part < parts && status == MLP_OK; part++)
            status = read_best_part(s, best, l, module, part);
        module += mlp_st_modules(&best->specs[l]);
    }
    return status;
}

static mlp_status read_history(struct source *s)
{
    static const char name[] = MLP_CHECKPOINT_PREFIX "history";
    size_t count = s->position.epochs * MLP_HISTORY_COLUMNS;
    if (count == 0)
        return MLP_OK;
    const unsigned char *bytes =
        find_tensor(s, name, "F64", s->position.epochs, MLP_HISTORY_COLUMNS);
    if (!bytes)
        return fail_tensor(s, name);
    s->history = mlp_alloc_uninitialized(count, sizeof *s->history);
    if (!s->history)
        return mlp_fail_memory(s->error, "a checkpoint");
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = mlp_load_u64(bytes + i * sizeof bits);
        memcpy(&s->history[i], &bits, sizeof bits);
    }
    return MLP_OK;
}

/* --- All of it --------------------------------------------------------------------------- */

static mlp_status check(struct source *s, const struct mlp_snapshot *ours, bool *damaged)
{
    mlp_status status = check_sum(s);
    *damaged = status != MLP_OK;
    if (status == MLP_OK)
        status = parse_header(s);
    if (status == MLP_OK)
        status = compare_settings(s, ours);
    if (status == MLP_OK)
        status = compare_data(s, ours);
    if (status == MLP_OK)
        status = mlp_model_load(s->path, &s->model, s->error);
    return status == MLP_OK ? compare_networks(s, ours) : status;
}

static mlp_status take(struct source *s, struct mlp_snapshot *ours)
{
    mlp_status status = read_position(s, ours);
    if (status == MLP_OK)
        status = read_history(s);
    if (status == MLP_OK)
        status = read_moments(s, ours);
    if (status == MLP_OK)
        status = read_best(s, ours->best);
    if (status == MLP_OK && !mlp_model_inherit_names(ours->model, s->model))
        status = mlp_fail_memory(s->error, "a checkpoint");
    if (status != MLP_OK)
        return status;
    mlp_model_assign(ours->model, s->model);
    mlp_trainer_reload(ours->trainer);
    mlp_trainer_set_sums(ours->trainer, &s->position.sums);
    ours->position = s->position;
    mlp_free(ours->history);
    ours->history = s->history;
    s->history = NULL;
    return MLP_OK;
}

mlp_status mlp_checkpoint_read(const char *path, struct mlp_snapshot *snapshot, bool *damaged,
                               mlp_error *error)
{
    struct source source = {.path = path, .error = error};
    *damaged = false;
    mlp_status status = mlp_file_map(path, &source.map, error);
    if (status == MLP_OK)
        status = check(&source, snapshot, damaged);
    if (status == MLP_OK)
        status = take(&source, snapshot);
    mlp_free(source.history);
    mlp_model_destroy(source.model);
    json_decref(source.header);
    mlp_file_unmap(&source.map);
    return status;
}
