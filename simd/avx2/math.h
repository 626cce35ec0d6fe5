/* SPDX-License-Identifier: MIT */
/* exp, log, sigmoid and tanh of eight floats: the operations of c/math.h in the
 * same order. */
#ifndef MLP_SIMD_AVX2_MATH_H
#define MLP_SIMD_AVX2_MATH_H

#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx2 -mfma"
#endif

#include "c/constants.h"

#include <float.h>
#include <immintrin.h>
#include <math.h>
#include <stdint.h>

/* fma(a, b, c) with the constant c broadcast: one step of Horner's scheme. */
static inline __m256 mlp_horner_ps_avx2(__m256 a, __m256 b, float c)
{
    return _mm256_fmadd_ps(a, b, _mm256_set1_ps(c));
}

static inline __m256 mlp_abs_ps_avx2(__m256 x)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

struct mlp_exp_parts_avx2 {
    __m256 mantissa, tail, scale1, scale2;
};

/* mantissa * scale1 * scale2 in the one order that rounds once. */
static inline __m256 mlp_exp_scale_ps_avx2(__m256 mantissa, const struct mlp_exp_parts_avx2 *e)
{
    return _mm256_mul_ps(_mm256_mul_ps(mantissa, e->scale1), e->scale2);
}

static inline struct mlp_exp_parts_avx2 mlp_exp_parts_ps_avx2(__m256 x)
{
    const __m256 magic = _mm256_set1_ps(MLP_ROUND_MAGIC);
    struct mlp_exp_parts_avx2 parts;
    /* MINPS and MAXPS give the second operand where one is NaN. */
    x = _mm256_min_ps(_mm256_set1_ps(MLP_EXP_MAX), x);
    x = _mm256_max_ps(_mm256_set1_ps(MLP_EXP_MIN), x);
    __m256 shifted = _mm256_fmadd_ps(x, _mm256_set1_ps(MLP_LOG2E), magic);
    __m256 n = _mm256_sub_ps(shifted, magic);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(MLP_LN2_HI), x);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(MLP_LN2_LO), r);

    __m256 q = mlp_horner_ps_avx2(_mm256_set1_ps(MLP_EXP_Q4), r, MLP_EXP_Q3);
    q = mlp_horner_ps_avx2(q, r, MLP_EXP_Q2);
    q = mlp_horner_ps_avx2(q, r, MLP_EXP_Q1);
    q = mlp_horner_ps_avx2(q, r, MLP_EXP_Q0);
    parts.tail = _mm256_fmadd_ps(q, _mm256_mul_ps(r, r), r);
    parts.mantissa = _mm256_add_ps(_mm256_set1_ps(1.0f), parts.tail);

    const __m256i one = _mm256_set1_epi32(1);
    __m256i both =
        _mm256_sub_epi32(_mm256_castps_si256(shifted),
                         _mm256_sub_epi32(_mm256_castps_si256(magic), _mm256_set1_epi32(256)));
    __m256i half = _mm256_srli_epi32(both, 1);
    __m256i rest = _mm256_sub_epi32(both, half);
    parts.scale1 = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_sub_epi32(half, one), 23));
    parts.scale2 = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_sub_epi32(rest, one), 23));
    return parts;
}

static inline __m256 mlp_exp_ps_avx2(__m256 x)
{
    struct mlp_exp_parts_avx2 e = mlp_exp_parts_ps_avx2(x);
    return mlp_exp_scale_ps_avx2(e.mantissa, &e);
}

static inline __m256 mlp_log_ps_avx2(__m256 x)
{
    const __m256 magic = _mm256_set1_ps(MLP_ROUND_MAGIC);
    __m256 tiny = _mm256_cmp_ps(x, _mm256_set1_ps(FLT_MIN), _CMP_LT_OQ);
    __m256 normal = _mm256_blendv_ps(x, _mm256_mul_ps(x, _mm256_set1_ps(0x1p23f)), tiny);
    __m256 e = _mm256_and_ps(tiny, _mm256_set1_ps(-23.0f));
    __m256i bits = _mm256_castps_si256(normal);
    __m256i above =
        _mm256_and_si256(_mm256_sub_epi32(bits, _mm256_set1_epi32((int)MLP_LOG_CUT_BITS)),
                         _mm256_set1_epi32((int)UINT32_C(0xff800000)));
    __m256 f =
        _mm256_sub_ps(_mm256_castsi256_ps(_mm256_sub_epi32(bits, above)), _mm256_set1_ps(1.0f));
    __m256i k = _mm256_xor_si256(_mm256_srli_epi32(above, 23), _mm256_set1_epi32(0x100));
    __m256 shifted = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(magic), k));
    e = _mm256_add_ps(e, _mm256_sub_ps(shifted, _mm256_set1_ps(MLP_ROUND_MAGIC + 256.0f)));

    __m256 square = _mm256_mul_ps(f, f);
    __m256 p = mlp_horner_ps_avx2(_mm256_set1_ps(MLP_LOG_P8), f, MLP_LOG_P7);
    p = mlp_horner_ps_avx2(p, f, MLP_LOG_P6);
    p = mlp_horner_ps_avx2(p, f, MLP_LOG_P5);
    p = mlp_horner_ps_avx2(p, f, MLP_LOG_P4);
    p = mlp_horner_ps_avx2(p, f, MLP_LOG_P3);
    p = mlp_horner_ps_avx2(p, f, MLP_LOG_P2);
    p = mlp_horner_ps_avx2(p, f, MLP_LOG_P1);
    p = mlp_horner_ps_avx2(p, f, MLP_LOG_P0);
    __m256 y = _mm256_mul_ps(p, _mm256_mul_ps(f, square));
    y = _mm256_fmadd_ps(e, _mm256_set1_ps(MLP_LN2_LO), y);
    y = _mm256_fmadd_ps(_mm256_set1_ps(-0.5f), square, y);
    y = _mm256_add_ps(f, y);
    y = _mm256_fmadd_ps(e, _mm256_set1_ps(MLP_LN2_HI), y);

    const __m256 infinity = _mm256_set1_ps(INFINITY);
    const __m256 zero = _mm256_setzero_ps();
    y = _mm256_blendv_ps(y, x, _mm256_cmp_ps(x, infinity, _CMP_EQ_OQ));
    y = _mm256_blendv_ps(y, _mm256_set1_ps(-INFINITY), _mm256_cmp_ps(x, zero, _CMP_EQ_OQ));
    return _mm256_blendv_ps(_mm256_set1_ps(NAN), y, _mm256_cmp_ps(x, zero, _CMP_GE_OQ));
}

static inline __m256 mlp_sigmoid_ps_avx2(__m256 x)
{
    const __m256 one = _mm256_set1_ps(1.0f);
    struct mlp_exp_parts_avx2 e = mlp_exp_parts_ps_avx2(_mm256_or_ps(x, _mm256_set1_ps(-0.0f)));
    __m256 z = mlp_exp_scale_ps_avx2(e.mantissa, &e);
    __m256 d = _mm256_add_ps(one, z);
    __m256 d_lost = _mm256_sub_ps(z, _mm256_sub_ps(d, one));
    __m256 lost = _mm256_sub_ps(e.tail, _mm256_sub_ps(e.mantissa, one));
    __m256 share = _mm256_mul_ps(
        e.mantissa, mlp_horner_ps_avx2(z, _mm256_set1_ps(MLP_SIGMOID_R1), MLP_SIGMOID_R0));
    __m256 mantissa = _mm256_add_ps(e.mantissa, _mm256_fnmadd_ps(d_lost, share, lost));
    __m256 negative = _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ);
    __m256 numerator = _mm256_blendv_ps(one, mlp_exp_scale_ps_avx2(mantissa, &e), negative);
    return _mm256_div_ps(numerator, d);
}

static inline __m256 mlp_tanh_ps_avx2(__m256 x)
{
    const __m256 one = _mm256_set1_ps(1.0f);
    const __m256 two = _mm256_set1_ps(2.0f);
    __m256 a = mlp_abs_ps_avx2(x);
    __m256 square = _mm256_mul_ps(a, a);
    __m256 t = mlp_horner_ps_avx2(_mm256_set1_ps(MLP_TANH_T5), square, MLP_TANH_T4);
    t = mlp_horner_ps_avx2(t, square, MLP_TANH_T3);
    t = mlp_horner_ps_avx2(t, square, MLP_TANH_T2);
    t = mlp_horner_ps_avx2(t, square, MLP_TANH_T1);
    t = mlp_horner_ps_avx2(t, square, MLP_TANH_T0);
    __m256 small = _mm256_fmadd_ps(_mm256_mul_ps(t, square), a, a);
    __m256 e = mlp_exp_ps_avx2(_mm256_mul_ps(two, a));
    __m256 large = _mm256_sub_ps(one, _mm256_div_ps(two, _mm256_add_ps(e, one)));
    __m256 is_small = _mm256_cmp_ps(a, _mm256_set1_ps(MLP_TANH_CUT), _CMP_LT_OQ);
    /* Neither is negative where it is chosen. */
    return _mm256_or_ps(_mm256_blendv_ps(large, small, is_small),
                        _mm256_and_ps(x, _mm256_set1_ps(-0.0f)));
}

#endif
