/* SPDX-License-Identifier: MIT */
/* What an exported C file does with one sample, as src/rows.c, src/norm.c, src/scaling.c and the
 * kernels in C do with panels of them: the same operations in the same order. No part of the
 * library: its text goes into such files (c_excerpt.h). */
#ifndef MLP_SRC_FORMATS_C_LAYERS_H
#define MLP_SRC_FORMATS_C_LAYERS_H

#include "norm.h"
#include "panels.h"
#include "simd/c/math.h"

/* y = (x - mean) / deviation, by the deviations' inverses. */
static void mlp_standardize(size_t n, const float *mean, const float *factor, const float *x,
                            float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (x[i] - mean[i]) * factor[i];
}

/* y = x w + bias, w [inputs][outputs]: each sum is one chain in ascending order. */
static void mlp_dense(size_t inputs, size_t outputs, const float *w, const float *bias,
                      const float *x, float *y)
{
    for (size_t o = 0; o < outputs; o++)
        y[o] = 0.0f;
    for (size_t i = 0; i < inputs; i++) {
        for (size_t o = 0; o < outputs; o++)
            y[o] = mlp_fma(x[i], w[i * outputs + o], y[o]);
    }
    for (size_t o = 0; o < outputs; o++)
        y[o] += bias[o];
}

static void mlp_layer_norm(size_t n, const float *scale, const float *shift, float *y)
{
    float sum[MLP_NR] = {0}, squares[MLP_NR] = {0};
    for (size_t i = 0; i < n; i++)
        sum[i % MLP_NR] += y[i];
    float mean = mlp_sum_lanes(sum) / (float)n;
    for (size_t i = 0; i < n; i++) {
        float distance = y[i] - mean;
        squares[i % MLP_NR] += distance * distance;
    }
    float variance = mlp_sum_lanes(squares) / (float)n;
    variance += variance - variance; /* NaN where it is infinite */
    float factor = 1.0f / sqrtf(variance + MLP_NORM_EPSILON);
    for (size_t i = 0; i < n; i++) {
        float normal = (y[i] - mean) * factor;
        y[i] = normal * scale[i] + shift[i];
    }
}

/* By the running mean and the inverse of the running deviation. */
static void mlp_batch_norm(size_t n, const float *mean, const float *factor, const float *scale,
                           const float *shift, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float normal = (y[i] - mean[i]) * factor[i];
        y[i] = normal * scale[i] + shift[i];
    }
}

static inline float mlp_relu_scalar(float x)
{
    return x <= 0 ? 0.0f : x;
}

static inline float mlp_leaky_relu_scalar(float x)
{
    return x > 0 ? x : MLP_LEAKY_SLOPE * x;
}

static void mlp_softmax(size_t n, float *y)
{
    float lanes[MLP_NR] = {0}, max = -INFINITY;
    for (size_t i = 0; i < n; i++)
        max = y[i] > max ? y[i] : max;
    for (size_t i = 0; i < n; i++) {
        y[i] = mlp_exp_scalar(y[i] - max);
        lanes[i % MLP_NR] += y[i];
    }
    float sum = mlp_sum_lanes(lanes);
    for (size_t i = 0; i < n; i++)
        y[i] /= sum;
}

/* From standardised targets to the data's own units. */
static void mlp_restore(size_t n, const float *mean, const float *scale, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = y[i] * scale[i] + mean[i];
}

#endif
