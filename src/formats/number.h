/* SPDX-License-Identifier: MIT */
/* Decimal numbers of text files to float: correctly rounded, the same bits on every machine and in
 * every locale. */
#ifndef MLP_SRC_FORMATS_NUMBER_H
#define MLP_SRC_FORMATS_NUMBER_H

#include <stddef.h>

/* The longest number that is taken where its digits must all be looked at. */
enum { MLP_NUMBER_SIZE = 1024 };

enum mlp_number {
    MLP_NUMBER_OK,
    MLP_NUMBER_NONE,  /* no decimal number */
    MLP_NUMBER_LARGE, /* one that rounds to infinity */
};

/* Reads the number that begins at *at, below `end`: a sign or none, digits with a point or none, an
 * exponent or none. *at is then behind it, *out the nearest float, of two the one that is even. */
enum mlp_number mlp_number_read(const char **at, const char *end, float *out);

/* The same of a text that has to be a number as a whole. */
enum mlp_number mlp_number_parse(const char *text, size_t size, float *out);

#endif
