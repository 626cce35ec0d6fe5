/* SPDX-License-Identifier: MIT */
/* What a model's classes are called. */
#include "class_names.h"

#include "alloc.h"
#include "data.h"
#include "error.h"

#include <jansson.h>
#include <string.h>

const char **mlp_copy_names(const char *const *names, size_t count)
{
    size_t size = count * sizeof *names;
    for (size_t c = 0; c < count; c++)
        size += strlen(names[c]) + 1;
    const char **copy = mlp_alloc_uninitialized(size, 1);
    char *text = copy ? (char *)(copy + count) : NULL;
    for (size_t c = 0; copy && c < count; c++) {
        copy[c] = strcpy(text, names[c]);
        text += strlen(text) + 1;
    }
    return copy;
}

bool mlp_model_set_class_names(mlp_model *model, const char *const *names)
{
    size_t count = names ? mlp_model_classes(model) : 0;
    const char **copy = count > 0 ? mlp_copy_names(names, count) : NULL;
    if (count > 0 && !copy)
        return false;
    mlp_free(model->class_names);
    model->class_names = copy;
    return true;
}

const char *mlp_model_class_name(const mlp_model *model, size_t class_index)
{
    return model->class_names && class_index < mlp_model_classes(model)
               ? model->class_names[class_index]
               : NULL;
}

/* Whether it can be part of a file, which is UTF-8. */
static bool is_utf8(const char *name)
{
    json_t *string = json_string(name);
    json_decref(string);
    return string != NULL;
}

mlp_status mlp_model_take_class_names(mlp_model *model, const mlp_dataset *data, mlp_error *error)
{
    if (!data->class_names || data->classes != mlp_model_classes(model))
        return MLP_OK;
    for (size_t c = 0; c < data->classes; c++) {
        if (!is_utf8(data->class_names[c]))
            return mlp_fail(error, MLP_ERROR_DATA, "the name of class %zu is not UTF-8", c);
    }
    if (!mlp_model_set_class_names(model, data->class_names))
        return mlp_fail_memory(error, "the names of classes");
    return MLP_OK;
}
