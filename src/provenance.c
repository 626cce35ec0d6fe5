/* SPDX-License-Identifier: MIT */
#include "provenance.h"

#include "data.h"
#include "error.h"
#include "model.h"
#include "settings.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 256 };

/* --- Writing ------------------------------------------------------------------------ */

static json_t *divided_json(const mlp_dataset *train)
{
    if (train->divided == 0)
        return json_null();
    return json_pack("{s:f, s:I}", "fraction", train->divided, "seed",
                     (json_int_t)train->divided_seed);
}

static json_t *hash_json(const mlp_dataset *data)
{
    char hash[33];
    if (!data)
        return json_null();
    mlp_dataset_hash(data, hash);
    return json_string(hash);
}

bool mlp_provenance_note(mlp_model *model, const mlp_dataset *train, const mlp_dataset *valid,
                         const mlp_train_options *options, size_t steps)
{
    char hash[33];
    mlp_dataset_hash(train, hash);
    bool known =
        model->fresh && (model->standardized[0] == '\0' || strcmp(model->standardized, hash) == 0);
    json_t *object = known ? json_pack("{s:s, s:o, s:o, s:o, s:I}", "data", hash, "valid",
                                       hash_json(valid), "divided", divided_json(train), "settings",
                                       mlp_settings_json(model, options, train->classes), "steps",
                                       (json_int_t)steps)
                           : NULL;
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    mlp_model_forget_origin(model);
    bool done = !known || (text && mlp_model_set_provenance(model, text));
    free(text);
    return done;
}

/* --- Verifying ------------------------------------------------------------------------ */

/* A training that is done again. */
struct again {
    mlp_spec spec;
    uint64_t seed;
    mlp_train_options options;
    float class_weights[MOST_CLASSES];
    mlp_dataset *rest, *part; /* owned: of data that were divided */
    const mlp_dataset *train, *valid;
};

static mlp_status read_settings(const mlp_model *model, const json_t *provenance,
                                struct again *again, mlp_error *error)
{
    const json_t *steps = json_object_get(provenance, "steps");
    again->spec = model->spec;
    mlp_status status =
        mlp_settings_read(json_object_get(provenance, "settings"), &again->spec, &again->seed,
                          &again->options, again->class_weights, error);
    if (status == MLP_OK && !json_is_integer(steps))
        status = mlp_fail(error, MLP_ERROR_DATA, "'steps' is missing in the provenance");
    again->options.max_steps = (size_t)json_integer_value(steps);
    return status;
}

static mlp_status take_data(const json_t *provenance, const mlp_dataset *data,
                            const mlp_dataset *valid, struct again *again, mlp_error *error)
{
    const json_t *divided = json_object_get(provenance, "divided");
    again->train = data;
    again->valid = valid;
    if (!json_is_object(divided))
        return MLP_OK;
    mlp_status status =
        mlp_dataset_divide(data, json_number_value(json_object_get(divided, "fraction")),
                           (uint64_t)json_integer_value(json_object_get(divided, "seed")),
                           &again->rest, &again->part, error);
    again->train = again->rest;
    again->valid = json_is_null(json_object_get(provenance, "valid")) ? NULL : again->part;
    return status;
}

static mlp_status check_hash(const json_t *provenance, const char *key, const mlp_dataset *data,
                             mlp_error *error)
{
    char hash[33] = "";
    const char *expected = json_string_value(json_object_get(provenance, key));
    const char *what = strcmp(key, "data") == 0 ? "training" : "validation";
    if (data)
        mlp_dataset_hash(data, hash);
    if (!expected && !data)
        return MLP_OK;
    if (!expected)
        return mlp_fail(error, MLP_ERROR_DATA, "the model was trained without %s data", what);
    if (!data)
        return mlp_fail(error, MLP_ERROR_DATA, "the model was trained with %s data of hash %s",
                        what, expected);
    if (strcmp(hash, expected) != 0)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "the %s data have the hash %s, but the model was trained on %s", what, hash,
                        expected);
    return MLP_OK;
}

static mlp_status prepare(const mlp_model *model, const mlp_dataset *data, const mlp_dataset *valid,
                          struct again *again, mlp_error *error)
{
    if (!model->provenance)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "the model does not tell how it was trained: it is of another origin");
    json_t *provenance = json_loads(model->provenance, JSON_REJECT_DUPLICATES, NULL);
    mlp_status status = MLP_OK;
    if (!json_is_object(provenance))
        status = mlp_fail(error, MLP_ERROR_DATA, "the model's provenance is no JSON object");
    if (status == MLP_OK)
        status = read_settings(model, provenance, again, error);
    if (status == MLP_OK)
        status = take_data(provenance, data, valid, again, error);
    if (status == MLP_OK)
        status = check_hash(provenance, "data", again->train, error);
    if (status == MLP_OK)
        status = check_hash(provenance, "valid", again->valid, error);
    json_decref(provenance);
    return status;
}

static mlp_status train_again(const mlp_model *model, const struct again *again,
                              const mlp_callbacks *callbacks, mlp_verification *out,
                              mlp_error *error)
{
    mlp_model *second;
    mlp_held_out held_out = {.valid = again->valid};
    mlp_status status = mlp_model_create(&again->spec, again->seed, &second, error);
    if (status != MLP_OK)
        return status;
    if (model->input_mean)
        status = mlp_model_standardize(second, again->train, model->target_mean != NULL, error);
    if (status == MLP_OK)
        status = mlp_train(second, again->train, &held_out, &again->options, callbacks,
                           &out->result, error);
    if (status == MLP_ERROR_DIVERGED) /* as the first training may have, too */
        status = MLP_OK;
    mlp_model_fingerprint(model, out->expected);
    mlp_model_fingerprint(second, out->found);
    out->same = strcmp(out->expected, out->found) == 0;
    mlp_model_destroy(second);
    return status;
}

mlp_status mlp_verify(const mlp_model *model, const mlp_dataset *data, const mlp_dataset *valid,
                      int threads, const mlp_callbacks *callbacks, mlp_verification *out,
                      mlp_error *error)
{
    struct again again = {.rest = NULL};
    *out = (mlp_verification){.same = false};
    mlp_status status = prepare(model, data, valid, &again, error);
    again.options.threads = threads;
    if (status == MLP_OK)
        status = train_again(model, &again, callbacks, out, error);
    mlp_dataset_destroy(again.rest);
    mlp_dataset_destroy(again.part);
    return status;
}
