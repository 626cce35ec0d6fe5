/* SPDX-License-Identifier: MIT */
#ifndef MLP_SRC_THREADS_H
#define MLP_SRC_THREADS_H

/* More than any machine we know has; what lies above is a mistake. */
#define MLP_MAX_THREADS 4096

/* `threads` where positive, else mlp_default_threads(). */
int mlp_threads_or_default(int threads);

/* CPUs that this process's cgroup allows, such as 1.5; 0: no limit. */
double mlp_cpu_quota(void);

#endif
