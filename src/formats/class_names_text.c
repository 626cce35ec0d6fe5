/* SPDX-License-Identifier: MIT */
/* Names of classes as a text of a model's metadata. */
#include "class_names_text.h"

#include "alloc.h"
#include "class_names.h"
#include "error.h"
#include "names_json.h"

#include <jansson.h>

char *mlp_class_names_text(const mlp_model *model)
{
    json_t *names = mlp_names_json(model->class_names, mlp_model_classes(model));
    char *text = names ? json_dumps(names, JSON_COMPACT) : NULL;
    json_decref(names);
    return text;
}

static mlp_status read_names(const char *path, const json_t *array, mlp_model *model,
                             mlp_error *error)
{
    size_t classes = mlp_model_classes(model), count = json_array_size(array);
    if (!json_is_array(array))
        return mlp_fail(error, MLP_ERROR_DATA, "%s: %s is no JSON array of names", path,
                        MLP_CLASS_NAMES);
    if (count != classes || classes == 0)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: %s has %zu names, but the model has %zu classes", path,
                        MLP_CLASS_NAMES, count, classes);
    const char **names = mlp_alloc(count, sizeof *names);
    if (!names)
        return mlp_fail_memory(error, "the names of classes");
    mlp_status status = MLP_OK;
    for (size_t c = 0; c < count && status == MLP_OK; c++) {
        names[c] = json_string_value(json_array_get(array, c));
        if (!names[c])
            status = mlp_fail(error, MLP_ERROR_DATA, "%s: %s: item %zu is not a string", path,
                              MLP_CLASS_NAMES, c);
    }
    if (status == MLP_OK && !mlp_model_set_class_names(model, names))
        status = mlp_fail_memory(error, "the names of classes");
    mlp_free(names);
    return status;
}

mlp_status mlp_class_names_read(const char *path, const char *text, mlp_model *model,
                                mlp_error *error)
{
    if (!text)
        return MLP_OK;
    json_t *array = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    mlp_status status = read_names(path, array, model, error);
    json_decref(array);
    return status;
}
