/* SPDX-License-Identifier: MIT */
/* Loading: header, metadata, then the tensors that a network of these layers has. Nothing is
 * allocated that is not in proportion to what the file holds. */
#include "safetensors_source.h"

#include "alloc.h"
#include "bytes.h"
#include "class_names_text.h"
#include "columns_text.h"
#include "safetensors_vectors.h"

#include <math.h>
#include <string.h>

/* --- Metadata ---------------------------------------------------------------- */

/* Keys of others are left alone; one of ours that is not understood may mean anything. */
static bool is_known_key(const char *key)
{
    static const char *const others[] = {"mlp.version",      "mlp.fingerprint", "mlp.provenance",
                                         MLP_CLASS_NAMES,    MLP_COLUMNS,       MLP_ST_TEST_INPUTS,
                                         MLP_ST_TEST_OUTPUTS};
    if (strncmp(key, "mlp.", 4) != 0 || strncmp(key, "mlp.checkpoint", 14) == 0)
        return true;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(key, others[i]) == 0)
            return true;
    }
    for (size_t i = 0; mlp_st_key(i); i++) {
        if (strcmp(key, mlp_st_key(i)) == 0)
            return true;
    }
    return false;
}

static mlp_status check_metadata(const struct mlp_st_source *s)
{
    json_t *metadata = json_object_get(s->header, MLP_ST_METADATA);
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return MLP_ST_FAIL(s, "no %s object: not a model of mlp", MLP_ST_METADATA);
    mlp_status status = mlp_st_check_strings(s, metadata);
    if (status != MLP_OK)
        return status;
    const char *version = mlp_st_metadata_text(s, "mlp.version");
    if (!version)
        return MLP_ST_FAIL(s, "no mlp.version in %s: not a model of mlp", MLP_ST_METADATA);
    if (strcmp(version, MLP_ST_VERSION) != 0)
        return MLP_ST_FAIL(s, "mlp.version is '%s', expected '%s'", version, MLP_ST_VERSION);
    json_object_foreach(metadata, key, value)
    {
        if (!is_known_key(key))
            return MLP_ST_FAIL(s, "%s: unknown key '%s'", MLP_ST_METADATA, key);
    }
    return MLP_OK;
}

/* Reads item i of the list of `key`. */
typedef mlp_status read_item(const struct mlp_st_source *s, const char *key, const char *item,
                             size_t i, void *to);

static size_t count_items(const char *text)
{
    size_t count = 1;
    for (; *text != '\0'; text++)
        count += *text == ',';
    return count;
}

/* Reads the `count` items of a key that is there. */
static mlp_status read_list(const struct mlp_st_source *s, const char *key, size_t count,
                            read_item *read, void *to)
{
    const char *text = mlp_st_metadata_text(s, key);
    if (count_items(text) != count)
        return MLP_ST_FAIL(s, "%s has %zu items, expected %zu", key, count_items(text), count);
    mlp_status status = MLP_OK;
    for (size_t i = 0; i < count && status == MLP_OK; i++) {
        char item[MLP_ST_TEXT];
        size_t length = strcspn(text, ",");
        if (length >= sizeof item)
            return MLP_ST_FAIL(s, "%s: item %zu has %zu characters, expected at most %zu", key, i,
                               length, sizeof item - 1);
        memcpy(item, text, length);
        item[length] = '\0';
        status = read(s, key, item, i, to);
        text += length + 1;
    }
    return status;
}

static mlp_status read_optional_list(const struct mlp_st_source *s, const char *key, size_t count,
                                     read_item *read, void *to)
{
    return mlp_st_metadata_text(s, key) ? read_list(s, key, count, read, to) : MLP_OK;
}

static mlp_status read_activation(const struct mlp_st_source *s, const char *key, const char *item,
                                  size_t i, void *to)
{
    mlp_error reason;
    mlp_layer_spec *layers = to;
    if (mlp_activation_parse(item, &layers[i].activation, &reason) != MLP_OK)
        return MLP_ST_FAIL(s, "%s: %s", key, reason.message);
    return MLP_OK;
}

static mlp_status read_norm(const struct mlp_st_source *s, const char *key, const char *item,
                            size_t i, void *to)
{
    mlp_error reason;
    mlp_layer_spec *layers = to;
    if (mlp_norm_parse(item, &layers[i].norm, &reason) != MLP_OK)
        return MLP_ST_FAIL(s, "%s: %s", key, reason.message);
    return MLP_OK;
}

static mlp_status read_dropout(const struct mlp_st_source *s, const char *key, const char *item,
                               size_t i, void *to)
{
    mlp_layer_spec *layers = to;
    if (!mlp_st_read_decimal(item, &layers[i].dropout) ||
        !(layers[i].dropout >= 0 && layers[i].dropout < 1))
        return MLP_ST_FAIL(s, "%s: item %zu is '%s', expected 0 to below 1", key, i, item);
    return MLP_OK;
}

static mlp_status read_loss(const struct mlp_st_source *s, const char *key, const char *item,
                            size_t i, void *to)
{
    (void)i;
    mlp_error reason;
    mlp_spec *spec = to;
    if (mlp_loss_parse(item, &spec->loss, &reason) != MLP_OK)
        return MLP_ST_FAIL(s, "%s: %s", key, reason.message);
    return MLP_OK;
}

static mlp_status read_delta(const struct mlp_st_source *s, const char *key, const char *item,
                             size_t i, void *to)
{
    (void)i;
    mlp_spec *spec = to;
    if (!mlp_st_read_decimal(item, &spec->huber_delta) ||
        !(spec->huber_delta > 0 && isfinite(spec->huber_delta)))
        return MLP_ST_FAIL(s, "%s is '%s', expected a finite number above 0", key, item);
    return MLP_OK;
}

/* Reads what the metadata says of the network; widths are the tensors' to tell. */
static mlp_status read_spec(struct mlp_st_source *s)
{
    const char *activations = mlp_st_metadata_text(s, "mlp.activations");
    if (!activations || !mlp_st_metadata_text(s, "mlp.loss"))
        return MLP_ST_FAIL(s, "no %s in %s", activations ? "mlp.loss" : "mlp.activations",
                           MLP_ST_METADATA);
    size_t count = count_items(activations), tensors = s->entries - 1;
    if (tensors == 0)
        return MLP_ST_FAIL(s, "no tensors, expected '%s'", "0.weight");
    if (count > tensors)
        return MLP_ST_FAIL(s, "mlp.activations has %zu items, but the file has %zu tensors", count,
                           tensors);
    s->layers = mlp_alloc(count, sizeof *s->layers);
    if (!s->layers)
        return mlp_fail_memory(s->error, "the layers of a model");
    s->spec.layer_count = count;
    s->spec.layers = s->layers;
    s->spec.init_scale = 1;
    mlp_status status = read_list(s, "mlp.activations", count, read_activation, s->layers);
    if (status == MLP_OK)
        status = read_optional_list(s, "mlp.norms", count, read_norm, s->layers);
    if (status == MLP_OK)
        status = read_optional_list(s, "mlp.dropout", count, read_dropout, s->layers);
    if (status == MLP_OK)
        status = read_list(s, "mlp.loss", 1, read_loss, &s->spec);
    if (status == MLP_OK)
        status = read_optional_list(s, "mlp.huber_delta", 1, read_delta, &s->spec);
    return status;
}

/* --- Shapes ------------------------------------------------------------------ */

/* Reads the entries of one layer, which fixes its width, and checks that it follows the layer
 * before. */
static mlp_status read_layer_shape(struct mlp_st_source *s, size_t l, size_t module)
{
    for (size_t part = 0; part < mlp_st_parts(s->layers[l].norm); part++) {
        char name[MLP_ST_TEXT];
        struct mlp_st_tensor tensor;
        mlp_st_tensor_name(name, module, part);
        mlp_status status = mlp_st_read_entry(s, name, part == 0 ? 2 : 1, &tensor);
        if (status != MLP_OK)
            return status;
        if (part > 0 && tensor.rows != s->layers[l].units)
            return MLP_ST_FAIL(s, "tensor '%s' has %zu values, expected %zu", name, tensor.rows,
                               s->layers[l].units);
        if (part == 0 && l > 0 && tensor.columns != s->layers[l - 1].units)
            return MLP_ST_FAIL(s,
                               "tensor '%s' takes %zu inputs, but the layer before has %zu outputs",
                               name, tensor.columns, s->layers[l - 1].units);
        if (part == 0)
            s->layers[l].units = tensor.rows;
        tensor.name = NULL; /* it goes with the entry */
        s->tensors[s->tensor_count++] = tensor;
        json_object_del(s->header, name);
    }
    return MLP_OK;
}

/* What is left are a checkpoint's own tensors, whose ranges belong to the file. */
static mlp_status read_other_entries(struct mlp_st_source *s)
{
    const char *name;
    json_t *value;
    bool is_checkpoint = mlp_st_metadata_text(s, "mlp.checkpoint");
    mlp_status status = MLP_OK;
    json_object_foreach(s->header, name, value)
    {
        if (strcmp(name, MLP_ST_METADATA) == 0)
            continue;
        if (!is_checkpoint || strncmp(name, "checkpoint.", 11) != 0)
            return MLP_ST_FAIL(s, "unexpected tensor '%s'", name);
        status = mlp_st_read_any(s, name, &s->tensors[s->tensor_count++]);
        if (status != MLP_OK)
            return status;
    }
    return MLP_OK;
}

static mlp_status read_shapes(struct mlp_st_source *s)
{
    size_t module = 0;
    mlp_status status = MLP_OK;
    s->tensors = mlp_alloc(s->entries, sizeof *s->tensors);
    if (!s->tensors)
        return mlp_fail_memory(s->error, "the header of a model");
    for (size_t l = 0; l < s->spec.layer_count && status == MLP_OK; l++) {
        status = read_layer_shape(s, l, module);
        module += mlp_st_modules(&s->layers[l]);
    }
    if (status == MLP_OK)
        status = read_other_entries(s);
    s->spec.inputs = s->tensors[0].columns;
    return status == MLP_OK ? mlp_st_check_tiling(s) : status;
}

/* --- The model --------------------------------------------------------------- */

/* Where floats of the metadata go. */
struct floats {
    float *values;
    enum { ANY, NOT_NEGATIVE, POSITIVE } range;
};

static mlp_status read_float(const struct mlp_st_source *s, const char *key, const char *item,
                             size_t i, void *to)
{
    static const char *const ranges[] = {"a finite number", "a finite number from 0 up",
                                         "a finite number above 0"};
    struct floats *floats = to;
    float value = 0;
    if (!mlp_st_read_bits(item, &value))
        return MLP_ST_FAIL(s, "%s: item %zu is '%s', expected 8 hexadecimal digits", key, i, item);
    if (!isfinite(value) || (floats->range == NOT_NEGATIVE && value < 0) ||
        (floats->range == POSITIVE && !(value > 0)))
        return MLP_ST_FAIL(s, "%s: item %zu is %g, expected %s", key, i, (double)value,
                           ranges[floats->range]);
    floats->values[i] = value;
    return MLP_OK;
}

/* Whether both of a pair of keys are there; one alone is an error. */
static mlp_status find_pair(const struct mlp_st_source *s, const char *first, const char *second,
                            bool *found)
{
    bool has_first = mlp_st_metadata_text(s, first), has_second = mlp_st_metadata_text(s, second);
    *found = has_first && has_second;
    if (has_first != has_second)
        return MLP_ST_FAIL(s, "%s without %s", has_first ? first : second,
                           has_first ? second : first);
    return MLP_OK;
}

static mlp_status read_input_scaling(const struct mlp_st_source *s, mlp_model *model)
{
    bool found;
    size_t count = s->spec.inputs;
    mlp_status status = find_pair(s, "mlp.input_mean", "mlp.input_factor", &found);
    if (status != MLP_OK || !found)
        return status;
    if (!mlp_model_add_input_scaling(model))
        return mlp_fail_memory(s->error, "the scaling of a model");
    struct floats mean = {model->input_mean, ANY}, factor = {model->input_factor, NOT_NEGATIVE};
    status = read_list(s, "mlp.input_mean", count, read_float, &mean);
    return status == MLP_OK ? read_list(s, "mlp.input_factor", count, read_float, &factor) : status;
}

static mlp_status read_target_scaling(const struct mlp_st_source *s, mlp_model *model)
{
    bool found;
    size_t count = mlp_model_outputs(model);
    mlp_status status = find_pair(s, "mlp.target_mean", "mlp.target_scale", &found);
    if (status != MLP_OK || !found)
        return status;
    if (!mlp_model_add_target_scaling(model))
        return mlp_fail_memory(s->error, "the scaling of a model");
    struct floats mean = {model->target_mean, ANY}, scale = {model->target_scale, POSITIVE};
    status = read_list(s, "mlp.target_mean", count, read_float, &mean);
    return status == MLP_OK ? read_list(s, "mlp.target_scale", count, read_float, &scale) : status;
}

static bool is_bad(float value, bool is_variance)
{
    return !isfinite(value) || (is_variance && value < 0);
}

/* Refuses tensor `part` of the layer at `module` for its first value that is out of range. */
static mlp_status fail_tensor(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor,
                              size_t module, size_t part)
{
    char name[MLP_ST_TEXT];
    struct mlp_st_tensor named = *tensor;
    const unsigned char *bytes = mlp_st_data(s, tensor);
    bool is_variance = part == MLP_VECTORS;
    size_t i = 0;
    float value;
    mlp_load_f32(&value, bytes, 1);
    while (!is_bad(value, is_variance))
        mlp_load_f32(&value, bytes + ++i * sizeof value, 1);
    mlp_st_tensor_name(name, module, part);
    named.name = name;
    return mlp_st_fail_value(s, &named, i, value, is_variance);
}

static mlp_status read_vector(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor,
                              size_t module, size_t part, float *values)
{
    mlp_load_f32(values, mlp_st_data(s, tensor), tensor->rows);
    for (size_t i = 0; i < tensor->rows; i++) {
        if (is_bad(values[i], part == MLP_VECTORS) && !s->any_numbers)
            return fail_tensor(s, tensor, module, part);
    }
    return MLP_OK;
}

/* Reads the parts of layer l, which begin at `tensors`. */
static mlp_status read_layer(const struct mlp_st_source *s, mlp_model *model, size_t l,
                             size_t module, const struct mlp_st_tensor *tensors)
{
    const struct mlp_layer *layer = &model->layers[l];
    if (!mlp_model_load_weights(model, l, mlp_st_data(s, &tensors[0])) && !s->any_numbers)
        return fail_tensor(s, &tensors[0], module, 0);
    mlp_status status = MLP_OK;
    for (size_t part = 1; part < mlp_st_parts(layer->norm) && status == MLP_OK; part++)
        status = read_vector(s, &tensors[part], module, part, mlp_layer_vector(layer, part - 1));
    return status;
}

static mlp_status read_layers(const struct mlp_st_source *s, mlp_model *model)
{
    size_t module = 0;
    mlp_status status = MLP_OK;
    const struct mlp_st_tensor *tensors = s->tensors;
    for (size_t l = 0; l < s->spec.layer_count && status == MLP_OK; l++) {
        status = read_layer(s, model, l, module, tensors);
        tensors += mlp_st_parts(s->layers[l].norm);
        module += mlp_st_modules(&s->layers[l]);
    }
    return status;
}

/* Compares what key i says, where it is there, with the model that was loaded. */
static mlp_status check_repeated(const struct mlp_st_source *s, const mlp_model *model,
                                 const char *key)
{
    size_t i = 0;
    const char *found = mlp_st_metadata_text(s, key);
    if (!found)
        return MLP_OK;
    while (strcmp(mlp_st_key(i), key) != 0)
        i++;
    char *expected = mlp_st_text(model, i);
    if (!expected)
        return mlp_fail_memory(s->error, "the metadata of a model");
    mlp_status status = MLP_OK;
    if (strcmp(found, expected) != 0)
        status = MLP_ST_FAIL(s, "%s is '%s', but the file holds '%s'", key, found, expected);
    mlp_free(expected);
    return status;
}

static mlp_status check_fingerprint(const struct mlp_st_source *s, mlp_model *model)
{
    char fingerprint[MLP_ST_FINGERPRINT];
    const char *found = mlp_st_metadata_text(s, "mlp.fingerprint");
    if (!found)
        return MLP_OK;
    if (s->map.size > MLP_ST_HASHED_SIZE) {
        if (strlen(found) != MLP_ST_FINGERPRINT - 1)
            return MLP_ST_FAIL(s, "mlp.fingerprint is '%s', expected 64 hexadecimal digits", found);
        memcpy(model->claimed_fingerprint, found, MLP_ST_FINGERPRINT);
        return MLP_OK;
    }
    mlp_model_fingerprint(model, fingerprint);
    if (strcmp(found, fingerprint) != 0)
        return MLP_ST_FAIL(s, "mlp.fingerprint is '%s', but that of the file's numbers is '%s'",
                           found, fingerprint);
    return MLP_OK;
}

mlp_status mlp_st_load_own(struct mlp_st_source *s, mlp_model **model)
{
    mlp_status status = check_metadata(s);
    if (status == MLP_OK)
        status = read_spec(s);
    if (status == MLP_OK)
        status = read_shapes(s);
    if (status == MLP_OK)
        status = mlp_st_make_model(s, &s->spec, model);
    if (status == MLP_OK)
        status = read_input_scaling(s, *model);
    if (status == MLP_OK)
        status = read_target_scaling(s, *model);
    if (status == MLP_OK)
        status = read_layers(s, *model);
    if (status == MLP_OK)
        status = check_repeated(s, *model, "mlp.widths");
    if (status == MLP_OK)
        status = check_repeated(s, *model, "mlp.input_divisor");
    if (status == MLP_OK)
        status = check_fingerprint(s, *model);
    if (status == MLP_OK)
        status = mlp_class_names_read(s->path, mlp_st_metadata_text(s, MLP_CLASS_NAMES), *model,
                                      s->error);
    if (status == MLP_OK)
        status = mlp_columns_read(s->path, mlp_st_metadata_text(s, MLP_COLUMNS), *model, s->error);
    if (status == MLP_OK && s->any_numbers)
        mlp_model_count_bad_numbers(*model);
    if (status == MLP_OK && (*model)->bad_numbers == 0)
        status = mlp_st_check_vectors(s, *model);
    const char *provenance = mlp_st_metadata_text(s, "mlp.provenance");
    if (status == MLP_OK && !mlp_model_set_provenance(*model, provenance))
        status = mlp_fail_memory(s->error, "the provenance of a model");
    return status;
}

mlp_status mlp_model_load(const char *path, mlp_model **out, mlp_error *error)
{
    struct mlp_st_source source = {.path = path, .error = error};
    mlp_model *model = NULL;
    mlp_status status = mlp_st_open(&source);
    if (status == MLP_OK)
        status = mlp_st_load_own(&source, &model);
    if (status == MLP_OK)
        *out = model;
    else
        mlp_model_destroy(model);
    mlp_st_close(&source);
    return status;
}
