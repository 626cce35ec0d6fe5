/* SPDX-License-Identifier: MIT */
/* Little-endian bytes, as files and fingerprints have them, to and from the
 * machine's own order. Compilers turn the loops into plain copies where the
 * orders are the same. */
#ifndef MLP_SRC_BYTES_H
#define MLP_SRC_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void mlp_store_u32(unsigned char to[4], uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static inline uint32_t mlp_load_u32(const unsigned char from[4])
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value |= (uint32_t)from[i] << (8 * i);
    return value;
}

static inline void mlp_store_u64(unsigned char to[8], uint64_t value)
{
    mlp_store_u32(to, (uint32_t)value);
    mlp_store_u32(to + 4, (uint32_t)(value >> 32));
}

static inline uint64_t mlp_load_u64(const unsigned char from[8])
{
    return mlp_load_u32(from) | (uint64_t)mlp_load_u32(from + 4) << 32;
}

/* n floats to 4 n bytes. */
static inline void mlp_store_f32(unsigned char *to, const float *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &from[i], sizeof bits);
        mlp_store_u32(to + 4 * i, bits);
    }
}

/* 4 n bytes to n floats; `to` may be `from`. */
static inline void mlp_load_f32(float *to, const unsigned char *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = mlp_load_u32(from + 4 * i);
        memcpy(&to[i], &bits, sizeof bits);
    }
}

#endif
