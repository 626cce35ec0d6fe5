/* SPDX-License-Identifier: MIT */
#ifndef MLP_SRC_THREADS_H
#define MLP_SRC_THREADS_H

#include <stddef.h>

/* More than any machine we know has; what lies above is a mistake. */
#define MLP_MAX_THREADS 4096

/* `threads` where positive, else mlp_default_threads(). */
int mlp_threads_or_default(int threads);

/* Threads for `parts` pieces of work: mlp_default_threads(), but no more than pieces. One piece does
 * not ask for that number, which is read from files. */
int mlp_threads_for(size_t parts);

/* CPUs that this process's cgroup allows, such as 1.5; 0: no limit. */
double mlp_cpu_quota(void);

#endif
