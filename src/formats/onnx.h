/* SPDX-License-Identifier: MIT */
/* What writing and reading of ONNX files have in common. */
#ifndef MLP_SRC_FORMATS_ONNX_H
#define MLP_SRC_FORMATS_ONNX_H

#include "model.h"
#include "onnx.pb-c.h"

#define MLP_ONNX_OPSET 17
#define MLP_ONNX_IR 8
#define MLP_ONNX_VERSION "1"

/* A protobuf message has fewer bytes. */
#define MLP_ONNX_LIMIT 0x7fffffff

/* Element types, TensorProto.DataType. */
enum {
    MLP_ONNX_FLOAT = 1,
    MLP_ONNX_INT64 = 7,
    MLP_ONNX_FLOAT16 = 10,
    MLP_ONNX_DOUBLE = 11,
};

/* Kinds of attributes, AttributeProto.AttributeType. */
enum {
    MLP_ONNX_ATTRIBUTE_FLOAT = 1,
    MLP_ONNX_ATTRIBUTE_INT = 2,
};

/* Numbers of composed activations. */
#define MLP_ONNX_ROOT_HALF 0.70710678118654752
#define MLP_ONNX_ROOT_2_OVER_PI 0.79788456080286536
#define MLP_ONNX_CUBIC 0.044715
#define MLP_ONNX_SIXTH (1.0f / 6)

typedef MlpOnnx__AttributeProto mlp_onnx_attribute;
typedef MlpOnnx__GraphProto mlp_onnx_graph;
typedef MlpOnnx__ModelProto mlp_onnx_model;
typedef MlpOnnx__NodeProto mlp_onnx_node;
typedef MlpOnnx__StringStringEntryProto mlp_onnx_entry;
typedef MlpOnnx__TensorProto mlp_onnx_tensor;
typedef MlpOnnx__ValueInfoProto mlp_onnx_value_info;

/* Key i of mlp_st_key is part of a file's metadata: scaling is in the graph. */
bool mlp_onnx_keeps_key(size_t i);

#endif
