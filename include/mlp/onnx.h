/* SPDX-License-Identifier: MIT */
/* Networks as ONNX files, the exchange format of other frameworks (https://onnx.ai). A library that
 * was built without it has these functions too; they fail with MLP_ERROR_USAGE and say so. */
#ifndef MLP_ONNX_H
#define MLP_ONNX_H

#include <mlp/model.h>
#include <mlp/status.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether this library was built with ONNX. */
MLP_API bool mlp_onnx_supported(void);

/* Zeroed: the defaults. */
typedef struct mlp_onnx_options {
    /* Of a model of classes: the graph ends in what turns the last layer's plain outputs into what
     * mlp_model_predict gives, Softmax, Sigmoid (binary cross-entropy) or a step (a perceptron of
     * one output). Without it the output is called "logits" and has plain scores. Values always are
     * what mlp_model_predict gives. */
    bool softmax;
} mlp_onnx_options;

/* Writes the network as a graph of IR version 8 and operator set 17 with one input, "input", float
 * [N][inputs], and one output, "logits" or "output", float [N][outputs]. Standardisation of inputs
 * and targets is part of the graph, dropout is not. The input is what mlp_model_predict_f32 takes:
 * bytes are not divided by the model's divisor in the graph. What the graph does not tell, such as
 * the loss, is in the metadata, so that mlp_model_import_onnx gives the same model again. The bytes
 * depend on the model and the options alone; options may be NULL. Written as mlp_model_save does.
 * MLP_ERROR_DATA for a model that has numbers which are not usable (mlp_model_bad_numbers),
 * MLP_ERROR_USAGE where the file would have 2 GiB or more, MLP_ERROR_INTERNAL where memory is
 * short or `path` cannot be written. */
MLP_API mlp_status mlp_model_export_onnx(const mlp_model *model, const char *path,
                                         const mlp_onnx_options *options, mlp_error *error);

/* Zeroed: the defaults. */
typedef struct mlp_onnx_import_options {
    /* The loss of a graph that was not written by mlp_model_export_onnx, of which it is
     * MLP_ERROR_USAGE. By default what ends it says: cross_entropy for Softmax,
     * binary_cross_entropy for Sigmoid, poisson for Exp, mse for anything else; of plain scores of
     * classes it cannot be told. */
    bool has_loss;
    mlp_loss loss;
} mlp_onnx_import_options;

/* Makes a model of a graph that is one chain of fully connected layers (Gemm, or MatMul and Add),
 * the activations of mlp/spec.h, as single operators or as exporters compose them of several,
 * LayerNormalization and BatchNormalization in front of an activation (epsilon 1e-5), an input that
 * is scaled (Sub or Add, then Mul or Div), values that are (Mul, then Add), and what changes
 * nothing: Identity, Dropout, Flatten, Reshape, Cast. Weights are float, float16 or double, in the
 * file or in files of its folder. Options may be NULL.
 * MLP_ERROR_DATA names the node and the operator that are no such chain, or what is damaged;
 * memory is in proportion to the files' sizes. MLP_ERROR_INTERNAL where a file cannot be read or
 * memory is short. *out is left alone on failure. */
MLP_API mlp_status mlp_model_import_onnx(const char *path, const mlp_onnx_import_options *options,
                                         mlp_model **out, mlp_error *error);

#ifdef __cplusplus
}
#endif

#endif
