/* SPDX-License-Identifier: MIT */
/* A text that grows. */
#ifndef MLP_SRC_TEXT_H
#define MLP_SRC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed: empty. `failed` once memory was short: nothing is added from then on. */
struct mlp_text {
    char *data; /* [size], no zero byte at the end */
    size_t size, capacity;
    bool failed;
};

void mlp_text_add(struct mlp_text *text, const char *data, size_t size);

/* A line at most 255 characters long, else the text fails; for texts and integers, which no locale changes. */
void mlp_text_format(struct mlp_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Frees; an empty text is left. */
void mlp_text_end(struct mlp_text *text);

#endif
