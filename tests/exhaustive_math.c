/* SPDX-License-Identifier: MIT */
/* exp, log and the activations over all 2^32 floats: C within a few ULP of the double
 * functions of libm, slopes too, every other instruction set with the bits of C. Takes
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
    double slope_error;
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
    all->slope_error = fmax(all->slope_error, one->slope_error);
    all->different += one->different;
}

/* Those whose accuracy takes more than a look. */
static const struct {
    const char *name;
    enum mlp_activation activation;
} activations[] = {
    {"sigmoid", MLP_SIGMOID},
    {"tanh", MLP_TANH},
    {"elu", MLP_ELU},
    {"selu", MLP_SELU},
    {"hard_sigmoid", MLP_HARD_SIGMOID},
    {"softplus", MLP_SOFTPLUS},
    {"silu", MLP_SILU},
    {"gelu", MLP_GELU},
    {"gelu_tanh", MLP_GELU_TANH},
    {"mish", MLP_MISH},
};

/* What is tried: a function, or an activation with its slope. */
struct subject {
    const char *name;
    const struct math_function *function; /* or NULL */
    enum mlp_activation activation;
    const struct math_activation *reference; /* of it */
};

static double most_ulps(const struct subject *subject)
{
    return subject->function ? subject->function->ulps : subject->reference->ulps;
}

static double exact(const struct subject *subject, float x)
{
    return subject->function ? subject->function->reference(x) : subject->reference->reference(x);
}

static void run(const struct subject *subject, const struct mlp_kernels *kernels, const float *x,
                float *y)
{
    if (subject->function)
        subject->function->run(kernels, BLOCK, x, y);
    else
        kernels->activation_forward(subject->activation, BLOCK, x, y);
}

/* The slopes at x, whose activations are y. */
static void try_slopes(const struct subject *subject, const struct mlp_kernels *kernels,
                       size_t isas, const float *x, const float *y, struct finding *found)
{
    static _Thread_local float got_y[BLOCK], want[BLOCK], got[BLOCK];
    kernels[0].activation_slope(subject->activation, BLOCK, x, got_y, want);
    found->different += count_different(y, got_y);
    for (uint32_t i = 0; i < BLOCK; i++) {
        /* ReLU's and others' derivative at a NaN is a choice. */
        if (!isnan(x[i]))
            found->slope_error = fmax(found->slope_error,
                                      math_slope_error(want[i], subject->reference->slope(x[i])));
    }
    for (size_t k = 1; k < isas; k++) {
        kernels[k].activation_slope(subject->activation, BLOCK, x, got_y, got);
        found->different += count_different(y, got_y) + count_different(want, got);
    }
}

static struct finding try_block(const struct subject *subject, const struct mlp_kernels *kernels,
                                size_t isas, uint32_t block)
{
    static _Thread_local float x[BLOCK], want[BLOCK], got[BLOCK];
    struct finding found = {.ulps = -1};
    for (uint32_t i = 0; i < BLOCK; i++)
        x[i] = from_bits(block * (uint32_t)BLOCK + i);
    run(subject, &kernels[0], x, want);
    for (uint32_t i = 0; i < BLOCK; i++) {
        struct finding one = {.ulps = math_ulps(want[i], exact(subject, x[i])),
                              .worst = block * (uint32_t)BLOCK + i};
        merge(&found, &one);
    }
    for (size_t k = 1; k < isas; k++) {
        run(subject, &kernels[k], x, got);
        found.different += count_different(want, got);
    }
    if (!subject->function)
        try_slopes(subject, kernels, isas, x, want, &found);
    return found;
}

static bool try_subject(const struct subject *subject, const struct mlp_kernels *kernels,
                        size_t isas, uint32_t step)
{
    struct finding all = {.ulps = -1};
#pragma omp parallel for schedule(dynamic, 16)
    for (uint32_t block = 0; block < BLOCKS; block += step) {
        struct finding one = try_block(subject, kernels, isas, block);
#pragma omp critical
        merge(&all, &one);
    }
    bool good = all.ulps >= 0 && all.ulps <= most_ulps(subject) &&
                all.slope_error <= MATH_SLOPE_ERROR && all.different == 0;
    printf("%-8s worst %.4f ULP at %a, slope off by %.3g, %llu results differ between "
           "instruction sets: %s\n",
           subject->name, all.ulps, (double)from_bits(all.worst), all.slope_error,
           (unsigned long long)all.different, good ? "ok" : "FAILED");
    fflush(stdout);
    return good;
}

static bool find_subject(const char *name, struct subject *out)
{
    *out = (struct subject){.name = name};
    for (size_t i = 0; i < MATH_FUNCTIONS; i++) {
        if (strcmp(math_functions[i].name, name) == 0)
            out->function = &math_functions[i];
    }
    for (size_t i = 0; !out->function && i < sizeof activations / sizeof activations[0]; i++) {
        if (strcmp(activations[i].name, name) == 0) {
            out->activation = activations[i].activation;
            out->reference = math_activation(out->activation);
        }
    }
    return out->function || out->reference;
}

int main(int argc, char **argv)
{
    struct mlp_kernels kernels[MOST_ISAS];
    size_t isas = 0;
    int missing = 0;
    struct subject subject;
    bool found = argc > 1 && find_subject(argv[1], &subject);
    long step = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    if (!found || step < 1 || step >= BLOCKS || mlp_isa_table_size() > MOST_ISAS) {
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
    if (!try_subject(&subject, kernels, isas, (uint32_t)step))
        return EXIT_FAILURE;
    return missing ? 77 : EXIT_SUCCESS;
}
