/* SPDX-License-Identifier: MIT */
/* Samples and weights as small pictures. */
#include "report_parts.h"

#include "page/png.h"

#include <math.h>
#include <string.h>

/* A picture of at most PNG_SIDE rows and columns. */
struct picture {
    size_t height, width;
    float values[PNG_SIDE * PNG_SIDE];
};

bool report_image(const struct report *report, size_t *height, size_t *width)
{
    return report->data && mlp_dataset_image(report->data, height, width) && *height > 0 &&
           *width > 0 && *height <= mlp_dataset_features(report->data) / *width &&
           *height * *width == mlp_dataset_features(report->data);
}

/* The mean of a block of pixels, cut at the picture's edges. */
static float block_mean(const struct report_pixels *from, size_t top, size_t left, size_t side)
{
    size_t bottom = top + side < from->height ? top + side : from->height;
    size_t right = left + side < from->width ? left + side : from->width;
    double sum = 0;
    for (size_t y = top; y < bottom; y++) {
        for (size_t x = left; x < right; x++)
            sum += from->u8 ? from->u8[y * from->width + x] : from->f32[y * from->width + x];
    }
    return (float)(sum / (double)((bottom - top) * (right - left)));
}

/* Blocks of pixels become one where there would be too many. */
static void shrink(const struct report_pixels *from, struct picture *to)
{
    size_t longest = from->height > from->width ? from->height : from->width;
    size_t side = (longest + PNG_SIDE - 1) / PNG_SIDE;
    to->height = (from->height + side - 1) / side;
    to->width = (from->width + side - 1) / side;
    for (size_t y = 0; y < to->height; y++) {
        for (size_t x = 0; x < to->width; x++)
            to->values[y * to->width + x] = block_mean(from, y * side, x * side, side);
    }
}

static void write_img(FILE *out, const struct png *png, const char *alt)
{
    fprintf(out, "<img width=\"%zu\" height=\"%zu\" alt=\"", png->width, png->height);
    markup_text(out, alt);
    fputs("\" title=\"", out);
    markup_text(out, alt);
    fputs("\" src=\"", out);
    png_write_uri(out, png);
    fputs("\">", out);
}

/* 0 to `steps` for low to high; 0 for what is no number. */
static uint8_t step_of(double value, double low, double high, int steps)
{
    double part = (value - low) / (high - low);
    part = part > 0 ? part : 0;
    return (uint8_t)(int)(steps * (part < 1 ? part : 1) + 0.5);
}

void report_grey(FILE *out, const struct report_pixels *pixels, const char *alt)
{
    struct picture picture;
    uint8_t grey[PNG_SIDE * PNG_SIDE];
    double low = 0, high = 255;
    shrink(pixels, &picture);
    size_t count = picture.height * picture.width;
    if (pixels->f32) {
        low = INFINITY;
        high = -INFINITY;
        for (size_t i = 0; i < count; i++) {
            double value = picture.values[i]; /* a NaN is neither */
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    }
    for (size_t i = 0; i < count; i++)
        grey[i] = step_of(picture.values[i], low, high, 255);
    struct png png = {.height = picture.height, .width = picture.width, .pixels = grey};
    write_img(out, &png, alt);
}

/* Few shades, which compress better; the last palette entry is for what is no number. */
enum { SIDES = 20, SHADES = 2 * SIDES + 1, NO_NUMBER = SHADES };

/* ColorBrewer's blue and red (RdBu), as saturated as their share. */
static void make_palette(uint8_t palette[SHADES + 1][3])
{
    static const uint8_t ENDS[2][3] = {{33, 102, 172}, {178, 24, 43}}, GREY[3] = {128, 128, 128};
    for (int i = 0; i < SHADES; i++) {
        double share = fabs((double)(i - SIDES)) / SIDES;
        for (int c = 0; c < 3; c++)
            palette[i][c] = (uint8_t)(255 - share * (255 - ENDS[i > SIDES][c]) + 0.5);
    }
    memcpy(palette[NO_NUMBER], GREY, sizeof GREY);
}

void report_diverging(FILE *out, const struct report_pixels *pixels, double most, const char *alt)
{
    struct picture picture;
    uint8_t palette[SHADES + 1][3], indices[PNG_SIDE * PNG_SIDE];
    shrink(pixels, &picture);
    make_palette(palette);
    if (!(most > 0)) /* all weights are 0 */
        most = 1;
    for (size_t i = 0; i < picture.height * picture.width; i++)
        indices[i] = isnan(picture.values[i]) ? (uint8_t)NO_NUMBER
                                              : step_of(picture.values[i], -most, most, 2 * SIDES);
    struct png png = {
        .height = picture.height,
        .width = picture.width,
        .pixels = indices,
        .palette = (const uint8_t(*)[3])palette,
        .palette_size = SHADES + 1,
    };
    write_img(out, &png, alt);
}

/* --- Samples ---------------------------------------------------------------------- */

static size_t shown_features(const struct report *report)
{
    size_t features = mlp_dataset_features(report->data);
    return features < REPORT_FEATURES ? features : REPORT_FEATURES;
}

void report_sample_headings(const struct report *report, FILE *out)
{
    size_t height, width;
    if (report_image(report, &height, &width)) {
        fputs("<th scope=\"col\">input</th>", out);
        return;
    }
    for (size_t i = 0; i < shown_features(report); i++)
        fprintf(out, "<th scope=\"col\">x<sub>%zu</sub></th>", i);
    if (shown_features(report) < mlp_dataset_features(report->data))
        fputs("<th scope=\"col\">\u2026</th>", out);
}

void report_sample_cells(const struct report *report, size_t sample, FILE *out)
{
    struct report_pixels pixels = {.u8 = mlp_dataset_u8_at(report->data, sample),
                                   .f32 = mlp_dataset_f32_at(report->data, sample)};
    char text[CHART_FIGURE];
    if (report_image(report, &pixels.height, &pixels.width)) {
        fputs("<td>", out);
        report_grey(out, &pixels, "the sample's input");
        fputs("</td>", out);
        return;
    }
    for (size_t i = 0; i < shown_features(report); i++)
        fprintf(out, "<td>%s</td>",
                chart_figure(pixels.u8 ? pixels.u8[i] : (double)pixels.f32[i], false, text));
    if (shown_features(report) < mlp_dataset_features(report->data))
        fputs("<td></td>", out);
}

void report_worst_add(struct report_worst *worst, double badness, size_t index)
{
    if (isnan(badness))
        badness = INFINITY;
    size_t place = worst->count;
    while (place > 0 && badness > worst->rows[place - 1].badness)
        place--;
    if (place == REPORT_WORST)
        return;
    if (worst->count < REPORT_WORST)
        worst->count++;
    memmove(&worst->rows[place + 1], &worst->rows[place],
            (worst->count - 1 - place) * sizeof worst->rows[0]);
    worst->rows[place].badness = badness;
    worst->rows[place].index = index;
}
