/* SPDX-License-Identifier: MIT */
/* Small pictures within a page: PNG (RFC 2083) in a data URI (RFC 2397). */
#ifndef MLP_PAGE_PNG_H
#define MLP_PAGE_PNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { PNG_SIDE = 64 }; /* of the largest picture */

/* Pixels are indices into the palette, or shades of grey where it has no colours. */
struct png {
    size_t height, width;  /* 1 to PNG_SIDE */
    const uint8_t *pixels; /* [height][width] */
    const uint8_t (*palette)[3];
    size_t palette_size; /* up to 256 */
};

/* Writes "data:image/png;base64,...". */
void png_write_uri(FILE *out, const struct png *png);

#endif
