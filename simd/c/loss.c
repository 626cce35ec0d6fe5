/* SPDX-License-Identifier: MIT */
#include "kernels.h"
#include "math.h"

#include <assert.h>

static float *logit(float *row, size_t stride, size_t c)
{
    return row + c / MLP_NR * stride + c % MLP_NR;
}

/* The largest logit of a row. A NaN is passed over: exp of it makes the sum,
 * and with it every result of the row, NaN in any case. */
static float row_max(float *row, size_t stride, size_t classes)
{
    float max = -INFINITY;
    for (size_t c = 0; c < classes; c++) {
        float z = *logit(row, stride, c);
        max = z > max ? z : max;
    }
    return max;
}

/* Puts exp(z - max) in place of the logits, and +0 where z - max < cut and in the
 * padding; returns the sum in the order that kernels.h documents. */
static float exponentiate(float *row, size_t stride, size_t classes, float max, float cut)
{
    size_t padded = (classes + MLP_NR - 1) / MLP_NR * MLP_NR;
    float lanes[MLP_NR] = {0};
    for (size_t c = 0; c < padded; c++) {
        float *z = logit(row, stride, c);
        float distance = *z - max;
        *z = c < classes && !(distance < cut) ? mlp_exp_scalar(distance) : 0.0f;
        lanes[c % MLP_NR] += *z;
    }
    for (int half = MLP_NR / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; l++)
            lanes[l] += lanes[l + half];
    }
    return lanes[0];
}

void mlp_softmax_xent_c(size_t rows, size_t classes, float *z, size_t z_stride,
                        const uint8_t *labels, float scale, float *loss)
{
    assert(rows > 0 && classes > 0 && z_stride >= rows * MLP_NR);
    for (size_t r = 0; r < rows; r++) {
        float *row = z + r * MLP_NR;
        size_t label = labels[r];
        assert(label < classes);
        float max = row_max(row, z_stride, classes);
        float label_logit = *logit(row, z_stride, label) - max;
        float sum = exponentiate(row, z_stride, classes, max, MLP_XENT_CUT);
        loss[r] = mlp_log_scalar(sum) - label_logit;
        for (size_t c = 0; c < classes; c++) {
            float *e = logit(row, z_stride, c);
            *e = (*e / sum - (c == label ? 1.0f : 0.0f)) * scale;
        }
    }
}

void mlp_softmax_c(size_t rows, size_t classes, float *z, size_t z_stride)
{
    assert(rows > 0 && classes > 0 && z_stride >= rows * MLP_NR);
    for (size_t r = 0; r < rows; r++) {
        float *row = z + r * MLP_NR;
        float max = row_max(row, z_stride, classes);
        float sum = exponentiate(row, z_stride, classes, max, -INFINITY);
        for (size_t c = 0; c < classes; c++)
            *logit(row, z_stride, c) /= sum;
    }
}
