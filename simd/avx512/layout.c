/* SPDX-License-Identifier: MIT */
#include "c/constants.h"
#include "kernels.h"

#include <immintrin.h>

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__)
#error "compile this file with -mavx512f -mavx512bw -mavx512vl"
#endif

enum {
    /* Rows that are gathered together, panel by panel: a panel then gets whole
     * consecutive lines, and the next rows have the time to arrive. */
    GATHER_ROWS = 8,
    /* Panels after which a line is written that is prefetched: it comes from the
     * third level, and no hardware follows so many panels. */
    AHEAD = 2,
};

/* The first n lanes of sixteen. */
static inline __mmask16 first_lanes(size_t n)
{
    return (__mmask16)(0xffffu >> (MLP_NR - n));
}

static inline __m512 load_u8(__mmask16 lanes, const unsigned char *bytes)
{
    __m512 x = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, bytes)));
    return _mm512_fmadd_ps(x, _mm512_set1_ps(MLP_INVERSE_255_HI),
                           _mm512_mul_ps(x, _mm512_set1_ps(MLP_INVERSE_255_LO)));
}

static inline __m512 load_f32(__mmask16 lanes, const unsigned char *bytes)
{
    return _mm512_maskz_loadu_ps(lanes, bytes);
}

/* A row-major matrix of `features` elements of `size` bytes a row, and how
 * up to sixteen of them become floats. */
struct source {
    const unsigned char *data;
    size_t features, leading, size; /* elements in a row, and from row to row */
    const uint32_t *index;
    __m512 (*load)(__mmask16 lanes, const unsigned char *);
};

static inline const unsigned char *source_row(const struct source *s, size_t r)
{
    return s->data + (s->index ? s->index[r] : r) * s->leading * s->size;
}

/* Rows r .. r + count of x; `ahead` of the rows after them are prefetched. */
static inline __attribute__((always_inline)) void
gather_rows(const struct source *s, size_t count, size_t r, size_t ahead, float *x, size_t x_stride)
{
    const unsigned char *row[GATHER_ROWS], *next[GATHER_ROWS];
    for (size_t i = 0; i < count; i++)
        row[i] = source_row(s, r + i);
    for (size_t i = 0; i < count; i++)
        next[i] = i < ahead ? source_row(s, r + count + i) : row[i];
    size_t step = MLP_NR * s->size;
    size_t whole = s->features / MLP_NR * step;
    float *to = x + r * MLP_NR;
    for (size_t at = 0; at < whole; at += step, to += x_stride) {
        uintptr_t lines = (uintptr_t)to + AHEAD * x_stride * sizeof *to; /* or past x */
        for (size_t i = 0; i < count; i++) {
            if (at % 64 == 0)
                _mm_prefetch((const char *)next[i] + at, _MM_HINT_T0);
            __builtin_prefetch((const void *)(lines + i * MLP_NR * sizeof *to), 1);
            _mm512_store_ps(to + i * MLP_NR, s->load(0xffff, row[i] + at));
        }
    }
    size_t left = s->features % MLP_NR;
    for (size_t i = 0; left > 0 && i < count; i++)
        _mm512_store_ps(to + i * MLP_NR, s->load(first_lanes(left), row[i] + whole));
}

static inline __attribute__((always_inline)) void gather(const struct source *s, size_t rows,
                                                         float *x, size_t x_stride)
{
    size_t r = 0;
    for (; r + GATHER_ROWS <= rows; r += GATHER_ROWS) {
        size_t after = rows - r - GATHER_ROWS;
        gather_rows(s, GATHER_ROWS, r, after < GATHER_ROWS ? after : GATHER_ROWS, x, x_stride);
    }
    for (; r < rows; r++)
        gather_rows(s, 1, r, 0, x, x_stride);
}

void mlp_gather_u8_avx512(size_t rows, size_t features, const uint8_t *data, const uint32_t *index,
                          float *x, size_t x_stride)
{
    const struct source s = {data, features, features, sizeof *data, index, load_u8};
    gather(&s, rows, x, x_stride);
}

void mlp_gather_f32_avx512(size_t rows, size_t features, const float *data, size_t leading,
                           const uint32_t *index, float *x, size_t x_stride)
{
    const struct source s = {
        (const unsigned char *)data, features, leading, sizeof *data, index, load_f32};
    gather(&s, rows, x, x_stride);
}

/* Four rows of a block become four columns in each quarter: quarter q of the i-th
 * result is column 4q + i of the four rows. */
static inline void transpose_quarters(const __m512 rows[4], __m512 columns[4])
{
    __m512 low01 = _mm512_unpacklo_ps(rows[0], rows[1]);
    __m512 high01 = _mm512_unpackhi_ps(rows[0], rows[1]);
    __m512 low23 = _mm512_unpacklo_ps(rows[2], rows[3]);
    __m512 high23 = _mm512_unpackhi_ps(rows[2], rows[3]);
    columns[0] = _mm512_shuffle_ps(low01, low23, 0x44);
    columns[1] = _mm512_shuffle_ps(low01, low23, 0xee);
    columns[2] = _mm512_shuffle_ps(high01, high23, 0x44);
    columns[3] = _mm512_shuffle_ps(high01, high23, 0xee);
}

/* The first `rows` rows of a block at src, `columns` of its columns; rows that are
 * not there count as zero. */
static inline void transpose_block(size_t rows, size_t columns, const float *src, float *dst)
{
    __m512 part[4][4]; /* [rows 4i ..][columns j, 4 + j, 8 + j, 12 + j] */
    for (size_t i = 0; i < 4; i++) {
        __m512 row[4];
        for (size_t j = 0; j < 4; j++) {
            size_t r = 4 * i + j;
            row[j] = r < rows ? _mm512_load_ps(src + r * MLP_NR) : _mm512_setzero_ps();
        }
        transpose_quarters(row, part[i]);
    }
    for (size_t j = 0; j < 4; j++) {
        __m512 even01 = _mm512_shuffle_f32x4(part[0][j], part[1][j], 0x88);
        __m512 even23 = _mm512_shuffle_f32x4(part[2][j], part[3][j], 0x88);
        __m512 odd01 = _mm512_shuffle_f32x4(part[0][j], part[1][j], 0xdd);
        __m512 odd23 = _mm512_shuffle_f32x4(part[2][j], part[3][j], 0xdd);
        const __m512 column[4] = {
            _mm512_shuffle_f32x4(even01, even23, 0x88),
            _mm512_shuffle_f32x4(odd01, odd23, 0x88),
            _mm512_shuffle_f32x4(even01, even23, 0xdd),
            _mm512_shuffle_f32x4(odd01, odd23, 0xdd),
        };
        for (size_t q = 0; q < 4; q++) {
            if (4 * q + j < columns)
                _mm512_store_ps(dst + (4 * q + j) * MLP_NR, column[q]);
        }
    }
}

void mlp_transpose_avx512(size_t rows, size_t columns, const float *src, float *dst,
                          size_t dst_stride)
{
    size_t r = 0;
    for (; columns == MLP_NR && r + MLP_NR <= rows; r += MLP_NR, dst += dst_stride)
        transpose_block(MLP_NR, MLP_NR, src + r * MLP_NR, dst);
    for (; r < rows; r += MLP_NR, dst += dst_stride)
        transpose_block(rows - r, columns, src + r * MLP_NR, dst);
}
