/* SPDX-License-Identifier: MIT */
#include "math.h"

#include "kernels.h"

/* Rows go sixteen at a time, so that what is one number a row (maximum, sum,
 * loss) fills a vector. */
enum { GROUP = 16 };

/* `rows` <= GROUP rows of a panel matrix. */
struct rows {
    float *z;
    size_t rows, stride, panels;
    __mmask16 last; /* lanes of the last panel that are classes */
};

static struct rows rows_of(size_t classes, float *z, size_t stride)
{
    size_t panels = (classes + MLP_NR - 1) / MLP_NR, padding = panels * MLP_NR - classes;
    return (struct rows){
        .z = z, .stride = stride, .panels = panels, .last = (__mmask16)(0xffffu >> padding)};
}

/* The lanes of panel `p` that are classes. */
static inline __mmask16 class_lanes(const struct rows *g, size_t p)
{
    return p + 1 == g->panels ? g->last : (__mmask16)0xffff;
}

static inline float *row_of(const struct rows *g, size_t r, size_t p)
{
    return g->z + p * g->stride + r * MLP_NR;
}

static inline __m512 add(__m512 a, __m512 b)
{
    return _mm512_add_ps(a, b);
}

static inline __m512 max(__m512 a, __m512 b)
{
    return _mm512_max_ps(a, b);
}

/* One level of the tree below: in each result, quarters of a lie before quarters
 * of b. */
static inline __attribute__((always_inline)) __m512 halve_quarters(__m512 (*op)(__m512, __m512),
                                                                   __m512 a, __m512 b)
{
    return op(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
}

/* Lane i of the result: v[i]'s sixteen lanes by the tree l and l + 8, + 4, + 2, + 1. */
static inline __attribute__((always_inline)) __m512 reduce(__m512 (*op)(__m512, __m512),
                                                           const __m512 v[GROUP])
{
    __m512 eight[8], four[4], two[2];
    for (int i = 0; i < 8; i++) /* quarters 0 and 1 of row i, then of row i + 8 */
        eight[i] = halve_quarters(op, v[i], v[i + 8]);
    for (int i = 0; i < 4; i++) /* a quarter each of rows i, i + 8, i + 4, i + 12 */
        four[i] = op(_mm512_shuffle_f32x4(eight[i], eight[i + 4], 0x88),
                     _mm512_shuffle_f32x4(eight[i], eight[i + 4], 0xdd));
    for (int i = 0; i < 2; i++) /* in each quarter a pair each of rows + 0 and + 1 */
        two[i] = op(_mm512_shuffle_ps(four[2 * i], four[2 * i + 1], 0x44),
                    _mm512_shuffle_ps(four[2 * i], four[2 * i + 1], 0xee));
    __m512 one =
        op(_mm512_shuffle_ps(two[0], two[1], 0x88), _mm512_shuffle_ps(two[0], two[1], 0xdd));
    return _mm512_shuffle_f32x4(one, one, 0xd8); /* quarters 0, 8, 4, 12 in order */
}

/* Lane r: the largest logit of row r. MAXPS drops a NaN in its first operand. */
static __m512 maxima(const struct rows *g)
{
    const __m512 lowest = _mm512_set1_ps(-INFINITY);
    __m512 v[GROUP];
    for (size_t r = 0; r < GROUP; r++) {
        v[r] = lowest;
        for (size_t p = 0; r < g->rows && p < g->panels; p++)
            v[r] = max(_mm512_mask_loadu_ps(lowest, class_lanes(g, p), row_of(g, r, p)), v[r]);
    }
    return reduce(max, v);
}

/* Puts exp(z - max) in place of the logits, +0 where z - max < cut and in the
 * padding; lane r: row r's sum. */
static __m512 exponentiate(const struct rows *g, __m512 maximum, float cut)
{
    const __m512 least = _mm512_set1_ps(cut);
    float max_of[GROUP];
    __m512 sum[GROUP];
    _mm512_storeu_ps(max_of, maximum);
    for (size_t r = 0; r < GROUP; r++) {
        sum[r] = _mm512_setzero_ps();
        for (size_t p = 0; r < g->rows && p < g->panels; p++) {
            float *z = row_of(g, r, p);
            __m512 d = _mm512_sub_ps(_mm512_loadu_ps(z), _mm512_set1_ps(max_of[r]));
            __mmask16 kept = /* a NaN too */
                _mm512_mask_cmp_ps_mask(class_lanes(g, p), d, least, _CMP_NLT_UQ);
            /* The exponential meets no subnormal. */
            __m512 e = _mm512_maskz_mov_ps(kept, mlp_exp_ps_avx512(max(least, d)));
            _mm512_storeu_ps(z, e);
            sum[r] = add(sum[r], e);
        }
    }
    return reduce(add, sum);
}

/* One group of mlp_softmax_xent_avx512. */
static void xent_group(const struct rows *g, const uint8_t *labels, float scale, float *loss)
{
    float label_logit[GROUP] = {0}, sum_of[GROUP];
    for (size_t r = 0; r < g->rows; r++)
        label_logit[r] = row_of(g, r, labels[r] / MLP_NR)[labels[r] % MLP_NR];
    __m512 maximum = maxima(g);
    __m512 sum = exponentiate(g, maximum, MLP_XENT_CUT);
    __m512 distance = _mm512_sub_ps(_mm512_loadu_ps(label_logit), maximum);
    _mm512_mask_storeu_ps(loss, (__mmask16)(0xffffu >> (GROUP - g->rows)),
                          _mm512_sub_ps(mlp_log_ps_avx512(sum), distance));
    _mm512_storeu_ps(sum_of, sum);
    const __m512 one = _mm512_set1_ps(1.0f);
    for (size_t r = 0; r < g->rows; r++) {
        for (size_t p = 0; p < g->panels; p++) {
            float *z = row_of(g, r, p);
            __mmask16 is_label =
                (__mmask16)(labels[r] / MLP_NR == p ? 1u << labels[r] % MLP_NR : 0);
            __m512 d = _mm512_div_ps(_mm512_loadu_ps(z), _mm512_set1_ps(sum_of[r]));
            d = _mm512_mask_sub_ps(d, is_label, d, one);
            d = _mm512_maskz_mul_ps(class_lanes(g, p), d, _mm512_set1_ps(scale));
            _mm512_storeu_ps(z, d);
        }
    }
}

void mlp_softmax_xent_avx512(size_t rows, size_t classes, float *z, size_t z_stride,
                             const uint8_t *labels, float scale, float *loss)
{
    struct rows g = rows_of(classes, z, z_stride);
    for (size_t r = 0; r < rows; r += GROUP) {
        g.z = z + r * MLP_NR;
        g.rows = rows - r < GROUP ? rows - r : GROUP;
        xent_group(&g, labels + r, scale, loss + r);
    }
}

/* One group of mlp_softmax_avx512. */
static void softmax_group(const struct rows *g)
{
    float sum_of[GROUP];
    _mm512_storeu_ps(sum_of, exponentiate(g, maxima(g), -INFINITY));
    for (size_t r = 0; r < g->rows; r++) {
        for (size_t p = 0; p < g->panels; p++) {
            float *z = row_of(g, r, p);
            __m512 sum = _mm512_set1_ps(sum_of[r]);
            _mm512_storeu_ps(z, _mm512_maskz_div_ps(class_lanes(g, p), _mm512_loadu_ps(z), sum));
        }
    }
}

void mlp_softmax_avx512(size_t rows, size_t classes, float *z, size_t z_stride)
{
    struct rows g = rows_of(classes, z, z_stride);
    for (size_t r = 0; r < rows; r += GROUP) {
        g.z = z + r * MLP_NR;
        g.rows = rows - r < GROUP ? rows - r : GROUP;
        softmax_group(&g);
    }
}
