/* SPDX-License-Identifier: MIT */
/* The three products. A row of a panel is one vector. Forward and dX take tiles of
 * up to 12 rows and two panels: 24 accumulators, two vectors of B and one broadcast
 * of A; over one panel, where every FMA would have a load of its own from another
 * line of A, they reach 87 % of the peak on Golden Cove instead of 96 %. Tiles of 1
 * to 4 rows take more panels, so that there are always chains enough to hide the
 * FMA's latency of 4 at 2 a cycle. In dW the factors of a sample's 16 rows share a
 * line, and tiles of 16 rows over one panel reach 99 %. */
#include "activation.h"
#include "kernels.h"
#include "optimizer.h"
#include "tiles.h"
#include "unroll.h"

#include <immintrin.h>
#include <string.h>

#if !defined(__AVX512F__) || !defined(__AVX512DQ__) || !defined(__FMA__)
#error "compile this folder with -mavx512f -mavx512dq -mfma"
#endif

enum {
    MR = 12,
    DW_MR = MLP_NR,  /* rows of a tile of the weight gradient */
    MOST_PANELS = 8, /* of a tile */
    ROW_BYTES = MLP_NR * sizeof(float),
    AHEAD = 6, /* rows of the next panels of B that a tile prefetches in 16 steps of k */
};

/* What all tiles of a product have in common. */
struct product {
    size_t k, a_stride, b_stride, c_stride;
    bool resume;
    const struct mlp_forward_epilogue *forward;
    const struct mlp_dx_epilogue *dx;
    size_t row; /* the tile's first */
    /* What a tile brings nearer, a part of the next panels of B: an address, since
     * the last one's may lie past the array. */
    uintptr_t ahead;
};

/* A tile of m rows and n panels; m and n are constants where this is inlined. */
typedef __m512 tile[DW_MR][MOST_PANELS];

MLP_INLINE void load_row(int r, int n, tile acc, const float *c, size_t c_stride)
{
#define LOAD(q) acc[r][q] = _mm512_load_ps(c + q * c_stride + r * MLP_NR)
    MLP_REPEAT_8(n, LOAD);
#undef LOAD
}

MLP_INLINE void zero_row(int r, int n, tile acc)
{
#define ZERO(q) acc[r][q] = _mm512_setzero_ps()
    MLP_REPEAT_8(n, ZERO);
#undef ZERO
}

MLP_INLINE void store_row(int r, int n, tile acc, float *c, size_t c_stride)
{
#define STORE(q) _mm512_store_ps(c + q * c_stride + r * MLP_NR, acc[r][q])
    MLP_REPEAT_8(n, STORE);
#undef STORE
}

/* The chains' starts: +0, or what is in c. */
MLP_INLINE void start_tile(int m, int n, tile acc, bool resume, const float *c, size_t c_stride)
{
    if (resume) {
#define LOAD_ROW(r) load_row(r, n, acc, c, c_stride)
        MLP_REPEAT_16(m, LOAD_ROW);
#undef LOAD_ROW
    } else {
#define ZERO_ROW(r) zero_row(r, n, acc)
        MLP_REPEAT_16(m, ZERO_ROW);
#undef ZERO_ROW
    }
}

MLP_INLINE void store_tile(int m, int n, tile acc, float *c, size_t c_stride)
{
#define STORE_ROW(r) store_row(r, n, acc, c, c_stride)
    MLP_REPEAT_16(m, STORE_ROW);
#undef STORE_ROW
}

/* sum + a * b, in the register of the sum. Of the intrinsic, GCC 12 makes forms that
 * leave the result in a factor's register where that is used no more, and then moves
 * and spills to bring the sums back: 3 % of a product. */
MLP_INLINE __m512 accumulate(__m512 sum, __m512 a, __m512 b)
{
    __asm__("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}

MLP_INLINE void multiply_row(int r, int n, tile acc, float factor, const __m512 b[MOST_PANELS])
{
    __m512 x = _mm512_set1_ps(factor);
#define MULTIPLY(q)                                                                                \
    acc[r][q] = n > 1 ? accumulate(acc[r][q], x, b[q]) : _mm512_fmadd_ps(x, b[q], acc[r][q])
    MLP_REPEAT_8(n, MULTIPLY);
#undef MULTIPLY
}

/* One step of the chains: row r's factor is at a[r * a_row]. */
MLP_INLINE void multiply(int m, int n, tile acc, const float *a, size_t a_row, const float *b,
                         size_t b_stride)
{
    __m512 row[MOST_PANELS];
#define LOAD_B(q) row[q] = _mm512_load_ps(b + q * b_stride)
    MLP_REPEAT_8(n, LOAD_B);
#undef LOAD_B
#define MULTIPLY_ROW(r) multiply_row(r, n, acc, a[r * a_row], row)
    MLP_REPEAT_16(m, MULTIPLY_ROW);
#undef MULTIPLY_ROW
}

/* The chains of a tile over the product's whole k. */
MLP_INLINE void run_chains(int m, int n, tile acc, const struct product *product, const float *a,
                           const float *b)
{
    size_t k = product->k, a_stride = product->a_stride, b_stride = product->b_stride;
    uintptr_t ahead = product->ahead;
    for (; k >= MLP_NR; k -= MLP_NR) {
        for (int i = 0; i < AHEAD; i++)
            _mm_prefetch((const char *)(ahead + (uintptr_t)(i * ROW_BYTES)), _MM_HINT_T1);
        ahead += AHEAD * ROW_BYTES;
        /* Four at a time, so that no load instruction goes from panel to panel in
         * even strides: those cost 6 cycles a panel on Intel's Golden Cove. */
        MLP_KEEP_LOOP
        for (int four = 0; four < MLP_NR; four += 4) {
            MLP_UNROLL
            for (int i = 0; i < 4; i++)
                multiply(m, n, acc, a + i, MLP_NR, b + i * MLP_NR, b_stride);
            a += 4;
            b += 4 * MLP_NR;
        }
        a += a_stride - MLP_NR;
    }
    for (; k > 0; k--) {
        multiply(m, n, acc, a, MLP_NR, b, b_stride);
        a++;
        b += MLP_NR;
    }
}

MLP_INLINE void activate_row(int r, int n, tile acc, enum mlp_activation activation,
                             const float *bias)
{
#define ACTIVATE(q)                                                                                \
    acc[r][q] = mlp_activation_forward_ps_avx512(                                                  \
        activation, _mm512_add_ps(acc[r][q], _mm512_load_ps(bias + q * MLP_NR)))
    MLP_REPEAT_8(n, ACTIVATE);
#undef ACTIVATE
}

/* c = activation(acc + bias) */
MLP_INLINE void store_activated(int m, int n, tile acc, enum mlp_activation activation,
                                const float *bias, float *c, size_t c_stride)
{
#define ACTIVATE_ROW(r) activate_row(r, n, acc, activation, bias)
    MLP_REPEAT_16(m, ACTIVATE_ROW);
#undef ACTIVATE_ROW
    store_tile(m, n, acc, c, c_stride);
}

/* Whether an activation works on the stored rows, which are in cache: too long to
 * stand here for every tile, or with a slope. */
static inline bool in_rows(const struct mlp_forward_epilogue *epilogue)
{
    return epilogue->slope ||
           (epilogue->activation != MLP_IDENTITY && epilogue->activation != MLP_RELU &&
            epilogue->activation != MLP_LEAKY_RELU);
}

/* The activation of a stored tile. */
static void activate_rows(size_t m, size_t panels, const struct product *product, float *c,
                          size_t panel)
{
    const struct mlp_forward_epilogue *epilogue = product->forward;
    for (size_t j = 0; j < panels; j++) {
        float *rows = c + j * product->c_stride;
        if (epilogue->slope) {
            float *slope = epilogue->slope + (panel + j) * epilogue->slope_stride;
            mlp_activation_slope_avx512(epilogue->activation, m * MLP_NR, rows, rows,
                                        slope + product->row * MLP_NR);
        } else {
            mlp_activation_forward_avx512(epilogue->activation, m * MLP_NR, rows, rows);
        }
    }
}

MLP_INLINE void forward_tile(int m, int n, const struct product *product, const float *a,
                             const float *b, float *c, size_t panel)
{
    tile acc;
    start_tile(m, n, acc, product->resume, c, product->c_stride);
    run_chains(m, n, acc, product, a, b);
    if (!product->forward) {
        store_tile(m, n, acc, c, product->c_stride);
        return;
    }
    const float *bias = product->forward->bias + panel * MLP_NR;
    size_t c_stride = product->c_stride;
    enum mlp_activation activation = product->forward->activation;
    bool later = in_rows(product->forward);
    /* A constant in each case, so that no test is left between the values. */
    switch (later ? MLP_IDENTITY : activation) {
    case MLP_RELU:
        store_activated(m, n, acc, MLP_RELU, bias, c, c_stride);
        break;
    case MLP_LEAKY_RELU:
        store_activated(m, n, acc, MLP_LEAKY_RELU, bias, c, c_stride);
        break;
    default:
        store_activated(m, n, acc, MLP_IDENTITY, bias, c, c_stride);
    }
    if (later)
        activate_rows((size_t)m, (size_t)n, product, c, panel);
}

MLP_INLINE void derive_row(int r, int n, tile acc, enum mlp_activation activation, const float *y,
                           size_t y_stride)
{
#define DERIVE(q)                                                                                  \
    acc[r][q] = mlp_activation_backward_ps_avx512(                                                 \
        activation, _mm512_load_ps(y + q * y_stride + r * MLP_NR), acc[r][q])
    MLP_REPEAT_8(n, DERIVE);
#undef DERIVE
}

/* c = acc * activation'(y) */
MLP_INLINE void store_derived(int m, int n, tile acc, enum mlp_activation activation,
                              const float *y, size_t y_stride, float *c, size_t c_stride)
{
#define DERIVE_ROW(r) derive_row(r, n, acc, activation, y, y_stride)
    MLP_REPEAT_16(m, DERIVE_ROW);
#undef DERIVE_ROW
    store_tile(m, n, acc, c, c_stride);
}

MLP_INLINE void scale_row(int r, int n, tile acc, const float *y, size_t y_stride)
{
#define SCALE(q) acc[r][q] = _mm512_mul_ps(acc[r][q], _mm512_load_ps(y + q * y_stride + r * MLP_NR))
    MLP_REPEAT_8(n, SCALE);
#undef SCALE
}

/* c = acc * y */
MLP_INLINE void store_scaled(int m, int n, tile acc, const float *y, size_t y_stride, float *c,
                             size_t c_stride)
{
#define SCALE_ROW(r) scale_row(r, n, acc, y, y_stride)
    MLP_REPEAT_16(m, SCALE_ROW);
#undef SCALE_ROW
    store_tile(m, n, acc, c, c_stride);
}

MLP_INLINE void dx_tile(int m, int n, const struct product *product, const float *a, const float *b,
                        float *c, const float *y)
{
    tile acc;
    start_tile(m, n, acc, product->resume, c, product->c_stride);
    run_chains(m, n, acc, product, a, b);
    if (!product->dx) {
        store_tile(m, n, acc, c, product->c_stride);
        return;
    }
    size_t y_stride = product->dx->y_stride, c_stride = product->c_stride;
    enum mlp_activation activation = product->dx->activation;
    if (product->dx->by_slope) {
        store_scaled(m, n, acc, y, y_stride, c, c_stride);
        return;
    }
    switch (activation) {
    case MLP_IDENTITY:
        store_tile(m, n, acc, c, c_stride);
        break;
    case MLP_RELU:
        store_derived(m, n, acc, MLP_RELU, y, y_stride, c, c_stride);
        break;
    case MLP_LEAKY_RELU:
        store_derived(m, n, acc, MLP_LEAKY_RELU, y, y_stride, c, c_stride);
        break;
    default:
        store_tile(m, n, acc, c, c_stride);
        for (int j = 0; j < n; j++)
            mlp_activation_backward_avx512(activation, (size_t)(m * MLP_NR),
                                           y + (size_t)j * y_stride, c + (size_t)j * c_stride);
    }
}

typedef void forward_tile_fn(const struct product *product, const float *a, const float *b,
                             float *c, size_t panel);
typedef void dx_tile_fn(const struct product *product, const float *a, const float *b, float *c,
                        const float *y);

/* forward_12x2_avx512, dx_12x2_avx512 and the like. */
#define DEFINE_TILE(M, P)                                                                          \
    static void forward_##M##x##P##_avx512(const struct product *product, const float *a,          \
                                           const float *b, float *c, size_t panel)                 \
    {                                                                                              \
        forward_tile(M, P, product, a, b, c, panel);                                               \
    }                                                                                              \
    static void dx_##M##x##P##_avx512(const struct product *product, const float *a,               \
                                      const float *b, float *c, const float *y)                    \
    {                                                                                              \
        dx_tile(M, P, product, a, b, c, y);                                                        \
    }

/* Rows x panels. */
DEFINE_TILE(1, 1)
DEFINE_TILE(1, 8)
DEFINE_TILE(2, 1)
DEFINE_TILE(2, 6)
DEFINE_TILE(3, 1)
DEFINE_TILE(3, 4)
DEFINE_TILE(4, 1)
DEFINE_TILE(4, 4)
DEFINE_TILE(5, 1)
DEFINE_TILE(5, 2)
DEFINE_TILE(6, 1)
DEFINE_TILE(6, 2)
DEFINE_TILE(7, 1)
DEFINE_TILE(7, 2)
DEFINE_TILE(8, 1)
DEFINE_TILE(8, 2)
DEFINE_TILE(9, 1)
DEFINE_TILE(9, 2)
DEFINE_TILE(10, 1)
DEFINE_TILE(10, 2)
DEFINE_TILE(11, 1)
DEFINE_TILE(11, 2)
DEFINE_TILE(12, 1)
DEFINE_TILE(12, 2)

/* By row count: a tile of one panel, and the one of `wide` panels. */
static const struct tile_kinds {
    size_t wide;
    forward_tile_fn *forward_one, *forward_wide;
    dx_tile_fn *dx_one, *dx_wide;
} tile_kinds[MR + 1] = {
    {0, NULL, NULL, NULL, NULL},
    {8, forward_1x1_avx512, forward_1x8_avx512, dx_1x1_avx512, dx_1x8_avx512},
    {6, forward_2x1_avx512, forward_2x6_avx512, dx_2x1_avx512, dx_2x6_avx512},
    {4, forward_3x1_avx512, forward_3x4_avx512, dx_3x1_avx512, dx_3x4_avx512},
    {4, forward_4x1_avx512, forward_4x4_avx512, dx_4x1_avx512, dx_4x4_avx512},
    {2, forward_5x1_avx512, forward_5x2_avx512, dx_5x1_avx512, dx_5x2_avx512},
    {2, forward_6x1_avx512, forward_6x2_avx512, dx_6x1_avx512, dx_6x2_avx512},
    {2, forward_7x1_avx512, forward_7x2_avx512, dx_7x1_avx512, dx_7x2_avx512},
    {2, forward_8x1_avx512, forward_8x2_avx512, dx_8x1_avx512, dx_8x2_avx512},
    {2, forward_9x1_avx512, forward_9x2_avx512, dx_9x1_avx512, dx_9x2_avx512},
    {2, forward_10x1_avx512, forward_10x2_avx512, dx_10x1_avx512, dx_10x2_avx512},
    {2, forward_11x1_avx512, forward_11x2_avx512, dx_11x1_avx512, dx_11x2_avx512},
    {2, forward_12x1_avx512, forward_12x2_avx512, dx_12x1_avx512, dx_12x2_avx512},
};

/* What the i-th tile of rows prefetches: its part of the two panels from `next` on
 * of B or, after the last panels, of the first ones' next block of K. */
static inline uintptr_t rows_ahead(const struct product *product, const float *b, size_t panels,
                                   size_t next, size_t i)
{
    size_t first = product->k / MLP_NR * AHEAD * i; /* row of the two panels */
    size_t panel = first / product->k, row = first % product->k;
    bool last_block = product->forward || product->dx;
    bool last_panels = next + panel >= panels;
    if (panel >= 2 || (last_panels && last_block))
        return (uintptr_t)b;
    size_t from = last_panels ? panel * product->b_stride + product->k * MLP_NR
                              : (next + panel) * product->b_stride;
    return (uintptr_t)b + (from + row * MLP_NR) * sizeof *b;
}

void mlp_gemm_forward_12x32_avx512(size_t rows, size_t panels, size_t k, const float *a,
                                   size_t a_stride, const float *b, size_t b_stride, float *c,
                                   size_t c_stride, bool resume,
                                   const struct mlp_forward_epilogue *epilogue)
{
    struct product product = {k, a_stride, b_stride, c_stride, resume, epilogue, NULL, 0, 0};
    struct mlp_shares shares = mlp_share_rows(rows, MR);
    size_t wide = tile_kinds[shares.rows].wide;
    for (size_t j = 0; j < panels;) {
        size_t group = panels - j >= wide ? wide : 1;
        size_t row = 0;
        for (size_t i = 0; i < shares.count; i++) {
            size_t m = shares.rows + (i < shares.longer);
            const struct tile_kinds *kinds = &tile_kinds[m];
            product.ahead = rows_ahead(&product, b, panels, j + group, i);
            product.row = row;
            const float *tile_a = a + row * MLP_NR;
            float *tile_c = c + row * MLP_NR;
            if (kinds->wide == group) {
                kinds->forward_wide(&product, tile_a, b + j * b_stride, tile_c + j * c_stride, j);
            } else {
                for (size_t p = j; p < j + group; p++)
                    kinds->forward_one(&product, tile_a, b + p * b_stride, tile_c + p * c_stride,
                                       p);
            }
            row += m;
        }
        j += group;
    }
}

void mlp_gemm_dx_12x32_avx512(size_t rows, size_t panels, size_t k, const float *a, size_t a_stride,
                              const float *b, size_t b_stride, float *c, size_t c_stride,
                              bool resume, const struct mlp_dx_epilogue *epilogue)
{
    struct product product = {k, a_stride, b_stride, c_stride, resume, NULL, epilogue, 0, 0};
    struct mlp_shares shares = mlp_share_rows(rows, MR);
    size_t wide = tile_kinds[shares.rows].wide;
    const float *y = epilogue ? epilogue->y : c;
    size_t y_stride = epilogue ? epilogue->y_stride : c_stride;
    for (size_t j = 0; j < panels;) {
        size_t group = panels - j >= wide ? wide : 1;
        size_t row = 0;
        for (size_t i = 0; i < shares.count; i++) {
            size_t m = shares.rows + (i < shares.longer), at = row * MLP_NR;
            const struct tile_kinds *kinds = &tile_kinds[m];
            product.ahead = rows_ahead(&product, b, panels, j + group, i);
            if (kinds->wide == group) {
                kinds->dx_wide(&product, a + at, b + j * b_stride, c + at + j * c_stride,
                               y + at + j * y_stride);
            } else {
                for (size_t p = j; p < j + group; p++)
                    kinds->dx_one(&product, a + at, b + p * b_stride, c + at + p * c_stride,
                                  y + at + p * y_stride);
            }
            row += m;
        }
        j += group;
    }
}

/* --- Weight gradient ------------------------------------------------------ */

/* Adds `samples` to a tile of m rows, which lie in one panel of A. */
MLP_INLINE void add_samples(int m, tile acc, size_t samples, const float *a, const float *b)
{
    for (; samples >= 4; samples -= 4) {
        MLP_UNROLL
        for (size_t s = 0; s < 4; s++)
            multiply(m, 1, acc, a + s * MLP_NR, 1, b + s * MLP_NR, 0);
        a += 4 * MLP_NR;
        b += 4 * MLP_NR;
    }
    for (; samples > 0; samples--) {
        multiply(m, 1, acc, a, 1, b, 0);
        a += MLP_NR;
        b += MLP_NR;
    }
}

typedef void dw_tile_fn(size_t k, const float *a, const float *b, bool resume, float *sums);

/* The chains of a tile of M rows, from and to `sums`, [M][16]. */
#define DEFINE_DW_TILE(M)                                                                          \
    static void dw_##M##_avx512(size_t k, const float *a, const float *b, bool resume,             \
                                float *sums)                                                       \
    {                                                                                              \
        tile acc;                                                                                  \
        start_tile(M, 1, acc, resume, sums, 0);                                                    \
        add_samples(M, acc, k, a, b);                                                              \
        store_tile(M, 1, acc, sums, 0);                                                            \
    }

DEFINE_DW_TILE(1)
DEFINE_DW_TILE(2)
DEFINE_DW_TILE(3)
DEFINE_DW_TILE(4)
DEFINE_DW_TILE(5)
DEFINE_DW_TILE(6)
DEFINE_DW_TILE(7)
DEFINE_DW_TILE(8)
DEFINE_DW_TILE(9)
DEFINE_DW_TILE(10)
DEFINE_DW_TILE(11)
DEFINE_DW_TILE(12)
DEFINE_DW_TILE(13)
DEFINE_DW_TILE(14)
DEFINE_DW_TILE(15)
DEFINE_DW_TILE(16)

static dw_tile_fn *const dw_tiles[DW_MR + 1] = {
    NULL,         dw_1_avx512,  dw_2_avx512,  dw_3_avx512,  dw_4_avx512,  dw_5_avx512,
    dw_6_avx512,  dw_7_avx512,  dw_8_avx512,  dw_9_avx512,  dw_10_avx512, dw_11_avx512,
    dw_12_avx512, dw_13_avx512, dw_14_avx512, dw_15_avx512, dw_16_avx512};

/* The weights and moments of a tile, [rows][16], and its gradient. */
struct weights {
    const float *g;
    float *w, *m, *v;
};

/* With the intent to write: another core may have read the line since. */
MLP_INLINE void prefetch_row(const struct weights *weights, size_t r)
{
    __builtin_prefetch(weights->w + r * MLP_NR, 1);
    __builtin_prefetch(weights->m + r * MLP_NR, 1);
    __builtin_prefetch(weights->v + r * MLP_NR, 1);
}

/* Adam on the rows of a full tile, each in three stages. */
struct adam {
    const struct mlp_update_avx512 *update;
    struct mlp_moments_avx512 moments; /* of the row before */
    __m512 step;                       /* of the row before that */
};

/* Call r of DW_MR + 2: the stages of rows r, r - 1 and r - 2. What a stage computes
 * is stored by the next call, which comes much later: a store that waits for its
 * value would hold up all loads from its place in other pages. */
MLP_INLINE void advance_adam(struct adam *adam, const struct weights *rows, size_t r)
{
    size_t at = r * MLP_NR;
    if (r >= 2)
        mlp_adam_move_ps_avx512(adam->update, adam->step, rows->w + at - 2 * MLP_NR);
    if (r >= 1 && r <= DW_MR) {
        mlp_adam_store_ps_avx512(&adam->moments, rows->m + at - MLP_NR, rows->v + at - MLP_NR);
        adam->step = mlp_adam_step_ps_avx512(adam->update, &adam->moments);
    }
    if (r < DW_MR)
        adam->moments = mlp_adam_moments_ps_avx512(adam->update, _mm512_load_ps(rows->g + at),
                                                   rows->m + at, rows->v + at);
}

/* The chains of a full tile and, in their course, a row after each sixteenth of the
 * samples, what Adam has to do: prefetch what it will need for this tile, `here`,
 * and update the one before, where `before` has a gradient. */
static void dw_16_adam(size_t k, const float *a, const float *b, bool resume, float *sums,
                       const struct mlp_update_avx512 *update, const struct weights *here,
                       const struct weights *before)
{
    tile acc;
    start_tile(DW_MR, 1, acc, resume, sums, 0);
    struct adam adam = {.update = update};
    size_t samples = k / DW_MR / 4 * 4;
    for (size_t r = 0; r < DW_MR; r++) {
        prefetch_row(here, r);
        if (before->g)
            advance_adam(&adam, before, r);
        add_samples(DW_MR, acc, samples, a, b);
        a += samples * MLP_NR;
        b += samples * MLP_NR;
    }
    for (size_t r = DW_MR; before->g && r < DW_MR + 2; r++)
        advance_adam(&adam, before, r);
    add_samples(DW_MR, acc, k - DW_MR * samples, a, b);
    store_tile(DW_MR, 1, acc, sums, 0);
}

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* As below, with an update. A tile's comes while the next one is summed up. */
static void update_tiles(size_t rows, size_t k, const float *a, size_t a_stride, const float *b,
                         bool resume, const float *g, const struct mlp_update *update,
                         const struct weights *all)
{
    _Alignas(64) float sums[2][DW_MR * MLP_NR];
    bool adam = update->optimizer == MLP_ADAM;
    struct mlp_update_avx512 broadcast = mlp_update_broadcast_avx512(update);
    struct weights before = {NULL, NULL, NULL, NULL};
    size_t height = 0;
    for (size_t row = 0; row < rows; row += DW_MR, a += a_stride) {
        size_t at = row * MLP_NR, before_height = height;
        height = min_size(DW_MR, rows - row);
        float *to = sums[row / DW_MR % 2];
        if (resume)
            memcpy(to, g + at, height * MLP_NR * sizeof *to);
        struct weights here = {to, all->w + at, mlp_at_or_null(all->m, at),
                               mlp_at_or_null(all->v, at)};
        if (adam && height == DW_MR) {
            dw_16_adam(k, a, b, resume, to, &broadcast, &here, &before);
        } else {
            if (before.g)
                mlp_update_avx512(before_height * MLP_NR, update, before.g, before.w, before.m,
                                  before.v);
            dw_tiles[height](k, a, b, resume, to);
        }
        before = here;
    }
    mlp_update_avx512(height * MLP_NR, update, before.g, before.w, before.m, before.v);
}

void mlp_gemm_dw_16x16_avx512(size_t rows, size_t k, const float *a, size_t a_stride,
                              const float *b, bool resume, float *g,
                              const struct mlp_update *update, float *w, float *m, float *v)
{
    if (update) {
        const struct weights all = {NULL, w, m, v};
        update_tiles(rows, k, a, a_stride, b, resume, g, update, &all);
        return;
    }
    for (size_t row = 0; row < rows; row += DW_MR, a += a_stride)
        dw_tiles[min_size(DW_MR, rows - row)](k, a, b, resume, g + row * MLP_NR);
}
