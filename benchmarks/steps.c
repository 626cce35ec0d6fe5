/* SPDX-License-Identifier: MIT */
/* The training step and whole epochs, through the functions that mlp_train
 * calls, on dense data: synthetic samples have no zero for anyone to skip. */
#include "cases.h"

#include "alloc.h"
#include "error.h"
#include "random.h"
#include "team.h"

#include <mlp/mlp.h>

#include <stdio.h>
#include <string.h>

/* MNIST's. */
enum {
    SAMPLES = 60000,
    FEATURES = 784,
    CLASSES = 10,
    MAX_LAYERS = 8,
};

/* The data that all cases share while any of them is prepared. */
static struct {
    size_t users;
    mlp_dataset *dataset;
    uint8_t *inputs, *labels; /* of synthetic samples */
} shared;

struct training {
    mlp_model *model;
    struct mlp_trainer *trainer;
    size_t full_steps;  /* minibatches of an epoch, without a last partial one */
    size_t step, epoch; /* where the run stands: the next step, the last epoch begun */
};

static mlp_status make_samples(mlp_error *error)
{
    size_t size = (size_t)SAMPLES * FEATURES;
    shared.inputs = mlp_alloc_uninitialized(size, 1);
    shared.labels = mlp_alloc_uninitialized(SAMPLES, 1);
    if (!shared.inputs || !shared.labels)
        return mlp_fail_memory(error, "the synthetic samples");
    uint32_t words[4];
    for (size_t i = 0; i < size; i += sizeof words) {
        mlp_random(1, MLP_RANDOM_BENCH, 0, i, words);
        memcpy(shared.inputs + i, words, sizeof words);
    }
    for (size_t i = 0; i < size; i++)
        shared.inputs[i] |= shared.inputs[i] == 0;
    for (size_t i = 0; i < SAMPLES; i++)
        shared.labels[i] = shared.inputs[i * FEATURES] % CLASSES;
    return mlp_dataset_wrap_u8(shared.inputs, shared.labels, SAMPLES, FEATURES, CLASSES,
                               &shared.dataset, error);
}

/* `source` is NULL for synthetic samples. Every use is given back with
 * release_data, also where it failed. */
static mlp_status use_data(const char *source, mlp_error *error)
{
    shared.users++;
    if (shared.dataset)
        return MLP_OK;
    if (source)
        return mlp_dataset_open(source, MLP_TRAIN, &shared.dataset, error);
    return make_samples(error);
}

static void release_data(void)
{
    if (--shared.users > 0)
        return;
    mlp_dataset_destroy(shared.dataset);
    mlp_free(shared.inputs);
    mlp_free(shared.labels);
    shared.dataset = NULL;
    shared.inputs = shared.labels = NULL;
}

/* The widths of a recipe's net; returns its number of layers. */
static size_t net_widths(const mlp_recipe *recipe, size_t inputs, size_t classes,
                         size_t widths[MAX_LAYERS + 1])
{
    size_t count = recipe->hidden_count;
    widths[0] = inputs;
    memcpy(widths + 1, recipe->hidden, count * sizeof *widths);
    widths[count + 1] = classes;
    return count + 1;
}

/* Floating-point operations of a sample by phase: 2 for each multiply-add of
 * the products, unpadded. Returns their sum. */
static double count_flops(size_t layers, const size_t *widths, double flops[MLP_PHASE_COUNT])
{
    memset(flops, 0, MLP_PHASE_COUNT * sizeof *flops);
    for (size_t l = 0; l < layers; l++) {
        double product = 2.0 * (double)widths[l] * (double)widths[l + 1];
        flops[MLP_PHASE_FORWARD] += product;
        flops[MLP_PHASE_DW] += product;
        flops[MLP_PHASE_DX] += l > 0 ? product : 0;
    }
    return flops[MLP_PHASE_FORWARD] + flops[MLP_PHASE_DX] + flops[MLP_PHASE_DW];
}

static bool is_epoch(const struct bench_case *test)
{
    return test->kind->profile == NULL;
}

static void set_flops(struct bench_case *test, size_t layers, const size_t *widths, size_t samples)
{
    const mlp_recipe *recipe = test->what;
    double each = is_epoch(test) ? (double)samples : (double)recipe->options.batch;
    test->flops = each * count_flops(layers, widths, test->phase_flops);
    for (int p = 0; p < MLP_PHASE_COUNT; p++)
        test->phase_flops[p] *= each;
}

static mlp_status prepare(struct bench_case *test, mlp_error *error)
{
    struct training *s = test->state = mlp_alloc(1, sizeof *s);
    if (!s)
        return mlp_fail_memory(error, test->name);
    mlp_status status = use_data(test->data, error);
    if (status != MLP_OK)
        return status;
    const mlp_recipe *recipe = test->what;
    size_t widths[MAX_LAYERS + 1], count = mlp_dataset_count(shared.dataset);
    mlp_spec spec = {
        .layer_count = net_widths(recipe, mlp_dataset_features(shared.dataset),
                                  mlp_dataset_classes(shared.dataset), widths),
        .widths = widths,
        .activation = recipe->activation,
        .init = recipe->init,
        .init_scale = recipe->init_scale,
    };
    mlp_train_options options = recipe->options;
    options.threads = test->threads;
    set_flops(test, spec.layer_count, widths, count);
    s->full_steps = count / options.batch;
    status = mlp_isa_select(test->kernels.isa, error);
    if (status == MLP_OK)
        status = mlp_model_create(&spec, 1, &s->model, error);
    if (status == MLP_OK)
        status = mlp_trainer_create(s->model, shared.dataset, &options, MLP_PLAN_AUTO, &s->trainer,
                                    error);
    return status;
}

static void destroy(struct bench_case *test)
{
    struct training *s = test->state;
    if (!s)
        return;
    mlp_trainer_destroy(s->trainer);
    mlp_model_destroy(s->model);
    mlp_free(s);
    test->state = NULL;
    release_data();
}

static void run_steps(void *context, int thread, int threads, size_t iterations)
{
    (void)threads;
    struct training *s = ((struct bench_case *)context)->state;
    size_t step = s->step, epoch = s->epoch;
    for (size_t i = 0; i < iterations; i++) {
        if (step == 0)
            mlp_team_begin_epoch(s->trainer, ++epoch);
        mlp_team_step(s->trainer, step);
        step = (step + 1) % s->full_steps;
    }
#pragma omp barrier
    if (thread == 0) {
        s->step = step;
        s->epoch = epoch;
    }
}

static void run_epochs(void *context, int thread, int threads, size_t iterations)
{
    (void)threads;
    struct training *s = ((struct bench_case *)context)->state;
    size_t epoch = s->epoch, steps = mlp_trainer_steps(s->trainer);
    for (size_t i = 0; i < iterations; i++) {
        mlp_team_begin_epoch(s->trainer, ++epoch);
        for (size_t step = 0; step < steps; step++)
            mlp_team_step(s->trainer, step);
    }
#pragma omp barrier
    if (thread == 0)
        s->epoch = epoch;
}

static void profile(struct bench_case *test, size_t iterations, double seconds[MLP_PHASE_COUNT])
{
    const struct training *s = test->state;
    struct mlp_profile sums = {{0}};
    mlp_trainer_profile(s->trainer, &sums);
    bench_team_seconds(test->threads, run_steps, test, iterations);
    mlp_trainer_profile(s->trainer, NULL);
    memcpy(seconds, sums.seconds, sizeof sums.seconds);
}

static const struct bench_kind step_kind = {prepare, run_steps, profile, destroy};
static const struct bench_kind epoch_kind = {prepare, run_epochs, NULL, destroy};

static void add_training(struct bench_cases *cases, const struct bench_plan *plan,
                         const mlp_recipe *recipe, const struct bench_kind *kind,
                         enum bench_group group, bool by_default)
{
    struct bench_case *test = bench_cases_add(cases, kind == &step_kind ? "step" : "epoch",
                                              recipe->name, plan->kernels, plan->threads);
    if (!test)
        return;
    test->group = group;
    test->kind = kind;
    test->by_default = by_default && plan->fastest && plan->options->shape_count == 0;
    test->what = recipe;
    test->data = plan->options->data;
    size_t widths[MAX_LAYERS + 1], layers = net_widths(recipe, FEATURES, CLASSES, widths);
    set_flops(test, layers, widths, SAMPLES);
}

/* A net whose weights outgrow the cache of a core. */
static const mlp_recipe wide = {
    .name = "784-4096-4096-10",
    .hidden_count = 2,
    .hidden = {4096, 4096},
    .activation = MLP_RELU,
    .init = MLP_INIT_HE,
    .options = {.optimizer = MLP_ADAM,
                .learning_rate = 0.001,
                .beta1 = 0.9,
                .beta2 = 0.999,
                .epsilon = 1e-7,
                .batch = 256,
                .epochs = 1,
                .seed = 1},
};

void bench_add_steps(struct bench_cases *cases, const struct bench_plan *plan)
{
    const mlp_recipe *recipe;
    for (size_t i = 0; (recipe = mlp_recipe_at(i)); i++) {
        bool reference = strcmp(recipe->name, "reference") == 0;
        add_training(cases, plan, recipe, &step_kind, BENCH_STEPS, reference);
        add_training(cases, plan, recipe, &epoch_kind, BENCH_STEPS, reference);
    }
    add_training(cases, plan, &wide, &step_kind, BENCH_WIDE, true);
}
