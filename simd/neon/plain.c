/* SPDX-License-Identifier: MIT */
/* The product of plain arrays in tiles of up to 6 rows and 16 columns: as in gemm.c,
 * but A and C are row-major. Where C ends within a panel, its rows go through a
 * buffer. */
#include "kernels.h"
#include "unroll.h"

#include <arm_neon.h>
#include <string.h>

enum {
    MR = 6,
    VECTORS = MLP_NR / 4, /* in a row of a panel */
};

/* What all tiles of a panel have in common. */
struct product {
    size_t k, a_leading, b_row, c_leading, width;
    bool resume, transposed;
};

/* A tile's sums; the bounds of the loops are constants where this is inlined. */
typedef float32x4_t tile[MR][VECTORS];

MLP_INLINE void start(size_t m, const struct product *x, const float *c, tile sum)
{
    MLP_UNROLL
    for (size_t r = 0; r < m; r++) {
        float row[MLP_NR] = {0};
        if (x->resume)
            memcpy(row, c + r * x->c_leading, x->width * sizeof *row);
        MLP_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            sum[r][v] = vld1q_f32(row + 4 * v);
    }
}

MLP_INLINE void store(size_t m, const struct product *x, tile sum, float *c)
{
    MLP_UNROLL
    for (size_t r = 0; r < m; r++) {
        float row[MLP_NR];
        MLP_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            vst1q_f32(row + 4 * v, sum[r][v]);
        memcpy(c + r * x->c_leading, row, x->width * sizeof *row);
    }
}

MLP_INLINE void plain_tile(size_t m, const struct product *x, const float *a, const float *b,
                           float *c)
{
    tile sum;
    size_t row_step = x->transposed ? 1 : x->a_leading, step = x->transposed ? x->a_leading : 1;
    start(m, x, c, sum);
    for (size_t i = 0; i < x->k; i++, a += step, b += x->b_row) {
        float32x4_t row[VECTORS];
        MLP_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            row[v] = vld1q_f32(b + 4 * v);
        MLP_UNROLL
        for (size_t r = 0; r < m; r++) {
            float32x4_t factor = vld1q_dup_f32(a + r * row_step);
            MLP_UNROLL
            for (size_t v = 0; v < VECTORS; v++)
                sum[r][v] = vfmaq_f32(sum[r][v], row[v], factor);
        }
    }
    store(m, x, sum, c);
}

typedef void tile_fn(const struct product *x, const float *a, const float *b, float *c);

/* plain_6_neon and the like. */
#define DEFINE_TILE(M)                                                                             \
    static void plain_##M##_neon(const struct product *x, const float *a, const float *b,          \
                                 float *c)                                                         \
    {                                                                                              \
        plain_tile(M, x, a, b, c);                                                                 \
    }

DEFINE_TILE(1)
DEFINE_TILE(2)
DEFINE_TILE(3)
DEFINE_TILE(4)
DEFINE_TILE(5)
DEFINE_TILE(6)

static tile_fn *const tiles[MR + 1] = {NULL,         plain_1_neon, plain_2_neon, plain_3_neon,
                                       plain_4_neon, plain_5_neon, plain_6_neon};

void mlp_gemm_plain_6x16_neon(size_t rows, size_t columns, size_t k, bool transposed,
                              const float *a, size_t a_leading, const float *b, size_t b_stride,
                              size_t b_row, float *c, size_t c_leading, bool resume)
{
    size_t count = (rows + MR - 1) / MR, row_step = transposed ? 1 : a_leading;
    for (size_t j = 0; j < columns; j += MLP_NR) {
        size_t width = columns - j < MLP_NR ? columns - j : MLP_NR;
        const struct product product = {k, a_leading, b_row, c_leading, width, resume, transposed};
        for (size_t i = 0, row = 0; i < count; i++) {
            size_t m = rows / count + (i < rows % count); /* even shares */
            tiles[m](&product, a + row * row_step, b + j / MLP_NR * b_stride,
                     c + row * c_leading + j);
            row += m;
        }
    }
}
