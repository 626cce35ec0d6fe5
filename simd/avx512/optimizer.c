/* SPDX-License-Identifier: MIT */
#include "optimizer.h"
#include "unroll.h"

/* SGD with momentum; `ahead` looks one step further along it (Nesterov). */
MLP_INLINE void update_momentum(size_t n, const struct mlp_update *update, bool ahead,
                                const float *g, float *w, float *m)
{
    const __m512 rate = _mm512_set1_ps(update->rate), beta1 = _mm512_set1_ps(update->beta1);
    for (size_t i = 0; i < n; i += 16) {
        __m512 gi = _mm512_loadu_ps(g + i);
        __m512 mi = _mm512_fmadd_ps(beta1, _mm512_loadu_ps(m + i), gi);
        mi = mlp_flush_moment_ps_avx512(mi);
        __m512 step = ahead ? _mm512_fmadd_ps(beta1, mi, gi) : mi;
        _mm512_storeu_ps(m + i, mi);
        _mm512_storeu_ps(w + i, _mm512_fnmadd_ps(rate, step, _mm512_loadu_ps(w + i)));
    }
}

static void update_rmsprop(size_t n, const struct mlp_update *update, const float *g, float *w,
                           float *m)
{
    const __m512 rate = _mm512_set1_ps(update->rate), rest2 = _mm512_set1_ps(update->rest2);
    const __m512 epsilon = _mm512_set1_ps(update->epsilon);
    for (size_t i = 0; i < n; i += 16) {
        __m512 gi = mlp_flush_gradient_ps_avx512(_mm512_loadu_ps(g + i));
        __m512 m0 = _mm512_loadu_ps(m + i);
        __m512 mi = _mm512_fmadd_ps(rest2, _mm512_fmsub_ps(gi, gi, m0), m0);
        mi = mlp_flush_moment_ps_avx512(mi);
        __m512 step = _mm512_div_ps(gi, _mm512_add_ps(_mm512_sqrt_ps(mi), epsilon));
        _mm512_storeu_ps(m + i, mi);
        _mm512_storeu_ps(w + i, _mm512_fnmadd_ps(rate, step, _mm512_loadu_ps(w + i)));
    }
}

static void update_adagrad(size_t n, const struct mlp_update *update, const float *g, float *w,
                           float *m)
{
    const __m512 rate = _mm512_set1_ps(update->rate), epsilon = _mm512_set1_ps(update->epsilon);
    for (size_t i = 0; i < n; i += 16) {
        __m512 gi = mlp_flush_gradient_ps_avx512(_mm512_loadu_ps(g + i));
        __m512 mi = _mm512_fmadd_ps(gi, gi, _mm512_loadu_ps(m + i));
        __m512 step = _mm512_div_ps(gi, _mm512_add_ps(_mm512_sqrt_ps(mi), epsilon));
        _mm512_storeu_ps(m + i, mi);
        _mm512_storeu_ps(w + i, _mm512_fnmadd_ps(rate, step, _mm512_loadu_ps(w + i)));
    }
}

static void update_adamw(size_t n, const struct mlp_update *update, const float *g, float *w,
                         float *m, float *v)
{
    const struct mlp_update_avx512 u = mlp_update_broadcast_avx512(update);
    const __m512 keep = _mm512_set1_ps(update->keep);
    for (size_t i = 0; i < n; i += 16) {
        struct mlp_moments_avx512 moments =
            mlp_adam_moments_ps_avx512(&u, _mm512_loadu_ps(g + i), m + i, v + i);
        mlp_adam_store_ps_avx512(&moments, m + i, v + i);
        __m512 step = mlp_adam_step_ps_avx512(&u, &moments);
        __m512 kept = _mm512_mul_ps(keep, _mm512_loadu_ps(w + i));
        _mm512_storeu_ps(w + i, _mm512_fnmadd_ps(u.rate, step, kept));
    }
}

/* x > 0 ? 1 : x < 0 ? -1 : x */
static inline __m512 sign(__m512 x)
{
    const __m512 zero = _mm512_setzero_ps();
    __mmask16 negative = _mm512_cmp_ps_mask(x, zero, _CMP_LT_OQ);
    __mmask16 positive = _mm512_cmp_ps_mask(x, zero, _CMP_GT_OQ);
    x = _mm512_mask_mov_ps(x, negative, _mm512_set1_ps(-1.0f));
    return _mm512_mask_mov_ps(x, positive, _mm512_set1_ps(1.0f));
}

static void update_lion(size_t n, const struct mlp_update *update, const float *g, float *w,
                        float *m)
{
    const __m512 rate = _mm512_set1_ps(update->rate), keep = _mm512_set1_ps(update->keep);
    const __m512 rest1 = _mm512_set1_ps(update->rest1), rest2 = _mm512_set1_ps(update->rest2);
    for (size_t i = 0; i < n; i += 16) {
        __m512 m0 = _mm512_loadu_ps(m + i);
        __m512 difference = _mm512_sub_ps(_mm512_loadu_ps(g + i), m0);
        __m512 step = sign(_mm512_fmadd_ps(rest1, difference, m0));
        __m512 mi = _mm512_fmadd_ps(rest2, difference, m0);
        _mm512_storeu_ps(m + i, mlp_flush_moment_ps_avx512(mi));
        __m512 kept = _mm512_mul_ps(keep, _mm512_loadu_ps(w + i));
        _mm512_storeu_ps(w + i, _mm512_fnmadd_ps(rate, step, kept));
    }
}

void mlp_update_avx512(size_t n, const struct mlp_update *update, const float *g, float *w,
                       float *m, float *v)
{
    const struct mlp_update_avx512 u = mlp_update_broadcast_avx512(update);
    switch (update->optimizer) {
    case MLP_SGD:
        for (size_t i = 0; i < n; i += 16)
            mlp_sgd_ps_avx512(&u, _mm512_loadu_ps(g + i), w + i);
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
        for (size_t i = 0; i < n; i += 16)
            mlp_adam_ps_avx512(&u, _mm512_loadu_ps(g + i), w + i, m + i, v + i);
        break;
    case MLP_ADAMW:
        update_adamw(n, update, g, w, m, v);
        break;
    case MLP_LION:
        update_lion(n, update, g, w, m);
        break;
    }
}

void mlp_penalize_avx512(size_t n, float l1, float l2, float clip, const float *w, float *g)
{
    const __m512 zero = _mm512_setzero_ps(), upper = _mm512_set1_ps(clip);
    const __m512 lower = _mm512_set1_ps(-clip), decay = _mm512_set1_ps(l2);
    const __m512 toward_minus = _mm512_set1_ps(l1), toward_plus = _mm512_set1_ps(-l1);
    for (size_t i = 0; i < n; i += 16) {
        __m512 gi = _mm512_loadu_ps(g + i);
        if (w) {
            __m512 wi = _mm512_loadu_ps(w + i), pull = _mm512_mul_ps(zero, wi);
            __mmask16 negative = _mm512_cmp_ps_mask(wi, zero, _CMP_LT_OQ);
            __mmask16 positive = _mm512_cmp_ps_mask(wi, zero, _CMP_GT_OQ);
            pull = _mm512_mask_mov_ps(pull, negative, toward_plus);
            pull = _mm512_mask_mov_ps(pull, positive, toward_minus);
            gi = _mm512_add_ps(gi, _mm512_add_ps(_mm512_mul_ps(decay, wi), pull));
        }
        /* These give their second operand where either is a NaN. */
        gi = _mm512_min_ps(upper, _mm512_max_ps(lower, gi));
        _mm512_storeu_ps(g + i, gi);
    }
}

static inline __m512i magnitude_bits(__m512i x)
{
    return _mm512_and_si512(x, _mm512_set1_epi32(INT32_MAX));
}

/* As integers, the bits of magnitudes are in the order of the magnitudes, NaNs last.
 * Four chains, so that loads and not the latency of the maximum set the pace. */
bool mlp_all_below_avx512(size_t n, float limit, const float *x)
{
    if (!(limit > 0))
        return n == 0;
    __m512i most[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                       _mm512_setzero_si512()};
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        most[0] = _mm512_max_epi32(most[0], magnitude_bits(_mm512_loadu_si512(x + i)));
        most[1] = _mm512_max_epi32(most[1], magnitude_bits(_mm512_loadu_si512(x + i + 16)));
        most[2] = _mm512_max_epi32(most[2], magnitude_bits(_mm512_loadu_si512(x + i + 32)));
        most[3] = _mm512_max_epi32(most[3], magnitude_bits(_mm512_loadu_si512(x + i + 48)));
    }
    for (; i < n; i += 16) {
        size_t left = n - i;
        __mmask16 lanes = left < 16 ? (__mmask16)((1u << left) - 1) : (__mmask16)0xffff;
        most[0] = _mm512_max_epi32(most[0], magnitude_bits(_mm512_maskz_loadu_epi32(lanes, x + i)));
    }
    most[0] =
        _mm512_max_epi32(_mm512_max_epi32(most[0], most[1]), _mm512_max_epi32(most[2], most[3]));
    __m512i bits = _mm512_castps_si512(_mm512_set1_ps(limit));
    return _mm512_cmplt_epi32_mask(most[0], bits) == 0xffff;
}

/* `count` panels side by side: eight chains hide the latency of addition. */
MLP_INLINE void bias_panels(size_t count, size_t rows, const float *b, size_t b_stride, bool resume,
                            float *g)
{
    __m512 sum[8];
    for (size_t i = 0; i < count; i++)
        sum[i] = resume ? _mm512_loadu_ps(g + i * MLP_NR) : _mm512_setzero_ps();
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < count; i++)
            sum[i] = _mm512_add_ps(sum[i], _mm512_load_ps(b + i * b_stride + r * MLP_NR));
    }
    for (size_t i = 0; i < count; i++)
        _mm512_storeu_ps(g + i * MLP_NR, sum[i]);
}

void mlp_bias_gradient_avx512(size_t rows, size_t panels, const float *b, size_t b_stride,
                              bool resume, float *g)
{
    size_t j = 0;
    for (; j + 8 <= panels; j += 8)
        bias_panels(8, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
    for (; j + 4 <= panels; j += 4)
        bias_panels(4, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
    for (; j < panels; j++)
        bias_panels(1, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
}
