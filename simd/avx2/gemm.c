/* SPDX-License-Identifier: MIT */
/* The three products on tiles of up to 6 rows and 16 columns: 12 accumulators
 * of 8 floats, two vectors of B and one broadcast of A fill the 16 registers,
 * and 12 chains hide the FMA's latency of 4 at 2 a cycle (10 reach only 95 % of
 * the peak on Zen 4). Tiles of 1 to 3 rows take several panels at once for the
 * same reason. */
#include "activation.h"
#include "kernels.h"
#include "optimizer.h"
#include "tiles.h"
#include "unroll.h"

#include <immintrin.h>

#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this folder with -mavx2 -mfma"
#endif

enum {
    MR = 6,
    MOST_VECTORS = 8, /* of a row of a tile */
    ROW_BYTES = MLP_NR * sizeof(float),
    AHEAD = 2, /* rows of the next panel of B that a tile prefetches in 16 steps of k */
};

/* What all tiles of a product have in common. */
struct product {
    size_t k, a_stride, b_stride, c_stride;
    bool resume;
    const struct mlp_forward_epilogue *forward;
    const struct mlp_dx_epilogue *dx;
    size_t row; /* the tile's first */
    /* What a tile brings nearer, a part of the next panel of B: an address, since
     * the last one's may lie past the array. */
    uintptr_t ahead;
};

/* A tile of m rows and n vectors; m and n are constants where this is inlined. */
typedef __m256 tile[MR][MOST_VECTORS];

/* Where vector q of row r stands in panels. */
MLP_INLINE size_t vector_at(int r, int q, size_t stride)
{
    return (size_t)(q / 2) * stride + (size_t)(r * MLP_NR + q % 2 * 8);
}

MLP_INLINE void load_row(int r, int n, tile acc, const float *c, size_t c_stride)
{
#define LOAD(q) acc[r][q] = _mm256_load_ps(c + vector_at(r, q, c_stride))
    MLP_REPEAT_8(n, LOAD);
#undef LOAD
}

MLP_INLINE void zero_row(int r, int n, tile acc)
{
#define ZERO(q) acc[r][q] = _mm256_setzero_ps()
    MLP_REPEAT_8(n, ZERO);
#undef ZERO
}

MLP_INLINE void store_row(int r, int n, tile acc, float *c, size_t c_stride)
{
#define STORE(q) _mm256_store_ps(c + vector_at(r, q, c_stride), acc[r][q])
    MLP_REPEAT_8(n, STORE);
#undef STORE
}

/* The chains' starts: +0, or what is in c. */
MLP_INLINE void start_tile(int m, int n, tile acc, bool resume, const float *c, size_t c_stride)
{
    if (resume) {
#define LOAD_ROW(r) load_row(r, n, acc, c, c_stride)
        MLP_REPEAT_6(m, LOAD_ROW);
#undef LOAD_ROW
    } else {
#define ZERO_ROW(r) zero_row(r, n, acc)
        MLP_REPEAT_6(m, ZERO_ROW);
#undef ZERO_ROW
    }
}

MLP_INLINE void store_tile(int m, int n, tile acc, float *c, size_t c_stride)
{
#define STORE_ROW(r) store_row(r, n, acc, c, c_stride)
    MLP_REPEAT_6(m, STORE_ROW);
#undef STORE_ROW
}

/* One step of the chains of one panel: row r's factor is at a[r * 16]. */
MLP_INLINE void multiply_panel(int m, tile acc, const float *a, const float *b)
{
    __m256 b0 = _mm256_load_ps(b), b1 = _mm256_load_ps(b + 8);
#define MULTIPLY_ROW(r)                                                                            \
    __m256 x = _mm256_broadcast_ss(a + r * MLP_NR);                                                \
    acc[r][0] = _mm256_fmadd_ps(x, b0, acc[r][0]);                                                 \
    acc[r][1] = _mm256_fmadd_ps(x, b1, acc[r][1])
    MLP_REPEAT_6(m, MULTIPLY_ROW);
#undef MULTIPLY_ROW
}

MLP_INLINE void multiply_vector(int m, int q, tile acc, const __m256 x[MR], __m256 bq)
{
#define MULTIPLY(r) acc[r][q] = _mm256_fmadd_ps(x[r], bq, acc[r][q])
    MLP_REPEAT_6(m, MULTIPLY);
#undef MULTIPLY
}

/* One step of the chains of several panels. */
MLP_INLINE void multiply_panels(int m, int n, tile acc, const float *a, const float *b,
                                size_t b_stride)
{
    __m256 x[MR];
#define BROADCAST(r) x[r] = _mm256_broadcast_ss(a + r * MLP_NR)
    MLP_REPEAT_6(m, BROADCAST);
#undef BROADCAST
#define MULTIPLY_VECTOR(q)                                                                         \
    multiply_vector(m, q, acc, x, _mm256_load_ps(b + vector_at(0, q, b_stride)))
    MLP_REPEAT_8(n, MULTIPLY_VECTOR);
#undef MULTIPLY_VECTOR
}

MLP_INLINE void multiply(int m, int n, tile acc, const float *a, const float *b, size_t b_stride)
{
    if (n == 2)
        multiply_panel(m, acc, a, b);
    else
        multiply_panels(m, n, acc, a, b, b_stride);
}

/* The chains of a tile over the product's whole k. */
MLP_INLINE void run_chains(int m, int n, tile acc, const struct product *product, const float *a,
                           const float *b)
{
    size_t k = product->k, a_stride = product->a_stride, b_stride = product->b_stride;
    uintptr_t ahead = product->ahead;
    for (; k >= MLP_NR; k -= MLP_NR) {
        _mm_prefetch((const char *)ahead, _MM_HINT_T1);
        _mm_prefetch((const char *)(ahead + ROW_BYTES), _MM_HINT_T1);
        ahead += AHEAD * ROW_BYTES;
        /* Four at a time, so that no load instruction goes from panel to panel in
         * even strides: those cost 6 cycles a panel on Intel's Golden Cove. */
        MLP_KEEP_LOOP
        for (int four = 0; four < MLP_NR; four += 4) {
            MLP_UNROLL
            for (int i = 0; i < 4; i++)
                multiply(m, n, acc, a + i, b + i * MLP_NR, b_stride);
            a += 4;
            b += 4 * MLP_NR;
        }
        a += a_stride - MLP_NR;
    }
    for (; k > 0; k--) {
        multiply(m, n, acc, a, b, b_stride);
        a++;
        b += MLP_NR;
    }
}

MLP_INLINE void activate_row(int r, int n, tile acc, enum mlp_activation activation,
                             const float *bias)
{
#define ACTIVATE(q)                                                                                \
    acc[r][q] = mlp_activation_forward_ps_avx2(                                                    \
        activation, _mm256_add_ps(acc[r][q], _mm256_load_ps(bias + q * 8)))
    MLP_REPEAT_8(n, ACTIVATE);
#undef ACTIVATE
}

/* c = activation(acc + bias) */
MLP_INLINE void store_activated(int m, int n, tile acc, enum mlp_activation activation,
                                const float *bias, float *c, size_t c_stride)
{
#define ACTIVATE_ROW(r) activate_row(r, n, acc, activation, bias)
    MLP_REPEAT_6(m, ACTIVATE_ROW);
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
            mlp_activation_slope_avx2(epilogue->activation, m * MLP_NR, rows, rows,
                                      slope + product->row * MLP_NR);
        } else {
            mlp_activation_forward_avx2(epilogue->activation, m * MLP_NR, rows, rows);
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
        activate_rows((size_t)m, (size_t)n / 2, product, c, panel);
}

MLP_INLINE void derive_row(int r, int n, tile acc, enum mlp_activation activation, const float *y,
                           size_t y_stride)
{
#define DERIVE(q)                                                                                  \
    acc[r][q] = mlp_activation_backward_ps_avx2(                                                   \
        activation, _mm256_load_ps(y + vector_at(r, q, y_stride)), acc[r][q])
    MLP_REPEAT_8(n, DERIVE);
#undef DERIVE
}

/* c = acc * activation'(y) */
MLP_INLINE void store_derived(int m, int n, tile acc, enum mlp_activation activation,
                              const float *y, size_t y_stride, float *c, size_t c_stride)
{
#define DERIVE_ROW(r) derive_row(r, n, acc, activation, y, y_stride)
    MLP_REPEAT_6(m, DERIVE_ROW);
#undef DERIVE_ROW
    store_tile(m, n, acc, c, c_stride);
}

MLP_INLINE void scale_row(int r, int n, tile acc, const float *y, size_t y_stride)
{
#define SCALE(q) acc[r][q] = _mm256_mul_ps(acc[r][q], _mm256_load_ps(y + vector_at(r, q, y_stride)))
    MLP_REPEAT_8(n, SCALE);
#undef SCALE
}

/* c = acc * y */
MLP_INLINE void store_scaled(int m, int n, tile acc, const float *y, size_t y_stride, float *c,
                             size_t c_stride)
{
#define SCALE_ROW(r) scale_row(r, n, acc, y, y_stride)
    MLP_REPEAT_6(m, SCALE_ROW);
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
        for (int j = 0; j < n / 2; j++)
            mlp_activation_backward_avx2(activation, (size_t)(m * MLP_NR), y + (size_t)j * y_stride,
                                         c + (size_t)j * c_stride);
    }
}

typedef void forward_tile_fn(const struct product *product, const float *a, const float *b,
                             float *c, size_t panel);
typedef void dx_tile_fn(const struct product *product, const float *a, const float *b, float *c,
                        const float *y);

/* forward_6x1_avx2, dx_6x1_avx2 and the like. */
#define DEFINE_TILE(M, P)                                                                          \
    static void forward_##M##x##P##_avx2(const struct product *product, const float *a,            \
                                         const float *b, float *c, size_t panel)                   \
    {                                                                                              \
        forward_tile(M, 2 * (P), product, a, b, c, panel);                                         \
    }                                                                                              \
    static void dx_##M##x##P##_avx2(const struct product *product, const float *a, const float *b, \
                                    float *c, const float *y)                                      \
    {                                                                                              \
        dx_tile(M, 2 * (P), product, a, b, c, y);                                                  \
    }

/* Rows x panels. */
DEFINE_TILE(1, 1)
DEFINE_TILE(1, 4)
DEFINE_TILE(2, 1)
DEFINE_TILE(2, 3)
DEFINE_TILE(3, 1)
DEFINE_TILE(3, 2)
DEFINE_TILE(4, 1)
DEFINE_TILE(5, 1)
DEFINE_TILE(6, 1)

/* By row count: a tile of one panel, and the one of `wide` panels. */
static const struct tile_kinds {
    size_t wide;
    forward_tile_fn *forward_one, *forward_wide;
    dx_tile_fn *dx_one, *dx_wide;
} tile_kinds[MR + 1] = {
    {0, NULL, NULL, NULL, NULL},
    {4, forward_1x1_avx2, forward_1x4_avx2, dx_1x1_avx2, dx_1x4_avx2},
    {3, forward_2x1_avx2, forward_2x3_avx2, dx_2x1_avx2, dx_2x3_avx2},
    {2, forward_3x1_avx2, forward_3x2_avx2, dx_3x1_avx2, dx_3x2_avx2},
    {1, forward_4x1_avx2, forward_4x1_avx2, dx_4x1_avx2, dx_4x1_avx2},
    {1, forward_5x1_avx2, forward_5x1_avx2, dx_5x1_avx2, dx_5x1_avx2},
    {1, forward_6x1_avx2, forward_6x1_avx2, dx_6x1_avx2, dx_6x1_avx2},
};

/* What the i-th tile of rows prefetches: its part of panel `next` of B or, after
 * the last panel, of the first one's next block of K. */
static inline uintptr_t rows_ahead(const struct product *product, const float *b, size_t panels,
                                   size_t next, size_t i)
{
    const size_t tiles = MLP_NR / AHEAD; /* that prefetch a whole panel */
    bool last_block = product->forward || product->dx;
    if (i >= tiles || (next >= panels && last_block))
        return (uintptr_t)b;
    size_t from = next < panels ? next * product->b_stride * sizeof *b : product->k * ROW_BYTES;
    return (uintptr_t)b + from + product->k / tiles * i * ROW_BYTES;
}

void mlp_gemm_forward_6x16_avx2(size_t rows, size_t panels, size_t k, const float *a,
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

void mlp_gemm_dx_6x16_avx2(size_t rows, size_t panels, size_t k, const float *a, size_t a_stride,
                           const float *b, size_t b_stride, float *c, size_t c_stride, bool resume,
                           const struct mlp_dx_epilogue *epilogue)
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

/* What all tiles of a panel have in common. */
struct gradient {
    size_t k;
    const float *b;
    bool resume, updates;
    struct mlp_update_avx2 update;
};

/* One sample: row r's factor is at a[r][at]. */
MLP_INLINE void multiply_sample(int m, tile acc, const float *const a[MR], size_t at,
                                const float *b)
{
    __m256 b0 = _mm256_load_ps(b + at), b1 = _mm256_load_ps(b + at + 8);
#define MULTIPLY_ROW(r)                                                                            \
    __m256 x = _mm256_broadcast_ss(a[r] + at);                                                     \
    acc[r][0] = _mm256_fmadd_ps(x, b0, acc[r][0]);                                                 \
    acc[r][1] = _mm256_fmadd_ps(x, b1, acc[r][1])
    MLP_REPEAT_6(m, MULTIPLY_ROW);
#undef MULTIPLY_ROW
}

/* With the intent to write: another core may have read the line since. */
MLP_INLINE void prefetch_weights(size_t at, const float *w, const float *m, const float *v)
{
    __builtin_prefetch(w + at, 1);
    __builtin_prefetch(m + at, 1);
    __builtin_prefetch(v + at, 1);
}

/* A tile of m rows; w, mo and v are its weights and moments. */
MLP_INLINE void dw_tile(int m, const struct gradient *gradient, const float *const a[MR], float *g,
                        float *w, float *mo, float *v)
{
    tile acc;
    start_tile(m, 2, acc, gradient->resume, g, 0);
    const float *b = gradient->b;
    if (gradient->updates) {
#define PREFETCH(r) prefetch_weights((size_t)(r)*MLP_NR, w, mo ? mo : w, v ? v : w)
        MLP_REPEAT_6(m, PREFETCH); /* for the epilogue; the first level is full with A and B */
#undef PREFETCH
    }
    size_t at = 0, k = gradient->k;
    for (; k >= 4; k -= 4) {
        MLP_UNROLL
        for (size_t s = 0; s < 4; s++)
            multiply_sample(m, acc, a, at + s * MLP_NR, b);
        at += 4 * MLP_NR;
    }
    for (; k > 0; k--) {
        multiply_sample(m, acc, a, at, b);
        at += MLP_NR;
    }
    if (!gradient->updates) {
        store_tile(m, 2, acc, g, 0);
        return;
    }
    const struct mlp_update_avx2 *update = &gradient->update;
    switch (update->optimizer) {
    case MLP_SGD:
#define SGD(r)                                                                                     \
    mlp_sgd_ps_avx2(update, acc[r][0], w + r * MLP_NR);                                            \
    mlp_sgd_ps_avx2(update, acc[r][1], w + r * MLP_NR + 8)
        MLP_REPEAT_6(m, SGD);
#undef SGD
        break;
    case MLP_ADAM:
#define ADAM(r)                                                                                    \
    size_t row = r * MLP_NR;                                                                       \
    mlp_adam_ps_avx2(update, acc[r][0], w + row, mo + row, v + row);                               \
    mlp_adam_ps_avx2(update, acc[r][1], w + row + 8, mo + row + 8, v + row + 8)
        MLP_REPEAT_6(m, ADAM);
#undef ADAM
        break;
    default:
        break;
    }
}

typedef void dw_tile_fn(const struct gradient *gradient, const float *const a[MR], float *g,
                        float *w, float *m, float *v);

#define DEFINE_DW_TILE(M)                                                                          \
    static void dw_##M##_avx2(const struct gradient *gradient, const float *const a[MR], float *g, \
                              float *w, float *m, float *v)                                        \
    {                                                                                              \
        dw_tile(M, gradient, a, g, w, m, v);                                                       \
    }

DEFINE_DW_TILE(1)
DEFINE_DW_TILE(2)
DEFINE_DW_TILE(3)
DEFINE_DW_TILE(4)
DEFINE_DW_TILE(5)
DEFINE_DW_TILE(6)

static dw_tile_fn *const dw_tiles[MR + 1] = {NULL,      dw_1_avx2, dw_2_avx2, dw_3_avx2,
                                             dw_4_avx2, dw_5_avx2, dw_6_avx2};

void mlp_gemm_dw_6x16_avx2(size_t rows, size_t k, const float *a, size_t a_stride, const float *b,
                           bool resume, float *g, const struct mlp_update *update, float *w,
                           float *m, float *v)
{
    bool fused = update && mlp_fuses_update_avx2(update->optimizer);
    struct gradient gradient = {.k = k, .b = b, .resume = resume, .updates = fused};
    if (fused)
        gradient.update = mlp_update_broadcast_avx2(update);
    struct mlp_shares shares = mlp_share_rows(rows, MR);
    size_t row = 0;
    for (size_t i = 0; i < shares.count; i++) {
        size_t height = shares.rows + (i < shares.longer);
        const float *columns[MR]; /* a tile may straddle two panels of A */
        for (size_t r = 0; r < height; r++)
            columns[r] = a + (row + r) / MLP_NR * a_stride + (row + r) % MLP_NR;
        size_t at = row * MLP_NR;
        dw_tiles[height](&gradient, columns, mlp_at_or_null(g, at), mlp_at_or_null(w, at),
                         mlp_at_or_null(m, at), mlp_at_or_null(v, at));
        row += height;
    }
    if (update && !fused)
        mlp_update_avx2(rows * MLP_NR, update, g, w, m, v);
}
