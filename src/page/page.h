/* SPDX-License-Identifier: MIT */
/* The frame of an HTML page that needs nothing else: no network, no script. */
#ifndef MLP_PAGE_PAGE_H
#define MLP_PAGE_PAGE_H

#include <stdio.h>

/* Writes all up to and with </head>; the title is `program`, and `subject` after a colon
 * where it is not empty. `styles`, whose last is NULL, follow the palette and page_style. */
void page_head(FILE *out, const char *program, const char *subject,
               const char *const *const *styles);

/* Style sheet: text, tables, tiles, facts, cards; for phones and paper too. style.c */
extern const char *const page_style[];

#endif
