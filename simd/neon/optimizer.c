/* SPDX-License-Identifier: MIT */
#include "optimizer.h"
#include "unroll.h"

/* SGD with momentum; `ahead` looks one step further along it (Nesterov). */
MLP_INLINE void update_momentum(size_t n, const struct mlp_update *update, bool ahead,
                                const float *g, float *w, float *m)
{
    const float32x4_t rate = vdupq_n_f32(update->rate), beta1 = vdupq_n_f32(update->beta1);
    for (size_t i = 0; i < n; i += 4) {
        float32x4_t gi = vld1q_f32(g + i);
        float32x4_t mi = mlp_flush_f32_neon(vfmaq_f32(gi, beta1, vld1q_f32(m + i)), FLT_MIN);
        float32x4_t step = ahead ? vfmaq_f32(gi, beta1, mi) : mi;
        vst1q_f32(m + i, mi);
        vst1q_f32(w + i, vfmsq_f32(vld1q_f32(w + i), rate, step));
    }
}

static void update_rmsprop(size_t n, const struct mlp_update *update, const float *g, float *w,
                           float *m)
{
    const float32x4_t rate = vdupq_n_f32(update->rate), rest2 = vdupq_n_f32(update->rest2);
    const float32x4_t epsilon = vdupq_n_f32(update->epsilon);
    for (size_t i = 0; i < n; i += 4) {
        float32x4_t gi = mlp_flush_f32_neon(vld1q_f32(g + i), MLP_ADAM_LEAST_GRADIENT);
        float32x4_t m0 = vld1q_f32(m + i);
        float32x4_t mi = vfmaq_f32(m0, rest2, vfmaq_f32(vnegq_f32(m0), gi, gi));
        mi = mlp_flush_f32_neon(mi, FLT_MIN);
        float32x4_t step = vdivq_f32(gi, vaddq_f32(vsqrtq_f32(mi), epsilon));
        vst1q_f32(m + i, mi);
        vst1q_f32(w + i, vfmsq_f32(vld1q_f32(w + i), rate, step));
    }
}

static void update_adagrad(size_t n, const struct mlp_update *update, const float *g, float *w,
                           float *m)
{
    const float32x4_t rate = vdupq_n_f32(update->rate), epsilon = vdupq_n_f32(update->epsilon);
    for (size_t i = 0; i < n; i += 4) {
        float32x4_t gi = mlp_flush_f32_neon(vld1q_f32(g + i), MLP_ADAM_LEAST_GRADIENT);
        float32x4_t mi = vfmaq_f32(vld1q_f32(m + i), gi, gi);
        float32x4_t step = vdivq_f32(gi, vaddq_f32(vsqrtq_f32(mi), epsilon));
        vst1q_f32(m + i, mi);
        vst1q_f32(w + i, vfmsq_f32(vld1q_f32(w + i), rate, step));
    }
}

static void update_adamw(size_t n, const struct mlp_update *update, const float *g, float *w,
                         float *m, float *v)
{
    const struct mlp_update_neon u = mlp_update_broadcast_neon(update);
    const float32x4_t keep = vdupq_n_f32(update->keep);
    for (size_t i = 0; i < n; i += 4) {
        float32x4_t step = mlp_adam_step_f32_neon(&u, vld1q_f32(g + i), m + i, v + i);
        vst1q_f32(w + i, vfmsq_f32(vmulq_f32(keep, vld1q_f32(w + i)), u.rate, step));
    }
}

/* x > 0 ? 1 : x < 0 ? -1 : x */
static inline float32x4_t sign(float32x4_t x)
{
    float32x4_t one = vdupq_n_f32(1.0f), below = vbslq_f32(vcltzq_f32(x), vnegq_f32(one), x);
    return vbslq_f32(vcgtzq_f32(x), one, below);
}

static void update_lion(size_t n, const struct mlp_update *update, const float *g, float *w,
                        float *m)
{
    const float32x4_t rate = vdupq_n_f32(update->rate), keep = vdupq_n_f32(update->keep);
    const float32x4_t rest1 = vdupq_n_f32(update->rest1), rest2 = vdupq_n_f32(update->rest2);
    for (size_t i = 0; i < n; i += 4) {
        float32x4_t m0 = vld1q_f32(m + i);
        float32x4_t difference = vsubq_f32(vld1q_f32(g + i), m0);
        float32x4_t step = sign(vfmaq_f32(m0, rest1, difference));
        vst1q_f32(m + i, mlp_flush_f32_neon(vfmaq_f32(m0, rest2, difference), FLT_MIN));
        vst1q_f32(w + i, vfmsq_f32(vmulq_f32(keep, vld1q_f32(w + i)), rate, step));
    }
}

void mlp_update_neon(size_t n, const struct mlp_update *update, const float *g, float *w, float *m,
                     float *v)
{
    const struct mlp_update_neon u = mlp_update_broadcast_neon(update);
    switch (update->optimizer) {
    case MLP_SGD:
        for (size_t i = 0; i < n; i += 4)
            mlp_sgd_f32_neon(&u, vld1q_f32(g + i), w + i);
        break;
    case MLP_MOMENTUM:
        update_momentum(n, update, false, g, w, m);
        break;
    case MLP_NESTEROV:
        update_momentum(n, update, true, g, w, m);
        break;
    case MLP_RMSPROP:
        update_rmsprop(n, update, g, w, m);
        break;
    case MLP_ADAGRAD:
        update_adagrad(n, update, g, w, m);
        break;
    case MLP_ADAM:
    case MLP_ADAM_PYTORCH:
        for (size_t i = 0; i < n; i += 4)
            mlp_adam_f32_neon(&u, vld1q_f32(g + i), w + i, m + i, v + i);
        break;
    case MLP_ADAMW:
        update_adamw(n, update, g, w, m, v);
        break;
    case MLP_LION:
        update_lion(n, update, g, w, m);
        break;
    }
}

void mlp_penalize_neon(size_t n, float l1, float l2, float clip, const float *w, float *g)
{
    const float32x4_t zero = vdupq_n_f32(0.0f), upper = vdupq_n_f32(clip);
    const float32x4_t lower = vdupq_n_f32(-clip), decay = vdupq_n_f32(l2);
    const float32x4_t toward_minus = vdupq_n_f32(l1), toward_plus = vdupq_n_f32(-l1);
    for (size_t i = 0; i < n; i += 4) {
        float32x4_t gi = vld1q_f32(g + i);
        if (w) {
            float32x4_t wi = vld1q_f32(w + i);
            float32x4_t pull = vbslq_f32(vcltzq_f32(wi), toward_plus, vmulq_f32(zero, wi));
            pull = vbslq_f32(vcgtzq_f32(wi), toward_minus, pull);
            gi = vaddq_f32(gi, vaddq_f32(vmulq_f32(decay, wi), pull));
        }
        float32x4_t low = vbslq_f32(vcltq_f32(gi, lower), lower, gi);
        vst1q_f32(g + i, vbslq_f32(vcgtq_f32(gi, upper), upper, low));
    }
}

static inline uint32x4_t magnitude_bits(const float *x)
{
    return vreinterpretq_u32_f32(vabsq_f32(vld1q_f32(x)));
}

/* As integers, the bits of magnitudes are in the order of the magnitudes, NaNs last.
 * Four chains, so that loads and not the latency of the maximum set the pace. */
bool mlp_all_below_neon(size_t n, float limit, const float *x)
{
    if (!(limit > 0))
        return n == 0;
    uint32x4_t most[4] = {vdupq_n_u32(0), vdupq_n_u32(0), vdupq_n_u32(0), vdupq_n_u32(0)};
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        most[0] = vmaxq_u32(most[0], magnitude_bits(x + i));
        most[1] = vmaxq_u32(most[1], magnitude_bits(x + i + 4));
        most[2] = vmaxq_u32(most[2], magnitude_bits(x + i + 8));
        most[3] = vmaxq_u32(most[3], magnitude_bits(x + i + 12));
    }
    for (; i < n; i++) {
        if (!(fabsf(x[i]) < limit))
            return false;
    }
    uint32x4_t all = vmaxq_u32(vmaxq_u32(most[0], most[1]), vmaxq_u32(most[2], most[3]));
    return vmaxvq_u32(all) < vgetq_lane_u32(vreinterpretq_u32_f32(vdupq_n_f32(limit)), 0);
}

/* `count` panels side by side, for several chains hide the latency of addition. */
MLP_INLINE void bias_panels(size_t count, size_t rows, const float *b, size_t b_stride, bool resume,
                            float *g)
{
    float32x4_t sum[16];
    for (size_t i = 0; i < 4 * count; i++)
        sum[i] = resume ? vld1q_f32(g + i * 4) : vdupq_n_f32(0.0f);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < 4 * count; i++)
            sum[i] = vaddq_f32(sum[i], vld1q_f32(b + i / 4 * b_stride + r * MLP_NR + i % 4 * 4));
    }
    for (size_t i = 0; i < 4 * count; i++)
        vst1q_f32(g + i * 4, sum[i]);
}

void mlp_bias_gradient_neon(size_t rows, size_t panels, const float *b, size_t b_stride,
                            bool resume, float *g)
{
    size_t j = 0;
    for (; j + 4 <= panels; j += 4)
        bias_panels(4, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
    for (; j < panels; j++)
        bias_panels(1, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
}
