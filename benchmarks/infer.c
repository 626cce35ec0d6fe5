/* SPDX-License-Identifier: MIT */
/* Prediction through the public function, allocation and packing of the samples
 * included: the latency of one sample, the throughput of many. */
#include "cases.h"

#include "alloc.h"
#include "error.h"
#include "flush.h"
#include "model.h"
#include "nets.h"
#include "predict.h"
#include "random.h"

#include <mlp/mlp.h>

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LATENCY_CALLS = 10000,
    CHECK_SAMPLES = 32, /* that are compared, evenly spread over the batch */
};

static const size_t batches[] = {1, 8, 32, 256, 1024};

struct inference {
    mlp_model *model;
    float *x, *probabilities; /* [batch][inputs], [batch][classes] */
};

static mlp_status prepare(struct bench_case *test, mlp_error *error)
{
    mlp_layer_spec layers[BENCH_MAX_LAYERS];
    mlp_spec spec = bench_net_spec(test->what, BENCH_FEATURES, BENCH_CLASSES, layers);
    struct inference *s = test->state = mlp_alloc(1, sizeof *s);
    if (!s)
        return mlp_fail_memory(error, test->name);
    size_t size = test->batch * BENCH_FEATURES;
    s->x = mlp_alloc_uninitialized(size, sizeof *s->x);
    s->probabilities = mlp_alloc(test->batch * BENCH_CLASSES, sizeof *s->probabilities);
    if (!s->x || !s->probabilities)
        return mlp_fail_memory(error, test->name);
    mlp_random_uniform(1, 0, 1, size, s->x);
    spec.init = MLP_INIT_HE; /* N(0, 1) saturates the softmax: nothing left to compare */
    return mlp_model_create(&spec, 1, &s->model, error);
}

static void predict(const struct bench_case *test)
{
    const struct inference *s = test->state;
    mlp_model_predict_f32(s->model, s->x, test->batch, test->threads, s->probabilities, NULL);
}

static void run(void *context, int thread, int threads, size_t iterations)
{
    (void)thread;
    (void)threads;
    const struct bench_case *test = context;
    mlp_isa_select(test->kernels.isa, NULL);
    for (size_t i = 0; i < iterations; i++)
        predict(test);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool latency(struct bench_case *test, struct bench_latency *out)
{
    double *seconds = mlp_alloc(LATENCY_CALLS, sizeof *seconds);
    if (!seconds)
        return false;
    run(test, 0, test->threads, LATENCY_CALLS / 100);
    enum bench_cold cold = test->options->cold;
    for (size_t i = 0; i < LATENCY_CALLS; i++) {
        if (cold != BENCH_WARM)
            test->kind->flush(test, cold == BENCH_COLD_WEIGHTS);
        double begin = omp_get_wtime();
        predict(test);
        seconds[i] = omp_get_wtime() - begin;
    }
    qsort(seconds, LATENCY_CALLS, sizeof *seconds, compare);
    *out = (struct bench_latency){
        .calls = LATENCY_CALLS,
        .p50 = seconds[LATENCY_CALLS / 2],
        .p99 = seconds[LATENCY_CALLS / 100 * 99],
        .p999 = seconds[LATENCY_CALLS / 1000 * 999],
    };
    mlp_free(seconds);
    return true;
}

/* --- Check ----------------------------------------------------------------------- */

/* A layer in float64: y[out] = W x + b, with ReLU unless it is the last. */
static void exact_layer(size_t in, size_t out, const float *weight, const float *bias, bool last,
                        const double *x, double *y)
{
    for (size_t o = 0; o < out; o++) {
        double sum = (double)bias[o];
        for (size_t i = 0; i < in; i++)
            sum += (double)weight[o * in + i] * x[i];
        y[o] = last ? sum : fmax(sum, 0);
    }
}

static void exact_softmax(double *z)
{
    double most = z[0], sum = 0;
    for (int c = 1; c < BENCH_CLASSES; c++)
        most = fmax(most, z[c]);
    for (int c = 0; c < BENCH_CLASSES; c++)
        sum += z[c] = exp(z[c] - most);
    for (int c = 0; c < BENCH_CLASSES; c++)
        z[c] /= sum;
}

/* Probabilities of `count` samples in float64. False where there is no memory. */
static bool solve_exact(const mlp_model *model, size_t count, const float *x, double *probabilities)
{
    const mlp_spec *spec = mlp_model_spec(model);
    size_t widest = 0, layers = spec->layer_count, most = 0;
    for (size_t l = 0; l < layers; l++) {
        size_t width = spec->layers[l].units, inputs = mlp_model_layer_inputs(model, l);
        widest = width > widest ? width : widest;
        most = width * inputs > most ? width * inputs : most;
    }
    widest = spec->inputs > widest ? spec->inputs : widest;
    double *in = mlp_alloc(count * widest, sizeof *in),
           *out = mlp_alloc(count * widest, sizeof *out);
    float *weight = mlp_alloc(most, sizeof *weight), *bias = mlp_alloc(widest, sizeof *bias);
    bool good = in && out && weight && bias;
    for (size_t i = 0; good && i < count * BENCH_FEATURES; i++)
        in[i / BENCH_FEATURES * widest + i % BENCH_FEATURES] = (double)x[i];
    for (size_t l = 0; good && l < layers; l++) {
        mlp_model_get_layer(model, l, weight, bias);
        for (size_t s = 0; s < count; s++)
            exact_layer(mlp_model_layer_inputs(model, l), spec->layers[l].units, weight, bias,
                        l + 1 == layers, in + s * widest, out + s * widest);
        double *swap = in;
        in = out;
        out = swap;
    }
    for (size_t s = 0; good && s < count; s++) {
        exact_softmax(in + s * widest);
        memcpy(probabilities + s * BENCH_CLASSES, in + s * widest,
               BENCH_CLASSES * sizeof *probabilities);
    }
    mlp_free(in);
    mlp_free(out);
    mlp_free(weight);
    mlp_free(bias);
    return good;
}

/* Samples of all parts of the batch, the first and the last among them, against the C
 * kernels' bits, one by one, and against float64 in units of eps: probabilities have
 * size 1. */
static bool check(struct bench_case *test, struct bench_check *out)
{
    const struct inference *s = test->state;
    size_t count = test->batch < CHECK_SAMPLES ? test->batch : CHECK_SAMPLES;
    float *x = mlp_alloc(count * BENCH_FEATURES, sizeof *x);
    float found[CHECK_SAMPLES * BENCH_CLASSES], bits[CHECK_SAMPLES * BENCH_CLASSES];
    double exact[CHECK_SAMPLES * BENCH_CLASSES], scale[CHECK_SAMPLES * BENCH_CLASSES];
    if (!x)
        return false;
    run(test, 0, test->threads, 1);
    mlp_isa_select(mlp_isa_name(0), NULL);
    mlp_status status = MLP_OK;
    for (size_t i = 0; i < count && status == MLP_OK; i++) {
        size_t sample = count > 1 ? i * (test->batch - 1) / (count - 1) : 0;
        float *copy = x + i * BENCH_FEATURES;
        memcpy(copy, s->x + sample * BENCH_FEATURES, BENCH_FEATURES * sizeof *copy);
        memcpy(found + i * BENCH_CLASSES, s->probabilities + sample * BENCH_CLASSES,
               BENCH_CLASSES * sizeof *found);
        status = mlp_model_predict_f32(s->model, copy, 1, 1, bits + i * BENCH_CLASSES, NULL);
    }
    mlp_isa_select(test->kernels.isa, NULL);
    bool good = status == MLP_OK && solve_exact(s->model, count, x, exact);
    mlp_free(x);
    if (!good)
        return false;
    size_t size = count * BENCH_CLASSES;
    for (size_t i = 0; i < size; i++)
        scale[i] = 1;
    out->bits =
        memcmp(found, bits, size * sizeof *bits) == 0 ? BENCH_BITS_EQUAL : BENCH_BITS_DIFFER;
    out->error = bench_error(size, found, exact, scale);
    return true;
}

static void flush(struct bench_case *test, bool weights_only)
{
    const struct inference *s = test->state;
    for (size_t l = 0; l < s->model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &s->model->layers[l];
        bench_flush(layer->w, layer->in * mlp_panels(layer->out) * MLP_NR * sizeof *layer->w);
    }
    if (weights_only)
        return;
    bench_flush(s->x, test->batch * BENCH_FEATURES * sizeof *s->x);
    bench_flush(s->probabilities, test->batch * BENCH_CLASSES * sizeof *s->probabilities);
}

static void destroy(struct bench_case *test)
{
    struct inference *s = test->state;
    if (!s)
        return;
    mlp_model_destroy(s->model);
    mlp_free(s->x);
    mlp_free(s->probabilities);
    mlp_free(s);
    test->state = NULL;
}

static const struct bench_kind one_kind = {
    .prepare = prepare,
    .run = run,
    .alone = true,
    .check = check,
    .flush = flush,
    .latency = latency,
    .destroy = destroy,
};
static const struct bench_kind many_kind = {
    .prepare = prepare,
    .run = run,
    .alone = true,
    .check = check,
    .flush = flush,
    .destroy = destroy,
};

static void add(struct bench_cases *cases, const struct bench_plan *plan, const mlp_recipe *net,
                size_t batch)
{
    char name[BENCH_NAME_SIZE];
    snprintf(name, sizeof name, "%s/b%zu", net->name, batch);
    struct bench_case *test =
        bench_cases_add(cases, "infer", name, plan->kernels->isa, plan->kernels, plan->threads);
    if (!test)
        return;
    mlp_layer_spec layers[BENCH_MAX_LAYERS];
    mlp_spec spec = bench_net_spec(net, BENCH_FEATURES, BENCH_CLASSES, layers);
    struct bench_net_size size = bench_net_size(&spec);
    test->suite = BENCH_INFER;
    test->kind = batch == 1 ? &one_kind : &many_kind;
    test->by_default = plan->fastest && plan->options->shape_count == 0;
    test->what = net;
    test->batch = batch;
    test->samples = (double)batch;
    test->flops = test->samples * size.flops[MLP_PHASE_FORWARD];
    test->bytes = 4 * size.weights + 4 * test->samples * (BENCH_FEATURES + BENCH_CLASSES);
    test->weights = 4 * size.weights;
    test->memory = test->bytes;
}

void bench_add_infer(struct bench_cases *cases, const struct bench_plan *plan)
{
    const mlp_recipe *net = bench_asked_net(plan->options);
    if (!net && mlp_recipe_find("reference", &net, NULL) != MLP_OK)
        return;
    size_t asked = plan->options->batch, count = asked ? 1 : sizeof batches / sizeof batches[0];
    for (size_t i = 0; i < count; i++) {
        size_t batch = asked ? asked : batches[i];
        /* Small batches run on one thread whatever the number. */
        if (plan->threads == 1 || mlp_predict_threads(batch, plan->threads) == plan->threads)
            add(cases, plan, net, batch);
    }
}
