/* SPDX-License-Identifier: MIT */
#ifndef MLP_SRC_HALF_H
#define MLP_SRC_HALF_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* IEEE 754's binary16: 5 bits of exponent, 10 of fraction. */
static inline float mlp_half_to_float(uint32_t half)
{
    int exponent = half >> 10 & 31;
    int fraction = (int)(half & 1023);
    float value;
    if (exponent == 31)
        value = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        value = ldexpf((float)fraction, -24);
    else
        value = ldexpf((float)(fraction + 1024), exponent - 25);
    return half & 0x8000 ? -value : value;
}

/* bfloat16: the upper half of a float. */
static inline float mlp_bfloat_to_float(uint32_t half)
{
    float value;
    uint32_t bits = half << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
