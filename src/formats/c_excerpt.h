/* SPDX-License-Identifier: MIT */
/* The functions and constants that an exported C file needs, as text. They are the very lines of
 * simd/c/math.h and of the few files that src/meson.build lists, so that they cannot differ from
 * what the library computes. Of the layout of these files it expects: a definition begins in column
 * 0 and ends where its braces close, #define takes one line, a #if part is one definition, and its
 * comment stands right above it. */
#ifndef MLP_SRC_FORMATS_C_EXCERPT_H
#define MLP_SRC_FORMATS_C_EXCERPT_H

#include "text.h"

#include <stddef.h>

/* Appends all definitions, in the order of the sources, that `code` [size] uses by its identifiers
 * that begin with mlp_ or MLP_, and what these use in turn. */
void mlp_c_excerpt(const char *code, size_t size, struct mlp_text *out);

/* The identifier at the start of text [size]; 0 where there is none. */
size_t mlp_c_identifier(const char *text, size_t size);

#endif
