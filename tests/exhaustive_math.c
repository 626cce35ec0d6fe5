/* SPDX-License-Identifier: MIT */
/* exp, log, sigmoid and tanh over all 2^32 floats: C within 2 ULP of the double
 * functions of libm, every other instruction set with the bits of C. Takes
 * minutes a function; `meson test --suite slow`. Usage: exhaustive_math FUNCTION
 * [N], where N tries every Nth block of 65,536 floats only. */
#include "cpu.h"
#include "math_reference.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 1 << 16,
    BLOCKS = 1 << 16,
    MOST_ISAS = 8,
};

/* What is known of one function; the worst argument is the one with the
 * smallest bits, whatever the number of threads. */
struct finding {
    double ulps;
    uint32_t worst;
    uint64_t different; /* results that are not C's, over all instruction sets */
};

static float from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint64_t count_different(const float *want, const float *got)
{
    uint64_t different = 0;
    if (memcmp(want, got, BLOCK * sizeof *want) == 0)
        return 0;
    for (size_t i = 0; i < BLOCK; i++) {
        bool same = memcmp(&want[i], &got[i], sizeof *want) == 0;
        different += !same && !(isnan(want[i]) && isnan(got[i]));
    }
    return different;
}

static void merge(struct finding *all, const struct finding *one)
{
    if (one->ulps > all->ulps || (one->ulps == all->ulps && one->worst < all->worst)) {
        all->ulps = one->ulps;
        all->worst = one->worst;
    }
    all->different += one->different;
}

static struct finding try_block(const struct math_function *function,
                                const struct mlp_kernels *kernels, size_t isas, uint32_t block)
{
    static _Thread_local float x[BLOCK], want[BLOCK], got[BLOCK];
    struct finding found = {.ulps = -1};
    for (uint32_t i = 0; i < BLOCK; i++)
        x[i] = from_bits(block * (uint32_t)BLOCK + i);
    function->run(&kernels[0], BLOCK, x, want);
    for (uint32_t i = 0; i < BLOCK; i++) {
        struct finding one = {math_ulps(want[i], function->reference(x[i])),
                              block * (uint32_t)BLOCK + i, 0};
        merge(&found, &one);
    }
    for (size_t k = 1; k < isas; k++) {
        function->run(&kernels[k], BLOCK, x, got);
        found.different += count_different(want, got);
    }
    return found;
}

static bool try_function(const struct math_function *function, const struct mlp_kernels *kernels,
                         size_t isas, uint32_t step)
{
    struct finding all = {.ulps = -1};
#pragma omp parallel for schedule(dynamic, 16)
    for (uint32_t block = 0; block < BLOCKS; block += step) {
        struct finding one = try_block(function, kernels, isas, block);
#pragma omp critical
        merge(&all, &one);
    }
    bool good = all.ulps >= 0 && all.ulps <= MATH_ULPS && all.different == 0;
    printf("%-8s worst %.4f ULP at %a, %llu results differ between instruction sets: %s\n",
           function->name, all.ulps, (double)from_bits(all.worst),
           (unsigned long long)all.different, good ? "ok" : "FAILED");
    fflush(stdout);
    return good;
}

static const struct math_function *find_function(const char *name)
{
    for (size_t i = 0; i < MATH_FUNCTIONS; i++) {
        if (strcmp(math_functions[i].name, name) == 0)
            return &math_functions[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct mlp_kernels kernels[MOST_ISAS];
    size_t isas = 0;
    int missing = 0;
    const struct math_function *function = argc > 1 ? find_function(argv[1]) : NULL;
    long step = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    if (!function || step < 1 || step >= BLOCKS || mlp_isa_table_size() > MOST_ISAS) {
        fprintf(stderr, "usage: exhaustive_math FUNCTION [N]\n");
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < mlp_isa_table_size(); i++) {
        const struct mlp_isa *isa = &mlp_isa_table()[i];
        if (isa->cpu_flags & ~mlp_cpu_flags()) {
            printf("skipped: %s, which this CPU lacks\n", isa->name);
            missing++;
            continue;
        }
        printf("trying %s\n", isa->name);
        mlp_kernels_fill(i, &kernels[isas++]);
    }
    if (!try_function(function, kernels, isas, (uint32_t)step))
        return EXIT_FAILURE;
    return missing ? 77 : EXIT_SUCCESS;
}
