/* SPDX-License-Identifier: MIT */
#include "columns_text.h"

#include "alloc.h"
#include "columns.h"
#include "error.h"
#include "names_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* --- Writing ------------------------------------------------------------------ */

char *mlp_columns_text(const mlp_model *model)
{
    json_t *object = mlp_columns_json(model->columns);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

/* --- Reading ------------------------------------------------------------------ */

/* A text that is being read. */
struct reading {
    const char *path;
    mlp_columns columns;
    const char **names; /* [inputs + targets], owned */
    mlp_error *error;
};

static mlp_status read_names(const struct reading *r, const json_t *object, const char *key,
                             size_t expected, const char **names)
{
    const json_t *array = json_object_get(object, key);
    if (!json_is_array(array) || json_array_size(array) != expected)
        return mlp_fail(r->error, MLP_ERROR_DATA, "%s: %s: '%s' is no array of %zu names", r->path,
                        MLP_COLUMNS, key, expected);
    for (size_t i = 0; i < expected; i++) {
        const json_t *name = json_array_get(array, i);
        names[i] = json_string_value(name);
        if (!names[i] || !mlp_column_name_lasts(names[i], json_string_length(name)))
            return mlp_fail(r->error, MLP_ERROR_DATA,
                            "%s: %s: item %zu of '%s' is not a name of 1 to %d bytes", r->path,
                            MLP_COLUMNS, i, key, MLP_COLUMN_NAME);
    }
    return MLP_OK;
}

static mlp_status read_label(struct reading *r, const json_t *object)
{
    const json_t *label = json_object_get(object, "label");
    if (!label)
        return MLP_OK;
    r->columns.label = json_string_value(label);
    if (r->columns.label && mlp_column_name_lasts(r->columns.label, json_string_length(label)))
        return MLP_OK;
    return mlp_fail(r->error, MLP_ERROR_DATA, "%s: %s: 'label' is not a name of 1 to %d bytes",
                    r->path, MLP_COLUMNS, MLP_COLUMN_NAME);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All names are those of different columns. */
static mlp_status check_different(const struct reading *r)
{
    const mlp_columns *c = &r->columns;
    size_t count = c->input_count + c->target_count, i = 1;
    const char **sorted = mlp_alloc(count + 1, sizeof *sorted);
    if (!sorted)
        return mlp_fail_memory(r->error, "the names of columns");
    memcpy((void *)sorted, (const void *)r->names, count * sizeof *sorted);
    if (c->label)
        sorted[count++] = c->label;
    qsort((void *)sorted, count, sizeof *sorted, compare_names);
    while (i < count && strcmp(sorted[i - 1], sorted[i]) != 0)
        i++;
    const char *twice = i < count ? sorted[i] : NULL;
    mlp_free((void *)sorted);
    if (!twice)
        return MLP_OK;
    return mlp_fail(r->error, MLP_ERROR_DATA, "%s: %s: two columns are called '%s'", r->path,
                    MLP_COLUMNS, twice);
}

static mlp_status read_columns(struct reading *r, const json_t *object, const mlp_model *model)
{
    size_t inputs = mlp_model_inputs(model);
    size_t targets = json_object_get(object, "targets") ? mlp_model_outputs(model) : 0;
    size_t keys = 1 + (targets > 0) + (json_object_get(object, "label") != NULL);
    if (json_object_size(object) != keys || keys > 2) /* 0 where it is no object */
        return mlp_fail(r->error, MLP_ERROR_DATA,
                        "%s: %s is no JSON object of 'inputs' and of 'label' or 'targets'", r->path,
                        MLP_COLUMNS);
    r->names = mlp_alloc(inputs + targets, sizeof *r->names);
    if (!r->names)
        return mlp_fail_memory(r->error, "the names of columns");
    r->columns.input_count = inputs;
    r->columns.inputs = r->names;
    r->columns.target_count = targets;
    r->columns.targets = r->names + inputs;
    mlp_status status = read_names(r, object, "inputs", inputs, r->names);
    if (status == MLP_OK && targets > 0)
        status = read_names(r, object, "targets", targets, r->names + inputs);
    if (status == MLP_OK)
        status = read_label(r, object);
    return status == MLP_OK ? check_different(r) : status;
}

mlp_status mlp_columns_read(const char *path, const char *text, mlp_model *model, mlp_error *error)
{
    if (!text)
        return MLP_OK;
    struct reading r = {.path = path, .error = error};
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    mlp_status status = read_columns(&r, object, model);
    if (status == MLP_OK && !mlp_model_set_columns(model, &r.columns))
        status = mlp_fail_memory(error, "the names of columns");
    mlp_free((void *)r.names);
    json_decref(object);
    return status;
}
