/* SPDX-License-Identifier: MIT */
/* What follows from a case's repetitions: the figures of every table and file. */
#ifndef MLP_BENCH_METRICS_H
#define MLP_BENCH_METRICS_H

#include "run.h"

/* NaN: unknown or does not apply. */
struct bench_metrics {
    struct bench_stats time, cpu; /* seconds of an iteration */
    double flops_per_second, bytes_per_second, samples_per_second;
    double flop_per_byte;
    const char *binding;     /* the ceiling that binds: "FMA", "L2", ... */
    double ceiling;          /* its median beside the case: FLOP/s, or bytes/s where it is memory */
    double share_of_binding; /* median of the repetitions' ratios */
    double share_of_peak;    /* of the FMA peak */
    double cycles, instructions, l1_misses, l2_misses, llc_misses; /* of an iteration */
    double ipc, flop_per_cycle, ghz;
    bool wrong; /* the result is: other bits than the C kernels', or of a peer an error
                   beyond what k roundings can do */
};

/* Of a result with at least one repetition. */
struct bench_metrics bench_metrics(const struct bench_result *result,
                                   const struct bench_ceilings *ceilings);

#endif
