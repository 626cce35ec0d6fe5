/* SPDX-License-Identifier: MIT */
/* What AVX-512's arithmetic and loads reach: the ceilings of mlp-bench. */
#include "kernels.h"

#if !defined(__AVX512F__)
#error "simd/avx512 needs -mavx512f"
#endif

#include <immintrin.h>

/* As many as hide 2 FMAs a cycle of latency 4 with slack. */
#define CHAINS 12

uint64_t mlp_peak_fma_avx512(size_t iterations)
{
    volatile float seed = 1.0f;
    __m512 a = _mm512_set1_ps(seed * 0.001f), b = _mm512_set1_ps(seed * 0.002f);
    __m512 c0 = _mm512_set1_ps(seed), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0,
           c8 = c0, c9 = c0, c10 = c0, c11 = c0;
    for (size_t i = 0; i < iterations; i++) {
        c0 = _mm512_fmadd_ps(a, b, c0);
        c1 = _mm512_fmadd_ps(a, b, c1);
        c2 = _mm512_fmadd_ps(a, b, c2);
        c3 = _mm512_fmadd_ps(a, b, c3);
        c4 = _mm512_fmadd_ps(a, b, c4);
        c5 = _mm512_fmadd_ps(a, b, c5);
        c6 = _mm512_fmadd_ps(a, b, c6);
        c7 = _mm512_fmadd_ps(a, b, c7);
        c8 = _mm512_fmadd_ps(a, b, c8);
        c9 = _mm512_fmadd_ps(a, b, c9);
        c10 = _mm512_fmadd_ps(a, b, c10);
        c11 = _mm512_fmadd_ps(a, b, c11);
        /* To the compiler, every chain becomes another value here: it can
         * neither merge two of them nor drop one. */
        __asm__ volatile(""
                         : "+v"(c0), "+v"(c1), "+v"(c2), "+v"(c3), "+v"(c4), "+v"(c5), "+v"(c6),
                           "+v"(c7), "+v"(c8), "+v"(c9), "+v"(c10), "+v"(c11));
    }
    return 2 * (uint64_t)CHAINS * 16 * iterations;
}

static inline __m512i load(const float *x)
{
    return _mm512_load_si512((const void *)x);
}

uint32_t mlp_peak_read_avx512(size_t n, const float *x)
{
    __m512i o0 = _mm512_setzero_si512(), o1 = o0, o2 = o0, o3 = o0;
    for (size_t i = 0; i < n; i += 64) {
        o0 = _mm512_or_si512(o0, load(x + i));
        o1 = _mm512_or_si512(o1, load(x + i + 16));
        o2 = _mm512_or_si512(o2, load(x + i + 32));
        o3 = _mm512_or_si512(o3, load(x + i + 48));
    }
    __m512i all = _mm512_or_si512(_mm512_or_si512(o0, o1), _mm512_or_si512(o2, o3));
    return (uint32_t)_mm512_reduce_or_epi32(all);
}
