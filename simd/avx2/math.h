/* SPDX-License-Identifier: MIT */
/* exp, log and activations of eight floats: the operations of c/math.h in the
 * same order. */
#ifndef MLP_SIMD_AVX2_MATH_H
#define MLP_SIMD_AVX2_MATH_H

#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx2 -mfma"
#endif

#include "c/constants.h"
#include "unroll.h"

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

/* --- Activations made of exp(x) for x <= 0 ---------------------------------------- */

/* What a caller does not use of these, the compiler leaves out: hence inlined. */
struct mlp_activated_avx2 {
    __m256 y, slope;
};

struct mlp_decay_avx2 {
    __m256 tail, scale;
};

MLP_INLINE struct mlp_decay_avx2 mlp_decay_sum_ps_avx2(__m256 x, __m256 low)
{
    const __m256 magic = _mm256_set1_ps(MLP_DECAY_MAGIC);
    struct mlp_decay_avx2 e;
    __m256 shifted = _mm256_fmadd_ps(x, _mm256_set1_ps(MLP_LOG2E), magic);
    __m256 n = _mm256_sub_ps(shifted, magic);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(MLP_LN2_HI), x);
    r = _mm256_add_ps(_mm256_fnmadd_ps(n, _mm256_set1_ps(MLP_LN2_LO), r), low);

    __m256 q = mlp_horner_ps_avx2(_mm256_set1_ps(MLP_EXP_Q4), r, MLP_EXP_Q3);
    q = mlp_horner_ps_avx2(q, r, MLP_EXP_Q2);
    q = mlp_horner_ps_avx2(q, r, MLP_EXP_Q1);
    q = mlp_horner_ps_avx2(q, r, MLP_EXP_Q0);
    e.tail = _mm256_fmadd_ps(q, _mm256_mul_ps(r, r), r);
    e.scale = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(shifted), 23));
    return e;
}

MLP_INLINE struct mlp_decay_avx2 mlp_decay_ps_avx2(__m256 x)
{
    return mlp_decay_sum_ps_avx2(x, _mm256_set1_ps(-0.0f));
}

MLP_INLINE __m256 mlp_left_of_zero_ps_avx2(__m256 x)
{
    return _mm256_max_ps(_mm256_set1_ps(-MLP_DECAY_MAX), _mm256_or_ps(x, _mm256_set1_ps(-0.0f)));
}

MLP_INLINE __m256 mlp_bounded_abs_ps_avx2(__m256 x, float most)
{
    return _mm256_min_ps(_mm256_set1_ps(most), mlp_abs_ps_avx2(x));
}

MLP_INLINE __m256 mlp_decay_scale_ps_avx2(__m256 mantissa, struct mlp_decay_avx2 e)
{
    return _mm256_mul_ps(_mm256_mul_ps(mantissa, e.scale), _mm256_set1_ps(MLP_DECAY_SCALE));
}

MLP_INLINE __m256 mlp_elu_ps_avx2(__m256 x)
{
    struct mlp_decay_avx2 e = mlp_decay_ps_avx2(mlp_left_of_zero_ps_avx2(x));
    __m256 scale = _mm256_mul_ps(e.scale, _mm256_set1_ps(MLP_DECAY_SCALE));
    __m256 y = _mm256_fmadd_ps(e.tail, scale, _mm256_sub_ps(scale, _mm256_set1_ps(1.0f)));
    return _mm256_blendv_ps(x, y, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
}

MLP_INLINE __m256 mlp_selu_ps_avx2(__m256 x)
{
    __m256 factor =
        _mm256_blendv_ps(_mm256_set1_ps(MLP_SELU_LAMBDA), _mm256_set1_ps(MLP_SELU_LAMBDA_ALPHA),
                         _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
    return _mm256_mul_ps(factor, mlp_elu_ps_avx2(x));
}

MLP_INLINE __m256 mlp_hard_sigmoid_ps_avx2(__m256 x)
{
    __m256 y = _mm256_add_ps(x, _mm256_set1_ps(3.0f));
    y = _mm256_max_ps(_mm256_setzero_ps(), y);
    y = _mm256_min_ps(_mm256_set1_ps(6.0f), y);
    return _mm256_mul_ps(y, _mm256_set1_ps(MLP_SIXTH));
}

MLP_INLINE __m256 mlp_step_ps_avx2(__m256 x)
{
    __m256 y = _mm256_max_ps(_mm256_setzero_ps(), x);
    return _mm256_blendv_ps(y, _mm256_set1_ps(1.0f),
                            _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GE_OQ));
}

MLP_INLINE struct mlp_activated_avx2 mlp_softplus_ps_avx2(__m256 x)
{
    const __m256 one = _mm256_set1_ps(1.0f);
    struct mlp_activated_avx2 a;
    struct mlp_decay_avx2 e = mlp_decay_ps_avx2(mlp_left_of_zero_ps_avx2(x));
    __m256 z = mlp_decay_scale_ps_avx2(_mm256_add_ps(one, e.tail), e);
    __m256 p = mlp_horner_ps_avx2(_mm256_set1_ps(MLP_LOG1P_P9), z, MLP_LOG1P_P8);
    p = mlp_horner_ps_avx2(p, z, MLP_LOG1P_P7);
    p = mlp_horner_ps_avx2(p, z, MLP_LOG1P_P6);
    p = mlp_horner_ps_avx2(p, z, MLP_LOG1P_P5);
    p = mlp_horner_ps_avx2(p, z, MLP_LOG1P_P4);
    p = mlp_horner_ps_avx2(p, z, MLP_LOG1P_P3);
    p = mlp_horner_ps_avx2(p, z, MLP_LOG1P_P2);
    p = mlp_horner_ps_avx2(p, z, MLP_LOG1P_P1);
    p = mlp_horner_ps_avx2(p, z, MLP_LOG1P_P0);
    __m256 q = _mm256_fmadd_ps(p, z, one);
    __m256 lost = _mm256_fmadd_ps(p, z, _mm256_sub_ps(one, q));
    q = _mm256_add_ps(q, _mm256_fmadd_ps(q, e.tail, lost));
    a.y = _mm256_add_ps(_mm256_max_ps(x, _mm256_setzero_ps()), mlp_decay_scale_ps_avx2(q, e));
    a.slope =
        _mm256_div_ps(_mm256_blendv_ps(one, z, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ)),
                      _mm256_add_ps(one, z));
    return a;
}

MLP_INLINE struct mlp_activated_avx2 mlp_silu_ps_avx2(__m256 x)
{
    const __m256 one = _mm256_set1_ps(1.0f);
    struct mlp_activated_avx2 a;
    __m256 negative = _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ);
    __m256 left = mlp_left_of_zero_ps_avx2(x);
    struct mlp_decay_avx2 e = mlp_decay_ps_avx2(left);
    __m256 z = mlp_decay_scale_ps_avx2(_mm256_add_ps(one, e.tail), e);
    __m256 d = _mm256_add_ps(one, z);
    __m256 d_lost = _mm256_sub_ps(z, _mm256_sub_ps(d, one));
    __m256 product = _mm256_fmadd_ps(left, e.tail, left);
    __m256 lost = _mm256_fmadd_ps(left, e.tail, _mm256_sub_ps(left, product));
    __m256 quotient = _mm256_div_ps(_mm256_blendv_ps(x, product, negative), d);
    __m256 rest = _mm256_fnmadd_ps(d_lost, quotient, lost);
    __m256 inverse = mlp_horner_ps_avx2(z, _mm256_set1_ps(MLP_SIGMOID_R1), MLP_SIGMOID_R0);
    __m256 scaled = mlp_decay_scale_ps_avx2(_mm256_fmadd_ps(rest, inverse, quotient), e);
    a.y = _mm256_blendv_ps(quotient, scaled, negative);

    __m256 r = _mm256_div_ps(one, d);
    __m256 t = _mm256_mul_ps(z, r);
    __m256 bend = _mm256_mul_ps(_mm256_mul_ps(left, t), r);
    a.slope = _mm256_blendv_ps(_mm256_sub_ps(r, bend), _mm256_add_ps(t, bend), negative);
    return a;
}

MLP_INLINE struct mlp_activated_avx2 mlp_gelu_ps_avx2(__m256 x)
{
    const __m256 one = _mm256_set1_ps(1.0f);
    const __m256 centre_inverse = _mm256_set1_ps(MLP_GELU_CENTRE_INVERSE);
    struct mlp_activated_avx2 y;
    __m256 a = mlp_bounded_abs_ps_avx2(x, MLP_GELU_MAX);
    __m256 half = _mm256_mul_ps(_mm256_set1_ps(-0.5f), a);
    __m256 square = _mm256_mul_ps(half, a);
    struct mlp_decay_avx2 e = mlp_decay_sum_ps_avx2(square, _mm256_fmsub_ps(half, a, square));

    __m256 g = _mm256_div_ps(a, _mm256_add_ps(a, _mm256_set1_ps(MLP_GELU_CENTRE)));
    __m256 t = mlp_horner_ps_avx2(_mm256_set1_ps(2.0f), g, -1.0f);
    __m256 k = mlp_horner_ps_avx2(_mm256_set1_ps(MLP_GELU_K9), t, MLP_GELU_K8);
    k = mlp_horner_ps_avx2(k, t, MLP_GELU_K7);
    k = mlp_horner_ps_avx2(k, t, MLP_GELU_K6);
    k = mlp_horner_ps_avx2(k, t, MLP_GELU_K5);
    k = mlp_horner_ps_avx2(k, t, MLP_GELU_K4);
    k = mlp_horner_ps_avx2(k, t, MLP_GELU_K3);
    k = mlp_horner_ps_avx2(k, t, MLP_GELU_K2);
    k = mlp_horner_ps_avx2(k, t, MLP_GELU_K1);
    k = mlp_horner_ps_avx2(k, t, MLP_GELU_K0);
    __m256 gk = _mm256_mul_ps(g, k);
    y.y = _mm256_sub_ps(_mm256_max_ps(_mm256_setzero_ps(), x),
                        mlp_decay_scale_ps_avx2(_mm256_fmadd_ps(gk, e.tail, gk), e));

    __m256 inverse = _mm256_fnmadd_ps(g, centre_inverse, centre_inverse);
    __m256 below =
        _mm256_fnmadd_ps(a, _mm256_set1_ps(MLP_NORMAL_DENSITY), _mm256_mul_ps(k, inverse));
    below = mlp_decay_scale_ps_avx2(_mm256_fmadd_ps(below, e.tail, below), e);
    y.slope = _mm256_blendv_ps(_mm256_sub_ps(one, below), below,
                               _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
    return y;
}

MLP_INLINE struct mlp_activated_avx2 mlp_gelu_tanh_ps_avx2(__m256 x)
{
    const __m256 one = _mm256_set1_ps(1.0f);
    const __m256 square_hi = _mm256_set1_ps(MLP_GELU_TANH_SQUARE_HI);
    const __m256 minus_cube = _mm256_set1_ps(-MLP_GELU_TANH_CUBE);
    struct mlp_activated_avx2 g;
    __m256 negative = _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ);
    __m256 a = mlp_bounded_abs_ps_avx2(x, MLP_GELU_TANH_MAX);
    __m256 square = _mm256_mul_ps(a, a);
    __m256 square_low = _mm256_fmsub_ps(a, a, square);
    __m256 sum = _mm256_add_ps(square_hi, square);
    __m256 sum_low = _mm256_sub_ps(square, _mm256_sub_ps(sum, square_hi));
    __m256 rest = _mm256_fmadd_ps(_mm256_set1_ps(MLP_GELU_TANH_CUBE_REST), square, square_low);
    sum_low = _mm256_add_ps(sum_low, _mm256_add_ps(rest, _mm256_set1_ps(MLP_GELU_TANH_SQUARE_LO)));
    __m256 cube = _mm256_mul_ps(minus_cube, a);
    __m256 cube_low = _mm256_fmsub_ps(minus_cube, a, cube);
    __m256 v = _mm256_mul_ps(cube, sum);
    __m256 v_low = _mm256_fmsub_ps(cube, sum, v);
    v_low = _mm256_fmadd_ps(cube_low, sum, v_low);
    v_low = _mm256_fmadd_ps(cube, sum_low, v_low);
    struct mlp_decay_avx2 e = mlp_decay_sum_ps_avx2(v, v_low);

    __m256 z = mlp_decay_scale_ps_avx2(_mm256_add_ps(one, e.tail), e);
    __m256 d = _mm256_add_ps(one, z);
    __m256 quotient =
        _mm256_div_ps(_mm256_blendv_ps(x, _mm256_fnmsub_ps(a, e.tail, a), negative), d);
    g.y = _mm256_blendv_ps(quotient, mlp_decay_scale_ps_avx2(quotient, e), negative);

    __m256 r = _mm256_div_ps(one, d);
    __m256 t = _mm256_mul_ps(z, r);
    __m256 v_slope =
        mlp_horner_ps_avx2(_mm256_set1_ps(MLP_GELU_TANH_CUBE_3), square, MLP_GELU_TANH_LINEAR);
    __m256 bend = _mm256_mul_ps(_mm256_mul_ps(a, v_slope), _mm256_mul_ps(t, r));
    g.slope = _mm256_blendv_ps(_mm256_add_ps(r, bend), _mm256_sub_ps(t, bend), negative);
    return g;
}

MLP_INLINE struct mlp_activated_avx2 mlp_mish_ps_avx2(__m256 x)
{
    const __m256 one = _mm256_set1_ps(1.0f);
    const __m256 two = _mm256_set1_ps(2.0f);
    struct mlp_activated_avx2 m;
    __m256 negative = _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ);
    __m256 left = mlp_left_of_zero_ps_avx2(x);
    struct mlp_decay_avx2 e = mlp_decay_ps_avx2(left);
    __m256 z = mlp_decay_scale_ps_avx2(_mm256_add_ps(one, e.tail), e);
    __m256 twice = _mm256_add_ps(z, z);
    __m256 n = _mm256_blendv_ps(_mm256_mul_ps(z, twice), _mm256_fmadd_ps(z, z, z), negative);
    __m256 d = _mm256_add_ps(
        n, _mm256_blendv_ps(_mm256_add_ps(one, twice), _mm256_add_ps(two, z), negative));
    __m256 f = _mm256_div_ps(n, d);
    __m256 product = _mm256_fmadd_ps(left, e.tail, left);
    __m256 scaled = mlp_decay_scale_ps_avx2(_mm256_fnmadd_ps(product, f, product), e);
    m.y = _mm256_blendv_ps(_mm256_fmadd_ps(left, f, x), scaled, negative);

    __m256 tanh = _mm256_mul_ps(_mm256_blendv_ps(one, z, negative), _mm256_sub_ps(one, f));
    __m256 factor = _mm256_blendv_ps(_mm256_add_ps(two, twice), _mm256_set1_ps(4.0f), negative);
    __m256 bend = _mm256_mul_ps(left, _mm256_div_ps(_mm256_mul_ps(f, factor), d));
    m.slope = _mm256_blendv_ps(_mm256_sub_ps(tanh, bend), _mm256_add_ps(tanh, bend), negative);
    return m;
}

#endif
