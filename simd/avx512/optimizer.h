/* SPDX-License-Identifier: MIT */
/* The optimizers' update of sixteen weights, for the epilogue of the weight
 * gradient too. */
#ifndef MLP_SIMD_AVX2_OPTIMIZER_H
#define MLP_SIMD_AVX2_OPTIMIZER_H

#include "math.h"

#include "kernels.h"

/* struct mlp_update, broadcast. */
struct mlp_update_avx512 {
    enum mlp_optimizer optimizer;
    __m512 rate, rest1, rest2, epsilon;
};

static inline struct mlp_update_avx512 mlp_update_broadcast_avx512(const struct mlp_update *update)
{
    struct mlp_update_avx512 u = {
        .optimizer = update->optimizer,
        .rate = _mm512_set1_ps(update->rate),
        .rest1 = _mm512_set1_ps(update->rest1),
        .rest2 = _mm512_set1_ps(update->rest2),
        .epsilon = _mm512_set1_ps(update->epsilon),
    };
    return u;
}

/* +0 where |x| < MLP_ADAM_LEAST_GRADIENT; a NaN is not and stays. */
static inline __m512 mlp_flush_gradient_ps_avx512(__m512 x)
{
    const __m512 least = _mm512_set1_ps(MLP_ADAM_LEAST_GRADIENT);
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(_mm512_abs_ps(x), least, _CMP_NLT_UQ), x);
}

/* +0 where |x| < FLT_MIN: zeros and subnormals. */
static inline __m512 mlp_flush_moment_ps_avx512(__m512 x)
{
    enum { ZEROS_AND_SUBNORMALS = 0x02 | 0x04 | 0x20 };
    return _mm512_mask_mov_ps(x, _mm512_fpclass_ps_mask(x, ZEROS_AND_SUBNORMALS),
                              _mm512_setzero_ps());
}

/* w[0..15] -= rate * g */
static inline void mlp_sgd_ps_avx512(const struct mlp_update_avx512 *u, __m512 g, float *w)
{
    _mm512_storeu_ps(w, _mm512_fnmadd_ps(u->rate, g, _mm512_loadu_ps(w)));
}

/* The new moments of sixteen weights. */
struct mlp_moments_avx512 {
    __m512 m, v;
};

/* Adam, as mlp_update_fn, in stages: the new moments, their storing, the step,
 * and the weights' move by it. */
static inline struct mlp_moments_avx512
mlp_adam_moments_ps_avx512(const struct mlp_update_avx512 *u, __m512 g, const float *m,
                           const float *v)
{
    __m512 m0 = _mm512_loadu_ps(m);
    __m512 v0 = _mm512_loadu_ps(v);
    g = mlp_flush_gradient_ps_avx512(g);
    __m512 m1 = _mm512_fmadd_ps(u->rest1, _mm512_sub_ps(g, m0), m0);
    __m512 v1 = _mm512_fmadd_ps(u->rest2, _mm512_fmsub_ps(g, g, v0), v0);
    struct mlp_moments_avx512 moments = {mlp_flush_moment_ps_avx512(m1),
                                         mlp_flush_moment_ps_avx512(v1)};
    return moments;
}

static inline void mlp_adam_store_ps_avx512(const struct mlp_moments_avx512 *moments, float *m,
                                            float *v)
{
    _mm512_storeu_ps(m, moments->m);
    _mm512_storeu_ps(v, moments->v);
}

static inline __m512 mlp_adam_step_ps_avx512(const struct mlp_update_avx512 *u,
                                             const struct mlp_moments_avx512 *moments)
{
    return _mm512_div_ps(moments->m, _mm512_add_ps(_mm512_sqrt_ps(moments->v), u->epsilon));
}

static inline void mlp_adam_move_ps_avx512(const struct mlp_update_avx512 *u, __m512 step, float *w)
{
    _mm512_storeu_ps(w, _mm512_fnmadd_ps(u->rate, step, _mm512_loadu_ps(w)));
}

/* All stages. */
static inline void mlp_adam_ps_avx512(const struct mlp_update_avx512 *u, __m512 g, float *w,
                                      float *m, float *v)
{
    struct mlp_moments_avx512 moments = mlp_adam_moments_ps_avx512(u, g, m, v);
    mlp_adam_store_ps_avx512(&moments, m, v);
    mlp_adam_move_ps_avx512(u, mlp_adam_step_ps_avx512(u, &moments), w);
}

#endif
