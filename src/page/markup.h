/* SPDX-License-Identifier: MIT */
/* Pieces of HTML and SVG: escaped text, figures with units, colours and marks. */
#ifndef MLP_PAGE_MARKUP_H
#define MLP_PAGE_MARKUP_H

#include <stddef.h>
#include <stdio.h>

/* Text for content and for attributes in double quotes, HTML and XML alike. */
void markup_text(FILE *out, const char *text);

/* The first bytes of one. */
void markup_part(FILE *out, const char *text, size_t length);

/* A name, or its beginning, which may be broken behind a slash. */
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
const char *markup_scaled(double value, const char *unit, char text[MARKUP_SIZE]); /* "1.25 unit" */
const char *markup_threads(int threads, char text[MARKUP_SIZE]);                   /* "2 threads" */

/* Colours of series are the classes s0 to s7, which have them in --c. */
enum { MARKUP_COLOURS = 8 };

/* The path data of a series' mark about a centre, `radius` large. */
void markup_mark(FILE *out, size_t series, double x, double y, double radius);

/* Style sheet: the variables of both colour schemes. For pages and pictures. */
extern const char *const markup_palette[];

#endif
