/* SPDX-License-Identifier: MIT */
#include "markup.h"

#include <math.h>
#include <string.h>

/* The colours of series keep their distance for every kind of colour vision
 * (after Okabe and Ito, darker and lighter for contrast); the plain C code is
 * grey. Text on its background has 4.5:1 at least, marks have 3:1. */
const char *const markup_palette[] = {
    ":root{color-scheme:light dark;",
    "--bg:#fff;--card:#f6f7f9;--fg:#1b2128;--muted:#57606a;--line:#d5dae0;--grid:#e6e9ed;",
    "--roof:#39424d;--link:#0759a8;--track:#e3e7ec;",
    "--bad:#b00020;--bad-bg:#ffe9ea;--warn:#7a4b00;--warn-bg:#fff4d6;--good:#1a6b3c;",
    "--s0:#6b7280;--s1:#0068ad;--s2:#d04a00;--s3:#00806a;--s4:#a8468c;--s5:#8a6500;",
    "--s6:#2787bd;--s7:#5b3fa8;",
    "--p0:#8a6500;--p1:#0068ad;--p2:#a8468c;--p3:#00806a;--p4:#d04a00;--p5:#737b86}",
    "@media screen and (prefers-color-scheme:dark){:root{",
    "--bg:#11151a;--card:#1a2027;--fg:#e6eaf0;--muted:#a3adba;--line:#333c47;--grid:#232a33;",
    "--roof:#c3ccd8;--link:#7ab8ff;--track:#2b333d;",
    "--bad:#ff8f98;--bad-bg:#41161c;--warn:#f3c969;--warn-bg:#362a0c;--good:#7bd8a0;",
    "--s0:#9ca3af;--s1:#58aaf0;--s2:#ff8a45;--s3:#2fc7a0;--s4:#e58cc8;--s5:#e3c04a;",
    "--s6:#9fdcff;--s7:#b39dff;",
    "--p0:#e3c04a;--p1:#58aaf0;--p2:#e58cc8;--p3:#2fc7a0;--p4:#ff8a45;--p5:#808a97}}",
    ".s0{--c:var(--s0)}.s1{--c:var(--s1)}.s2{--c:var(--s2)}.s3{--c:var(--s3)}",
    ".s4{--c:var(--s4)}.s5{--c:var(--s5)}.s6{--c:var(--s6)}.s7{--c:var(--s7)}",
    NULL,
};

enum { MARKS = 8 };

/* Marks of radius 1 about the origin, as relative moves after "M x y"; equal to
 * the eye in size. */
struct mark {
    int count;
    double points[12][2]; /* corners; none: a circle */
};

static const struct mark marks[MARKS] = {
    {0, {{0, 0}}},
    {4, {{-.9, -.9}, {.9, -.9}, {.9, .9}, {-.9, .9}}},
    {4, {{0, -1.25}, {1.25, 0}, {0, 1.25}, {-1.25, 0}}},
    {3, {{0, -1.2}, {1.2, .95}, {-1.2, .95}}},
    {3, {{0, 1.2}, {1.2, -.95}, {-1.2, -.95}}},
    {5, {{0, -1.2}, {1.14, -.37}, {.7, .97}, {-.7, .97}, {-1.14, -.37}}},
    {12,
     {{-.45, -1.2},
      {.45, -1.2},
      {.45, -.45},
      {1.2, -.45},
      {1.2, .45},
      {.45, .45},
      {.45, 1.2},
      {-.45, 1.2},
      {-.45, .45},
      {-1.2, .45},
      {-1.2, -.45},
      {-.45, -.45}}},
    {4, {{-1.3, -.7}, {1.3, -.7}, {1.3, .7}, {-1.3, .7}}},
};

void markup_mark(FILE *out, size_t series, double x, double y, double radius)
{
    const struct mark *mark = &marks[series % MARKS];
    if (mark->count == 0)
        fprintf(out, "M%.1f %.1fa%g %g 0 1 0 %g 0a%g %g 0 1 0 %g 0z", x - radius, y, radius, radius,
                2 * radius, radius, radius, -2 * radius);
    for (int i = 0; i < mark->count; i++)
        fprintf(out, "%c%.1f %.1f%s", i ? 'L' : 'M', x + radius * mark->points[i][0],
                y + radius * mark->points[i][1], i + 1 == mark->count ? "z" : "");
}

void markup_text(FILE *out, const char *text)
{
    markup_part(out, text, strlen(text));
}

/* Bytes of the character of UTF-8 that `text` begins with (Unicode 15, table 3-7); 0 where it is
 * none, as in the names of files that are in another encoding. */
static size_t character(const unsigned char *text, size_t length)
{
    unsigned char first = text[0], low = 0x80, high = 0xbf;
    size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first > 0xf4 || size > length)
        return 0;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < size; i++, low = 0x80, high = 0xbf) {
        if (text[i] < low || text[i] > high)
            return 0;
    }
    return size;
}

void markup_part(FILE *out, const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t i = 0, size; i<length; i += size> 0 ? size : 1) {
        size = character(at + i, length - i);
        if (at[i] == '<')
            fputs("&lt;", out);
        else if (at[i] == '>')
            fputs("&gt;", out);
        else if (at[i] == '&')
            fputs("&amp;", out);
        else if (at[i] == '"')
            fputs("&quot;", out);
        else if (size == 0 || at[i] < ' ' || at[i] == 0x7f)
            fputs("\xef\xbf\xbd", out); /* XML has no way to write these */
        else
            fwrite(at + i, 1, size, out);
    }
}

void markup_name(FILE *out, const char *name, size_t length)
{
    for (size_t i = 0, begin = 0; i < length; i++) {
        if (name[i] != '/' && i + 1 < length)
            continue;
        markup_part(out, name + begin, i + 1 - begin);
        fputs(name[i] == '/' ? "<wbr>" : "", out);
        begin = i + 1;
    }
}

void markup_lines(FILE *out, const char *const *lines)
{
    for (; *lines; lines++)
        fprintf(out, "%s\n", *lines);
}

static const char *dash(char text[MARKUP_SIZE])
{
    snprintf(text, MARKUP_SIZE, "\u2013");
    return text;
}

const char *markup_number(double value, char text[MARKUP_SIZE])
{
    double size = fabs(value);
    if (!isfinite(value))
        return dash(text);
    if (size >= 1e6 || (size < 1e-3 && size > 0))
        snprintf(text, MARKUP_SIZE, "%.2e", value);
    else
        snprintf(text, MARKUP_SIZE, "%.*f",
                 size >= 999.95                ? 0
                 : size >= 9.995               ? 1
                 : size >= 0.9995 || size == 0 ? 2
                                               : 3,
                 value);
    return text;
}

const char *markup_percent(double share, char text[MARKUP_SIZE])
{
    if (!isfinite(share))
        return dash(text);
    if (fabs(share) > 1e4)
        snprintf(text, MARKUP_SIZE, "%.1e\u00a0%%", 100 * share);
    else
        snprintf(text, MARKUP_SIZE, "%.1f\u00a0%%", 100 * share);
    return text;
}

const char *markup_scaled(double value, const char *unit, char text[MARKUP_SIZE])
{
    char digits[MARKUP_SIZE];
    if (!isfinite(value))
        return dash(text);
    snprintf(text, MARKUP_SIZE, "%.20s\u00a0%s", markup_number(value, digits), unit);
    return text;
}

const char *markup_duration(double nanoseconds, char text[MARKUP_SIZE])
{
    if (!isfinite(nanoseconds))
        return dash(text);
    if (nanoseconds >= 1e9)
        return markup_scaled(nanoseconds / 1e9, "s", text);
    if (nanoseconds >= 1e6)
        return markup_scaled(nanoseconds / 1e6, "ms", text);
    if (nanoseconds >= 1e3)
        return markup_scaled(nanoseconds / 1e3, "\u00b5s", text);
    return markup_scaled(nanoseconds, "ns", text);
}

const char *markup_count(double value, char text[MARKUP_SIZE])
{
    if (!isfinite(value))
        return dash(text);
    if (value >= 1e9)
        return markup_scaled(value / 1e9, "G", text);
    if (value >= 1e6)
        return markup_scaled(value / 1e6, "M", text);
    if (value >= 1e5)
        return markup_scaled(value / 1e3, "k", text);
    return markup_number(value, text);
}

const char *markup_bytes(double bytes, char text[MARKUP_SIZE])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    if (!isfinite(bytes))
        return dash(text);
    for (; bytes >= 1024 && unit < 4; unit++)
        bytes /= 1024;
    snprintf(text, MARKUP_SIZE, "%.4g\u00a0%s", bytes, units[unit]);
    return text;
}

const char *markup_threads(int threads, char text[MARKUP_SIZE])
{
    snprintf(text, MARKUP_SIZE, "%d\u00a0thread%s", threads, threads == 1 ? "" : "s");
    return text;
}
