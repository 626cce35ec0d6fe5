/* SPDX-License-Identifier: MIT */
/* A hundred steps of every optimizer, constants and kernels together, against the
 * weights to which PyTorch's and Keras's own take them. */
#include "kernel_test.h"

#include "update.h"

#include "vectors/optimizers.inc"

#include <math.h>
#include <string.h>

static const struct trajectory *find_trajectory(const char *optimizer)
{
    for (size_t i = 0; i < sizeof trajectories / sizeof trajectories[0]; i++) {
        if (strcmp(trajectories[i].optimizer, optimizer) == 0)
            return &trajectories[i];
    }
    return NULL;
}

/* What rounding may add up to in t steps. A weight, below 1/16, is rounded by half a
 * unit of its last place, 2^-29: once a step by us and, where it computes in float,
 * once by the library; with decay three times (keep, its product with w, the sum) and
 * twice. A step is at most about the rate. Sums, root and division give it an error of
 * some units, and v gathers one a step, which the root halves: in 100 steps, on
 * average, 25 units of 2^-24, below 2^-19. */
static double tolerance(enum mlp_optimizer optimizer, double rate, int t)
{
    bool decays = optimizer == MLP_ADAMW || optimizer == MLP_LION;
    int roundings = decays ? 5 : 2;
    return t * (roundings * 0x1p-29 + rate * 0x1p-19);
}

static void expect_weights(const struct trajectory *want, enum mlp_optimizer optimizer, int t,
                           const float *w)
{
    for (int i = 0; i < WEIGHTS; i++) {
        double right = want->weights[t / EVERY - 1][i];
        double error = fabs((double)w[i] - right), most = tolerance(optimizer, want->rate, t);
        ck_assert_msg(most <= 1e-6, "%s: a tolerance of %g", kt_case_name(), most);
        ck_assert_msg(error <= most, "%s: weight %d after step %d is %.9g, %s's is %.9g",
                      kt_case_name(), i, t, (double)w[i], want->source, right);
    }
}

static void try_trajectory(const struct mlp_kernels *kernels, enum mlp_optimizer optimizer)
{
    const char *name = mlp_optimizer_name(optimizer);
    const struct trajectory *want = find_trajectory(name);
    kt_case("trajectory_%s_%s", kernels->isa, name);
    ck_assert_msg(want, "no trajectory of %s (vectors/make_optimizers.py)", name);
    const struct mlp_update_settings settings = {optimizer, want->beta1, want->beta2, epsilon,
                                                 weight_decay};
    float g[WEIGHTS], w[WEIGHTS], m[WEIGHTS] = {0}, v[WEIGHTS] = {0};
    double beta1_power = 1, beta2_power = 1;
    for (int i = 0; i < WEIGHTS; i++)
        w[i] = (float)first_weights[i];
    for (int t = 1; t <= STEPS; t++) {
        struct mlp_update update;
        beta1_power *= want->beta1;
        beta2_power *= want->beta2;
        mlp_update_constants(&settings, want->rate, beta1_power, beta2_power, &update);
        for (int i = 0; i < WEIGHTS; i++)
            g[i] = gradient_table[t - 1][i] * gradient_scale[i];
        kernels->update(WEIGHTS, &update, g, w, m, v);
        if (t % EVERY == 0)
            expect_weights(want, optimizer, t, w);
    }
}

START_TEST(test_trajectories)
{
    const struct mlp_kernels *kernels = kt_kernels(_i);
    for (int o = 0; kernels && o < kt_optimizers(); o++)
        try_trajectory(kernels, (enum mlp_optimizer)o);
}
END_TEST

/* Each constant by its definition, in a step whose powers are plain. */
START_TEST(test_constants)
{
    for (int o = 0; o < kt_optimizers(); o++) {
        enum mlp_optimizer optimizer = (enum mlp_optimizer)o;
        const struct mlp_update_settings settings = {optimizer, 0.75, 0.9375, 0.5, 0.25};
        struct mlp_update update;
        mlp_update_constants(&settings, 0.125, 0.75, 0.9375, &update);
        bool pytorch = optimizer == MLP_ADAM_PYTORCH || optimizer == MLP_ADAMW;
        bool corrects = optimizer == MLP_ADAM || pytorch;
        kt_case("constants_%s", mlp_optimizer_name((size_t)o));
        ck_assert_int_eq(update.optimizer, optimizer == MLP_ADAM_PYTORCH ? MLP_ADAM : optimizer);
        ck_assert(kt_same(update.rate, 0.125f)); /* corrected by sqrt(1/16) / (1/4) = 1 */
        ck_assert(kt_same(update.epsilon, pytorch ? 0.125f : 0.5f));
        ck_assert(kt_same(update.beta1, 0.75f));
        ck_assert(kt_same(update.rest1, 0.25f));
        ck_assert(kt_same(update.rest2, 0.0625f));
        ck_assert(kt_same(update.keep, 0.96875f));
        mlp_update_constants(&settings, 0.125, 0.75 * 0.75, 0.75, &update);
        ck_assert(kt_same(update.rate, corrects ? 1.0f / 7 : 0.125f)); /* (1/2) / (7/16) / 8 */
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trajectories");
    TCase *tcase = kt_tcase(suite, "trajectories");
    tcase_add_loop_test(tcase, test_trajectories, 0, (int)mlp_isa_table_size());
    tcase_add_test(tcase, test_constants);
    return kt_main(suite);
}
