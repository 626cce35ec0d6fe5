/* SPDX-License-Identifier: MIT */
/* A data set in two: how many of each class, then which. */
#include "alloc.h"
#include "data.h"
#include "error.h"
#include "random.h"

#include <string.h>

enum { MOST_CLASSES = 256 };

/* Samples of each class, all of one class without labels: those not looked at yet, and how many
 * of them `part` still takes. */
struct quotas {
    size_t left[MOST_CLASSES], wanted[MOST_CLASSES];
    size_t total; /* samples that `part` gets */
};

static size_t class_of(const mlp_dataset *data, size_t i)
{
    return data->labels ? data->labels[i] : 0;
}

/* What is lost where fraction * count is cut to a whole number. */
static double remainder_of(double fraction, size_t count)
{
    double exact = fraction * (double)count;
    return exact - (double)(size_t)exact;
}

/* The largest remainders round up. A class gets one more at most: less than one for each class
 * has been cut off in all. */
static void distribute(double fraction, size_t more, struct quotas *quotas)
{
    bool rounded[MOST_CLASSES] = {false};
    for (; more > 0; more--) {
        size_t best = MOST_CLASSES;
        double most = -1;
        for (size_t c = 0; c < MOST_CLASSES; c++) {
            double remainder = remainder_of(fraction, quotas->left[c]);
            if (quotas->left[c] > 0 && !rounded[c] && remainder > most) {
                best = c;
                most = remainder;
            }
        }
        rounded[best] = true;
        quotas->wanted[best]++;
    }
}

static void count_quotas(const mlp_dataset *data, double fraction, struct quotas *quotas)
{
    *quotas = (struct quotas){.total = (size_t)(fraction * (double)data->count + 0.5)};
    for (size_t i = 0; i < data->count; i++)
        quotas->left[class_of(data, i)]++;
    size_t given = 0;
    for (size_t c = 0; c < MOST_CLASSES; c++) {
        quotas->wanted[c] = (size_t)(fraction * (double)quotas->left[c]);
        given += quotas->wanted[c];
    }
    distribute(fraction, quotas->total - given, quotas);
}

/* Whether `part` takes sample i: with the chance of wanted in left, which picks each subset of a
 * class's samples equally often and keeps their order (Knuth, algorithm S of 3.4.2). */
static bool takes(struct quotas *quotas, size_t class, uint64_t seed, size_t i)
{
    uint32_t word[4];
    mlp_random(seed, MLP_RANDOM_DIVIDE, 0, i, word);
    /* The high part of a 64 x 32-bit product is below left, with a bias of at most left / 2^64. */
    uint64_t left = quotas->left[class], low = (uint64_t)word[0] * left;
    bool taken = ((word[1] * left + (low >> 32)) >> 32) < quotas->wanted[class];
    quotas->left[class]--;
    quotas->wanted[class] -= taken;
    return taken;
}

/* A set for `count` samples of `data`, with arrays to be filled by add_sample. */
static mlp_status create_subset(const mlp_dataset *data, size_t count, mlp_dataset **out,
                                mlp_error *error)
{
    struct mlp_dataset content = *data;
    content.count = 0;
    content.map = (struct mlp_map){0}; /* stays the whole set's */
    uint32_t *rows = mlp_alloc_uninitialized(count, sizeof *rows);
    uint8_t *labels = mlp_alloc_uninitialized(data->labels ? count : 0, 1);
    float *targets = mlp_alloc_uninitialized(count, data->outputs * sizeof *targets);
    float *weights = mlp_alloc_uninitialized(data->weights ? count : 0, sizeof *weights);
    content.rows = rows;
    content.labels = labels;
    content.targets = targets;
    content.weights = weights;
    void *const owned[MLP_DATASET_ARRAYS] = {rows, labels, targets, weights};
    memcpy(content.owned, owned, sizeof owned);
    bool complete = rows && !labels == !data->labels && !targets == !data->targets &&
                    !weights == !data->weights;
    mlp_status status = complete ? mlp_dataset_create(&content, out, error)
                                 : mlp_fail_memory(error, "a part of a data set");
    for (size_t i = 0; status != MLP_OK && i < MLP_DATASET_ARRAYS; i++)
        mlp_free(owned[i]);
    return status;
}

/* Adds sample i of `data`. The arrays are those that create_subset allocated. */
static void add_sample(mlp_dataset *subset, const mlp_dataset *data, size_t i)
{
    size_t at = subset->count++, outputs = data->outputs;
    ((uint32_t *)subset->rows)[at] = (uint32_t)mlp_dataset_row(data, i);
    if (data->labels)
        ((uint8_t *)subset->labels)[at] = data->labels[i];
    if (data->targets)
        memcpy((float *)subset->targets + at * outputs, data->targets + i * outputs,
               outputs * sizeof *data->targets);
    if (data->weights)
        ((float *)subset->weights)[at] = data->weights[i];
}

mlp_status mlp_dataset_divide(const mlp_dataset *data, double fraction, uint64_t seed,
                              mlp_dataset **rest, mlp_dataset **part, mlp_error *error)
{
    *rest = *part = NULL;
    if (!(fraction > 0 && fraction < 1))
        return mlp_fail(error, MLP_ERROR_USAGE, "found %g, expected a fraction above 0 and below 1",
                        fraction);
    struct quotas quotas;
    count_quotas(data, fraction, &quotas);
    if (quotas.total == 0 || quotas.total == data->count)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "a fraction of %g of %zu samples is %zu, expected at least 1 on both sides",
                        fraction, data->count, quotas.total);
    mlp_status status = create_subset(data, data->count - quotas.total, rest, error);
    if (status == MLP_OK)
        status = create_subset(data, quotas.total, part, error);
    if (status == MLP_OK) {
        (*rest)->divided = (*part)->divided = fraction;
        (*rest)->divided_seed = (*part)->divided_seed = seed;
    }
    if (status != MLP_OK) {
        mlp_dataset_destroy(*rest);
        *rest = NULL;
        return status;
    }
    for (size_t i = 0; i < data->count; i++) {
        bool taken = takes(&quotas, class_of(data, i), seed, i);
        add_sample(taken ? *part : *rest, data, i);
    }
    return MLP_OK;
}
