/* SPDX-License-Identifier: MIT */
/* The kernels: what each one computes, to the bit, and the table that holds
 * the chosen instruction set's.
 *
 * The plain C kernels in c/ are the specification. Every other instruction set
 * gives their bits on every shape. README.md has the naming legend.
 *
 * Panels. A matrix of n rows and m columns is stored as ceil(m / 16) panels of
 * 16 columns: element (r, c) is at [c / 16 * stride + r * 16 + c % 16], with
 * stride >= 16 * n floats between panels. The columns past m in the last panel
 * are padding: kernels may compute on them as lanes but never sum over them.
 *   activations, deltas   rows = samples of the minibatch, columns = units
 *   weights W             rows = inputs, columns = outputs  [out/16][in][16]
 *   transposed copy WT    rows = outputs, columns = inputs  [in/16][out][16]
 * Padding of weights, moments, biases and deltas is zero and stays zero.
 *
 * Chains. "The chain c = a . b over k" means c = fma(a[k], b[k], c) for k
 * ascending, from +0 or, with `resume`, from the value that is there. fma
 * rounds once.
 *
 * Preconditions, everywhere: sizes > 0 unless said otherwise; panel pointers and
 * strides 64-byte aligned; outputs overlap no input unless said otherwise. The
 * C kernels assert the sizes and strides. */
#ifndef MLP_SIMD_KERNELS_H
#define MLP_SIMD_KERNELS_H

#include <mlp/spec.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Columns in a panel, the same for every instruction set: it is a property of
 * the stored weights. */
#define MLP_NR 16

/* Slope of the leaky ReLU left of zero. */
#define MLP_LEAKY_SLOPE 0.01f

/* A class whose logit lies further than this below the largest has a probability
 * below 2^-57: mlp_softmax_xent_fn takes it as zero. Arithmetic on
 * subnormals, which such probabilities lead to, takes over 100 cycles an
 * instruction on many CPUs. */
#define MLP_XENT_CUT -40.0f

/* The optimizers that divide by a root (Adam and its kin, RMSPROP, ADAGRAD) take a
 * smaller gradient as zero, for the same reason: with 1 - beta2 = 0.001 what it adds
 * to v is below FLT_MIN. */
#define MLP_ADAM_LEAST_GRADIENT 0x1p-58f

/* --- Matrix products (gemm.c) --------------------------------------------- */

/* What follows the last block of K in a forward product. */
struct mlp_forward_epilogue {
    const float *bias; /* [panels * 16] */
    enum mlp_activation activation;
    /* Where the derivative goes, panels like C; NULL where the output tells it. */
    float *slope;
    size_t slope_stride;
};

/* Forward: C[rows x 16*panels] = activation(A . B + bias).
 * A: activation panels, k columns; B: weight panels, k rows; C: panels.
 * Element: the chain over k, then + bias, then the activation (as
 * mlp_activation_forward, or mlp_activation_slope). Without an epilogue (NULL) the
 * chains stay in C, for the next block of K to resume. */
typedef void mlp_gemm_forward_fn(size_t rows, size_t panels, size_t k, const float *a,
                                 size_t a_stride, const float *b, size_t b_stride, float *c,
                                 size_t c_stride, bool resume,
                                 const struct mlp_forward_epilogue *epilogue);

/* What follows the last block of K in an input gradient. */
struct mlp_dx_epilogue {
    const float *y; /* the activation's output, panels like C, or its slope */
    size_t y_stride;
    enum mlp_activation activation;
    bool by_slope; /* y is the slope */
};

/* Input gradient: C[rows x 16*panels] = (A . B) * activation'(y).
 * A: delta panels, k columns (the layer's outputs); B: WT panels, k rows;
 * C: delta panels of the layer before. Element: the chain over k, then times
 * the derivative: as mlp_activation_backward, or times y itself where it is the
 * slope. */
typedef void mlp_gemm_dx_fn(size_t rows, size_t panels, size_t k, const float *a, size_t a_stride,
                            const float *b, size_t b_stride, float *c, size_t c_stride, bool resume,
                            const struct mlp_dx_epilogue *epilogue);

/* One optimizer step's constants, the same for every weight. */
struct mlp_update {
    enum mlp_optimizer optimizer; /* MLP_ADAM also for MLP_ADAM_PYTORCH */
    float rate;    /* lr; Adam and AdamW: lr * sqrt(1 - beta2^t) / (1 - beta1^t) */
    float beta1;   /* MOMENTUM and NESTEROV */
    float rest1;   /* 1 - beta1, of Adam, AdamW and Lion */
    float rest2;   /* 1 - beta2, likewise and of RMSPROP */
    float epsilon; /* beside the root; in PyTorch's form times sqrt(1 - beta2^t) */
    float keep;    /* AdamW and Lion: 1 - lr * weight_decay */
};

/* Weight gradient with the optimizer in the epilogue, for one panel:
 * G[rows x 16] = A^T . B, then the update of W with G.
 * A: k samples; its column i is row i of G: A(s, i) = a[i / 16 * a_stride +
 * s * 16 + i % 16]. B: one delta panel, k samples. W, M, V: [rows][16], the
 * weights and moments, as mlp_update_fn takes them. g: [rows][16], 64-byte
 * aligned, which may be written. Element: the chain over the k samples, resumed
 * from g where `resume`; then mlp_update_fn with it. Without an update (NULL) the
 * chains go to g instead; with one, what g holds afterwards is not specified. */
typedef void mlp_gemm_dw_fn(size_t rows, size_t k, const float *a, size_t a_stride, const float *b,
                            bool resume, float *g, const struct mlp_update *update, float *w,
                            float *m, float *v);

/* --- Products of plain arrays (plain.c) ------------------------------------- */

/* What mlp-bench compares with other libraries: C[rows x columns] = op(A) . B, with A and C
 * row-major as their owner has them. A(i, s) = a[i * a_leading + s], or a[s * a_leading + i] where
 * `transposed`; C(i, j) = c[i * c_leading + j]; B(s, j) = b[j / 16 * b_stride + s * b_row + j %
 * 16]: packed panels have b_row = 16, a row-major array b_stride = 16 and its own leading dimension
 * as b_row. Of B, 16 columns may be read where fewer exist. Any alignment. Element: the chain over
 * k, resumed from c where `resume`. */
typedef void mlp_gemm_plain_fn(size_t rows, size_t columns, size_t k, bool transposed,
                               const float *a, size_t a_leading, const float *b, size_t b_stride,
                               size_t b_row, float *c, size_t c_leading, bool resume);

/* --- Optimizers (optimizer.c) --------------------------------------------- */

/* Updates n weights (n a multiple of 16) with gradient g.
 *   SGD       w = fma(-rate, g, w)
 *   MOMENTUM  m = flush(fma(beta1, m, g), FLT_MIN)
 *             w = fma(-rate, m, w)
 *   NESTEROV  m likewise, w = fma(-rate, fma(beta1, m, g), w)
 *   LION      u = fma(rest1, g - m, m), u = u > 0 ? 1 : u < 0 ? -1 : u
 *             m = flush(fma(rest2, g - m, m), FLT_MIN)
 *             w = fma(-rate, u, keep * w)
 * and with g = flush(g, MLP_ADAM_LEAST_GRADIENT):
 *   RMSPROP   m = flush(fma(rest2, fma(g, g, -m), m), FLT_MIN)
 *             w = fma(-rate, g / (sqrt(m) + epsilon), w)
 *   ADAGRAD   m = fma(g, g, m)
 *             w = fma(-rate, g / (sqrt(m) + epsilon), w)
 *   ADAM      m = flush(fma(rest1, g - m, m), FLT_MIN)
 *             v = flush(fma(rest2, fma(g, g, -v), v), FLT_MIN)
 *             w = fma(-rate, m / (sqrt(v) + epsilon), w)
 *   ADAMW     m and v likewise, w = fma(-rate, m / (sqrt(v) + epsilon), keep * w)
 * flush(x, least) is +0 where |x| < least: a decaying moment would otherwise
 * stick in the subnormals, and what a smaller gradient adds to v would be one.
 * (Kingma and Ba 2015, section 2's rearranged form.) M and V are NULL where the
 * optimizer has no use for them. */
typedef void mlp_update_fn(size_t n, const struct mlp_update *update, const float *g, float *w,
                           float *m, float *v);

/* What precedes the update where it is asked for: penalties and clipping of n
 * gradients (a multiple of 16), in this order, each operation rounded by itself:
 *   g = g + (l2 * w + (w > 0 ? l1 : w < 0 ? -l1 : +0 * w))
 *   g = g > clip ? clip : g < -clip ? -clip : g
 * clip >= 0, infinity for none. `w` may be NULL: no penalties. */
typedef void mlp_penalize_fn(size_t n, float l1, float l2, float clip, const float *w, float *g);

/* Whether |x[i]| < limit for all n values, which a NaN is not. n may be 0, any
 * alignment. */
typedef bool mlp_all_below_fn(size_t n, float limit, const float *x);

/* Bias gradient: g[16*panels], g[c] = the chain of b(s, c) * 1 over the rows,
 * i.e. plain sums in ascending order, from +0 or from g with `resume`. */
typedef void mlp_bias_gradient_fn(size_t rows, size_t panels, const float *b, size_t b_stride,
                                  bool resume, float *g);

/* --- Activations (activation.c) ------------------------------------------- */

/* y[i] = activation(x[i]) for n values; y may be x, n may be 0, any alignment.
 * ReLU and leaky ReLU give x > 0 ? x : (0 or slope * x), NaN for NaN; ReLU of
 * anything not above zero is +0. The others within 2 ULP, GELU (both forms) and
 * mish within 4. Softmax, which needs whole rows, is mlp_softmax_fn; here it is
 * the identity. */
typedef void mlp_activation_forward_fn(enum mlp_activation activation, size_t n, const float *x,
                                       float *y);

/* The same with the derivatives slope[i] = activation'(x[i]), which may overlap
 * neither x nor y: for the activations whose output does not tell the derivative
 * (softplus, SiLU, GELU, mish), and for any. */
typedef void mlp_activation_slope_fn(enum mlp_activation activation, size_t n, const float *x,
                                     float *y, float *slope);

/* d[i] *= activation'(at output y[i]): identity and softmax 1, ReLU (y > 0 ? d :
 * +0), leaky (y > 0 ? d : slope * d), ELU (y > 0 ? d : d * (y + 1)), SELU (d * (y
 * > 0 ? lambda : y + lambda alpha)), sigmoid d * (y * (1 - y)), hard sigmoid (0 <
 * y < 1 ? d * 1/6 : +0), tanh d * fma(-y, y, 1), step +0. For the others y is
 * not the output but the slope: d * y. */
typedef void mlp_activation_backward_fn(enum mlp_activation activation, size_t n, const float *y,
                                        float *d);

/* Whether an activation's derivative has to be kept as a slope: those from softplus
 * to mish in the enum. */
static inline bool mlp_activation_needs_slope(enum mlp_activation activation)
{
    return activation >= MLP_SOFTPLUS && activation <= MLP_MISH;
}

/* --- Exponential and logarithm (math.c) ----------------------------------- */

/* y[i] = exp(x[i]) or log(x[i]), at most 2 ULP from the true value over all
 * floats; overflow, underflow to subnormals and zero, infinities, log of
 * negatives (NaN) and of zero (-inf) as IEEE 754 recommends. y may be x, n may be 0, any
 * alignment. */
typedef void mlp_map_fn(size_t n, const float *x, float *y);

/* --- Loss (loss.c) -------------------------------------------------------- */

/* Softmax cross-entropy with its gradient, in place on panels of logits
 * [rows x classes]. For each row: max over the classes (a NaN makes it NaN);
 * e[c] = exp(z[c] - max), or +0 where z[c] - max < MLP_XENT_CUT; their sum in 16
 * lanes, lane l adding panel by panel e[16 p + l] from +0, then the tree
 * l + (l + 8), + 4, + 2, + 1; then
 *   loss[r] = log(sum) - (z[label] - max)
 *   z[c]    = (e[c] / sum - (c == label ? 1 : 0)) * scale
 * and +0 in the padding. labels[r] < classes. */
typedef void mlp_softmax_xent_fn(size_t rows, size_t classes, float *z, size_t z_stride,
                                 const uint8_t *labels, float scale, float *loss);

/* Softmax of panels of logits, in place: z[c] = e[c] / sum as above, but with no
 * class cut off. */
typedef void mlp_softmax_fn(size_t rows, size_t classes, float *z, size_t z_stride);

/* --- Layout (layout.c) ---------------------------------------------------- */

/* Gathers rows of a row-major u8 matrix into panels: x(r, c) = (float)data[
 * index[r] * features + c] / 255 (true division's bits), +0 in the padding.
 * index == NULL means rows 0, 1, 2, ... */
typedef void mlp_gather_u8_fn(size_t rows, size_t features, const uint8_t *data,
                              const uint32_t *index, float *x, size_t x_stride);

/* The same from f32, copied as it is: x(r, c) = data[index[r] * leading + c]. Also
 * what packs a plain row-major matrix or a block of one. */
typedef void mlp_gather_f32_fn(size_t rows, size_t features, const float *data, size_t leading,
                               const uint32_t *index, float *x, size_t x_stride);

/* Panels back to a plain row-major matrix [rows][columns]. */
typedef void mlp_unpack_fn(size_t rows, size_t columns, const float *x, size_t x_stride,
                           float *data);

/* Transposes a 16-column panel into rows of panels: for r < rows and c < 16,
 *   dst[r / 16 * dst_stride + c * 16 + r % 16] = src[r * 16 + c]  for c < columns
 * and +0 where r >= rows in the last block of 16. With W's panel j at row i (a
 * multiple of 16) as src, dst = WT + i / 16 * dst_stride + 16 * j * 16. */
typedef void mlp_transpose_fn(size_t rows, size_t columns, const float *src, float *dst,
                              size_t dst_stride);

/* --- Ceilings for mlp-bench (peak.c) --------------------------------------- */

/* Runs `iterations` rounds of multiply-adds on registers alone, enough chains
 * to hide their latency, and returns the floating-point operations done: 2 per
 * multiply-add. For "c", the rate of mlp_fma on rows of 16 lanes. */
typedef uint64_t mlp_peak_fma_fn(size_t iterations);

/* Reads n floats (a multiple of 64; x 64-byte aligned) and returns the OR of
 * their bits. */
typedef uint32_t mlp_peak_read_fn(size_t n, const float *x);

/* --- The table ------------------------------------------------------------ */

struct mlp_kernels {
    const char *isa; /* "c", "avx2", "avx512", "neon" */

    size_t mr; /* rows of a full micro-kernel tile, for names and sweeps of tests */
    size_t kc; /* block of K that keeps a panel of B in the first-level cache */
    /* Up to here K is not cut into blocks of kc: what it costs to read B from the
     * second-level cache is less than to store and resume the chains. */
    size_t k_whole;

    mlp_gemm_forward_fn *gemm_forward;
    mlp_gemm_dx_fn *gemm_dx;
    mlp_gemm_dw_fn *gemm_dw;
    mlp_gemm_plain_fn *gemm_plain;
    mlp_update_fn *update;
    mlp_penalize_fn *penalize;
    mlp_all_below_fn *all_below;
    mlp_bias_gradient_fn *bias_gradient;
    mlp_activation_forward_fn *activation_forward;
    mlp_activation_slope_fn *activation_slope;
    mlp_activation_backward_fn *activation_backward;
    mlp_map_fn *exp;
    mlp_map_fn *log;
    mlp_softmax_xent_fn *softmax_xent;
    mlp_softmax_fn *softmax;
    mlp_gather_u8_fn *gather_u8;
    mlp_gather_f32_fn *gather_f32;
    mlp_unpack_fn *unpack;
    mlp_transpose_fn *transpose;
    mlp_peak_fma_fn *peak_fma;
    mlp_peak_read_fn *peak_read;
};

/* The instruction sets of this build in ascending order of speed, "c" first. */
struct mlp_isa {
    const char *name;
    unsigned cpu_flags;                        /* all of these (cpu.h) must be there */
    void (*fill)(struct mlp_kernels *kernels); /* overrides what it has */
};

size_t mlp_isa_table_size(void);
const struct mlp_isa *mlp_isa_table(void);

/* The kernels of instruction set `i`: the C ones, overridden in ascending
 * order by every supported instruction set up to and including `i`. */
void mlp_kernels_fill(size_t i, struct mlp_kernels *kernels);

/* Prototypes: the typedefs are the signatures. */
mlp_gemm_forward_fn mlp_gemm_forward_c, mlp_gemm_forward_6x16_avx2, mlp_gemm_forward_12x32_avx512,
    mlp_gemm_forward_6x16_neon;
mlp_gemm_dx_fn mlp_gemm_dx_c, mlp_gemm_dx_6x16_avx2, mlp_gemm_dx_12x32_avx512,
    mlp_gemm_dx_6x16_neon;
mlp_gemm_dw_fn mlp_gemm_dw_c, mlp_gemm_dw_6x16_avx2, mlp_gemm_dw_16x16_avx512,
    mlp_gemm_dw_6x16_neon;
mlp_gemm_plain_fn mlp_gemm_plain_c, mlp_gemm_plain_6x16_avx2, mlp_gemm_plain_12x32_avx512,
    mlp_gemm_plain_6x16_neon;
mlp_update_fn mlp_update_c, mlp_update_avx2, mlp_update_avx512, mlp_update_neon;
mlp_penalize_fn mlp_penalize_c, mlp_penalize_avx2, mlp_penalize_avx512, mlp_penalize_neon;
mlp_all_below_fn mlp_all_below_c, mlp_all_below_avx2, mlp_all_below_avx512, mlp_all_below_neon;
mlp_bias_gradient_fn mlp_bias_gradient_c, mlp_bias_gradient_avx2, mlp_bias_gradient_avx512,
    mlp_bias_gradient_neon;
mlp_activation_forward_fn mlp_activation_forward_c, mlp_activation_forward_avx2,
    mlp_activation_forward_avx512, mlp_activation_forward_neon;
mlp_activation_slope_fn mlp_activation_slope_c, mlp_activation_slope_avx2,
    mlp_activation_slope_avx512, mlp_activation_slope_neon;
mlp_activation_backward_fn mlp_activation_backward_c, mlp_activation_backward_avx2,
    mlp_activation_backward_avx512, mlp_activation_backward_neon;
mlp_map_fn mlp_exp_c, mlp_exp_avx2, mlp_exp_avx512, mlp_exp_neon;
mlp_map_fn mlp_log_c, mlp_log_avx2, mlp_log_avx512, mlp_log_neon;
mlp_softmax_xent_fn mlp_softmax_xent_c, mlp_softmax_xent_avx2, mlp_softmax_xent_avx512,
    mlp_softmax_xent_neon;
mlp_softmax_fn mlp_softmax_c, mlp_softmax_avx2, mlp_softmax_avx512, mlp_softmax_neon;
mlp_gather_u8_fn mlp_gather_u8_c, mlp_gather_u8_avx2, mlp_gather_u8_avx512, mlp_gather_u8_neon;
mlp_gather_f32_fn mlp_gather_f32_c, mlp_gather_f32_avx2, mlp_gather_f32_avx512, mlp_gather_f32_neon;
mlp_unpack_fn mlp_unpack_c, mlp_unpack_avx2, mlp_unpack_neon;
mlp_transpose_fn mlp_transpose_c, mlp_transpose_avx2, mlp_transpose_avx512, mlp_transpose_neon;
mlp_peak_fma_fn mlp_peak_fma_c, mlp_peak_fma_avx2, mlp_peak_fma_avx512, mlp_peak_fma_neon;
mlp_peak_read_fn mlp_peak_read_c, mlp_peak_read_avx2, mlp_peak_read_avx512, mlp_peak_read_neon;

#endif
