/* SPDX-License-Identifier: MIT */
/* exp, log and activations of one float: the specification, operation by
 * operation, of every instruction set. No step branches on data, so that SIMD
 * has the same ones. NaN in, NaN out, everywhere. The worst errors over all
 * floats (tests/exhaustive_math.c), in ULP:
 *   exp 1.013, log 0.835, sigmoid 1.592, tanh 1.332, ELU 0.941, SELU 1.910, hard
 *   sigmoid 1.334, softplus 1.649, SiLU 1.517, GELU 3.791, its tanh form 2.850,
 *   mish 2.635
 * and of the slopes 2^-22.2 absolutely. At -inf, SiLU, GELU's tanh form and mish give
 * -0, GELU gives +0.
 *
 * Definitions of this file are copied into exported C (src/formats/c_excerpt.h), which relies on its
 * layout. */
#ifndef MLP_SIMD_C_MATH_H
#define MLP_SIMD_C_MATH_H

#include "constants.h"
#include "fma.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t mlp_float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float mlp_bits_float(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* exp(x) = (1 + tail) * scale1 * scale2. */
struct mlp_exp_parts {
    float mantissa; /* 1 + tail, rounded: in [0.7, 1.42) */
    float tail;
    float scale1, scale2; /* powers of two */
};

/* x = n ln 2 + r with |r| <= ln(2)/2 (Cody and Waite 1980). 2^n comes in two
 * factors, since one cannot hold 2^128 or 2^-150. */
static inline struct mlp_exp_parts mlp_exp_parts(float x)
{
    struct mlp_exp_parts parts;
    x = x > MLP_EXP_MAX ? MLP_EXP_MAX : x;
    x = x < MLP_EXP_MIN ? MLP_EXP_MIN : x;
    float shifted = mlp_fma(x, MLP_LOG2E, MLP_ROUND_MAGIC);
    float n = shifted - MLP_ROUND_MAGIC;
    float r = mlp_fma(-n, MLP_LN2_HI, x);
    r = mlp_fma(-n, MLP_LN2_LO, r);

    float q = mlp_fma(MLP_EXP_Q4, r, MLP_EXP_Q3);
    q = mlp_fma(q, r, MLP_EXP_Q2);
    q = mlp_fma(q, r, MLP_EXP_Q1);
    q = mlp_fma(q, r, MLP_EXP_Q0);
    parts.tail = mlp_fma(q, r * r, r);
    parts.mantissa = 1.0f + parts.tail;

    /* n + 256, halved down and up: biased exponents of the factors, plus 1. */
    uint32_t both = mlp_float_bits(shifted) - (mlp_float_bits(MLP_ROUND_MAGIC) - 256);
    uint32_t half = both >> 1;
    parts.scale1 = mlp_bits_float((half - 1) << 23);
    parts.scale2 = mlp_bits_float((both - half - 1) << 23);
    return parts;
}

static inline float mlp_exp_scalar(float x)
{
    struct mlp_exp_parts e = mlp_exp_parts(x);
    /* Only the last product can round: to a subnormal. */
    return e.mantissa * e.scale1 * e.scale2;
}

static inline float mlp_log_scalar(float x)
{
    /* Subnormals: 2^23 times the value, e smaller by 23. */
    float normal = x < FLT_MIN ? x * 0x1p23f : x;
    float e = x < FLT_MIN ? -23.0f : 0.0f;
    uint32_t bits = mlp_float_bits(normal);
    /* normal = (1 + f) 2^k with 1 + f in [sqrt(1/2), sqrt(2)). */
    uint32_t above = (bits - MLP_LOG_CUT_BITS) & UINT32_C(0xff800000);
    float f = mlp_bits_float(bits - above) - 1.0f;
    /* k, from two's complement by the magic number's low bits. */
    uint32_t k = (above >> 23) ^ 0x100;
    e += mlp_bits_float(mlp_float_bits(MLP_ROUND_MAGIC) + k) - (MLP_ROUND_MAGIC + 256.0f);

    float square = f * f;
    float p = mlp_fma(MLP_LOG_P8, f, MLP_LOG_P7);
    p = mlp_fma(p, f, MLP_LOG_P6);
    p = mlp_fma(p, f, MLP_LOG_P5);
    p = mlp_fma(p, f, MLP_LOG_P4);
    p = mlp_fma(p, f, MLP_LOG_P3);
    p = mlp_fma(p, f, MLP_LOG_P2);
    p = mlp_fma(p, f, MLP_LOG_P1);
    p = mlp_fma(p, f, MLP_LOG_P0);
    float y = p * (f * square);
    y = mlp_fma(e, MLP_LN2_LO, y);
    y = mlp_fma(-0.5f, square, y);
    y = f + y;
    y = mlp_fma(e, MLP_LN2_HI, y);

    y = x == INFINITY ? x : y;
    y = x == 0 ? -INFINITY : y;
    return x >= 0 ? y : NAN;
}

/* With z = exp(-|x|): 1 / (1 + z) where x >= 0, else z / (1 + z), which keeps its
 * precision down to the subnormals. There, what 1 + z and the mantissa of z
 * lost to rounding goes back into the numerator (1 / (1 + z) to 4 % is enough
 * for that), and keeps the quotient within 2 ULP. */
static inline float mlp_sigmoid_scalar(float x)
{
    struct mlp_exp_parts e = mlp_exp_parts(-fabsf(x));
    float z = e.mantissa * e.scale1 * e.scale2;
    float d = 1.0f + z;
    float d_lost = z - (d - 1.0f);
    float lost = e.tail - (e.mantissa - 1.0f);
    float share = e.mantissa * mlp_fma(z, MLP_SIGMOID_R1, MLP_SIGMOID_R0);
    float mantissa = e.mantissa + mlp_fma(-d_lost, share, lost);
    float numerator = x < 0 ? mantissa * e.scale1 * e.scale2 : 1.0f;
    return numerator / d;
}

static inline float mlp_tanh_scalar(float x)
{
    float a = fabsf(x);
    float square = a * a;
    float t = mlp_fma(MLP_TANH_T5, square, MLP_TANH_T4);
    t = mlp_fma(t, square, MLP_TANH_T3);
    t = mlp_fma(t, square, MLP_TANH_T2);
    t = mlp_fma(t, square, MLP_TANH_T1);
    t = mlp_fma(t, square, MLP_TANH_T0);
    float small = mlp_fma(t * square, a, a);
    float large = 1.0f - 2.0f / (mlp_exp_scalar(2.0f * a) + 1.0f);
    return copysignf(a < MLP_TANH_CUT ? small : large, x);
}

/* --- Activations made of exp(x) for x <= 0 ---------------------------------------- */

/* An activation's value and derivative. */
struct mlp_activated {
    float y, slope;
};

/* exp(x) = (1 + tail) * scale * 2^-31. What an activation multiplies it with comes before
 * the scales, so that a subnormal result rounds but once there. */
struct mlp_decay {
    float tail, scale;
};

/* exp(x + low), -MLP_DECAY_MAX <= x <= 0 and low below an ULP of x. */
static inline struct mlp_decay mlp_decay_sum(float x, float low)
{
    struct mlp_decay e;
    float shifted = mlp_fma(x, MLP_LOG2E, MLP_DECAY_MAGIC);
    float n = shifted - MLP_DECAY_MAGIC;
    float r = mlp_fma(-n, MLP_LN2_HI, x);
    r = mlp_fma(-n, MLP_LN2_LO, r) + low;

    float q = mlp_fma(MLP_EXP_Q4, r, MLP_EXP_Q3);
    q = mlp_fma(q, r, MLP_EXP_Q2);
    q = mlp_fma(q, r, MLP_EXP_Q1);
    q = mlp_fma(q, r, MLP_EXP_Q0);
    e.tail = mlp_fma(q, r * r, r);
    e.scale = mlp_bits_float(mlp_float_bits(shifted) << 23);
    return e;
}

/* exp(x) for such an x. Adding -0 does nothing, not even to a zero. */
static inline struct mlp_decay mlp_decay(float x)
{
    return mlp_decay_sum(x, -0.0f);
}

/* -|x|, but not below -MLP_DECAY_MAX. */
static inline float mlp_left_of_zero(float x)
{
    float left = -fabsf(x);
    return left < -MLP_DECAY_MAX ? -MLP_DECAY_MAX : left;
}

/* |x|, but not above `most`. */
static inline float mlp_bounded_abs(float x, float most)
{
    float a = fabsf(x);
    return a > most ? most : a;
}

static inline float mlp_decay_scale(float mantissa, struct mlp_decay e)
{
    return mantissa * e.scale * MLP_DECAY_SCALE;
}

/* exp(x) - 1 for x < 0, else x. */
static inline float mlp_elu_scalar(float x)
{
    struct mlp_decay e = mlp_decay(mlp_left_of_zero(x));
    float scale = e.scale * MLP_DECAY_SCALE;
    float y = mlp_fma(e.tail, scale, scale - 1.0f);
    return x < 0 ? y : x;
}

static inline float mlp_selu_scalar(float x)
{
    return (x < 0 ? MLP_SELU_LAMBDA_ALPHA : MLP_SELU_LAMBDA) * mlp_elu_scalar(x);
}

static inline float mlp_hard_sigmoid_scalar(float x)
{
    float y = x + 3.0f;
    y = y < 0 ? 0.0f : y;
    y = y > 6.0f ? 6.0f : y;
    return y * MLP_SIXTH;
}

static inline float mlp_step_scalar(float x)
{
    float y = x < 0 ? 0.0f : x; /* a NaN stays */
    return x >= 0 ? 1.0f : y;
}

/* max(x, 0) + log(1 + z), z = exp(-|x|), whose logarithm keeps its precision down to
 * the subnormals. */
static inline struct mlp_activated mlp_softplus_scalar(float x)
{
    struct mlp_activated a;
    struct mlp_decay e = mlp_decay(mlp_left_of_zero(x));
    float z = mlp_decay_scale(1.0f + e.tail, e);
    float p = mlp_fma(MLP_LOG1P_P9, z, MLP_LOG1P_P8);
    p = mlp_fma(p, z, MLP_LOG1P_P7);
    p = mlp_fma(p, z, MLP_LOG1P_P6);
    p = mlp_fma(p, z, MLP_LOG1P_P5);
    p = mlp_fma(p, z, MLP_LOG1P_P4);
    p = mlp_fma(p, z, MLP_LOG1P_P3);
    p = mlp_fma(p, z, MLP_LOG1P_P2);
    p = mlp_fma(p, z, MLP_LOG1P_P1);
    p = mlp_fma(p, z, MLP_LOG1P_P0);
    float q = mlp_fma(p, z, 1.0f);
    float lost = mlp_fma(p, z, 1.0f - q);
    q += mlp_fma(q, e.tail, lost);
    a.y = (x > 0 ? x : 0.0f) + mlp_decay_scale(q, e);
    a.slope = (x < 0 ? z : 1.0f) / (1.0f + z);
    return a;
}

/* x / (1 + z) where x >= 0, else x z / (1 + z), z = exp(-|x|). There, what 1 + z and the
 * numerator lost to rounding goes back into the quotient. The derivative is t - |x| t
 * (1 - t), t = z / (1 + z), or 1 less it. */
static inline struct mlp_activated mlp_silu_scalar(float x)
{
    struct mlp_activated a;
    float left = mlp_left_of_zero(x);
    struct mlp_decay e = mlp_decay(left);
    float z = mlp_decay_scale(1.0f + e.tail, e);
    float d = 1.0f + z;
    float d_lost = z - (d - 1.0f);
    float product = mlp_fma(left, e.tail, left);
    float lost = mlp_fma(left, e.tail, left - product);
    float quotient = (x < 0 ? product : x) / d;
    float rest = mlp_fma(-d_lost, quotient, lost);
    float inverse = mlp_fma(z, MLP_SIGMOID_R1, MLP_SIGMOID_R0);
    a.y = x < 0 ? mlp_decay_scale(mlp_fma(rest, inverse, quotient), e) : quotient;

    float r = 1.0f / d;
    float t = z * r;
    float bend = left * t * r;
    a.slope = x < 0 ? t + bend : r - bend;
    return a;
}

/* max(x, 0) - |x| Phi(-|x|). The exponential's argument is exact: the square's rounding
 * error is added where the argument is small. The derivative is Phi(x) + x phi(x), phi
 * the same exponential. */
static inline struct mlp_activated mlp_gelu_scalar(float x)
{
    struct mlp_activated y;
    float a = mlp_bounded_abs(x, MLP_GELU_MAX);
    float half = -0.5f * a;
    float square = half * a;
    struct mlp_decay e = mlp_decay_sum(square, mlp_fma(half, a, -square));

    float g = a / (a + MLP_GELU_CENTRE);
    float t = mlp_fma(2.0f, g, -1.0f);
    float k = mlp_fma(MLP_GELU_K9, t, MLP_GELU_K8);
    k = mlp_fma(k, t, MLP_GELU_K7);
    k = mlp_fma(k, t, MLP_GELU_K6);
    k = mlp_fma(k, t, MLP_GELU_K5);
    k = mlp_fma(k, t, MLP_GELU_K4);
    k = mlp_fma(k, t, MLP_GELU_K3);
    k = mlp_fma(k, t, MLP_GELU_K2);
    k = mlp_fma(k, t, MLP_GELU_K1);
    k = mlp_fma(k, t, MLP_GELU_K0);
    float gk = g * k;
    y.y = (x < 0 ? 0.0f : x) - mlp_decay_scale(mlp_fma(gk, e.tail, gk), e);

    float inverse = mlp_fma(-g, MLP_GELU_CENTRE_INVERSE, MLP_GELU_CENTRE_INVERSE);
    float below = mlp_fma(-a, MLP_NORMAL_DENSITY, k * inverse);
    below = mlp_decay_scale(mlp_fma(below, e.tail, below), e);
    y.slope = x < 0 ? below : 1.0f - below;
    return y;
}

/* x sigmoid(v), v = sqrt(8 / pi) (x + 0.044715 x^3) = x CUBE (x^2 + SQUARE), to about 2^-44
 * by an unevaluated sum, since the exponential multiplies its relative error by v. */
static inline struct mlp_activated mlp_gelu_tanh_scalar(float x)
{
    struct mlp_activated g;
    float a = mlp_bounded_abs(x, MLP_GELU_TANH_MAX);
    float square = a * a;
    float square_low = mlp_fma(a, a, -square);
    float sum = MLP_GELU_TANH_SQUARE_HI + square;
    float sum_low = square - (sum - MLP_GELU_TANH_SQUARE_HI);
    sum_low += mlp_fma(MLP_GELU_TANH_CUBE_REST, square, square_low) + MLP_GELU_TANH_SQUARE_LO;
    float cube = -MLP_GELU_TANH_CUBE * a;
    float cube_low = mlp_fma(-MLP_GELU_TANH_CUBE, a, -cube);
    float v = cube * sum;
    float v_low = mlp_fma(cube, sum, -v);
    v_low = mlp_fma(cube_low, sum, v_low);
    v_low = mlp_fma(cube, sum_low, v_low);
    struct mlp_decay e = mlp_decay_sum(v, v_low);

    float z = mlp_decay_scale(1.0f + e.tail, e);
    float d = 1.0f + z;
    float quotient = (x < 0 ? mlp_fma(-a, e.tail, -a) : x) / d;
    g.y = x < 0 ? mlp_decay_scale(quotient, e) : quotient;

    float r = 1.0f / d;
    float t = z * r;
    float v_slope = mlp_fma(MLP_GELU_TANH_CUBE_3, square, MLP_GELU_TANH_LINEAR);
    float bend = a * v_slope * (t * r);
    g.slope = x < 0 ? t - bend : r + bend;
    return g;
}

/* x tanh(log(1 + exp(x))). With z = exp(-|x|) the hyperbolic tangent is z (1 - f),
 * f = (z + z^2) / (2 + 2 z + z^2), where x < 0, else 1 - f, f = 2 z^2 / (1 + 2 z + 2 z^2). */
static inline struct mlp_activated mlp_mish_scalar(float x)
{
    struct mlp_activated m;
    float left = mlp_left_of_zero(x);
    struct mlp_decay e = mlp_decay(left);
    float z = mlp_decay_scale(1.0f + e.tail, e);
    float twice = z + z;
    float n = x < 0 ? mlp_fma(z, z, z) : z * twice;
    float d = n + (x < 0 ? 2.0f + z : 1.0f + twice);
    float f = n / d;
    float product = mlp_fma(left, e.tail, left);
    float negative = mlp_decay_scale(mlp_fma(-product, f, product), e);
    m.y = x < 0 ? negative : mlp_fma(left, f, x);

    float tanh = (x < 0 ? z : 1.0f) * (1.0f - f);
    float tanh_slope = f * (x < 0 ? 4.0f : 2.0f + twice) / d;
    float bend = left * tanh_slope;
    m.slope = x < 0 ? tanh + bend : tanh - bend;
    return m;
}

#endif
