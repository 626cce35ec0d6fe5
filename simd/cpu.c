/* SPDX-License-Identifier: MIT */
#include "cpu.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* Each block below has
 *   detect     the flags of this machine
 *   read_name  the CPU's own name into a buffer; false where it has none */
#if defined(__x86_64__) || defined(__i386__)

#include <cpuid.h>

/* The register states that the operating system saves. Only where CPUID says
 * OSXSAVE. */
static uint32_t xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* Intel SDM, volume 1, sections 14.3 and 15.2 to 15.4: AVX needs the CPU, OSXSAVE,
 * and the XMM and YMM bits of XCR0; AVX-512 besides those of the mask registers, of
 * the upper halves of ZMM0 to 15 and of ZMM16 to 31. */
static unsigned detect(void)
{
    const unsigned needed = bit_AVX | bit_FMA | bit_OSXSAVE;
    const unsigned avx512 = bit_AVX512F | bit_AVX512VL | bit_AVX512DQ | bit_AVX512BW;
    const uint32_t xmm_and_ymm = 0x06, masks_and_zmm = 0xe0;
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & needed) != needed)
        return 0;
    uint32_t saved = xcr0();
    if ((saved & xmm_and_ymm) != xmm_and_ymm)
        return 0;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
        return 0;
    unsigned flags = 0;
    if (ebx & bit_AVX2)
        flags |= MLP_CPU_AVX2;
    if ((ebx & avx512) == avx512 && (saved & masks_and_zmm) == masks_and_zmm)
        flags |= MLP_CPU_AVX512;
    return flags;
}

/* The brand string of CPUID leaves 0x80000002 to 4. */
static bool read_name(char *name, size_t size)
{
    unsigned words[13] = {0};
    for (unsigned i = 0; i < 3; i++) {
        unsigned *leaf = words + 4 * i;
        if (!__get_cpuid(0x80000002 + i, leaf, leaf + 1, leaf + 2, leaf + 3))
            return false;
    }
    snprintf(name, size, "%s", (const char *)words);
    return true;
}

#elif defined(__aarch64__) && defined(__linux__)

#include <asm/hwcap.h>
#include <sys/auxv.h>

static unsigned detect(void)
{
    return getauxval(AT_HWCAP) & HWCAP_ASIMD ? MLP_CPU_NEON : 0;
}

/* There is no brand string. Linux answers reads of the identification register
 * MIDR_EL1 where HWCAP_CPUID is set: implementer in bits 31..24, part in 15..4. */
static bool read_name(char *name, size_t size)
{
    static const struct {
        unsigned part;
        const char *name;
    } arm_parts[] = {
        {0xd03, "Cortex-A53"},  {0xd05, "Cortex-A55"},  {0xd07, "Cortex-A57"},
        {0xd08, "Cortex-A72"},  {0xd09, "Cortex-A73"},  {0xd0a, "Cortex-A75"},
        {0xd0b, "Cortex-A76"},  {0xd0c, "Neoverse N1"}, {0xd40, "Neoverse V1"},
        {0xd41, "Cortex-A78"},  {0xd44, "Cortex-X1"},   {0xd49, "Neoverse N2"},
        {0xd4f, "Neoverse V2"},
    };
    const unsigned arm = 0x41;
    if (!(getauxval(AT_HWCAP) & HWCAP_CPUID))
        return false;
    uint64_t midr;
    __asm__("mrs %0, MIDR_EL1" : "=r"(midr));
    unsigned implementer = midr >> 24 & 0xff;
    unsigned part = midr >> 4 & 0xfff;
    for (size_t i = 0; i < sizeof arm_parts / sizeof arm_parts[0]; i++) {
        if (implementer == arm && arm_parts[i].part == part) {
            snprintf(name, size, "Arm %s", arm_parts[i].name);
            return true;
        }
    }
    snprintf(name, size, "AArch64, implementer 0x%02x, part 0x%03x", implementer, part);
    return true;
}

#elif defined(__aarch64__) && defined(__APPLE__)

#include <sys/sysctl.h>

static unsigned detect(void)
{
    return MLP_CPU_NEON;
}

static bool read_name(char *name, size_t size)
{
    return sysctlbyname("machdep.cpu.brand_string", name, &size, NULL, 0) == 0;
}

#else

static unsigned detect(void)
{
    return 0;
}

static bool read_name(char *name, size_t size)
{
    (void)name;
    (void)size;
    return false;
}

#endif

unsigned mlp_cpu_flags(void)
{
    /* Threads that come at the same time find the same. */
    static _Atomic unsigned known;
    const unsigned detected = 1u << 31;
    unsigned flags = atomic_load_explicit(&known, memory_order_relaxed);
    if (!(flags & detected)) {
        flags = detect() | detected;
        atomic_store_explicit(&known, flags, memory_order_relaxed);
    }
    return flags & ~detected;
}

void mlp_cpu_name(char *name, size_t size)
{
    char found[128] = "";
    if (!read_name(found, sizeof found) || found[strspn(found, " ")] == '\0') {
        struct utsname machine;
        snprintf(found, sizeof found, "%s", uname(&machine) == 0 ? machine.machine : "unknown");
    }
    const char *start = found + strspn(found, " ");
    size_t length = strlen(start);
    while (length > 0 && start[length - 1] == ' ')
        length--;
    snprintf(name, size, "%.*s", (int)length, start);
}

void mlp_cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}
