/* SPDX-License-Identifier: MIT */
/* What the C path's arithmetic and loads reach: the ceilings of mlp-bench. */
#include "fma.h"
#include "kernels.h"

#include <assert.h>

uint64_t mlp_peak_fma_c(size_t iterations)
{
    /* Read through volatile, so that nothing is known about the values; every
     * lane starts elsewhere, so that no two chains are the same. Whole numbers
     * are the quickest case of an emulated FMA. */
    volatile float seed = 1.0f;
    float factor = seed, b[MLP_NR], sum[MLP_NR];
    for (int l = 0; l < MLP_NR; l++) {
        b[l] = seed * (float)(l + 1);
        sum[l] = seed * (float)l;
    }
    for (size_t i = 0; i < iterations; i++) {
        for (int l = 0; l < MLP_NR; l++) /* as in the products' inner loop */
            sum[l] = mlp_fma(factor, b[l], sum[l]);
    }
    volatile float sink;
    for (int l = 0; l < MLP_NR; l++)
        sink = sum[l];
    (void)sink;
    return 2 * (uint64_t)MLP_NR * iterations;
}

static inline uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

uint32_t mlp_peak_read_c(size_t n, const float *x)
{
    assert(n % 64 == 0);
    /* Four streams, so that no register waits for itself. */
    size_t quarter = n / 4;
    uint32_t all[4] = {0};
    for (size_t i = 0; i < quarter; i++) {
        for (size_t s = 0; s < 4; s++)
            all[s] |= bits_of(x[s * quarter + i]);
    }
    return all[0] | all[1] | all[2] | all[3];
}
