/* SPDX-License-Identifier: MIT */
/* The product of plain arrays in tiles of up to 12 rows and two panels, or 16 rows and
 * one where A is transposed: as in gemm.c, but A and C are row-major, and masks keep to C's
 * columns. */
#include "kernels.h"
#include "unroll.h"

#include <immintrin.h>

#if !defined(__AVX512F__) || !defined(__FMA__)
#error "compile this folder with -mavx512f -mfma"
#endif

enum {
    MR_ONE = 16, /* rows of a tile over one panel */
    MR_TWO = 12, /* over two */
    BASES = 6,   /* pointers to every third row of A: the two after it have scaled indices */
};

/* What all tiles of a product have in common. */
struct product {
    size_t k, a_leading, b_stride, b_row, c_leading;
    bool resume;
};

/* A tile of m rows and n panels; m and n are constants where this is inlined. */
typedef __m512 tile[MR_ONE][2];

/* Columns that exist of panel q of n. */
MLP_INLINE __mmask16 columns_of(int q, int n, __mmask16 last)
{
    return q + 1 < n ? (__mmask16)0xffff : last;
}

MLP_INLINE void start_row(int r, int n, tile acc, bool resume, const float *c, size_t c_leading,
                          __mmask16 last)
{
#define START(q)                                                                                   \
    acc[r][q] =                                                                                    \
        resume ? _mm512_maskz_loadu_ps(columns_of(q, n, last), c + r * c_leading + q * MLP_NR)     \
               : _mm512_setzero_ps()
    MLP_REPEAT_2(n, START);
#undef START
}

MLP_INLINE void store_row(int r, int n, tile acc, float *c, size_t c_leading, __mmask16 last)
{
#define STORE(q)                                                                                   \
    _mm512_mask_storeu_ps(c + r * c_leading + q * MLP_NR, columns_of(q, n, last), acc[r][q])
    MLP_REPEAT_2(n, STORE);
#undef STORE
}

MLP_INLINE void multiply_row(int r, int n, tile acc, float factor, const __m512 b[2])
{
    __m512 x = _mm512_set1_ps(factor);
#define MULTIPLY(q) acc[r][q] = _mm512_fmadd_ps(x, b[q], acc[r][q])
    MLP_REPEAT_2(n, MULTIPLY);
#undef MULTIPLY
}

/* One step of the chains of a transposed A: row r's factor is a[r]. */
MLP_INLINE void multiply_transposed(int m, int n, tile acc, const float *a, const float *b,
                                    size_t b_stride)
{
    __m512 row[2];
#define LOAD_B(q) row[q] = _mm512_loadu_ps(b + q * b_stride)
    MLP_REPEAT_2(n, LOAD_B);
#undef LOAD_B
#define MULTIPLY_ROW(r) multiply_row(r, n, acc, a[r], row)
    MLP_REPEAT_16(m, MULTIPLY_ROW);
#undef MULTIPLY_ROW
}

/* Step i of others: row r's factor is a[r][i], and `rows` has every third row. */
MLP_INLINE void multiply(int m, int n, tile acc, const float *const rows[BASES], size_t a_leading,
                         int i, const float *b, size_t b_stride)
{
    __m512 row[2];
#define LOAD_B(q) row[q] = _mm512_loadu_ps(b + q * b_stride)
    MLP_REPEAT_2(n, LOAD_B);
#undef LOAD_B
#define MULTIPLY_ROW(r) multiply_row(r, n, acc, rows[r / 3][r % 3 * a_leading + i], row)
    MLP_REPEAT_16(m, MULTIPLY_ROW);
#undef MULTIPLY_ROW
}

MLP_INLINE void run_chains(int m, int n, tile acc, const struct product *product, const float *a,
                           const float *b)
{
    enum { STEPS = 4 };
    size_t k = product->k, a_leading = product->a_leading, b_stride = product->b_stride;
    size_t b_row = product->b_row;
    const float *rows[BASES];
    MLP_UNROLL
    for (int i = 0; i < BASES; i++)
        rows[i] = 3 * i < m ? a + 3 * (size_t)i * a_leading : a;
    MLP_KEEP_LOOP
    for (; k >= STEPS; k -= STEPS) {
        MLP_UNROLL
        for (int i = 0; i < STEPS; i++) {
            multiply(m, n, acc, rows, a_leading, i, b, b_stride);
            b += b_row;
        }
        MLP_UNROLL
        for (int i = 0; i < BASES; i++)
            rows[i] += STEPS;
    }
    for (int i = 0; i < (int)k; i++) {
        multiply(m, n, acc, rows, a_leading, i, b, b_stride);
        b += b_row;
    }
}

/* Not unrolled: the compiler would keep a register for every multiple of the leading
 * dimension. */
MLP_INLINE void run_transposed_chains(int m, int n, tile acc, const struct product *product,
                                      const float *a, const float *b)
{
    size_t a_leading = product->a_leading, b_stride = product->b_stride, b_row = product->b_row;
    uintptr_t ahead = 8 * a_leading * sizeof *a;
    MLP_KEEP_LOOP
    for (size_t k = product->k; k > 0; k--) {
        _mm_prefetch((const char *)((uintptr_t)a + ahead), _MM_HINT_T0);
        multiply_transposed(m, n, acc, a, b, b_stride);
        a += a_leading;
        b += b_row;
    }
}

MLP_INLINE void plain_tile(int m, int n, bool transposed, const struct product *product,
                           const float *a, const float *b, float *c, __mmask16 last)
{
    tile acc;
    bool resume = product->resume;
    size_t c_leading = product->c_leading;
#define START_ROW(r) start_row(r, n, acc, resume, c, c_leading, last)
    MLP_REPEAT_16(m, START_ROW);
#undef START_ROW
    if (transposed)
        run_transposed_chains(m, n, acc, product, a, b);
    else
        run_chains(m, n, acc, product, a, b);
#define STORE_ROW(r) store_row(r, n, acc, c, c_leading, last)
    MLP_REPEAT_16(m, STORE_ROW);
#undef STORE_ROW
}

typedef void tile_fn(const struct product *product, const float *a, const float *b, float *c,
                     __mmask16 last);

/* plain_6x1_avx512, transposed_6x1_avx512 and the like. */
#define DEFINE_TILE(M, P)                                                                          \
    static void plain_##M##x##P##_avx512(const struct product *product, const float *a,            \
                                         const float *b, float *c, __mmask16 last)                 \
    {                                                                                              \
        plain_tile(M, P, false, product, a, b, c, last);                                           \
    }                                                                                              \
    static void transposed_##M##x##P##_avx512(const struct product *product, const float *a,       \
                                              const float *b, float *c, __mmask16 last)            \
    {                                                                                              \
        plain_tile(M, P, true, product, a, b, c, last);                                            \
    }

/* Rows x panels. */
DEFINE_TILE(1, 1)
DEFINE_TILE(2, 1)
DEFINE_TILE(3, 1)
DEFINE_TILE(4, 1)
DEFINE_TILE(5, 1)
DEFINE_TILE(6, 1)
DEFINE_TILE(7, 1)
DEFINE_TILE(8, 1)
DEFINE_TILE(9, 1)
DEFINE_TILE(10, 1)
DEFINE_TILE(11, 1)
DEFINE_TILE(12, 1)
DEFINE_TILE(13, 1)
DEFINE_TILE(14, 1)
DEFINE_TILE(15, 1)
DEFINE_TILE(16, 1)
DEFINE_TILE(1, 2)
DEFINE_TILE(2, 2)
DEFINE_TILE(3, 2)
DEFINE_TILE(4, 2)
DEFINE_TILE(5, 2)
DEFINE_TILE(6, 2)
DEFINE_TILE(7, 2)
DEFINE_TILE(8, 2)
DEFINE_TILE(9, 2)
DEFINE_TILE(10, 2)
DEFINE_TILE(11, 2)
DEFINE_TILE(12, 2)

/* By panels, transposition of A and rows. */
static tile_fn *const tiles[2][2][MR_ONE + 1] = {
    {{NULL, plain_1x1_avx512, plain_2x1_avx512, plain_3x1_avx512, plain_4x1_avx512,
      plain_5x1_avx512, plain_6x1_avx512, plain_7x1_avx512, plain_8x1_avx512, plain_9x1_avx512,
      plain_10x1_avx512, plain_11x1_avx512, plain_12x1_avx512, plain_13x1_avx512, plain_14x1_avx512,
      plain_15x1_avx512, plain_16x1_avx512},
     {NULL, transposed_1x1_avx512, transposed_2x1_avx512, transposed_3x1_avx512,
      transposed_4x1_avx512, transposed_5x1_avx512, transposed_6x1_avx512, transposed_7x1_avx512,
      transposed_8x1_avx512, transposed_9x1_avx512, transposed_10x1_avx512, transposed_11x1_avx512,
      transposed_12x1_avx512, transposed_13x1_avx512, transposed_14x1_avx512,
      transposed_15x1_avx512, transposed_16x1_avx512}},
    {{NULL, plain_1x2_avx512, plain_2x2_avx512, plain_3x2_avx512, plain_4x2_avx512,
      plain_5x2_avx512, plain_6x2_avx512, plain_7x2_avx512, plain_8x2_avx512, plain_9x2_avx512,
      plain_10x2_avx512, plain_11x2_avx512, plain_12x2_avx512},
     {NULL, transposed_1x2_avx512, transposed_2x2_avx512, transposed_3x2_avx512,
      transposed_4x2_avx512, transposed_5x2_avx512, transposed_6x2_avx512, transposed_7x2_avx512,
      transposed_8x2_avx512, transposed_9x2_avx512, transposed_10x2_avx512, transposed_11x2_avx512,
      transposed_12x2_avx512}},
};

void mlp_gemm_plain_12x32_avx512(size_t rows, size_t columns, size_t k, bool transposed,
                                 const float *a, size_t a_leading, const float *b, size_t b_stride,
                                 size_t b_row, float *c, size_t c_leading, bool resume)
{
    const struct product product = {k, a_leading, b_stride, b_row, c_leading, resume};
    size_t row_step = transposed ? 1 : a_leading;
    /* In a transposed A the factors of a step share a line: 16 rows use all of it, and
     * over one panel have chains enough. */
    bool tall = transposed && rows > MR_TWO;
    for (size_t j = 0; j < columns;) {
        size_t panels = !tall && columns - j > MLP_NR ? 2 : 1, width = columns - j;
        size_t left = width < panels * MLP_NR ? width - (panels - 1) * MLP_NR : MLP_NR;
        __mmask16 last = (__mmask16)(0xffffu >> (MLP_NR - left));
        size_t most = panels == 2 ? MR_TWO : MR_ONE, count = (rows + most - 1) / most;
        for (size_t i = 0, row = 0; row < rows; i++) {
            size_t m = rows / count + (i < rows % count); /* even shares */
            if (tall)
                m = rows - row < most ? rows - row : most;
            tiles[panels - 1][transposed][m](&product, a + row * row_step,
                                             b + j / MLP_NR * b_stride, c + row * c_leading + j,
                                             last);
            row += m;
        }
        j += panels * MLP_NR;
    }
}
