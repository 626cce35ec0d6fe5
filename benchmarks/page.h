/* SPDX-License-Identifier: MIT */
/* A run as one HTML page that needs nothing else: no network, no script. */
#ifndef MLP_BENCH_PAGE_H
#define MLP_BENCH_PAGE_H

#include "view.h"

#include <stdio.h>

/* Of a document that --json prints, whole or interrupted. False where there is
 * no memory or `out` cannot be written. */
bool bench_write_page(const json_t *run, FILE *out);

/* A part of the page; left out where the run has nothing to say there. */
struct page_section {
    const char *id, *title;
    bool (*wanted)(const struct view *view);
    void (*write)(const struct view *view, FILE *out);
};

extern const struct page_section page_machine;               /* page_machine.c */
extern const struct page_section page_bars, page_phases;     /* page_charts.c */
extern const struct page_section page_peers, page_scaling;   /* page_compare.c */
extern const struct page_section page_latencies, page_cases; /* page_tables.c */

/* What no reader may miss: wrong results, warnings; page_machine.c. */
void page_alerts(const struct view *view, FILE *out);

extern const char *const bench_style[]; /* page_style.c */

#endif
