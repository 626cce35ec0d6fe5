/* SPDX-License-Identifier: MIT */
/* The product of plain arrays: the specification of every other instruction set's
 * plain.c. */
#include "fma.h"
#include "kernels.h"

#include <assert.h>

void mlp_gemm_plain_c(size_t rows, size_t columns, size_t k, bool transposed, const float *a,
                      size_t a_leading, const float *b, size_t b_stride, size_t b_row, float *c,
                      size_t c_leading, bool resume)
{
    assert(rows > 0 && columns > 0 && k > 0);
    assert(a_leading >= (transposed ? rows : k) && c_leading >= columns);
    assert(b_row >= MLP_NR && b_stride >= MLP_NR);
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < columns; j += MLP_NR) {
            size_t width = columns - j < MLP_NR ? columns - j : MLP_NR;
            const float *panel = b + j / MLP_NR * b_stride;
            float *to = c + r * c_leading + j, sum[MLP_NR];
            for (size_t l = 0; l < width; l++)
                sum[l] = resume ? to[l] : 0.0f;
            for (size_t i = 0; i < k; i++) {
                float factor = transposed ? a[i * a_leading + r] : a[r * a_leading + i];
                for (size_t l = 0; l < width; l++)
                    sum[l] = mlp_fma(factor, panel[i * b_row + l], sum[l]);
            }
            for (size_t l = 0; l < width; l++)
                to[l] = sum[l];
        }
    }
}
