/* SPDX-License-Identifier: MIT */
#include "formats/names_json.h"

#include <stdbool.h>

json_t *mlp_names_json(const char *const *names, size_t count)
{
    json_t *array = json_array();
    bool failed = !array;
    for (size_t i = 0; i < count; i++)
        failed = json_array_append_new(array, json_string(names[i])) != 0 || failed;
    if (!failed)
        return array;
    json_decref(array);
    return NULL;
}

json_t *mlp_columns_json(const mlp_columns *columns)
{
    json_t *inputs = mlp_names_json(columns->inputs, columns->input_count);
    if (columns->target_count == 0)
        return json_pack("{s:o, s:s*}", "inputs", inputs, "label", columns->label);
    return json_pack("{s:o, s:o}", "inputs", inputs, "targets",
                     mlp_names_json(columns->targets, columns->target_count));
}
