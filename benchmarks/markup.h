/* SPDX-License-Identifier: MIT */
/* Pieces of HTML and SVG: escaped text, figures with units, colours and marks. */
#ifndef MLP_BENCH_MARKUP_H
#define MLP_BENCH_MARKUP_H

#include "view.h"

#include <stdio.h>

/* Text for content and for attributes in double quotes, HTML and XML alike. */
void markup_text(FILE *out, const char *text);

/* The first bytes of one. */
void markup_part(FILE *out, const char *text, size_t length);

/* The name of a case, or its beginning, which may be broken behind a slash. */
void markup_name(FILE *out, const char *name, size_t length);

/* A string that is made of lines; a literal of it all would be longer than
 * what C compilers must take. The last is NULL. */
void markup_lines(FILE *out, const char *const *lines);

/* Figures in at most 4 digits, a dash where there is none. All return `text`. */
enum { MARKUP_SIZE = 48 };
const char *markup_number(double value, char text[MARKUP_SIZE]);
const char *markup_percent(double share, char text[MARKUP_SIZE]);
const char *markup_duration(double nanoseconds, char text[MARKUP_SIZE]); /* with its unit */
const char *markup_count(double value, char text[MARKUP_SIZE]);          /* "1.25 M" */
const char *markup_bytes(double bytes, char text[MARKUP_SIZE]);          /* "48 KiB" */
/* GFLOP/s; Gop/s of kernels that compute nothing. With its unit. */
const char *markup_rate(const struct view_case *test, char text[MARKUP_SIZE]);
const char *markup_threads(int threads, char text[MARKUP_SIZE]); /* "2 threads" */

/* What a case's name has between its operation and its instruction set. */
void markup_shape(FILE *out, const struct view_case *test);

/* "97.8 % of L1" */
void markup_share(FILE *out, const struct view_case *test);

/* Whether a case moves data and computes nothing. */
bool markup_moves_only(const struct view_case *test);

/* The class that has a series' colour in --c: 0 to 7. */
size_t markup_colour(const struct view *view, size_t series);
/* The path data of a series' mark about a centre, `radius` large. */
void markup_mark(FILE *out, size_t series, double x, double y, double radius);

/* Style sheet: the variables of both colour schemes. For pages and pictures. */
extern const char *const markup_palette[];

#endif
