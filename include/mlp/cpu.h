/* SPDX-License-Identifier: MIT */
/* What the machine can do, and which kernels run on it. */
#ifndef MLP_CPU_H
#define MLP_CPU_H

#include <mlp/status.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The CPU's own name ("AMD EPYC 7443"), or the architecture's where it has
 * none, cut to `size` bytes with the zero byte. */
MLP_API void mlp_cpu_name(char *name, size_t size);

/* Number of instruction sets that this build knows, the plain C one included. */
MLP_API size_t mlp_isa_count(void);

/* Name of instruction set `i` in ascending order of speed ("c", "avx2",
 * "avx512", "neon"): the word used by --isa and MLP_ISA. NULL where i is out of range. */
MLP_API const char *mlp_isa_name(size_t i);

/* Whether this CPU (and its operating system) can run instruction set `i`. */
MLP_API bool mlp_isa_supported(size_t i);

/* Chooses the instruction set of everything that is created afterwards.
 * `name` is one of mlp_isa_name() or NULL, which means: the environment
 * variable MLP_ISA where it is set and not empty, else the fastest that is
 * supported. MLP_ERROR_USAGE names the choices where `name` is unknown or this
 * CPU lacks it. Where it is never called, the first use chooses as for NULL;
 * a bad MLP_ISA is then an error of that use. Results do not depend on the
 * choice, only time does. Not to be called while another thread trains. */
MLP_API mlp_status mlp_isa_select(const char *name, mlp_error *error);

/* Name of the instruction set chosen now; "c" where MLP_ISA names none that this
 * CPU has. */
MLP_API const char *mlp_isa_selected(void);

/* The threads that a run uses by default: OMP_NUM_THREADS where it is a
 * positive number, else the CPUs of this process's affinity mask, limited by
 * its cgroup quota (rounded up). At least 1. */
MLP_API int mlp_default_threads(void);

#ifdef __cplusplus
}
#endif

#endif
