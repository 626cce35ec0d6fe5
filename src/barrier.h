/* SPDX-License-Identifier: MIT */
/* A barrier for the threads of an OpenMP team. A step waits twice within a
 * millisecond or two, so it must be quick when every thread has a core of its
 * own, and must give the core away when not: OpenMP runtimes spin for
 * milliseconds, which costs most of the speed as soon as another program wants
 * one of the cores. */
#ifndef MLP_SRC_BARRIER_H
#define MLP_SRC_BARRIER_H

#include <stdatomic.h>

/* All zero is ready. */
struct mlp_barrier {
    _Alignas(64) _Atomic int arrived;
    _Alignas(64) _Atomic unsigned round;
};

/* Returns when all threads of the current team have called it; what they wrote
 * before is then visible to all. */
void mlp_barrier_wait(struct mlp_barrier *barrier);

#endif
