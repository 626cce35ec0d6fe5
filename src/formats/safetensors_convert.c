/* SPDX-License-Identifier: MIT */
/* Elements of any type and weights of either orientation into a layer's panels. */
#include "safetensors_source.h"

#include "bytes.h"
#include "half.h"
#include "threads.h"

#include <math.h>
#include <string.h>

/* Weights of a layer that are worth another thread. */
enum { THREAD_WEIGHTS = 1 << 18 };

static double wide_element(const unsigned char *bytes, size_t i)
{
    double value;
    uint64_t bits = mlp_load_u64(bytes + 8 * i);
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Element i, of which F64 becomes the nearest float. */
static inline float element(enum mlp_st_type type, const unsigned char *bytes, size_t i)
{
    float value = 0;
    switch (type) {
    case MLP_ST_F16:
        return mlp_half_to_float(bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8);
    case MLP_ST_BF16:
        return mlp_bfloat_to_float(bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8);
    case MLP_ST_F64:
        return (float)wide_element(bytes, i);
    default:
        mlp_load_f32(&value, bytes + 4 * i, 1);
        return value;
    }
}

mlp_status mlp_st_check_finite(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor)
{
    const unsigned char *bytes = mlp_st_data(s, tensor);
    for (size_t i = 0; !s->any_numbers && i < tensor->rows * tensor->columns; i++) {
        float value = element(tensor->type, bytes, i);
        if (isfinite(value))
            continue;
        if (tensor->type == MLP_ST_F64 && isfinite(wide_element(bytes, i)))
            return MLP_ST_FAIL(
                s,
                "byte %llu: tensor '%.200s' holds %g, expected a number in the range "
                "of F32",
                (unsigned long long)(s->data_start + tensor->begin + 8 * i), tensor->name,
                wide_element(bytes, i));
        return mlp_st_fail_value(s, tensor, i, value, false);
    }
    return MLP_OK;
}

/* Weights of panel p, one column of it after the other or, where they lie in the file as in the
 * panel, all columns at once; returns whether all are finite. */
static bool convert_panel(const struct mlp_st_tensor *tensor, const unsigned char *bytes,
                          bool in_out, const struct mlp_layer *layer, size_t p)
{
    float *to = layer->w + p * layer->in * MLP_NR;
    size_t first = p * MLP_NR, lanes = mlp_panel_lanes(layer->out, p);
    bool finite = true;
    if (lanes < MLP_NR)
        memset(to, 0, layer->in * MLP_NR * sizeof *to);
    for (size_t i = 0; in_out && i < layer->in; i++) {
        for (size_t lane = 0; lane < lanes; lane++)
            to[i * MLP_NR + lane] = element(tensor->type, bytes, i * layer->out + first + lane);
    }
    for (size_t lane = 0; !in_out && lane < lanes; lane++) {
        for (size_t i = 0; i < layer->in; i++)
            to[i * MLP_NR + lane] = element(tensor->type, bytes, (first + lane) * layer->in + i);
    }
    for (size_t i = 0; i < layer->in * MLP_NR; i++)
        finite = finite && isfinite(to[i]);
    return finite;
}

mlp_status mlp_st_read_matrix(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor,
                              bool in_out, mlp_model *model, size_t l)
{
    const struct mlp_layer *layer = &model->layers[l];
    const unsigned char *bytes = mlp_st_data(s, tensor);
    size_t panels = mlp_panels(layer->out), most = layer->in * layer->out / THREAD_WEIGHTS + 1;
    if (tensor->type == MLP_ST_F32 && !in_out)
        return mlp_model_load_weights(model, l, bytes) ? MLP_OK : mlp_st_check_finite(s, tensor);
    /* Not a reduction: clang's would export a symbol for it from the library. */
    int threads = mlp_threads_for(most), bad = 0;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t p = 0; p < panels; p++) {
        if (!convert_panel(tensor, bytes, in_out, layer, p)) {
#pragma omp atomic write
            bad = 1;
        }
    }
    return bad ? mlp_st_check_finite(s, tensor) : MLP_OK;
}

mlp_status mlp_st_read_values(const struct mlp_st_source *s, const struct mlp_st_tensor *tensor,
                              float *to)
{
    const unsigned char *bytes = mlp_st_data(s, tensor);
    for (size_t i = 0; i < tensor->rows; i++)
        to[i] = element(tensor->type, bytes, i);
    return mlp_st_check_finite(s, tensor);
}
