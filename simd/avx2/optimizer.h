/* SPDX-License-Identifier: MIT */
/* The optimizers' update of eight weights, for the epilogue of the weight
 * gradient too. */
#ifndef MLP_SIMD_AVX2_OPTIMIZER_H
#define MLP_SIMD_AVX2_OPTIMIZER_H

#include "math.h"

#include "kernels.h"

/* struct mlp_update, broadcast. */
struct mlp_update_avx2 {
    enum mlp_optimizer optimizer;
    __m256 rate, rest1, rest2, epsilon;
};

static inline struct mlp_update_avx2 mlp_update_broadcast_avx2(const struct mlp_update *update)
{
    struct mlp_update_avx2 u = {
        .optimizer = update->optimizer,
        .rate = _mm256_set1_ps(update->rate),
        .rest1 = _mm256_set1_ps(update->rest1),
        .rest2 = _mm256_set1_ps(update->rest2),
        .epsilon = _mm256_set1_ps(update->epsilon),
    };
    return u;
}

/* +0 where |x| < least; a NaN is not and stays. */
static inline __m256 mlp_flush_ps_avx2(__m256 x, float least)
{
    return _mm256_and_ps(x, _mm256_cmp_ps(mlp_abs_ps_avx2(x), _mm256_set1_ps(least), _CMP_NLT_UQ));
}

/* w[0..7] -= rate * g */
static inline void mlp_sgd_ps_avx2(const struct mlp_update_avx2 *u, __m256 g, float *w)
{
    _mm256_storeu_ps(w, _mm256_fnmadd_ps(u->rate, g, _mm256_loadu_ps(w)));
}

/* Adam, as mlp_update_fn: new moments, and the step that they give. */
static inline __m256 mlp_adam_step_ps_avx2(const struct mlp_update_avx2 *u, __m256 g, float *m,
                                           float *v)
{
    __m256 m0 = _mm256_loadu_ps(m);
    __m256 v0 = _mm256_loadu_ps(v);
    g = mlp_flush_ps_avx2(g, MLP_ADAM_LEAST_GRADIENT);
    __m256 m1 = _mm256_fmadd_ps(u->rest1, _mm256_sub_ps(g, m0), m0);
    __m256 v1 = _mm256_fmadd_ps(u->rest2, _mm256_fmsub_ps(g, g, v0), v0);
    m1 = mlp_flush_ps_avx2(m1, FLT_MIN);
    v1 = mlp_flush_ps_avx2(v1, FLT_MIN);
    __m256 step = _mm256_div_ps(m1, _mm256_add_ps(_mm256_sqrt_ps(v1), u->epsilon));
    _mm256_storeu_ps(m, m1);
    _mm256_storeu_ps(v, v1);
    return step;
}

/* w[0..7] and its moments. */
static inline void mlp_adam_ps_avx2(const struct mlp_update_avx2 *u, __m256 g, float *w, float *m,
                                    float *v)
{
    __m256 step = mlp_adam_step_ps_avx2(u, g, m, v);
    _mm256_storeu_ps(w, _mm256_fnmadd_ps(u->rate, step, _mm256_loadu_ps(w)));
}

/* Whether the epilogue of the weight gradient updates from registers; others take
 * their gradient from memory. */
static inline bool mlp_fuses_update_avx2(enum mlp_optimizer optimizer)
{
    return optimizer == MLP_SGD || optimizer == MLP_ADAM;
}

#endif
