/* SPDX-License-Identifier: MIT */
/* Tables: how long an answer takes, and everything about all cases. */
#include "page.h"

#include "case_markup.h"

#include <math.h>
#include <string.h>

static void write_name(const struct view *view, size_t i, FILE *out)
{
    fprintf(out, "<th class=\"name\"><a href=\"#case-%zu\">", i);
    markup_name(out, view->cases[i].name, strlen(view->cases[i].name));
    fputs("</a></th>", out);
}

/* -- Inference -- */

static bool is_inference(const struct view_case *test)
{
    return strcmp(test->suite, "infer") == 0 ||
           json_is_object(json_object_get(test->json, "latency"));
}

static bool has_latencies(const struct view *view)
{
    for (size_t i = 0; i < view->case_count; i++) {
        if (is_inference(&view->cases[i]))
            return true;
    }
    return false;
}

static void write_latencies(const struct view *view, FILE *out)
{
    static const char *const quantiles[] = {"p50", "p99", "p999"};
    char text[MARKUP_SIZE];
    fputs("<p class=\"note\">b is the samples of a call. Of single samples every call was timed by "
          "itself: 50, 99 and 99.9 % of them were no slower than this.</p>\n"
          "<div class=\"scroll\"><table>\n<thead><tr><th>Case</th><th>Samples/s</th>"
          "<th>Median call</th><th>50 %</th><th>99 %</th><th>99.9 %</th><th>Calls</th></tr></thead>"
          "\n<tbody>\n",
          out);
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *test = &view->cases[i];
        const json_t *latency = json_object_get(test->json, "latency");
        if (!is_inference(test))
            continue;
        fputs("<tr>", out);
        write_name(view, i, out);
        fprintf(out, "<td>%s</td>", markup_count(test->samples, text));
        fprintf(out, "<td>%s</td>", markup_duration(test->median, text));
        for (size_t q = 0; q < sizeof quantiles / sizeof *quantiles; q++)
            fprintf(out, "<td>%s</td>", markup_duration(view_number(latency, quantiles[q]), text));
        fprintf(out, "<td>%s</td></tr>\n", markup_count(view_number(latency, "calls"), text));
    }
    fputs("</tbody></table></div>\n", out);
}

const struct page_section page_latencies = {"inference", "Inference", has_latencies,
                                            write_latencies};

/* -- All cases -- */

/* Members of a case that only counters can fill. */
static const struct {
    const char *key, *title;
} counters[] = {
    {"ipc", "IPC"},
    {"flop_per_cycle", "FLOP/<br>cycle"},
    {"ghz", "GHz"},
    {"l1_misses", "L1<br>misses"},
    {"l2_misses", "L2<br>misses"},
    {"llc_misses", "LLC<br>misses"},
};
enum { COUNTERS = sizeof counters / sizeof *counters };

static bool counted(const struct view *view, size_t counter)
{
    for (size_t i = 0; i < view->case_count; i++) {
        if (isfinite(view_number(view->cases[i].json, counters[counter].key)))
            return true;
    }
    return false;
}

static bool has_any(const struct view *view)
{
    return view->case_count > 0;
}

static void write_bits(const struct view_case *test, FILE *out)
{
    switch (test->bits) {
    case VIEW_EQUAL:
        fputs("<td class=\"left ok\">\u2713 equal</td>", out);
        break;
    case VIEW_DIFFERENT:
        fputs(test->wrong ? "<td class=\"left\">\u2717 WRONG</td>"
                          : "<td class=\"left\">other</td>",
              out);
        break;
    default:
        fputs("<td class=\"left\">\u2013</td>", out);
    }
}

static void write_row(const struct view *view, size_t i, const bool *shown, FILE *out)
{
    const struct view_case *test = &view->cases[i];
    char text[MARKUP_SIZE];
    fprintf(out, "<tr id=\"case-%zu\"%s><th class=\"name\">", i,
            test->wrong ? " class=\"wrong\"" : "");
    fputs(test->wrong ? "\u2717 " : "", out);
    markup_name(out, test->name, strlen(test->name));
    fprintf(out, "</th><td>%s</td>", markup_duration(test->median, text));
    fprintf(out, "<td>%s</td>", markup_duration(test->minimum, text));
    fprintf(out, "<td>%s</td>", markup_percent(test->mad / test->median, text));
    fprintf(out, "<td>%s</td>", case_rate(test, text));
    fprintf(out, "<td>%s</td>", markup_number(test->gigabytes, text));
    fprintf(out, "<td>%s</td>", markup_number(test->intensity, text));
    fprintf(out, "<td>%s</td><td class=\"left\">", markup_percent(test->share, text));
    markup_text(out, *test->binding ? test->binding : "\u2013");
    fputs("</td>", out);
    write_bits(test, out);
    fprintf(out, "<td>%s</td>", markup_number(test->error, text));
    for (size_t c = 0; c < COUNTERS; c++) {
        if (shown[c])
            fprintf(out, "<td>%s</td>",
                    markup_count(view_number(test->json, counters[c].key), text));
    }
    fputs("</tr>\n", out);
}

static void write_cases(const struct view *view, FILE *out)
{
    bool shown[COUNTERS];
    fputs(
        "<p class=\"note\">Spread: the median absolute deviation from the median. Bits: whether "
        "the result equals that of the plain C kernels, which are the specification (other "
        "libraries add in other orders). Error: the largest against float64, of products in units "
        "of eps |A||B|, of others of eps times their size; eps is 2<sup>-23</sup>.</p>\n"
        "<div class=\"scroll\"><table>\n<thead><tr><th>Case</th><th>Median</th><th>Minimum</th>"
        "<th>Spread</th><th>Rate</th><th>GB/s</th><th>FLOP/<br>byte</th><th>Share</th>"
        "<th class=\"left\">of</th><th class=\"left\">Bits</th><th>Error<br>eps</th>",
        out);
    for (size_t c = 0; c < COUNTERS; c++) {
        shown[c] = counted(view, c);
        if (shown[c])
            fprintf(out, "<th>%s</th>", counters[c].title);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < view->case_count; i++)
        write_row(view, i, shown, out);
    fputs("</tbody></table></div>\n", out);
}

const struct page_section page_cases = {"cases", "All cases", has_any, write_cases};
