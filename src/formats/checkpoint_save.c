/* SPDX-License-Identifier: MIT */
#include "checkpoint.h"

#include "alloc.h"
#include "bytes.h"
#include "safetensors_writer.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- What saving and reading share -------------------------------------------- */

#define FIELD(key, member, is_double)                                                              \
    {                                                                                              \
        MLP_CHECKPOINT_KEY "." key, offsetof(struct mlp_position, member), is_double               \
    }

const struct mlp_position_field *mlp_position_field(size_t i)
{
    static const struct mlp_position_field fields[] = {
        FIELD("epoch", epoch, false),
        FIELD("step", step, false),
        FIELD("steps", steps, false),
        FIELD("epochs", epochs, false),
        FIELD("over", over, false),
        FIELD("stop", stop, false),
        FIELD("best_value", best_value, true),
        FIELD("best_epoch", best_epoch, false),
        FIELD("waited", waited, false),
        FIELD("plateau_lowest", plateau_lowest, true),
        FIELD("plateau_waited", plateau_waited, false),
        FIELD("plateau_drops", plateau_drops, false),
        FIELD("cycle_since", cycle_since, false),
        FIELD("cycle_limit", cycle_limit, false),
        FIELD("seconds", seconds, true),
        FIELD("loss_sum", sums.loss, true),
        FIELD("hit_sum", sums.hits, false),
        FIELD("beta1_power", sums.beta1_power, true),
        FIELD("beta2_power", sums.beta2_power, true),
    };
    return i < sizeof fields / sizeof fields[0] ? &fields[i] : NULL;
}

void mlp_checkpoint_moment_name(char name[2 * MLP_ST_TEXT], size_t layer,
                                const struct mlp_moment *moment)
{
    snprintf(name, 2 * MLP_ST_TEXT, MLP_CHECKPOINT_PREFIX "%zu.%s", layer, moment->name);
}

void mlp_checkpoint_checksum(const unsigned char *file, size_t size, size_t at,
                             char out[MLP_HASH_TEXT])
{
    static const char zeros[] = "00000000000000000000000000000000";
    enum { DIGITS = MLP_HASH_TEXT - 1 };
    const struct mlp_chunk chunks[] = {
        {file, at}, {zeros, DIGITS}, {file + at + DIGITS, size - at - DIGITS}};
    mlp_hash_chunks(chunks, 3, out);
}

size_t mlp_checkpoint_find_checksum(const unsigned char *file, size_t header)
{
    static const char key[] = "\"" MLP_CHECKPOINT_KEY ".checksum\":\"";
    enum { KEY = sizeof key - 1, DIGITS = MLP_HASH_TEXT - 1 };
    for (size_t i = 0; i + KEY + DIGITS <= header; i++) {
        if (file[i] == '"' && memcmp(file + i, key, KEY) == 0)
            return i + KEY;
    }
    return 0;
}

/* --- The header ------------------------------------------------------------------ */

static void add_position(struct mlp_st_writer *w, const struct mlp_position *position)
{
    for (size_t i = 0; mlp_position_field(i); i++) {
        const struct mlp_position_field *field = mlp_position_field(i);
        const char *at = (const char *)position + field->offset;
        char text[MLP_ST_TEXT];
        uint64_t bits;
        size_t number;
        if (field->is_double) {
            memcpy(&bits, at, sizeof bits);
            snprintf(text, sizeof text, "%016" PRIx64, bits);
        } else {
            memcpy(&number, at, sizeof number);
            snprintf(text, sizeof text, "%zu", number);
        }
        mlp_st_writer_text(w, field->key, text);
    }
    mlp_st_writer_text(w, MLP_CHECKPOINT_KEY ".cycle", position->cycle_saved);
}

static void add_keys(struct mlp_st_writer *w, const struct mlp_snapshot *s)
{
    char *settings = json_dumps(s->settings, JSON_COMPACT);
    mlp_st_writer_text(w, MLP_CHECKPOINT_KEY, MLP_CHECKPOINT_VERSION);
    mlp_st_writer_text(w, MLP_CHECKPOINT_KEY ".checksum", "00000000000000000000000000000000");
    mlp_st_writer_text(w, MLP_CHECKPOINT_KEY ".settings", settings);
    mlp_st_writer_text(w, MLP_CHECKPOINT_KEY ".data", s->data);
    mlp_st_writer_text(w, MLP_CHECKPOINT_KEY ".valid", s->valid);
    add_position(w, &s->position);
    free(settings);
}

/* --- The data --------------------------------------------------------------------- */

/* Walks all moments; *at is moved past each where they are written. */
static void add_moments(struct mlp_st_writer *w, const struct mlp_snapshot *s)
{
    struct mlp_moment moment;
    for (size_t i = 0; i < s->layers * MLP_MOMENTS; i++) {
        char name[2 * MLP_ST_TEXT];
        if (!mlp_trainer_moment(s->trainer, i / MLP_MOMENTS, i % MLP_MOMENTS, &moment))
            continue;
        mlp_checkpoint_moment_name(name, i / MLP_MOMENTS, &moment);
        mlp_st_writer_tensor(w, name, "F32", moment.rows, moment.columns);
    }
}

static void fill_moments(const struct mlp_snapshot *s, unsigned char *to)
{
    struct mlp_moment moment;
    for (size_t i = 0; i < s->layers * MLP_MOMENTS; i++) {
        if (!mlp_trainer_moment(s->trainer, i / MLP_MOMENTS, i % MLP_MOMENTS, &moment))
            continue;
        size_t count = moment.rows * (moment.columns > 0 ? moment.columns : 1);
        float *plain = (float *)(void *)to; /* aligned as the data are */
        mlp_moment_get(&moment, plain);
        mlp_store_f32(to, plain, count);
        to += count * sizeof(float);
    }
}

static void fill_history(const struct mlp_snapshot *s, unsigned char *to)
{
    for (size_t i = 0; i < s->position.epochs * MLP_HISTORY_COLUMNS; i++) {
        uint64_t bits;
        memcpy(&bits, &s->history[i], sizeof bits);
        mlp_store_u64(to + i * sizeof bits, bits);
    }
}

unsigned char *mlp_checkpoint_bytes(const struct mlp_snapshot *s, size_t *size)
{
    struct mlp_st_writer w;
    bool has_best = s->best && s->position.best_epoch > 0;
    mlp_st_writer_begin(&w);
    add_keys(&w, s);
    mlp_st_writer_model(&w, s->model);
    if (s->position.epochs > 0)
        mlp_st_writer_tensor(&w, MLP_CHECKPOINT_PREFIX "history", "F64", s->position.epochs,
                             MLP_HISTORY_COLUMNS);
    size_t model = mlp_st_writer_tensors(&w, s->model, "");
    size_t best =
        has_best ? mlp_st_writer_tensors(&w, s->best, MLP_CHECKPOINT_PREFIX "best.") : w.data_size;
    size_t moments = w.data_size;
    add_moments(&w, s);
    unsigned char *file = NULL;
    if (mlp_st_writer_allocate(&w)) {
        char checksum[MLP_HASH_TEXT];
        size_t at = mlp_checkpoint_find_checksum(w.file, w.size);
        fill_history(s, w.data);
        mlp_st_writer_fill(s->model, w.data + model);
        if (has_best)
            mlp_st_writer_fill(s->best, w.data + best);
        fill_moments(s, w.data + moments);
        mlp_checkpoint_checksum(w.file, w.size, at, checksum);
        memcpy(w.file + at, checksum, sizeof checksum - 1);
        file = w.file;
        *size = w.size;
        w.file = NULL;
    }
    mlp_st_writer_end(&w);
    return file;
}
