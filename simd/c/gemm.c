/* SPDX-License-Identifier: MIT */
/* The three products of a training step: the specification of every other
 * instruction set's gemm.c. */
#include "fma.h"
#include "kernels.h"

#include <assert.h>

/* C[rows x 16*panels] = the chains of A . B, see kernels.h. */
static void chains(size_t rows, size_t panels, size_t k, const float *a, size_t a_stride,
                   const float *b, size_t b_stride, float *c, size_t c_stride, bool resume)
{
    assert(rows > 0 && panels > 0 && k > 0);
    assert(a_stride >= rows * MLP_NR && b_stride >= k * MLP_NR && c_stride >= rows * MLP_NR);
    for (size_t j = 0; j < panels; j++) {
        for (size_t r = 0; r < rows; r++) {
            float *row = c + j * c_stride + r * MLP_NR;
            float sum[MLP_NR];
            for (int l = 0; l < MLP_NR; l++)
                sum[l] = resume ? row[l] : 0.0f;
            for (size_t i = 0; i < k; i++) {
                float factor = a[i / MLP_NR * a_stride + r * MLP_NR + i % MLP_NR];
                const float *b_row = b + j * b_stride + i * MLP_NR;
                for (int l = 0; l < MLP_NR; l++)
                    sum[l] = mlp_fma(factor, b_row[l], sum[l]);
            }
            for (int l = 0; l < MLP_NR; l++)
                row[l] = sum[l];
        }
    }
}

void mlp_gemm_forward_c(size_t rows, size_t panels, size_t k, const float *a, size_t a_stride,
                        const float *b, size_t b_stride, float *c, size_t c_stride, bool resume,
                        const struct mlp_forward_epilogue *epilogue)
{
    chains(rows, panels, k, a, a_stride, b, b_stride, c, c_stride, resume);
    if (!epilogue)
        return;
    for (size_t j = 0; j < panels; j++) {
        float *panel = c + j * c_stride;
        const float *bias = epilogue->bias + j * MLP_NR;
        for (size_t i = 0; i < rows * MLP_NR; i++)
            panel[i] += bias[i % MLP_NR];
        if (epilogue->slope)
            mlp_activation_slope_c(epilogue->activation, rows * MLP_NR, panel, panel,
                                   epilogue->slope + j * epilogue->slope_stride);
        else
            mlp_activation_forward_c(epilogue->activation, rows * MLP_NR, panel, panel);
    }
}

void mlp_gemm_dx_c(size_t rows, size_t panels, size_t k, const float *a, size_t a_stride,
                   const float *b, size_t b_stride, float *c, size_t c_stride, bool resume,
                   const struct mlp_dx_epilogue *epilogue)
{
    chains(rows, panels, k, a, a_stride, b, b_stride, c, c_stride, resume);
    if (!epilogue)
        return;
    for (size_t j = 0; j < panels; j++) {
        float *panel = c + j * c_stride;
        const float *y = epilogue->y + j * epilogue->y_stride;
        if (!epilogue->by_slope)
            mlp_activation_backward_c(epilogue->activation, rows * MLP_NR, y, panel);
        for (size_t i = 0; epilogue->by_slope && i < rows * MLP_NR; i++)
            panel[i] *= y[i];
    }
}

void mlp_gemm_dw_c(size_t rows, size_t k, const float *a, size_t a_stride, const float *b,
                   bool resume, float *g, const struct mlp_update *update, float *w, float *m,
                   float *v)
{
    assert(rows > 0 && k > 0 && g);
    for (size_t r = 0; r < rows; r++) {
        const float *column = a + r / MLP_NR * a_stride + r % MLP_NR;
        float sum[MLP_NR];
        for (int l = 0; l < MLP_NR; l++)
            sum[l] = resume ? g[r * MLP_NR + l] : 0.0f;
        for (size_t s = 0; s < k; s++) {
            for (int l = 0; l < MLP_NR; l++)
                sum[l] = mlp_fma(column[s * MLP_NR], b[s * MLP_NR + l], sum[l]);
        }
        size_t at = r * MLP_NR;
        if (update)
            mlp_update_c(MLP_NR, update, sum, w + at, m ? m + at : NULL, v ? v + at : NULL);
        else
            for (int l = 0; l < MLP_NR; l++)
                g[at + l] = sum[l];
    }
}
