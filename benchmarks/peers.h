/* SPDX-License-Identifier: MIT */
/* Other libraries, measured in the same run at the same shapes. */
#ifndef MLP_BENCH_PEERS_H
#define MLP_BENCH_PEERS_H

#include "cases.h"

struct bench_peer {
    char name[24];         /* in the names of cases: "openblas" */
    char description[160]; /* what the library says of itself */
    bool own_threads;      /* besides OpenMP's, which may spin when they are idle */
    bool packed;           /* its weights are packed beforehand, like the trainer's */
};

/* Loads the libraries of --cblas. MLP_ERROR_USAGE where one cannot be loaded or
 * has no cblas_sgemm. They stay loaded: their threads may still run. */
mlp_status bench_peers_open(const struct bench_options *options, mlp_error *error);

/* Peer `i`; NULL past the last one. */
const struct bench_peer *bench_peer_at(size_t i);

/* Appends the peers' cases for a thread count. */
void bench_add_peers(struct bench_cases *cases, const struct bench_options *options, int threads);

/* For peers.c: the two kinds of peers. */
const struct bench_peer *bench_cblas_at(size_t i);
void bench_add_cblas(struct bench_cases *cases, const struct bench_options *options, int threads);
const struct bench_peer *bench_onednn(void); /* NULL where the build has it not */
void bench_add_onednn(struct bench_cases *cases, const struct bench_options *options, int threads);

/* The fastest instruction set here, in whose ceilings the peers are measured. */
void bench_peer_kernels(struct mlp_kernels *kernels);

#endif
