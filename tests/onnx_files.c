/* SPDX-License-Identifier: MIT */
#include "onnx_files.h"

#include "alloc.h"
#include "folder.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static char input_name[] = "input", empty[] = "";

static void add_tensors(struct onnx_graph *g)
{
    static const struct {
        const char *name;
        size_t rows, columns;
        float values[6];
    } tensors[] = {
        {"w", 3, 2, {1, 2, 3, 4, 5, 6}},
        {"wt", 2, 3, {1, 3, 5, 2, 4, 6}},
        {"v", 2, 3, {1, -1, 0.5f, 2, 0.25f, -2}},
        {"b", 3, 0, {0.5f, -1, 2}},
        {"b2", 2, 0, {1, -3}},
        {"positive", 3, 0, {1, 2, 4}},
        {"positive2", 2, 0, {2, 4}},
        {"half", 0, 0, {0.5f}},
        {"one", 0, 0, {1}},
        {"two", 0, 0, {2}},
        {"three", 0, 0, {3}},
        {"zero", 0, 0, {0}},
        {"root_2", 0, 0, {1.4142135f}},
        {"root_half", 0, 0, {0.70710678f}},
        {"cubic", 0, 0, {0.044715f}},
        {"root_2_over_pi", 0, 0, {0.79788456f}},
    };
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++)
        mlp_onnx_add_tensor(&g->b, tensors[i].name, tensors[i].values, tensors[i].rows,
                            tensors[i].columns);
}

static void set_input(struct onnx_graph *g)
{
    mlp_onnx__value_info_proto__init(&g->input);
    mlp_onnx__type_proto__init(&g->type);
    mlp_onnx__type_proto__tensor__init(&g->tensor_type);
    mlp_onnx__tensor_shape_proto__init(&g->shape);
    for (size_t i = 0; i < 4; i++) {
        mlp_onnx__tensor_shape_proto__dimension__init(&g->dims[i]);
        g->dim_list[i] = &g->dims[i];
    }
    g->dims[1].has_dim_value = true;
    g->dims[1].dim_value = 2;
    g->shape.n_dim = 2;
    g->shape.dim = g->dim_list;
    g->tensor_type.has_elem_type = true;
    g->tensor_type.elem_type = MLP_ONNX_FLOAT;
    g->tensor_type.shape = &g->shape;
    g->type.tensor_type = &g->tensor_type;
    g->input.name = input_name;
    g->input.type = &g->type;
}

void onnx_begin(struct onnx_graph *g)
{
    memset(g, 0, sizeof *g);
    mlp_onnx_builder_begin(&g->b, 64, 64);
    g->b.last = input_name;
    add_tensors(g);
    set_input(g);
    mlp_onnx__value_info_proto__init(&g->output);
    g->inputs[0] = &g->input;
    g->outputs[0] = &g->output;
    g->b.graph->n_input = g->b.graph->n_output = 1;
    g->b.graph->input = g->inputs;
    g->b.graph->output = g->outputs;
    mlp_onnx__model_proto__init(&g->file);
    mlp_onnx__operator_set_id_proto__init(&g->opset);
    g->opset.domain = empty;
    g->opset.has_version = true;
    g->opset.version = 17;
    g->opsets[0] = &g->opset;
    g->file.n_opset_import = 1;
    g->file.opset_import = g->opsets;
    g->file.graph = g->b.graph;
    for (size_t i = 0; i < 4; i++) {
        mlp_onnx__string_string_entry_proto__init(&g->entries[i]);
        g->entry_list[i] = &g->entries[i];
    }
}

const char *onnx_node(struct onnx_graph *g, const char *op, const char *second)
{
    return mlp_onnx_add_node(&g->b, op, g->b.last, second, NULL);
}

void onnx_end(struct onnx_graph *g)
{
    char name[64];
    ck_assert(!g->b.failed);
    if (!g->output.name) {
        ck_assert_uint_lt(strlen(g->b.last), sizeof name);
        strcpy(name, g->b.last);
        g->output.name = name;
    }
    size_t size = mlp_onnx__model_proto__get_packed_size(&g->file);
    unsigned char *bytes = malloc(size + 1);
    ck_assert_ptr_nonnull(bytes);
    mlp_onnx__model_proto__pack(&g->file, bytes);
    put_file(in_folder("model.onnx"), bytes, size);
    free(bytes);
    mlp_onnx_builder_end(&g->b);
}

mlp_model *onnx_good(struct onnx_graph *g)
{
    mlp_error error;
    mlp_model *model = NULL;
    onnx_end(g);
    ck_assert_msg(mlp_model_import_onnx(in_folder("model.onnx"), NULL, &model, &error) == MLP_OK,
                  "%s", error.message);
    return model;
}

void onnx_expect_bad(const char *path, const char *reason)
{
    mlp_error error;
    mlp_model *model = NULL;
    long live = mlp_alloc_live();
    ck_assert_msg(mlp_model_import_onnx(path, NULL, &model, &error) == MLP_ERROR_DATA,
                  "%s accepted", reason);
    ck_assert_int_eq(error.status, MLP_ERROR_DATA);
    ck_assert_msg(strstr(error.message, reason) != NULL, "'%s' says not '%s'", error.message,
                  reason);
    ck_assert_int_eq(strncmp(error.message, path, strlen(path)), 0);
    ck_assert_ptr_null(strchr(error.message, '\n'));
    ck_assert_ptr_null(model);
    ck_assert_int_eq(mlp_alloc_live(), live);
}

void onnx_bad(struct onnx_graph *g, const char *reason)
{
    onnx_end(g);
    onnx_expect_bad(in_folder("model.onnx"), reason);
}

mlp_onnx_tensor *onnx_tensor(struct onnx_graph *g)
{
    return g->b.graph->initializer[g->b.graph->n_initializer - 1];
}

mlp_onnx_node *onnx_newest(struct onnx_graph *g)
{
    return g->b.graph->node[g->b.graph->n_node - 1];
}

void onnx_add_ints(struct onnx_graph *g, const char *name, const int64_t *values, size_t count)
{
    static const float none[8];
    ck_assert_uint_le(count, 8);
    mlp_onnx_add_tensor(&g->b, name, none, count, 0);
    mlp_onnx_tensor *tensor = onnx_tensor(g);
    tensor->data_type = MLP_ONNX_INT64;
    tensor->has_raw_data = false;
    tensor->n_int64_data = count;
    tensor->int64_data = mlp_onnx_take(&g->b, 8 * count);
    memcpy(tensor->int64_data, values, 8 * count);
}

void onnx_assert_layer(const mlp_model *model, float alpha, float beta)
{
    static const float w[] = {1, 2, 3, 4, 5, 6}, b[] = {0.5f, -1, 2};
    float weight[6], bias[3];
    ck_assert_uint_eq(mlp_model_inputs(model), 2);
    ck_assert_uint_eq(mlp_model_spec(model)->layers[0].units, 3);
    mlp_model_get_layer(model, 0, weight, bias);
    for (size_t i = 0; i < 6; i++)
        ck_assert(weight[i] == w[i] * alpha);
    for (size_t i = 0; i < 3; i++)
        ck_assert(bias[i] == b[i] * beta);
}

void onnx_expect_layer(struct onnx_graph *g, float alpha, float beta)
{
    mlp_model *model = onnx_good(g);
    onnx_assert_layer(model, alpha, beta);
    mlp_model_destroy(model);
}

void onnx_add_gemm(struct onnx_graph *g)
{
    mlp_onnx_add_node(&g->b, "Gemm", g->b.last, "w", "b");
    mlp_onnx_add_int(&g->b, "transB", 1);
}

void onnx_begin_gemm(struct onnx_graph *g)
{
    onnx_begin(g);
    onnx_add_gemm(g);
}

const char *onnx_begin_activation(struct onnx_graph *g)
{
    static const float v[] = {1, 2, -1, 0.25f, 0.5f, -2};
    onnx_begin_gemm(g);
    mlp_onnx_add_tensor(&g->b, "v_t", v, 3, 2);
    return g->b.last;
}
