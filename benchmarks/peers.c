/* SPDX-License-Identifier: MIT */
#include "peers.h"

#include <mlp/cpu.h>

const struct bench_peer *bench_peer_at(size_t i)
{
    size_t libraries = 0;
    while (bench_cblas_at(libraries))
        libraries++;
    return i < libraries ? bench_cblas_at(i) : i == libraries ? bench_onednn() : NULL;
}

void bench_add_peers(struct bench_cases *cases, const struct bench_options *options, int threads)
{
    bench_add_cblas(cases, options, threads);
    bench_add_onednn(cases, options, threads);
}

void bench_peer_kernels(struct mlp_kernels *kernels)
{
    size_t best = 0;
    for (size_t i = 0; i < mlp_isa_count(); i++)
        best = mlp_isa_supported(i) ? i : best;
    mlp_kernels_fill(best, kernels);
}
