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

void mlp_update_c(size_t n, const struct mlp_update *update, const float *g, float *w, float *m,
                  float *v)
{
    assert(n > 0 && n % MLP_NR == 0);
    switch (update->optimizer) {
    case MLP_SGD:
        for (size_t i = 0; i < n; i++)
            w[i] = mlp_fma(-update->rate, g[i], w[i]);
        break;
    case MLP_ADAM:
        for (size_t i = 0; i < n; i++) {
            float gi = flush(g[i], MLP_ADAM_LEAST_GRADIENT);
            m[i] = flush(mlp_fma(update->rest1, gi - m[i], m[i]), FLT_MIN);
            v[i] = flush(mlp_fma(update->rest2, mlp_fma(gi, gi, -v[i]), v[i]), FLT_MIN);
            w[i] = mlp_fma(-update->rate, m[i] / (sqrtf(v[i]) + update->epsilon), w[i]);
        }
        break;
    }
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
