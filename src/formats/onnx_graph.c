/* SPDX-License-Identifier: MIT */
#include "onnx_graph.h"

#include "alloc.h"
#include "bytes.h"

#include <stdio.h>
#include <string.h>

enum { MOST_INPUTS = 5, MOST_ATTRIBUTES = 2, NAME_SIZE = 64 };

/* --- Memory ------------------------------------------------------------------ */

struct mlp_onnx_block {
    struct mlp_onnx_block *next;
    _Alignas(16) unsigned char bytes[];
};

void *mlp_onnx_take(struct mlp_onnx_builder *b, size_t size)
{
    struct mlp_onnx_block *block = NULL;
    if (!b->failed && size <= SIZE_MAX - sizeof *block)
        block = mlp_alloc(1, sizeof *block + size);
    if (!block) {
        b->failed = true;
        return NULL;
    }
    block->next = b->blocks;
    b->blocks = block;
    return block->bytes;
}

char *mlp_onnx_copy_text(struct mlp_onnx_builder *b, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = mlp_onnx_take(b, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void mlp_onnx_builder_begin(struct mlp_onnx_builder *b, size_t most_nodes, size_t most_tensors)
{
    b->graph = mlp_onnx_take(b, sizeof *b->graph);
    b->most_nodes = most_nodes;
    b->most_tensors = most_tensors;
    if (!b->graph)
        return;
    mlp_onnx__graph_proto__init(b->graph);
    b->graph->node = mlp_onnx_take(b, most_nodes * sizeof(void *));
    b->graph->initializer = mlp_onnx_take(b, most_tensors * sizeof(void *));
}

void mlp_onnx_builder_end(struct mlp_onnx_builder *b)
{
    while (b->blocks) {
        struct mlp_onnx_block *next = b->blocks->next;
        mlp_free(b->blocks);
        b->blocks = next;
    }
}

/* --- Tensors ----------------------------------------------------------------- */

static mlp_onnx_tensor *new_tensor(struct mlp_onnx_builder *b, const char *name, size_t count)
{
    if (!b->failed && b->graph->n_initializer == b->most_tensors)
        b->failed = true;
    mlp_onnx_tensor *tensor = mlp_onnx_take(b, sizeof *tensor);
    if (!tensor)
        return NULL;
    mlp_onnx__tensor_proto__init(tensor);
    tensor->name = mlp_onnx_copy_text(b, name);
    tensor->dims = mlp_onnx_take(b, 2 * sizeof *tensor->dims);
    tensor->raw_data.data = mlp_onnx_take(b, count * sizeof(float));
    if (b->failed)
        return NULL;
    tensor->raw_data.len = count * sizeof(float);
    tensor->has_raw_data = tensor->has_data_type = true;
    tensor->data_type = MLP_ONNX_FLOAT;
    b->graph->initializer[b->graph->n_initializer++] = tensor;
    return tensor;
}

void mlp_onnx_add_tensor(struct mlp_onnx_builder *b, const char *name, const float *values,
                         size_t rows, size_t columns)
{
    size_t count = (rows > 0 ? rows : 1) * (columns > 0 ? columns : 1);
    mlp_onnx_tensor *tensor = new_tensor(b, name, count);
    if (!tensor)
        return;
    tensor->n_dims = (rows > 0) + (columns > 0);
    tensor->dims[0] = (int64_t)rows;
    tensor->dims[1] = (int64_t)columns;
    mlp_store_f32(tensor->raw_data.data, values, count);
}

/* --- Nodes ------------------------------------------------------------------- */

static mlp_onnx_node *newest(const struct mlp_onnx_builder *b)
{
    return b->graph->node[b->graph->n_node - 1];
}

const char *mlp_onnx_add_node(struct mlp_onnx_builder *b, const char *op, const char *first,
                              const char *second, const char *third)
{
    if (!b->failed && b->graph->n_node == b->most_nodes)
        b->failed = true;
    char name[NAME_SIZE];
    mlp_onnx_node *node = mlp_onnx_take(b, sizeof *node);
    if (!node)
        return "";
    mlp_onnx__node_proto__init(node);
    snprintf(name, sizeof name, "%s_%zu", op, b->graph->n_node);
    node->op_type = mlp_onnx_copy_text(b, op);
    node->name = mlp_onnx_copy_text(b, name);
    node->input = mlp_onnx_take(b, MOST_INPUTS * sizeof(void *));
    node->output = mlp_onnx_take(b, sizeof(void *));
    node->attribute = mlp_onnx_take(b, MOST_ATTRIBUTES * sizeof(void *));
    if (b->failed)
        return "";
    node->n_output = 1;
    node->output[0] = node->name;
    b->graph->node[b->graph->n_node++] = node;
    b->last = node->name;
    mlp_onnx_add_input(b, first);
    if (second)
        mlp_onnx_add_input(b, second);
    if (third)
        mlp_onnx_add_input(b, third);
    return b->failed ? "" : node->name;
}

void mlp_onnx_add_input(struct mlp_onnx_builder *b, const char *name)
{
    char *copy = mlp_onnx_copy_text(b, name);
    if (!copy)
        return;
    mlp_onnx_node *node = newest(b);
    node->input[node->n_input++] = copy;
}

static mlp_onnx_attribute *new_attribute(struct mlp_onnx_builder *b, const char *name)
{
    mlp_onnx_attribute *attribute = mlp_onnx_take(b, sizeof *attribute);
    if (!attribute)
        return NULL;
    mlp_onnx__attribute_proto__init(attribute);
    attribute->name = mlp_onnx_copy_text(b, name);
    if (b->failed)
        return NULL;
    attribute->has_type = true;
    mlp_onnx_node *node = newest(b);
    node->attribute[node->n_attribute++] = attribute;
    return attribute;
}

void mlp_onnx_add_float(struct mlp_onnx_builder *b, const char *name, float value)
{
    mlp_onnx_attribute *attribute = new_attribute(b, name);
    if (!attribute)
        return;
    attribute->type = MLP_ONNX_ATTRIBUTE_FLOAT;
    attribute->has_f = true;
    attribute->f = value;
}

void mlp_onnx_add_int(struct mlp_onnx_builder *b, const char *name, int64_t value)
{
    mlp_onnx_attribute *attribute = new_attribute(b, name);
    if (!attribute)
        return;
    attribute->type = MLP_ONNX_ATTRIBUTE_INT;
    attribute->has_i = true;
    attribute->i = value;
}

/* --- Activations ------------------------------------------------------------- */

enum scalar { ZERO, HALF, ONE, ROOT_HALF, CUBIC, ROOT_2_OVER_PI };

/* The name of a number, which becomes a tensor when it is first used. */
static const char *scalar(struct mlp_onnx_builder *b, enum scalar i)
{
    static const struct {
        const char *name;
        float value;
    } scalars[] = {
        [ZERO] = {"zero", 0},
        [HALF] = {"half", 0.5f},
        [ONE] = {"one", 1},
        [ROOT_HALF] = {"root_half", (float)MLP_ONNX_ROOT_HALF},
        [CUBIC] = {"cubic", (float)MLP_ONNX_CUBIC},
        [ROOT_2_OVER_PI] = {"root_2_over_pi", (float)MLP_ONNX_ROOT_2_OVER_PI},
    };
    if (!(b->scalars & 1u << i))
        mlp_onnx_add_tensor(b, scalars[i].name, &scalars[i].value, 0, 0);
    b->scalars |= 1u << i;
    return scalars[i].name;
}

/* x (1 + y) / 2 */
static void add_gate(struct mlp_onnx_builder *b, const char *x, const char *y)
{
    const char *sum = mlp_onnx_add_node(b, "Add", y, scalar(b, ONE), NULL);
    const char *product = mlp_onnx_add_node(b, "Mul", x, sum, NULL);
    mlp_onnx_add_node(b, "Mul", product, scalar(b, HALF), NULL);
}

static void add_gelu(struct mlp_onnx_builder *b, const char *x)
{
    const char *y = mlp_onnx_add_node(b, "Mul", x, scalar(b, ROOT_HALF), NULL);
    add_gate(b, x, mlp_onnx_add_node(b, "Erf", y, NULL, NULL));
}

static void add_gelu_tanh(struct mlp_onnx_builder *b, const char *x)
{
    const char *y = mlp_onnx_add_node(b, "Mul", x, x, NULL);
    y = mlp_onnx_add_node(b, "Mul", y, x, NULL);
    y = mlp_onnx_add_node(b, "Mul", y, scalar(b, CUBIC), NULL);
    y = mlp_onnx_add_node(b, "Add", x, y, NULL);
    y = mlp_onnx_add_node(b, "Mul", y, scalar(b, ROOT_2_OVER_PI), NULL);
    add_gate(b, x, mlp_onnx_add_node(b, "Tanh", y, NULL, NULL));
}

static void add_mish(struct mlp_onnx_builder *b, const char *x)
{
    const char *y = mlp_onnx_add_node(b, "Softplus", x, NULL, NULL);
    y = mlp_onnx_add_node(b, "Tanh", y, NULL, NULL);
    mlp_onnx_add_node(b, "Mul", x, y, NULL);
}

static void add_step(struct mlp_onnx_builder *b, const char *x)
{
    const char *y = mlp_onnx_add_node(b, "GreaterOrEqual", x, scalar(b, ZERO), NULL);
    mlp_onnx_add_node(b, "Cast", y, NULL, NULL);
    mlp_onnx_add_int(b, "to", MLP_ONNX_FLOAT);
}

/* Those that are one operator. */
static void add_operator(struct mlp_onnx_builder *b, mlp_activation activation, const char *x)
{
    static const char *const operators[] = {
        [MLP_RELU] = "Relu",
        [MLP_LEAKY_RELU] = "LeakyRelu",
        [MLP_SIGMOID] = "Sigmoid",
        [MLP_TANH] = "Tanh",
        [MLP_ELU] = "Elu",
        [MLP_SELU] = "Selu",
        [MLP_HARD_SIGMOID] = "HardSigmoid",
        [MLP_SOFTPLUS] = "Softplus",
        [MLP_SOFTMAX] = "Softmax",
    };
    mlp_onnx_add_node(b, operators[activation], x, NULL, NULL);
    if (activation == MLP_LEAKY_RELU)
        mlp_onnx_add_float(b, "alpha", 0.01f);
    if (activation == MLP_ELU)
        mlp_onnx_add_float(b, "alpha", 1.0f);
    if (activation == MLP_SOFTMAX)
        mlp_onnx_add_int(b, "axis", -1);
    if (activation == MLP_HARD_SIGMOID) {
        mlp_onnx_add_float(b, "alpha", MLP_ONNX_SIXTH);
        mlp_onnx_add_float(b, "beta", 0.5f);
    }
}

void mlp_onnx_add_activation(struct mlp_onnx_builder *b, mlp_activation activation)
{
    const char *x = b->last;
    switch (activation) {
    case MLP_IDENTITY:
        break;
    case MLP_SILU:
        mlp_onnx_add_node(b, "Mul", x, mlp_onnx_add_node(b, "Sigmoid", x, NULL, NULL), NULL);
        break;
    case MLP_GELU:
        add_gelu(b, x);
        break;
    case MLP_GELU_TANH:
        add_gelu_tanh(b, x);
        break;
    case MLP_MISH:
        add_mish(b, x);
        break;
    case MLP_STEP:
        add_step(b, x);
        break;
    default:
        add_operator(b, activation, x);
        break;
    }
}
