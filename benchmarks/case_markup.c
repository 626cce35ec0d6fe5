/* SPDX-License-Identifier: MIT */
#include "case_markup.h"

#include <string.h>

bool case_moves_only(const struct view_case *test)
{
    return strncmp(test->operation, "layout/", 7) == 0;
}

const char *case_rate(const struct view_case *test, char text[MARKUP_SIZE])
{
    return markup_scaled(test->gflops, case_moves_only(test) ? "Gop/s" : "GFLOP/s", text);
}

void case_shape(FILE *out, const struct view_case *test)
{
    size_t skip = strlen(test->operation);
    if (skip < test->kernel_length && test->name[skip] == '/' &&
        strncmp(test->name, test->operation, skip) == 0)
        markup_part(out, test->name + skip + 1, test->kernel_length - skip - 1);
    else
        markup_text(out, test->shape);
}

void case_share(FILE *out, const struct view_case *test)
{
    char text[MARKUP_SIZE];
    fputs(markup_percent(test->share, text), out);
    if (*test->binding) {
        fputs(" of ", out);
        markup_text(out, test->binding);
    }
}

size_t case_colour(const struct view *view, size_t series)
{
    size_t colour = 1;
    for (size_t i = 0; i < series; i++)
        colour += strcmp(view->series[i].name, "c") != 0;
    return strcmp(view->series[series].name, "c") == 0 ? 0
                                                       : 1 + (colour - 1) % (MARKUP_COLOURS - 1);
}
