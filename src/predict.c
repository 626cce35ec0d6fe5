/* SPDX-License-Identifier: MIT */
#include "predict.h"

#include "alloc.h"
#include "barrier.h"
#include "claims.h"
#include "data.h"
#include "error.h"
#include "gemm.h"
#include "loss.h"
#include "metrics.h"
#include "model.h"
#include "norm.h"
#include "scaling.h"
#include "select.h"
#include "threads.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* Samples that go through all layers at once, at most. */
enum { BLOCK_ROWS = 96 };

struct mlp_predictor {
    const struct mlp_kernels *kernels;
    const mlp_model *model;
    struct mlp_objective objective;
    int threads;
    size_t rows, stride; /* of a block; the last one may have fewer rows */
    size_t width;        /* floats of one buffer of activations */
    float *buffers;      /* [threads][2][width] */
    float *losses;       /* [count] */
    float *outputs;      /* [count][outputs], for evaluations of target values; else NULL */
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
    mlp_status status = mlp_model_check_usable(model, error);
    if (status != MLP_OK)
        return status;
    const struct mlp_kernels *kernels = mlp_kernels_selected(error);
    if (!kernels)
        return MLP_ERROR_USAGE;
    struct mlp_predictor *p = mlp_alloc(1, sizeof *p);
    if (!p)
        return mlp_fail_memory(error, "prediction");
    size_t widest = model->spec.inputs, outputs = mlp_model_outputs(model);
    for (size_t l = 0; l < model->spec.layer_count; l++)
        widest = model->layers[l].out > widest ? model->layers[l].out : widest;
    size_t rows = block_rows(count, threads);
    *p = (struct mlp_predictor){
        .kernels = kernels,
        .model = model,
        .objective =
            {
                .kernels = kernels,
                .loss = model->spec.loss,
                .huber_delta = model->spec.huber_delta,
                .outputs = outputs,
            },
        .threads = threads,
        .rows = rows,
        .claims = {.units = blocks_of(count, rows), .threads = threads},
    };
    bool values = !mlp_loss_classifies(model->spec.loss);
    p->stride = mlp_panel_stride(p->rows);
    p->width = p->stride * mlp_panels(widest);
    p->buffers = mlp_alloc_uninitialized((size_t)threads * 2, p->width * sizeof *p->buffers);
    p->losses = mlp_alloc_uninitialized(count, sizeof *p->losses);
    if (values)
        p->outputs = mlp_alloc_uninitialized(count, outputs * sizeof *p->outputs);
    p->claims.shares = mlp_alloc((size_t)threads, sizeof *p->claims.shares);
    if (!p->buffers || !p->losses || (values && !p->outputs) || !p->claims.shares) {
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
    mlp_free(p->outputs);
    mlp_free(p->claims.shares);
    mlp_free(p);
}

/* What follows a layer's product where that has no epilogue of its own for it. */
static void normalize(const struct mlp_predictor *p, const struct mlp_layer *layer, size_t rows,
                      float *y)
{
    struct mlp_norm_parameters parameters = {layer->scale, layer->shift};
    size_t panels = mlp_panels(layer->out);
    if (layer->norm == MLP_NORM_LAYER)
        mlp_layernorm_forward(rows, layer->out, &parameters, y, p->stride, NULL, NULL);
    if (layer->norm == MLP_NORM_BATCH)
        mlp_batchnorm_forward(rows, panels, layer->mean, layer->variance, &parameters, y, p->stride,
                              NULL);
    if (layer->activation == MLP_SOFTMAX)
        p->kernels->softmax(rows, layer->out, y, p->stride);
    for (size_t j = 0; j < panels && layer->activation != MLP_SOFTMAX; j++)
        p->kernels->activation_forward(layer->activation, rows * MLP_NR, y + j * p->stride,
                                       y + j * p->stride);
}

/* Panels of plain outputs (logits) of `rows` samples from `first` on; they lie in the first of this
 * thread's buffers or in the second, the other is `*spare`. */
static float *forward(const struct mlp_predictor *p, const mlp_dataset *data, size_t first,
                      size_t rows, float **spare)
{
    float *x = p->buffers + (size_t)omp_get_thread_num() * 2 * p->width, *y = x + p->width;
    mlp_scaling_gather_from(p->kernels, p->model, data, first, rows, x, p->stride);
    for (size_t l = 0; l < p->model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &p->model->layers[l];
        bool fused = layer->norm == MLP_NORM_NONE && layer->activation != MLP_SOFTMAX;
        struct mlp_forward_epilogue epilogue = {
            .bias = layer->bias,
            .activation = fused ? layer->activation : MLP_IDENTITY,
        };
        mlp_forward_product(p->kernels, rows, mlp_panels(layer->out), layer->in, x, p->stride,
                            layer->w, layer->in * MLP_NR, y, p->stride, &epilogue);
        if (!fused)
            normalize(p, layer, rows, y);
        float *swap = x;
        x = y;
        y = swap;
    }
    *spare = y;
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

/* What the model predicts, in place of its plain outputs. */
static void finish_outputs(const struct mlp_predictor *p, size_t rows, float *z)
{
    mlp_loss_predict(&p->objective, rows, z, p->stride);
    mlp_scaling_restore(p->model, rows, z, p->stride);
}

void mlp_team_predict(struct mlp_predictor *p, const mlp_dataset *data, float *outputs)
{
    size_t width = p->objective.outputs, first, rows;
    float *spare;
    while (claim_block(p, data->count, &first, &rows)) {
        float *z = forward(p, data, first, rows, &spare);
        finish_outputs(p, rows, z);
        p->kernels->unpack(rows, width, z, p->stride, outputs + first * width);
    }
    finish(p);
}

/* --- Evaluation ----------------------------------------------------------------- */

/* Losses of a block of samples, whose plain outputs z are used up. */
static void block_losses(struct mlp_predictor *p, const mlp_dataset *data, size_t first,
                         size_t rows, float *z, float *spare)
{
    bool labels = !mlp_model_learns_targets(p->model, data);
    bool by_labels = mlp_loss_by_labels(&p->objective, labels);
    struct mlp_goal goal = {
        .labels = labels ? data->labels + first : NULL,
        .targets = by_labels ? NULL : spare,
        .weights = data->weights ? data->weights + first : NULL,
    };
    for (size_t r = 0; !by_labels && r < rows; r++)
        mlp_scaling_targets(&p->objective, p->model, data, first + r, spare + r * MLP_NR,
                            p->stride);
    mlp_loss_rows(&p->objective, rows, z, z, p->stride, &goal, 1.0f, p->losses + first);
}

/* Thread 0: the sums over all samples. */
static void summarize(const struct mlp_predictor *p, const mlp_dataset *data, bool classes,
                      mlp_evaluation *out)
{
    double loss = 0;
    for (size_t i = 0; i < data->count; i++)
        loss += p->losses[i];
    *out = (mlp_evaluation){
        .loss = loss / (double)data->count,
        .accuracy = classes ? (double)p->correct / (double)data->count : NAN,
        .r2 = p->outputs && data->targets
                  ? mlp_r_squared(p->outputs, data->targets, data->count, p->objective.outputs)
                  : NAN,
        .correct = p->correct,
        .count = data->count,
    };
}

void mlp_team_evaluate(struct mlp_predictor *p, const mlp_dataset *data, mlp_evaluation *out)
{
    size_t width = p->objective.outputs, first, rows, correct = 0;
    float threshold = mlp_loss_threshold(p->objective.loss);
    bool classes = !mlp_model_learns_targets(p->model, data);
    if (omp_get_thread_num() == 0)
        p->correct = 0;
    mlp_barrier_wait(&p->barrier);
    while (claim_block(p, data->count, &first, &rows)) {
        float *spare, *z = forward(p, data, first, rows, &spare);
        for (size_t j = 0; j < mlp_panels(width); j++)
            memcpy(spare + j * p->stride, z + j * p->stride, rows * MLP_NR * sizeof *z);
        finish_outputs(p, rows, spare);
        for (size_t r = 0; classes && r < rows; r++)
            correct += mlp_loss_class(width, threshold, spare + r * MLP_NR, p->stride) ==
                       data->labels[first + r];
        if (p->outputs)
            p->kernels->unpack(rows, width, spare, p->stride, p->outputs + first * width);
        block_losses(p, data, first, rows, z, spare);
    }
#pragma omp atomic
    p->correct += correct;
    finish(p);
    if (omp_get_thread_num() == 0)
        summarize(p, data, classes, out);
    mlp_barrier_wait(&p->barrier);
}

int mlp_predict_threads(size_t count, int threads)
{
    size_t blocks = blocks_of(count, BLOCK_ROWS);
    if (blocks <= 1) /* the default number is read from files: that takes longer than a sample */
        return (int)blocks;
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
                          float *outputs, mlp_error *error)
{
    mlp_status status = check_threads(threads, error);
    if (status != MLP_OK || data->count == 0)
        return status;
    int team = mlp_predict_threads(data->count, threads);
    struct mlp_predictor *predictor;
    status = mlp_predictor_create(model, data->count, team, &predictor, error);
    if (status != MLP_OK)
        return status;
    /* Within a region of the caller's, this thread's number is not 0: it needs a team of its own.
     */
    if (team == 1 && !omp_in_parallel()) {
        mlp_team_predict(predictor, data, outputs);
    } else {
#pragma omp parallel num_threads(team)
        mlp_team_predict(predictor, data, outputs);
    }
    mlp_predictor_destroy(predictor);
    return MLP_OK;
}

mlp_status mlp_model_predict_u8(const mlp_model *model, const uint8_t *x, size_t count, int threads,
                                float *outputs, mlp_error *error)
{
    mlp_dataset data = {.count = count, .features = model->spec.inputs, .u8 = x};
    return predict(model, &data, threads, outputs, error);
}

mlp_status mlp_model_predict_f32(const mlp_model *model, const float *x, size_t count, int threads,
                                 float *outputs, mlp_error *error)
{
    mlp_dataset data = {.count = count, .features = model->spec.inputs, .f32 = x};
    return predict(model, &data, threads, outputs, error);
}

mlp_status mlp_model_predict(const mlp_model *model, const mlp_dataset *data, int threads,
                             float *outputs, mlp_error *error)
{
    if (data->features != model->spec.inputs)
        return mlp_fail(error, MLP_ERROR_DATA, "the data have %zu features, the model takes %zu",
                        data->features, model->spec.inputs);
    return predict(model, data, threads, outputs, error);
}

size_t mlp_model_class(const mlp_model *model, const float *outputs)
{
    size_t width = mlp_model_outputs(model), best = 0;
    if (width == 1)
        return outputs[0] >= mlp_loss_threshold(model->spec.loss);
    for (size_t c = 1; c < width; c++) {
        if (outputs[c] > outputs[best])
            best = c;
    }
    return best;
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
