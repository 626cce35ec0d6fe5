/* SPDX-License-Identifier: MIT */
#include "math.h"

#include "kernels.h"

/* Vectors in a row of a panel. */
enum { VECTORS = MLP_NR / 4 };

/* One row of a panel matrix of logits. */
struct row {
    float *z;
    size_t stride, panels;
    uint32x4_t last[VECTORS]; /* lanes of the last panel that are classes */
};

/* The column numbers 4 v .. 4 v + 3 of a panel. */
static inline uint32x4_t columns(int v)
{
    const uint32_t first[4] = {0, 1, 2, 3};
    return vaddq_u32(vld1q_u32(first), vdupq_n_u32(4 * (uint32_t)v));
}

static struct row first_row(size_t classes, float *z, size_t stride)
{
    struct row row = {.z = z, .stride = stride, .panels = (classes + MLP_NR - 1) / MLP_NR};
    uint32x4_t left = vdupq_n_u32((uint32_t)(classes - (row.panels - 1) * MLP_NR));
    for (int v = 0; v < VECTORS; v++)
        row.last[v] = vcltq_u32(columns(v), left);
    return row;
}

/* The lanes of vector `v` of panel `p` that are classes. */
static inline uint32x4_t class_lanes(const struct row *row, size_t p, int v)
{
    return p + 1 == row->panels ? row->last[v] : vdupq_n_u32(UINT32_MAX);
}

/* The largest logit; a NaN is passed over, as in C. */
static float maximum(const struct row *row)
{
    float32x4_t max = vdupq_n_f32(-INFINITY);
    for (size_t p = 0; p < row->panels; p++) {
        for (int v = 0; v < VECTORS; v++) {
            float32x4_t z = vld1q_f32(row->z + p * row->stride + v * 4);
            uint32x4_t larger = vandq_u32(vcgtq_f32(z, max), class_lanes(row, p, v));
            max = vbslq_f32(larger, z, max);
        }
    }
    return vmaxvq_f32(max);
}

/* Puts exp(z - max) in place of the logits, +0 where z - max < cut and in the
 * padding; returns the sum by the documented tree, in every lane. */
static float32x4_t exponentiate(const struct row *row, float max, float cut)
{
    const float32x4_t least = vdupq_n_f32(cut);
    float32x4_t sum[VECTORS];
    for (int v = 0; v < VECTORS; v++)
        sum[v] = vdupq_n_f32(0.0f);
    for (size_t p = 0; p < row->panels; p++) {
        for (int v = 0; v < VECTORS; v++) {
            float *z = row->z + p * row->stride + v * 4;
            float32x4_t d = vsubq_f32(vld1q_f32(z), vdupq_n_f32(max));
            uint32x4_t kept = vmvnq_u32(vcltq_f32(d, least));      /* a NaN too */
            float32x4_t e = mlp_exp_f32_neon(vmaxq_f32(least, d)); /* meets no subnormal */
            e = mlp_and_f32_neon(vandq_u32(kept, class_lanes(row, p, v)), e);
            vst1q_f32(z, e);
            sum[v] = vaddq_f32(sum[v], e);
        }
    }
    float32x4_t four = vaddq_f32(vaddq_f32(sum[0], sum[2]), vaddq_f32(sum[1], sum[3]));
    float32x4_t two = vaddq_f32(four, vextq_f32(four, four, 2));
    return vaddq_f32(two, vextq_f32(two, two, 1));
}

void mlp_softmax_xent_neon(size_t rows, size_t classes, float *z, size_t z_stride,
                           const uint8_t *labels, float scale, float *loss)
{
    struct row row = first_row(classes, z, z_stride);
    for (size_t r = 0; r < rows; r++, row.z += MLP_NR) {
        size_t label = labels[r];
        float max = maximum(&row);
        float distance = row.z[label / MLP_NR * z_stride + label % MLP_NR] - max;
        float32x4_t sum = exponentiate(&row, max, MLP_XENT_CUT);
        loss[r] = vgetq_lane_f32(mlp_log_f32_neon(sum), 0) - distance;
        for (size_t p = 0; p < row.panels; p++) {
            for (int v = 0; v < VECTORS; v++) {
                float *at = row.z + p * z_stride + v * 4;
                uint32x4_t column = vaddq_u32(columns(v), vdupq_n_u32((uint32_t)(p * MLP_NR)));
                uint32x4_t is_label = vceqq_u32(column, vdupq_n_u32((uint32_t)label));
                float32x4_t hot = mlp_and_f32_neon(is_label, vdupq_n_f32(1.0f));
                float32x4_t d = vdivq_f32(vld1q_f32(at), sum);
                d = vmulq_n_f32(vsubq_f32(d, hot), scale);
                vst1q_f32(at, mlp_and_f32_neon(class_lanes(&row, p, v), d));
            }
        }
    }
}

void mlp_softmax_neon(size_t rows, size_t classes, float *z, size_t z_stride)
{
    struct row row = first_row(classes, z, z_stride);
    for (size_t r = 0; r < rows; r++, row.z += MLP_NR) {
        float32x4_t sum = exponentiate(&row, maximum(&row), -INFINITY);
        for (size_t p = 0; p < row.panels; p++) {
            for (int v = 0; v < VECTORS; v++) {
                float *at = row.z + p * z_stride + v * 4;
                float32x4_t y = vdivq_f32(vld1q_f32(at), sum);
                vst1q_f32(at, mlp_and_f32_neon(class_lanes(&row, p, v), y));
            }
        }
    }
}
