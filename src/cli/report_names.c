/* SPDX-License-Identifier: MIT */
#include "report_parts.h"

#include <string.h>

/* What stands for a character of HTML; NULL: itself. */
static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return (unsigned char)c < 0x20 || c == 0x7f ? "\xef\xbf\xbd" : NULL;
    }
}

const char *report_class(const struct report *report, size_t class, char text[REPORT_CLASS])
{
    enum { MOST_CHARACTERS = 24 };
    const char *name = report->model ? mlp_model_class_name(report->model, class) : NULL;
    size_t length = 0, characters = 0;
    if (!name) {
        snprintf(text, REPORT_CLASS, "%zu", class);
        return text;
    }
    for (; *name != '\0'; name++) {
        const char *written = entity(*name);
        characters += ((unsigned char)*name & 0xc0) != 0x80; /* continues no character of UTF-8 */
        if (characters > MOST_CHARACTERS)
            break;
        size_t size = written ? strlen(written) : 1;
        memcpy(text + length, written ? written : name, size);
        length += size;
    }
    text[length] = '\0';
    return text;
}
