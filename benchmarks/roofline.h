/* SPDX-License-Identifier: MIT */
/* The roofline of a run as SVG: GFLOP/s over FLOP/byte, both logarithmic. A
 * roof is what was measured: no case can be above both its FMA roof and the
 * slanted roof of the memory that it reads from. After Williams, Waterman and
 * Patterson, "Roofline", CACM 52 (4), 2009. */
#ifndef MLP_BENCH_ROOFLINE_H
#define MLP_BENCH_ROOFLINE_H

#include "view.h"

#include <stdio.h>

/* A picture that stands alone, of a document that --json prints. False where
 * there is no memory or `out` cannot be written. */
bool bench_write_roofline(const json_t *run, FILE *out);

enum roofline_format {
    ROOFLINE_FILE,   /* with its own colours */
    ROOFLINE_WIDE,   /* within the page: points lead to the rows of the table */
    ROOFLINE_NARROW, /* likewise, to be read on a phone */
};

/* False where there is no memory. */
bool roofline_draw(const struct view *view, enum roofline_format format, FILE *out);

/* Style sheet of a picture, over the variables of the palette. */
extern const char *const roofline_style[];

#endif
