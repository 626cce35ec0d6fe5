/* SPDX-License-Identifier: MIT */
/* The nodes of a graph, one after the other. */
#include "onnx_source.h"

#include "norm.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- Attributes and operands -------------------------------------------------------- */

const mlp_onnx_attribute *mlp_onnx_attribute_of(const mlp_onnx_node *node, const char *name)
{
    for (size_t i = 0; i < node->n_attribute; i++) {
        if (strcmp(mlp_onnx_text(node->attribute[i]->name), name) == 0)
            return node->attribute[i];
    }
    return NULL;
}

float mlp_onnx_float(const mlp_onnx_node *node, const char *name, float missing)
{
    const mlp_onnx_attribute *attribute = mlp_onnx_attribute_of(node, name);
    if (!attribute)
        return missing;
    return attribute->has_f ? attribute->f : 0; /* a 0 may be left out */
}

int64_t mlp_onnx_int(const mlp_onnx_node *node, const char *name, int64_t missing)
{
    const mlp_onnx_attribute *attribute = mlp_onnx_attribute_of(node, name);
    if (!attribute)
        return missing;
    return attribute->has_i ? attribute->i : 0;
}

mlp_status mlp_onnx_operand(const struct mlp_onnx_source *s, const mlp_onnx_node *node, size_t i,
                            struct mlp_onnx_value **out)
{
    if (i >= node->n_input || *mlp_onnx_text(node->input[i]) == '\0')
        return MLP_ONNX_FAIL_NODE(s, node, "no input %zu", i);
    *out = mlp_onnx_find(s, node->input[i]);
    if (!*out || (*out)->kind == MLP_ONNX_UNKNOWN)
        return MLP_ONNX_FAIL_NODE(s, node, "input '%.100s' is not there, or not made before",
                                  node->input[i]);
    return MLP_OK;
}

/* Input i, which is constant; NULL where it is optional and missing. */
static mlp_status constant(const struct mlp_onnx_source *s, const mlp_onnx_node *node, size_t i,
                           bool optional, const mlp_onnx_tensor **out)
{
    struct mlp_onnx_value *value = NULL;
    *out = NULL;
    if (optional && (i >= node->n_input || *mlp_onnx_text(node->input[i]) == '\0'))
        return MLP_OK;
    mlp_status status = mlp_onnx_operand(s, node, i, &value);
    if (status != MLP_OK)
        return status;
    if (value->kind != MLP_ONNX_CONSTANT)
        return MLP_ONNX_FAIL_NODE(s, node, "input '%.100s' is not constant", value->name);
    *out = value->tensor;
    return MLP_OK;
}

/* Makes of a piece what it is by itself. */
static mlp_status complete(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                           struct mlp_onnx_value *value)
{
    mlp_status status;
    switch (value->kind) {
    case MLP_ONNX_CHAIN:
        return MLP_OK;
    case MLP_ONNX_SIGMOID:
        status = mlp_onnx_chain_activate(s, node, MLP_SIGMOID);
        break;
    case MLP_ONNX_SOFTPLUS:
        status = mlp_onnx_chain_activate(s, node, MLP_SOFTPLUS);
        break;
    case MLP_ONNX_HALF:
    case MLP_ONNX_ROOT:
        status = mlp_onnx_chain_multiply(s, node, value->tensor, value->divides);
        break;
    default:
        return MLP_ONNX_FAIL_NODE(s, node,
                                  "input '%.100s' is no layer's output: the nodes before "
                                  "make no activation that is known",
                                  value->name);
    }
    value->kind = MLP_ONNX_CHAIN;
    value->position = s->position;
    return status;
}

mlp_status mlp_onnx_expect_end(struct mlp_onnx_source *s, const mlp_onnx_node *node, size_t i)
{
    struct mlp_onnx_value *value = NULL;
    mlp_status status = mlp_onnx_operand(s, node, i, &value);
    if (status != MLP_OK)
        return status;
    if (value->kind == MLP_ONNX_CONSTANT)
        return MLP_ONNX_FAIL_NODE(s, node,
                                  "input '%.100s' is constant, expected what the node "
                                  "before gives",
                                  value->name);
    if (value->position != s->position)
        return MLP_ONNX_FAIL_NODE(s, node,
                                  "input '%.100s' has been used before: the graph is not "
                                  "one chain",
                                  value->name);
    return complete(s, node, value);
}

mlp_status mlp_onnx_set_end(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    struct mlp_onnx_value *out = node->n_output > 0 ? mlp_onnx_find(s, node->output[0]) : NULL;
    s->position++;
    if (out) {
        out->kind = MLP_ONNX_CHAIN;
        out->position = s->position;
    }
    return MLP_OK;
}

/* --- Layers ------------------------------------------------------------------------- */

/* The graph's input has a sample in each column, as transA says of the first product. */
static mlp_status transpose_input(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    if (s->position > 0 || !s->flat)
        return MLP_ONNX_FAIL_NODE(s, node, "%s",
                                  "transA is not 0, expected a sample in each row of all but the "
                                  "graph's input");
    size_t rows = s->features;
    s->features = s->batch > 0 && s->batch <= INT32_MAX ? (size_t)s->batch : 0;
    s->batch = (int64_t)rows;
    return MLP_OK;
}

static mlp_status follow_gemm(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    struct mlp_onnx_value *weight = NULL;
    const mlp_onnx_tensor *bias = NULL;
    mlp_status status = mlp_onnx_expect_end(s, node, 0);
    if (status == MLP_OK)
        status = mlp_onnx_operand(s, node, 1, &weight);
    if (status == MLP_OK)
        status = constant(s, node, 2, true, &bias);
    if (status == MLP_OK && mlp_onnx_int(node, "transA", 0) != 0)
        status = transpose_input(s, node);
    if (status != MLP_OK)
        return status;
    status = mlp_onnx_chain_product(s, node, weight, mlp_onnx_int(node, "transB", 0) != 0,
                                    mlp_onnx_float(node, "alpha", 1));
    if (status == MLP_OK && bias)
        status = mlp_onnx_chain_bias(s, node, bias, mlp_onnx_float(node, "beta", 1));
    return status;
}

static mlp_status follow_matmul(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    struct mlp_onnx_value *weight = NULL;
    mlp_status status = mlp_onnx_expect_end(s, node, 0);
    if (status == MLP_OK)
        status = mlp_onnx_operand(s, node, 1, &weight);
    return status == MLP_OK ? mlp_onnx_chain_product(s, node, weight, false, 1) : status;
}

static mlp_status check_epsilon(const struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    float epsilon = mlp_onnx_float(node, "epsilon", MLP_NORM_EPSILON);
    if (epsilon != MLP_NORM_EPSILON)
        return MLP_ONNX_FAIL_NODE(s, node, "epsilon is %g, expected %g", (double)epsilon,
                                  (double)MLP_NORM_EPSILON);
    return MLP_OK;
}

/* Scale, shift, mean and variance from input 1 on. */
static mlp_status follow_norm(struct mlp_onnx_source *s, const mlp_onnx_node *node, mlp_norm norm)
{
    const mlp_onnx_tensor *vectors[MLP_VECTORS - 1] = {NULL};
    size_t count = norm == MLP_NORM_BATCH ? MLP_VECTORS - 1 : 2;
    mlp_status status = mlp_onnx_expect_end(s, node, 0);
    for (size_t i = 0; i < count && status == MLP_OK; i++)
        status = constant(s, node, i + 1, norm == MLP_NORM_LAYER && i == 1, &vectors[i]);
    if (status == MLP_OK)
        status = check_epsilon(s, node);
    return status == MLP_OK ? mlp_onnx_chain_norm(s, node, norm, vectors) : status;
}

static mlp_status follow_batch_norm(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    if (mlp_onnx_int(node, "training_mode", 0) != 0)
        return MLP_ONNX_FAIL_NODE(s, node, "%s", "training_mode is not 0");
    return follow_norm(s, node, MLP_NORM_BATCH);
}

static mlp_status follow_layer_norm(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    int64_t axis = mlp_onnx_int(node, "axis", -1);
    if (axis != 1 && axis != -1)
        return MLP_ONNX_FAIL_NODE(s, node, "axis is %lld, expected 1 or -1", (long long)axis);
    return follow_norm(s, node, MLP_NORM_LAYER);
}

/* --- Scaling ---------------------------------------------------------------------------- */

/* The chain's end and a constant, in this order or in the other where that is the same. */
static mlp_status split_operands(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                                 bool commutes, const mlp_onnx_tensor **tensor)
{
    struct mlp_onnx_value *first = NULL;
    mlp_status status = mlp_onnx_operand(s, node, 0, &first);
    if (status != MLP_OK)
        return status;
    size_t end = commutes && first->kind == MLP_ONNX_CONSTANT;
    status = mlp_onnx_expect_end(s, node, end);
    return status == MLP_OK ? constant(s, node, 1 - end, false, tensor) : status;
}

static mlp_status follow_add(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    const mlp_onnx_tensor *tensor = NULL;
    bool subtracts = strcmp(mlp_onnx_text(node->op_type), "Sub") == 0;
    mlp_status status = split_operands(s, node, !subtracts, &tensor);
    return status == MLP_OK ? mlp_onnx_chain_add(s, node, tensor, subtracts) : status;
}

static mlp_status follow_multiply(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    const mlp_onnx_tensor *tensor = NULL;
    bool divides = strcmp(mlp_onnx_text(node->op_type), "Div") == 0;
    mlp_status status = split_operands(s, node, !divides, &tensor);
    return status == MLP_OK ? mlp_onnx_chain_multiply(s, node, tensor, divides) : status;
}

static mlp_status follow_exp(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    mlp_status status = mlp_onnx_expect_end(s, node, 0);
    return status == MLP_OK ? mlp_onnx_chain_exp(s, node) : status;
}

/* --- What changes nothing ----------------------------------------------------------------- */

/* Gives the output all that is known of the input, be it the chain's end, a constant or a piece. */
static mlp_status follow_identity(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    struct mlp_onnx_value *from = NULL,
                          *out = node->n_output > 0 ? mlp_onnx_find(s, node->output[0]) : NULL;
    mlp_status status = mlp_onnx_operand(s, node, 0, &from);
    if (status != MLP_OK)
        return status;
    if (!out)
        return MLP_ONNX_FAIL_NODE(s, node, "%s", "no output");
    out->kind = from->kind;
    out->position = from->position;
    out->tensor = from->tensor;
    out->divides = from->divides;
    out->taken = from->taken;
    return MLP_OK;
}

static mlp_status follow_dropout(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    if (node->n_input > 2 && *mlp_onnx_text(node->input[2]) != '\0')
        return MLP_ONNX_FAIL_NODE(s, node, "%s", "has a training mode, expected none");
    return follow_identity(s, node);
}

static mlp_status follow_cast(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    int64_t to = mlp_onnx_int(node, "to", 0);
    if (to != MLP_ONNX_FLOAT)
        return MLP_ONNX_FAIL_NODE(s, node, "to type %lld, expected %d (float)", (long long)to,
                                  MLP_ONNX_FLOAT);
    mlp_status status = mlp_onnx_expect_end(s, node, 0);
    return status == MLP_OK ? follow_identity(s, node) : status;
}

static mlp_status follow_flatten(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    int64_t axis = mlp_onnx_int(node, "axis", 1);
    mlp_status status = mlp_onnx_expect_end(s, node, 0);
    if (status != MLP_OK)
        return status;
    if (axis != 1 && !(axis == -1 && s->flat))
        return MLP_ONNX_FAIL_NODE(s, node, "axis is %lld, expected 1", (long long)axis);
    s->flat = true;
    return follow_identity(s, node);
}

/* Columns of the chain's end; 0: not known. */
static size_t width(const struct mlp_onnx_source *s)
{
    return s->layer_count > 0 ? s->layers[s->layer_count - 1].out : s->features;
}

/* To [rows or -1 or 0][columns]. */
static mlp_status follow_reshape(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    const mlp_onnx_tensor *tensor = NULL;
    int64_t shape[2];
    mlp_status status = mlp_onnx_expect_end(s, node, 0);
    if (status == MLP_OK)
        status = constant(s, node, 1, false, &tensor);
    if (status != MLP_OK)
        return status;
    if (!mlp_onnx_read_ints(tensor, shape, 2) || mlp_onnx_int(node, "allowzero", 0) != 0)
        return MLP_ONNX_FAIL_NODE(s, node, "%s", "expected a shape of two dimensions");
    bool same_rows = shape[0] == -1 || shape[0] == 0 || (s->batch > 0 && shape[0] == s->batch);
    bool same_columns = (shape[1] == -1 && shape[0] != -1) || (shape[1] == 0 && s->flat) ||
                        (shape[1] > 0 && width(s) > 0 && (uint64_t)shape[1] == width(s));
    if (!same_rows || !same_columns)
        return MLP_ONNX_FAIL_NODE(s, node,
                                  "to [%lld, %lld], expected a row for every sample and %zu "
                                  "columns",
                                  (long long)shape[0], (long long)shape[1], width(s));
    s->flat = true;
    return follow_identity(s, node);
}

static mlp_status follow_constant(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    const mlp_onnx_attribute *value = mlp_onnx_attribute_of(node, "value");
    struct mlp_onnx_value *out = node->n_output > 0 ? mlp_onnx_find(s, node->output[0]) : NULL;
    if (!out)
        return MLP_ONNX_FAIL_NODE(s, node, "%s", "no output");
    if (!value || !value->t)
        return MLP_ONNX_FAIL_NODE(s, node, "%s", "expected a tensor as its value");
    out->kind = MLP_ONNX_CONSTANT;
    out->tensor = value->t;
    return MLP_OK;
}

/* --- All of them ----------------------------------------------------------------------------- */

static const struct {
    const char *op;
    mlp_status (*follow)(struct mlp_onnx_source *s, const mlp_onnx_node *node);
} operators[] = {
    {"Gemm", follow_gemm},
    {"MatMul", follow_matmul},
    {"BatchNormalization", follow_batch_norm},
    {"LayerNormalization", follow_layer_norm},
    {"Add", follow_add},
    {"Sub", follow_add},
    {"Mul", follow_multiply},
    {"Div", follow_multiply},
    {"Exp", follow_exp},
    {"Identity", follow_identity},
    {"Dropout", follow_dropout},
    {"Cast", follow_cast},
    {"Flatten", follow_flatten},
    {"Reshape", follow_reshape},
    {"Constant", follow_constant},
};

static mlp_status follow_node(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    const char *domain = mlp_onnx_text(node->domain);
    if (*domain != '\0' && strcmp(domain, "ai.onnx") != 0)
        return MLP_ONNX_FAIL_NODE(s, node, "of the domain '%.100s', expected ONNX's own", domain);
    bool done;
    mlp_status status = mlp_onnx_try_piece(s, node, &done);
    if (!done && status == MLP_OK)
        status = mlp_onnx_try_activation(s, node, &done);
    for (size_t i = 0; i < COUNT(operators) && !done && status == MLP_OK; i++) {
        done = strcmp(operators[i].op, mlp_onnx_text(node->op_type)) == 0;
        if (done)
            status = operators[i].follow(s, node);
    }
    if (!done && status == MLP_OK)
        return MLP_ONNX_FAIL_NODE(s, node, "%s", "an operator that no layer has");
    return status;
}

/* --- The ends -------------------------------------------------------------------------------- */

/* Columns of a sample: the product of all dimensions but the first; 0 where one is not known. */
static mlp_status read_shape(struct mlp_onnx_source *s, const MlpOnnx__TensorShapeProto *shape)
{
    if (shape->n_dim < 2)
        return MLP_ONNX_FAIL(s, "the input has %zu dimensions, expected a row for every sample",
                             shape->n_dim);
    s->batch = shape->dim[0]->has_dim_value ? shape->dim[0]->dim_value : 0;
    s->flat = shape->n_dim == 2;
    s->features = 1;
    for (size_t i = 1; i < shape->n_dim; i++) {
        int64_t size = shape->dim[i]->has_dim_value ? shape->dim[i]->dim_value : 0;
        if (size < 0 || size > INT32_MAX ||
            (size > 0 && s->features > (size_t)INT32_MAX / (size_t)size))
            return MLP_ONNX_FAIL(s, "dimension %zu of the input is %lld: out of range", i,
                                 (long long)size);
        s->features *= (size_t)size;
    }
    return MLP_OK;
}

/* Finds the one input that is no constant. */
static mlp_status find_input(struct mlp_onnx_source *s)
{
    const mlp_onnx_graph *graph = s->file->graph;
    const mlp_onnx_value_info *input = NULL;
    for (size_t i = 0; i < graph->n_input; i++) {
        struct mlp_onnx_value *value = mlp_onnx_find(s, graph->input[i]->name);
        if (!value || value->kind == MLP_ONNX_CONSTANT)
            continue;
        if (input)
            return MLP_ONNX_FAIL(s, "the inputs '%.100s' and '%.100s', expected one",
                                 mlp_onnx_text(input->name), value->name);
        input = graph->input[i];
        value->kind = MLP_ONNX_CHAIN;
    }
    if (!input)
        return MLP_ONNX_FAIL(s, "%s", "the graph has no input");
    s->flat = true;
    const MlpOnnx__TypeProto__Tensor *type = input->type ? input->type->tensor_type : NULL;
    if (type && type->has_elem_type && type->elem_type != MLP_ONNX_FLOAT)
        return MLP_ONNX_FAIL(s, "the input has elements of type %d, expected %d (float)",
                             type->elem_type, MLP_ONNX_FLOAT);
    return type && type->shape ? read_shape(s, type->shape) : MLP_OK;
}

/* Makes sure that the chain ends in the graph's one output. */
static mlp_status check_output(struct mlp_onnx_source *s)
{
    const mlp_onnx_graph *graph = s->file->graph;
    if (graph->n_output != 1)
        return MLP_ONNX_FAIL(s, "the graph has %zu outputs, expected one", graph->n_output);
    mlp_onnx_node end = MLP_ONNX__NODE_PROTO__INIT;
    char op[] = "output";
    end.name = graph->output[0]->name;
    end.op_type = op;
    end.n_input = 1;
    end.input = &graph->output[0]->name;
    return mlp_onnx_expect_end(s, &end, 0);
}

mlp_status mlp_onnx_follow(struct mlp_onnx_source *s)
{
    const mlp_onnx_graph *graph = s->file->graph;
    mlp_status status = find_input(s);
    for (size_t i = 0; i < graph->n_node && status == MLP_OK; i++)
        status = follow_node(s, graph->node[i]);
    if (status == MLP_OK)
        status = check_output(s);
    if (status == MLP_OK && s->layer_count == 0)
        status = MLP_ONNX_FAIL(s, "%s", "the graph has no layer");
    return status;
}
