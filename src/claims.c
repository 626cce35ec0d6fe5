/* SPDX-License-Identifier: MIT */
#include "claims.h"

static double one(const void *context, size_t unit)
{
    (void)context;
    (void)unit;
    return 1;
}

void mlp_claims_divide(struct mlp_claims *claims, mlp_unit_cost_fn *cost, const void *context)
{
    if (!cost)
        cost = one;
    double total = 0, sum = 0;
    for (size_t unit = 0; unit < claims->units; unit++)
        total += cost(context, unit);
    size_t unit = 0;
    for (int i = 0; i < claims->threads; i++) {
        double until = total * (i + 1) / claims->threads;
        claims->shares[i].begin = unit;
        /* A unit is the share's that its middle falls into. */
        for (; unit < claims->units; unit++) {
            double next = cost(context, unit);
            if (sum + next / 2 > until && i + 1 < claims->threads)
                break;
            sum += next;
        }
        claims->shares[i].end = unit;
    }
    mlp_claims_reset(claims);
}
