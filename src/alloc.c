/* SPDX-License-Identifier: MIT */
#include "alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    ALIGNMENT = 64,
    /* Large arrays get huge pages where the system has them: a weight panel of
     * a wide layer is on another page every few rows. */
    HUGE_PAGE = 2 << 20,
    LARGE = 2 * HUGE_PAGE,
};

static _Atomic unsigned long fail_countdown;
static _Atomic int fail_persist;
static _Atomic long live;

void mlp_alloc_fail_at(unsigned long n, int persist)
{
    fail_countdown = n;
    fail_persist = persist;
}

long mlp_alloc_live(void)
{
    return live;
}

static int must_fail(void)
{
    if (fail_countdown == 0) /* the seam is off: the usual case */
        return 0;
    if (fail_countdown > 1) {
        fail_countdown--;
        return 0;
    }
    if (!fail_persist)
        fail_countdown = 0;
    return 1;
}

void *mlp_alloc_uninitialized(size_t count, size_t size)
{
    if (count == 0 || size == 0 || count > SIZE_MAX / size || must_fail())
        return NULL;
    void *memory = NULL;
    bool large = count * size >= LARGE;
    if (posix_memalign(&memory, large ? HUGE_PAGE : ALIGNMENT, count * size) != 0)
        return NULL;
#if defined(MADV_HUGEPAGE)
    if (large)
        (void)madvise(memory, count * size, MADV_HUGEPAGE); /* a hint */
#endif
    live++;
    return memory;
}

void *mlp_alloc(size_t count, size_t size)
{
    void *memory = mlp_alloc_uninitialized(count, size);
    if (memory)
        memset(memory, 0, count * size);
    return memory;
}

void mlp_free(void *memory)
{
    if (memory)
        live--;
    free(memory);
}
