/* SPDX-License-Identifier: MIT */
#include "math.h"

#include "kernels.h"

/* Rows go eight at a time, so that what is one number a row (maximum, sum,
 * loss) fills a vector. */
enum { GROUP = 8 };

/* `rows` <= GROUP rows of a panel matrix. */
struct rows {
    float *z;
    size_t rows, stride, panels;
    __m256 last[2]; /* lanes of the last panel that are classes */
};

static struct rows rows_of(size_t classes, float *z, size_t stride)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    size_t panels = (classes + MLP_NR - 1) / MLP_NR;
    __m256i left = _mm256_set1_epi32((int)(classes - (panels - 1) * MLP_NR));
    struct rows g = {.z = z, .stride = stride, .panels = panels};
    g.last[0] = _mm256_castsi256_ps(_mm256_cmpgt_epi32(left, lane));
    g.last[1] =
        _mm256_castsi256_ps(_mm256_cmpgt_epi32(left, _mm256_add_epi32(lane, _mm256_set1_epi32(8))));
    return g;
}

/* The lanes of half `h` of panel `p` that are classes. */
static inline __m256 class_lanes(const struct rows *g, size_t p, int h)
{
    return p + 1 == g->panels ? g->last[h] : _mm256_castsi256_ps(_mm256_set1_epi32(-1));
}

static inline float *half_row(const struct rows *g, size_t r, size_t p, int h)
{
    return g->z + p * g->stride + r * MLP_NR + h * 8;
}

static inline __m256 add(__m256 a, __m256 b)
{
    return _mm256_add_ps(a, b);
}

static inline __m256 max(__m256 a, __m256 b)
{
    return _mm256_max_ps(a, b);
}

/* Lane i of the result: v[i]'s eight lanes by the tree l and l + 4, + 2, + 1. */
static inline __attribute__((always_inline)) __m256 reduce(__m256 (*op)(__m256, __m256),
                                                           const __m256 v[GROUP])
{
    __m256 four[4], two[2];
    for (int i = 0; i < 4; i++) /* rows i and i + 4 */
        four[i] = op(_mm256_permute2f128_ps(v[i], v[i + 4], 0x20),
                     _mm256_permute2f128_ps(v[i], v[i + 4], 0x31));
    for (int i = 0; i < 2; i++)
        two[i] = op(_mm256_shuffle_ps(four[2 * i], four[2 * i + 1], 0x44),
                    _mm256_shuffle_ps(four[2 * i], four[2 * i + 1], 0xee));
    return op(_mm256_shuffle_ps(two[0], two[1], 0x88), _mm256_shuffle_ps(two[0], two[1], 0xdd));
}

/* Lane r: the largest logit of row r. MAXPS drops a NaN in its first operand. */
static __m256 maxima(const struct rows *g)
{
    const __m256 lowest = _mm256_set1_ps(-INFINITY);
    __m256 v[GROUP];
    for (size_t r = 0; r < GROUP; r++) {
        v[r] = lowest;
        for (size_t p = 0; r < g->rows && p < g->panels; p++) {
            for (int h = 0; h < 2; h++) {
                __m256 z = _mm256_loadu_ps(half_row(g, r, p, h));
                v[r] = max(_mm256_blendv_ps(lowest, z, class_lanes(g, p, h)), v[r]);
            }
        }
    }
    return reduce(max, v);
}

/* Puts exp(z - max) in place of the logits, +0 where z - max < cut and in the
 * padding; lane r: row r's sum. */
static __m256 exponentiate(const struct rows *g, __m256 maximum, float cut)
{
    const __m256 least = _mm256_set1_ps(cut);
    float max_of[GROUP];
    __m256 v[GROUP];
    _mm256_storeu_ps(max_of, maximum);
    for (size_t r = 0; r < GROUP; r++) {
        __m256 sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
        for (size_t p = 0; r < g->rows && p < g->panels; p++) {
            for (int h = 0; h < 2; h++) {
                float *z = half_row(g, r, p, h);
                __m256 d = _mm256_sub_ps(_mm256_loadu_ps(z), _mm256_set1_ps(max_of[r]));
                __m256 kept = _mm256_cmp_ps(d, least, _CMP_NLT_UQ); /* a NaN too */
                __m256 e = mlp_exp_ps_avx2(max(least, d));          /* meets no subnormal */
                e = _mm256_and_ps(e, _mm256_and_ps(kept, class_lanes(g, p, h)));
                _mm256_storeu_ps(z, e);
                sum[h] = add(sum[h], e);
            }
        }
        v[r] = add(sum[0], sum[1]);
    }
    return reduce(add, v);
}

/* One group of mlp_softmax_xent_avx2. */
static void xent_group(const struct rows *g, const uint8_t *labels, float scale, float *loss)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    float label_logit[GROUP] = {0}, sum_of[GROUP], loss_of[GROUP];
    for (size_t r = 0; r < g->rows; r++)
        label_logit[r] = half_row(g, r, labels[r] / MLP_NR, 0)[labels[r] % MLP_NR];
    __m256 maximum = maxima(g);
    __m256 sum = exponentiate(g, maximum, MLP_XENT_CUT);
    __m256 distance = _mm256_sub_ps(_mm256_loadu_ps(label_logit), maximum);
    _mm256_storeu_ps(loss_of, _mm256_sub_ps(mlp_log_ps_avx2(sum), distance));
    _mm256_storeu_ps(sum_of, sum);
    for (size_t r = 0; r < g->rows; r++) {
        loss[r] = loss_of[r];
        for (size_t p = 0; p < g->panels; p++) {
            for (int h = 0; h < 2; h++) {
                float *z = half_row(g, r, p, h);
                int at = (int)labels[r] - (int)(p * MLP_NR) - h * 8;
                __m256i is_label = _mm256_cmpeq_epi32(lane, _mm256_set1_epi32(at));
                __m256 hot = _mm256_and_ps(_mm256_castsi256_ps(is_label), _mm256_set1_ps(1.0f));
                __m256 d = _mm256_div_ps(_mm256_loadu_ps(z), _mm256_set1_ps(sum_of[r]));
                d = _mm256_mul_ps(_mm256_sub_ps(d, hot), _mm256_set1_ps(scale));
                _mm256_storeu_ps(z, _mm256_and_ps(d, class_lanes(g, p, h)));
            }
        }
    }
}

void mlp_softmax_xent_avx2(size_t rows, size_t classes, float *z, size_t z_stride,
                           const uint8_t *labels, float scale, float *loss)
{
    struct rows g = rows_of(classes, z, z_stride);
    for (size_t r = 0; r < rows; r += GROUP) {
        g.z = z + r * MLP_NR;
        g.rows = rows - r < GROUP ? rows - r : GROUP;
        xent_group(&g, labels + r, scale, loss + r);
    }
}

/* One group of mlp_softmax_avx2. */
static void softmax_group(const struct rows *g)
{
    float sum_of[GROUP];
    _mm256_storeu_ps(sum_of, exponentiate(g, maxima(g), -INFINITY));
    for (size_t r = 0; r < g->rows; r++) {
        for (size_t p = 0; p < g->panels; p++) {
            for (int h = 0; h < 2; h++) {
                float *z = half_row(g, r, p, h);
                __m256 y = _mm256_div_ps(_mm256_loadu_ps(z), _mm256_set1_ps(sum_of[r]));
                _mm256_storeu_ps(z, _mm256_and_ps(y, class_lanes(g, p, h)));
            }
        }
    }
}

void mlp_softmax_avx2(size_t rows, size_t classes, float *z, size_t z_stride)
{
    struct rows g = rows_of(classes, z, z_stride);
    for (size_t r = 0; r < rows; r += GROUP) {
        g.z = z + r * MLP_NR;
        g.rows = rows - r < GROUP ? rows - r : GROUP;
        softmax_group(&g);
    }
}
