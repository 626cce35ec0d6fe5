/* SPDX-License-Identifier: MIT */
/* oneDNN's matmul at the shapes of the training step: weights packed beforehand in
 * the layout that oneDNN chooses, bias and ReLU as post-operations of the forward
 * product, the product with ReLU's derivative as one of the input gradient. The weight
 * gradient multiplies two plain arrays. */
#include "peers.h"

#if MLP_BENCH_ONEDNN

#include "alloc.h"
#include "error.h"
#include "flush.h"
#include "team.h"

#include <dnnl.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

static struct bench_peer peer = {.name = "onednn", .packed = true};

const struct bench_peer *bench_onednn(void)
{
    const dnnl_version_t *v = dnnl_version();
    snprintf(peer.description, sizeof peer.description,
             "oneDNN %d.%d.%d, weights packed beforehand, epilogues as post-operations", v->major,
             v->minor, v->patch);
    return &peer;
}

struct product {
    const char *name;
    enum bench_transposition transposition;
    size_t shape_count;
    struct bench_shape shapes[3];
};

/* With the names of our own products, which stand beside them. */
static const struct product products[] = {
    {"gemm/forward", BENCH_NN, 3, {{256, 256, 784}, {256, 256, 256}, {256, 10, 256}}},
    {"gemm/dx", BENCH_NT, 2, {{256, 256, 10}, {256, 256, 256}}},
    {"gemm/dw", BENCH_TN, 3, {{784, 256, 256}, {256, 256, 256}, {10, 256, 256}}},
};

enum { ARGUMENTS = 5 }; /* source, weights, bias, destination, derivative */

struct matmul {
    struct bench_operands *operands;
    float *c, *bias, *derivative;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_attr_t attributes;
    dnnl_post_ops_t operations;
    dnnl_primitive_desc_t descriptor;
    dnnl_primitive_t primitive;
    dnnl_memory_t plain_weights, memory[ARGUMENTS];
    dnnl_exec_arg_t arguments[ARGUMENTS];
    int argument_count;
};

static bool ok(dnnl_status_t status)
{
    return status == dnnl_success;
}

/* oneDNN's second and third versions differ in how descriptors are passed. */
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t layout;
#else
typedef dnnl_memory_desc_t layout[1];
#endif

struct layouts {
    layout source, plain_weights, weights, bias, destination;
};

static bool describe(layout *out, dnnl_dim_t rows, dnnl_dim_t columns, dnnl_format_tag_t tag)
{
    const dnnl_dims_t size = {rows, columns};
#if DNNL_VERSION_MAJOR >= 3
    return ok(dnnl_memory_desc_create_with_tag(out, 2, size, dnnl_f32, tag));
#else
    return ok(dnnl_memory_desc_init_by_tag(*out, 2, size, dnnl_f32, tag));
#endif
}

static bool add_relu(struct matmul *s)
{
    if (!ok(dnnl_post_ops_create(&s->operations)))
        return false;
#if DNNL_VERSION_MAJOR >= 3
    bool good = ok(dnnl_post_ops_append_eltwise(s->operations, dnnl_eltwise_relu, 0, 0));
#else
    bool good = ok(dnnl_post_ops_append_eltwise(s->operations, 1, dnnl_eltwise_relu, 0, 0));
#endif
    return good && ok(dnnl_primitive_attr_set_post_ops(s->attributes, s->operations));
}

/* The result times an array of its shape. */
static bool add_derivative(struct matmul *s, const struct layouts *l)
{
#if DNNL_VERSION_MAJOR >= 3
    const_dnnl_memory_desc_t factor = l->destination;
#else
    const dnnl_memory_desc_t *factor = l->destination;
#endif
    return ok(dnnl_post_ops_create(&s->operations)) &&
           ok(dnnl_post_ops_append_binary(s->operations, dnnl_binary_mul, factor)) &&
           ok(dnnl_primitive_attr_set_post_ops(s->attributes, s->operations));
}

static bool create_descriptor(struct matmul *s, const struct layouts *l, bool forward)
{
#if DNNL_VERSION_MAJOR >= 3
    return ok(dnnl_matmul_primitive_desc_create(&s->descriptor, s->engine, l->source, l->weights,
                                                forward ? l->bias : NULL, l->destination,
                                                s->attributes));
#else
    dnnl_matmul_desc_t matmul;
    return ok(dnnl_matmul_desc_init(&matmul, l->source, l->weights, forward ? l->bias : NULL,
                                    l->destination)) &&
           ok(dnnl_primitive_desc_create(&s->descriptor, &matmul, s->attributes, s->engine, NULL));
#endif
}

static void release_layouts(struct layouts *l)
{
#if DNNL_VERSION_MAJOR >= 3
    dnnl_memory_desc_destroy(l->source);
    dnnl_memory_desc_destroy(l->plain_weights);
    dnnl_memory_desc_destroy(l->weights);
    dnnl_memory_desc_destroy(l->bias);
    dnnl_memory_desc_destroy(l->destination);
#else
    (void)l;
#endif
}

static bool pack_weights(struct matmul *s)
{
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_primitive_t reorder = NULL;
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, s->plain_weights},
                                         {DNNL_ARG_TO, s->memory[1]}};
#if DNNL_VERSION_MAJOR >= 3
    const_dnnl_memory_desc_t from = NULL, to = NULL;
#else
    const dnnl_memory_desc_t *from = NULL, *to = NULL;
#endif
    bool good =
        ok(dnnl_memory_get_memory_desc(s->plain_weights, &from)) &&
        ok(dnnl_memory_get_memory_desc(s->memory[1], &to)) &&
        ok(dnnl_reorder_primitive_desc_create(&descriptor, from, s->engine, to, s->engine, NULL)) &&
        ok(dnnl_primitive_create(&reorder, descriptor)) &&
        ok(dnnl_primitive_execute(reorder, s->stream, 2, arguments)) &&
        ok(dnnl_stream_wait(s->stream));
    dnnl_primitive_destroy(reorder);
    dnnl_primitive_desc_destroy(descriptor);
    return good;
}

static bool create(struct matmul *s, const struct bench_case *test, struct layouts *l)
{
    dnnl_dim_t m = (dnnl_dim_t)test->shape.m, n = (dnnl_dim_t)test->shape.n;
    dnnl_dim_t k = (dnnl_dim_t)test->shape.k;
    bool forward = test->transposition == BENCH_NN, gradient = test->transposition == BENCH_TN;
    struct bench_operands *o = s->operands;
    bool good = ok(dnnl_engine_create(&s->engine, dnnl_cpu, 0)) &&
                ok(dnnl_stream_create(&s->stream, s->engine, dnnl_stream_default_flags)) &&
                ok(dnnl_primitive_attr_create(&s->attributes)) &&
                describe(&l->source, m, k, gradient ? dnnl_ba : dnnl_ab) &&
                describe(&l->plain_weights, k, n, dnnl_ab) &&
                describe(&l->weights, k, n, gradient ? dnnl_ab : dnnl_format_tag_any) &&
                describe(&l->bias, 1, n, dnnl_ab) && describe(&l->destination, m, n, dnnl_ab);
    good = good && (!forward || add_relu(s)) && (forward || gradient || add_derivative(s, l)) &&
           create_descriptor(s, l, forward) &&
           ok(dnnl_primitive_create(&s->primitive, s->descriptor)) &&
           ok(dnnl_memory_create(&s->memory[0], l->source, s->engine, gradient ? o->at : o->a)) &&
           ok(dnnl_memory_create(&s->plain_weights, l->plain_weights, s->engine, o->b)) &&
           ok(dnnl_memory_create(
               &s->memory[1], dnnl_primitive_desc_query_md(s->descriptor, dnnl_query_weights_md, 0),
               s->engine, DNNL_MEMORY_ALLOCATE)) &&
           ok(dnnl_memory_create(&s->memory[2], l->bias, s->engine, s->bias)) &&
           ok(dnnl_memory_create(&s->memory[3], l->destination, s->engine, s->c)) &&
           ok(dnnl_memory_create(&s->memory[4], l->destination, s->engine, s->derivative));
    return good && pack_weights(s);
}

static mlp_status prepare(struct bench_case *test, mlp_error *error)
{
    struct matmul *s = test->state = mlp_alloc(1, sizeof *s);
    if (!s)
        return mlp_fail_memory(error, test->name);
    s->operands = bench_operands_use(test->shape);
    s->c = mlp_alloc(test->shape.m * test->shape.n, sizeof *s->c);
    s->bias = mlp_alloc(test->shape.n, sizeof *s->bias);
    s->derivative = mlp_alloc(test->shape.m * test->shape.n, sizeof *s->derivative);
    if (!s->operands || !s->c || !s->bias || !s->derivative)
        return mlp_fail_memory(error, test->name);
    for (size_t i = 0; i < test->shape.m * test->shape.n; i++)
        s->derivative[i] = (float)(i % 2);
    struct layouts layouts;
    memset(&layouts, 0, sizeof layouts);
    omp_set_num_threads(test->threads);
    bool good = create(s, test, &layouts);
    release_layouts(&layouts);
    if (!good)
        return mlp_fail(error, MLP_ERROR_INTERNAL, "%s: oneDNN refuses this product", test->name);
    const int names[ARGUMENTS] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST,
                                  DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1};
    for (int i = 0; i < ARGUMENTS; i++) {
        if ((i != 2 || test->transposition == BENCH_NN) &&
            (i != 4 || test->transposition == BENCH_NT))
            s->arguments[s->argument_count++] = (dnnl_exec_arg_t){names[i], s->memory[i]};
    }
    return MLP_OK;
}

static void run(void *context, int thread, int threads, size_t iterations)
{
    (void)thread;
    const struct bench_case *test = context;
    const struct matmul *s = test->state;
    omp_set_num_threads(threads);
    for (size_t i = 0; i < iterations; i++)
        dnnl_primitive_execute(s->primitive, s->stream, s->argument_count, s->arguments);
    dnnl_stream_wait(s->stream);
}

/* What the epilogue makes of an element: ReLU (biases are zero), or the product with
 * the derivative. */
static double epilogue(const struct bench_case *test, size_t at, double value)
{
    const struct matmul *s = test->state;
    if (test->transposition == BENCH_NN)
        return fmax(value, 0);
    return test->transposition == BENCH_NT ? value * (double)s->derivative[at] : value;
}

static bool check(struct bench_case *test, struct bench_check *out)
{
    const struct matmul *s = test->state;
    struct bench_operands *o = s->operands;
    if (!bench_operands_solve(o))
        return false;
    run(test, 0, test->threads, 1);
    size_t n = test->shape.n, size = o->row_count * n;
    float *found = mlp_alloc(size, sizeof *found);
    double *exact = mlp_alloc(size, sizeof *exact);
    bool good = found && exact;
    *out = (struct bench_check){BENCH_BITS_EQUAL, NAN};
    for (size_t i = 0; good && i < size; i++) {
        size_t at = o->rows[i / n] * n + i % n;
        found[i] = s->c[at];
        exact[i] = epilogue(test, at, o->exact[i]);
        if ((double)found[i] != epilogue(test, at, (double)o->chain[i]))
            out->bits = BENCH_BITS_DIFFER;
    }
    if (good)
        out->error = bench_error(size, found, exact, o->scale);
    mlp_free(found);
    mlp_free(exact);
    return good;
}

static void destroy(struct bench_case *test)
{
    struct matmul *s = test->state;
    if (!s)
        return;
    for (int i = 0; i < ARGUMENTS; i++)
        dnnl_memory_destroy(s->memory[i]);
    dnnl_memory_destroy(s->plain_weights);
    dnnl_primitive_destroy(s->primitive);
    dnnl_primitive_desc_destroy(s->descriptor);
    dnnl_post_ops_destroy(s->operations);
    dnnl_primitive_attr_destroy(s->attributes);
    dnnl_stream_destroy(s->stream);
    dnnl_engine_destroy(s->engine);
    bench_operands_release(s->operands);
    mlp_free(s->c);
    mlp_free(s->bias);
    mlp_free(s->derivative);
    mlp_free(s);
    test->state = NULL;
}

static void flush(struct bench_case *test, bool weights_only)
{
    const struct matmul *s = test->state;
    size_t m = test->shape.m, n = test->shape.n, k = test->shape.k;
    void *weights = NULL;
    if (ok(dnnl_memory_get_data_handle(s->memory[1], &weights)))
        bench_flush(weights, k * n * sizeof(float));
    if (weights_only)
        return;
    bench_flush(bench_operands_a(s->operands, test->transposition), m * k * sizeof(float));
    bench_flush(s->c, m * n * sizeof(float));
    bench_flush(s->bias, n * sizeof(float));
    bench_flush(s->derivative, m * n * sizeof(float));
}

static const struct bench_kind kind = {
    .prepare = prepare,
    .run = run,
    .alone = true,
    .check = check,
    .flush = flush,
    .destroy = destroy,
};

static void add(struct bench_cases *cases, const struct product *product, struct bench_shape shape,
                int threads)
{
    struct mlp_kernels kernels;
    char size[BENCH_SHAPE_SIZE];
    bench_peer_kernels(&kernels);
    bench_shape_text(shape, size);
    struct bench_case *test =
        bench_cases_add(cases, product->name, size, peer.name, &kernels, threads);
    if (!test)
        return;
    bench_set_product(test, BENCH_TRAINER, product->transposition, shape);
    test->kind = &kind;
    test->peer = bench_onednn();
    test->by_default = true;
}

void bench_add_onednn(struct bench_cases *cases, const struct bench_options *options, int threads)
{
    for (size_t p = 0; p < sizeof products / sizeof products[0]; p++) {
        const struct product *product = &products[p];
        for (size_t i = 0; options->shape_count == 0 && i < product->shape_count; i++)
            add(cases, product, product->shapes[i], threads);
        for (size_t i = 0; i < options->shape_count; i++) {
            if (options->shapes[i].transpositions & 1u << product->transposition)
                add(cases, product, options->shapes[i].shape, threads);
        }
    }
}

#else

const struct bench_peer *bench_onednn(void)
{
    return NULL;
}

void bench_add_onednn(struct bench_cases *cases, const struct bench_options *options, int threads)
{
    (void)cases;
    (void)options;
    (void)threads;
}

#endif
