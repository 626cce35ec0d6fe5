/* SPDX-License-Identifier: MIT */
#include "loss.h"

#include "panels.h"

#include <math.h>
#include <string.h>

/* Rows that go through a loss at a time: what they need besides fits on the stack. */
enum { ROWS = 16, BLOCK = ROWS * MLP_NR };

bool mlp_loss_by_labels(const struct mlp_objective *objective, bool has_labels)
{
    return has_labels && objective->loss == MLP_CROSS_ENTROPY && objective->smoothing == 0;
}

/* --- Rows of panels ------------------------------------------------------------- */

/* A group of rows. */
struct group {
    const struct mlp_objective *objective;
    size_t rows, stride, panels;
    const float *z, *t;
    float *delta;
};

static inline size_t lanes_of(const struct group *g, size_t p)
{
    return mlp_panel_lanes(g->objective->outputs, p);
}

/* The sums of rows of 16 lanes. */
static void sum_rows(size_t rows, float *lanes, float *sums)
{
    for (size_t r = 0; r < rows; r++)
        sums[r] = mlp_sum_lanes(lanes + r * MLP_NR);
}

/* Writes the loss terms of n = rows * 16 outputs into e and their derivatives into d; z may be d.
 */
static void terms_of(const struct mlp_objective *o, size_t n, const float *z, const float *t,
                     float *e, float *d)
{
    float kept[BLOCK];
    memcpy(kept, z, n * sizeof *z);
    switch (o->loss) {
    case MLP_BINARY_CROSS_ENTROPY: /* softplus(z) - t z, whose derivative is sigmoid(z) - t */
        o->kernels->activation_slope(MLP_SOFTPLUS, n, kept, e, d);
        for (size_t i = 0; i < n; i++) {
            e[i] -= t[i] * kept[i];
            d[i] -= t[i];
        }
        break;
    case MLP_POISSON:
        o->kernels->exp(n, kept, d);
        for (size_t i = 0; i < n; i++) {
            e[i] = d[i] - t[i] * kept[i];
            d[i] -= t[i];
        }
        break;
    case MLP_MAE:
        for (size_t i = 0; i < n; i++) {
            float error = kept[i] - t[i];
            float sign = error > 0 ? 1.0f : error;
            e[i] = fabsf(error);
            d[i] = error < 0 ? -1.0f : sign;
        }
        break;
    case MLP_HUBER:
        for (size_t i = 0; i < n; i++) {
            float error = kept[i] - t[i], size = fabsf(error), delta = o->huber_delta;
            float low = error < -delta ? -delta : error;
            float cut = low > delta ? delta : low;
            e[i] = size < delta ? 0.5f * error * error : delta * (size - 0.5f * delta);
            d[i] = cut;
        }
        break;
    case MLP_HINGE: /* a NaN is not <= 0 */
        for (size_t i = 0; i < n; i++) {
            float sign = t[i] > 0.5f ? 1.0f : -1.0f;
            float room = 1.0f - sign * kept[i];
            e[i] = room <= 0 ? 0.0f : room;
            d[i] = room <= 0 ? 0.0f : -sign;
        }
        break;
    case MLP_PERCEPTRON:
        for (size_t i = 0; i < n; i++) {
            float y = kept[i] >= 0 ? 1.0f : 0.0f * kept[i];
            d[i] = y - t[i];
            e[i] = fabsf(d[i]);
        }
        break;
    case MLP_CROSS_ENTROPY: /* which is not made of terms */
    case MLP_MSE:
        for (size_t i = 0; i < n; i++) {
            float error = kept[i] - t[i];
            e[i] = error * error;
            d[i] = 2.0f * error;
        }
        break;
    }
}

/* Losses that are means of a term of each output. */
static void elementwise(const struct group *g, const float *scale, float *loss)
{
    float lanes[BLOCK] = {0}, e[BLOCK];
    float outputs = (float)g->objective->outputs;
    for (size_t p = 0; p < g->panels; p++) {
        size_t used = lanes_of(g, p), at = p * g->stride;
        float *d = g->delta + at;
        terms_of(g->objective, g->rows * MLP_NR, g->z + at, g->t + at, e, d);
        for (size_t r = 0; r < g->rows; r++) {
            for (size_t l = 0; l < MLP_NR; l++) {
                size_t i = r * MLP_NR + l;
                lanes[i] += l < used ? e[i] : 0.0f;
                d[i] = l < used ? d[i] * (scale[r] / outputs) : 0.0f;
            }
        }
    }
    sum_rows(g->rows, lanes, loss);
    for (size_t r = 0; r < g->rows; r++)
        loss[r] /= outputs;
}

/* Softmax cross-entropy with any targets t: with the largest logit m, s = sum exp(z - m) and T =
 * sum t the loss is T log s - sum t (z - m); log s is -log of the largest probability. */
static void dense_xent(const struct group *g, const float *scale, float *loss)
{
    const struct mlp_objective *o = g->objective;
    float total[BLOCK] = {0}, along[BLOCK] = {0}, largest[ROWS], most[ROWS], sums[ROWS];
    for (size_t r = 0; r < g->rows; r++) {
        largest[r] = -INFINITY;
        for (size_t c = 0; c < o->outputs; c++) {
            float z = g->z[c / MLP_NR * g->stride + r * MLP_NR + c % MLP_NR];
            largest[r] = z > largest[r] ? z : largest[r];
        }
    }
    for (size_t p = 0; p < g->panels; p++) {
        for (size_t r = 0; r < g->rows; r++) {
            for (size_t l = 0; l < lanes_of(g, p); l++) {
                size_t i = r * MLP_NR + l, at = p * g->stride + i;
                total[i] += g->t[at];
                along[i] += g->t[at] * (g->z[at] - largest[r]);
            }
        }
    }
    sum_rows(g->rows, total, sums);
    sum_rows(g->rows, along, loss);
    for (size_t p = 0; p < g->panels && g->delta != g->z; p++)
        memcpy(g->delta + p * g->stride, g->z + p * g->stride, g->rows * MLP_NR * sizeof(float));
    o->kernels->softmax(g->rows, o->outputs, g->delta, g->stride);
    for (size_t r = 0; r < g->rows; r++) {
        most[r] = 0;
        for (size_t c = 0; c < o->outputs; c++) {
            float p = g->delta[c / MLP_NR * g->stride + r * MLP_NR + c % MLP_NR];
            most[r] = p <= most[r] ? most[r] : p; /* a NaN is taken */
        }
    }
    o->kernels->log(g->rows, most, most);
    for (size_t r = 0; r < g->rows; r++)
        loss[r] = -(sums[r] * most[r] + loss[r]);
    for (size_t p = 0; p < g->panels; p++) {
        for (size_t r = 0; r < g->rows; r++) {
            float *d = g->delta + p * g->stride + r * MLP_NR;
            const float *t = g->t + p * g->stride + r * MLP_NR;
            for (size_t l = 0; l < MLP_NR; l++)
                d[l] = l < lanes_of(g, p) ? (d[l] * sums[r] - t[l]) * scale[r] : 0.0f;
        }
    }
}

/* The fused kernel, and weights where there are any. */
static void xent_by_labels(const struct mlp_objective *o, size_t rows, float *z, size_t stride,
                           const struct mlp_goal *goal, float scale, float *loss)
{
    o->kernels->softmax_xent(rows, o->outputs, z, stride, goal->labels, scale, loss);
    for (size_t r = 0; goal->weights && r < rows; r++) {
        float weight = goal->weights[r];
        loss[r] *= weight;
        for (size_t at = 0; at < mlp_panels(o->outputs) * stride; at += stride) {
            for (size_t l = 0; l < MLP_NR; l++)
                z[at + r * MLP_NR + l] *= weight;
        }
    }
}

void mlp_loss_rows(const struct mlp_objective *objective, size_t rows, const float *z, float *delta,
                   size_t stride, const struct mlp_goal *goal, float scale, float *loss)
{
    size_t panels = mlp_panels(objective->outputs);
    if (!goal->targets) {
        for (size_t p = 0; p < panels && delta != z; p++)
            memcpy(delta + p * stride, z + p * stride, rows * MLP_NR * sizeof *z);
        xent_by_labels(objective, rows, delta, stride, goal, scale, loss);
        return;
    }
    for (size_t first = 0; first < rows; first += ROWS) {
        size_t at = first * MLP_NR;
        struct group g = {
            .objective = objective,
            .rows = rows - first < ROWS ? rows - first : ROWS,
            .stride = stride,
            .panels = panels,
            .z = z + at,
            .t = goal->targets + at,
            .delta = delta + at,
        };
        const float *weights = goal->weights ? goal->weights + first : NULL;
        float scales[ROWS];
        for (size_t r = 0; r < g.rows; r++)
            scales[r] = weights ? scale * weights[r] : scale;
        if (objective->loss == MLP_CROSS_ENTROPY)
            dense_xent(&g, scales, loss + first);
        else
            elementwise(&g, scales, loss + first);
        for (size_t r = 0; weights && r < g.rows; r++)
            loss[first + r] *= weights[r];
    }
}

/* --- Predictions ---------------------------------------------------------------- */

void mlp_loss_predict(const struct mlp_objective *objective, size_t rows, float *z, size_t stride)
{
    const struct mlp_kernels *kernels = objective->kernels;
    size_t n = rows * MLP_NR, panels = mlp_panels(objective->outputs);
    if (objective->loss == MLP_CROSS_ENTROPY)
        kernels->softmax(rows, objective->outputs, z, stride);
    for (size_t p = 0; p < panels; p++) {
        float *panel = z + p * stride;
        if (objective->loss == MLP_BINARY_CROSS_ENTROPY)
            kernels->activation_forward(MLP_SIGMOID, n, panel, panel);
        else if (objective->loss == MLP_PERCEPTRON && objective->outputs == 1)
            kernels->activation_forward(MLP_STEP, n, panel, panel);
        else if (objective->loss == MLP_POISSON)
            kernels->exp(n, panel, panel);
    }
}

float mlp_loss_plain_threshold(mlp_loss loss)
{
    if (loss == MLP_POISSON)
        return -0x1.62e43p-1f; /* ln 1/2 */
    return mlp_loss_classifies(loss) ? 0.0f : 0.5f;
}

float mlp_loss_threshold(mlp_loss loss)
{
    return loss == MLP_HINGE ? 0.0f : 0.5f;
}

size_t mlp_loss_class(size_t outputs, float threshold, const float *z, size_t stride)
{
    if (outputs == 1)
        return isnan(z[0]) ? 2 : z[0] >= threshold;
    size_t best = 0;
    float most = z[0];
    for (size_t c = 0; c < outputs; c++) {
        float value = z[c / MLP_NR * stride + c % MLP_NR];
        if (isnan(value))
            return outputs;
        if (value > most) {
            most = value;
            best = c;
        }
    }
    return best;
}
