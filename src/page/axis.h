/* SPDX-License-Identifier: MIT */
/* Axes of charts: from values to pixels, and where the ticks are. */
#ifndef MLP_PAGE_AXIS_H
#define MLP_PAGE_AXIS_H

#include <stdbool.h>
#include <stddef.h>

/* Values from low to high lie on the pixels from begin to end. Starts with `unit`,
 * `whole`, `begin` and `end` set and all else zero. */
struct axis {
    double begin, end;
    bool percent; /* values are fractions from 0 to 1, and shown as percentages */
    bool whole;   /* only whole numbers have ticks */
    bool used;    /* a value has been included */
    bool logarithmic;
    double low, high;
};

/* Widens the axis for a value; what is not finite is left out. */
void axis_include(struct axis *axis, double value);

/* After the last value: leaves room about the values, so that low < high, also without any.
 * `may_be_logarithmic`: it becomes so where positive values differ by more than 20 times. */
void axis_finish(struct axis *axis, bool may_be_logarithmic);

/* The pixel of a value, at an end for what lies beyond it; NaN is at `begin`. */
double axis_position(const struct axis *axis, double value);

/* Ticks in ascending order, `most` of them at most (2 to AXIS_TICKS); returns how many. */
enum { AXIS_TICKS = 12 };
size_t axis_ticks(const struct axis *axis, size_t most, double ticks[AXIS_TICKS]);

/* What stands at a tick, given all of them; returns `text`. */
enum { AXIS_LABEL = 32 };
const char *axis_label(const struct axis *axis, const double *ticks, size_t count, size_t tick,
                       char text[AXIS_LABEL]);

#endif
