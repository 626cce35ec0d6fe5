/* SPDX-License-Identifier: MIT */
#include "flush.h"

#if defined(__x86_64__)

#include <immintrin.h>

void bench_flush(const void *memory, size_t bytes)
{
    const char *at = memory;
    for (size_t i = 0; i < bytes; i += 64)
        _mm_clflush(at + i);
    if (bytes)
        _mm_clflush(at + bytes - 1);
    _mm_mfence();
}

#elif defined(__aarch64__)

void bench_flush(const void *memory, size_t bytes)
{
    const char *at = memory;
    for (size_t i = 0; i < bytes; i += 64)
        __asm__ volatile("dc civac, %0" : : "r"(at + i) : "memory");
    __asm__ volatile("dsb sy" : : : "memory");
}

#else

/* Elsewhere, reading more than any cache holds drives everything out. */
void bench_flush(const void *memory, size_t bytes)
{
    enum { LINE = 64, SIZE = 64 << 20 };
    static unsigned char other[SIZE];
    volatile unsigned char *at = other;
    (void)memory;
    (void)bytes;
    for (size_t i = 0; i < SIZE; i += LINE)
        at[i]++;
}

#endif
