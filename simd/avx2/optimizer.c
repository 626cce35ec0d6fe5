/* SPDX-License-Identifier: MIT */
#include "optimizer.h"
#include "unroll.h"

/* SGD with momentum; `ahead` looks one step further along it (Nesterov). */
MLP_INLINE void update_momentum(size_t n, const struct mlp_update *update, bool ahead,
                                const float *g, float *w, float *m)
{
    const __m256 rate = _mm256_set1_ps(update->rate), beta1 = _mm256_set1_ps(update->beta1);
    for (size_t i = 0; i < n; i += 8) {
        __m256 gi = _mm256_loadu_ps(g + i);
        __m256 mi = _mm256_fmadd_ps(beta1, _mm256_loadu_ps(m + i), gi);
        mi = mlp_flush_ps_avx2(mi, FLT_MIN);
        __m256 step = ahead ? _mm256_fmadd_ps(beta1, mi, gi) : mi;
        _mm256_storeu_ps(m + i, mi);
        _mm256_storeu_ps(w + i, _mm256_fnmadd_ps(rate, step, _mm256_loadu_ps(w + i)));
    }
}

static void update_rmsprop(size_t n, const struct mlp_update *update, const float *g, float *w,
                           float *m)
{
    const __m256 rate = _mm256_set1_ps(update->rate), rest2 = _mm256_set1_ps(update->rest2);
    const __m256 epsilon = _mm256_set1_ps(update->epsilon);
    for (size_t i = 0; i < n; i += 8) {
        __m256 gi = mlp_flush_ps_avx2(_mm256_loadu_ps(g + i), MLP_ADAM_LEAST_GRADIENT);
        __m256 m0 = _mm256_loadu_ps(m + i);
        __m256 mi = _mm256_fmadd_ps(rest2, _mm256_fmsub_ps(gi, gi, m0), m0);
        mi = mlp_flush_ps_avx2(mi, FLT_MIN);
        __m256 step = _mm256_div_ps(gi, _mm256_add_ps(_mm256_sqrt_ps(mi), epsilon));
        _mm256_storeu_ps(m + i, mi);
        _mm256_storeu_ps(w + i, _mm256_fnmadd_ps(rate, step, _mm256_loadu_ps(w + i)));
    }
}

static void update_adagrad(size_t n, const struct mlp_update *update, const float *g, float *w,
                           float *m)
{
    const __m256 rate = _mm256_set1_ps(update->rate), epsilon = _mm256_set1_ps(update->epsilon);
    for (size_t i = 0; i < n; i += 8) {
        __m256 gi = mlp_flush_ps_avx2(_mm256_loadu_ps(g + i), MLP_ADAM_LEAST_GRADIENT);
        __m256 mi = _mm256_fmadd_ps(gi, gi, _mm256_loadu_ps(m + i));
        __m256 step = _mm256_div_ps(gi, _mm256_add_ps(_mm256_sqrt_ps(mi), epsilon));
        _mm256_storeu_ps(m + i, mi);
        _mm256_storeu_ps(w + i, _mm256_fnmadd_ps(rate, step, _mm256_loadu_ps(w + i)));
    }
}

static void update_adamw(size_t n, const struct mlp_update *update, const float *g, float *w,
                         float *m, float *v)
{
    const struct mlp_update_avx2 u = mlp_update_broadcast_avx2(update);
    const __m256 keep = _mm256_set1_ps(update->keep);
    for (size_t i = 0; i < n; i += 8) {
        __m256 step = mlp_adam_step_ps_avx2(&u, _mm256_loadu_ps(g + i), m + i, v + i);
        __m256 kept = _mm256_mul_ps(keep, _mm256_loadu_ps(w + i));
        _mm256_storeu_ps(w + i, _mm256_fnmadd_ps(u.rate, step, kept));
    }
}

/* x > 0 ? 1 : x < 0 ? -1 : x */
static inline __m256 sign(__m256 x)
{
    const __m256 zero = _mm256_setzero_ps();
    __m256 negative = _mm256_cmp_ps(x, zero, _CMP_LT_OQ);
    __m256 positive = _mm256_cmp_ps(x, zero, _CMP_GT_OQ);
    x = _mm256_blendv_ps(x, _mm256_set1_ps(-1.0f), negative);
    return _mm256_blendv_ps(x, _mm256_set1_ps(1.0f), positive);
}

static void update_lion(size_t n, const struct mlp_update *update, const float *g, float *w,
                        float *m)
{
    const __m256 rate = _mm256_set1_ps(update->rate), keep = _mm256_set1_ps(update->keep);
    const __m256 rest1 = _mm256_set1_ps(update->rest1), rest2 = _mm256_set1_ps(update->rest2);
    for (size_t i = 0; i < n; i += 8) {
        __m256 m0 = _mm256_loadu_ps(m + i);
        __m256 difference = _mm256_sub_ps(_mm256_loadu_ps(g + i), m0);
        __m256 step = sign(_mm256_fmadd_ps(rest1, difference, m0));
        __m256 mi = _mm256_fmadd_ps(rest2, difference, m0);
        _mm256_storeu_ps(m + i, mlp_flush_ps_avx2(mi, FLT_MIN));
        __m256 kept = _mm256_mul_ps(keep, _mm256_loadu_ps(w + i));
        _mm256_storeu_ps(w + i, _mm256_fnmadd_ps(rate, step, kept));
    }
}

void mlp_update_avx2(size_t n, const struct mlp_update *update, const float *g, float *w, float *m,
                     float *v)
{
    const struct mlp_update_avx2 u = mlp_update_broadcast_avx2(update);
    switch (update->optimizer) {
    case MLP_SGD:
        for (size_t i = 0; i < n; i += 8)
            mlp_sgd_ps_avx2(&u, _mm256_loadu_ps(g + i), w + i);
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
        for (size_t i = 0; i < n; i += 8)
            mlp_adam_ps_avx2(&u, _mm256_loadu_ps(g + i), w + i, m + i, v + i);
        break;
    case MLP_ADAMW:
        update_adamw(n, update, g, w, m, v);
        break;
    case MLP_LION:
        update_lion(n, update, g, w, m);
        break;
    }
}

void mlp_penalize_avx2(size_t n, float l1, float l2, float clip, const float *w, float *g)
{
    const __m256 zero = _mm256_setzero_ps(), upper = _mm256_set1_ps(clip);
    const __m256 lower = _mm256_set1_ps(-clip), decay = _mm256_set1_ps(l2);
    const __m256 toward_minus = _mm256_set1_ps(l1), toward_plus = _mm256_set1_ps(-l1);
    for (size_t i = 0; i < n; i += 8) {
        __m256 gi = _mm256_loadu_ps(g + i);
        if (w) {
            __m256 wi = _mm256_loadu_ps(w + i), pull = _mm256_mul_ps(zero, wi);
            pull = _mm256_blendv_ps(pull, toward_plus, _mm256_cmp_ps(wi, zero, _CMP_LT_OQ));
            pull = _mm256_blendv_ps(pull, toward_minus, _mm256_cmp_ps(wi, zero, _CMP_GT_OQ));
            gi = _mm256_add_ps(gi, _mm256_add_ps(_mm256_mul_ps(decay, wi), pull));
        }
        /* These give their second operand where either is a NaN. */
        gi = _mm256_min_ps(upper, _mm256_max_ps(lower, gi));
        _mm256_storeu_ps(g + i, gi);
    }
}

static inline __m256i magnitude_bits(const float *x)
{
    return _mm256_and_si256(_mm256_loadu_si256((const __m256i *)x), _mm256_set1_epi32(INT32_MAX));
}

/* As integers, the bits of magnitudes are in the order of the magnitudes, NaNs last.
 * Four chains, so that loads and not the latency of the maximum set the pace. */
bool mlp_all_below_avx2(size_t n, float limit, const float *x)
{
    if (!(limit > 0))
        return n == 0;
    __m256i most[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                       _mm256_setzero_si256()};
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        most[0] = _mm256_max_epi32(most[0], magnitude_bits(x + i));
        most[1] = _mm256_max_epi32(most[1], magnitude_bits(x + i + 8));
        most[2] = _mm256_max_epi32(most[2], magnitude_bits(x + i + 16));
        most[3] = _mm256_max_epi32(most[3], magnitude_bits(x + i + 24));
    }
    for (; i + 8 <= n; i += 8)
        most[0] = _mm256_max_epi32(most[0], magnitude_bits(x + i));
    for (; i < n; i++) {
        if (!(fabsf(x[i]) < limit))
            return false;
    }
    most[0] =
        _mm256_max_epi32(_mm256_max_epi32(most[0], most[1]), _mm256_max_epi32(most[2], most[3]));
    __m256i bits = _mm256_castps_si256(_mm256_set1_ps(limit));
    return _mm256_movemask_epi8(_mm256_cmpgt_epi32(bits, most[0])) == -1;
}

/* `count` panels side by side: eight chains hide the latency of addition. */
MLP_INLINE void bias_panels(size_t count, size_t rows, const float *b, size_t b_stride, bool resume,
                            float *g)
{
    __m256 sum[8];
    for (size_t i = 0; i < 2 * count; i++)
        sum[i] = resume ? _mm256_loadu_ps(g + i * 8) : _mm256_setzero_ps();
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < 2 * count; i++)
            sum[i] = _mm256_add_ps(sum[i],
                                   _mm256_loadu_ps(b + i / 2 * b_stride + r * MLP_NR + i % 2 * 8));
    }
    for (size_t i = 0; i < 2 * count; i++)
        _mm256_storeu_ps(g + i * 8, sum[i]);
}

void mlp_bias_gradient_avx2(size_t rows, size_t panels, const float *b, size_t b_stride,
                            bool resume, float *g)
{
    size_t j = 0;
    for (; j + 4 <= panels; j += 4)
        bias_panels(4, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
    for (; j < panels; j++)
        bias_panels(1, rows, b + j * b_stride, b_stride, resume, g + j * MLP_NR);
}
