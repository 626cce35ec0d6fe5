/* SPDX-License-Identifier: MIT */
/* A safetensors file that is being made: first its header is declared, then its data is filled. */
#ifndef MLP_SRC_FORMATS_SAFETENSORS_WRITER_H
#define MLP_SRC_FORMATS_SAFETENSORS_WRITER_H

#include "safetensors.h"

#include <jansson.h>
#include <stdbool.h>

/* Starts with mlp_st_writer_begin, ends with mlp_st_writer_end. What fails in between, for lack of
 * memory alone, is told by mlp_st_writer_allocate. */
struct mlp_st_writer {
    json_t *root, *metadata; /* metadata belongs to root */
    size_t data_size;        /* bytes of the tensors so far */
    bool failed;
    unsigned char *file; /* the whole of it, mlp_alloc'ed; NULL until it is allocated */
    size_t size;         /* of it */
    size_t header_size;
    unsigned char *data; /* within it */
};

void mlp_st_writer_begin(struct mlp_st_writer *w);
void mlp_st_writer_end(struct mlp_st_writer *w);

/* A key of the metadata; keys keep their order. NULL is a failure. */
void mlp_st_writer_text(struct mlp_st_writer *w, const char *key, const char *text);

/* A tensor of type "F32" or "F64" of 1 or 2 dimensions (columns 0: 1 dimension), whose bytes follow
 * those of the one before; returns where they begin within the data. F64 goes before F32, so that
 * all are aligned. */
size_t mlp_st_writer_tensor(struct mlp_st_writer *w, const char *name, const char *type,
                            size_t rows, size_t columns);

/* Makes the file, header included; the data is to be filled. False where memory is short, or
 * where header_size is more than MLP_ST_MAX_HEADER. */
bool mlp_st_writer_allocate(struct mlp_st_writer *w);

/* The keys of a model's metadata, but for its fingerprint, which takes as long as all else. */
void mlp_st_writer_model(struct mlp_st_writer *w, const mlp_model *model);

/* A model's tensors, under names that begin with `prefix`; returns where they begin. Then their
 * bytes. */
size_t mlp_st_writer_tensors(struct mlp_st_writer *w, const mlp_model *model, const char *prefix);
void mlp_st_writer_fill(const mlp_model *model, unsigned char *to);

/* All of a model's file, mlp_alloc'ed. Fails where memory is short, and as mlp_model_predict_f32.
 */
mlp_status mlp_st_model_bytes(const mlp_model *model, unsigned char **bytes, size_t *size,
                              mlp_error *error);

#endif
