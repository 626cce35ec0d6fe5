/* SPDX-License-Identifier: MIT */
#include "roofline.h"

#include "alloc.h"
#include "case_markup.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

const char *const roofline_style[] = {
    ".roofline{font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;",
    "font-variant-numeric:tabular-nums;background:var(--bg)}",
    ".roofline text{fill:var(--fg);font-size:14px}",
    ".roofline.narrow text{font-size:13px}",
    ".roofline .tick,.roofline .axis{fill:var(--muted)}",
    ".roofline .grid{stroke:var(--grid);stroke-width:1;fill:none}",
    ".roofline .roof{stroke:var(--roof);stroke-width:1.5;fill:none}",
    ".roofline .lead{stroke:var(--roof);stroke-width:1;stroke-dasharray:1 4;fill:none}",
    ".roofline .more{stroke-dasharray:7 4}",
    ".roofline .gap{fill:var(--bg)}",
    ".roofline .p{fill:var(--c);stroke:var(--bg);stroke-width:1}",
    ".roofline .ink{--c:var(--fg)}",
    ".roofline .p.more{fill:var(--bg);fill-opacity:.6;stroke:var(--c);stroke-width:2;",
    "stroke-dasharray:none}",
    ".roofline .p.wrong{stroke:var(--bad);stroke-width:6;paint-order:stroke}",
    ".roofline a:focus .p,.roofline a:hover .p,.roofline .p:hover{stroke:var(--fg);",
    "stroke-width:3}",
    NULL,
};

enum {
    TEXT_SIZE = 160,
    MAX_LABEL_DOTS = 1500,
    /* Bandwidth roofs of so many thread counts are drawn, of more the first and
     * the last: a picture with all has more lines than cases. */
    MOST_ROOFS = 3,
};

struct dot {
    double x, y, radius;
};

/* A range of decimal logarithms and the pixels for it. */
struct axis {
    double low, high;
    double begin, end;
};

struct plot {
    FILE *out;
    const struct view *view;
    enum roofline_format format;
    double width, height, font, mark;
    struct axis x, y;
    struct dot *points; /* [view->case_count] */
    size_t label_dots;  /* labels that are placed, as rows of dots */
    struct dot labels[MAX_LABEL_DOTS];
};

/* A straight line from a point, in the picture's pixels. */
struct ray {
    double x, y, cosine, sine, length;
};

static bool narrow(const struct plot *plot)
{
    return plot->format == ROOFLINE_NARROW;
}

static double position(const struct axis *axis, double value)
{
    double part = (log10(value) - axis->low) / (axis->high - axis->low);
    part = part > 0 ? part : 0; /* NAN, what cannot be drawn, goes to the lower end */
    return axis->begin + (part < 1 ? part : 1) * (axis->end - axis->begin);
}

static double text_width(const struct plot *plot, const char *text)
{
    size_t letters = 0;
    for (; *text; text++)
        letters += ((unsigned char)*text & 0xc0) != 0x80;
    return 0.56 * plot->font * (double)letters;
}

/* -- Axes -- */

static void include(struct axis *axis, double value)
{
    if (!(value > 1e-12 && value < 1e15)) /* no computer's; would leave no room */
        return;
    axis->low = fmin(axis->low, log10(value));
    axis->high = fmax(axis->high, log10(value));
}

/* Leaves room about what was included, two decades at least: most things to see
 * are right and below. */
static void pad(struct axis *axis, double below, double above)
{
    if (!(axis->low <= axis->high)) {
        axis->low = 0;
        axis->high = 1;
    }
    axis->high += above;
    axis->low = fmin(fmax(axis->low, axis->high - 10) - below, axis->high - 2);
}

static void find_domain(struct plot *plot)
{
    const struct view *view = plot->view;
    plot->x.low = plot->y.low = INFINITY;
    plot->x.high = plot->y.high = -INFINITY;
    for (size_t i = 0; i < view->case_count; i++) {
        include(&plot->x, view->cases[i].intensity);
        include(&plot->y, view->cases[i].gflops);
    }
    for (size_t t = 0; t < view->thread_count; t++) {
        const struct view_roof *roof = view_fastest(view, view->threads[t]);
        if (!roof)
            continue;
        include(&plot->y, roof->gflops);
        for (size_t i = 0; i < roof->level_count; i++)
            include(&plot->x, roof->gflops / roof->levels[i].gigabytes);
    }
    /* On the left is where the bandwidths' labels find room. */
    pad(&plot->x, narrow(plot) ? 0.55 : 0.75, 0.3);
    pad(&plot->y, 0.2, 0.3);
}

static void draw_text(struct plot *plot, const char *class, double x, double y, const char *anchor,
                      const char *text)
{
    fprintf(plot->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class, x, y,
            anchor);
    markup_text(plot->out, text);
    fputs("</text>\n", plot->out);
}

/* "0.01", "1", "1000"; powers where those grow long. */
static void draw_tick(struct plot *plot, int power, double x, double y, const char *anchor)
{
    char text[TEXT_SIZE];
    if (power >= -3 && power <= 5)
        snprintf(text, sizeof text, "%.*f", power < 0 ? -power : 0, pow(10, power));
    else
        snprintf(text, sizeof text, "1e%d", power);
    draw_text(plot, "tick", x, y, anchor, text);
}

static void draw_axes(struct plot *plot)
{
    const struct axis *x = &plot->x, *y = &plot->y;
    fprintf(plot->out, "<path class=\"grid\" d=\"");
    for (int p = (int)ceil(x->low); p <= floor(x->high); p++)
        fprintf(plot->out, "M%.1f %.1fV%.1f", position(x, pow(10, p)), y->begin, y->end);
    for (int p = (int)ceil(y->low); p <= floor(y->high); p++)
        fprintf(plot->out, "M%.1f %.1fH%.1f", x->begin, position(y, pow(10, p)), x->end);
    fprintf(plot->out, "\"/>\n");
    for (int p = (int)ceil(x->low); p <= floor(x->high); p++)
        draw_tick(plot, p, position(x, pow(10, p)), y->begin + plot->font + 6, "middle");
    for (int p = (int)ceil(y->low); p <= floor(y->high); p++)
        draw_tick(plot, p, x->begin - 7, position(y, pow(10, p)) + 0.35 * plot->font, "end");
    draw_text(plot, "axis", 8, y->end - 10, "start", "GFLOP/s");
    draw_text(plot, "axis", (x->begin + x->end) / 2, plot->height - 8, "middle", "FLOP / byte");
}

/* -- Points -- */

static bool is_free(const struct plot *plot, size_t count, double distance, double x, double y)
{
    for (size_t i = 0; i < count; i++) {
        if (hypot(plot->points[i].x - x, plot->points[i].y - y) < distance)
            return false;
    }
    return true;
}

/* Moves a point to the left or right, to the nearest place that has no other
 * point within `distance`. False where that is too far off. */
static bool move_aside(const struct plot *plot, size_t count, double distance, struct dot *point)
{
    const double most_decades = 0.12;
    double room = plot->mark + 5;
    double most = most_decades * (plot->x.end - plot->x.begin) / (plot->x.high - plot->x.low);
    for (double off = 0; off <= most; off += 0.5) {
        for (int side = -1; side <= 1; side += 2) {
            double x = point->x + side * off;
            if (x < plot->x.begin + room || x > plot->x.end - room ||
                !is_free(plot, count, distance, x, point->y))
                continue;
            point->x = x;
            return true;
        }
    }
    return false;
}

/* Cases of one shape have the same FLOP/byte and almost the same speed: those
 * that would hide each other stand side by side, closer where there are many. */
static void place_point(struct plot *plot, size_t index)
{
    const struct view_case *test = &plot->view->cases[index];
    double room = plot->mark + 5; /* within the frame, with its outline */
    double x = position(&plot->x, test->intensity), y = position(&plot->y, test->gflops);
    double radius = test->wrong ? plot->mark + 2 : plot->mark;
    struct dot point = {fmin(fmax(x, plot->x.begin + room), plot->x.end - room),
                        fmin(fmax(y, plot->y.end + room), plot->y.begin - room), radius};
    double marks = 1.8;
    while (marks > 0.5 && !move_aside(plot, index, marks * plot->mark, &point))
        marks -= 0.4;
    plot->points[index] = point;
}

/* What a reader learns who points at a case. */
static void draw_title(struct plot *plot, const struct view_case *test)
{
    char text[MARKUP_SIZE];
    FILE *out = plot->out;
    fputs("<title>", out);
    markup_text(out, test->name);
    if (test->wrong)
        fputs("\nWRONG RESULT", out);
    fprintf(out, "\n%s median", markup_duration(test->median, text));
    fprintf(out, ", %s", case_rate(test, text));
    fprintf(out, "\n%s FLOP/byte, ", markup_number(test->intensity, text));
    case_share(out, test);
    fputs("</title>", out);
}

static void draw_point(struct plot *plot, size_t index)
{
    const struct view_case *test = &plot->view->cases[index];
    const struct dot *dot = &plot->points[index];
    bool linked = plot->format != ROOFLINE_FILE;
    FILE *out = plot->out;
    /* Not in the order of the tab key: hundreds of stops before the next section,
     * and the table behind them has the same. */
    if (linked)
        fprintf(out, "<a href=\"#case-%zu\" tabindex=\"-1\">", index);
    fprintf(out, "<path class=\"p s%zu%s%s\" data-case=\"", case_colour(plot->view, test->series),
            test->threads > plot->view->threads[0] ? " more" : "", test->wrong ? " wrong" : "");
    markup_text(out, test->name);
    fputs("\" d=\"", out);
    markup_mark(out, test->series, dot->x, dot->y, dot->radius);
    fputs("\">", out);
    draw_title(plot, test);
    fprintf(out, "</path>%s\n", linked ? "</a>" : "");
}

/* -- Labels along lines -- */

/* A text's box in a ray's own coordinates: from u to u + width along it, from
 * v to v + height across it, downwards. */
struct box {
    double u, v, width, height;
};

static bool inside_frame(const struct plot *plot, const struct ray *ray, const struct box *box)
{
    for (int corner = 0; corner < 4; corner++) {
        double u = box->u + (corner & 1 ? box->width : 0);
        double v = box->v + (corner & 2 ? box->height : 0);
        double x = ray->x + u * ray->cosine - v * ray->sine;
        double y = ray->y + u * ray->sine + v * ray->cosine;
        if (x < plot->x.begin + 2 || x > plot->x.end - 2 || y < plot->y.end || y > plot->y.begin)
            return false;
    }
    return true;
}

/* How many of the dots the box touches. */
static size_t touches(const struct ray *ray, const struct box *box, size_t count,
                      const struct dot *dots)
{
    size_t touched = 0;
    for (size_t i = 0; i < count; i++) {
        double x = dots[i].x - ray->x, y = dots[i].y - ray->y, r = dots[i].radius + 1;
        double u = x * ray->cosine + y * ray->sine, v = y * ray->cosine - x * ray->sine;
        touched += u > box->u - r && u < box->u + box->width + r && v > box->v - r &&
                   v < box->v + box->height + r;
    }
    return touched;
}

/* Moves the box along the ray to where it covers no label and as few points as
 * can be. False where labels are everywhere. */
static bool find_place(const struct plot *plot, const struct ray *ray, struct box *box)
{
    const double step = 4;
    size_t least = SIZE_MAX;
    double found = 0;
    for (box->u = 0; box->u + box->width <= ray->length && least > 0; box->u += step) {
        if (!inside_frame(plot, ray, box) || touches(ray, box, plot->label_dots, plot->labels) > 0)
            continue;
        size_t covered = touches(ray, box, plot->view->case_count, plot->points);
        if (covered < least) {
            least = covered;
            found = box->u;
        }
    }
    box->u = found;
    return least < SIZE_MAX;
}

static void keep_label(struct plot *plot, const struct ray *ray, const struct box *box)
{
    double radius = box->height / 2, v = box->v + radius;
    for (double u = box->u + radius / 2; u < box->u + box->width; u += radius) {
        if (plot->label_dots < MAX_LABEL_DOTS)
            plot->labels[plot->label_dots++] =
                (struct dot){ray->x + u * ray->cosine - v * ray->sine,
                             ray->y + u * ray->sine + v * ray->cosine, radius};
    }
}

/* A label lies on its own line, so that nobody takes it for a neighbour's. One
 * that finds no room is left out: the table of ceilings has it. */
static void draw_label(struct plot *plot, const struct ray *ray, const char *text)
{
    double height = plot->font + 1;
    struct box box = {.v = -height / 2, .width = text_width(plot, text) + 6, .height = height};
    if (!find_place(plot, ray, &box))
        return;
    keep_label(plot, ray, &box);
    fprintf(plot->out,
            "<g transform=\"translate(%.1f %.1f) rotate(%.2f)\"><rect class=\"gap\" x=\"%.1f\""
            " y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
            ray->x, ray->y, atan2(ray->sine, ray->cosine) * 180 / acos(-1), box.u, box.v, box.width,
            box.height);
    draw_text(plot, "on", box.u + box.width / 2, 0.35 * plot->font, "middle", text);
    fputs("</g>\n", plot->out);
}

/* -- Roofs -- */

static const char *roof_threads(const struct plot *plot, int threads, char text[TEXT_SIZE])
{
    text[0] = '\0';
    if (plot->view->thread_count > 1)
        snprintf(text, TEXT_SIZE, narrow(plot) ? " \u00b7 %dt" : ", %d thread%s", threads,
                 threads == 1 ? "" : "s");
    return text;
}

/* A rate in a label; on a phone as short as can be. */
static const char *roof_rate(const struct plot *plot, double rate, const char *unit,
                             char text[TEXT_SIZE])
{
    char number[MARKUP_SIZE];
    if (narrow(plot))
        snprintf(text, TEXT_SIZE, "%.*f", rate < 100, rate);
    else
        snprintf(text, TEXT_SIZE, "%s %s", markup_number(rate, number), unit);
    return text;
}

static void draw_line(struct plot *plot, const struct ray *ray, int threads)
{
    fprintf(plot->out, "<path class=\"roof%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n",
            threads > plot->view->threads[0] ? " more" : "", ray->x, ray->y,
            ray->x + ray->length * ray->cosine, ray->y + ray->length * ray->sine);
}

/* The slanted roof of a memory: from the frame to where the FMA roof is lower.
 * False where it is outside. */
static bool level_ray(const struct plot *plot, const struct view_roof *roof, size_t level,
                      struct ray *out)
{
    double rate = roof->levels[level].gigabytes;
    double begin = fmax(pow(10, plot->x.low), pow(10, plot->y.low) / rate);
    double end = fmin(pow(10, plot->x.high), roof->gflops / rate);
    if (!(begin < end))
        return false;
    out->x = position(&plot->x, begin);
    out->y = position(&plot->y, begin * rate);
    double x = position(&plot->x, end) - out->x, y = position(&plot->y, end * rate) - out->y;
    out->length = hypot(x, y);
    out->cosine = x / out->length;
    out->sine = y / out->length;
    return out->length > 1;
}

static void draw_level(struct plot *plot, const struct view_roof *roof, size_t level, bool label)
{
    struct ray ray;
    char text[TEXT_SIZE], rate[TEXT_SIZE], threads[TEXT_SIZE];
    if (!level_ray(plot, roof, level, &ray))
        return;
    if (!label) {
        draw_line(plot, &ray, roof->threads);
        return;
    }
    snprintf(text, sizeof text, "%.20s %.40s%.20s", roof->levels[level].name,
             roof_rate(plot, roof->levels[level].gigabytes, "GB/s", rate),
             roof_threads(plot, roof->threads, threads));
    draw_label(plot, &ray, text);
}

/* Where the FMA roof meets the steepest of the others. */
static double first_ridge(const struct view_roof *roof)
{
    double rate = 0;
    for (size_t i = 0; i < roof->level_count; i++)
        rate = fmax(rate, roof->levels[i].gigabytes);
    return rate > 0 ? roof->gflops / rate : 0;
}

/* Left of the ridge, where no case can be, is where its label has room. */
static void draw_fma(struct plot *plot, const struct view_roof *roof, bool label)
{
    double ridge = first_ridge(roof), y = position(&plot->y, roof->gflops);
    struct ray ray = {plot->x.begin, y, 1, 0, plot->x.end - plot->x.begin};
    char text[TEXT_SIZE], rate[TEXT_SIZE], threads[TEXT_SIZE];
    if (label) {
        snprintf(text, sizeof text, "FMA %.16s%s%.40s%.20s", narrow(plot) ? "" : roof->isa,
                 narrow(plot) ? "" : " ", roof_rate(plot, roof->gflops, "GFLOP/s", rate),
                 roof_threads(plot, roof->threads, threads));
        draw_label(plot, &ray, text);
        return;
    }
    if (ridge > 0)
        ray.x = position(&plot->x, ridge);
    ray.length = plot->x.end - ray.x;
    fprintf(plot->out, "<path class=\"lead\" d=\"M%.1f %.1fH%.1f\"/>\n", plot->x.begin, y, ray.x);
    draw_line(plot, &ray, roof->threads);
}

/* Whether all of a thread count's roofs are drawn, or the FMA roof alone. */
static bool is_full(const struct view *view, size_t t)
{
    return view->thread_count <= MOST_ROOFS || t == 0 || t + 1 == view->thread_count;
}

/* Lines, or labels, which are to lie on top of all lines. What comes first finds
 * the best place for its label: FMA roofs left of their ridges, then the others,
 * last the FMA roofs between. */
static void draw_roofs(struct plot *plot, bool label)
{
    enum { FULL_FMA, LEVELS, OTHER_FMA, STAGES };
    for (int stage = 0; stage < STAGES; stage++) {
        for (size_t t = 0; t < plot->view->thread_count; t++) {
            const struct view_roof *roof = view_fastest(plot->view, plot->view->threads[t]);
            bool full = is_full(plot->view, t);
            if (!roof || full == (stage == OTHER_FMA))
                continue;
            if (stage != LEVELS)
                draw_fma(plot, roof, label);
            for (size_t i = 0; stage == LEVELS && i < roof->level_count; i++)
                draw_level(plot, roof, i, label);
        }
    }
}

/* -- Legend -- */

struct legend {
    double x, y;
    bool draw; /* false: only finds how many rows there are */
};

/* Starts an entry: an icon at (x, y) and the text behind it. */
static void add_entry(struct plot *plot, struct legend *legend, const char *class, size_t mark,
                      const char *text)
{
    double icon = 2 * plot->mark + 5, width = icon + text_width(plot, text);
    if (legend->x > 8 && legend->x + width > plot->width - 4) {
        legend->x = 8;
        legend->y += plot->font + 9;
    }
    if (legend->draw) {
        fprintf(plot->out, "<path class=\"p %s\" d=\"", class);
        markup_mark(plot->out, mark, legend->x + plot->mark, legend->y, plot->mark);
        fputs("\"/>\n", plot->out);
        draw_text(plot, "key", legend->x + icon, legend->y + 0.35 * plot->font, "start", text);
    }
    legend->x += width + 16;
}

static void add_threads(struct plot *plot, struct legend *legend)
{
    const struct view *view = plot->view;
    char text[TEXT_SIZE], threads[MARKUP_SIZE];
    if (view->thread_count < 2)
        return;
    legend->x += 12;
    add_entry(plot, legend, "ink", 0, markup_threads(view->threads[0], threads));
    size_t length = 0;
    for (size_t t = 1; t < view->thread_count && length < sizeof text; t++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%d", t > 1 ? ", " : "",
                                   view->threads[t]);
    if (length < sizeof text)
        snprintf(text + length, sizeof text - length, " threads");
    add_entry(plot, legend, "ink more", 0, text);
}

static void add_legend(struct plot *plot, struct legend *legend)
{
    const struct view *view = plot->view;
    bool wrong = false;
    for (size_t s = 0; s < view->series_count; s++) {
        char class[8], name[TEXT_SIZE];
        if (view->series[s].cases == 0)
            continue;
        snprintf(class, sizeof class, "s%u", (unsigned)case_colour(view, s) % 10);
        snprintf(name, sizeof name, "%.60s", view->series[s].name);
        add_entry(plot, legend, class, s, name);
    }
    add_threads(plot, legend);
    for (size_t i = 0; i < view->case_count; i++)
        wrong = wrong || view->cases[i].wrong;
    if (wrong)
        add_entry(plot, legend, "ink wrong", 0, "wrong result");
}

/* -- The picture -- */

static void set_size(struct plot *plot)
{
    bool small = narrow(plot);
    plot->width = small ? 390 : 1000;
    plot->height = small ? 600 : 660;
    plot->font = small ? 13 : 14;
    plot->mark = small ? 4 : 5;
    struct legend legend = {8, 14, false};
    add_legend(plot, &legend);
    double top = legend.y + 14 + plot->font + 16;
    plot->height += top;
    plot->x.begin = small ? 50 : 56;
    plot->x.end = plot->width - 12;
    plot->y.begin = plot->height - 2 * plot->font - 22;
    plot->y.end = top;
}

static void draw(struct plot *plot)
{
    static const char *const classes[] = {"roofline", "roofline wide", "roofline narrow"};
    FILE *out = plot->out;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"%s\" width=\"%.0f\""
            " height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"%s\""
            " aria-label=\"Roofline with %zu cases\">\n",
            classes[plot->format], plot->width, plot->height, plot->width, plot->height,
            plot->format == ROOFLINE_FILE ? "img" : "group", plot->view->case_count);
    if (plot->format == ROOFLINE_FILE) {
        fputs("<style>\n", out);
        markup_lines(out, markup_palette);
        markup_lines(out, roofline_style);
        fputs("</style>\n<rect width=\"100%\" height=\"100%\" fill=\"var(--bg)\"/>\n", out);
    }
    draw_axes(plot);
    draw_roofs(plot, false);
    draw_roofs(plot, true);
    for (size_t i = 0; i < plot->view->case_count; i++)
        draw_point(plot, i);
    add_legend(plot, &(struct legend){8, 14, true});
    fputs("</svg>\n", out);
}

bool roofline_draw(const struct view *view, enum roofline_format format, FILE *out)
{
    struct plot *plot = mlp_alloc(1, sizeof *plot);
    if (!plot)
        return false;
    plot->out = out;
    plot->view = view;
    plot->format = format;
    plot->points = mlp_alloc(view->case_count + 1, sizeof *plot->points);
    bool good = plot->points != NULL;
    if (good) {
        set_size(plot);
        find_domain(plot);
        for (size_t i = 0; i < view->case_count; i++)
            place_point(plot, i);
        draw(plot);
    }
    mlp_free(plot->points);
    mlp_free(plot);
    return good;
}

bool bench_write_roofline(const json_t *run, FILE *out)
{
    struct view view;
    bool good = view_create(&view, run) && roofline_draw(&view, ROOFLINE_FILE, out);
    view_clear(&view);
    return fflush(out) == 0 && !ferror(out) && good;
}
