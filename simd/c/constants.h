/* SPDX-License-Identifier: MIT */
/* Constants that instruction sets share, most of them of exp, log and the
 * activations. The polynomials are minimax fits in relative error (Remez 1934), rounded to float
 * coefficient by coefficient with the rest refitted.
 *
 * Definitions of this file are copied into exported C (src/formats/c_excerpt.h), which relies on its
 * layout. */
#ifndef MLP_SIMD_C_CONSTANTS_H
#define MLP_SIMD_C_CONSTANTS_H

/* Adding it rounds |x| < 2^22 to an integer, which then is in the low bits. */
#define MLP_ROUND_MAGIC 0x1.8p23f

#define MLP_LOG2E 0x1.715476p+0f
/* ln 2 = hi + lo to 2^-54. */
#define MLP_LN2_HI 0x1.62e430p-1f
#define MLP_LN2_LO -0x1.05c610p-29f

/* exp beyond these is inf and +0 already. */
#define MLP_EXP_MAX 89.0f
#define MLP_EXP_MIN -104.0f

/* exp(r) = 1 + (r + r^2 Q(r)) for |r| <= ln(2)/2, to 2^-28. */
#define MLP_EXP_Q0 0x1.fffffcp-2f
#define MLP_EXP_Q1 0x1.55548cp-3f
#define MLP_EXP_Q2 0x1.555858p-5f
#define MLP_EXP_Q3 0x1.123da6p-7f
#define MLP_EXP_Q4 0x1.6ac36ap-10f

/* The bits of sqrt(1/2), where log cuts its argument into m 2^e. */
#define MLP_LOG_CUT_BITS UINT32_C(0x3f3504f3)

/* log(1 + f) = f - f^2/2 + f^3 P(f) for sqrt(1/2) <= 1 + f < sqrt(2), to 2^-28. */
#define MLP_LOG_P0 0x1.555548p-2f
#define MLP_LOG_P1 -0x1.000070p-2f
#define MLP_LOG_P2 0x1.99a540p-3f
#define MLP_LOG_P3 -0x1.552f18p-3f
#define MLP_LOG_P4 0x1.23036ep-3f
#define MLP_LOG_P5 -0x1.010150p-3f
#define MLP_LOG_P6 0x1.f00cd4p-4f
#define MLP_LOG_P7 -0x1.bf3d62p-4f
#define MLP_LOG_P8 0x1.b41330p-5f

/* R0 + R1 z is 1 / (1 + z) to 4 % for 0 <= z <= 1. */
#define MLP_SIGMOID_R0 0.957f
#define MLP_SIGMOID_R1 -0.5f

/* tanh(x) = x + x^3 T(x^2) for |x| < MLP_TANH_CUT, to 2^-32. */
#define MLP_TANH_CUT 0.625f
#define MLP_TANH_T0 -0x1.555554p-2f
#define MLP_TANH_T1 0x1.11107cp-3f
#define MLP_TANH_T2 -0x1.b9f220p-5f
#define MLP_TANH_T3 0x1.63ad1ap-6f
#define MLP_TANH_T4 -0x1.0c8964p-7f
#define MLP_TANH_T5 0x1.1ace00p-9f

/* exp(x) for x <= 0, but for its last scaling: round(x / ln 2) + 31 comes with an
 * exponent's bias, so that a shift makes the power of two of it. That of -MAX becomes
 * zero, as x exp(x) is there, by no underflow, which would cost as much as subnormals. */
#define MLP_DECAY_MAGIC 0x1.80013cp23f
#define MLP_DECAY_MAX 109.5f
#define MLP_DECAY_SCALE 0x1p-31f

/* SELU's lambda (to 2^-24.8) and lambda * alpha (to 2^-26.2). */
#define MLP_SELU_LAMBDA 0x1.0cfabep+0f
#define MLP_SELU_LAMBDA_ALPHA 0x1.c212ccp+0f

#define MLP_SIXTH 0x1.555556p-3f

/* log(1 + z) = z + z^2 P(z) for 0 <= z <= 1, to 2^-28.9. */
#define MLP_LOG1P_P0 -0x1.fffff8p-2f
#define MLP_LOG1P_P1 0x1.5553b6p-2f
#define MLP_LOG1P_P2 -0x1.ffc59ep-3f
#define MLP_LOG1P_P3 0x1.978ffep-3f
#define MLP_LOG1P_P4 -0x1.4aa2dep-3f
#define MLP_LOG1P_P5 0x1.0057a2p-3f
#define MLP_LOG1P_P6 -0x1.5816e6p-4f
#define MLP_LOG1P_P7 0x1.600854p-5f
#define MLP_LOG1P_P8 -0x1.d0e7a6p-7f
#define MLP_LOG1P_P9 0x1.207e12p-9f

/* Phi(-a) = exp(-a^2 / 2) K(t) / (a + CENTRE), t = (a - CENTRE) / (a + CENTRE), for
 * 0 <= a <= 14.6, to 2^-27. MAX^2 / 2 is about MLP_DECAY_MAX. */
#define MLP_GELU_MAX 14.8f
#define MLP_GELU_CENTRE 3.359375f
#define MLP_GELU_CENTRE_INVERSE 0x1.30d190p-2f
#define MLP_GELU_K0 0x1.7b357ep-1f
#define MLP_GELU_K1 -0x1.1a4b72p-1f
#define MLP_GELU_K2 0x1.2bd606p-2f
#define MLP_GELU_K3 -0x1.89fba2p-4f
#define MLP_GELU_K4 0x1.f8e882p-8f
#define MLP_GELU_K5 0x1.03ccccp-7f
#define MLP_GELU_K6 -0x1.15ac84p-9f
#define MLP_GELU_K7 -0x1.ccc3d2p-11f
#define MLP_GELU_K8 0x1.2e7794p-12f
#define MLP_GELU_K9 0x1.1580d8p-13f

/* 1 / sqrt(2 pi) */
#define MLP_NORMAL_DENSITY 0x1.988454p-2f

/* sqrt(8 / pi) (a + 0.044715 a^3) = CUBE (1 + CUBE_REST) a (a^2 + 1 / 0.044715), and
 * SQUARE_HI + SQUARE_LO is (1 + CUBE_REST) / 0.044715. A square of up to 2^7 plus
 * SQUARE_HI has a rounding error that FastTwoSum gives whichever is larger: SQUARE_HI
 * is a multiple of 2^-12. At MAX, it all is about MLP_DECAY_MAX. */
#define MLP_GELU_TANH_MAX 10.89f
#define MLP_GELU_TANH_CUBE 0x1.2444f2p-4f
#define MLP_GELU_TANH_CUBE_REST 0x1.20c792p-25f
#define MLP_GELU_TANH_SQUARE_HI 0x1.65d200p+4f
#define MLP_GELU_TANH_SQUARE_LO 0x1.7e9dc2p-14f
/* The derivative of the same: LINEAR + 3 CUBE a^2. */
#define MLP_GELU_TANH_LINEAR 0x1.988454p+0f
#define MLP_GELU_TANH_CUBE_3 0x1.b6676cp-3f

/* 1 / 255 = HI + LO: fma(u, HI, u * LO) is u / 255, correctly rounded, for each of
 * the 256 values of u. */
#define MLP_INVERSE_255_HI 0x1.010102p-8f
#define MLP_INVERSE_255_LO -0x1.fdfdfep-33f

#endif
