/* SPDX-License-Identifier: MIT */
/* The three products of a training step, in tiles of up to 6 rows by 16 columns:
 * 24 vectors of sums, 6 of A and 2 of B in flight fill the 32 registers. A row of
 * A lies in vectors of four consecutive k, whose lanes the multiply-adds take
 * one by one. Tiles of 1 to 3 rows take several panels at once, for enough sums
 * to hide the latency. */
#include "activation.h"
#include "optimizer.h"
#include "unroll.h"

enum {
    MR = 6,
    VECTORS = MLP_NR / 4, /* in a row of a panel */
};

/* The sums of a tile: row r of panel p is line p * rows + r. The bounds of the
 * loops over lines and vectors are constants where the functions below are
 * inlined; unrolled, the sums stay in registers. */
typedef float32x4_t tile[MR][VECTORS];

/* Where a line is in panels. */
MLP_INLINE size_t line_at(size_t line, size_t rows, size_t stride)
{
    return line / rows * stride + line % rows * MLP_NR;
}

/* The rows of a product, split evenly: no tile is much smaller than the others. */
struct tiles {
    size_t count, base, larger; /* the first `larger` tiles have base + 1 rows */
};

static inline struct tiles split(size_t rows)
{
    size_t count = (rows + MR - 1) / MR;
    return (struct tiles){count, rows / count, rows % count};
}

static inline size_t tile_rows(const struct tiles *t, size_t i)
{
    return t->base + (i < t->larger);
}

/* The chains' start: +0, or what is at c. */
MLP_INLINE void start(size_t rows, size_t lines, bool resume, const float *c, size_t c_stride,
                      tile sum)
{
    MLP_UNROLL
    for (size_t i = 0; i < lines; i++) {
        MLP_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            sum[i][v] =
                resume ? vld1q_f32(c + line_at(i, rows, c_stride) + v * 4) : vdupq_n_f32(0.0f);
    }
}

MLP_INLINE void store(size_t rows, size_t lines, tile sum, float *c, size_t c_stride)
{
    MLP_UNROLL
    for (size_t i = 0; i < lines; i++) {
        MLP_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            vst1q_f32(c + line_at(i, rows, c_stride) + v * 4, sum[i][v]);
    }
}

/* --- C = A . B ------------------------------------------------------------ */

struct product {
    size_t rows, panels, k;
    const float *a, *b;
    float *c;
    size_t a_stride, b_stride, c_stride;
    bool resume;
};

/* The instruction wants a literal for the lane. */
MLP_INLINE float32x4_t fma_lane(float32x4_t sum, float32x4_t b, float32x4_t a, int lane)
{
    switch (lane) {
    case 0:
        return vfmaq_laneq_f32(sum, b, a, 0);
    case 1:
        return vfmaq_laneq_f32(sum, b, a, 1);
    case 2:
        return vfmaq_laneq_f32(sum, b, a, 2);
    default:
        return vfmaq_laneq_f32(sum, b, a, 3);
    }
}

/* One k: lane `lane` of a[r] times the row of B at b. */
MLP_INLINE void step(size_t rows, size_t panels, const float32x4_t a[MR], int lane, const float *b,
                     size_t b_stride, tile sum)
{
    MLP_UNROLL
    for (size_t p = 0; p < panels; p++) {
        MLP_UNROLL
        for (size_t v = 0; v < VECTORS; v++) {
            float32x4_t b_row = vld1q_f32(b + p * b_stride + v * 4);
            MLP_UNROLL
            for (size_t r = 0; r < rows; r++) {
                float32x4_t *s = &sum[p * rows + r][v];
                *s = fma_lane(*s, b_row, a[r], lane);
            }
        }
    }
}

MLP_INLINE void chains(size_t rows, size_t panels, const struct product *x, const float *a,
                       const float *b, tile sum)
{
    float32x4_t a_row[MR];
    size_t b_stride = x->b_stride;
    size_t k = x->k;
    for (; k >= MLP_NR; k -= MLP_NR, a += x->a_stride) {
        for (size_t i = 0; i < MLP_NR; i += 4, b += 4 * MLP_NR) {
            MLP_UNROLL
            for (size_t r = 0; r < rows; r++)
                a_row[r] = vld1q_f32(a + r * MLP_NR + i);
            step(rows, panels, a_row, 0, b, b_stride, sum);
            step(rows, panels, a_row, 1, b + MLP_NR, b_stride, sum);
            step(rows, panels, a_row, 2, b + 2 * MLP_NR, b_stride, sum);
            step(rows, panels, a_row, 3, b + 3 * MLP_NR, b_stride, sum);
        }
    }
    for (size_t i = 0; i < k; i++, b += MLP_NR) {
        MLP_UNROLL
        for (size_t r = 0; r < rows; r++)
            a_row[r] = vld1q_dup_f32(a + r * MLP_NR + i);
        step(rows, panels, a_row, 0, b, b_stride, sum);
    }
}

MLP_INLINE void add_bias(size_t rows, size_t lines, const float *bias, tile sum)
{
    MLP_UNROLL
    for (size_t i = 0; i < lines; i++) {
        MLP_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            sum[i][v] = vaddq_f32(sum[i][v], vld1q_f32(bias + i / rows * MLP_NR + v * 4));
    }
}

MLP_INLINE void relu(size_t lines, tile sum)
{
    MLP_UNROLL
    for (size_t i = 0; i < lines; i++) {
        MLP_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            sum[i][v] = mlp_activation_forward_f32_neon(MLP_RELU, sum[i][v]);
    }
}

/* The derivative at the output y. */
MLP_INLINE void relu_backward(size_t rows, size_t lines, const float *y, size_t y_stride, tile sum)
{
    MLP_UNROLL
    for (size_t i = 0; i < lines; i++) {
        MLP_UNROLL
        for (size_t v = 0; v < VECTORS; v++) {
            float32x4_t output = vld1q_f32(y + line_at(i, rows, y_stride) + v * 4);
            sum[i][v] = mlp_activation_backward_f32_neon(MLP_RELU, output, sum[i][v]);
        }
    }
}

/* The slope y in place of an output. */
MLP_INLINE void scale(size_t rows, size_t lines, const float *y, size_t y_stride, tile sum)
{
    MLP_UNROLL
    for (size_t i = 0; i < lines; i++) {
        MLP_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            sum[i][v] = vmulq_f32(sum[i][v], vld1q_f32(y + line_at(i, rows, y_stride) + v * 4));
    }
}

/* Whether an activation is applied to what has just been stored: too long, or
 * too rare, to stand in every kind of tile. */
static inline bool after_store(enum mlp_activation activation)
{
    return activation != MLP_IDENTITY && activation != MLP_RELU;
}

/* Row r and panel j on, of `panels` panels at c: the activation of what is stored. */
static void activate_rows(size_t rows, size_t panels, size_t r, size_t j,
                          const struct mlp_forward_epilogue *epilogue, float *c, size_t c_stride)
{
    for (size_t p = 0; p < panels; p++, c += c_stride) {
        if (epilogue->slope)
            mlp_activation_slope_neon(epilogue->activation, rows * MLP_NR, c, c,
                                   epilogue->slope + (j + p) * epilogue->slope_stride + r * MLP_NR);
        else
            mlp_activation_forward_neon(epilogue->activation, rows * MLP_NR, c, c);
    }
}

/* The tile of `rows` rows from row r and `panels` panels from panel j, with at
 * most one of the epilogues. */
MLP_INLINE void multiply_tile(size_t rows, size_t panels, const struct product *x, size_t r,
                              size_t j, const struct mlp_forward_epilogue *forward,
                              const struct mlp_dx_epilogue *dx)
{
    const size_t lines = rows * panels;
    float *c = x->c + j * x->c_stride + r * MLP_NR;
    const float *y = dx ? dx->y + j * dx->y_stride + r * MLP_NR : NULL;
    tile sum;
    start(rows, lines, x->resume, c, x->c_stride, sum);
    chains(rows, panels, x, x->a + r * MLP_NR, x->b + j * x->b_stride, sum);
    if (forward)
        add_bias(rows, lines, forward->bias + j * MLP_NR, sum);
    if (forward && forward->activation == MLP_RELU && !forward->slope)
        relu(lines, sum);
    if (dx && dx->by_slope)
        scale(rows, lines, y, dx->y_stride, sum);
    else if (dx && dx->activation == MLP_RELU)
        relu_backward(rows, lines, y, dx->y_stride, sum);
    store(rows, lines, sum, c, x->c_stride);
    if (forward && (forward->slope || after_store(forward->activation)))
        activate_rows(rows, panels, r, j, forward, c, x->c_stride);
    if (dx && !dx->by_slope && after_store(dx->activation)) {
        for (size_t p = 0; p < panels; p++, c += x->c_stride, y += dx->y_stride)
            mlp_activation_backward_neon(dx->activation, rows * MLP_NR, y, c);
    }
}

/* All rows of panel j. */
MLP_INLINE void multiply_panel(const struct product *x, size_t j,
                               const struct mlp_forward_epilogue *forward,
                               const struct mlp_dx_epilogue *dx)
{
    const struct tiles tiles = split(x->rows);
    for (size_t i = 0, r = 0; i < tiles.count; r += tile_rows(&tiles, i), i++) {
        switch (tile_rows(&tiles, i)) {
        case 1:
            multiply_tile(1, 1, x, r, j, forward, dx);
            break;
        case 2:
            multiply_tile(2, 1, x, r, j, forward, dx);
            break;
        case 3:
            multiply_tile(3, 1, x, r, j, forward, dx);
            break;
        case 4:
            multiply_tile(4, 1, x, r, j, forward, dx);
            break;
        case 5:
            multiply_tile(5, 1, x, r, j, forward, dx);
            break;
        default:
            multiply_tile(6, 1, x, r, j, forward, dx);
            break;
        }
    }
}

MLP_INLINE void multiply(const struct product *x, const struct mlp_forward_epilogue *forward,
                         const struct mlp_dx_epilogue *dx)
{
    size_t j = 0;
    for (; x->rows == 1 && j + 4 <= x->panels; j += 4)
        multiply_tile(1, 4, x, 0, j, forward, dx);
    for (; x->rows == 2 && j + 3 <= x->panels; j += 3)
        multiply_tile(2, 3, x, 0, j, forward, dx);
    for (; x->rows == 3 && j + 2 <= x->panels; j += 2)
        multiply_tile(3, 2, x, 0, j, forward, dx);
    for (; j < x->panels; j++)
        multiply_panel(x, j, forward, dx);
}

void mlp_gemm_forward_6x16_neon(size_t rows, size_t panels, size_t k, const float *a,
                                size_t a_stride, const float *b, size_t b_stride, float *c,
                                size_t c_stride, bool resume,
                                const struct mlp_forward_epilogue *epilogue)
{
    const struct product x = {rows, panels, k, a, b, c, a_stride, b_stride, c_stride, resume};
    multiply(&x, epilogue, NULL);
}

void mlp_gemm_dx_6x16_neon(size_t rows, size_t panels, size_t k, const float *a, size_t a_stride,
                           const float *b, size_t b_stride, float *c, size_t c_stride, bool resume,
                           const struct mlp_dx_epilogue *epilogue)
{
    const struct product x = {rows, panels, k, a, b, c, a_stride, b_stride, c_stride, resume};
    multiply(&x, NULL, epilogue);
}

/* --- W updated with A^T . B ------------------------------------------------ */

struct gradient {
    size_t k, a_stride;
    const float *a, *b;
    bool resume;
    float *g;
    const struct mlp_update *update; /* NULL: the chains go to g */
    struct mlp_update_neon constants;
    float *w, *m, *v;
};

/* Brings near what the optimizer is going to read. */
MLP_INLINE void prefetch_weights(size_t rows, const struct gradient *x, size_t r)
{
    for (size_t i = r * MLP_NR; i < (r + rows) * MLP_NR; i += MLP_NR) {
        __builtin_prefetch(x->w + i, 1);
        if (x->update->optimizer == MLP_ADAM) {
            __builtin_prefetch(x->m + i, 1);
            __builtin_prefetch(x->v + i, 1);
        }
    }
}

/* One sample: row i's factor is at column[i][s]. */
MLP_INLINE void sample(size_t rows, const float *const column[MR], size_t s, const float *b,
                       tile sum)
{
    float32x4_t b_row[VECTORS];
    MLP_UNROLL
    for (size_t v = 0; v < VECTORS; v++)
        b_row[v] = vld1q_f32(b + s + v * 4);
    MLP_UNROLL
    for (size_t i = 0; i < rows; i++) {
        MLP_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            sum[i][v] = vfmaq_n_f32(sum[i][v], b_row[v], column[i][s]);
    }
}

/* Rows r .. r + rows of the panel. */
MLP_INLINE void gradient_tile(size_t rows, const struct gradient *x, size_t r)
{
    const size_t at = r * MLP_NR;
    const float *column[MR]; /* a tile may straddle two panels of A */
    for (size_t i = 0; i < rows; i++)
        column[i] = x->a + (r + i) / MLP_NR * x->a_stride + (r + i) % MLP_NR;
    tile sum;
    start(rows, rows, x->resume, x->g + at, 0, sum);
    if (x->update)
        prefetch_weights(rows, x, r);
    for (size_t s = 0; s < x->k * MLP_NR; s += MLP_NR)
        sample(rows, column, s, x->b, sum);
    if (!x->update) {
        store(rows, rows, sum, x->g + at, 0);
        return;
    }
    /* From memory again: the update is long, and the divisions dominate. */
    float g[MR * MLP_NR];
    store(rows, rows, sum, g, 0);
    switch (x->update->optimizer) {
    case MLP_SGD:
        for (size_t i = 0; i < rows * MLP_NR; i += 4)
            mlp_sgd_f32_neon(&x->constants, vld1q_f32(g + i), x->w + at + i);
        break;
    case MLP_ADAM:
        for (size_t i = 0; i < rows * MLP_NR; i += 4)
            mlp_adam_f32_neon(&x->constants, vld1q_f32(g + i), x->w + at + i, x->m + at + i,
                              x->v + at + i);
        break;
    default:
        break;
    }
}

void mlp_gemm_dw_6x16_neon(size_t rows, size_t k, const float *a, size_t a_stride, const float *b,
                           bool resume, float *g, const struct mlp_update *update, float *w,
                           float *m, float *v)
{
    bool fused = update && mlp_fuses_update_neon(update->optimizer);
    struct gradient x = {.k = k,
                         .a_stride = a_stride,
                         .a = a,
                         .b = b,
                         .resume = resume,
                         .g = g,
                         .update = fused ? update : NULL,
                         .w = w,
                         .m = m,
                         .v = v};
    if (fused)
        x.constants = mlp_update_broadcast_neon(update);
    const struct tiles tiles = split(rows);
    for (size_t i = 0, r = 0; i < tiles.count; r += tile_rows(&tiles, i), i++) {
        switch (tile_rows(&tiles, i)) {
        case 1:
            gradient_tile(1, &x, r);
            break;
        case 2:
            gradient_tile(2, &x, r);
            break;
        case 3:
            gradient_tile(3, &x, r);
            break;
        case 4:
            gradient_tile(4, &x, r);
            break;
        case 5:
            gradient_tile(5, &x, r);
            break;
        default:
            gradient_tile(6, &x, r);
            break;
        }
    }
    if (update && !fused)
        mlp_update_neon(rows * MLP_NR, update, g, w, m, v);
}
