/* SPDX-License-Identifier: MIT */
#include "predict.h"

#include "alloc.h"
#include "barrier.h"
#include "claims.h"
#include "data.h"
#include "error.h"
#include "gemm.h"
#include "model.h"
#include "select.h"
#include "threads.h"

#include <omp.h>

/* Samples that go through all layers at once, at most. */
enum { BLOCK_ROWS = 96 };

struct mlp_predictor {
    const struct mlp_kernels *kernels;
    const mlp_model *model;
    int threads;
    size_t rows, stride; /* of a block; the last one may have fewer rows */
    size_t width;        /* floats of one buffer of activations */
    float *buffers;      /* [threads][2][width] */
    float *losses;       /* [count] */
    size_t correct;
    struct mlp_claims claims;
    struct mlp_barrier barrier;
};

static size_t blocks_of(size_t count, size_t rows)
{
    return (count + rows - 1) / rows;
}

/* Rows of a block: as many blocks for every thread, so that none waits long for
 * the others. */
static size_t block_rows(size_t count, int threads)
{
    size_t team = (size_t)threads;
    size_t rounds = blocks_of(blocks_of(count, BLOCK_ROWS), team);
    return rounds > 0 ? blocks_of(count, rounds * team) : 1;
}

mlp_status mlp_predictor_create(const mlp_model *model, size_t count, int threads,
                                struct mlp_predictor **out, mlp_error *error)
{
    *out = NULL;
    const struct mlp_kernels *kernels = mlp_kernels_selected(error);
    if (!kernels)
        return MLP_ERROR_USAGE;
    struct mlp_predictor *p = mlp_alloc(1, sizeof *p);
    if (!p)
        return mlp_fail_memory(error, "prediction");
    size_t widest = 0;
    for (size_t i = 0; i <= model->spec.layer_count; i++)
        widest = model->widths[i] > widest ? model->widths[i] : widest;
    size_t rows = block_rows(count, threads);
    *p = (struct mlp_predictor){
        .kernels = kernels,
        .model = model,
        .threads = threads,
        .rows = rows,
        .claims = {.units = blocks_of(count, rows), .threads = threads},
    };
    p->stride = mlp_panel_stride(p->rows);
    p->width = p->stride * mlp_panels(widest);
    p->buffers = mlp_alloc_uninitialized((size_t)threads * 2, p->width * sizeof *p->buffers);
    p->losses = mlp_alloc_uninitialized(count, sizeof *p->losses);
    p->claims.shares = mlp_alloc((size_t)threads, sizeof *p->claims.shares);
    if (!p->buffers || !p->losses || !p->claims.shares) {
        mlp_predictor_destroy(p);
        return mlp_fail_memory(error, "prediction");
    }
    mlp_claims_divide(&p->claims, NULL, NULL);
    *out = p;
    return MLP_OK;
}

void mlp_predictor_destroy(struct mlp_predictor *p)
{
    if (!p)
        return;
    mlp_free(p->buffers);
    mlp_free(p->losses);
    mlp_free(p->claims.shares);
    mlp_free(p);
}

/* Panels of logits of `rows` samples from `first` on; they lie in a buffer of
 * this thread. */
static float *forward(const struct mlp_predictor *p, const mlp_dataset *data, size_t first,
                      size_t rows)
{
    float *x = p->buffers + (size_t)omp_get_thread_num() * 2 * p->width, *y = x + p->width;
    size_t at = first * data->features;
    if (data->u8)
        p->kernels->gather_u8(rows, data->features, data->u8 + at, NULL, x, p->stride);
    else
        p->kernels->gather_f32(rows, data->features, data->f32 + at, data->features, NULL, x,
                               p->stride);
    for (size_t l = 0; l < p->model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &p->model->layers[l];
        struct mlp_forward_epilogue epilogue = {layer->bias, layer->activation};
        mlp_forward_product(p->kernels, rows, mlp_panels(layer->out), layer->in, x, p->stride,
                            layer->w, layer->in * MLP_NR, y, p->stride, &epilogue);
        float *swap = x;
        x = y;
        y = swap;
    }
    return x;
}

/* The next block of samples; false where none is left. */
static bool claim_block(struct mlp_predictor *p, size_t count, size_t *first, size_t *rows)
{
    size_t block;
    if (!mlp_claim(&p->claims, omp_get_thread_num(), &block))
        return false;
    *first = block * p->rows;
    *rows = count - *first < p->rows ? count - *first : p->rows;
    return true;
}

/* Ends a team function: its claims are ready for the next one. */
static void finish(struct mlp_predictor *p)
{
    mlp_barrier_wait(&p->barrier);
    if (omp_get_thread_num() == 0)
        mlp_claims_reset(&p->claims);
    mlp_barrier_wait(&p->barrier);
}

void mlp_team_predict(struct mlp_predictor *p, const mlp_dataset *data, float *probabilities)
{
    size_t classes = p->model->widths[p->model->spec.layer_count];
    size_t first, rows;
    while (claim_block(p, data->count, &first, &rows)) {
        float *z = forward(p, data, first, rows);
        p->kernels->softmax(rows, classes, z, p->stride);
        p->kernels->unpack(rows, classes, z, p->stride, probabilities + first * classes);
    }
    finish(p);
}

/* Whether the largest of a row of logits, the first on a tie, is `label`. */
static bool is_correct(const float *z, size_t stride, size_t row, size_t classes, size_t label)
{
    size_t best = 0;
    float most = z[row * MLP_NR];
    for (size_t c = 0; c < classes; c++) {
        float value = z[c / MLP_NR * stride + row * MLP_NR + c % MLP_NR];
        if (value != value)
            return false;
        if (value > most) {
            most = value;
            best = c;
        }
    }
    return best == label;
}

void mlp_team_evaluate(struct mlp_predictor *p, const mlp_dataset *data, mlp_evaluation *out)
{
    size_t classes = p->model->widths[p->model->spec.layer_count];
    size_t first, rows, correct = 0;
    if (omp_get_thread_num() == 0)
        p->correct = 0;
    mlp_barrier_wait(&p->barrier);
    while (claim_block(p, data->count, &first, &rows)) {
        float *z = forward(p, data, first, rows);
        const uint8_t *labels = data->labels + first;
        for (size_t r = 0; r < rows; r++)
            correct += is_correct(z, p->stride, r, classes, labels[r]);
        p->kernels->softmax_xent(rows, classes, z, p->stride, labels, 1.0f, p->losses + first);
    }
#pragma omp atomic
    p->correct += correct;
    finish(p);
    if (omp_get_thread_num() == 0) {
        double loss = 0;
        for (size_t i = 0; i < data->count; i++)
            loss += p->losses[i];
        *out = (mlp_evaluation){
            .accuracy = (double)p->correct / (double)data->count,
            .loss = loss / (double)data->count,
            .correct = p->correct,
            .count = data->count,
        };
    }
    mlp_barrier_wait(&p->barrier);
}

int mlp_predict_threads(size_t count, int threads)
{
    size_t blocks = blocks_of(count, BLOCK_ROWS);
    int wanted = mlp_threads_or_default(threads);
    return (size_t)wanted > blocks ? (int)blocks : wanted;
}

static mlp_status check_threads(int threads, mlp_error *error)
{
    if (threads < 0 || threads > MLP_MAX_THREADS)
        return mlp_fail(error, MLP_ERROR_USAGE, "%d threads, expected 0 to %d", threads,
                        MLP_MAX_THREADS);
    return MLP_OK;
}

static mlp_status predict(const mlp_model *model, const mlp_dataset *data, int threads,
                          float *probabilities, mlp_error *error)
{
    mlp_status status = check_threads(threads, error);
    if (status != MLP_OK || data->count == 0)
        return status;
    int team = mlp_predict_threads(data->count, threads);
    struct mlp_predictor *predictor;
    status = mlp_predictor_create(model, data->count, team, &predictor, error);
    if (status != MLP_OK)
        return status;
    if (team == 1) {
        mlp_team_predict(predictor, data, probabilities);
    } else {
#pragma omp parallel num_threads(team)
        mlp_team_predict(predictor, data, probabilities);
    }
    mlp_predictor_destroy(predictor);
    return MLP_OK;
}

mlp_status mlp_model_predict_u8(const mlp_model *model, const uint8_t *x, size_t count, int threads,
                                float *probabilities, mlp_error *error)
{
    mlp_dataset data = {.count = count, .features = model->widths[0], .u8 = x};
    return predict(model, &data, threads, probabilities, error);
}

mlp_status mlp_model_predict_f32(const mlp_model *model, const float *x, size_t count, int threads,
                                 float *probabilities, mlp_error *error)
{
    mlp_dataset data = {.count = count, .features = model->widths[0], .f32 = x};
    return predict(model, &data, threads, probabilities, error);
}

mlp_status mlp_model_check_data(const mlp_model *model, const mlp_dataset *data, mlp_error *error)
{
    size_t in = model->widths[0], classes = model->widths[model->spec.layer_count];
    if (data->features != in)
        return mlp_fail(error, MLP_ERROR_DATA, "the data have %zu features, the model takes %zu",
                        data->features, in);
    if (data->classes > classes)
        return mlp_fail(error, MLP_ERROR_DATA, "the data have %zu classes, the model has %zu",
                        data->classes, classes);
    return MLP_OK;
}

mlp_status mlp_model_evaluate(const mlp_model *model, const mlp_dataset *data, int threads,
                              mlp_evaluation *out, mlp_error *error)
{
    mlp_status status = check_threads(threads, error);
    if (status == MLP_OK)
        status = mlp_model_check_data(model, data, error);
    if (status != MLP_OK)
        return status;
    int team = mlp_predict_threads(data->count, threads);
    struct mlp_predictor *predictor;
    status = mlp_predictor_create(model, data->count, team, &predictor, error);
    if (status != MLP_OK)
        return status;
#pragma omp parallel num_threads(team)
    mlp_team_evaluate(predictor, data, out);
    mlp_predictor_destroy(predictor);
    return MLP_OK;
}
