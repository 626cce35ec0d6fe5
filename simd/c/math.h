/* SPDX-License-Identifier: MIT */
/* exp, log, sigmoid and tanh of one float: the specification, operation by
 * operation, of every instruction set. No step branches on data, so that SIMD
 * has the same ones. NaN in, NaN out, everywhere. The worst errors over all
 * floats: exp 1.013 ULP, log 0.835, sigmoid 1.592, tanh 1.332
 * (tests/exhaustive_math.c). */
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

#endif
