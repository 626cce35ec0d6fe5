/* SPDX-License-Identifier: MIT */
/* ONNX files made by hand. */
#ifndef MLP_TESTS_ONNX_FILES_H
#define MLP_TESTS_ONNX_FILES_H

#include "formats/onnx_graph.h"

#include <mlp/onnx.h>

/* A graph that grows by mlp_onnx_add_node and its like; values and the file's own fields may be
 * changed before it is written. Starts with the tensors "w" [3][2], "wt" [2][3] (its transpose),
 * "v" [2][3], "b" [3], "b2" [2], "one" to scale by, and the numbers of compositions. */
struct onnx_graph {
    struct mlp_onnx_builder b;
    mlp_onnx_model file;
    MlpOnnx__OperatorSetIdProto opset, *opsets[1];
    mlp_onnx_value_info input, output, *inputs[2], *outputs[2];
    MlpOnnx__TypeProto type;
    MlpOnnx__TypeProto__Tensor tensor_type;
    MlpOnnx__TensorShapeProto shape;
    MlpOnnx__TensorShapeProto__Dimension dims[4], *dim_list[4];
    mlp_onnx_entry entries[4], *entry_list[4];
};

void onnx_begin(struct onnx_graph *g);

/* A node whose only other operand is `second`; returns the output's name. */
const char *onnx_node(struct onnx_graph *g, const char *op, const char *second);

/* Writes the folder's "model.onnx", whose output is the last node's, and frees the graph. */
void onnx_end(struct onnx_graph *g);

/* The same, then: reading it works, and returns the model; or fails for its content with one line
 * that names the file and says `reason`, and leaves nothing allocated. */
mlp_model *onnx_good(struct onnx_graph *g);
void onnx_bad(struct onnx_graph *g, const char *reason);

/* As onnx_bad for a file of any name. */
void onnx_expect_bad(const char *path, const char *reason);

/* Appends a layer 2 -> 3 of "w" and "b"; or begins a graph with it, and for what is to be its
 * activation with the weights "v_t" [3][2] too; returns the layer's output. */
void onnx_add_gemm(struct onnx_graph *g);
void onnx_begin_gemm(struct onnx_graph *g);
const char *onnx_begin_activation(struct onnx_graph *g);

/* Whether weights and bias of layer 0 are "w" times `alpha` and "b" times `beta`; of a model, or
 * of the graph when it has been written and read. */
void onnx_assert_layer(const mlp_model *model, float alpha, float beta);
void onnx_expect_layer(struct onnx_graph *g, float alpha, float beta);

/* An int64 tensor of one dimension. */
void onnx_add_ints(struct onnx_graph *g, const char *name, const int64_t *values, size_t count);

/* The newest tensor and node. */
mlp_onnx_tensor *onnx_tensor(struct onnx_graph *g);
mlp_onnx_node *onnx_newest(struct onnx_graph *g);

#endif
