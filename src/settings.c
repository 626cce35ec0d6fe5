/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "error.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 256 };

/* --- Writing -------------------------------------------------------------------- */

static json_t *weights_array(const float *weights, size_t classes)
{
    json_t *array = json_array();
    for (size_t c = 0; weights && c < classes; c++) {
        if (json_array_append_new(array, json_real((double)weights[c])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *schedule_json(const mlp_schedule *s)
{
    return json_pack("{s:s, s:I, s:f, s:f, s:I}", "kind", mlp_schedule_name(s->kind), "every",
                     (json_int_t)s->every, "factor", s->factor, "floor", s->floor, "warmup_steps",
                     (json_int_t)s->warmup_steps);
}

static json_t *init_json(const mlp_model *model)
{
    const mlp_spec *spec = &model->spec;
    json_t *seed = model->fresh ? json_integer((json_int_t)model->seed) : json_null();
    return json_pack("{s:s, s:f, s:s, s:f, s:o}", "weights", mlp_init_name(spec->init), "scale",
                     (double)spec->init_scale, "biases", mlp_bias_init_name(spec->bias_init),
                     "bias_scale", (double)spec->bias_scale, "seed", seed);
}

/* A target that is never reached may be infinite, which JSON does not know. */
static json_t *target_json(double score)
{
    return score > 1 ? json_null() : json_real(score);
}

json_t *mlp_settings_json(const mlp_model *model, const mlp_train_options *o, size_t classes)
{
    return json_pack(
        "{s:o, s:s, s:f, s:f, s:f, s:f, s:f, s:o, s:f, s:f, s:f, s:f, s:I, s:I, s:b, s:f, s:b, "
        "s:o, s:I, s:f, s:s, s:b, s:o, s:I}",
        "init", init_json(model), "optimizer", mlp_optimizer_name(o->optimizer), "learning_rate",
        o->learning_rate, "beta1", o->beta1, "beta2", o->beta2, "epsilon", o->epsilon,
        "weight_decay", o->weight_decay, "schedule", schedule_json(&o->schedule), "l1", o->l1, "l2",
        o->l2, "clip_value", o->clip_value, "clip_norm", o->clip_norm, "batch",
        (json_int_t)o->batch, "epochs", (json_int_t)o->epochs, "shuffle", o->shuffle,
        "label_smoothing", o->label_smoothing, "balanced", o->balanced, "class_weights",
        weights_array(o->class_weights, classes), "patience", (json_int_t)o->patience, "min_delta",
        o->min_delta, "monitor", mlp_monitor_name(o->monitor), "restore_best", o->restore_best,
        "target_score", target_json(o->target_score), "seed", (json_int_t)o->seed);
}

/* --- Reading --------------------------------------------------------------------- */

/* What is read, and the first member that is missing or wrong. */
struct reader {
    const json_t *object;
    const char *wrong;
};

static double real_of(struct reader *r, const char *key)
{
    const json_t *value = json_object_get(r->object, key);
    if (!json_is_number(value))
        r->wrong = key;
    return json_number_value(value);
}

static json_int_t integer_of(struct reader *r, const char *key)
{
    const json_t *value = json_object_get(r->object, key);
    if (!json_is_integer(value))
        r->wrong = key;
    return json_integer_value(value);
}

static size_t size_of(struct reader *r, const char *key)
{
    json_int_t value = integer_of(r, key);
    if (value < 0)
        r->wrong = key;
    return value < 0 ? 0 : (size_t)value;
}

static bool flag_of(struct reader *r, const char *key)
{
    const json_t *value = json_object_get(r->object, key);
    if (!json_is_boolean(value))
        r->wrong = key;
    return json_is_true(value);
}

/* The number of a name in a registry. */
static int name_of(struct reader *r, const char *key, const char *names(size_t i))
{
    const char *text = json_string_value(json_object_get(r->object, key));
    for (size_t i = 0; text && names(i); i++) {
        if (strcmp(names(i), text) == 0)
            return (int)i;
    }
    r->wrong = key;
    return 0;
}

static void read_init(struct reader *r, mlp_spec *spec, uint64_t *seed)
{
    spec->init = (mlp_init)name_of(r, "weights", mlp_init_name);
    spec->init_scale = (float)real_of(r, "scale");
    spec->bias_init = (mlp_bias_init)name_of(r, "biases", mlp_bias_init_name);
    spec->bias_scale = (float)real_of(r, "bias_scale");
    *seed = (uint64_t)integer_of(r, "seed");
}

static void read_schedule(struct reader *r, mlp_schedule *schedule)
{
    schedule->kind = (mlp_schedule_kind)name_of(r, "kind", mlp_schedule_name);
    schedule->every = size_of(r, "every");
    schedule->factor = real_of(r, "factor");
    schedule->floor = real_of(r, "floor");
    schedule->warmup_steps = size_of(r, "warmup_steps");
}

static void read_weights(struct reader *r, mlp_train_options *o, float *weights)
{
    const json_t *array = json_object_get(r->object, "class_weights");
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > MOST_CLASSES)
        r->wrong = "class_weights";
    for (size_t c = 0; c < count && c < MOST_CLASSES; c++)
        weights[c] = (float)json_number_value(json_array_get(array, c));
    o->class_weights = count > 0 ? weights : NULL;
}

static void read_options(struct reader *r, mlp_train_options *o)
{
    const json_t *target = json_object_get(r->object, "target_score");
    o->optimizer = (mlp_optimizer)name_of(r, "optimizer", mlp_optimizer_name);
    o->learning_rate = real_of(r, "learning_rate");
    o->beta1 = real_of(r, "beta1");
    o->beta2 = real_of(r, "beta2");
    o->epsilon = real_of(r, "epsilon");
    o->weight_decay = real_of(r, "weight_decay");
    o->l1 = real_of(r, "l1");
    o->l2 = real_of(r, "l2");
    o->clip_value = real_of(r, "clip_value");
    o->clip_norm = real_of(r, "clip_norm");
    o->batch = size_of(r, "batch");
    o->epochs = size_of(r, "epochs");
    o->shuffle = flag_of(r, "shuffle");
    o->label_smoothing = real_of(r, "label_smoothing");
    o->balanced = flag_of(r, "balanced");
    o->patience = size_of(r, "patience");
    o->min_delta = real_of(r, "min_delta");
    o->monitor = (mlp_monitor)name_of(r, "monitor", mlp_monitor_name);
    o->restore_best = flag_of(r, "restore_best");
    o->target_score = json_is_null(target) ? INFINITY : real_of(r, "target_score");
    o->seed = (uint64_t)integer_of(r, "seed");
}

mlp_status mlp_settings_read(const json_t *settings, mlp_spec *spec, uint64_t *seed,
                             mlp_train_options *options, float *weights, mlp_error *error)
{
    struct reader all = {.object = settings};
    struct reader init = {.object = json_object_get(settings, "init")};
    struct reader schedule = {.object = json_object_get(settings, "schedule")};
    *options = mlp_train_options_default();
    read_options(&all, options);
    read_weights(&all, options, weights);
    read_init(&init, spec, seed);
    read_schedule(&schedule, &options->schedule);
    const char *wrong = all.wrong ? all.wrong : init.wrong ? init.wrong : schedule.wrong;
    if (wrong)
        return mlp_fail(error, MLP_ERROR_DATA, "'%s' is missing or wrong in the settings", wrong);
    return MLP_OK;
}

/* --- Comparing -------------------------------------------------------------------- */

/* Whether the schedule is a function of the number of epochs. */
static bool reads_epochs(const json_t *settings)
{
    const char *kind =
        json_string_value(json_object_get(json_object_get(settings, "schedule"), "kind"));
    return kind && (strcmp(kind, mlp_schedule_name(MLP_SCHEDULE_COSINE)) == 0 ||
                    strcmp(kind, mlp_schedule_name(MLP_SCHEDULE_ONE_CYCLE)) == 0);
}

static mlp_status fail_member(const char *key, const json_t *ours, const json_t *theirs,
                              const char *path, mlp_error *error)
{
    enum { FLAGS = JSON_ENCODE_ANY | JSON_COMPACT };
    char *expected = json_dumps(theirs, FLAGS), *found = json_dumps(ours, FLAGS);
    mlp_status status =
        mlp_fail(error, MLP_ERROR_USAGE,
                 "%s: is of a run with %s %s, found %s: a run goes on with the same settings", path,
                 key, expected ? expected : "?", found ? found : "?");
    free(expected);
    free(found);
    return status;
}

mlp_status mlp_settings_compare(const json_t *ours, const json_t *theirs, const char *path,
                                mlp_error *error)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)ours, key, value)
    {
        const json_t *other = json_object_get(theirs, key);
        bool may_differ = strcmp(key, "epochs") == 0 && !reads_epochs(ours) &&
                          json_integer_value(value) > json_integer_value(other);
        if (!json_equal(value, other) && !may_differ)
            return fail_member(key, value, other, path, error);
    }
    return MLP_OK;
}
