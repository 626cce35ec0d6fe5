/* SPDX-License-Identifier: MIT */
#include "text.h"

#include "alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 4096, LINE = 256 };

/* Room for `more` bytes. */
static bool reserve(struct mlp_text *text, size_t more)
{
    if (text->failed || more > SIZE_MAX / 2 - text->size) {
        text->failed = true;
        return false;
    }
    size_t wanted = text->size + more;
    if (wanted <= text->capacity)
        return true;
    size_t capacity = text->capacity > 0 ? text->capacity : FIRST_CAPACITY;
    while (capacity < wanted)
        capacity *= 2;
    char *data = mlp_alloc_uninitialized(capacity, 1);
    text->failed = !data;
    if (!data)
        return false;
    if (text->data)
        memcpy(data, text->data, text->size);
    mlp_free(text->data);
    text->data = data;
    text->capacity = capacity;
    return true;
}

void mlp_text_add(struct mlp_text *text, const char *data, size_t size)
{
    if (!reserve(text, size))
        return;
    memcpy(text->data + text->size, data, size);
    text->size += size;
}

void mlp_text_format(struct mlp_text *text, const char *format, ...)
{
    char line[LINE];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (length < 0 || length >= LINE) {
        text->failed = true;
        return;
    }
    mlp_text_add(text, line, (size_t)length);
}

void mlp_text_end(struct mlp_text *text)
{
    mlp_free(text->data);
    *text = (struct mlp_text){0};
}
