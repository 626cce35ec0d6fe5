/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include "markup.h"

#include <string.h>

/* Margins are for the larger text of phones (chart_style). */
enum { WIDTH = 460, LEFT = 78, RIGHT = 22, TOP = 30, BOTTOM = 46, X_TICKS = 7, Y_TICKS = 6 };

void frame_begin(struct frame *frame, double height)
{
    *frame = (struct frame){
        .width = WIDTH,
        .height = height,
        .x = {.begin = LEFT, .end = WIDTH - RIGHT},
        .y = {.begin = height - BOTTOM, .end = TOP},
    };
}

void frame_open(FILE *out, const struct frame *frame, const char *title)
{
    fprintf(out,
            "<svg class=\"chart\" viewBox=\"0 0 %g %g\" role=\"img\" "
            "xmlns=\"http://www.w3.org/2000/svg\"><title>",
            frame->width, frame->height);
    markup_text(out, title);
    fputs("</title><desc>", out);
}

/* Where a label of the x axis stands: centred, unless it would leave the picture. */
static const char *anchor(const struct frame *frame, double *x, const char *label)
{
    enum { HALF_DIGIT = 5 };
    if (*x + (double)(HALF_DIGIT * strlen(label)) <= frame->width)
        return "middle";
    *x = frame->width;
    return "end";
}

static void draw_x(FILE *out, const struct frame *frame)
{
    double ticks[AXIS_TICKS];
    char text[AXIS_LABEL];
    size_t count = axis_ticks(&frame->x, X_TICKS, ticks);
    for (size_t i = 0; i < count; i++) {
        double x = axis_position(&frame->x, ticks[i]);
        fprintf(out, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>", x, frame->y.begin,
                frame->y.end);
        const char *at = anchor(frame, &x, axis_label(&frame->x, ticks, count, i, text));
        fprintf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x,
                frame->y.begin + 18, at, text);
    }
}

static void draw_y(FILE *out, const struct frame *frame)
{
    double ticks[AXIS_TICKS];
    char text[AXIS_LABEL];
    size_t count = axis_ticks(&frame->y, Y_TICKS, ticks);
    for (size_t i = 0; i < count; i++) {
        double y = axis_position(&frame->y, ticks[i]);
        fprintf(out, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>", frame->x.begin, y,
                frame->x.end);
        fprintf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                frame->x.begin - 7, y + 5, axis_label(&frame->y, ticks, count, i, text));
    }
}

void frame_axes(FILE *out, const struct frame *frame, const char *x_name, const char *y_name)
{
    fputs("</desc>\n", out);
    draw_x(out, frame);
    draw_y(out, frame);
    fprintf(out, "<path class=\"frame\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", frame->x.begin,
            frame->y.end, frame->y.begin, frame->x.end);
    fprintf(out, "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", frame->x.end,
            frame->height - 6);
    markup_text(out, x_name);
    fputs("</text>\n", out);
    fprintf(out, "<text class=\"axis\" x=\"4\" y=\"%.1f\">", frame->y.end - 12);
    markup_text(out, y_name);
    fputs("</text>\n", out);
}
