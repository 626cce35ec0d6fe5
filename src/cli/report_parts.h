/* SPDX-License-Identifier: MIT */
/* Sections of the page that report.c puts together. */
#ifndef MLP_CLI_REPORT_PARTS_H
#define MLP_CLI_REPORT_PARTS_H

#include "report.h"

#include "page/chart.h"
#include "page/markup.h"

#include <stdbool.h>
#include <stdio.h>

/* A part of the page; left out where the run has nothing to say there. */
struct report_section {
    const char *id, *title;
    bool (*wanted)(const struct report *report);
    bool (*write)(const struct report *report, FILE *out); /* false: no memory */
};

extern const struct report_section report_curves, report_epochs;     /* report_curves.c */
extern const struct report_section report_confusion, report_classes; /* report_classes.c */
extern const struct report_section report_samples;                   /* report_samples.c */
extern const struct report_section report_values;                    /* report_values.c */
extern const struct report_section report_weights;                   /* report_weights.c */
extern const struct report_section report_network, report_settings,
    report_repeat; /* report_run.c */

extern const char *const report_style[]; /* report_style.c */

/* The first lines: what no reader may miss, and the most important figures. report_summary.c */
void report_alerts(const struct report *report, FILE *out);
void report_tiles(const struct report *report, FILE *out);

/* "test", "validation" or "held-out". */
const char *report_set(const struct report *report);

/* What a class is called, as HTML: its name, or the beginning of that, or its number; returns
 * `text`. report_names.c */
enum { REPORT_CLASS = 256 };
const char *report_class(const struct report *report, size_t class, char text[REPORT_CLASS]);

/* "610.0 ms", "12.3 s", "40 min 40 s", "3 h 25 min"; returns `text`. report_summary.c */
const char *report_duration(double seconds, char text[MARKUP_SIZE]);

/* --- Pictures, report_picture.c ------------------------------------------------- */

/* One value a pixel; one of the two is not NULL. */
struct report_pixels {
    size_t height, width;
    const uint8_t *u8;
    const float *f32;
};

/* Whether features of the data are images; their size. */
bool report_image(const struct report *report, size_t *height, size_t *width);

/* <img> in shades of grey, of f32 from the least to the greatest value. `alt` is text. */
void report_grey(FILE *out, const struct report_pixels *pixels, const char *alt);

/* <img> from blue (-most) by white (0) to red (most). */
void report_diverging(FILE *out, const struct report_pixels *pixels, double most, const char *alt);

/* The inputs of a sample: of an image the picture, else the first REPORT_FEATURES as cells of
 * a table, whose headings the second function writes. */
enum { REPORT_FEATURES = 8 };
void report_sample_cells(const struct report *report, size_t sample, FILE *out);
void report_sample_headings(const struct report *report, FILE *out);

/* --- The worst of many ----------------------------------------------------------- */

enum { REPORT_WORST = 24 };
struct report_worst {
    size_t count;
    struct {
        double badness; /* descending; what is no number is worst */
        size_t index;
    } rows[REPORT_WORST];
};

/* Takes a candidate in; of equals the first stay. report_picture.c */
void report_worst_add(struct report_worst *worst, double badness, size_t index);

#endif
