/* SPDX-License-Identifier: MIT */
#include "fma.h"
#include "kernels.h"

#include <assert.h>
#include <float.h>

/* NaN is not below and stays. */
static float flush(float x, float least)
{
    return fabsf(x) < least ? 0.0f : x;
}

/* SGD with momentum; `ahead` looks one step further along it (Nesterov). */
static void update_momentum(size_t n, const struct mlp_update *update, bool ahead, const float *g,
                            float *w, float *m)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = flush(mlp_fma(update->beta1, m[i], g[i]), FLT_MIN);
        float step = ahead ? mlp_fma(update->beta1, m[i], g[i]) : m[i];
        w[i] = mlp_fma(-update->rate, step, w[i]);
    }
}

/* What RMSProp, Adagrad and Adam divide by. */
static float root(const struct mlp_update *update, float x)
{
    return sqrtf(x) + update->epsilon;
}

static void update_rmsprop(size_t n, const struct mlp_update *update, const float *g, float *w,
                           float *m)
{
    for (size_t i = 0; i < n; i++) {
        float gi = flush(g[i], MLP_ADAM_LEAST_GRADIENT);
        m[i] = flush(mlp_fma(update->rest2, mlp_fma(gi, gi, -m[i]), m[i]), FLT_MIN);
        w[i] = mlp_fma(-update->rate, gi / root(update, m[i]), w[i]);
    }
}

static void update_adagrad(size_t n, const struct mlp_update *update, const float *g, float *w,
                           float *m)
{
    for (size_t i = 0; i < n; i++) {
        float gi = flush(g[i], MLP_ADAM_LEAST_GRADIENT);
        m[i] = mlp_fma(gi, gi, m[i]);
        w[i] = mlp_fma(-update->rate, gi / root(update, m[i]), w[i]);
    }
}

static void update_adam(size_t n, const struct mlp_update *update, bool decays, const float *g,
                        float *w, float *m, float *v)
{
    for (size_t i = 0; i < n; i++) {
        float gi = flush(g[i], MLP_ADAM_LEAST_GRADIENT);
        m[i] = flush(mlp_fma(update->rest1, gi - m[i], m[i]), FLT_MIN);
        v[i] = flush(mlp_fma(update->rest2, mlp_fma(gi, gi, -v[i]), v[i]), FLT_MIN);
        float kept = decays ? update->keep * w[i] : w[i];
        w[i] = mlp_fma(-update->rate, m[i] / root(update, v[i]), kept);
    }
}

/* Zeros of both signs and NaN stay. */
static float sign(float x)
{
    return x > 0 ? 1.0f : x < 0 ? -1.0f : x;
}

static void update_lion(size_t n, const struct mlp_update *update, const float *g, float *w,
                        float *m)
{
    for (size_t i = 0; i < n; i++) {
        float difference = g[i] - m[i];
        float step = sign(mlp_fma(update->rest1, difference, m[i]));
        m[i] = flush(mlp_fma(update->rest2, difference, m[i]), FLT_MIN);
        w[i] = mlp_fma(-update->rate, step, update->keep * w[i]);
    }
}

void mlp_update_c(size_t n, const struct mlp_update *update, const float *g, float *w, float *m,
                  float *v)
{
    assert(n > 0 && n % MLP_NR == 0);
    switch (update->optimizer) {
    case MLP_SGD:
        for (size_t i = 0; i < n; i++)
            w[i] = mlp_fma(-update->rate, g[i], w[i]);
        break;
    case MLP_MOMENTUM:
        update_momentum(n, update, false, g, w, m);
        break;
    case MLP_NESTEROV:
        update_momentum(n, update, true, g, w, m);
        break;
    case MLP_RMSPROP:
        update_rmsprop(n, update, g, w, m);
        break;
    case MLP_ADAGRAD:
        update_adagrad(n, update, g, w, m);
        break;
    case MLP_ADAM:
    case MLP_ADAM_PYTORCH:
        update_adam(n, update, false, g, w, m, v);
        break;
    case MLP_ADAMW:
        update_adam(n, update, true, g, w, m, v);
        break;
    case MLP_LION:
        update_lion(n, update, g, w, m);
        break;
    }
}

void mlp_penalize_c(size_t n, float l1, float l2, float clip, const float *w, float *g)
{
    assert(n > 0 && n % MLP_NR == 0 && !(clip < 0));
    for (size_t i = 0; w && i < n; i++) {
        float pull = w[i] > 0 ? l1 : w[i] < 0 ? -l1 : 0.0f * w[i];
        g[i] = g[i] + (l2 * w[i] + pull);
    }
    for (size_t i = 0; i < n; i++)
        g[i] = g[i] > clip ? clip : g[i] < -clip ? -clip : g[i];
}

bool mlp_all_below_c(size_t n, float limit, const float *x)
{
    bool below = true;
    for (size_t i = 0; i < n; i++)
        below &= fabsf(x[i]) < limit;
    return below;
}

void mlp_bias_gradient_c(size_t rows, size_t panels, const float *b, size_t b_stride, bool resume,
                         float *g)
{
    assert(rows > 0 && panels > 0 && b_stride >= rows * MLP_NR);
    for (size_t j = 0; j < panels; j++) {
        const float *panel = b + j * b_stride;
        float *sum = g + j * MLP_NR;
        for (int l = 0; l < MLP_NR; l++)
            sum[l] = resume ? sum[l] : 0.0f;
        for (size_t r = 0; r < rows; r++) {
            for (int l = 0; l < MLP_NR; l++)
                sum[l] += panel[r * MLP_NR + l];
        }
    }
}
