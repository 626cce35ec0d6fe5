/* SPDX-License-Identifier: MIT */
/* What AVX2's arithmetic and loads reach: the ceilings of mlp-bench. */
#include "kernels.h"

#if !defined(__AVX2__) || !defined(__FMA__)
#error "simd/avx2 needs -mavx2 -mfma"
#endif

#include <immintrin.h>

/* 12 chains cover 2 FMAs a cycle of latency 4 with slack: 10 give 95 % of the
 * peak on Zen 4. */
#define CHAINS 12

uint64_t mlp_peak_fma_avx2(size_t iterations)
{
    volatile float seed = 1.0f;
    __m256 a = _mm256_set1_ps(seed * 0.001f), b = _mm256_set1_ps(seed * 0.002f);
    __m256 c0 = _mm256_set1_ps(seed), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0,
           c8 = c0, c9 = c0, c10 = c0, c11 = c0;
    for (size_t i = 0; i < iterations; i++) {
        c0 = _mm256_fmadd_ps(a, b, c0);
        c1 = _mm256_fmadd_ps(a, b, c1);
        c2 = _mm256_fmadd_ps(a, b, c2);
        c3 = _mm256_fmadd_ps(a, b, c3);
        c4 = _mm256_fmadd_ps(a, b, c4);
        c5 = _mm256_fmadd_ps(a, b, c5);
        c6 = _mm256_fmadd_ps(a, b, c6);
        c7 = _mm256_fmadd_ps(a, b, c7);
        c8 = _mm256_fmadd_ps(a, b, c8);
        c9 = _mm256_fmadd_ps(a, b, c9);
        c10 = _mm256_fmadd_ps(a, b, c10);
        c11 = _mm256_fmadd_ps(a, b, c11);
        /* To the compiler, every chain becomes another value here: it can
         * neither merge two of them nor drop one. */
        __asm__ volatile(""
                         : "+x"(c0), "+x"(c1), "+x"(c2), "+x"(c3), "+x"(c4), "+x"(c5), "+x"(c6),
                           "+x"(c7), "+x"(c8), "+x"(c9), "+x"(c10), "+x"(c11));
    }
    return 2 * (uint64_t)CHAINS * 8 * iterations;
}

uint32_t mlp_peak_read_avx2(size_t n, const float *x)
{
    __m256 o0 = _mm256_setzero_ps(), o1 = o0, o2 = o0, o3 = o0, o4 = o0, o5 = o0, o6 = o0, o7 = o0;
    for (size_t i = 0; i < n; i += 64) {
        o0 = _mm256_or_ps(o0, _mm256_load_ps(x + i));
        o1 = _mm256_or_ps(o1, _mm256_load_ps(x + i + 8));
        o2 = _mm256_or_ps(o2, _mm256_load_ps(x + i + 16));
        o3 = _mm256_or_ps(o3, _mm256_load_ps(x + i + 24));
        o4 = _mm256_or_ps(o4, _mm256_load_ps(x + i + 32));
        o5 = _mm256_or_ps(o5, _mm256_load_ps(x + i + 40));
        o6 = _mm256_or_ps(o6, _mm256_load_ps(x + i + 48));
        o7 = _mm256_or_ps(o7, _mm256_load_ps(x + i + 56));
    }
    o0 = _mm256_or_ps(_mm256_or_ps(o0, o1), _mm256_or_ps(o2, o3));
    o4 = _mm256_or_ps(_mm256_or_ps(o4, o5), _mm256_or_ps(o6, o7));
    __m256i all = _mm256_castps_si256(_mm256_or_ps(o0, o4));
    __m128i half = _mm_or_si128(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    half = _mm_or_si128(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_or_si128(half, _mm_shuffle_epi32(half, 0xb1));
    return (uint32_t)_mm_cvtsi128_si32(half);
}
