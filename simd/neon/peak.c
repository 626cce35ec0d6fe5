/* SPDX-License-Identifier: MIT */
/* What NEON's arithmetic and loads reach: the ceilings of mlp-bench. */
#include "kernels.h"

#if !defined(__aarch64__)
#error "simd/neon needs AArch64"
#endif

#include <arm_neon.h>

/* 24 chains cover 4 FMAs a cycle of latency 4 with slack. */
#define CHAINS 24

/* To the compiler, eight chains become other values here: it can neither merge
 * two of them nor drop one. (One statement takes at most 15 such operands.) */
#define OPAQUE(p, q, r, s, t, u, v, w)                                                             \
    __asm__ volatile("" : "+w"(p), "+w"(q), "+w"(r), "+w"(s), "+w"(t), "+w"(u), "+w"(v), "+w"(w))

uint64_t mlp_peak_fma_neon(size_t iterations)
{
    volatile float seed = 1.0f;
    float32x4_t a = vdupq_n_f32(seed * 0.001f), b = vdupq_n_f32(seed * 0.002f);
    float32x4_t c0 = vdupq_n_f32(seed), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0,
                c7 = c0;
    float32x4_t d0 = c0, d1 = c0, d2 = c0, d3 = c0, d4 = c0, d5 = c0, d6 = c0, d7 = c0;
    float32x4_t e0 = c0, e1 = c0, e2 = c0, e3 = c0, e4 = c0, e5 = c0, e6 = c0, e7 = c0;
    for (size_t i = 0; i < iterations; i++) {
        c0 = vfmaq_f32(c0, a, b);
        c1 = vfmaq_f32(c1, a, b);
        c2 = vfmaq_f32(c2, a, b);
        c3 = vfmaq_f32(c3, a, b);
        c4 = vfmaq_f32(c4, a, b);
        c5 = vfmaq_f32(c5, a, b);
        c6 = vfmaq_f32(c6, a, b);
        c7 = vfmaq_f32(c7, a, b);
        d0 = vfmaq_f32(d0, a, b);
        d1 = vfmaq_f32(d1, a, b);
        d2 = vfmaq_f32(d2, a, b);
        d3 = vfmaq_f32(d3, a, b);
        d4 = vfmaq_f32(d4, a, b);
        d5 = vfmaq_f32(d5, a, b);
        d6 = vfmaq_f32(d6, a, b);
        d7 = vfmaq_f32(d7, a, b);
        e0 = vfmaq_f32(e0, a, b);
        e1 = vfmaq_f32(e1, a, b);
        e2 = vfmaq_f32(e2, a, b);
        e3 = vfmaq_f32(e3, a, b);
        e4 = vfmaq_f32(e4, a, b);
        e5 = vfmaq_f32(e5, a, b);
        e6 = vfmaq_f32(e6, a, b);
        e7 = vfmaq_f32(e7, a, b);
        OPAQUE(c0, c1, c2, c3, c4, c5, c6, c7);
        OPAQUE(d0, d1, d2, d3, d4, d5, d6, d7);
        OPAQUE(e0, e1, e2, e3, e4, e5, e6, e7);
    }
    return 2 * (uint64_t)CHAINS * 4 * iterations;
}

uint32_t mlp_peak_read_neon(size_t n, const float *x)
{
    uint32x4_t o0 = vdupq_n_u32(0), o1 = o0, o2 = o0, o3 = o0, o4 = o0, o5 = o0, o6 = o0, o7 = o0;
    for (size_t i = 0; i < n; i += 32) {
        o0 = vorrq_u32(o0, vreinterpretq_u32_f32(vld1q_f32(x + i)));
        o1 = vorrq_u32(o1, vreinterpretq_u32_f32(vld1q_f32(x + i + 4)));
        o2 = vorrq_u32(o2, vreinterpretq_u32_f32(vld1q_f32(x + i + 8)));
        o3 = vorrq_u32(o3, vreinterpretq_u32_f32(vld1q_f32(x + i + 12)));
        o4 = vorrq_u32(o4, vreinterpretq_u32_f32(vld1q_f32(x + i + 16)));
        o5 = vorrq_u32(o5, vreinterpretq_u32_f32(vld1q_f32(x + i + 20)));
        o6 = vorrq_u32(o6, vreinterpretq_u32_f32(vld1q_f32(x + i + 24)));
        o7 = vorrq_u32(o7, vreinterpretq_u32_f32(vld1q_f32(x + i + 28)));
    }
    o0 = vorrq_u32(vorrq_u32(o0, o1), vorrq_u32(o2, o3));
    o4 = vorrq_u32(vorrq_u32(o4, o5), vorrq_u32(o6, o7));
    uint32x4_t all = vorrq_u32(o0, o4);
    uint32x2_t half = vorr_u32(vget_low_u32(all), vget_high_u32(all));
    return vget_lane_u32(half, 0) | vget_lane_u32(half, 1);
}
