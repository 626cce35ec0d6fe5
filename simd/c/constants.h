/* SPDX-License-Identifier: MIT */
/* Constants that instruction sets share, most of them of exp, log and tanh. The
 * polynomials are minimax fits in relative error (Remez 1934), rounded to float
 * coefficient by coefficient with the rest refitted. */
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

/* 1 / 255 = HI + LO: fma(u, HI, u * LO) is u / 255, correctly rounded, for each of
 * the 256 values of u. */
#define MLP_INVERSE_255_HI 0x1.010102p-8f
#define MLP_INVERSE_255_LO -0x1.fdfdfep-33f

#endif
