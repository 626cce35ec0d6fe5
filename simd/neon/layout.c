/* SPDX-License-Identifier: MIT */
#include "c/constants.h"
#include "kernels.h"
#include "unroll.h"

#include <arm_neon.h>
#include <string.h>

static inline float32x4_t scale_u8(uint16x4_t u)
{
    float32x4_t x = vcvtq_f32_u32(vmovl_u16(u));
    return vfmaq_f32(vmulq_n_f32(x, MLP_INVERSE_255_LO), x, vdupq_n_f32(MLP_INVERSE_255_HI));
}

/* One row of a panel from the sixteen elements at `from`. */
typedef void put_row_fn(const unsigned char *from, float *to);

MLP_INLINE void put_u8(const unsigned char *from, float *to)
{
    uint8x16_t u = vld1q_u8(from);
    uint16x8_t low = vmovl_u8(vget_low_u8(u)), high = vmovl_u8(vget_high_u8(u));
    vst1q_f32(to, scale_u8(vget_low_u16(low)));
    vst1q_f32(to + 4, scale_u8(vget_high_u16(low)));
    vst1q_f32(to + 8, scale_u8(vget_low_u16(high)));
    vst1q_f32(to + 12, scale_u8(vget_high_u16(high)));
}

MLP_INLINE void put_f32(const unsigned char *from, float *to)
{
    memcpy(to, from, MLP_NR * sizeof *to);
}

/* A row-major matrix of `features` elements of `size` bytes a row. */
struct source {
    const unsigned char *data;
    size_t features, leading, size; /* elements in a row, and from row to row */
    const uint32_t *index;
};

static inline const unsigned char *source_row(const struct source *s, size_t r)
{
    return s->data + (s->index ? s->index[r] : r) * s->leading * s->size;
}

MLP_INLINE void gather(const struct source *s, put_row_fn *put, size_t rows, float *x,
                       size_t x_stride)
{
    const size_t step = MLP_NR * s->size;
    const size_t whole = s->features / MLP_NR * step;
    const size_t left = s->features * s->size - whole;
    for (size_t r = 0; r < rows; r++) {
        const unsigned char *row = source_row(s, r);
        const unsigned char *next = r + 1 < rows ? source_row(s, r + 1) : row;
        float *to = x + r * MLP_NR;
        for (size_t at = 0; at < whole; at += step, to += x_stride) {
            if (at % 64 == 0)
                __builtin_prefetch(next + at);
            put(row + at, to);
        }
        if (left > 0) {
            unsigned char tail[MLP_NR * sizeof(float)] = {0};
            memcpy(tail, row + whole, left);
            put(tail, to);
        }
    }
}

void mlp_gather_u8_neon(size_t rows, size_t features, const uint8_t *data, const uint32_t *index,
                        float *x, size_t x_stride)
{
    const struct source s = {data, features, features, sizeof *data, index};
    gather(&s, put_u8, rows, x, x_stride);
}

void mlp_gather_f32_neon(size_t rows, size_t features, const float *data, size_t leading,
                         const uint32_t *index, float *x, size_t x_stride)
{
    const struct source s = {(const unsigned char *)data, features, leading, sizeof *data, index};
    gather(&s, put_f32, rows, x, x_stride);
}

void mlp_unpack_neon(size_t rows, size_t columns, const float *x, size_t x_stride, float *data)
{
    size_t whole = columns / MLP_NR * MLP_NR;
    for (size_t r = 0; r < rows; r++) {
        const float *from = x + r * MLP_NR;
        float *to = data + r * columns;
        for (size_t c = 0; c < whole; c += MLP_NR, from += x_stride)
            memcpy(to + c, from, MLP_NR * sizeof *to);
        if (whole < columns)
            memcpy(to + whole, from, (columns - whole) * sizeof *to);
    }
}

/* Columns 0-3 of the four rows at src become four rows of four at dst. */
static inline void transpose_4x4(const float *src, float *dst)
{
    float32x4_t r0 = vld1q_f32(src), r1 = vld1q_f32(src + MLP_NR);
    float32x4_t r2 = vld1q_f32(src + 2 * MLP_NR), r3 = vld1q_f32(src + 3 * MLP_NR);
    float64x2_t even01 = vreinterpretq_f64_f32(vtrn1q_f32(r0, r1));
    float64x2_t even23 = vreinterpretq_f64_f32(vtrn1q_f32(r2, r3));
    float64x2_t odd01 = vreinterpretq_f64_f32(vtrn2q_f32(r0, r1));
    float64x2_t odd23 = vreinterpretq_f64_f32(vtrn2q_f32(r2, r3));
    vst1q_f32(dst, vreinterpretq_f32_f64(vtrn1q_f64(even01, even23)));
    vst1q_f32(dst + MLP_NR, vreinterpretq_f32_f64(vtrn1q_f64(odd01, odd23)));
    vst1q_f32(dst + 2 * MLP_NR, vreinterpretq_f32_f64(vtrn2q_f64(even01, even23)));
    vst1q_f32(dst + 3 * MLP_NR, vreinterpretq_f32_f64(vtrn2q_f64(odd01, odd23)));
}

static inline void transpose_16x16(const float *src, float *dst)
{
    for (size_t c = 0; c < MLP_NR; c += 4) {
        for (size_t r = 0; r < MLP_NR; r += 4)
            transpose_4x4(src + r * MLP_NR + c, dst + c * MLP_NR + r);
    }
}

void mlp_transpose_neon(size_t rows, size_t columns, const float *src, float *dst,
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
