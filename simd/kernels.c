/* SPDX-License-Identifier: MIT */
/* THE table of instruction sets, and the only dispatch. */
#include "kernels.h"

#include "cpu.h"

#if defined(__x86_64__)
#define MLP_HAVE_AVX2 1
#define MLP_HAVE_AVX512 1
#else
#define MLP_HAVE_AVX2 0
#define MLP_HAVE_AVX512 0
#endif
#if defined(__aarch64__)
#define MLP_HAVE_NEON 1
#else
#define MLP_HAVE_NEON 0
#endif

static void fill_c(struct mlp_kernels *k)
{
    k->isa = "c";
    k->mr = 6;
    k->kc = 256;
    k->k_whole = 288;
    k->gemm_forward = mlp_gemm_forward_c;
    k->gemm_dx = mlp_gemm_dx_c;
    k->gemm_dw = mlp_gemm_dw_c;
    k->gemm_plain = mlp_gemm_plain_c;
    k->update = mlp_update_c;
    k->penalize = mlp_penalize_c;
    k->all_below = mlp_all_below_c;
    k->bias_gradient = mlp_bias_gradient_c;
    k->activation_forward = mlp_activation_forward_c;
    k->activation_slope = mlp_activation_slope_c;
    k->activation_backward = mlp_activation_backward_c;
    k->exp = mlp_exp_c;
    k->log = mlp_log_c;
    k->softmax_xent = mlp_softmax_xent_c;
    k->softmax = mlp_softmax_c;
    k->gather_u8 = mlp_gather_u8_c;
    k->gather_f32 = mlp_gather_f32_c;
    k->unpack = mlp_unpack_c;
    k->transpose = mlp_transpose_c;
    k->peak_fma = mlp_peak_fma_c;
    k->peak_read = mlp_peak_read_c;
}

#if MLP_HAVE_AVX2
static void fill_avx2(struct mlp_kernels *k)
{
    k->isa = "avx2";
    k->mr = 6;
    k->kc = 256; /* 16 KB of B beside two tiles of A in 32 KB */
    k->k_whole = 288;
    k->gemm_forward = mlp_gemm_forward_6x16_avx2;
    k->gemm_dx = mlp_gemm_dx_6x16_avx2;
    k->gemm_dw = mlp_gemm_dw_6x16_avx2;
    k->gemm_plain = mlp_gemm_plain_6x16_avx2;
    k->update = mlp_update_avx2;
    k->penalize = mlp_penalize_avx2;
    k->all_below = mlp_all_below_avx2;
    k->bias_gradient = mlp_bias_gradient_avx2;
    k->activation_forward = mlp_activation_forward_avx2;
    k->activation_slope = mlp_activation_slope_avx2;
    k->activation_backward = mlp_activation_backward_avx2;
    k->exp = mlp_exp_avx2;
    k->log = mlp_log_avx2;
    k->softmax_xent = mlp_softmax_xent_avx2;
    k->softmax = mlp_softmax_avx2;
    k->gather_u8 = mlp_gather_u8_avx2;
    k->gather_f32 = mlp_gather_f32_avx2;
    k->unpack = mlp_unpack_avx2;
    k->transpose = mlp_transpose_avx2;
    k->peak_fma = mlp_peak_fma_avx2;
    k->peak_read = mlp_peak_read_avx2;
}
#endif

#if MLP_HAVE_AVX512
static void fill_avx512(struct mlp_kernels *k)
{
    k->isa = "avx512";
    k->mr = 12;
    k->kc = 256; /* 32 KB of B, two panels, beside a tile of A in 48 KB */
    k->k_whole = 800;
    k->gemm_forward = mlp_gemm_forward_12x32_avx512;
    k->gemm_dx = mlp_gemm_dx_12x32_avx512;
    k->gemm_dw = mlp_gemm_dw_16x16_avx512;
    k->gemm_plain = mlp_gemm_plain_12x32_avx512;
    k->update = mlp_update_avx512;
    k->penalize = mlp_penalize_avx512;
    k->all_below = mlp_all_below_avx512;
    k->bias_gradient = mlp_bias_gradient_avx512;
    k->activation_forward = mlp_activation_forward_avx512;
    k->activation_slope = mlp_activation_slope_avx512;
    k->activation_backward = mlp_activation_backward_avx512;
    k->exp = mlp_exp_avx512;
    k->log = mlp_log_avx512;
    k->softmax_xent = mlp_softmax_xent_avx512;
    k->softmax = mlp_softmax_avx512;
    k->gather_u8 = mlp_gather_u8_avx512;
    k->gather_f32 = mlp_gather_f32_avx512;
    k->transpose = mlp_transpose_avx512;
    k->peak_fma = mlp_peak_fma_avx512;
    k->peak_read = mlp_peak_read_avx512;
}
#endif

#if MLP_HAVE_NEON
static void fill_neon(struct mlp_kernels *k)
{
    k->isa = "neon";
    k->mr = 6;
    k->kc = 256;
    k->k_whole = 288;
    k->gemm_forward = mlp_gemm_forward_6x16_neon;
    k->gemm_dx = mlp_gemm_dx_6x16_neon;
    k->gemm_dw = mlp_gemm_dw_6x16_neon;
    k->gemm_plain = mlp_gemm_plain_6x16_neon;
    k->update = mlp_update_neon;
    k->penalize = mlp_penalize_neon;
    k->all_below = mlp_all_below_neon;
    k->bias_gradient = mlp_bias_gradient_neon;
    k->activation_forward = mlp_activation_forward_neon;
    k->activation_slope = mlp_activation_slope_neon;
    k->activation_backward = mlp_activation_backward_neon;
    k->exp = mlp_exp_neon;
    k->log = mlp_log_neon;
    k->softmax_xent = mlp_softmax_xent_neon;
    k->softmax = mlp_softmax_neon;
    k->gather_u8 = mlp_gather_u8_neon;
    k->gather_f32 = mlp_gather_f32_neon;
    k->unpack = mlp_unpack_neon;
    k->transpose = mlp_transpose_neon;
    k->peak_fma = mlp_peak_fma_neon;
    k->peak_read = mlp_peak_read_neon;
}
#endif

static const struct mlp_isa table[] = {
    {"c", 0, fill_c},
#if MLP_HAVE_AVX2
    {"avx2", MLP_CPU_AVX2, fill_avx2},
#endif
#if MLP_HAVE_AVX512
    {"avx512", MLP_CPU_AVX2 | MLP_CPU_AVX512, fill_avx512},
#endif
#if MLP_HAVE_NEON
    {"neon", MLP_CPU_NEON, fill_neon},
#endif
};

size_t mlp_isa_table_size(void)
{
    return sizeof table / sizeof table[0];
}

const struct mlp_isa *mlp_isa_table(void)
{
    return table;
}

void mlp_kernels_fill(size_t i, struct mlp_kernels *kernels)
{
    unsigned flags = mlp_cpu_flags();
    for (size_t j = 0; j <= i && j < mlp_isa_table_size(); j++) {
        if ((table[j].cpu_flags & ~flags) == 0)
            table[j].fill(kernels);
    }
}
