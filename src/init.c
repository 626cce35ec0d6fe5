/* SPDX-License-Identifier: MIT */
#include "init.h"

#include "alloc.h"
#include "error.h"
#include "random.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* --- Orthogonal ------------------------------------------------------------------ */

/* Sum of a[i] * b[i]: eight chains, by i modulo 8, for compilers to vectorize, then a tree. */
static double dot(size_t n, const double *a, const double *b)
{
    enum { LANES = 8 };
    double sum[LANES] = {0};
    size_t whole = n / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (size_t lane = 0; lane < LANES; lane++)
            sum[lane] += a[i + lane] * b[i + lane];
    }
    for (size_t i = whole; i < n; i++)
        sum[i - whole] += a[i] * b[i];
    for (size_t half = LANES / 2; half > 0; half /= 2) {
        for (size_t lane = 0; lane < half; lane++)
            sum[lane] += sum[lane + half];
    }
    return sum[0];
}

/* Takes the parts along the first `above` rows out of `row`, and gives it length 1; false
 * where nothing but rounding errors would be left. */
static bool orthonormalize_row(size_t above, size_t length, const double *rows, double *row)
{
    const double vanished = 1e-10;
    double before = sqrt(dot(length, row, row));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t k = 0; k < above; k++) {
            const double *other = rows + k * length;
            double part = dot(length, other, row);
            for (size_t i = 0; i < length; i++)
                row[i] -= part * other[i];
        }
    }
    double norm = sqrt(dot(length, row, row));
    if (!(norm > vanished * before))
        return false;
    for (size_t i = 0; i < length; i++)
        row[i] /= norm;
    return true;
}

void mlp_orthonormalize(size_t count, size_t length, double *rows)
{
    for (size_t j = 0; j < count; j++) {
        double *row = rows + j * length;
        bool done = orthonormalize_row(j, length, rows, row);
        for (size_t axis = 0; !done && axis < length; axis++) {
            memset(row, 0, length * sizeof *row);
            row[axis] = 1;
            done = orthonormalize_row(j, length, rows, row);
        }
    }
}

static mlp_status draw_orthogonal(uint64_t seed, uint32_t tensor, float gain, size_t out, size_t in,
                                  float *weight, mlp_error *error)
{
    bool wide = out <= in;
    size_t count = wide ? out : in, length = wide ? in : out;
    double *rows = mlp_alloc_uninitialized(count * length, sizeof *rows);
    if (!rows)
        return mlp_fail_memory(error, "the initial weights");
    mlp_random_normal(seed, tensor, 1.0f, out * in, weight);
    for (size_t o = 0; o < out; o++) {
        for (size_t i = 0; i < in; i++)
            rows[wide ? o * in + i : i * out + o] = (double)weight[o * in + i];
    }
    mlp_orthonormalize(count, length, rows);
    for (size_t o = 0; o < out; o++) {
        for (size_t i = 0; i < in; i++)
            weight[o * in + i] = (float)((double)gain * rows[wide ? o * in + i : i * out + o]);
    }
    mlp_free(rows);
    return MLP_OK;
}

/* --- A layer ---------------------------------------------------------------------- */

static void fill(float value, size_t n, float *values)
{
    for (size_t i = 0; i < n; i++)
        values[i] = value;
}

static mlp_status draw_weights(const mlp_spec *spec, uint64_t seed, uint32_t tensor, size_t out,
                               size_t in, float *weight, mlp_error *error)
{
    const float both = (float)(in + out), scale = spec->init_scale;
    size_t n = in * out;
    switch (spec->init) {
    case MLP_INIT_HE:
        mlp_random_normal(seed, tensor, sqrtf(2.0f / (float)in), n, weight);
        return MLP_OK;
    case MLP_INIT_GLOROT:
        mlp_random_uniform(seed, tensor, sqrtf(6.0f / both), n, weight);
        return MLP_OK;
    case MLP_INIT_NORMAL:
        mlp_random_normal(seed, tensor, scale, n, weight);
        return MLP_OK;
    case MLP_INIT_UNIFORM:
        mlp_random_uniform(seed, tensor, scale, n, weight);
        return MLP_OK;
    case MLP_INIT_HE_UNIFORM:
        mlp_random_uniform(seed, tensor, sqrtf(6.0f / (float)in), n, weight);
        return MLP_OK;
    case MLP_INIT_GLOROT_NORMAL:
        mlp_random_normal(seed, tensor, sqrtf(2.0f / both), n, weight);
        return MLP_OK;
    case MLP_INIT_LECUN:
        mlp_random_normal(seed, tensor, sqrtf(1.0f / (float)in), n, weight);
        return MLP_OK;
    case MLP_INIT_LECUN_UNIFORM:
        mlp_random_uniform(seed, tensor, sqrtf(3.0f / (float)in), n, weight);
        return MLP_OK;
    case MLP_INIT_ORTHOGONAL:
        return draw_orthogonal(seed, tensor, scale, out, in, weight, error);
    case MLP_INIT_CONSTANT:
        fill(scale, n, weight);
        return MLP_OK;
    case MLP_INIT_ZEROS:
        fill(0, n, weight);
        return MLP_OK;
    }
    return mlp_fail(error, MLP_ERROR_USAGE, "unknown initialisation %d", (int)spec->init);
}

static mlp_status draw_biases(const mlp_spec *spec, uint64_t seed, uint32_t tensor, size_t out,
                              float *bias, mlp_error *error)
{
    switch (spec->bias_init) {
    case MLP_BIAS_DEFAULT:
        if (spec->init == MLP_INIT_NORMAL)
            mlp_random_normal(seed, tensor, spec->init_scale, out, bias);
        else
            fill(0, out, bias);
        return MLP_OK;
    case MLP_BIAS_ZEROS:
        fill(0, out, bias);
        return MLP_OK;
    case MLP_BIAS_CONSTANT:
        fill(spec->bias_scale, out, bias);
        return MLP_OK;
    case MLP_BIAS_NORMAL:
        mlp_random_normal(seed, tensor, spec->bias_scale, out, bias);
        return MLP_OK;
    case MLP_BIAS_UNIFORM:
        mlp_random_uniform(seed, tensor, spec->bias_scale, out, bias);
        return MLP_OK;
    }
    return mlp_fail(error, MLP_ERROR_USAGE, "unknown initialisation of biases %d",
                    (int)spec->bias_init);
}

mlp_status mlp_init_layer(const mlp_spec *spec, uint64_t seed, size_t layer, float *weight,
                          float *bias, mlp_error *error)
{
    size_t in = layer == 0 ? spec->inputs : spec->layers[layer - 1].units;
    size_t out = spec->layers[layer].units;
    uint32_t weight_tensor = (uint32_t)(2 * layer), bias_tensor = weight_tensor + 1;
    mlp_status status = draw_weights(spec, seed, weight_tensor, out, in, weight, error);
    return status == MLP_OK ? draw_biases(spec, seed, bias_tensor, out, bias, error) : status;
}
