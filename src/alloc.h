/* SPDX-License-Identifier: MIT */
/* The only place that allocates. */
#ifndef MLP_SRC_ALLOC_H
#define MLP_SRC_ALLOC_H

#include <stddef.h>

/* count * size bytes, 64-byte aligned, zeroed; NULL where there is no memory,
 * where the product overflows and where it is 0. Freed with mlp_free. */
void *mlp_alloc(size_t count, size_t size);

/* The same without zeroing. */
void *mlp_alloc_uninitialized(size_t count, size_t size);

/* NULL is fine. */
void mlp_free(void *memory);

/* Test seam: the nth allocation from now fails (1 = the next one), and with
 * `persist` every later one too; 0 turns it off. Not thread-safe. */
void mlp_alloc_fail_at(unsigned long n, int persist);

/* Allocations so far that are not freed, for leak checks. */
long mlp_alloc_live(void);

#endif
