/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include <math.h>

/* A product of k roundings is off by at most k u |A||B| and a little, u = eps / 2
 * (Higham, section 3.1); other results by a few. */
static bool is_wrong(const struct bench_result *result)
{
    const struct bench_case *test = result->test;
    double most = fmax(4, (double)test->shape.k / 2 * 1.01);
    if (!test->peer && result->check.bits == BENCH_BITS_DIFFER)
        return true;
    return test->suite == BENCH_GEMM && !isnan(result->check.error) &&
           !(result->check.error <= most);
}

static void set_counts(struct bench_metrics *m, const struct bench_result *result)
{
    double times = (double)(result->iterations * result->reps);
    const double *of = result->counts.of;
    m->cycles = of[BENCH_CYCLES] / times;
    m->instructions = of[BENCH_INSTRUCTIONS] / times;
    m->l1_misses = of[BENCH_L1_MISSES] / times;
    m->l2_misses = of[BENCH_L2_MISSES] / times;
    m->llc_misses = of[BENCH_LLC_MISSES] / times;
    m->ipc = bench_counts_ipc(&result->counts);
    m->ghz = bench_counts_ghz(&result->counts);
    m->flop_per_cycle = result->test->flops / m->cycles;
}

struct bench_metrics bench_metrics(const struct bench_result *result,
                                   const struct bench_ceilings *ceilings)
{
    const struct bench_case *test = result->test;
    const struct bench_ceiling_row *row =
        bench_ceilings_find(ceilings, test->kernels.isa, test->threads);
    struct bench_metrics m = {
        .time = bench_stats(result->reps, result->seconds),
        .cpu = bench_stats(result->reps, result->cpu),
        .flop_per_byte = test->flops / test->bytes,
        .binding = bench_binding_name(ceilings, &result->binding),
        .ceiling = bench_stats(result->reps, result->ceilings).median,
        .share_of_binding = bench_stats(result->reps, result->shares).median,
        .wrong = is_wrong(result),
    };
    m.flops_per_second = test->flops / m.time.median;
    m.bytes_per_second = test->bytes / m.time.median;
    m.samples_per_second = test->samples > 0 ? test->samples / m.time.median : NAN;
    m.share_of_peak =
        result->binding.memory ? m.flops_per_second / row->fma.median : m.share_of_binding;
    set_counts(&m, result);
    return m;
}
