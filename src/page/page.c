/* SPDX-License-Identifier: MIT */
#include "page.h"

#include "markup.h"

void page_head(FILE *out, const char *program, const char *subject,
               const char *const *const *styles)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'; img-src data:\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<link rel=\"icon\" href=\"data:,\">\n<title>",
          out);
    markup_text(out, program);
    if (*subject) {
        fputs(": ", out);
        markup_text(out, subject);
    }
    fputs("</title>\n<style>\n", out);
    markup_lines(out, markup_palette);
    markup_lines(out, page_style);
    for (; *styles; styles++)
        markup_lines(out, *styles);
    fputs("</style>\n</head>\n", out);
}
