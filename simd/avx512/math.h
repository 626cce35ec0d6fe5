/* SPDX-License-Identifier: MIT */
/* exp, log and activations of sixteen floats: the operations of c/math.h in
 * the same order. */
#ifndef MLP_SIMD_AVX512_MATH_H
#define MLP_SIMD_AVX512_MATH_H

#if !defined(__AVX512F__) || !defined(__AVX512DQ__) || !defined(__FMA__)
#error "compile this file with -mavx512f -mavx512dq -mfma"
#endif

#include "c/constants.h"
#include "unroll.h"

#include <float.h>
#include <immintrin.h>
#include <math.h>
#include <stdint.h>

/* fma(a, b, c) with the constant c broadcast: one step of Horner's scheme. */
static inline __m512 mlp_horner_ps_avx512(__m512 a, __m512 b, float c)
{
    return _mm512_fmadd_ps(a, b, _mm512_set1_ps(c));
}

struct mlp_exp_parts_avx512 {
    __m512 mantissa, tail, scale1, scale2;
};

/* mantissa * scale1 * scale2 in the one order that rounds once. */
static inline __m512 mlp_exp_scale_ps_avx512(__m512 mantissa, const struct mlp_exp_parts_avx512 *e)
{
    return _mm512_mul_ps(_mm512_mul_ps(mantissa, e->scale1), e->scale2);
}

static inline struct mlp_exp_parts_avx512 mlp_exp_parts_ps_avx512(__m512 x)
{
    const __m512 magic = _mm512_set1_ps(MLP_ROUND_MAGIC);
    struct mlp_exp_parts_avx512 parts;
    /* MINPS and MAXPS give the second operand where one is NaN. */
    x = _mm512_min_ps(_mm512_set1_ps(MLP_EXP_MAX), x);
    x = _mm512_max_ps(_mm512_set1_ps(MLP_EXP_MIN), x);
    __m512 shifted = _mm512_fmadd_ps(x, _mm512_set1_ps(MLP_LOG2E), magic);
    __m512 n = _mm512_sub_ps(shifted, magic);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(MLP_LN2_HI), x);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(MLP_LN2_LO), r);

    __m512 q = mlp_horner_ps_avx512(_mm512_set1_ps(MLP_EXP_Q4), r, MLP_EXP_Q3);
    q = mlp_horner_ps_avx512(q, r, MLP_EXP_Q2);
    q = mlp_horner_ps_avx512(q, r, MLP_EXP_Q1);
    q = mlp_horner_ps_avx512(q, r, MLP_EXP_Q0);
    parts.tail = _mm512_fmadd_ps(q, _mm512_mul_ps(r, r), r);
    parts.mantissa = _mm512_add_ps(_mm512_set1_ps(1.0f), parts.tail);

    const __m512i one = _mm512_set1_epi32(1);
    __m512i both =
        _mm512_sub_epi32(_mm512_castps_si512(shifted),
                         _mm512_sub_epi32(_mm512_castps_si512(magic), _mm512_set1_epi32(256)));
    __m512i half = _mm512_srli_epi32(both, 1);
    __m512i rest = _mm512_sub_epi32(both, half);
    parts.scale1 = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_sub_epi32(half, one), 23));
    parts.scale2 = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_sub_epi32(rest, one), 23));
    return parts;
}

static inline __m512 mlp_exp_ps_avx512(__m512 x)
{
    struct mlp_exp_parts_avx512 e = mlp_exp_parts_ps_avx512(x);
    return mlp_exp_scale_ps_avx512(e.mantissa, &e);
}

static inline __m512 mlp_log_ps_avx512(__m512 x)
{
    const __m512 magic = _mm512_set1_ps(MLP_ROUND_MAGIC);
    __mmask16 tiny = _mm512_cmp_ps_mask(x, _mm512_set1_ps(FLT_MIN), _CMP_LT_OQ);
    __m512 normal = _mm512_mask_mul_ps(x, tiny, x, _mm512_set1_ps(0x1p23f));
    __m512 e = _mm512_maskz_mov_ps(tiny, _mm512_set1_ps(-23.0f));
    __m512i bits = _mm512_castps_si512(normal);
    __m512i above =
        _mm512_and_si512(_mm512_sub_epi32(bits, _mm512_set1_epi32((int)MLP_LOG_CUT_BITS)),
                         _mm512_set1_epi32((int)UINT32_C(0xff800000)));
    __m512 f =
        _mm512_sub_ps(_mm512_castsi512_ps(_mm512_sub_epi32(bits, above)), _mm512_set1_ps(1.0f));
    __m512i k = _mm512_xor_si512(_mm512_srli_epi32(above, 23), _mm512_set1_epi32(0x100));
    __m512 shifted = _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(magic), k));
    e = _mm512_add_ps(e, _mm512_sub_ps(shifted, _mm512_set1_ps(MLP_ROUND_MAGIC + 256.0f)));

    __m512 square = _mm512_mul_ps(f, f);
    __m512 p = mlp_horner_ps_avx512(_mm512_set1_ps(MLP_LOG_P8), f, MLP_LOG_P7);
    p = mlp_horner_ps_avx512(p, f, MLP_LOG_P6);
    p = mlp_horner_ps_avx512(p, f, MLP_LOG_P5);
    p = mlp_horner_ps_avx512(p, f, MLP_LOG_P4);
    p = mlp_horner_ps_avx512(p, f, MLP_LOG_P3);
    p = mlp_horner_ps_avx512(p, f, MLP_LOG_P2);
    p = mlp_horner_ps_avx512(p, f, MLP_LOG_P1);
    p = mlp_horner_ps_avx512(p, f, MLP_LOG_P0);
    __m512 y = _mm512_mul_ps(p, _mm512_mul_ps(f, square));
    y = _mm512_fmadd_ps(e, _mm512_set1_ps(MLP_LN2_LO), y);
    y = _mm512_fmadd_ps(_mm512_set1_ps(-0.5f), square, y);
    y = _mm512_add_ps(f, y);
    y = _mm512_fmadd_ps(e, _mm512_set1_ps(MLP_LN2_HI), y);

    const __m512 infinity = _mm512_set1_ps(INFINITY);
    const __m512 zero = _mm512_setzero_ps();
    y = _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(x, infinity, _CMP_EQ_OQ), x);
    y = _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(x, zero, _CMP_EQ_OQ), _mm512_set1_ps(-INFINITY));
    return _mm512_mask_mov_ps(_mm512_set1_ps(NAN), _mm512_cmp_ps_mask(x, zero, _CMP_GE_OQ), y);
}

static inline __m512 mlp_sigmoid_ps_avx512(__m512 x)
{
    const __m512 one = _mm512_set1_ps(1.0f);
    struct mlp_exp_parts_avx512 e = mlp_exp_parts_ps_avx512(_mm512_or_ps(x, _mm512_set1_ps(-0.0f)));
    __m512 z = mlp_exp_scale_ps_avx512(e.mantissa, &e);
    __m512 d = _mm512_add_ps(one, z);
    __m512 d_lost = _mm512_sub_ps(z, _mm512_sub_ps(d, one));
    __m512 lost = _mm512_sub_ps(e.tail, _mm512_sub_ps(e.mantissa, one));
    __m512 share = _mm512_mul_ps(
        e.mantissa, mlp_horner_ps_avx512(z, _mm512_set1_ps(MLP_SIGMOID_R1), MLP_SIGMOID_R0));
    __m512 mantissa = _mm512_add_ps(e.mantissa, _mm512_fnmadd_ps(d_lost, share, lost));
    __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
    __m512 numerator = _mm512_mask_mov_ps(one, negative, mlp_exp_scale_ps_avx512(mantissa, &e));
    return _mm512_div_ps(numerator, d);
}

static inline __m512 mlp_tanh_ps_avx512(__m512 x)
{
    const __m512 one = _mm512_set1_ps(1.0f);
    const __m512 two = _mm512_set1_ps(2.0f);
    __m512 a = _mm512_abs_ps(x);
    __m512 square = _mm512_mul_ps(a, a);
    __m512 t = mlp_horner_ps_avx512(_mm512_set1_ps(MLP_TANH_T5), square, MLP_TANH_T4);
    t = mlp_horner_ps_avx512(t, square, MLP_TANH_T3);
    t = mlp_horner_ps_avx512(t, square, MLP_TANH_T2);
    t = mlp_horner_ps_avx512(t, square, MLP_TANH_T1);
    t = mlp_horner_ps_avx512(t, square, MLP_TANH_T0);
    __m512 small = _mm512_fmadd_ps(_mm512_mul_ps(t, square), a, a);
    __m512 e = mlp_exp_ps_avx512(_mm512_mul_ps(two, a));
    __m512 large = _mm512_sub_ps(one, _mm512_div_ps(two, _mm512_add_ps(e, one)));
    __mmask16 is_small = _mm512_cmp_ps_mask(a, _mm512_set1_ps(MLP_TANH_CUT), _CMP_LT_OQ);
    /* Neither is negative where it is chosen. */
    return _mm512_or_ps(_mm512_mask_mov_ps(large, is_small, small),
                        _mm512_and_ps(x, _mm512_set1_ps(-0.0f)));
}

/* --- Activations made of exp(x) for x <= 0 ---------------------------------------- */

/* What a caller does not use of these, the compiler leaves out: hence inlined. */
struct mlp_activated_avx512 {
    __m512 y, slope;
};

struct mlp_decay_avx512 {
    __m512 tail, scale;
};

MLP_INLINE struct mlp_decay_avx512 mlp_decay_sum_ps_avx512(__m512 x, __m512 low)
{
    const __m512 magic = _mm512_set1_ps(MLP_DECAY_MAGIC);
    struct mlp_decay_avx512 e;
    __m512 shifted = _mm512_fmadd_ps(x, _mm512_set1_ps(MLP_LOG2E), magic);
    __m512 n = _mm512_sub_ps(shifted, magic);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(MLP_LN2_HI), x);
    r = _mm512_add_ps(_mm512_fnmadd_ps(n, _mm512_set1_ps(MLP_LN2_LO), r), low);

    __m512 q = mlp_horner_ps_avx512(_mm512_set1_ps(MLP_EXP_Q4), r, MLP_EXP_Q3);
    q = mlp_horner_ps_avx512(q, r, MLP_EXP_Q2);
    q = mlp_horner_ps_avx512(q, r, MLP_EXP_Q1);
    q = mlp_horner_ps_avx512(q, r, MLP_EXP_Q0);
    e.tail = _mm512_fmadd_ps(q, _mm512_mul_ps(r, r), r);
    e.scale = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(shifted), 23));
    return e;
}

MLP_INLINE struct mlp_decay_avx512 mlp_decay_ps_avx512(__m512 x)
{
    return mlp_decay_sum_ps_avx512(x, _mm512_set1_ps(-0.0f));
}

MLP_INLINE __m512 mlp_left_of_zero_ps_avx512(__m512 x)
{
    return _mm512_max_ps(_mm512_set1_ps(-MLP_DECAY_MAX), _mm512_or_ps(x, _mm512_set1_ps(-0.0f)));
}

MLP_INLINE __m512 mlp_bounded_abs_ps_avx512(__m512 x, float most)
{
    return _mm512_min_ps(_mm512_set1_ps(most), _mm512_abs_ps(x));
}

MLP_INLINE __m512 mlp_decay_scale_ps_avx512(__m512 mantissa, struct mlp_decay_avx512 e)
{
    return _mm512_mul_ps(_mm512_mul_ps(mantissa, e.scale), _mm512_set1_ps(MLP_DECAY_SCALE));
}

MLP_INLINE __m512 mlp_elu_ps_avx512(__m512 x)
{
    struct mlp_decay_avx512 e = mlp_decay_ps_avx512(mlp_left_of_zero_ps_avx512(x));
    __m512 scale = _mm512_mul_ps(e.scale, _mm512_set1_ps(MLP_DECAY_SCALE));
    __m512 y = _mm512_fmadd_ps(e.tail, scale, _mm512_sub_ps(scale, _mm512_set1_ps(1.0f)));
    return _mm512_mask_mov_ps(x, _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), y);
}

MLP_INLINE __m512 mlp_selu_ps_avx512(__m512 x)
{
    __m512 factor = _mm512_mask_mov_ps(_mm512_set1_ps(MLP_SELU_LAMBDA),
                                       _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ),
                                       _mm512_set1_ps(MLP_SELU_LAMBDA_ALPHA));
    return _mm512_mul_ps(factor, mlp_elu_ps_avx512(x));
}

MLP_INLINE __m512 mlp_hard_sigmoid_ps_avx512(__m512 x)
{
    __m512 y = _mm512_add_ps(x, _mm512_set1_ps(3.0f));
    y = _mm512_max_ps(_mm512_setzero_ps(), y);
    y = _mm512_min_ps(_mm512_set1_ps(6.0f), y);
    return _mm512_mul_ps(y, _mm512_set1_ps(MLP_SIXTH));
}

MLP_INLINE __m512 mlp_step_ps_avx512(__m512 x)
{
    __m512 y = _mm512_max_ps(_mm512_setzero_ps(), x);
    return _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GE_OQ),
                              _mm512_set1_ps(1.0f));
}

MLP_INLINE struct mlp_activated_avx512 mlp_softplus_ps_avx512(__m512 x)
{
    const __m512 one = _mm512_set1_ps(1.0f);
    struct mlp_activated_avx512 a;
    struct mlp_decay_avx512 e = mlp_decay_ps_avx512(mlp_left_of_zero_ps_avx512(x));
    __m512 z = mlp_decay_scale_ps_avx512(_mm512_add_ps(one, e.tail), e);
    __m512 p = mlp_horner_ps_avx512(_mm512_set1_ps(MLP_LOG1P_P9), z, MLP_LOG1P_P8);
    p = mlp_horner_ps_avx512(p, z, MLP_LOG1P_P7);
    p = mlp_horner_ps_avx512(p, z, MLP_LOG1P_P6);
    p = mlp_horner_ps_avx512(p, z, MLP_LOG1P_P5);
    p = mlp_horner_ps_avx512(p, z, MLP_LOG1P_P4);
    p = mlp_horner_ps_avx512(p, z, MLP_LOG1P_P3);
    p = mlp_horner_ps_avx512(p, z, MLP_LOG1P_P2);
    p = mlp_horner_ps_avx512(p, z, MLP_LOG1P_P1);
    p = mlp_horner_ps_avx512(p, z, MLP_LOG1P_P0);
    __m512 q = _mm512_fmadd_ps(p, z, one);
    __m512 lost = _mm512_fmadd_ps(p, z, _mm512_sub_ps(one, q));
    q = _mm512_add_ps(q, _mm512_fmadd_ps(q, e.tail, lost));
    a.y = _mm512_add_ps(_mm512_max_ps(x, _mm512_setzero_ps()), mlp_decay_scale_ps_avx512(q, e));
    a.slope = _mm512_div_ps(
        _mm512_mask_mov_ps(one, _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), z),
        _mm512_add_ps(one, z));
    return a;
}

MLP_INLINE struct mlp_activated_avx512 mlp_silu_ps_avx512(__m512 x)
{
    const __m512 one = _mm512_set1_ps(1.0f);
    struct mlp_activated_avx512 a;
    __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
    __m512 left = mlp_left_of_zero_ps_avx512(x);
    struct mlp_decay_avx512 e = mlp_decay_ps_avx512(left);
    __m512 z = mlp_decay_scale_ps_avx512(_mm512_add_ps(one, e.tail), e);
    __m512 d = _mm512_add_ps(one, z);
    __m512 d_lost = _mm512_sub_ps(z, _mm512_sub_ps(d, one));
    __m512 product = _mm512_fmadd_ps(left, e.tail, left);
    __m512 lost = _mm512_fmadd_ps(left, e.tail, _mm512_sub_ps(left, product));
    __m512 quotient = _mm512_div_ps(_mm512_mask_mov_ps(x, negative, product), d);
    __m512 rest = _mm512_fnmadd_ps(d_lost, quotient, lost);
    __m512 inverse = mlp_horner_ps_avx512(z, _mm512_set1_ps(MLP_SIGMOID_R1), MLP_SIGMOID_R0);
    __m512 scaled = mlp_decay_scale_ps_avx512(_mm512_fmadd_ps(rest, inverse, quotient), e);
    a.y = _mm512_mask_mov_ps(quotient, negative, scaled);

    __m512 r = _mm512_div_ps(one, d);
    __m512 t = _mm512_mul_ps(z, r);
    __m512 bend = _mm512_mul_ps(_mm512_mul_ps(left, t), r);
    a.slope = _mm512_mask_mov_ps(_mm512_sub_ps(r, bend), negative, _mm512_add_ps(t, bend));
    return a;
}

MLP_INLINE struct mlp_activated_avx512 mlp_gelu_ps_avx512(__m512 x)
{
    const __m512 one = _mm512_set1_ps(1.0f);
    const __m512 centre_inverse = _mm512_set1_ps(MLP_GELU_CENTRE_INVERSE);
    struct mlp_activated_avx512 y;
    __m512 a = mlp_bounded_abs_ps_avx512(x, MLP_GELU_MAX);
    __m512 half = _mm512_mul_ps(_mm512_set1_ps(-0.5f), a);
    __m512 square = _mm512_mul_ps(half, a);
    struct mlp_decay_avx512 e = mlp_decay_sum_ps_avx512(square, _mm512_fmsub_ps(half, a, square));

    __m512 g = _mm512_div_ps(a, _mm512_add_ps(a, _mm512_set1_ps(MLP_GELU_CENTRE)));
    __m512 t = mlp_horner_ps_avx512(_mm512_set1_ps(2.0f), g, -1.0f);
    __m512 k = mlp_horner_ps_avx512(_mm512_set1_ps(MLP_GELU_K9), t, MLP_GELU_K8);
    k = mlp_horner_ps_avx512(k, t, MLP_GELU_K7);
    k = mlp_horner_ps_avx512(k, t, MLP_GELU_K6);
    k = mlp_horner_ps_avx512(k, t, MLP_GELU_K5);
    k = mlp_horner_ps_avx512(k, t, MLP_GELU_K4);
    k = mlp_horner_ps_avx512(k, t, MLP_GELU_K3);
    k = mlp_horner_ps_avx512(k, t, MLP_GELU_K2);
    k = mlp_horner_ps_avx512(k, t, MLP_GELU_K1);
    k = mlp_horner_ps_avx512(k, t, MLP_GELU_K0);
    __m512 gk = _mm512_mul_ps(g, k);
    y.y = _mm512_sub_ps(_mm512_max_ps(_mm512_setzero_ps(), x),
                        mlp_decay_scale_ps_avx512(_mm512_fmadd_ps(gk, e.tail, gk), e));

    __m512 inverse = _mm512_fnmadd_ps(g, centre_inverse, centre_inverse);
    __m512 below =
        _mm512_fnmadd_ps(a, _mm512_set1_ps(MLP_NORMAL_DENSITY), _mm512_mul_ps(k, inverse));
    below = mlp_decay_scale_ps_avx512(_mm512_fmadd_ps(below, e.tail, below), e);
    y.slope = _mm512_mask_mov_ps(_mm512_sub_ps(one, below),
                                 _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), below);
    return y;
}

MLP_INLINE struct mlp_activated_avx512 mlp_gelu_tanh_ps_avx512(__m512 x)
{
    const __m512 one = _mm512_set1_ps(1.0f);
    const __m512 square_hi = _mm512_set1_ps(MLP_GELU_TANH_SQUARE_HI);
    const __m512 minus_cube = _mm512_set1_ps(-MLP_GELU_TANH_CUBE);
    struct mlp_activated_avx512 g;
    __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
    __m512 a = mlp_bounded_abs_ps_avx512(x, MLP_GELU_TANH_MAX);
    __m512 square = _mm512_mul_ps(a, a);
    __m512 square_low = _mm512_fmsub_ps(a, a, square);
    __m512 sum = _mm512_add_ps(square_hi, square);
    __m512 sum_low = _mm512_sub_ps(square, _mm512_sub_ps(sum, square_hi));
    __m512 rest = _mm512_fmadd_ps(_mm512_set1_ps(MLP_GELU_TANH_CUBE_REST), square, square_low);
    sum_low = _mm512_add_ps(sum_low, _mm512_add_ps(rest, _mm512_set1_ps(MLP_GELU_TANH_SQUARE_LO)));
    __m512 cube = _mm512_mul_ps(minus_cube, a);
    __m512 cube_low = _mm512_fmsub_ps(minus_cube, a, cube);
    __m512 v = _mm512_mul_ps(cube, sum);
    __m512 v_low = _mm512_fmsub_ps(cube, sum, v);
    v_low = _mm512_fmadd_ps(cube_low, sum, v_low);
    v_low = _mm512_fmadd_ps(cube, sum_low, v_low);
    struct mlp_decay_avx512 e = mlp_decay_sum_ps_avx512(v, v_low);

    __m512 z = mlp_decay_scale_ps_avx512(_mm512_add_ps(one, e.tail), e);
    __m512 d = _mm512_add_ps(one, z);
    __m512 quotient =
        _mm512_div_ps(_mm512_mask_mov_ps(x, negative, _mm512_fnmsub_ps(a, e.tail, a)), d);
    g.y = _mm512_mask_mov_ps(quotient, negative, mlp_decay_scale_ps_avx512(quotient, e));

    __m512 r = _mm512_div_ps(one, d);
    __m512 t = _mm512_mul_ps(z, r);
    __m512 v_slope =
        mlp_horner_ps_avx512(_mm512_set1_ps(MLP_GELU_TANH_CUBE_3), square, MLP_GELU_TANH_LINEAR);
    __m512 bend = _mm512_mul_ps(_mm512_mul_ps(a, v_slope), _mm512_mul_ps(t, r));
    g.slope = _mm512_mask_mov_ps(_mm512_add_ps(r, bend), negative, _mm512_sub_ps(t, bend));
    return g;
}

MLP_INLINE struct mlp_activated_avx512 mlp_mish_ps_avx512(__m512 x)
{
    const __m512 one = _mm512_set1_ps(1.0f);
    const __m512 two = _mm512_set1_ps(2.0f);
    struct mlp_activated_avx512 m;
    __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
    __m512 left = mlp_left_of_zero_ps_avx512(x);
    struct mlp_decay_avx512 e = mlp_decay_ps_avx512(left);
    __m512 z = mlp_decay_scale_ps_avx512(_mm512_add_ps(one, e.tail), e);
    __m512 twice = _mm512_add_ps(z, z);
    __m512 n = _mm512_mask_mov_ps(_mm512_mul_ps(z, twice), negative, _mm512_fmadd_ps(z, z, z));
    __m512 d = _mm512_add_ps(
        n, _mm512_mask_mov_ps(_mm512_add_ps(one, twice), negative, _mm512_add_ps(two, z)));
    __m512 f = _mm512_div_ps(n, d);
    __m512 product = _mm512_fmadd_ps(left, e.tail, left);
    __m512 scaled = mlp_decay_scale_ps_avx512(_mm512_fnmadd_ps(product, f, product), e);
    m.y = _mm512_mask_mov_ps(_mm512_fmadd_ps(left, f, x), negative, scaled);

    __m512 tanh = _mm512_mul_ps(_mm512_mask_mov_ps(one, negative, z), _mm512_sub_ps(one, f));
    __m512 factor = _mm512_mask_mov_ps(_mm512_add_ps(two, twice), negative, _mm512_set1_ps(4.0f));
    __m512 bend = _mm512_mul_ps(left, _mm512_div_ps(_mm512_mul_ps(f, factor), d));
    m.slope = _mm512_mask_mov_ps(_mm512_sub_ps(tanh, bend), negative, _mm512_add_ps(tanh, bend));
    return m;
}

#endif
