/* SPDX-License-Identifier: MIT */
/* The part of a step that is about rows of the minibatch: gather, forward, loss, deltas. */
#include "trainer.h"

#include "data.h"
#include "norm.h"
#include "random.h"
#include "scaling.h"

#include <math.h>
#include <string.h>

enum { DROP_ROWS = 32 }; /* whose factors are drawn at a time */

bool mlp_rows_whole(const struct layer_state *layer)
{
    return layer->layer->norm == MLP_NORM_LAYER || layer->layer->activation == MLP_SOFTMAX;
}

/* Looks at rows of panels that a gradient will be made of. */
static void watch(struct mlp_trainer *t, const struct step *step, const float *x, size_t row,
                  size_t rows, size_t panel, size_t panels)
{
    bool below = true;
    for (size_t p = panel; p < panel + panels; p++)
        below &= t->kernels->all_below(rows * MLP_NR, t->limit, x + p * t->stride + row * MLP_NR);
    if (!below)
        atomic_store_explicit(&t->above[step->count & 1], true, memory_order_relaxed);
}

/* --- Gather --------------------------------------------------------------------- */

static void gather_weights(const struct mlp_trainer *t, const uint32_t *index, size_t row,
                           size_t rows)
{
    for (size_t r = 0; r < rows; r++) {
        float weight = t->data->weights ? t->data->weights[index[r]] : 1.0f;
        if (t->class_weights)
            weight *= t->class_weights[t->data->labels[index[r]]];
        t->weights[row + r] = weight;
    }
}

void mlp_rows_gather(struct mlp_trainer *t, const struct step *step, size_t row, size_t rows)
{
    const uint32_t *index = t->permutation + step->first + row;
    mlp_scaling_gather(t->kernels, t->model, t->data, index, rows, t->inputs + row * MLP_NR,
                       t->stride);
    if (t->model->input_mean) /* others have been looked at once and for all */
        watch(t, step, t->inputs, row, rows, 0, mlp_panels(t->layers[0].in));
    for (size_t r = 0; t->labels && r < rows; r++)
        t->labels[row + r] = t->data->labels[index[r]];
    for (size_t r = 0; t->targets && r < rows; r++)
        mlp_scaling_targets(&t->objective, t->model, t->data, index[r],
                            t->targets + (row + r) * MLP_NR, t->stride);
    if (t->weights)
        gather_weights(t, index, row, rows);
}

/* --- Forward -------------------------------------------------------------------- */

static struct mlp_dropout dropout_of(const struct mlp_trainer *t, const struct step *step, size_t l)
{
    return (struct mlp_dropout){
        .seed = t->options.seed,
        .step = step->count,
        .layer = (uint32_t)l,
        .panels = mlp_panels(t->layers[l].out),
        .rate = t->layers[l].layer->dropout,
    };
}

/* Multiplies y, and what its derivative is made of, by dropout's factors. */
static void drop(const struct mlp_trainer *t, const struct step *step, size_t l, size_t row,
                 size_t rows, size_t panel, size_t panels)
{
    const struct layer_state *layer = &t->layers[l];
    const struct mlp_dropout dropout = dropout_of(t, step, l);
    bool softmax = layer->layer->activation == MLP_SOFTMAX;
    for (size_t p = panel; p < panel + panels; p++) {
        for (size_t r = row; r < row + rows; r += DROP_ROWS) {
            float factors[DROP_ROWS * MLP_NR];
            size_t count = mlp_min_size(DROP_ROWS, row + rows - r), at = p * t->stride + r * MLP_NR;
            float *y = layer->y + at, *slope = layer->slope + at;
            mlp_random_dropout(&dropout, r, count, p, factors);
            if (softmax) /* the way back draws the factors again */
                memcpy(slope, y, count * MLP_NR * sizeof *y);
            for (size_t i = 0; i < count * MLP_NR && !softmax; i++)
                slope[i] *= factors[i];
            for (size_t i = 0; i < count * MLP_NR; i++)
                y[i] *= factors[i];
        }
    }
}

/* The activation of a tile of y, which a plain product's epilogue has done already, and dropout. */
static void activate(struct mlp_trainer *t, const struct step *step, size_t l, size_t row,
                     size_t rows, size_t panel, size_t panels)
{
    const struct layer_state *layer = &t->layers[l];
    enum mlp_activation activation = layer->layer->activation;
    size_t n = rows * MLP_NR;
    if (activation == MLP_SOFTMAX)
        t->kernels->softmax(rows, layer->out, layer->y + row * MLP_NR, t->stride);
    for (size_t p = panel; p < panel + panels && activation != MLP_SOFTMAX; p++) {
        size_t at = p * t->stride + row * MLP_NR;
        float *y = layer->y + at;
        if (layer->slope)
            t->kernels->activation_slope(activation, n, y, y, layer->slope + at);
        else
            t->kernels->activation_forward(activation, n, y, y);
    }
    if (layer->layer->dropout > 0)
        drop(t, step, l, row, rows, panel, panels);
}

void mlp_rows_forward(struct mlp_trainer *t, const struct step *step, size_t l, size_t row,
                      size_t rows, size_t panel, size_t panels)
{
    struct layer_state *layer = &t->layers[l];
    const struct mlp_layer *m = layer->layer;
    size_t at = panel * t->stride + row * MLP_NR, w_stride = layer->in * MLP_NR;
    bool fused = m->norm == MLP_NORM_NONE && m->activation != MLP_SOFTMAX;
    struct mlp_forward_epilogue epilogue = {
        .bias = m->bias + panel * MLP_NR,
        .activation = fused ? m->activation : MLP_IDENTITY,
        .slope = fused && layer->slope ? layer->slope + at : NULL,
        .slope_stride = t->stride,
    };
    mlp_forward_product(t->kernels, rows, panels, layer->in, layer->x + row * MLP_NR, t->stride,
                        m->w + panel * w_stride, w_stride, layer->y + at, t->stride, &epilogue);
    if (m->norm == MLP_NORM_BATCH) {
        size_t column = panel * MLP_NR;
        struct mlp_norm_parameters p = {m->scale + column, m->shift + column};
        mlp_batchnorm_statistics(rows, panels, layer->y + at, t->stride, layer->mean + column,
                                 layer->variance + column);
        mlp_batchnorm_forward(rows, panels, layer->mean + column, layer->variance + column, &p,
                              layer->y + at, t->stride, layer->xhat + at);
        activate(t, step, l, row, rows, panel, panels);
    } else if (fused && m->dropout > 0) {
        drop(t, step, l, row, rows, panel, panels);
    }
    if (!mlp_rows_whole(layer))
        watch(t, step, layer->y, row, rows, panel, panels);
}

void mlp_rows_finish_forward(struct mlp_trainer *t, const struct step *step, size_t l, size_t row,
                             size_t rows)
{
    struct layer_state *layer = &t->layers[l];
    const struct mlp_layer *m = layer->layer;
    size_t panels = mlp_panels(layer->out), at = row * MLP_NR;
    if (m->norm == MLP_NORM_LAYER) {
        struct mlp_norm_parameters p = {m->scale, m->shift};
        mlp_layernorm_forward(rows, layer->out, &p, layer->y + at, t->stride, layer->xhat + at,
                              layer->inverse + row);
    }
    activate(t, step, l, row, rows, 0, panels);
    watch(t, step, layer->y, row, rows, 0, panels);
}

/* --- Back ----------------------------------------------------------------------- */

/* delta = y * (delta - sum(delta * y)): through a softmax whose outputs are y, the sum in 16 lanes
 * and a tree. With dropout y's and delta's factors come in between. */
static void softmax_back(const struct mlp_trainer *t, const struct step *step, size_t l, size_t row,
                         size_t rows)
{
    const struct layer_state *layer = &t->layers[l];
    size_t panels = mlp_panels(layer->out);
    const struct mlp_dropout dropout = dropout_of(t, step, l);
    bool drops = dropout.rate > 0;
    const float *y = drops ? layer->slope : layer->y;
    for (size_t r = row; r < row + rows; r++) {
        float sum[MLP_NR] = {0};
        for (size_t p = 0; p < panels; p++) {
            float *d = layer->delta + p * t->stride + r * MLP_NR;
            const float *yp = y + p * t->stride + r * MLP_NR;
            float factors[MLP_NR];
            if (drops)
                mlp_random_dropout(&dropout, r, 1, p, factors);
            for (size_t u = 0; u < MLP_NR; u++) {
                d[u] = drops ? d[u] * factors[u] : d[u];
                sum[u] += p * MLP_NR + u < layer->out ? d[u] * yp[u] : 0.0f;
            }
        }
        float total = mlp_sum_lanes(sum);
        for (size_t p = 0; p < panels; p++) {
            float *d = layer->delta + p * t->stride + r * MLP_NR;
            const float *yp = y + p * t->stride + r * MLP_NR;
            for (size_t u = 0; u < MLP_NR; u++)
                d[u] = p * MLP_NR + u < layer->out ? yp[u] * (d[u] - total) : 0.0f;
        }
    }
}

/* The last layer's delta through its activation; most losses have none. */
static void last_back(struct mlp_trainer *t, const struct step *step, size_t row, size_t rows)
{
    struct layer_state *last = &t->layers[t->layer_count - 1];
    if (last->layer->activation == MLP_SOFTMAX) {
        softmax_back(t, step, t->layer_count - 1, row, rows);
        return;
    }
    for (size_t p = 0; last->slope && p < mlp_panels(last->out); p++) {
        float *d = last->delta + p * t->stride + row * MLP_NR;
        const float *slope = last->slope + p * t->stride + row * MLP_NR;
        size_t used = mlp_panel_lanes(last->out, p);
        for (size_t i = 0; i < rows * MLP_NR; i++)
            d[i] = i % MLP_NR < used ? d[i] * slope[i] : 0.0f;
    }
}

void mlp_rows_loss(struct mlp_trainer *t, const struct step *step, size_t row, size_t rows)
{
    const struct layer_state *last = &t->layers[t->layer_count - 1];
    size_t at = row * MLP_NR;
    struct mlp_goal goal = {
        .labels = t->labels ? t->labels + row : NULL,
        .targets = t->targets ? t->targets + at : NULL,
        .weights = t->weights ? t->weights + row : NULL,
    };
    float threshold = mlp_loss_plain_threshold(t->objective.loss);
    for (size_t r = row; t->hits && r < row + rows; r++)
        t->hits[r] =
            mlp_loss_class(last->out, threshold, last->y + r * MLP_NR, t->stride) == t->labels[r];
    mlp_loss_rows(&t->objective, rows, last->y + at, last->delta + at, t->stride, &goal,
                  1.0f / (float)step->rows, t->losses + row);
    last_back(t, step, row, rows);
    watch(t, step, last->delta, row, rows, 0, mlp_panels(last->out));
    if (!t->kernels->all_below(rows, INFINITY, t->losses + row))
        atomic_store_explicit(&t->above[step->count & 1], true, memory_order_relaxed);
}

void mlp_rows_dx(struct mlp_trainer *t, const struct step *step, size_t l, size_t row, size_t rows,
                 size_t panel, size_t panels)
{
    const struct layer_state *layer = &t->layers[l], *before = &t->layers[l - 1];
    const struct mlp_layer *m = before->layer;
    size_t at = panel * t->stride + row * MLP_NR, wt_stride = layer->out * MLP_NR;
    bool by_slope = before->slope && m->activation != MLP_SOFTMAX;
    struct mlp_dx_epilogue epilogue = {
        .y = (by_slope ? before->slope : before->y) + at,
        .y_stride = t->stride,
        .activation = m->activation == MLP_SOFTMAX ? MLP_IDENTITY : m->activation,
        .by_slope = by_slope,
    };
    mlp_dx_product(t->kernels, rows, panels, layer->out, layer->dz + row * MLP_NR, t->stride,
                   layer->wt + panel * wt_stride, wt_stride, before->delta + at, t->stride,
                   &epilogue);
    if (m->norm == MLP_NORM_BATCH)
        mlp_batchnorm_backward(rows, panels, m->scale + panel * MLP_NR,
                               before->variance + panel * MLP_NR, before->xhat + at,
                               before->delta + at, before->dz + at, t->stride);
    if (m->norm != MLP_NORM_NONE) /* what scales learn from */
        watch(t, step, before->delta, row, rows, panel, panels);
    if (!mlp_rows_whole(before))
        watch(t, step, before->dz, row, rows, panel, panels);
}

void mlp_rows_finish_dx(struct mlp_trainer *t, const struct step *step, size_t l, size_t row,
                        size_t rows)
{
    const struct layer_state *before = &t->layers[l - 1];
    size_t at = row * MLP_NR;
    if (before->layer->activation == MLP_SOFTMAX)
        softmax_back(t, step, l - 1, row, rows);
    if (before->layer->norm == MLP_NORM_LAYER)
        mlp_layernorm_backward(rows, before->out, before->layer->scale, before->xhat + at,
                               before->inverse + row, before->delta + at, before->dz + at,
                               t->stride);
    watch(t, step, before->dz, row, rows, 0, mlp_panels(before->out));
}
