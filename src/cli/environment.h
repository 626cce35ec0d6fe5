/* SPDX-License-Identifier: MIT */
/* What environment variables have a say in. */
#ifndef MLP_CLI_ENVIRONMENT_H
#define MLP_CLI_ENVIRONMENT_H

/* Reads OMP_NUM_THREADS and leaves a plain number in it or nothing: on anything
 * else LLVM's OpenMP (libomp 14) reads memory that it has not set. To be called
 * before the first use of OpenMP. */
void environment_begin(void);

/* Warns where OMP_NUM_THREADS is set and not used: it is no positive number. */
void warn_of_threads(void);

/* Why the chosen instruction set and the default number of threads are what
 * they are. `option` is the value of --isa, NULL where not given. */
const char *isa_reason(const char *option);
const char *threads_reason(void);

#endif
