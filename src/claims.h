/* SPDX-License-Identifier: MIT */
/* Work shared among a team: each thread has a share of its own, so that the
 * same caches see the same data every time, and takes from the others' shares
 * when it is done, so that unequal cores end together. Which thread runs a unit
 * never matters to the result. */
#ifndef MLP_SRC_CLAIMS_H
#define MLP_SRC_CLAIMS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct mlp_share {
    _Alignas(64) _Atomic size_t next; /* a cache line of its own */
    size_t begin, end;
};

struct mlp_claims {
    size_t units;
    int threads;
    struct mlp_share *shares; /* [threads], not owned */
};

/* What a unit costs beside the others, in any measure above 0. */
typedef double mlp_unit_cost_fn(const void *context, size_t unit);

/* Cuts the units into shares of about equal cost, or of equal number where
 * `cost` is NULL, all claimable. */
void mlp_claims_divide(struct mlp_claims *claims, mlp_unit_cost_fn *cost, const void *context);

/* Makes all units claimable again. Only while nobody claims. */
static inline void mlp_claims_reset(struct mlp_claims *claims)
{
    for (int i = 0; i < claims->threads; i++)
        atomic_store_explicit(&claims->shares[i].next, claims->shares[i].begin,
                              memory_order_relaxed);
}

/* Gives `thread` a unit that nobody has yet; false where none is left. */
static inline bool mlp_claim(struct mlp_claims *claims, int thread, size_t *unit)
{
    for (int i = 0; i < claims->threads; i++) {
        struct mlp_share *share = &claims->shares[(thread + i) % claims->threads];
        if (atomic_load_explicit(&share->next, memory_order_relaxed) >= share->end)
            continue;
        *unit = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed);
        if (*unit < share->end)
            return true;
    }
    return false;
}

#endif
