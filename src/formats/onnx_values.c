/* SPDX-License-Identifier: MIT */
#include "onnx_source.h"

#include "alloc.h"

#include <stdlib.h>
#include <string.h>

const char *mlp_onnx_text(const char *text)
{
    return text ? text : "";
}

const char *mlp_onnx_node_name(const mlp_onnx_node *node)
{
    const char *name = mlp_onnx_text(node->name);
    return *name == '\0' && node->n_output > 0 ? mlp_onnx_text(node->output[0]) : name;
}

/* By name; initializers before inputs, inputs before nodes' outputs. */
static int compare(const void *a, const void *b)
{
    const struct mlp_onnx_value *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->origin > y->origin) - (x->origin < y->origin);
}

static void add(struct mlp_onnx_source *s, const char *name, enum mlp_onnx_origin origin,
                const mlp_onnx_tensor *tensor)
{
    name = mlp_onnx_text(name);
    if (*name == '\0') /* an output that is left out */
        return;
    s->values[s->value_count++] = (struct mlp_onnx_value){
        .name = name,
        .origin = origin,
        .kind = tensor ? MLP_ONNX_CONSTANT : MLP_ONNX_UNKNOWN,
        .tensor = tensor,
    };
}

/* Drops inputs that are initializers too, which are their defaults. */
static mlp_status drop_repeated(struct mlp_onnx_source *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->value_count; i++) {
        const struct mlp_onnx_value *before = kept > 0 ? &s->values[kept - 1] : NULL;
        if (before && strcmp(before->name, s->values[i].name) == 0) {
            if (before->origin == MLP_ONNX_INITIALIZER && s->values[i].origin == MLP_ONNX_INPUT)
                continue;
            return MLP_ONNX_FAIL(s, "value '%.100s' is there twice", before->name);
        }
        s->values[kept++] = s->values[i];
    }
    s->value_count = kept;
    for (size_t i = 0; i < kept; i++)
        s->values[i].taken = &s->values[i].own_taken;
    return MLP_OK;
}

mlp_status mlp_onnx_list_values(struct mlp_onnx_source *s)
{
    const mlp_onnx_graph *graph = s->file->graph;
    size_t count = graph->n_initializer + graph->n_input;
    for (size_t i = 0; i < graph->n_node; i++)
        count += graph->node[i]->n_output;
    if (count == 0)
        return MLP_ONNX_FAIL(s, "%s", "the graph is empty");
    s->values = mlp_alloc(count, sizeof *s->values);
    if (!s->values)
        return mlp_fail_memory(s->error, "the values of an ONNX graph");
    for (size_t i = 0; i < graph->n_initializer; i++)
        add(s, graph->initializer[i]->name, MLP_ONNX_INITIALIZER, graph->initializer[i]);
    for (size_t i = 0; i < graph->n_input; i++)
        add(s, graph->input[i]->name, MLP_ONNX_INPUT, NULL);
    for (size_t i = 0; i < graph->n_node; i++) {
        for (size_t k = 0; k < graph->node[i]->n_output; k++)
            add(s, graph->node[i]->output[k], MLP_ONNX_OUTPUT, NULL);
    }
    qsort(s->values, s->value_count, sizeof *s->values, compare);
    return drop_repeated(s);
}

static int compare_name(const void *key, const void *value)
{
    return strcmp(key, ((const struct mlp_onnx_value *)value)->name);
}

struct mlp_onnx_value *mlp_onnx_find(const struct mlp_onnx_source *s, const char *name)
{
    return bsearch(mlp_onnx_text(name), s->values, s->value_count, sizeof *s->values, compare_name);
}
