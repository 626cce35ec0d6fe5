/* SPDX-License-Identifier: MIT */
#include "gemm.h"

#include <stddef.h>

/* Panels of a result that are worked on while a block of A stays in the
 * second-level cache. */
enum { PANEL_GROUP = 16 };

size_t mlp_panel_stride(size_t rows)
{
    /* 6 lines past a multiple of 16: panels then start in sets 6 (mod 16) apart
     * and the six rows of a tile never meet those of the next few panels. */
    size_t padded = (rows + 9) / 16 * 16 + 6;
    return padded * MLP_NR;
}

/* The largest share of k, a multiple of the panel width, when it is cut evenly
 * into blocks of about kc: 784 with kc 256 gives 272, 272, 240. */
static size_t k_block(const struct mlp_kernels *kernels, size_t k)
{
    if (k <= kernels->k_whole)
        return k;
    size_t longest = kernels->kc + kernels->kc / 8;
    size_t blocks = (k + longest - 1) / longest;
    size_t share = (k + blocks - 1) / blocks;
    return (share + MLP_NR - 1) / MLP_NR * MLP_NR;
}

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t mlp_dw_chunks(size_t rows)
{
    return (rows + MLP_DW_ROWS - 1) / MLP_DW_ROWS;
}

size_t mlp_dw_chunk_start(size_t rows, size_t i)
{
    return min_size(i * MLP_DW_ROWS, rows);
}

void mlp_forward_product(const struct mlp_kernels *kernels, size_t rows, size_t panels, size_t k,
                         const float *a, size_t a_stride, const float *b, size_t b_stride, float *c,
                         size_t c_stride, const struct mlp_forward_epilogue *epilogue)
{
    size_t block = k_block(kernels, k);
    for (size_t j = 0; j < panels; j += PANEL_GROUP) {
        struct mlp_forward_epilogue last = *epilogue;
        last.bias += j * MLP_NR;
        if (last.slope)
            last.slope += j * last.slope_stride;
        for (size_t i = 0; i < k; i += block)
            kernels->gemm_forward(rows, min_size(PANEL_GROUP, panels - j), min_size(block, k - i),
                                  a + i / MLP_NR * a_stride, a_stride,
                                  b + j * b_stride + i * MLP_NR, b_stride, c + j * c_stride,
                                  c_stride, i > 0, i + block >= k ? &last : NULL);
    }
}

void mlp_dx_product(const struct mlp_kernels *kernels, size_t rows, size_t panels, size_t k,
                    const float *a, size_t a_stride, const float *b, size_t b_stride, float *c,
                    size_t c_stride, const struct mlp_dx_epilogue *epilogue)
{
    size_t block = k_block(kernels, k);
    for (size_t j = 0; j < panels; j += PANEL_GROUP) {
        struct mlp_dx_epilogue last = *epilogue;
        last.y += j * last.y_stride;
        for (size_t i = 0; i < k; i += block)
            kernels->gemm_dx(rows, min_size(PANEL_GROUP, panels - j), min_size(block, k - i),
                             a + i / MLP_NR * a_stride, a_stride, b + j * b_stride + i * MLP_NR,
                             b_stride, c + j * c_stride, c_stride, i > 0,
                             i + block >= k ? &last : NULL);
    }
}

void mlp_dw_product(const struct mlp_kernels *kernels, size_t rows, size_t k, const float *a,
                    size_t a_stride, const float *b, float *g, const struct mlp_update *update,
                    float *w, float *m, float *v)
{
    size_t block = k_block(kernels, k);
    for (size_t s = 0; s < k; s += block)
        kernels->gemm_dw(rows, min_size(block, k - s), a + s * MLP_NR, a_stride, b + s * MLP_NR,
                         s > 0, g, s + block >= k ? update : NULL, w, m, v);
}
