/* SPDX-License-Identifier: MIT */
/* a * b + c with one rounding, also on CPUs without the instruction.
 *
 * Definitions of this file are copied into exported C (src/formats/c_excerpt.h), which relies on its
 * layout. */
#ifndef MLP_SIMD_C_FMA_H
#define MLP_SIMD_C_FMA_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "floats must be computed as floats (on 32-bit x86: -msse2 -mfpmath=sse)"
#endif

#if defined(__FMA__) || defined(__aarch64__) || defined(__FP_FAST_FMAF) ||                         \
    defined(__ARM_FEATURE_FMA)

static inline float mlp_fma(float a, float b, float c)
{
    return __builtin_fmaf(a, b, c);
}

#else

/* The product is exact in double (24 + 24 <= 53 bits), the sum is rounded to
 * odd, and 53 >= 2 * 24 + 2 bits make the second rounding harmless (Boldo and
 * Melquiond, "Emulation of FMA and correctly rounded sums", 2008). Several
 * times faster than a libm without the instruction, and inlined. */
static inline float mlp_fma(float a, float b, float c)
{
    double product = (double)a * b;
    double sum = product + c;
    /* The error of the sum, exactly (Knuth's TwoSum). */
    double virtual_c = sum - product;
    double error = (product - (sum - virtual_c)) + (c - virtual_c);
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    /* Not for a sum that overflowed: its error is NaN, which fails both tests. */
    if ((error > 0 || error < 0) && !(bits & 1)) {
        /* Toward the error makes the even bit pattern odd: one step outwards
         * where signs agree, inwards where not. The sum is not zero here: a
         * double sum of floats that cancels does so exactly. */
        bits += ((error > 0) == (sum > 0)) ? 1 : -1;
        memcpy(&sum, &bits, sizeof sum);
    }
    return (float)sum;
}

#endif

#endif
