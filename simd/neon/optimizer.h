/* SPDX-License-Identifier: MIT */
/* The optimizers' update of four weights, for the epilogue of the weight
 * gradient too. */
#ifndef MLP_SIMD_NEON_OPTIMIZER_H
#define MLP_SIMD_NEON_OPTIMIZER_H

#include "math.h"

#include "kernels.h"

/* struct mlp_update, broadcast. */
struct mlp_update_neon {
    float32x4_t rate, rest1, rest2, epsilon;
};

static inline struct mlp_update_neon mlp_update_broadcast_neon(const struct mlp_update *update)
{
    struct mlp_update_neon u = {
        .rate = vdupq_n_f32(update->rate),
        .rest1 = vdupq_n_f32(update->rest1),
        .rest2 = vdupq_n_f32(update->rest2),
        .epsilon = vdupq_n_f32(update->epsilon),
    };
    return u;
}

/* +0 where |x| < least; a NaN is not and stays. */
static inline float32x4_t mlp_flush_f32_neon(float32x4_t x, float least)
{
    return vbslq_f32(vcaltq_f32(x, vdupq_n_f32(least)), vdupq_n_f32(0.0f), x);
}

/* w[0..3] -= rate * g */
static inline void mlp_sgd_f32_neon(const struct mlp_update_neon *u, float32x4_t g, float *w)
{
    vst1q_f32(w, vfmsq_f32(vld1q_f32(w), u->rate, g));
}

/* Adam, as mlp_update_fn: new moments, and the step that they give. */
static inline float32x4_t mlp_adam_step_f32_neon(const struct mlp_update_neon *u, float32x4_t g,
                                                 float *m, float *v)
{
    float32x4_t m0 = vld1q_f32(m);
    float32x4_t v0 = vld1q_f32(v);
    g = mlp_flush_f32_neon(g, MLP_ADAM_LEAST_GRADIENT);
    float32x4_t m1 = vfmaq_f32(m0, u->rest1, vsubq_f32(g, m0));
    float32x4_t v1 = vfmaq_f32(v0, u->rest2, vfmaq_f32(vnegq_f32(v0), g, g));
    m1 = mlp_flush_f32_neon(m1, FLT_MIN);
    v1 = mlp_flush_f32_neon(v1, FLT_MIN);
    float32x4_t step = vdivq_f32(m1, vaddq_f32(vsqrtq_f32(v1), u->epsilon));
    vst1q_f32(m, m1);
    vst1q_f32(v, v1);
    return step;
}

/* w[0..3] and its moments. */
static inline void mlp_adam_f32_neon(const struct mlp_update_neon *u, float32x4_t g, float *w,
                                     float *m, float *v)
{
    float32x4_t step = mlp_adam_step_f32_neon(u, g, m, v);
    vst1q_f32(w, vfmsq_f32(vld1q_f32(w), u->rate, step));
}

/* Whether the epilogue of the weight gradient updates from registers; others take
 * their gradient from memory. */
static inline bool mlp_fuses_update_neon(enum mlp_optimizer optimizer)
{
    return optimizer == MLP_SGD || optimizer == MLP_ADAM;
}

#endif
