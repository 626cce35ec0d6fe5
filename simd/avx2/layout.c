/* SPDX-License-Identifier: MIT */
#include "c/constants.h"
#include "kernels.h"

#include <immintrin.h>
#include <string.h>

#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx2 -mfma"
#endif

/* Rows that are gathered together, panel by panel: a panel then gets whole
 * consecutive lines, and the next rows have the time to arrive. */
enum { GATHER_ROWS = 8 };

static inline __m256 load_u8(const unsigned char *bytes)
{
    __m128i u = _mm_loadl_epi64((const __m128i *)(const void *)bytes);
    __m256 x = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(u));
    return _mm256_fmadd_ps(x, _mm256_set1_ps(MLP_INVERSE_255_HI),
                           _mm256_mul_ps(x, _mm256_set1_ps(MLP_INVERSE_255_LO)));
}

static inline __m256 load_f32(const unsigned char *bytes)
{
    return _mm256_loadu_ps((const float *)(const void *)bytes);
}

/* A row-major matrix of `features` elements of `size` bytes a row, and how
 * eight of them become floats. */
struct source {
    const unsigned char *data;
    size_t features, leading, size; /* elements in a row, and from row to row */
    const uint32_t *index;
    __m256 (*load8)(const unsigned char *);
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
    size_t left = s->features * s->size - whole;
    float *to = x + r * MLP_NR;
    for (size_t at = 0; at < whole; at += step, to += x_stride) {
        for (size_t i = 0; i < count; i++) {
            if (at % 64 == 0)
                _mm_prefetch((const char *)next[i] + at, _MM_HINT_T0);
            _mm256_storeu_ps(to + i * MLP_NR, s->load8(row[i] + at));
            _mm256_storeu_ps(to + i * MLP_NR + 8, s->load8(row[i] + at + step / 2));
        }
    }
    for (size_t i = 0; left > 0 && i < count; i++) {
        unsigned char tail[MLP_NR * sizeof(float)] = {0};
        memcpy(tail, row[i] + whole, left);
        _mm256_storeu_ps(to + i * MLP_NR, s->load8(tail));
        _mm256_storeu_ps(to + i * MLP_NR + 8, s->load8(tail + step / 2));
    }
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

void mlp_gather_u8_avx2(size_t rows, size_t features, const uint8_t *data, const uint32_t *index,
                        float *x, size_t x_stride)
{
    const struct source s = {data, features, features, sizeof *data, index, load_u8};
    gather(&s, rows, x, x_stride);
}

void mlp_gather_f32_avx2(size_t rows, size_t features, const float *data, size_t leading,
                         const uint32_t *index, float *x, size_t x_stride)
{
    const struct source s = {
        (const unsigned char *)data, features, leading, sizeof *data, index, load_f32};
    gather(&s, rows, x, x_stride);
}

void mlp_unpack_avx2(size_t rows, size_t columns, const float *x, size_t x_stride, float *data)
{
    size_t whole = columns / MLP_NR * MLP_NR;
    for (size_t r = 0; r < rows; r++) {
        const float *from = x + r * MLP_NR;
        float *to = data + r * columns;
        for (size_t c = 0; c < whole; c += MLP_NR, from += x_stride) {
            _mm256_storeu_ps(to + c, _mm256_loadu_ps(from));
            _mm256_storeu_ps(to + c + 8, _mm256_loadu_ps(from + 8));
        }
        if (whole < columns)
            memcpy(to + whole, from, (columns - whole) * sizeof *to);
    }
}

/* Lanes 0-3 from `low`, 4-7 from `high`. */
static inline __m256 load_halves(const float *low, const float *high)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
}

/* Columns 0-3 of the eight rows at src become four rows of eight at dst. */
static inline void transpose_8x4(const float *src, float *dst)
{
    __m256 r04 = load_halves(src, src + 4 * MLP_NR);
    __m256 r15 = load_halves(src + MLP_NR, src + 5 * MLP_NR);
    __m256 r26 = load_halves(src + 2 * MLP_NR, src + 6 * MLP_NR);
    __m256 r37 = load_halves(src + 3 * MLP_NR, src + 7 * MLP_NR);
    __m256 low01 = _mm256_unpacklo_ps(r04, r15);
    __m256 low23 = _mm256_unpacklo_ps(r26, r37);
    __m256 high01 = _mm256_unpackhi_ps(r04, r15);
    __m256 high23 = _mm256_unpackhi_ps(r26, r37);
    _mm256_storeu_ps(dst, _mm256_shuffle_ps(low01, low23, 0x44));
    _mm256_storeu_ps(dst + MLP_NR, _mm256_shuffle_ps(low01, low23, 0xee));
    _mm256_storeu_ps(dst + 2 * MLP_NR, _mm256_shuffle_ps(high01, high23, 0x44));
    _mm256_storeu_ps(dst + 3 * MLP_NR, _mm256_shuffle_ps(high01, high23, 0xee));
}

static inline void transpose_16x16(const float *src, float *dst)
{
    for (size_t c = 0; c < MLP_NR; c += 4) {
        transpose_8x4(src + c, dst + c * MLP_NR);
        transpose_8x4(src + 8 * MLP_NR + c, dst + c * MLP_NR + 8);
    }
}

void mlp_transpose_avx2(size_t rows, size_t columns, const float *src, float *dst,
                        size_t dst_stride)
{
    const size_t block = MLP_NR * MLP_NR;
    size_t r = 0;
    for (; columns == MLP_NR && r + MLP_NR <= rows; r += MLP_NR, dst += dst_stride)
        transpose_16x16(src + r * MLP_NR, dst);
    for (; r < rows; r += MLP_NR, dst += dst_stride) {
        float from[MLP_NR * MLP_NR] = {0}, to[MLP_NR * MLP_NR];
        size_t there = (rows - r) * MLP_NR;
        memcpy(from, src + r * MLP_NR, (there < block ? there : block) * sizeof *from);
        transpose_16x16(from, to);
        memcpy(dst, to, columns * MLP_NR * sizeof *to);
    }
}
