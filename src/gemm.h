/* SPDX-License-Identifier: MIT */
/* Whole products from kernels: the blocking of K and of wide results. */
#ifndef MLP_SRC_GEMM_H
#define MLP_SRC_GEMM_H

#include "kernels.h"

/* The most rows of a weight gradient that are updated as one: ten panels of samples
 * stay in the second-level cache, and AVX-512's tiles of 16 rows fill it. */
#define MLP_DW_ROWS 160

/* A gradient of `rows` rows is cut into so many chunks of MLP_DW_ROWS; the last
 * one has what is left. */
size_t mlp_dw_chunks(size_t rows);

/* Chunk i goes from this row to where chunk i + 1 would start. */
size_t mlp_dw_chunk_start(size_t rows, size_t i);

/* Floats between panels of `rows` rows: a little more than 16 * rows, so that
 * equal rows of neighbouring panels fall into different sets of the cache. */
size_t mlp_panel_stride(size_t rows);

/* C = activation(A . B + bias) over any k; shapes as mlp_gemm_forward_fn. */
void mlp_forward_product(const struct mlp_kernels *kernels, size_t rows, size_t panels, size_t k,
                         const float *a, size_t a_stride, const float *b, size_t b_stride, float *c,
                         size_t c_stride, const struct mlp_forward_epilogue *epilogue);

/* C = (A . B) * activation'(y) over any k; shapes as mlp_gemm_dx_fn. */
void mlp_dx_product(const struct mlp_kernels *kernels, size_t rows, size_t panels, size_t k,
                    const float *a, size_t a_stride, const float *b, size_t b_stride, float *c,
                    size_t c_stride, const struct mlp_dx_epilogue *epilogue);

/* W updated with A^T . B over any k; rows <= MLP_DW_ROWS; shapes as
 * mlp_gemm_dw_fn. g is [rows][16]: scratch, or without an update (NULL) the gradient. */
void mlp_dw_product(const struct mlp_kernels *kernels, size_t rows, size_t k, const float *a,
                    size_t a_stride, const float *b, float *g, const struct mlp_update *update,
                    float *w, float *m, float *v);

#endif
