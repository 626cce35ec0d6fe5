/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "error.h"

#include <stdlib.h>
#include <string.h>

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

static json_t *init_json(const mlp_spec *spec)
{
    return json_pack("{s:s, s:f, s:s, s:f}", "weights", mlp_init_name(spec->init), "scale",
                     (double)spec->init_scale, "biases", mlp_bias_init_name(spec->bias_init),
                     "bias_scale", (double)spec->bias_scale);
}

/* A target that is never reached may be infinite, which JSON does not know. */
static json_t *target_json(double score)
{
    return score > 1 ? json_null() : json_real(score);
}

json_t *mlp_settings_json(const mlp_spec *spec, const mlp_train_options *o, size_t classes)
{
    return json_pack(
        "{s:o, s:s, s:f, s:f, s:f, s:f, s:f, s:o, s:f, s:f, s:f, s:f, s:I, s:I, s:b, s:f, s:b, "
        "s:o, s:I, s:f, s:s, s:b, s:o, s:I}",
        "init", init_json(spec), "optimizer", mlp_optimizer_name(o->optimizer), "learning_rate",
        o->learning_rate, "beta1", o->beta1, "beta2", o->beta2, "epsilon", o->epsilon,
        "weight_decay", o->weight_decay, "schedule", schedule_json(&o->schedule), "l1", o->l1, "l2",
        o->l2, "clip_value", o->clip_value, "clip_norm", o->clip_norm, "batch",
        (json_int_t)o->batch, "epochs", (json_int_t)o->epochs, "shuffle", o->shuffle,
        "label_smoothing", o->label_smoothing, "balanced", o->balanced, "class_weights",
        weights_array(o->class_weights, classes), "patience", (json_int_t)o->patience, "min_delta",
        o->min_delta, "monitor", mlp_monitor_name(o->monitor), "restore_best", o->restore_best,
        "target_score", target_json(o->target_score), "seed", (json_int_t)o->seed);
}

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
        if (!json_equal(value, other) && (strcmp(key, "epochs") != 0 || reads_epochs(ours)))
            return fail_member(key, value, other, path, error);
    }
    return MLP_OK;
}
