/* SPDX-License-Identifier: MIT */
/* Layer and batch normalisation of panels (kernels.h): u = xhat * scale + shift with xhat = (z -
 * mean) / sqrt(variance + epsilon). Plain C without multiply-adds, compiled once: every instruction
 * set of the kernels gets the same bits. Sums over units run in 16 lanes and a tree, sums over
 * samples in ascending order. Padding of what comes out is 0.
 *
 * Definitions of this file are copied into exported C (src/formats/c_excerpt.h), which relies on its
 * layout. */
#ifndef MLP_SRC_NORM_H
#define MLP_SRC_NORM_H

#include <stddef.h>

/* What PyTorch and Keras call epsilon; and the weight of a minibatch's statistics in the running
 * ones. */
#define MLP_NORM_EPSILON 1e-5f
#define MLP_NORM_MOMENTUM 0.1f

/* What a layer is normalised by, [panels * 16] each. */
struct mlp_norm_parameters {
    const float *scale, *shift;
};

/* Layer normalisation of rows of `columns` units, in place; NaN where a variance overflows. Where
 * xhat is not NULL it keeps the normalised values (panels like z) and inverse[row] the inverse
 * deviations, for the way back. */
void mlp_layernorm_forward(size_t rows, size_t columns, const struct mlp_norm_parameters *p,
                           float *z, size_t stride, float *xhat, float *inverse);

/* dz, the gradient at z, from delta, the gradient at u. */
void mlp_layernorm_backward(size_t rows, size_t columns, const float *scale, const float *xhat,
                            const float *inverse, const float *delta, float *dz, size_t stride);

/* Means and biased variances [panels * 16] of whole columns; a variance that overflows is NaN. */
void mlp_batchnorm_statistics(size_t rows, size_t panels, const float *z, size_t stride,
                              float *mean, float *variance);

/* Batch normalisation by these, in place; xhat may be NULL. */
void mlp_batchnorm_forward(size_t rows, size_t panels, const float *mean, const float *variance,
                           const struct mlp_norm_parameters *p, float *z, size_t stride,
                           float *xhat);

/* dz from delta, for whole columns; the sums over the rows are also what scale and shift get. */
void mlp_batchnorm_backward(size_t rows, size_t panels, const float *scale, const float *variance,
                            const float *xhat, const float *delta, float *dz, size_t stride);

/* running = running + 0.1 (statistics - running), of n values; the variance unbiased, from `rows`
 * samples. */
void mlp_batchnorm_track(size_t n, size_t rows, const float *mean, const float *variance,
                         float *running_mean, float *running_variance);

/* Gradients of scale and shift [panels * 16]: sums over the rows of delta * xhat and of delta. */
void mlp_norm_gradient(size_t rows, size_t panels, const float *delta, const float *xhat,
                       size_t stride, float *scale, float *shift);

#endif
