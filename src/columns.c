/* SPDX-License-Identifier: MIT */
#include "columns.h"

#include "alloc.h"
#include "class_names.h"
#include "data.h"
#include "error.h"

#include <jansson.h>
#include <string.h>

bool mlp_column_name_lasts(const char *name, size_t size)
{
    if (size == 0 || size > MLP_COLUMN_NAME)
        return false;
    json_t *string = json_stringn(name, size); /* NULL where it is not UTF-8 */
    json_decref(string);
    return string != NULL;
}

/* --- Copies ------------------------------------------------------------------ */

static size_t size_of(const char *const *names, size_t count)
{
    size_t size = count * sizeof *names;
    for (size_t i = 0; i < count; i++)
        size += strlen(names[i]) + 1;
    return size;
}

/* Copies a text to *text, which then is what lies behind it. */
static const char *put_text(char **text, const char *from)
{
    char *to = *text;
    size_t size = strlen(from) + 1;
    *text = (char *)memcpy(to, from, size) + size;
    return to;
}

mlp_columns *mlp_columns_copy(const mlp_columns *columns)
{
    size_t inputs = columns->input_count, targets = columns->target_count;
    size_t size = sizeof *columns + size_of(columns->inputs, inputs) +
                  size_of(columns->targets, targets) +
                  (columns->label ? strlen(columns->label) + 1 : 0);
    mlp_columns *copy = mlp_alloc_uninitialized(size, 1);
    if (!copy)
        return NULL;
    const char **names = (const char **)(copy + 1);
    char *text = (char *)(names + inputs + targets);
    *copy = (mlp_columns){
        .input_count = inputs, .inputs = names, .target_count = targets, .targets = names + inputs};
    for (size_t i = 0; i < inputs; i++)
        names[i] = put_text(&text, columns->inputs[i]);
    for (size_t i = 0; i < targets; i++)
        names[inputs + i] = put_text(&text, columns->targets[i]);
    if (columns->label)
        copy->label = put_text(&text, columns->label);
    return copy;
}

/* --- Models ------------------------------------------------------------------ */

bool mlp_model_set_columns(mlp_model *model, const mlp_columns *columns)
{
    mlp_columns *copy = columns ? mlp_columns_copy(columns) : NULL;
    if (columns && !copy)
        return false;
    mlp_free(model->columns);
    model->columns = copy;
    return true;
}

mlp_status mlp_model_take_columns(mlp_model *model, const mlp_dataset *data, mlp_error *error)
{
    const mlp_columns *columns = data->columns;
    if (!columns || columns->input_count != mlp_model_inputs(model) ||
        (columns->target_count > 0 && columns->target_count != mlp_model_outputs(model)))
        return MLP_OK;
    return mlp_model_set_columns(model, columns) ? MLP_OK
                                                 : mlp_fail_memory(error, "the names of columns");
}

bool mlp_model_inherit_names(mlp_model *model, const mlp_model *from)
{
    return (model->columns || mlp_model_set_columns(model, from->columns)) &&
           (model->class_names || mlp_model_set_class_names(model, from->class_names));
}

const mlp_columns *mlp_model_columns(const mlp_model *model)
{
    return model->columns;
}
