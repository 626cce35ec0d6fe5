/* SPDX-License-Identifier: MIT */
/* Models as safetensors files (https://github.com/huggingface/safetensors, "Format"): eight bytes
 * with the header's length, little-endian; the header, a JSON object that gives each tensor's
 * type, shape and byte range; the data.
 *
 * Tensors are named as torch.nn.Sequential names them: a layer is the modules Linear, LayerNorm or
 * BatchNorm1d where it is normalised, the activation (identity too) and Dropout where it has one.
 * What the tensors do not tell is in __metadata__, all of it strings. The bytes are a function of
 * the model alone. */
#ifndef MLP_SRC_FORMATS_SAFETENSORS_H
#define MLP_SRC_FORMATS_SAFETENSORS_H

#include "model.h"

enum {
    MLP_ST_LENGTH_BYTES = 8,
    MLP_ST_MAX_HEADER = 100000000, /* the specification's own limit */
    MLP_ST_TEXT = 64,              /* of a tensor's name, or of a number or name in a list */
    MLP_ST_FINGERPRINT = 65,
    MLP_ST_HASHED_SIZE = 64 << 20, /* files up to it: loading computes the fingerprint */
};

#define MLP_ST_METADATA "__metadata__"
#define MLP_ST_VERSION "1"

/* --- Tensors ----------------------------------------------------------------- */

/* Modules that a layer takes in nn.Sequential. */
size_t mlp_st_modules(const mlp_layer_spec *layer);

/* Tensors of a layer: part 0 is the weight [out][in], part i + 1 is mlp_layer_vector i, [out]. */
size_t mlp_st_parts(mlp_norm norm);

/* The name of a part of the layer whose Linear is module `module`. */
void mlp_st_tensor_name(char name[MLP_ST_TEXT], size_t module, size_t part);

/* --- Metadata ---------------------------------------------------------------- */

/* Key i of those that tell of the model (mlp.fingerprint is not among them); NULL past the end. */
const char *mlp_st_key(size_t i);

/* Whether the model is not complete without key i: it has something that is not the default. */
bool mlp_st_needs_key(const mlp_model *model, size_t i);

/* Its text for the model: items with commas between them, mlp_alloc'ed; NULL where memory is
 * short. */
char *mlp_st_text(const mlp_model *model, size_t i);

/* A float as the shortest decimal that is read as the same float, with a decimal point in every
 * locale; false where memory is short. */
bool mlp_st_write_decimal(char text[MLP_ST_TEXT], float value);

/* False where `text` is not a decimal number. */
bool mlp_st_read_decimal(const char *text, float *value);

/* A float's bits as 8 hex digits, and back; false where `text` is anything else. */
void mlp_st_write_bits(char text[MLP_ST_TEXT], float value);
bool mlp_st_read_bits(const char *text, float *value);

#endif
