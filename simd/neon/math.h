/* SPDX-License-Identifier: MIT */
/* exp, log and activations of four floats: the operations of c/math.h in the
 * same order. vfmaq_f32(c, a, b) is fma(a, b, c), vfmsq_f32(c, a, b) is
 * fma(-a, b, c). */
#ifndef MLP_SIMD_NEON_MATH_H
#define MLP_SIMD_NEON_MATH_H

#if !defined(__aarch64__)
#error "compile this file for AArch64"
#endif

#include "c/constants.h"
#include "unroll.h"

#include <arm_neon.h>
#include <float.h>
#include <math.h>
#include <stdint.h>

/* fma(a, b, c) with the constant c broadcast: one step of Horner's scheme. */
static inline float32x4_t mlp_horner_f32_neon(float32x4_t a, float32x4_t b, float c)
{
    return vfmaq_f32(vdupq_n_f32(c), a, b);
}

/* x where the bits of `mask` are set, else +0. */
static inline float32x4_t mlp_and_f32_neon(uint32x4_t mask, float32x4_t x)
{
    return vreinterpretq_f32_u32(vandq_u32(mask, vreinterpretq_u32_f32(x)));
}

/* y with the sign of x. */
static inline float32x4_t mlp_copysign_f32_neon(float32x4_t y, float32x4_t x)
{
    return vbslq_f32(vdupq_n_u32(UINT32_C(0x80000000)), x, y);
}

struct mlp_exp_parts_neon {
    float32x4_t mantissa, tail, scale1, scale2;
};

/* mantissa * scale1 * scale2 in the one order that rounds once. */
static inline float32x4_t mlp_exp_scale_f32_neon(float32x4_t mantissa,
                                                 const struct mlp_exp_parts_neon *e)
{
    return vmulq_f32(vmulq_f32(mantissa, e->scale1), e->scale2);
}

static inline struct mlp_exp_parts_neon mlp_exp_parts_f32_neon(float32x4_t x)
{
    const float32x4_t magic = vdupq_n_f32(MLP_ROUND_MAGIC);
    struct mlp_exp_parts_neon parts;
    /* FMIN and FMAX give NaN where one is NaN; here only x can be. */
    x = vminq_f32(x, vdupq_n_f32(MLP_EXP_MAX));
    x = vmaxq_f32(x, vdupq_n_f32(MLP_EXP_MIN));
    float32x4_t shifted = vfmaq_f32(magic, x, vdupq_n_f32(MLP_LOG2E));
    float32x4_t n = vsubq_f32(shifted, magic);
    float32x4_t r = vfmsq_f32(x, n, vdupq_n_f32(MLP_LN2_HI));
    r = vfmsq_f32(r, n, vdupq_n_f32(MLP_LN2_LO));

    float32x4_t q = mlp_horner_f32_neon(vdupq_n_f32(MLP_EXP_Q4), r, MLP_EXP_Q3);
    q = mlp_horner_f32_neon(q, r, MLP_EXP_Q2);
    q = mlp_horner_f32_neon(q, r, MLP_EXP_Q1);
    q = mlp_horner_f32_neon(q, r, MLP_EXP_Q0);
    parts.tail = vfmaq_f32(r, q, vmulq_f32(r, r));
    parts.mantissa = vaddq_f32(vdupq_n_f32(1.0f), parts.tail);

    const uint32x4_t one = vdupq_n_u32(1);
    uint32x4_t bias = vsubq_u32(vreinterpretq_u32_f32(magic), vdupq_n_u32(256));
    uint32x4_t both = vsubq_u32(vreinterpretq_u32_f32(shifted), bias);
    uint32x4_t half = vshrq_n_u32(both, 1);
    uint32x4_t rest = vsubq_u32(both, half);
    parts.scale1 = vreinterpretq_f32_u32(vshlq_n_u32(vsubq_u32(half, one), 23));
    parts.scale2 = vreinterpretq_f32_u32(vshlq_n_u32(vsubq_u32(rest, one), 23));
    return parts;
}

static inline float32x4_t mlp_exp_f32_neon(float32x4_t x)
{
    struct mlp_exp_parts_neon e = mlp_exp_parts_f32_neon(x);
    return mlp_exp_scale_f32_neon(e.mantissa, &e);
}

static inline float32x4_t mlp_log_f32_neon(float32x4_t x)
{
    const float32x4_t magic = vdupq_n_f32(MLP_ROUND_MAGIC);
    uint32x4_t tiny = vcltq_f32(x, vdupq_n_f32(FLT_MIN));
    float32x4_t normal = vbslq_f32(tiny, vmulq_f32(x, vdupq_n_f32(0x1p23f)), x);
    float32x4_t e = mlp_and_f32_neon(tiny, vdupq_n_f32(-23.0f));
    uint32x4_t bits = vreinterpretq_u32_f32(normal);
    uint32x4_t above = vandq_u32(vsubq_u32(bits, vdupq_n_u32(MLP_LOG_CUT_BITS)),
                                 vdupq_n_u32(UINT32_C(0xff800000)));
    float32x4_t f = vsubq_f32(vreinterpretq_f32_u32(vsubq_u32(bits, above)), vdupq_n_f32(1.0f));
    uint32x4_t k = veorq_u32(vshrq_n_u32(above, 23), vdupq_n_u32(0x100));
    float32x4_t shifted = vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(magic), k));
    e = vaddq_f32(e, vsubq_f32(shifted, vdupq_n_f32(MLP_ROUND_MAGIC + 256.0f)));

    float32x4_t square = vmulq_f32(f, f);
    float32x4_t p = mlp_horner_f32_neon(vdupq_n_f32(MLP_LOG_P8), f, MLP_LOG_P7);
    p = mlp_horner_f32_neon(p, f, MLP_LOG_P6);
    p = mlp_horner_f32_neon(p, f, MLP_LOG_P5);
    p = mlp_horner_f32_neon(p, f, MLP_LOG_P4);
    p = mlp_horner_f32_neon(p, f, MLP_LOG_P3);
    p = mlp_horner_f32_neon(p, f, MLP_LOG_P2);
    p = mlp_horner_f32_neon(p, f, MLP_LOG_P1);
    p = mlp_horner_f32_neon(p, f, MLP_LOG_P0);
    float32x4_t y = vmulq_f32(p, vmulq_f32(f, square));
    y = vfmaq_f32(y, e, vdupq_n_f32(MLP_LN2_LO));
    y = vfmaq_f32(y, vdupq_n_f32(-0.5f), square);
    y = vaddq_f32(f, y);
    y = vfmaq_f32(y, e, vdupq_n_f32(MLP_LN2_HI));

    y = vbslq_f32(vceqq_f32(x, vdupq_n_f32(INFINITY)), x, y);
    y = vbslq_f32(vceqzq_f32(x), vdupq_n_f32(-INFINITY), y);
    return vbslq_f32(vcgezq_f32(x), y, vdupq_n_f32(NAN));
}

static inline float32x4_t mlp_sigmoid_f32_neon(float32x4_t x)
{
    const float32x4_t one = vdupq_n_f32(1.0f);
    struct mlp_exp_parts_neon e = mlp_exp_parts_f32_neon(vnegq_f32(vabsq_f32(x)));
    float32x4_t z = mlp_exp_scale_f32_neon(e.mantissa, &e);
    float32x4_t d = vaddq_f32(one, z);
    float32x4_t d_lost = vsubq_f32(z, vsubq_f32(d, one));
    float32x4_t lost = vsubq_f32(e.tail, vsubq_f32(e.mantissa, one));
    float32x4_t share =
        vmulq_f32(e.mantissa, mlp_horner_f32_neon(z, vdupq_n_f32(MLP_SIGMOID_R1), MLP_SIGMOID_R0));
    float32x4_t mantissa = vaddq_f32(e.mantissa, vfmsq_f32(lost, d_lost, share));
    float32x4_t numerator = vbslq_f32(vcltzq_f32(x), mlp_exp_scale_f32_neon(mantissa, &e), one);
    return vdivq_f32(numerator, d);
}

static inline float32x4_t mlp_tanh_f32_neon(float32x4_t x)
{
    const float32x4_t one = vdupq_n_f32(1.0f);
    const float32x4_t two = vdupq_n_f32(2.0f);
    float32x4_t a = vabsq_f32(x);
    float32x4_t square = vmulq_f32(a, a);
    float32x4_t t = mlp_horner_f32_neon(vdupq_n_f32(MLP_TANH_T5), square, MLP_TANH_T4);
    t = mlp_horner_f32_neon(t, square, MLP_TANH_T3);
    t = mlp_horner_f32_neon(t, square, MLP_TANH_T2);
    t = mlp_horner_f32_neon(t, square, MLP_TANH_T1);
    t = mlp_horner_f32_neon(t, square, MLP_TANH_T0);
    float32x4_t small = vfmaq_f32(a, vmulq_f32(t, square), a);
    float32x4_t e = mlp_exp_f32_neon(vmulq_f32(two, a));
    float32x4_t large = vsubq_f32(one, vdivq_f32(two, vaddq_f32(e, one)));
    uint32x4_t is_small = vcltq_f32(a, vdupq_n_f32(MLP_TANH_CUT));
    return mlp_copysign_f32_neon(vbslq_f32(is_small, small, large), x);
}

/* --- Activations made of exp(x) for x <= 0 ---------------------------------------- */

/* What a caller does not use of these, the compiler leaves out: hence inlined. */
struct mlp_activated_neon {
    float32x4_t y, slope;
};

struct mlp_decay_neon {
    float32x4_t tail, scale;
};

MLP_INLINE struct mlp_decay_neon mlp_decay_sum_f32_neon(float32x4_t x, float32x4_t low)
{
    const float32x4_t magic = vdupq_n_f32(MLP_DECAY_MAGIC);
    struct mlp_decay_neon e;
    float32x4_t shifted = vfmaq_f32(magic, x, vdupq_n_f32(MLP_LOG2E));
    float32x4_t n = vsubq_f32(shifted, magic);
    float32x4_t r = vfmsq_f32(x, n, vdupq_n_f32(MLP_LN2_HI));
    r = vaddq_f32(vfmsq_f32(r, n, vdupq_n_f32(MLP_LN2_LO)), low);

    float32x4_t q = mlp_horner_f32_neon(vdupq_n_f32(MLP_EXP_Q4), r, MLP_EXP_Q3);
    q = mlp_horner_f32_neon(q, r, MLP_EXP_Q2);
    q = mlp_horner_f32_neon(q, r, MLP_EXP_Q1);
    q = mlp_horner_f32_neon(q, r, MLP_EXP_Q0);
    e.tail = vfmaq_f32(r, q, vmulq_f32(r, r));
    e.scale = vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(shifted), 23));
    return e;
}

MLP_INLINE struct mlp_decay_neon mlp_decay_f32_neon(float32x4_t x)
{
    return mlp_decay_sum_f32_neon(x, vdupq_n_f32(-0.0f));
}

MLP_INLINE float32x4_t mlp_left_of_zero_f32_neon(float32x4_t x)
{
    return vmaxq_f32(vnegq_f32(vabsq_f32(x)), vdupq_n_f32(-MLP_DECAY_MAX));
}

MLP_INLINE float32x4_t mlp_bounded_abs_f32_neon(float32x4_t x, float most)
{
    return vminq_f32(vabsq_f32(x), vdupq_n_f32(most));
}

MLP_INLINE float32x4_t mlp_decay_scale_f32_neon(float32x4_t mantissa, struct mlp_decay_neon e)
{
    return vmulq_f32(vmulq_f32(mantissa, e.scale), vdupq_n_f32(MLP_DECAY_SCALE));
}

MLP_INLINE float32x4_t mlp_elu_f32_neon(float32x4_t x)
{
    struct mlp_decay_neon e = mlp_decay_f32_neon(mlp_left_of_zero_f32_neon(x));
    float32x4_t scale = vmulq_f32(e.scale, vdupq_n_f32(MLP_DECAY_SCALE));
    float32x4_t y = vfmaq_f32(vsubq_f32(scale, vdupq_n_f32(1.0f)), e.tail, scale);
    return vbslq_f32(vcltzq_f32(x), y, x);
}

MLP_INLINE float32x4_t mlp_selu_f32_neon(float32x4_t x)
{
    float32x4_t factor =
        vbslq_f32(vcltzq_f32(x), vdupq_n_f32(MLP_SELU_LAMBDA_ALPHA), vdupq_n_f32(MLP_SELU_LAMBDA));
    return vmulq_f32(factor, mlp_elu_f32_neon(x));
}

MLP_INLINE float32x4_t mlp_hard_sigmoid_f32_neon(float32x4_t x)
{
    float32x4_t y = vaddq_f32(x, vdupq_n_f32(3.0f));
    y = vmaxq_f32(y, vdupq_n_f32(0.0f));
    y = vminq_f32(y, vdupq_n_f32(6.0f));
    return vmulq_f32(y, vdupq_n_f32(MLP_SIXTH));
}

MLP_INLINE float32x4_t mlp_step_f32_neon(float32x4_t x)
{
    float32x4_t y = vbslq_f32(vcltzq_f32(x), vdupq_n_f32(0.0f), x);
    return vbslq_f32(vcgezq_f32(x), vdupq_n_f32(1.0f), y);
}

MLP_INLINE struct mlp_activated_neon mlp_softplus_f32_neon(float32x4_t x)
{
    const float32x4_t one = vdupq_n_f32(1.0f);
    struct mlp_activated_neon a;
    struct mlp_decay_neon e = mlp_decay_f32_neon(mlp_left_of_zero_f32_neon(x));
    float32x4_t z = mlp_decay_scale_f32_neon(vaddq_f32(one, e.tail), e);
    float32x4_t p = mlp_horner_f32_neon(vdupq_n_f32(MLP_LOG1P_P9), z, MLP_LOG1P_P8);
    p = mlp_horner_f32_neon(p, z, MLP_LOG1P_P7);
    p = mlp_horner_f32_neon(p, z, MLP_LOG1P_P6);
    p = mlp_horner_f32_neon(p, z, MLP_LOG1P_P5);
    p = mlp_horner_f32_neon(p, z, MLP_LOG1P_P4);
    p = mlp_horner_f32_neon(p, z, MLP_LOG1P_P3);
    p = mlp_horner_f32_neon(p, z, MLP_LOG1P_P2);
    p = mlp_horner_f32_neon(p, z, MLP_LOG1P_P1);
    p = mlp_horner_f32_neon(p, z, MLP_LOG1P_P0);
    float32x4_t q = vfmaq_f32(one, p, z);
    float32x4_t lost = vfmaq_f32(vsubq_f32(one, q), p, z);
    q = vaddq_f32(q, vfmaq_f32(lost, q, e.tail));
    a.y = vaddq_f32(vmaxq_f32(x, vdupq_n_f32(0.0f)), mlp_decay_scale_f32_neon(q, e));
    a.slope = vdivq_f32(vbslq_f32(vcltzq_f32(x), z, one), vaddq_f32(one, z));
    return a;
}

MLP_INLINE struct mlp_activated_neon mlp_silu_f32_neon(float32x4_t x)
{
    const float32x4_t one = vdupq_n_f32(1.0f);
    struct mlp_activated_neon a;
    uint32x4_t negative = vcltzq_f32(x);
    float32x4_t left = mlp_left_of_zero_f32_neon(x);
    struct mlp_decay_neon e = mlp_decay_f32_neon(left);
    float32x4_t z = mlp_decay_scale_f32_neon(vaddq_f32(one, e.tail), e);
    float32x4_t d = vaddq_f32(one, z);
    float32x4_t d_lost = vsubq_f32(z, vsubq_f32(d, one));
    float32x4_t product = vfmaq_f32(left, left, e.tail);
    float32x4_t lost = vfmaq_f32(vsubq_f32(left, product), left, e.tail);
    float32x4_t quotient = vdivq_f32(vbslq_f32(negative, product, x), d);
    float32x4_t rest = vfmsq_f32(lost, d_lost, quotient);
    float32x4_t inverse = mlp_horner_f32_neon(z, vdupq_n_f32(MLP_SIGMOID_R1), MLP_SIGMOID_R0);
    float32x4_t scaled = mlp_decay_scale_f32_neon(vfmaq_f32(quotient, rest, inverse), e);
    a.y = vbslq_f32(negative, scaled, quotient);

    float32x4_t r = vdivq_f32(one, d);
    float32x4_t t = vmulq_f32(z, r);
    float32x4_t bend = vmulq_f32(vmulq_f32(left, t), r);
    a.slope = vbslq_f32(negative, vaddq_f32(t, bend), vsubq_f32(r, bend));
    return a;
}

MLP_INLINE struct mlp_activated_neon mlp_gelu_f32_neon(float32x4_t x)
{
    const float32x4_t one = vdupq_n_f32(1.0f);
    const float32x4_t centre_inverse = vdupq_n_f32(MLP_GELU_CENTRE_INVERSE);
    struct mlp_activated_neon y;
    float32x4_t a = mlp_bounded_abs_f32_neon(x, MLP_GELU_MAX);
    float32x4_t half = vmulq_f32(vdupq_n_f32(-0.5f), a);
    float32x4_t square = vmulq_f32(half, a);
    struct mlp_decay_neon e = mlp_decay_sum_f32_neon(square, vfmaq_f32(vnegq_f32(square), half, a));

    float32x4_t g = vdivq_f32(a, vaddq_f32(a, vdupq_n_f32(MLP_GELU_CENTRE)));
    float32x4_t t = mlp_horner_f32_neon(vdupq_n_f32(2.0f), g, -1.0f);
    float32x4_t k = mlp_horner_f32_neon(vdupq_n_f32(MLP_GELU_K9), t, MLP_GELU_K8);
    k = mlp_horner_f32_neon(k, t, MLP_GELU_K7);
    k = mlp_horner_f32_neon(k, t, MLP_GELU_K6);
    k = mlp_horner_f32_neon(k, t, MLP_GELU_K5);
    k = mlp_horner_f32_neon(k, t, MLP_GELU_K4);
    k = mlp_horner_f32_neon(k, t, MLP_GELU_K3);
    k = mlp_horner_f32_neon(k, t, MLP_GELU_K2);
    k = mlp_horner_f32_neon(k, t, MLP_GELU_K1);
    k = mlp_horner_f32_neon(k, t, MLP_GELU_K0);
    float32x4_t gk = vmulq_f32(g, k);
    y.y = vsubq_f32(vbslq_f32(vcltzq_f32(x), vdupq_n_f32(0.0f), x),
                    mlp_decay_scale_f32_neon(vfmaq_f32(gk, gk, e.tail), e));

    float32x4_t inverse = vfmsq_f32(centre_inverse, g, centre_inverse);
    float32x4_t below = vfmsq_f32(vmulq_f32(k, inverse), a, vdupq_n_f32(MLP_NORMAL_DENSITY));
    below = mlp_decay_scale_f32_neon(vfmaq_f32(below, below, e.tail), e);
    y.slope = vbslq_f32(vcltzq_f32(x), below, vsubq_f32(one, below));
    return y;
}

MLP_INLINE struct mlp_activated_neon mlp_gelu_tanh_f32_neon(float32x4_t x)
{
    const float32x4_t one = vdupq_n_f32(1.0f);
    const float32x4_t square_hi = vdupq_n_f32(MLP_GELU_TANH_SQUARE_HI);
    const float32x4_t minus_cube = vdupq_n_f32(-MLP_GELU_TANH_CUBE);
    struct mlp_activated_neon g;
    uint32x4_t negative = vcltzq_f32(x);
    float32x4_t a = mlp_bounded_abs_f32_neon(x, MLP_GELU_TANH_MAX);
    float32x4_t square = vmulq_f32(a, a);
    float32x4_t square_low = vfmaq_f32(vnegq_f32(square), a, a);
    float32x4_t sum = vaddq_f32(square_hi, square);
    float32x4_t sum_low = vsubq_f32(square, vsubq_f32(sum, square_hi));
    float32x4_t rest = vfmaq_f32(square_low, vdupq_n_f32(MLP_GELU_TANH_CUBE_REST), square);
    sum_low = vaddq_f32(sum_low, vaddq_f32(rest, vdupq_n_f32(MLP_GELU_TANH_SQUARE_LO)));
    float32x4_t cube = vmulq_f32(minus_cube, a);
    float32x4_t cube_low = vfmaq_f32(vnegq_f32(cube), minus_cube, a);
    float32x4_t v = vmulq_f32(cube, sum);
    float32x4_t v_low = vfmaq_f32(vnegq_f32(v), cube, sum);
    v_low = vfmaq_f32(v_low, cube_low, sum);
    v_low = vfmaq_f32(v_low, cube, sum_low);
    struct mlp_decay_neon e = mlp_decay_sum_f32_neon(v, v_low);

    float32x4_t z = mlp_decay_scale_f32_neon(vaddq_f32(one, e.tail), e);
    float32x4_t d = vaddq_f32(one, z);
    float32x4_t quotient = vdivq_f32(vbslq_f32(negative, vfmsq_f32(vnegq_f32(a), a, e.tail), x), d);
    g.y = vbslq_f32(negative, mlp_decay_scale_f32_neon(quotient, e), quotient);

    float32x4_t r = vdivq_f32(one, d);
    float32x4_t t = vmulq_f32(z, r);
    float32x4_t v_slope =
        mlp_horner_f32_neon(vdupq_n_f32(MLP_GELU_TANH_CUBE_3), square, MLP_GELU_TANH_LINEAR);
    float32x4_t bend = vmulq_f32(vmulq_f32(a, v_slope), vmulq_f32(t, r));
    g.slope = vbslq_f32(negative, vsubq_f32(t, bend), vaddq_f32(r, bend));
    return g;
}

MLP_INLINE struct mlp_activated_neon mlp_mish_f32_neon(float32x4_t x)
{
    const float32x4_t one = vdupq_n_f32(1.0f);
    const float32x4_t two = vdupq_n_f32(2.0f);
    struct mlp_activated_neon m;
    uint32x4_t negative = vcltzq_f32(x);
    float32x4_t left = mlp_left_of_zero_f32_neon(x);
    struct mlp_decay_neon e = mlp_decay_f32_neon(left);
    float32x4_t z = mlp_decay_scale_f32_neon(vaddq_f32(one, e.tail), e);
    float32x4_t twice = vaddq_f32(z, z);
    float32x4_t n = vbslq_f32(negative, vfmaq_f32(z, z, z), vmulq_f32(z, twice));
    float32x4_t d = vaddq_f32(n, vbslq_f32(negative, vaddq_f32(two, z), vaddq_f32(one, twice)));
    float32x4_t f = vdivq_f32(n, d);
    float32x4_t product = vfmaq_f32(left, left, e.tail);
    float32x4_t scaled = mlp_decay_scale_f32_neon(vfmsq_f32(product, product, f), e);
    m.y = vbslq_f32(negative, scaled, vfmaq_f32(x, left, f));

    float32x4_t tanh = vmulq_f32(vbslq_f32(negative, z, one), vsubq_f32(one, f));
    float32x4_t factor = vbslq_f32(negative, vdupq_n_f32(4.0f), vaddq_f32(two, twice));
    float32x4_t bend = vmulq_f32(left, vdivq_f32(vmulq_f32(f, factor), d));
    m.slope = vbslq_f32(negative, vaddq_f32(tanh, bend), vsubq_f32(tanh, bend));
    return m;
}

#endif
