/* SPDX-License-Identifier: MIT */
#include "norm.h"

#include "panels.h"

#include <math.h>
#include <string.h>

/* The variance, or NaN where it or `reach`, what it leads to, is infinite: the root's inverse would
 * be 0 and hide that. */
static inline float finite_or_nan(float variance, float reach)
{
    return variance + (reach - reach);
}

/* --- Layer normalisation ------------------------------------------------------ */

static float row_mean(const float *row, size_t columns, size_t stride)
{
    float sum[MLP_NR] = {0};
    size_t full = columns / MLP_NR;
    for (size_t p = 0; p < full; p++) {
        for (size_t l = 0; l < MLP_NR; l++)
            sum[l] += row[p * stride + l];
    }
    for (size_t l = 0; l < columns % MLP_NR; l++)
        sum[l] += row[full * stride + l];
    return mlp_sum_lanes(sum) / (float)columns;
}

static float row_variance(const float *row, size_t columns, size_t stride, float mean)
{
    float sum[MLP_NR] = {0};
    size_t full = columns / MLP_NR;
    for (size_t p = 0; p < full; p++) {
        for (size_t l = 0; l < MLP_NR; l++) {
            float distance = row[p * stride + l] - mean;
            sum[l] += distance * distance;
        }
    }
    for (size_t l = 0; l < columns % MLP_NR; l++) {
        float distance = row[full * stride + l] - mean;
        sum[l] += distance * distance;
    }
    float variance = mlp_sum_lanes(sum) / (float)columns;
    return finite_or_nan(variance, variance);
}

/* Puts +0 into what is past the columns of panel p. */
static inline void clear_padding(float values[MLP_NR], size_t columns, size_t p)
{
    for (size_t l = mlp_panel_lanes(columns, p); l < MLP_NR; l++)
        values[l] = 0.0f;
}

void mlp_layernorm_forward(size_t rows, size_t columns, const struct mlp_norm_parameters *p,
                           float *z, size_t stride, float *xhat, float *inverse)
{
    for (size_t r = 0; r < rows; r++) {
        float *row = z + r * MLP_NR;
        float mean = row_mean(row, columns, stride);
        float factor = 1.0f / sqrtf(row_variance(row, columns, stride, mean) + MLP_NORM_EPSILON);
        if (xhat)
            inverse[r] = factor;
        for (size_t j = 0; j < mlp_panels(columns); j++) {
            const float *scale = p->scale + j * MLP_NR, *shift = p->shift + j * MLP_NR;
            float *values = row + j * stride, normal[MLP_NR];
            for (size_t l = 0; l < MLP_NR; l++)
                normal[l] = (values[l] - mean) * factor;
            clear_padding(normal, columns, j);
            for (size_t l = 0; l < MLP_NR; l++)
                values[l] = normal[l] * scale[l] + shift[l];
            if (xhat)
                memcpy(xhat + r * MLP_NR + j * stride, normal, sizeof normal);
        }
    }
}

/* With d = delta * scale: dz = inverse * (d - mean(d) - xhat * mean(d * xhat)), means over the
 * units (Ba, Kiros and Hinton 2016, derived as Ioffe and Szegedy's section 3 is). */
void mlp_layernorm_backward(size_t rows, size_t columns, const float *scale, const float *xhat,
                            const float *inverse, const float *delta, float *dz, size_t stride)
{
    for (size_t r = 0; r < rows; r++) {
        const float *x = xhat + r * MLP_NR, *d = delta + r * MLP_NR;
        float sum[MLP_NR] = {0}, along[MLP_NR] = {0};
        for (size_t j = 0; j < mlp_panels(columns); j++) {
            for (size_t l = 0; l < MLP_NR; l++) { /* delta's padding is 0 */
                float scaled = d[j * stride + l] * scale[j * MLP_NR + l];
                sum[l] += scaled;
                along[l] += scaled * x[j * stride + l];
            }
        }
        float mean = mlp_sum_lanes(sum) / (float)columns,
              mean_along = mlp_sum_lanes(along) / (float)columns;
        for (size_t j = 0; j < mlp_panels(columns); j++) {
            float *out = dz + r * MLP_NR + j * stride, values[MLP_NR];
            for (size_t l = 0; l < MLP_NR; l++) {
                float scaled = d[j * stride + l] * scale[j * MLP_NR + l];
                values[l] = inverse[r] * (scaled - mean - x[j * stride + l] * mean_along);
            }
            clear_padding(values, columns, j);
            memcpy(out, values, sizeof values);
        }
    }
}

/* --- Batch normalisation -------------------------------------------------------- */

void mlp_batchnorm_statistics(size_t rows, size_t panels, const float *z, size_t stride,
                              float *mean, float *variance)
{
    for (size_t j = 0; j < panels; j++) {
        const float *panel = z + j * stride;
        float sum[MLP_NR] = {0}, squares[MLP_NR] = {0};
        for (size_t r = 0; r < rows; r++) {
            for (size_t l = 0; l < MLP_NR; l++)
                sum[l] += panel[r * MLP_NR + l];
        }
        for (size_t l = 0; l < MLP_NR; l++)
            sum[l] /= (float)rows;
        for (size_t r = 0; r < rows; r++) {
            for (size_t l = 0; l < MLP_NR; l++) {
                float distance = panel[r * MLP_NR + l] - sum[l];
                squares[l] += distance * distance;
            }
        }
        for (size_t l = 0; l < MLP_NR; l++) {
            mean[j * MLP_NR + l] = sum[l];
            float biased = squares[l] / (float)rows; /* the unbiased one is up to twice as large */
            variance[j * MLP_NR + l] = finite_or_nan(biased, 2 * biased);
        }
    }
}

void mlp_batchnorm_forward(size_t rows, size_t panels, const float *mean, const float *variance,
                           const struct mlp_norm_parameters *p, float *z, size_t stride,
                           float *xhat)
{
    for (size_t j = 0; j < panels; j++) {
        const float *scale = p->scale + j * MLP_NR, *shift = p->shift + j * MLP_NR;
        float factor[MLP_NR];
        for (size_t l = 0; l < MLP_NR; l++)
            factor[l] = 1.0f / sqrtf(variance[j * MLP_NR + l] + MLP_NORM_EPSILON);
        for (size_t r = 0; r < rows; r++) {
            float *values = z + j * stride + r * MLP_NR, normal[MLP_NR];
            for (size_t l = 0; l < MLP_NR; l++)
                normal[l] = (values[l] - mean[j * MLP_NR + l]) * factor[l];
            for (size_t l = 0; l < MLP_NR; l++)
                values[l] = normal[l] * scale[l] + shift[l];
            if (xhat)
                memcpy(xhat + j * stride + r * MLP_NR, normal, sizeof normal);
        }
    }
}

void mlp_batchnorm_backward(size_t rows, size_t panels, const float *scale, const float *variance,
                            const float *xhat, const float *delta, float *dz, size_t stride)
{
    for (size_t j = 0; j < panels; j++) {
        const float *x = xhat + j * stride, *d = delta + j * stride;
        float along[MLP_NR], sum[MLP_NR], factor[MLP_NR];
        mlp_norm_gradient(rows, 1, d, x, stride, along, sum);
        for (size_t l = 0; l < MLP_NR; l++) {
            sum[l] /= (float)rows;
            along[l] /= (float)rows;
            factor[l] =
                scale[j * MLP_NR + l] * (1.0f / sqrtf(variance[j * MLP_NR + l] + MLP_NORM_EPSILON));
        }
        for (size_t r = 0; r < rows; r++) {
            const float *xr = x + r * MLP_NR, *dr = d + r * MLP_NR;
            float *out = dz + j * stride + r * MLP_NR;
            for (size_t l = 0; l < MLP_NR; l++)
                out[l] = factor[l] * (dr[l] - sum[l] - xr[l] * along[l]);
        }
    }
}

void mlp_batchnorm_track(size_t n, size_t rows, const float *mean, const float *variance,
                         float *running_mean, float *running_variance)
{
    float unbiased = (float)rows / (float)(rows - 1);
    for (size_t i = 0; i < n; i++) {
        running_mean[i] += MLP_NORM_MOMENTUM * (mean[i] - running_mean[i]);
        running_variance[i] += MLP_NORM_MOMENTUM * (variance[i] * unbiased - running_variance[i]);
    }
}

void mlp_norm_gradient(size_t rows, size_t panels, const float *delta, const float *xhat,
                       size_t stride, float *scale, float *shift)
{
    for (size_t j = 0; j < panels; j++) {
        const float *d = delta + j * stride, *x = xhat + j * stride;
        float along[MLP_NR] = {0}, sum[MLP_NR] = {0};
        for (size_t i = 0; i < rows * MLP_NR; i += MLP_NR) {
            for (size_t l = 0; l < MLP_NR; l++) {
                along[l] += d[i + l] * x[i + l];
                sum[l] += d[i + l];
            }
        }
        memcpy(scale + j * MLP_NR, along, sizeof along);
        memcpy(shift + j * MLP_NR, sum, sizeof sum);
    }
}
