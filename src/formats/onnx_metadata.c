/* SPDX-License-Identifier: MIT */
/* The metadata of files that mlp_model_export_onnx has written: the keys of safetensors' metadata
 * but for the scaling, which is in the graph. */
#include "onnx_source.h"

#include "alloc.h"
#include "class_names_text.h"
#include "columns_text.h"
#include "registry.h"
#include "safetensors.h"

#include <math.h>
#include <string.h>

static const char *find(const struct mlp_onnx_source *s, const char *key)
{
    for (size_t i = 0; i < s->file->n_metadata_props; i++) {
        const mlp_onnx_entry *entry = s->file->metadata_props[i];
        if (strcmp(mlp_onnx_text(entry->key), key) == 0)
            return mlp_onnx_text(entry->value);
    }
    return NULL;
}

bool mlp_onnx_is_own(const struct mlp_onnx_source *s)
{
    return find(s, "mlp.version") != NULL;
}

static bool is_known(const char *key)
{
    if (strncmp(key, "mlp.", 4) != 0 || strcmp(key, "mlp.version") == 0 ||
        strcmp(key, "mlp.fingerprint") == 0 || strcmp(key, MLP_CLASS_NAMES) == 0 ||
        strcmp(key, MLP_COLUMNS) == 0)
        return true;
    for (size_t i = 0; mlp_st_key(i); i++) {
        if (strcmp(key, mlp_st_key(i)) == 0)
            return mlp_onnx_keeps_key(i);
    }
    return false;
}

static mlp_status check_keys(const struct mlp_onnx_source *s)
{
    const char *version = find(s, "mlp.version");
    if (strcmp(version, MLP_ONNX_VERSION) != 0)
        return MLP_ONNX_FAIL(s, "mlp.version is '%.100s', expected '%s'", version,
                             MLP_ONNX_VERSION);
    for (size_t i = 0; i < s->file->n_metadata_props; i++) {
        const char *key = mlp_onnx_text(s->file->metadata_props[i]->key);
        if (!is_known(key))
            return MLP_ONNX_FAIL(s, "unknown key '%.100s' in the metadata", key);
    }
    return MLP_OK;
}

/* Copies item i of `key`, a list of `count`; "" where the key is not there. */
static mlp_status item_at(const struct mlp_onnx_source *s, const char *key, size_t i, size_t count,
                          const char **rest, char item[MLP_ST_TEXT])
{
    item[0] = '\0';
    if (!*rest)
        return MLP_OK;
    size_t length = strcspn(*rest, ",");
    bool last = (*rest)[length] == '\0';
    if (length >= MLP_ST_TEXT || length == 0 || last != (i + 1 == count))
        return MLP_ONNX_FAIL(s, "%s is '%.100s', expected %zu items", key, find(s, key), count);
    memcpy(item, *rest, length);
    item[length] = '\0';
    *rest += length + !last;
    return MLP_OK;
}

/* Whether the graph's layer can be what the metadata say: of the last one the loss may apply the
 * activation, in the graph or not. */
static bool is_activation(const mlp_spec *spec, size_t l, mlp_activation told)
{
    mlp_activation found = spec->layers[l].activation;
    struct mlp_loss_traits traits = mlp_loss_traits(spec->loss);
    bool last = l + 1 == spec->layer_count;
    return found == told ||
           (last && !traits.is_distance && (found == MLP_IDENTITY || found == traits.implied));
}

static mlp_status read_layer(const struct mlp_onnx_source *s, const mlp_spec *spec, size_t l,
                             const char *activation, const char *norm, const char *dropout,
                             mlp_layer_spec *layer)
{
    mlp_error reason;
    mlp_activation told;
    mlp_norm told_norm = MLP_NORM_NONE;
    if (mlp_activation_parse(activation, &told, &reason) != MLP_OK)
        return MLP_ONNX_FAIL(s, "mlp.activations: %s", reason.message);
    if (*norm != '\0' && mlp_norm_parse(norm, &told_norm, &reason) != MLP_OK)
        return MLP_ONNX_FAIL(s, "mlp.norms: %s", reason.message);
    if (*dropout != '\0' && (!mlp_st_read_decimal(dropout, &layer->dropout) ||
                             !(layer->dropout >= 0 && layer->dropout < 1)))
        return MLP_ONNX_FAIL(s, "mlp.dropout: item %zu is '%s', expected 0 to below 1", l, dropout);
    if (!is_activation(spec, l, told) || told_norm != layer->norm)
        return MLP_ONNX_FAIL(s, "layer %zu is %s, normalised by %s, but the metadata say %s and %s",
                             l, mlp_activation_name(layer->activation), mlp_norm_name(layer->norm),
                             activation, mlp_norm_name(told_norm));
    layer->activation = told;
    return MLP_OK;
}

static mlp_status read_layers(const struct mlp_onnx_source *s, const mlp_spec *spec,
                              mlp_layer_spec *layers)
{
    static const char *const keys[] = {"mlp.activations", "mlp.norms", "mlp.dropout"};
    const char *rest[3];
    char items[3][MLP_ST_TEXT];
    mlp_status status = MLP_OK;
    for (size_t k = 0; k < 3; k++)
        rest[k] = find(s, keys[k]);
    for (size_t l = 0; l < spec->layer_count && status == MLP_OK; l++) {
        for (size_t k = 0; k < 3 && status == MLP_OK; k++)
            status = item_at(s, keys[k], l, spec->layer_count, &rest[k], items[k]);
        if (status == MLP_OK)
            status = read_layer(s, spec, l, items[0], items[1], items[2], &layers[l]);
    }
    return status;
}

mlp_status mlp_onnx_read_metadata(const struct mlp_onnx_source *s, mlp_spec *spec,
                                  mlp_layer_spec *layers)
{
    mlp_error reason;
    const char *loss = find(s, "mlp.loss"), *delta = find(s, "mlp.huber_delta");
    mlp_status status = check_keys(s);
    if (status != MLP_OK)
        return status;
    if (!loss || !find(s, "mlp.activations"))
        return MLP_ONNX_FAIL(s, "no %s in the metadata", loss ? "mlp.activations" : "mlp.loss");
    if (mlp_loss_parse(loss, &spec->loss, &reason) != MLP_OK)
        return MLP_ONNX_FAIL(s, "mlp.loss: %s", reason.message);
    if (delta && (!mlp_st_read_decimal(delta, &spec->huber_delta) ||
                  !(spec->huber_delta > 0 && isfinite(spec->huber_delta))))
        return MLP_ONNX_FAIL(s, "mlp.huber_delta is '%.100s', expected a finite number above 0",
                             delta);
    return read_layers(s, spec, layers);
}

mlp_status mlp_onnx_read_names(const struct mlp_onnx_source *s, mlp_model *model)
{
    mlp_status status = mlp_class_names_read(s->path, find(s, MLP_CLASS_NAMES), model, s->error);
    return status == MLP_OK ? mlp_columns_read(s->path, find(s, MLP_COLUMNS), model, s->error)
                            : status;
}

mlp_status mlp_onnx_check_metadata(const struct mlp_onnx_source *s, const mlp_model *model)
{
    char fingerprint[MLP_ST_FINGERPRINT];
    const char *found = find(s, "mlp.fingerprint");
    for (size_t i = 0; mlp_st_key(i); i++) {
        const char *told = find(s, mlp_st_key(i));
        if (!told || !mlp_onnx_keeps_key(i) || !mlp_st_needs_key(model, i))
            continue;
        char *expected = mlp_st_text(model, i);
        if (!expected)
            return mlp_fail_memory(s->error, "the metadata of a model");
        bool same = strcmp(told, expected) == 0;
        mlp_free(expected);
        if (!same)
            return MLP_ONNX_FAIL(s, "%s is '%.100s', which is not what the file holds",
                                 mlp_st_key(i), told);
    }
    mlp_model_fingerprint(model, fingerprint);
    if (found && strcmp(found, fingerprint) != 0)
        return MLP_ONNX_FAIL(s, "mlp.fingerprint is '%.100s', but that of the file's numbers is %s",
                             found, fingerprint);
    return MLP_OK;
}
