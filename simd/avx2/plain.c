/* SPDX-License-Identifier: MIT */
/* The product of plain arrays in tiles of up to 6 rows and 16 columns: as in gemm.c,
 * but A and C are row-major, and masks keep to C's columns. */
#include "kernels.h"
#include "unroll.h"

#include <immintrin.h>

#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this folder with -mavx2 -mfma"
#endif

enum { MR = 6 };

/* What all tiles of a panel have in common. */
struct product {
    size_t k, a_leading, b_row, c_leading;
    bool resume, whole; /* all 16 columns exist */
    __m256i low, high;  /* masks of the columns that do */
};

/* A tile of m rows; m is a constant where this is inlined. */
typedef __m256 tile[MR][2];

MLP_INLINE void load_row(int r, tile acc, const struct product *x, const float *c)
{
    const float *row = c + (size_t)r * x->c_leading;
    acc[r][0] = x->whole ? _mm256_loadu_ps(row) : _mm256_maskload_ps(row, x->low);
    acc[r][1] = x->whole ? _mm256_loadu_ps(row + 8) : _mm256_maskload_ps(row + 8, x->high);
}

MLP_INLINE void store_row(int r, tile acc, const struct product *x, float *c)
{
    float *row = c + (size_t)r * x->c_leading;
    if (x->whole) {
        _mm256_storeu_ps(row, acc[r][0]);
        _mm256_storeu_ps(row + 8, acc[r][1]);
    } else {
        _mm256_maskstore_ps(row, x->low, acc[r][0]);
        _mm256_maskstore_ps(row + 8, x->high, acc[r][1]);
    }
}

/* One step of the chains of a transposed A: row r's factor is a[r]. */
MLP_INLINE void multiply_transposed(int m, tile acc, const float *a, const float *b)
{
    __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + 8);
#define MULTIPLY_ROW(r)                                                                            \
    __m256 x = _mm256_broadcast_ss(a + r);                                                         \
    acc[r][0] = _mm256_fmadd_ps(x, b0, acc[r][0]);                                                 \
    acc[r][1] = _mm256_fmadd_ps(x, b1, acc[r][1])
    MLP_REPEAT_6(m, MULTIPLY_ROW);
#undef MULTIPLY_ROW
}

/* Step i of others: row r's factor is a[r][i], and `rows` has every third row. */
MLP_INLINE void multiply(int m, tile acc, const float *const rows[2], size_t a_leading, int i,
                         const float *b)
{
    __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + 8);
#define MULTIPLY_ROW(r)                                                                            \
    __m256 x = _mm256_broadcast_ss(rows[r / 3] + r % 3 * a_leading + i);                           \
    acc[r][0] = _mm256_fmadd_ps(x, b0, acc[r][0]);                                                 \
    acc[r][1] = _mm256_fmadd_ps(x, b1, acc[r][1])
    MLP_REPEAT_6(m, MULTIPLY_ROW);
#undef MULTIPLY_ROW
}

MLP_INLINE void run_chains(int m, tile acc, const struct product *x, const float *a, const float *b)
{
    enum { STEPS = 4 };
    size_t k = x->k, a_leading = x->a_leading, b_row = x->b_row;
    const float *rows[2] = {a, m > 3 ? a + 3 * a_leading : a};
    MLP_KEEP_LOOP
    for (; k >= STEPS; k -= STEPS) {
        MLP_UNROLL
        for (int i = 0; i < STEPS; i++) {
            multiply(m, acc, rows, a_leading, i, b);
            b += b_row;
        }
        rows[0] += STEPS;
        rows[1] += STEPS;
    }
    for (int i = 0; i < (int)k; i++) {
        multiply(m, acc, rows, a_leading, i, b);
        b += b_row;
    }
}

/* Not unrolled: the compiler would keep a register for every multiple of the leading
 * dimension. */
MLP_INLINE void run_transposed_chains(int m, tile acc, const struct product *x, const float *a,
                                      const float *b)
{
    MLP_KEEP_LOOP
    for (size_t k = x->k; k > 0; k--) {
        multiply_transposed(m, acc, a, b);
        a += x->a_leading;
        b += x->b_row;
    }
}

MLP_INLINE void plain_tile(int m, bool transposed, const struct product *x, const float *a,
                           const float *b, float *c)
{
    tile acc;
    if (x->resume) {
#define LOAD_ROW(r) load_row(r, acc, x, c)
        MLP_REPEAT_6(m, LOAD_ROW);
#undef LOAD_ROW
    } else {
#define ZERO_ROW(r) acc[r][0] = acc[r][1] = _mm256_setzero_ps()
        MLP_REPEAT_6(m, ZERO_ROW);
#undef ZERO_ROW
    }
    if (transposed)
        run_transposed_chains(m, acc, x, a, b);
    else
        run_chains(m, acc, x, a, b);
#define STORE_ROW(r) store_row(r, acc, x, c)
    MLP_REPEAT_6(m, STORE_ROW);
#undef STORE_ROW
}

typedef void tile_fn(const struct product *x, const float *a, const float *b, float *c);

/* plain_6_avx2, transposed_6_avx2 and the like. */
#define DEFINE_TILE(M)                                                                             \
    static void plain_##M##_avx2(const struct product *x, const float *a, const float *b,          \
                                 float *c)                                                         \
    {                                                                                              \
        plain_tile(M, false, x, a, b, c);                                                          \
    }                                                                                              \
    static void transposed_##M##_avx2(const struct product *x, const float *a, const float *b,     \
                                      float *c)                                                    \
    {                                                                                              \
        plain_tile(M, true, x, a, b, c);                                                           \
    }

DEFINE_TILE(1)
DEFINE_TILE(2)
DEFINE_TILE(3)
DEFINE_TILE(4)
DEFINE_TILE(5)
DEFINE_TILE(6)

/* By transposition of A and rows. */
static tile_fn *const tiles[2][MR + 1] = {
    {NULL, plain_1_avx2, plain_2_avx2, plain_3_avx2, plain_4_avx2, plain_5_avx2, plain_6_avx2},
    {NULL, transposed_1_avx2, transposed_2_avx2, transposed_3_avx2, transposed_4_avx2,
     transposed_5_avx2, transposed_6_avx2},
};

/* Eight lanes from `first` on, of which those below `width` are set. */
static __m256i mask_below(size_t width, int first)
{
    __m256i lanes =
        _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(first));
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)width), lanes);
}

void mlp_gemm_plain_6x16_avx2(size_t rows, size_t columns, size_t k, bool transposed,
                              const float *a, size_t a_leading, const float *b, size_t b_stride,
                              size_t b_row, float *c, size_t c_leading, bool resume)
{
    size_t count = (rows + MR - 1) / MR, row_step = transposed ? 1 : a_leading;
    for (size_t j = 0; j < columns; j += MLP_NR) {
        size_t width = columns - j < MLP_NR ? columns - j : MLP_NR;
        const struct product product = {
            k,
            a_leading,
            b_row,
            c_leading,
            resume,
            width == MLP_NR,
            mask_below(width, 0),
            mask_below(width, 8),
        };
        for (size_t i = 0, row = 0; i < count; i++) {
            size_t m = rows / count + (i < rows % count); /* even shares */
            tiles[transposed][m](&product, a + row * row_step, b + j / MLP_NR * b_stride,
                                 c + row * c_leading + j);
            row += m;
        }
    }
}
