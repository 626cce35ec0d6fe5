/* SPDX-License-Identifier: MIT */
#ifndef MLP_BENCH_FLUSH_H
#define MLP_BENCH_FLUSH_H

#include <stddef.h>

/* Flushes memory out of all caches, so that the next access reads RAM. */
void bench_flush(const void *memory, size_t bytes);

#endif
