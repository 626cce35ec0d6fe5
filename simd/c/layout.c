/* SPDX-License-Identifier: MIT */
#include "kernels.h"

#include <assert.h>

/* Zeroes the columns past `columns` in the last panel's row r. */
static void clear_padding(size_t columns, size_t r, float *x, size_t x_stride)
{
    for (size_t c = columns; c % MLP_NR != 0; c++)
        x[c / MLP_NR * x_stride + r * MLP_NR + c % MLP_NR] = 0.0f;
}

void mlp_gather_u8_c(size_t rows, size_t features, const uint8_t *data, const uint32_t *index,
                     float *x, size_t x_stride)
{
    assert(rows > 0 && features > 0 && x_stride >= rows * MLP_NR);
    for (size_t r = 0; r < rows; r++) {
        const uint8_t *row = data + (index ? index[r] : r) * features;
        for (size_t c = 0; c < features; c++)
            x[c / MLP_NR * x_stride + r * MLP_NR + c % MLP_NR] = (float)row[c] / 255.0f;
        clear_padding(features, r, x, x_stride);
    }
}

void mlp_gather_f32_c(size_t rows, size_t features, const float *data, size_t leading,
                      const uint32_t *index, float *x, size_t x_stride)
{
    assert(rows > 0 && features > 0 && leading >= features && x_stride >= rows * MLP_NR);
    for (size_t r = 0; r < rows; r++) {
        const float *row = data + (index ? index[r] : r) * leading;
        for (size_t c = 0; c < features; c++)
            x[c / MLP_NR * x_stride + r * MLP_NR + c % MLP_NR] = row[c];
        clear_padding(features, r, x, x_stride);
    }
}

void mlp_unpack_c(size_t rows, size_t columns, const float *x, size_t x_stride, float *data)
{
    assert(rows > 0 && columns > 0 && x_stride >= rows * MLP_NR);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++)
            data[r * columns + c] = x[c / MLP_NR * x_stride + r * MLP_NR + c % MLP_NR];
    }
}

void mlp_transpose_c(size_t rows, size_t columns, const float *src, float *dst, size_t dst_stride)
{
    assert(rows > 0 && columns > 0 && columns <= MLP_NR && dst_stride >= columns * MLP_NR);
    for (size_t r0 = 0; r0 < rows; r0 += MLP_NR) {
        float *block = dst + r0 / MLP_NR * dst_stride;
        for (size_t c = 0; c < columns; c++) {
            for (size_t r = r0; r < r0 + MLP_NR; r++)
                block[c * MLP_NR + r - r0] = r < rows ? src[r * MLP_NR + c] : 0.0f;
        }
    }
}
