/* SPDX-License-Identifier: MIT */
/* Making of an ONNX graph: messages in blocks that are freed together. */
#ifndef MLP_SRC_FORMATS_ONNX_GRAPH_H
#define MLP_SRC_FORMATS_ONNX_GRAPH_H

#include "onnx.h"

struct mlp_onnx_block;

/* A graph that grows at its end; starts zeroed. Once memory has run short, or a list is full, all
 * that follows does nothing, and `failed` is set. */
struct mlp_onnx_builder {
    struct mlp_onnx_block *blocks;
    bool failed;
    size_t most_nodes, most_tensors;
    mlp_onnx_graph *graph;
    const char *last; /* the name of the graph's value so far */
    unsigned scalars; /* bit i: scalar i is an initializer already */
};

/* Begins a graph of at most so many nodes and tensors. */
void mlp_onnx_builder_begin(struct mlp_onnx_builder *b, size_t most_nodes, size_t most_tensors);
void mlp_onnx_builder_end(struct mlp_onnx_builder *b);

/* size > 0 bytes, zeroed, that live as long as the builder; NULL where memory is short. */
void *mlp_onnx_take(struct mlp_onnx_builder *b, size_t size);
char *mlp_onnx_copy_text(struct mlp_onnx_builder *b, const char *text);

/* Adds the tensor `name` of these floats, rows x columns or, where columns is 0, [rows]; both 0: a
 * scalar. */
void mlp_onnx_add_tensor(struct mlp_onnx_builder *b, const char *name, const float *values,
                         size_t rows, size_t columns);

/* Adds a node with inputs a, b and c, of which the later ones may be NULL, and returns the name of
 * its output, which `last` is then as well. "" where it failed. */
const char *mlp_onnx_add_node(struct mlp_onnx_builder *b, const char *op, const char *first,
                              const char *second, const char *third);

/* Gives the newest node one more input, or an attribute. */
void mlp_onnx_add_input(struct mlp_onnx_builder *b, const char *name);
void mlp_onnx_add_float(struct mlp_onnx_builder *b, const char *name, float value);
void mlp_onnx_add_int(struct mlp_onnx_builder *b, const char *name, int64_t value);

/* Adds the nodes of an activation to the graph's end. */
void mlp_onnx_add_activation(struct mlp_onnx_builder *b, mlp_activation activation);

#endif
