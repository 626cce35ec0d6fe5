/* SPDX-License-Identifier: MIT */
#include "random.h"

#include "kernels.h"

#include <math.h>

enum {
    ROUNDS = 10,
    BATCH = 64, /* calls at a time where many are needed */
};

static inline void philox(uint64_t seed, enum mlp_purpose purpose, uint32_t epoch, uint64_t index,
                          uint32_t out[4])
{
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    uint32_t x0 = (uint32_t)index, x1 = (uint32_t)(index >> 32), x2 = epoch, x3 = (uint32_t)purpose;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t product0 = UINT64_C(0xD2511F53) * x0;
        uint64_t product1 = UINT64_C(0xCD9E8D57) * x2;
        x0 = (uint32_t)(product1 >> 32) ^ x1 ^ key0;
        x1 = (uint32_t)product1;
        x2 = (uint32_t)(product0 >> 32) ^ x3 ^ key1;
        x3 = (uint32_t)product0;
        key0 += UINT32_C(0x9E3779B9); /* Weyl sequence: golden ratio, sqrt(3) - 1 */
        key1 += UINT32_C(0xBB67AE85);
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

void mlp_random(uint64_t seed, enum mlp_purpose purpose, uint32_t epoch, uint64_t index,
                uint32_t out[4])
{
    philox(seed, purpose, epoch, index, out);
}

/* The words of BATCH calls from `index` on: a loop that compilers vectorize. */
static void philox_batch(uint64_t seed, enum mlp_purpose purpose, uint32_t epoch, uint64_t index,
                         uint32_t out[BATCH][4])
{
    for (uint32_t i = 0; i < BATCH; i++)
        philox(seed, purpose, epoch, index + i, out[i]);
}

float mlp_random_unit(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}

void mlp_random_shuffle(uint64_t seed, uint32_t epoch, size_t n, uint32_t *permutation)
{
    for (size_t i = 0; i < n; i++)
        permutation[i] = (uint32_t)i;
    uint32_t words[BATCH][4];
    for (size_t i = n; i > 1; i--) {
        /* One call serves two positions. The high part of a 64 x 32-bit product
         * is below i, with a bias of at most i / 2^64. */
        size_t call = (n - i) / 2, half = (n - i) % 2 * 2;
        if (call % BATCH == 0 && half == 0)
            philox_batch(seed, MLP_RANDOM_SHUFFLE, epoch, call, words);
        const uint32_t *word = words[call % BATCH] + half;
        uint64_t low = (uint64_t)word[0] * i;
        size_t j = (size_t)(((uint64_t)word[1] * i + (low >> 32)) >> 32);
        uint32_t swap = permutation[i - 1];
        permutation[i - 1] = permutation[j];
        permutation[j] = swap;
    }
}

void mlp_random_dropout(const struct mlp_dropout *d, size_t row, size_t rows, size_t panel,
                        float *factors)
{
    const uint32_t least = (uint32_t)(d->rate * 65536.0f + 0.5f);
    const float kept = 1.0f / (1.0f - d->rate);
    for (size_t first = 0; first < rows; first += BATCH / 2) {
        uint32_t words[BATCH][4];
        size_t count = rows - first < BATCH / 2 ? rows - first : BATCH / 2;
        uint64_t index = (d->step << 32) + ((row + first) * d->panels + panel) * 2;
        for (size_t i = 0; i < BATCH; i++) /* all, so that compilers vectorize it */
            philox(d->seed, MLP_RANDOM_DROPOUT, d->layer, index + i / 2 * 2 * d->panels + i % 2,
                   words[i]);
        for (size_t i = 0; i < count * 16; i++)
            factors[first * 16 + i] =
                (words[i / 8][i % 8 / 2] >> i % 2 * 16 & 0xffff) >= least ? kept : 0.0f;
    }
}

/* Two independent numbers of N(0, 1) for pair number `pair`: points are drawn
 * from the square until one falls into the unit disc. Attempts are numbered in
 * the counter's high bits, two a call. */
static void normal_pair(uint64_t seed, uint32_t tensor, uint64_t pair, float out[2])
{
    uint32_t word[4];
    for (uint64_t attempt = 0;; attempt++) {
        if (attempt % 2 == 0)
            mlp_random(seed, MLP_RANDOM_INIT, tensor, pair | attempt / 2 << 48, word);
        const uint32_t *half = word + attempt % 2 * 2;
        float x = 2 * mlp_random_unit(half[0]) - 1, y = 2 * mlp_random_unit(half[1]) - 1;
        float s = x * x + y * y;
        if (s >= 1 || s == 0)
            continue;
        float log_s;
        mlp_log_c(1, &s, &log_s);
        float factor = sqrtf(-2 * log_s / s);
        out[0] = x * factor;
        out[1] = y * factor;
        return;
    }
}

void mlp_random_normal(uint64_t seed, uint32_t tensor, float scale, size_t n, float *values)
{
    for (size_t i = 0; i < n; i += 2) {
        float pair[2];
        normal_pair(seed, tensor, i / 2, pair);
        values[i] = scale * pair[0];
        if (i + 1 < n)
            values[i + 1] = scale * pair[1];
    }
}

void mlp_random_uniform(uint64_t seed, uint32_t tensor, float bound, size_t n, float *values)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t word[4];
        mlp_random(seed, MLP_RANDOM_INIT, tensor, i, word);
        values[i] = bound * (2 * mlp_random_unit(word[0]) - 1);
    }
}
