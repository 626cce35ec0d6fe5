/* SPDX-License-Identifier: MIT */
/* Line charts and scatter plots as SVG within a page. Their text keeps a readable
 * size on phones: chart_style enlarges it there. */
#ifndef MLP_PAGE_CHART_H
#define MLP_PAGE_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct chart_line {
    const char *name;
    size_t colour;        /* below MARKUP_COLOURS; its mark too */
    const double *values; /* [count]; what is not finite is a gap */
};

struct chart {
    const char *title;
    const char *axis; /* what x counts, such as "epoch" */
    const double *x;  /* [count] whole numbers in ascending order */
    size_t count;
    const struct chart_line *lines;
    size_t line_count;
    double least;  /* what is lower is drawn here; -INFINITY: as it is */
    bool percent;  /* values are fractions */
    bool linear;   /* not to become logarithmic, however far values go */
    double marked; /* an x that has a line of its own, named `mark`; NaN: none */
    const char *mark;
};

/* A heading, the picture, and under it what its lines are and where they end. */
void chart_draw(FILE *out, const struct chart *chart);

/* A figure of a chart in words: four digits, or a percentage. Returns `text`. */
enum { CHART_FIGURE = 32 };
const char *chart_figure(double value, bool percent, char text[CHART_FIGURE]);

struct scatter {
    const char *title, *x_name, *y_name;
    const float *x,
        *y; /* `count` of them, `stride` apart; pairs that are not finite are left out */
    size_t count, stride;
};

/* With the line on which y is x; of more than SCATTER_POINTS an even choice is shown. */
enum { SCATTER_POINTS = 1500 };
void scatter_draw(FILE *out, const struct scatter *scatter);

extern const char *const chart_style[];

#endif
