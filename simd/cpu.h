/* SPDX-License-Identifier: MIT */
/* What the CPU and its operating system can run. */
#ifndef MLP_SIMD_CPU_H
#define MLP_SIMD_CPU_H

#include <mlp/cpu.h> /* mlp_cpu_name is defined beside the detection */

enum {
    MLP_CPU_AVX2 = 1 << 0, /* AVX2 and FMA, and an OS that saves the YMM registers */
    MLP_CPU_NEON = 1 << 1, /* AArch64's Advanced SIMD */
    /* AVX-512 F, VL, DQ and BW, and an OS that saves the ZMM and mask registers */
    MLP_CPU_AVX512 = 1 << 2,
};

/* The flags of this machine: CPUID and XCR0 on x86, getauxval or sysctl on Arm.
 * Detected once; safe to call from any thread. */
unsigned mlp_cpu_flags(void);

/* What a loop that waits for another thread does each time round. */
void mlp_cpu_relax(void);

#endif
