/* SPDX-License-Identifier: MIT */
/* The training step and whole epochs, through the functions that mlp_train
 * calls, on dense data: synthetic samples have no zero for anyone to skip. */
#include "cases.h"

#include "alloc.h"
#include "error.h"
#include "nets.h"
#include "random.h"
#include "team.h"

#include <mlp/mlp.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

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
    size_t size = (size_t)BENCH_SAMPLES * BENCH_FEATURES;
    shared.inputs = mlp_alloc_uninitialized(size, 1);
    shared.labels = mlp_alloc_uninitialized(BENCH_SAMPLES, 1);
    if (!shared.inputs || !shared.labels)
        return mlp_fail_memory(error, "the synthetic samples");
    uint32_t words[4];
    for (size_t i = 0; i < size; i += sizeof words) {
        mlp_random(1, MLP_RANDOM_BENCH, 0, i, words);
        memcpy(shared.inputs + i, words, sizeof words);
    }
    for (size_t i = 0; i < size; i++)
        shared.inputs[i] |= shared.inputs[i] == 0;
    for (size_t i = 0; i < BENCH_SAMPLES; i++)
        shared.labels[i] = shared.inputs[i * BENCH_FEATURES] % BENCH_CLASSES;
    return mlp_dataset_wrap_u8(shared.inputs, shared.labels, BENCH_SAMPLES, BENCH_FEATURES,
                               BENCH_CLASSES, &shared.dataset, error);
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

static bool is_epoch(const struct bench_case *test)
{
    return test->kind->profile == NULL;
}

/* FLOPs, bytes and memory of an iteration on a set of so many samples. Bytes: weights,
 * moments and transposed copies read and written, activations and deltas written
 * and read, inputs read once. */
static void set_work(struct bench_case *test, const mlp_spec *spec, size_t samples)
{
    const mlp_recipe *recipe = test->what;
    double batch = (double)bench_net_options(recipe).batch;
    struct bench_net_size size = bench_net_size(spec);
    double steps = is_epoch(test) ? ceil((double)samples / batch) : 1;
    test->samples = is_epoch(test) ? (double)samples : batch;
    test->flops = 0;
    for (int p = 0; p < MLP_PHASE_COUNT; p++) {
        test->phase_flops[p] = test->samples * size.flops[p];
        test->flops += test->phase_flops[p];
    }
    double inputs = (double)spec->inputs;
    test->bytes = steps * (24 * size.weights + 8 * size.transposed) +
                  test->samples * (16 * size.activations + inputs);
    test->memory =
        12 * size.weights + 4 * size.transposed + batch * (8 * size.activations + 5 * inputs);
}

static mlp_status create_training(const struct bench_case *test, const char *isa, int threads,
                                  mlp_model **model, struct mlp_trainer **trainer, mlp_error *error)
{
    const mlp_recipe *recipe = test->what;
    mlp_layer_spec layers[BENCH_MAX_LAYERS];
    mlp_spec spec = bench_net_spec(recipe, mlp_dataset_features(shared.dataset),
                                   mlp_dataset_classes(shared.dataset), layers);
    mlp_train_options options = bench_net_options(recipe);
    options.threads = threads;
    mlp_status status = mlp_isa_select(isa, error);
    if (status == MLP_OK)
        status = mlp_model_create(&spec, 1, model, error);
    if (status == MLP_OK)
        status =
            mlp_trainer_create(*model, shared.dataset, &options, MLP_PLAN_AUTO, trainer, error);
    return status;
}

static mlp_status prepare(struct bench_case *test, mlp_error *error)
{
    struct training *s = test->state = mlp_alloc(1, sizeof *s);
    if (!s)
        return mlp_fail_memory(error, test->name);
    mlp_status status = use_data(test->options->data, error);
    if (status != MLP_OK)
        return status;
    const mlp_recipe *recipe = test->what;
    mlp_layer_spec layers[BENCH_MAX_LAYERS];
    size_t count = mlp_dataset_count(shared.dataset), batch = bench_net_options(recipe).batch;
    mlp_spec spec = bench_net_spec(recipe, mlp_dataset_features(shared.dataset),
                                   mlp_dataset_classes(shared.dataset), layers);
    set_work(test, &spec, count);
    s->full_steps = count / batch;
    if (s->full_steps == 0)
        return mlp_fail(error, MLP_ERROR_USAGE, "%s: %zu samples are less than a minibatch of %zu",
                        test->name, count, batch);
    return create_training(test, test->kernels.isa, test->threads, &s->model, &s->trainer, error);
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
    bench_team_time(test->threads, run_steps, test, iterations);
    mlp_trainer_profile(s->trainer, NULL);
    memcpy(seconds, sums.seconds, sizeof sums.seconds);
}

/* --- Checks: the weights' bits after a few steps ------------------------------------ */

enum {
    CHECK_STEPS = 2,
    HASH_SIZE = 65,
};

/* FLOPs that the C kernels do in about a second. */
static const double most_check_flops = 2e9;

/* What the C kernels gave on one thread, for a net; cases share it. */
static struct {
    const void *net;
    char hash[HASH_SIZE];
} known[4];

struct few_steps {
    struct mlp_trainer *trainer;
};

static void run_few(void *context, int thread, int threads, size_t iterations)
{
    (void)thread;
    (void)threads;
    (void)iterations;
    const struct few_steps *few = context;
    mlp_team_begin_epoch(few->trainer, 1);
    for (size_t step = 0; step < CHECK_STEPS; step++)
        mlp_team_step(few->trainer, step);
}

/* The fingerprint of a new model after CHECK_STEPS. */
static bool train_few(const struct bench_case *test, const char *isa, int threads,
                      char hash[HASH_SIZE])
{
    mlp_model *model = NULL;
    struct few_steps few = {NULL};
    bool good = create_training(test, isa, threads, &model, &few.trainer, NULL) == MLP_OK;
    if (good) {
        bench_team_time(mlp_trainer_threads(few.trainer), run_few, &few, 1);
        mlp_model_fingerprint(model, hash);
    }
    mlp_trainer_destroy(few.trainer);
    mlp_model_destroy(model);
    mlp_isa_select(test->kernels.isa, NULL);
    return good;
}

static bool check(struct bench_case *test, struct bench_check *out)
{
    const struct training *s = test->state;
    char hash[HASH_SIZE];
    size_t i = 0;
    double flops =
        is_epoch(test) ? test->flops / (double)mlp_trainer_steps(s->trainer) : test->flops;
    if (flops * CHECK_STEPS > most_check_flops || s->full_steps < CHECK_STEPS)
        return true; /* unknown */
    while (i < 3 && known[i].net && known[i].net != test->what)
        i++;
    if (known[i].net != test->what) {
        if (!train_few(test, mlp_isa_name(0), 1, known[i].hash))
            return false;
        known[i].net = test->what;
    }
    if (!train_few(test, test->kernels.isa, test->threads, hash))
        return false;
    out->bits = strcmp(hash, known[i].hash) == 0 ? BENCH_BITS_EQUAL : BENCH_BITS_DIFFER;
    return true;
}

static const struct bench_kind step_kind = {
    .prepare = prepare,
    .run = run_steps,
    .check = check,
    .profile = profile,
    .destroy = destroy,
};
static const struct bench_kind epoch_kind = {
    .prepare = prepare,
    .run = run_epochs,
    .check = check,
    .destroy = destroy,
};

static void add_training(struct bench_cases *cases, const struct bench_plan *plan,
                         const mlp_recipe *recipe, const struct bench_kind *kind, bool by_default)
{
    char name[BENCH_NAME_SIZE];
    mlp_layer_spec layers[BENCH_MAX_LAYERS];
    mlp_spec spec = bench_net_spec(recipe, BENCH_FEATURES, BENCH_CLASSES, layers);
    size_t batch = bench_net_options(recipe).batch;
    snprintf(name, sizeof name, "%s", recipe->name);
    if (plan->options->batch)
        snprintf(name, sizeof name, "%s/b%zu", recipe->name, batch);
    struct bench_case *test = bench_cases_add(cases, kind == &step_kind ? "step" : "epoch", name,
                                              plan->kernels->isa, plan->kernels, plan->threads);
    if (!test)
        return;
    test->suite = kind == &step_kind ? BENCH_STEP : BENCH_EPOCH;
    test->kind = kind;
    test->by_default = by_default && plan->fastest && plan->options->shape_count == 0;
    test->what = recipe;
    test->batch = batch;
    set_work(test, &spec, BENCH_SAMPLES);
}

void bench_add_steps(struct bench_cases *cases, const struct bench_plan *plan)
{
    const mlp_recipe *recipe = bench_asked_net(plan->options);
    if (recipe) {
        add_training(cases, plan, recipe, &step_kind, true);
        add_training(cases, plan, recipe, &epoch_kind, true);
        return;
    }
    for (size_t i = 0; (recipe = mlp_recipe_at(i)); i++) {
        bool reference = strcmp(recipe->name, "reference") == 0;
        if (strcmp(recipe->data, "digits") != 0)
            continue;
        add_training(cases, plan, recipe, &step_kind, reference);
        add_training(cases, plan, recipe, &epoch_kind, reference);
    }
    add_training(cases, plan, &bench_gelu_net, &step_kind, false);
    add_training(cases, plan, &bench_gelu_net, &epoch_kind, false);
    add_training(cases, plan, &bench_wide_net, &step_kind, true);
}
