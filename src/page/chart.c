/* SPDX-License-Identifier: MIT */
#include "chart.h"

#include "axis.h"
#include "frame.h"
#include "markup.h"

#include <math.h>

enum {
    BUCKETS = 200,     /* of more epochs, the least and the greatest value of each are drawn */
    MARKED_EACH = 30,  /* up to so many points, each has a mark, */
    MARKS_A_LINE = 12, /* then about so many */
};

const char *const chart_style[] = {
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));",
    "gap:1.25rem 1.5rem;margin:.75rem 0}",
    ".charts>div{max-width:34rem;min-width:0}",
    ".charts h3{margin:.5rem 0 .2rem}",
    ".charts h3 .note{font-weight:400}",
    ".chart{display:block;width:100%;height:auto}",
    ".chart text{fill:var(--fg);font-size:12.5px}",
    ".chart .tick,.chart .axis{fill:var(--muted)}",
    ".chart .grid{stroke:var(--grid);fill:none}",
    ".chart .frame{stroke:var(--line);fill:none}",
    ".chart .chosen{stroke:var(--roof);stroke-dasharray:4 3;fill:none}",
    ".chart .line{stroke:var(--c);stroke-width:1.75;fill:none;stroke-linejoin:round}",
    ".chart .p,.swatch .p{fill:var(--c);stroke:var(--bg);stroke-width:.75}",
    ".swatch .line{stroke:var(--c);stroke-width:2}",
    ".chart .cloud{stroke:var(--s1);stroke-width:5;stroke-linecap:round;stroke-opacity:.6}",
    ".swatch{width:1.7rem;height:.8rem;flex:none}",
    ".charts .key{margin:.2rem 0 0;padding-left:.5rem}",
    "@media (max-width:30rem){.chart text{font-size:16px}}",
    NULL,
};

const char *chart_figure(double value, bool percent, char text[CHART_FIGURE])
{
    if (isinf(value))
        snprintf(text, CHART_FIGURE, "%s\u221e", value < 0 ? "\u2212" : "");
    else if (isnan(value))
        snprintf(text, CHART_FIGURE, "\u2013");
    else if (percent && fabs(value) < 1e3)
        snprintf(text, CHART_FIGURE, "%.2f\u00a0%%", 100 * value + 0.0);
    else
        snprintf(text, CHART_FIGURE, "%.4g", value + 0.0); /* -0 is 0 */
    return text;
}

static void fit(struct frame *frame, const struct chart *chart)
{
    for (size_t i = 0; i < chart->count; i++) {
        axis_include(&frame->x, chart->x[i]);
        for (size_t l = 0; l < chart->line_count; l++) {
            double value = chart->lines[l].values[i];
            axis_include(&frame->y, value < chart->least ? chart->least : value);
        }
    }
    axis_finish(&frame->x, false);
    axis_finish(&frame->y, !chart->percent && !chart->linear);
}

/* -- Lines -- */

struct pen {
    FILE *out;
    const struct frame *frame;
    const struct chart *chart;
    const struct chart_line *line;
    bool down;
};

static double height_of(const struct pen *pen, size_t i)
{
    return axis_position(&pen->frame->y, fmax(pen->line->values[i], pen->chart->least));
}

static void draw_to(struct pen *pen, size_t i)
{
    fprintf(pen->out, "%c%.1f %.1f", pen->down ? 'L' : 'M',
            axis_position(&pen->frame->x, pen->chart->x[i]), height_of(pen, i));
    pen->down = true;
}

/* Draws points begin to end; of many only the lowest and the highest. */
static void draw_bucket(struct pen *pen, size_t begin, size_t end)
{
    const double *values = pen->line->values;
    size_t low = end, high = end;
    for (size_t i = begin; i < end; i++) {
        if (!isfinite(values[i]))
            continue;
        low = low == end || values[i] < values[low] ? i : low;
        high = high == end || values[i] > values[high] ? i : high;
    }
    if (low == end)
        pen->down = false;
    else
        draw_to(pen, low < high ? low : high);
    if (low != high)
        draw_to(pen, low < high ? high : low);
}

static void draw_line(struct pen *pen)
{
    size_t count = pen->chart->count, size = (count + BUCKETS - 1) / BUCKETS;
    size = size > 2 ? size : 1;
    fprintf(pen->out, "<path class=\"line s%zu\" d=\"", pen->line->colour);
    for (size_t i = 0; i < count; i += size)
        draw_bucket(pen, i, i + size < count ? i + size : count);
    fputs("\"/>\n", pen->out);
}

/* Whether no line leads to or from the point. */
static bool is_alone(const struct chart_line *line, size_t count, size_t i)
{
    return (i == 0 || !isfinite(line->values[i - 1])) &&
           (i + 1 == count || !isfinite(line->values[i + 1]));
}

static void draw_mark(const struct pen *pen, size_t i)
{
    char text[CHART_FIGURE];
    double value = pen->line->values[i];
    fprintf(pen->out, "<path class=\"p s%zu\" d=\"", pen->line->colour);
    markup_mark(pen->out, pen->line->colour, axis_position(&pen->frame->x, pen->chart->x[i]),
                height_of(pen, i), 3.5);
    fputs("\"><title>", pen->out);
    markup_text(pen->out, pen->chart->axis);
    fprintf(pen->out, " %.0f: ", pen->chart->x[i]);
    markup_text(pen->out, pen->line->name);
    fprintf(pen->out, " %s</title></path>\n", chart_figure(value, pen->chart->percent, text));
}

/* Lines that run into each other have their marks at different places. */
static void draw_marks(const struct pen *pen, size_t number)
{
    size_t count = pen->chart->count, stride = 1, lines = pen->chart->line_count, alone = 0;
    if (count > MARKED_EACH)
        stride = (count + MARKS_A_LINE - 1) / MARKS_A_LINE;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(pen->line->values[i]))
            continue;
        bool lonely = is_alone(pen->line, count, i) && alone++ < BUCKETS;
        if (i % stride == number * stride / lines || lonely)
            draw_mark(pen, i);
    }
}

/* -- Around them -- */

static void draw_chosen(FILE *out, const struct frame *frame, const struct chart *chart)
{
    if (!isfinite(chart->marked))
        return;
    double x = axis_position(&frame->x, chart->marked);
    bool left = x < (frame->x.begin + frame->x.end) / 2;
    fprintf(out, "<path class=\"chosen\" d=\"M%.1f %.1fV%.1f\"/>\n", x, frame->y.begin,
            frame->y.end - 6);
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", left ? x - 4 : x + 4,
            frame->y.end - 10, left ? "start" : "end");
    markup_text(out, chart->mark);
    fputs("</text>\n", out);
}

/* The last value of a line; `count` where there is none. */
static size_t last_value(const double *values, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        if (isfinite(values[i]))
            return i;
    }
    return count;
}

static void describe(FILE *out, const struct chart *chart)
{
    char text[CHART_FIGURE];
    for (size_t l = 0; l < chart->line_count; l++) {
        const struct chart_line *line = &chart->lines[l];
        size_t last = last_value(line->values, chart->count);
        if (last == chart->count)
            continue;
        markup_text(out, line->name);
        fprintf(out, ": %s at first, ", chart_figure(line->values[0], chart->percent, text));
        fprintf(out, "%s at ", chart_figure(line->values[last], chart->percent, text));
        markup_text(out, chart->axis);
        fprintf(out, " %.0f. ", chart->x[last]);
    }
}

static void write_key(FILE *out, const struct chart *chart)
{
    char text[CHART_FIGURE];
    fputs("<ul class=\"key\">\n", out);
    for (size_t l = 0; l < chart->line_count; l++) {
        const struct chart_line *line = &chart->lines[l];
        size_t last = last_value(line->values, chart->count);
        fprintf(out,
                "<li class=\"s%zu\"><svg class=\"swatch\" viewBox=\"0 0 28 12\" "
                "aria-hidden=\"true\"><path class=\"line\" d=\"M0 6H28\"/><path class=\"p\" d=\"",
                line->colour);
        markup_mark(out, line->colour, 14, 6, 4);
        fputs("\"/></svg><span>", out);
        markup_text(out, line->name);
        if (last < chart->count)
            fprintf(out, "</span><span>%s", chart_figure(line->values[last], chart->percent, text));
        fputs("</span></li>\n", out);
    }
    fputs("</ul>\n", out);
}

void chart_draw(FILE *out, const struct chart *chart)
{
    struct frame frame;
    frame_begin(&frame, 290);
    frame.x.whole = true;
    frame.y.percent = chart->percent;
    fit(&frame, chart);

    fputs("<h3>", out);
    markup_text(out, chart->title);
    fputs(frame.y.logarithmic ? "<span class=\"note\"> on a logarithmic scale</span>" : "", out);
    fputs("</h3>\n", out);
    frame_open(out, &frame, chart->title);
    describe(out, chart);
    frame_axes(out, &frame, chart->axis, "");
    draw_chosen(out, &frame, chart);
    for (size_t l = 0; l < chart->line_count; l++) {
        struct pen pen = {.out = out, .frame = &frame, .chart = chart, .line = &chart->lines[l]};
        draw_line(&pen);
        draw_marks(&pen, l);
    }
    fputs("</svg>\n", out);
    write_key(out, chart);
}

/* -- Clouds of points -- */

static const float *at(const float *values, const struct scatter *scatter, size_t i)
{
    return values + i * scatter->stride;
}

static void draw_points(FILE *out, const struct frame *frame, const struct scatter *scatter)
{
    size_t each = (scatter->count + SCATTER_POINTS - 1) / SCATTER_POINTS;
    fputs("<path class=\"cloud\" d=\"", out);
    for (size_t i = 0; i < scatter->count; i += each) {
        float x = *at(scatter->x, scatter, i), y = *at(scatter->y, scatter, i);
        if (isfinite(x) && isfinite(y))
            fprintf(out, "M%.1f %.1fh0", axis_position(&frame->x, x), axis_position(&frame->y, y));
    }
    fputs("\"/>\n", out);
}

static void describe_range(FILE *out, const struct axis *axis, size_t count)
{
    char low[CHART_FIGURE], high[CHART_FIGURE];
    fprintf(out, "%zu points; both axes go from %s to %s.", count,
            chart_figure(axis->low, false, low), chart_figure(axis->high, false, high));
}

void scatter_draw(FILE *out, const struct scatter *scatter)
{
    struct frame frame;
    frame_begin(&frame, 400);
    for (size_t i = 0; i < scatter->count; i++) {
        float x = *at(scatter->x, scatter, i), y = *at(scatter->y, scatter, i);
        axis_include(&frame.x, isfinite(y) ? x : NAN);
        axis_include(&frame.x, isfinite(x) ? y : NAN);
    }
    axis_finish(&frame.x, false);
    frame.y.low = frame.x.low;
    frame.y.high = frame.x.high;

    frame_open(out, &frame, scatter->title);
    describe_range(out, &frame.x, scatter->count);
    frame_axes(out, &frame, scatter->x_name, scatter->y_name);
    fprintf(out, "<path class=\"chosen\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", frame.x.begin,
            frame.y.begin, frame.x.end, frame.y.end);
    draw_points(out, &frame, scatter);
    fputs("</svg>\n", out);
}
