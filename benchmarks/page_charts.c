/* SPDX-License-Identifier: MIT */
/* Bars: each kernel's share of its ceiling, and the phases of a step. They are
 * boxes of HTML, so that their text keeps its size on a phone. */
#include "page.h"

#include "case_markup.h"

#include <math.h>
#include <string.h>

/* -- Shares -- */

enum { PARTS = 4, PART_SUITES = 3 };

static const struct {
    const char *title, *suites[PART_SUITES];
} parts[PARTS] = {
    {"Matrix products", {"gemm"}},
    {"Other kernels", {"elementwise"}},
    {"Training and inference", {"step", "epoch", "infer"}},
    {"Files", {"files"}},
};

static void write_bar(const struct view *view, const struct view_case *test, FILE *out)
{
    char text[MARKUP_SIZE];
    bool wrong = test->wrong;
    double width = test->share > 0 ? 100 * fmin(test->share, 1) : 0;
    fprintf(out, "<div class=\"bar s%zu%s\" title=\"", case_colour(view, test->series),
            wrong ? " wrong" : "");
    markup_text(out, test->name);
    fprintf(out, ": %s, ", markup_duration(test->median, text));
    case_share(out, test);
    fputs("\"><span>", out);
    fputs(wrong ? "\u2717 " : "", out);
    markup_text(out, test->isa);
    fprintf(out, "</span><span class=\"track%s\"><i style=\"width:%.1f%%\"></i></span>",
            test->share > 1.005 ? " over" : "", width);
    fprintf(out, "<b>%s</b><span>", markup_percent(test->share, text));
    if (strcmp(test->binding, "FMA") == 0 || !isfinite(test->gigabytes)) {
        fputs(case_rate(test, text), out);
    } else {
        markup_text(out, test->binding);
        fprintf(out, " %s\u00a0GB/s", markup_number(test->gigabytes, text));
    }
    fputs("</span></div>\n", out);
}

static bool same_group(const struct view_case *a, const struct view_case *b)
{
    return a->threads == b->threads && view_same_kernel(a, b);
}

/* The cases of a shape and a number of threads; ours before the peers. */
static void write_group(const struct view *view, const struct view_case *first, FILE *out)
{
    char threads[MARKUP_SIZE];
    fputs("<h5>", out);
    case_shape(out, first);
    fprintf(out, " \u00b7 %s", markup_threads(first->threads, threads));
    fputs("</h5>\n", out);
    for (size_t s = 0; s < view->series_count; s++) {
        for (size_t i = 0; i < view->case_count; i++) {
            const struct view_case *test = &view->cases[i];
            if (test->series == s && same_group(test, first))
                write_bar(view, test, out);
        }
    }
}

/* Whether no case before the ith is alike. */
static bool is_first(const struct view *view, size_t i,
                     bool (*alike)(const struct view_case *, const struct view_case *))
{
    for (size_t j = 0; j < i; j++) {
        if (alike(&view->cases[j], &view->cases[i]))
            return false;
    }
    return true;
}

static bool same_operation(const struct view_case *a, const struct view_case *b)
{
    return strcmp(a->operation, b->operation) == 0;
}

static void write_card(const struct view *view, const struct view_case *first, FILE *out)
{
    fputs("<div class=\"card\"><h4>", out);
    markup_text(out, first->operation);
    fputs("</h4>\n", out);
    for (size_t i = 0; i < view->case_count; i++) {
        if (same_operation(&view->cases[i], first) && is_first(view, i, same_group))
            write_group(view, &view->cases[i], out);
    }
    fputs("</div>\n", out);
}

static bool is_suite(const struct view_case *test, const char *suite)
{
    return suite && strcmp(test->suite, suite) == 0;
}

/* Whether somebody foresaw a case's suite. */
static bool is_known(const struct view_case *test)
{
    for (size_t part = 0; part < PARTS; part++) {
        for (size_t i = 0; i < PART_SUITES; i++) {
            if (is_suite(test, parts[part].suites[i]))
                return true;
        }
    }
    return false;
}

/* The cards of a suite, or with NULL of all that nobody foresaw. `title` is due
 * before the first; returns what is due afterwards. */
static const char *write_suite(const struct view *view, const char *suite, const char *title,
                               FILE *out)
{
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *test = &view->cases[i];
        if (!(suite ? is_suite(test, suite) : !is_known(test)) ||
            !is_first(view, i, same_operation))
            continue;
        if (title)
            fprintf(out, "<h3>%s</h3>\n<div class=\"cards\">\n", title);
        title = NULL;
        write_card(view, test, out);
    }
    return title;
}

static void write_part(const struct view *view, size_t part, FILE *out)
{
    const char *title = parts[part].title;
    for (size_t i = 0; i < PART_SUITES && parts[part].suites[i]; i++)
        title = write_suite(view, parts[part].suites[i], title, out);
    if (!title)
        fputs("</div>\n", out);
}

static bool has_shares(const struct view *view)
{
    for (size_t i = 0; i < view->case_count; i++) {
        if (view->cases[i].share > 0)
            return true;
    }
    return false;
}

static void write_bars(const struct view *view, FILE *out)
{
    fputs("<p class=\"note\">Share of the binding ceiling: of the roofs over a case, the lowest, "
          "measured with the case's own instruction set and threads. GFLOP/s where that is the FMA "
          "roof, otherwise the memory and its GB/s. Where caches read and write "
          "at once, a case may pass 100 % of what reading alone reaches. Shapes are rows x columns "
          "x length of the sums.</p>\n",
          out);
    for (size_t part = 0; part < PARTS; part++)
        write_part(view, part, out);
    if (!write_suite(view, NULL, "Others", out))
        fputs("</div>\n", out);
}

const struct page_section page_bars = {"kernels", "Kernels and instruction sets", has_shares,
                                       write_bars};

/* -- Phases -- */

static double phase_time(const json_t *phase)
{
    double time = view_number(phase, "median");
    return time > 0 ? time : 0;
}

static double phase_sum(const struct view_case *test)
{
    double sum = 0;
    const char *name;
    json_t *phase;
    json_object_foreach(json_object_get(test->json, "phases"), name, phase)
    {
        sum += phase_time(phase);
    }
    return sum;
}

static void write_stack(const struct view_case *test, double sum, FILE *out)
{
    enum { COLOURS = 6 };
    json_t *phases = json_object_get(test->json, "phases"), *phase;
    const char *name;
    size_t i = 0;
    fputs("<div class=\"stack\" aria-hidden=\"true\">", out);
    json_object_foreach(phases, name, phase)
    {
        char time[MARKUP_SIZE];
        fprintf(out, "<i class=\"p%zu\" style=\"width:%.2f%%\" title=\"", i++ % COLOURS,
                100 * phase_time(phase) / sum);
        markup_text(out, name);
        fprintf(out, " %s\"></i>", markup_duration(phase_time(phase), time));
    }
    fputs("</div>\n<ul class=\"key\">\n", out);
    i = 0;
    json_object_foreach(phases, name, phase)
    {
        char time[MARKUP_SIZE], share[MARKUP_SIZE];
        fprintf(out, "<li class=\"p%zu\"><i></i>", i++ % COLOURS);
        markup_text(out, name);
        fprintf(out, "<span>%s</span><span>%s</span></li>\n",
                markup_duration(phase_time(phase), time),
                markup_percent(phase_time(phase) / sum, share));
    }
    fputs("</ul>\n", out);
}

static bool has_phases(const struct view *view)
{
    for (size_t i = 0; i < view->case_count; i++) {
        if (phase_sum(&view->cases[i]) > 0)
            return true;
    }
    return false;
}

static void write_phases(const struct view *view, FILE *out)
{
    char text[MARKUP_SIZE];
    fputs("<p class=\"note\">The time of a training step by phase, mean of the threads: reading "
          "the samples, the products forward and back (dx, dw, which updates the weights too), "
          "the loss, and waiting for other threads.</p>\n",
          out);
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *test = &view->cases[i];
        double sum = phase_sum(test);
        if (!(sum > 0))
            continue;
        fputs("<div class=\"phase\"><h3><b class=\"name\">", out);
        markup_name(out, test->name, strlen(test->name));
        fprintf(out, "</b> \u00b7 %s", markup_duration(test->median, text));
        if (test->samples > 0)
            fprintf(out, " \u00b7 %s\u00a0samples/s", markup_count(test->samples, text));
        fputs("</h3>\n", out);
        write_stack(test, sum, out);
        fputs("</div>\n", out);
    }
}

const struct page_section page_phases = {"phases", "Phases of a training step", has_phases,
                                         write_phases};
