/* SPDX-License-Identifier: MIT */
/* What pages and pictures write of a case. */
#ifndef MLP_BENCH_CASE_MARKUP_H
#define MLP_BENCH_CASE_MARKUP_H

#include "page/markup.h"
#include "view.h"

#include <stdio.h>

/* Whether a case moves data and computes nothing. */
bool case_moves_only(const struct view_case *test);

/* GFLOP/s; Gop/s of kernels that compute nothing. With its unit; returns `text`. */
const char *case_rate(const struct view_case *test, char text[MARKUP_SIZE]);

/* What a case's name has between its operation and its instruction set. */
void case_shape(FILE *out, const struct view_case *test);

/* "97.8 % of L1" */
void case_share(FILE *out, const struct view_case *test);

/* The colour of a series, below MARKUP_COLOURS; the plain C code's is 0, grey. */
size_t case_colour(const struct view *view, size_t series);

#endif
