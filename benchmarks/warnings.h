/* SPDX-License-Identifier: MIT */
/* What makes figures worthless. */
#ifndef MLP_BENCH_WARNINGS_H
#define MLP_BENCH_WARNINGS_H

#include "machine.h"

enum { BENCH_MAX_WARNINGS = 16, BENCH_WARNING_SIZE = 200 };

/* All zero to begin with. */
struct bench_warnings {
    size_t count;
    char text[BENCH_MAX_WARNINGS][BENCH_WARNING_SIZE]; /* one line each, without its end */
};

/* Appends a text that printf would print, cut to its room; nothing where the list
 * is full. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void bench_warn(struct bench_warnings *warnings, const char *format, ...);

/* What is known before anything runs: a clock governor other than `performance`,
 * `threads` (the most that are asked for) beyond the CPUs, the cores or the
 * quota, a build that is not optimised. */
void bench_warn_machine(const struct bench_machine *machine, int threads, bool release,
                        struct bench_warnings *warnings);

#endif
