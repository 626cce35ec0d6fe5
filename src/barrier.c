/* SPDX-License-Identifier: MIT */
#include "barrier.h"

#include "cpu.h"

#include <omp.h>
#include <sched.h>
#include <time.h>

enum {
    SPINS = 4000, /* some tens of microseconds */
    YIELDS = 1000,
};

void mlp_barrier_wait(struct mlp_barrier *barrier)
{
    unsigned round = atomic_load_explicit(&barrier->round, memory_order_relaxed);
    int arrived = atomic_fetch_add_explicit(&barrier->arrived, 1, memory_order_acq_rel) + 1;
    if (arrived == omp_get_num_threads()) {
        atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&barrier->round, round + 1, memory_order_release);
        return;
    }
    for (int i = 0; atomic_load_explicit(&barrier->round, memory_order_acquire) == round; i++) {
        if (i < SPINS) {
            mlp_cpu_relax();
        } else if (i < SPINS + YIELDS) {
            sched_yield();
        } else { /* somebody is in a callback */
            nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
            i--;
        }
    }
}
