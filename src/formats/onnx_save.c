/* SPDX-License-Identifier: MIT */
/* A network as an ONNX graph. */
#include <mlp/onnx.h>

#include "alloc.h"
#include "class_names_text.h"
#include "columns_text.h"
#include "error.h"
#include "file.h"
#include "norm.h"
#include "onnx_graph.h"
#include "registry.h"
#include "safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LAYER_NODES = 12,   /* at most: product, normalisation, activation */
    OTHER_NODES = 8,    /* scaling, and what the loss applies */
    LAYER_TENSORS = 6,  /* weight, and the vectors */
    OTHER_TENSORS = 10, /* scaling, and scalars */
    MOST_KEYS = 24,
};

bool mlp_onnx_supported(void)
{
    return true;
}

bool mlp_onnx_keeps_key(size_t i)
{
    static const char *const in_graph[] = {"mlp.input_mean", "mlp.input_factor", "mlp.target_mean",
                                           "mlp.target_scale"};
    bool kept = true;
    for (size_t k = 0; k < sizeof in_graph / sizeof in_graph[0]; k++)
        kept = kept && strcmp(mlp_st_key(i), in_graph[k]) != 0;
    return kept;
}

/* --- Layers ------------------------------------------------------------------ */

/* Part `part` of the layer whose Linear is `module`, [units]; returns its name. */
static const char *add_vector(struct mlp_onnx_builder *b, const struct mlp_layer *layer,
                              size_t module, size_t part, char name[MLP_ST_TEXT])
{
    mlp_st_tensor_name(name, module, part);
    mlp_onnx_add_tensor(b, name, mlp_layer_vector(layer, part - 1), layer->out, 0);
    return name;
}

static void add_product(struct mlp_onnx_builder *b, const mlp_model *model, size_t l, size_t module)
{
    const struct mlp_layer *layer = &model->layers[l];
    char weight[MLP_ST_TEXT], bias[MLP_ST_TEXT];
    float *values = mlp_alloc_uninitialized(layer->in * layer->out, sizeof *values);
    if (!values) {
        b->failed = true;
        return;
    }
    mlp_model_get_layer(model, l, values, NULL);
    mlp_st_tensor_name(weight, module, 0);
    mlp_onnx_add_tensor(b, weight, values, layer->out, layer->in);
    mlp_free(values);
    add_vector(b, layer, module, 1, bias);
    mlp_onnx_add_node(b, "Gemm", b->last, weight, bias);
    mlp_onnx_add_int(b, "transB", 1);
}

static void add_norm(struct mlp_onnx_builder *b, const struct mlp_layer *layer, size_t module)
{
    char names[MLP_VECTORS + 1][MLP_ST_TEXT];
    size_t parts = mlp_st_parts(layer->norm);
    if (layer->norm == MLP_NORM_NONE)
        return;
    for (size_t part = 2; part < parts; part++)
        add_vector(b, layer, module, part, names[part]);
    bool batch = layer->norm == MLP_NORM_BATCH;
    mlp_onnx_add_node(b, batch ? "BatchNormalization" : "LayerNormalization", b->last, names[2],
                      names[3]);
    for (size_t part = 4; part < parts; part++)
        mlp_onnx_add_input(b, names[part]);
    mlp_onnx_add_float(b, "epsilon", MLP_NORM_EPSILON);
    if (!batch)
        mlp_onnx_add_int(b, "axis", -1);
}

static void add_layers(struct mlp_onnx_builder *b, const mlp_model *model)
{
    size_t module = 0;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        add_product(b, model, l, module);
        add_norm(b, &model->layers[l], module);
        mlp_onnx_add_activation(b, model->layers[l].activation);
        module += mlp_st_modules(&model->specs[l]);
    }
}

/* --- Before and after them ----------------------------------------------------- */

static void add_input_scaling(struct mlp_onnx_builder *b, const mlp_model *model)
{
    size_t inputs = model->spec.inputs;
    if (!model->input_mean)
        return;
    mlp_onnx_add_tensor(b, "input_mean", model->input_mean, inputs, 0);
    mlp_onnx_add_tensor(b, "input_factor", model->input_factor, inputs, 0);
    mlp_onnx_add_node(b, "Sub", b->last, "input_mean", NULL);
    mlp_onnx_add_node(b, "Mul", b->last, "input_factor", NULL);
}

static void add_target_scaling(struct mlp_onnx_builder *b, const mlp_model *model)
{
    size_t outputs = mlp_model_outputs(model);
    if (!model->target_mean)
        return;
    mlp_onnx_add_tensor(b, "target_scale", model->target_scale, outputs, 0);
    mlp_onnx_add_tensor(b, "target_mean", model->target_mean, outputs, 0);
    mlp_onnx_add_node(b, "Mul", b->last, "target_scale", NULL);
    mlp_onnx_add_node(b, "Add", b->last, "target_mean", NULL);
}

/* What the loss applies to the plain outputs when it predicts. */
static void add_prediction(struct mlp_onnx_builder *b, const mlp_model *model)
{
    mlp_loss loss = model->spec.loss;
    if (loss == MLP_POISSON)
        mlp_onnx_add_node(b, "Exp", b->last, NULL, NULL);
    else if (loss != MLP_PERCEPTRON || mlp_model_outputs(model) == 1)
        mlp_onnx_add_activation(b, mlp_loss_traits(loss).implied);
}

/* --- The file ---------------------------------------------------------------- */

/* float ["N"][columns] */
static mlp_onnx_value_info *new_value_info(struct mlp_onnx_builder *b, const char *name,
                                           size_t columns)
{
    struct {
        mlp_onnx_value_info info;
        MlpOnnx__TypeProto type;
        MlpOnnx__TypeProto__Tensor tensor;
        MlpOnnx__TensorShapeProto shape;
        MlpOnnx__TensorShapeProto__Dimension dims[2], *list[2];
    } *made = mlp_onnx_take(b, sizeof *made);
    if (!made)
        return NULL;
    mlp_onnx__value_info_proto__init(&made->info);
    mlp_onnx__type_proto__init(&made->type);
    mlp_onnx__type_proto__tensor__init(&made->tensor);
    mlp_onnx__tensor_shape_proto__init(&made->shape);
    for (size_t i = 0; i < 2; i++) {
        mlp_onnx__tensor_shape_proto__dimension__init(&made->dims[i]);
        made->list[i] = &made->dims[i];
    }
    made->info.name = mlp_onnx_copy_text(b, name);
    made->info.type = &made->type;
    made->type.tensor_type = &made->tensor;
    made->tensor.has_elem_type = true;
    made->tensor.elem_type = MLP_ONNX_FLOAT;
    made->tensor.shape = &made->shape;
    made->shape.n_dim = 2;
    made->shape.dim = made->list;
    made->dims[0].dim_param = mlp_onnx_copy_text(b, "N");
    made->dims[1].has_dim_value = true;
    made->dims[1].dim_value = (int64_t)columns;
    return &made->info;
}

/* Gives the graph its name, its input and its output. */
static void add_ends(struct mlp_onnx_builder *b, const mlp_model *model, const char *output)
{
    mlp_onnx_graph *graph = b->graph;
    if (b->failed)
        return;
    graph->name = mlp_onnx_copy_text(b, "mlp");
    graph->input = mlp_onnx_take(b, sizeof(void *));
    graph->output = mlp_onnx_take(b, sizeof(void *));
    mlp_onnx_value_info *in = new_value_info(b, "input", model->spec.inputs);
    mlp_onnx_value_info *out = new_value_info(b, output, mlp_model_outputs(model));
    if (b->failed)
        return;
    graph->n_input = graph->n_output = 1;
    graph->input[0] = in;
    graph->output[0] = out;
    graph->node[graph->n_node - 1]->output[0] = out->name;
}

static void add_entry(struct mlp_onnx_builder *b, mlp_onnx_model *file, const char *key,
                      const char *value)
{
    mlp_onnx_entry *entry = mlp_onnx_take(b, sizeof *entry);
    if (!entry)
        return;
    mlp_onnx__string_string_entry_proto__init(entry);
    entry->key = mlp_onnx_copy_text(b, key);
    entry->value = mlp_onnx_copy_text(b, value);
    if (!b->failed)
        file->metadata_props[file->n_metadata_props++] = entry;
}

/* Frees the text, which is NULL where memory was short. */
static void add_names(struct mlp_onnx_builder *b, mlp_onnx_model *file, const char *key, char *text)
{
    b->failed = b->failed || !text;
    if (!b->failed)
        add_entry(b, file, key, text);
    free(text);
}

static void add_metadata(struct mlp_onnx_builder *b, mlp_onnx_model *file, const mlp_model *model)
{
    char fingerprint[MLP_ST_FINGERPRINT];
    file->metadata_props = mlp_onnx_take(b, MOST_KEYS * sizeof(void *));
    add_entry(b, file, "mlp.version", MLP_ONNX_VERSION);
    for (size_t i = 0; mlp_st_key(i) && !b->failed; i++) {
        if (!mlp_onnx_keeps_key(i) || !mlp_st_needs_key(model, i))
            continue;
        char *text = mlp_st_text(model, i);
        if (text)
            add_entry(b, file, mlp_st_key(i), text);
        else
            b->failed = true;
        mlp_free(text);
    }
    if (model->class_names)
        add_names(b, file, MLP_CLASS_NAMES, mlp_class_names_text(model));
    if (model->columns)
        add_names(b, file, MLP_COLUMNS, mlp_columns_text(model));
    mlp_model_fingerprint(model, fingerprint);
    add_entry(b, file, "mlp.fingerprint", fingerprint);
}

/* Makes the whole message; NULL where memory is short. */
static mlp_onnx_model *build(struct mlp_onnx_builder *b, const mlp_model *model, bool predicts)
{
    size_t layers = model->spec.layer_count;
    mlp_loss loss = model->spec.loss;
    bool plain = mlp_loss_classifies(loss) && !predicts;
    struct {
        mlp_onnx_model file;
        MlpOnnx__OperatorSetIdProto opset, *list[1];
    } *made = mlp_onnx_take(b, sizeof *made);
    mlp_onnx_builder_begin(b, layers * LAYER_NODES + OTHER_NODES,
                           layers * LAYER_TENSORS + OTHER_TENSORS);
    b->last = "input";
    add_input_scaling(b, model);
    add_layers(b, model);
    if (!plain)
        add_prediction(b, model);
    add_target_scaling(b, model);
    add_ends(b, model, plain ? "logits" : "output");
    if (b->failed)
        return NULL;
    mlp_onnx__model_proto__init(&made->file);
    mlp_onnx__operator_set_id_proto__init(&made->opset);
    made->opset.domain = mlp_onnx_copy_text(b, "");
    made->opset.has_version = true;
    made->opset.version = MLP_ONNX_OPSET;
    made->list[0] = &made->opset;
    made->file.has_ir_version = true;
    made->file.ir_version = MLP_ONNX_IR;
    made->file.producer_name = mlp_onnx_copy_text(b, "mlp");
    made->file.graph = b->graph;
    made->file.n_opset_import = 1;
    made->file.opset_import = made->list;
    add_metadata(b, &made->file, model);
    return b->failed ? NULL : &made->file;
}

static mlp_status write_file(const mlp_onnx_model *file, const char *path, mlp_error *error)
{
    size_t size = mlp_onnx__model_proto__get_packed_size(file);
    if (size >= MLP_ONNX_LIMIT)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "%s: the model takes %zu bytes, but an ONNX file has fewer than %d", path,
                        size, MLP_ONNX_LIMIT);
    unsigned char *bytes = mlp_alloc_uninitialized(size, 1);
    if (!bytes)
        return mlp_fail_memory(error, "the ONNX file");
    mlp_onnx__model_proto__pack(file, bytes);
    struct mlp_chunk chunk = {bytes, size};
    mlp_status status = mlp_file_write(path, &chunk, 1, error);
    mlp_free(bytes);
    return status;
}

mlp_status mlp_model_export_onnx(const mlp_model *model, const char *path,
                                 const mlp_onnx_options *options, mlp_error *error)
{
    mlp_status status = mlp_model_check_usable(model, error);
    if (status != MLP_OK)
        return status;
    struct mlp_onnx_builder builder = {0};
    const mlp_onnx_model *file = build(&builder, model, options && options->softmax);
    status = file ? write_file(file, path, error) : mlp_fail_memory(error, "the ONNX graph");
    mlp_onnx_builder_end(&builder);
    return status;
}
