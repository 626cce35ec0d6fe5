/* SPDX-License-Identifier: MIT */
/* A network's weights: make, read, write, predict, save, load. */
#ifndef MLP_MODEL_H
#define MLP_MODEL_H

#include <mlp/dataset.h>
#include <mlp/spec.h>
#include <mlp/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mlp_model mlp_model;

/* Makes a model with weights drawn from `seed` as spec->init says: a pure
 * function of (spec, seed). The spec is copied. MLP_ERROR_USAGE where there is no
 * layer, a width is 0, the last layer does not fit the loss, or a number is out of range;
 * MLP_ERROR_INTERNAL where memory is short. */
MLP_API mlp_status mlp_model_create(const mlp_spec *spec, uint64_t seed, mlp_model **out,
                                    mlp_error *error);
MLP_API void mlp_model_destroy(mlp_model *model);

/* A copy of its own; NULL where memory is short. */
MLP_API mlp_model *mlp_model_copy(const mlp_model *model);

/* The spec, owned by the model. */
MLP_API const mlp_spec *mlp_model_spec(const mlp_model *model);

/* Inputs of the first layer, units of the last. */
MLP_API size_t mlp_model_inputs(const mlp_model *model);
MLP_API size_t mlp_model_outputs(const mlp_model *model);

/* Classes that the model tells apart: its outputs, 2 where it has one output, 0 where its loss
 * is about values. */
MLP_API size_t mlp_model_classes(const mlp_model *model);

/* What class `class_index` is called, UTF-8, owned by the model; NULL where classes have no names
 * but their numbers. Names come from the data that the model is trained on, where they have as many
 * classes as the model, and are kept in its files. */
MLP_API const char *mlp_model_class_name(const mlp_model *model, size_t class_index);

/* What the table that the model was trained on calls its columns, owned by the model and kept in
 * its files; NULL where they are not known. For mlp_source_options. */
MLP_API const mlp_columns *mlp_model_columns(const mlp_model *model);

/* Inputs that layer `layer` takes, from 0. */
MLP_API size_t mlp_model_layer_inputs(const mlp_model *model, size_t layer);

/* Parameters that training changes. */
MLP_API uint64_t mlp_model_parameters(const mlp_model *model);

/* How many of its numbers are NaN, infinite or negative variances; 0 unless it was imported for
 * inspection (mlp_import_options.any_numbers), whatever its layers have been set to since. */
MLP_API size_t mlp_model_bad_numbers(const mlp_model *model);

/* What u8 inputs are divided by before the first layer (255). */
MLP_API float mlp_model_input_divisor(const mlp_model *model);

/* Copies the weights of layer `layer` (below the spec's layer_count) to or from
 * plain row-major arrays of the caller's: weight [out][in], bias [out]. Either may
 * be NULL: left alone. */
MLP_API void mlp_model_get_layer(const mlp_model *model, size_t layer, float *weight, float *bias);
MLP_API void mlp_model_set_layer(mlp_model *model, size_t layer, const float *weight,
                                 const float *bias);

/* The same for what normalises a layer: scale (gamma), shift (beta) and, of batch
 * normalisation, running mean and variance, [out] each. NULL is left alone; layers without
 * such an array leave the caller's alone. */
MLP_API void mlp_model_get_norm(const mlp_model *model, size_t layer, float *scale, float *shift,
                                float *mean, float *variance);
MLP_API void mlp_model_set_norm(mlp_model *model, size_t layer, const float *scale,
                                const float *shift, const float *mean, const float *variance);

/* Standardisation: from now on the model takes (x - mean) / deviation in place of each input x
 * (of u8 after the division), with mean and standard deviation over `data`; a feature that is
 * constant there becomes 0. With `targets`, the model likewise learns standardised target values,
 * and predicts in the data's own units. The numbers are part of the model. MLP_ERROR_DATA where
 * features or targets do not fit, MLP_ERROR_USAGE for targets that are shares of classes or counts
 * (mlp_model_scales_targets), MLP_ERROR_INTERNAL where memory is short. */
MLP_API mlp_status mlp_model_standardize(mlp_model *model, const mlp_dataset *data, bool targets,
                                         mlp_error *error);

/* Whether the loss is one whose targets can be standardised: MSE, MAE or Huber. */
MLP_API bool mlp_model_scales_targets(const mlp_model *model);

/* Means and inverse deviations of the inputs [inputs] and means and deviations of the targets
 * [outputs]; NULL where there are none. */
typedef struct mlp_scaling {
    const float *input_mean, *input_factor;
    const float *target_mean, *target_scale;
} mlp_scaling;
MLP_API mlp_scaling mlp_model_scaling(const mlp_model *model);

/* SHA-256 over the bits of all weights, little-endian, layer by layer: weight
 * in [out][in] order, bias, then scale, shift, running mean and variance where there are any; then
 * the scaling where there is one; 64 hex digits and a zero byte. */
MLP_API void mlp_model_fingerprint(const mlp_model *model, char out[65]);

/* Outputs of `count` samples, [count][outputs]: probabilities of classes (cross-entropies; of
 * the class 1 where there is one output), predicted values, 0 or 1 (a perceptron of one output), or
 * scores (hinge, a perceptron of several). x is row-major [count][inputs] (u8 is divided by the
 * model's divisor). A sample's bits do not depend on `count` or `threads` (0: the default number).
 * Any number of callers may share one model.
 * MLP_ERROR_USAGE where threads are below 0 or above 4096, MLP_ERROR_DATA for a model with numbers
 * that are not usable (mlp_model_bad_numbers), MLP_ERROR_INTERNAL where memory is short. */
MLP_API mlp_status mlp_model_predict_u8(const mlp_model *model, const uint8_t *x, size_t count,
                                        int threads, float *outputs, mlp_error *error);
MLP_API mlp_status mlp_model_predict_f32(const mlp_model *model, const float *x, size_t count,
                                         int threads, float *outputs, mlp_error *error);

/* The same for a data set, whose features must fit the model (MLP_ERROR_DATA). */
MLP_API mlp_status mlp_model_predict(const mlp_model *model, const mlp_dataset *data, int threads,
                                     float *outputs, mlp_error *error);

/* The class that a sample's outputs [outputs] name: the largest, the lowest index on a tie; of
 * one output whether it reaches 0 (hinge) or 1/2. */
MLP_API size_t mlp_model_class(const mlp_model *model, const float *outputs);

/* What an evaluation found. */
typedef struct mlp_evaluation {
    double loss;     /* mean, without penalties and smoothing, weighted as the samples are */
    double accuracy; /* of classes, fraction of 1; else NaN */
    double r2;       /* of values, mean over the targets: 1 - residual / total; else NaN */
    size_t correct, count;
} mlp_evaluation;

/* Evaluates on a data set, which must fit the model (MLP_ERROR_DATA). The class is that of
 * mlp_model_class; a sample with a NaN among its outputs counts as wrong. */
MLP_API mlp_status mlp_model_evaluate(const mlp_model *model, const mlp_dataset *data, int threads,
                                      mlp_evaluation *out, mlp_error *error);

/* Saves as safetensors, with tensors as torch.nn.Sequential names them
 * ("0.weight" [out][in], "0.bias", "2.weight", ...) and in __metadata__ the architecture and test
 * vectors: three inputs and the bits that the model predicts of them. Written to a temporary file
 * in the same folder and renamed: a failure leaves an existing file as it was.
 * MLP_ERROR_DATA for a model with numbers that are not usable, MLP_ERROR_INTERNAL where memory is
 * short or the file cannot be written. */
MLP_API mlp_status mlp_model_save(const mlp_model *model, const char *path, mlp_error *error);

/* Whether mlp_model_save could write `path`: tried with a temporary file, so
 * that hours of training are not lost to a missing folder. `path` is left alone. */
MLP_API mlp_status mlp_model_save_check(const char *path, mlp_error *error);

/* Loads what mlp_model_save wrote. MLP_ERROR_DATA says what is wrong. The file is mapped: where
 * another process cuts it short meanwhile, SIGBUS is raised. The fingerprint that the file names is
 * compared with that of its weights in files of up to 64 MiB alone: hashing takes far longer than
 * all the rest of loading. The test vectors are computed in files of any size, which reads the
 * weights once more: a single other bit is MLP_ERROR_DATA. */
MLP_API mlp_status mlp_model_load(const char *path, mlp_model **out, mlp_error *error);

/* The fingerprint that the file of a loaded model names, where loading did not compare it; NULL
 * where it did, where there is none, and after the weights have been changed. The file is whole
 * where it is what mlp_model_fingerprint says. */
MLP_API const char *mlp_model_claimed_fingerprint(const mlp_model *model);

#ifdef __cplusplus
}
#endif

#endif
