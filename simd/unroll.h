/* SPDX-License-Identifier: MIT */
/* Loops over registers. An array of vectors becomes registers only where every
 * index is a constant before the compiler splits aggregates, which is earlier
 * than it unrolls loops: so these are written out by the preprocessor. */
#ifndef MLP_SIMD_UNROLL_H
#define MLP_SIMD_UNROLL_H

#define MLP_INLINE static inline __attribute__((always_inline))

/* OP(0) .. OP(n - 1), for a constant n of at most 2, 6, 8 or 16. */
#define MLP_REPEAT_2(n, OP)                                                                        \
    do {                                                                                           \
        if ((n) > 0) {                                                                             \
            OP(0);                                                                                 \
        }                                                                                          \
        if ((n) > 1) {                                                                             \
            OP(1);                                                                                 \
        }                                                                                          \
    } while (0)

#define MLP_REPEAT_6(n, OP)                                                                        \
    do {                                                                                           \
        if ((n) > 0) {                                                                             \
            OP(0);                                                                                 \
        }                                                                                          \
        if ((n) > 1) {                                                                             \
            OP(1);                                                                                 \
        }                                                                                          \
        if ((n) > 2) {                                                                             \
            OP(2);                                                                                 \
        }                                                                                          \
        if ((n) > 3) {                                                                             \
            OP(3);                                                                                 \
        }                                                                                          \
        if ((n) > 4) {                                                                             \
            OP(4);                                                                                 \
        }                                                                                          \
        if ((n) > 5) {                                                                             \
            OP(5);                                                                                 \
        }                                                                                          \
    } while (0)

#define MLP_REPEAT_8(n, OP)                                                                        \
    do {                                                                                           \
        MLP_REPEAT_6(n, OP);                                                                       \
        if ((n) > 6) {                                                                             \
            OP(6);                                                                                 \
        }                                                                                          \
        if ((n) > 7) {                                                                             \
            OP(7);                                                                                 \
        }                                                                                          \
    } while (0)

#define MLP_REPEAT_16(n, OP)                                                                       \
    do {                                                                                           \
        MLP_REPEAT_8(n, OP);                                                                       \
        if ((n) > 8) {                                                                             \
            OP(8);                                                                                 \
        }                                                                                          \
        if ((n) > 9) {                                                                             \
            OP(9);                                                                                 \
        }                                                                                          \
        if ((n) > 10) {                                                                            \
            OP(10);                                                                                \
        }                                                                                          \
        if ((n) > 11) {                                                                            \
            OP(11);                                                                                \
        }                                                                                          \
        if ((n) > 12) {                                                                            \
            OP(12);                                                                                \
        }                                                                                          \
        if ((n) > 13) {                                                                            \
            OP(13);                                                                                \
        }                                                                                          \
        if ((n) > 14) {                                                                            \
            OP(14);                                                                                \
        }                                                                                          \
        if ((n) > 15) {                                                                            \
            OP(15);                                                                                \
        }                                                                                          \
    } while (0)

/* Before a loop whose body has no such array: only its addresses vary.
 * MLP_KEEP_LOOP is for one that must stay a loop. */
#if defined(__clang__)
#define MLP_UNROLL _Pragma("clang loop unroll(full)")
#define MLP_KEEP_LOOP _Pragma("clang loop unroll(disable)")
#else
#define MLP_UNROLL _Pragma("GCC unroll 16")
#define MLP_KEEP_LOOP _Pragma("GCC unroll 1")
#endif

#endif
