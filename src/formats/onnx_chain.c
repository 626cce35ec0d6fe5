/* SPDX-License-Identifier: MIT */
/* What nodes make of the chain: scaling of the input, layers, and what restores values. */
#include "onnx_source.h"

enum { MOST_EXTERNAL = 1000 }; /* layers whose weights are compared with each other's places */

static struct mlp_onnx_layer *last_layer(const struct mlp_onnx_source *s)
{
    return s->layer_count > 0 ? &s->layers[s->layer_count - 1] : NULL;
}

/* Nothing may follow what belongs to the end of the chain, and only scaling what is not flat. */
static mlp_status check_open(const struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    if (s->target_scale || s->target_mean || s->exponential)
        return MLP_ONNX_FAIL_NODE(s, node, "%s",
                                  "comes after what scales the last layer's outputs, expected "
                                  "the end of the graph");
    if (!s->flat)
        return MLP_ONNX_FAIL_NODE(s, node, "%s",
                                  "samples of more than one dimension, expected a Flatten first");
    return MLP_OK;
}

/* Whether the tensor gives one number to each of `width` columns, or one to all of them. */
static mlp_status check_vector(const struct mlp_onnx_source *s, const mlp_onnx_node *node,
                               const mlp_onnx_tensor *tensor, size_t width, bool one_will_do)
{
    size_t count;
    mlp_status status = mlp_onnx_check_floats(s, tensor, &count);
    if (status != MLP_OK)
        return status;
    bool fits = tensor->n_dims <= 2 && (width == 0 || count == width);
    for (size_t i = 0; i + 1 < tensor->n_dims; i++)
        fits = fits && tensor->dims[i] == 1;
    if (fits || (one_will_do && count == 1 && tensor->n_dims <= 2))
        return MLP_OK;
    return MLP_ONNX_FAIL_NODE(s, node, "tensor '%.100s' has %zu elements, expected a row of %zu",
                              mlp_onnx_text(tensor->name), count, width);
}

/* --- Layers ------------------------------------------------------------------ */

/* Whether both are the same bytes of a file, whatever its name, in part. */
static bool overlap(const struct mlp_onnx_place *a, const struct mlp_onnx_place *b)
{
    return a->begin < b->end && b->begin < a->end && a->device == b->device && a->file == b->file;
}

/* Weights are not shared: memory stays in proportion to what the files hold. */
static mlp_status check_external(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                                 const mlp_onnx_tensor *weight, size_t count,
                                 struct mlp_onnx_place *place)
{
    if (!mlp_onnx_is_external(weight))
        return MLP_OK;
    if (++s->external_weights > MOST_EXTERNAL)
        return MLP_ONNX_FAIL_NODE(s, node, "more than %d layers have their weights in other files",
                                  MOST_EXTERNAL);
    mlp_status status = mlp_onnx_find_place(s, weight, count, place);
    for (size_t l = 0; l < s->layer_count && status == MLP_OK; l++) {
        const struct mlp_onnx_layer *other = &s->layers[l];
        if (overlap(place, &other->place))
            return MLP_ONNX_FAIL_NODE(
                s, node, "the data of '%.100s' are also those of '%.100s', expected its own",
                mlp_onnx_text(weight->name), mlp_onnx_text(other->weight->name));
    }
    return status;
}

static mlp_status check_weight(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                               const struct mlp_onnx_value *weight, struct mlp_onnx_place *place)
{
    size_t count;
    if (weight->kind != MLP_ONNX_CONSTANT)
        return MLP_ONNX_FAIL_NODE(s, node, "'%.100s' is not constant, expected weights",
                                  weight->name);
    if (*weight->taken)
        return MLP_ONNX_FAIL_NODE(s, node, "the weights '%.100s' are another layer's too",
                                  weight->name);
    if (weight->tensor->n_dims != 2)
        return MLP_ONNX_FAIL_NODE(s, node, "the weights '%.100s' have %zu dimensions, expected 2",
                                  weight->name, weight->tensor->n_dims);
    mlp_status status = mlp_onnx_check_floats(s, weight->tensor, &count);
    return status == MLP_OK ? check_external(s, node, weight->tensor, count, place) : status;
}

mlp_status mlp_onnx_chain_product(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                                  struct mlp_onnx_value *weight, bool transposed, float alpha)
{
    struct mlp_onnx_place place = {0};
    mlp_status status = check_open(s, node);
    if (status == MLP_OK)
        status = check_weight(s, node, weight, &place);
    if (status != MLP_OK)
        return status;
    size_t rows = (size_t)weight->tensor->dims[0], columns = (size_t)weight->tensor->dims[1];
    size_t in = transposed ? columns : rows;
    size_t expected = s->layer_count > 0 ? last_layer(s)->out : s->features;
    if (expected > 0 && in != expected)
        return MLP_ONNX_FAIL_NODE(s, node, "the weights '%.100s' take %zu inputs, expected %zu",
                                  weight->name, in, expected);
    *weight->taken = true;
    s->layers[s->layer_count++] = (struct mlp_onnx_layer){
        .in = in,
        .out = transposed ? rows : columns,
        .weight = weight->tensor,
        .place = place,
        .transposed = transposed,
        .alpha = alpha,
        .beta = 1,
    };
    return mlp_onnx_set_end(s, node);
}

mlp_status mlp_onnx_chain_bias(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                               const mlp_onnx_tensor *bias, float beta)
{
    struct mlp_onnx_layer *layer = last_layer(s);
    mlp_status status = check_vector(s, node, bias, layer->out, true);
    if (status != MLP_OK)
        return status;
    layer->vectors[0] = bias;
    layer->beta = beta;
    return mlp_onnx_set_end(s, node);
}

mlp_status mlp_onnx_chain_norm(struct mlp_onnx_source *s, const mlp_onnx_node *node, mlp_norm norm,
                               const mlp_onnx_tensor *const *vectors)
{
    struct mlp_onnx_layer *layer = last_layer(s);
    mlp_status status = check_open(s, node);
    if (status != MLP_OK)
        return status;
    if (!layer || layer->norm != MLP_NORM_NONE || layer->activated)
        return MLP_ONNX_FAIL_NODE(s, node, "%s",
                                  "expected only between a layer's product and "
                                  "its activation");
    for (size_t i = 1; i < MLP_VECTORS && status == MLP_OK; i++) {
        layer->vectors[i] = vectors[i - 1];
        if (vectors[i - 1])
            status = check_vector(s, node, vectors[i - 1], layer->out, false);
    }
    layer->norm = norm;
    return status == MLP_OK ? mlp_onnx_set_end(s, node) : status;
}

mlp_status mlp_onnx_chain_activate(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                                   mlp_activation activation)
{
    struct mlp_onnx_layer *layer = last_layer(s);
    mlp_status status = check_open(s, node);
    if (status != MLP_OK)
        return status;
    if (!layer || layer->activated)
        return MLP_ONNX_FAIL_NODE(s, node, "%s comes %s, expected a layer between",
                                  mlp_activation_name(activation),
                                  layer ? "after another activation" : "first");
    layer->activation = activation;
    layer->activated = true;
    return mlp_onnx_set_end(s, node);
}

/* --- Scaling ----------------------------------------------------------------- */

mlp_status mlp_onnx_chain_exp(struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    const struct mlp_onnx_layer *layer = last_layer(s);
    mlp_status status = check_open(s, node);
    if (status != MLP_OK)
        return status;
    if (!layer || layer->activated)
        return MLP_ONNX_FAIL_NODE(s, node, "%s", "expected only after the last layer");
    s->exponential = true;
    return mlp_onnx_set_end(s, node);
}

static mlp_status fail_scaling(const struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    return MLP_ONNX_FAIL_NODE(s, node, "%s",
                              "expected a bias, or Sub or Add, then Mul or Div of the input, or "
                              "Mul, then Add of the last layer's outputs");
}

/* Scaling of a sample that is not flat is by one number. */
static mlp_status scale_input(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                              const mlp_onnx_tensor *tensor)
{
    mlp_status status = check_vector(s, node, tensor, s->flat ? s->features : 1, true);
    return status == MLP_OK ? mlp_onnx_set_end(s, node) : status;
}

mlp_status mlp_onnx_chain_add(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                              const mlp_onnx_tensor *tensor, bool subtracts)
{
    struct mlp_onnx_layer *layer = last_layer(s);
    if (!layer) {
        if (s->input_shift || s->input_factor)
            return fail_scaling(s, node);
        s->input_shift = tensor;
        s->input_adds = !subtracts;
        return scale_input(s, node, tensor);
    }
    if (subtracts || s->target_mean || s->exponential)
        return fail_scaling(s, node);
    if (!layer->vectors[0] && layer->norm == MLP_NORM_NONE && !layer->activated && !s->target_scale)
        return mlp_onnx_chain_bias(s, node, tensor, 1);
    s->target_mean = tensor;
    mlp_status status = check_vector(s, node, tensor, layer->out, true);
    return status == MLP_OK ? mlp_onnx_set_end(s, node) : status;
}

mlp_status mlp_onnx_chain_multiply(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                                   const mlp_onnx_tensor *tensor, bool divides)
{
    struct mlp_onnx_layer *layer = last_layer(s);
    if (!layer) {
        if (s->input_factor)
            return fail_scaling(s, node);
        s->input_factor = tensor;
        s->input_divides = divides;
        return scale_input(s, node, tensor);
    }
    if (divides || s->target_scale || s->target_mean || s->exponential)
        return fail_scaling(s, node);
    s->target_scale = tensor;
    mlp_status status = check_vector(s, node, tensor, layer->out, true);
    return status == MLP_OK ? mlp_onnx_set_end(s, node) : status;
}
