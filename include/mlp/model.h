/* SPDX-License-Identifier: MIT */
/* A network's weights: make, read, write, predict, save, load. */
#ifndef MLP_MODEL_H
#define MLP_MODEL_H

#include <mlp/dataset.h>
#include <mlp/spec.h>
#include <mlp/status.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mlp_model mlp_model;

/* Makes a model with weights drawn from `seed` as spec->init says: a pure
 * function of (spec, seed). The spec is copied. MLP_ERROR_USAGE where there is no
 * layer, a width is 0 or the classes (the last width) are not 2 to 256;
 * MLP_ERROR_INTERNAL where memory is short. */
MLP_API mlp_status mlp_model_create(const mlp_spec *spec, uint64_t seed, mlp_model **out,
                                    mlp_error *error);
MLP_API void mlp_model_destroy(mlp_model *model);

/* The spec, owned by the model. */
MLP_API const mlp_spec *mlp_model_spec(const mlp_model *model);

/* What u8 inputs are divided by before the first layer (255). */
MLP_API float mlp_model_input_divisor(const mlp_model *model);

/* Copies the weights of layer `layer` (below the spec's layer_count) to or from
 * plain row-major arrays of the caller's: weight [out][in], bias [out]. Either may
 * be NULL: left alone. */
MLP_API void mlp_model_get_layer(const mlp_model *model, size_t layer, float *weight, float *bias);
MLP_API void mlp_model_set_layer(mlp_model *model, size_t layer, const float *weight,
                                 const float *bias);

/* SHA-256 over the bits of all weights, little-endian, layer by layer: weight
 * in [out][in] order, then bias; 64 hex digits and a zero byte. */
MLP_API void mlp_model_fingerprint(const mlp_model *model, char out[65]);

/* Class probabilities of `count` samples: x row-major [count][inputs] (u8 is
 * divided by the model's divisor), probabilities [count][classes]. A sample's
 * bits do not depend on `count` or `threads` (0: the default number). Any
 * number of callers may share one model. MLP_ERROR_USAGE where threads are below 0
 * or above 4096, MLP_ERROR_INTERNAL where memory is short. */
MLP_API mlp_status mlp_model_predict_u8(const mlp_model *model, const uint8_t *x, size_t count,
                                        int threads, float *probabilities, mlp_error *error);
MLP_API mlp_status mlp_model_predict_f32(const mlp_model *model, const float *x, size_t count,
                                         int threads, float *probabilities, mlp_error *error);

/* What an evaluation found. */
typedef struct mlp_evaluation {
    double accuracy; /* fraction of 1 */
    double loss;     /* mean cross-entropy in nats */
    size_t correct, count;
} mlp_evaluation;

/* Evaluates on a data set, whose features and classes must fit the model
 * (MLP_ERROR_DATA). The class is the largest logit, the lowest index on a tie;
 * a sample with a NaN among its logits counts as wrong. */
MLP_API mlp_status mlp_model_evaluate(const mlp_model *model, const mlp_dataset *data, int threads,
                                      mlp_evaluation *out, mlp_error *error);

/* Saves as safetensors, with tensors as torch.nn.Sequential names them
 * ("0.weight" [out][in], "0.bias", "2.weight", ...) and the architecture in
 * __metadata__. Written to a temporary file in the same folder and renamed: a
 * failure leaves an existing file as it was. */
MLP_API mlp_status mlp_model_save(const mlp_model *model, const char *path, mlp_error *error);

/* Whether mlp_model_save could write `path`: tried with a temporary file, so
 * that hours of training are not lost to a missing folder. `path` is left alone. */
MLP_API mlp_status mlp_model_save_check(const char *path, mlp_error *error);

/* Loads what mlp_model_save wrote. MLP_ERROR_DATA says what is wrong. */
MLP_API mlp_status mlp_model_load(const char *path, mlp_model **out, mlp_error *error);

#ifdef __cplusplus
}
#endif

#endif
