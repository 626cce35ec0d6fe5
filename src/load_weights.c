/* SPDX-License-Identifier: MIT */
/* Weights from a file's bytes into panels, at the speed of memory. */
#include "bytes.h"
#include "model.h"
#include "threads.h"

/* Weights of a layer that are worth another thread. */
enum { THREAD_WEIGHTS = 1 << 18 };

/* Inputs at a time: a block of 16 rows of them is read a cache line a row, and written in order. */
enum { BLOCK = 16 };

/* The 16 columns from `row` on of inputs from `first` on; returns whether all are finite. */
static bool load_block(const struct mlp_layer *layer, const unsigned char *bytes, size_t row,
                       size_t lanes, size_t first, float *to)
{
    size_t count = layer->in - first < BLOCK ? layer->in - first : BLOCK;
    uint32_t bits[BLOCK][MLP_NR] = {{0}}, infinite = 0;
    for (size_t lane = 0; lane < lanes; lane++) {
        const unsigned char *from = bytes + ((row + lane) * layer->in + first) * sizeof(float);
        for (size_t i = 0; i < count; i++)
            bits[i][lane] = mlp_load_u32(from + i * sizeof(float));
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t lane = 0; lane < MLP_NR; lane++)
            infinite |= (bits[i][lane] & 0x7f800000) == 0x7f800000;
    }
    memcpy(to, bits, count * sizeof bits[0]);
    return infinite == 0;
}

bool mlp_model_load_weights(mlp_model *model, size_t l, const unsigned char *bytes)
{
    const struct mlp_layer *layer = &model->layers[l];
    size_t panels = mlp_panels(layer->out), most = panels * MLP_NR * layer->in / THREAD_WEIGHTS + 1;
    int threads = mlp_threads_for(most), bad = 0;
    /* Not a reduction: clang's would export a symbol for it from the library. */
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t p = 0; p < panels; p++) {
        float *to = layer->w + p * layer->in * MLP_NR;
        size_t lanes = mlp_panel_lanes(layer->out, p);
        bool finite = true;
        for (size_t i = 0; i < layer->in; i += BLOCK)
            finite &= load_block(layer, bytes, p * MLP_NR, lanes, i, to + i * MLP_NR);
        if (!finite) {
#pragma omp atomic write
            bad = 1;
        }
    }
    return bad == 0;
}
