/* SPDX-License-Identifier: MIT */
#include "safetensors_metadata.h"

#include "alloc.h"
#include "class_names.h"

#include <stdlib.h>

/* --- Names of classes ----------------------------------------------------------- */

void mlp_st_write_class_names(struct mlp_st_writer *w, const mlp_model *model)
{
    if (!model->class_names)
        return;
    json_t *names = json_array();
    bool failed = !names;
    for (size_t c = 0; c < mlp_model_classes(model); c++)
        failed = json_array_append_new(names, json_string(model->class_names[c])) != 0 || failed;
    char *text = failed ? NULL : json_dumps(names, JSON_COMPACT);
    mlp_st_writer_text(w, MLP_ST_CLASS_NAMES, text);
    free(text);
    json_decref(names);
}

static mlp_status read_names(const struct mlp_st_source *s, const json_t *array, mlp_model *model)
{
    size_t classes = mlp_model_classes(model), count = json_array_size(array);
    if (!json_is_array(array))
        return MLP_ST_FAIL(s, "%s is no JSON array of names", MLP_ST_CLASS_NAMES);
    if (count != classes || classes == 0)
        return MLP_ST_FAIL(s, "%s has %zu names, but the model has %zu classes", MLP_ST_CLASS_NAMES,
                           count, classes);
    const char **names = mlp_alloc(count, sizeof *names);
    if (!names)
        return mlp_fail_memory(s->error, "the names of classes");
    mlp_status status = MLP_OK;
    for (size_t c = 0; c < count && status == MLP_OK; c++) {
        names[c] = json_string_value(json_array_get(array, c));
        if (!names[c])
            status = MLP_ST_FAIL(s, "%s: item %zu is not a string", MLP_ST_CLASS_NAMES, c);
    }
    if (status == MLP_OK && !mlp_model_set_class_names(model, names))
        status = mlp_fail_memory(s->error, "the names of classes");
    mlp_free(names);
    return status;
}

mlp_status mlp_st_read_class_names(const struct mlp_st_source *s, mlp_model *model)
{
    const char *text = mlp_st_metadata_text(s, MLP_ST_CLASS_NAMES);
    if (!text)
        return MLP_OK;
    json_t *array = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    mlp_status status = read_names(s, array, model);
    json_decref(array);
    return status;
}
