/* SPDX-License-Identifier: MIT */
/* What charts have in common: the picture, its axes and their words. */
#ifndef MLP_PAGE_FRAME_H
#define MLP_PAGE_FRAME_H

#include "axis.h"

#include <stdio.h>

/* In units of the picture, which is as wide as the page lets it be. */
struct frame {
    double width, height;
    struct axis x, y; /* y.begin is the lower end */
};

/* Sets the sizes; the axes await their values. */
void frame_begin(struct frame *frame, double height);

/* Opens the <svg> and its description, which the caller may go on with. */
void frame_open(FILE *out, const struct frame *frame, const char *title);

/* Closes the description, and draws the grid, the ticks and the names of the axes. */
void frame_axes(FILE *out, const struct frame *frame, const char *x_name, const char *y_name);

#endif
