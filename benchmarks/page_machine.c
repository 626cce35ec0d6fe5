/* SPDX-License-Identifier: MIT */
/* The page's top: warnings, figures at a glance, the machine and its ceilings. */
#include "page.h"

#include "page/markup.h"

#include <math.h>
#include <string.h>

/* -- Alerts -- */

static void alert_wrong(const struct view *view, FILE *out)
{
    size_t wrong = 0;
    for (size_t i = 0; i < view->case_count; i++)
        wrong += view->cases[i].wrong;
    if (wrong == 0)
        return;
    fprintf(
        out,
        "<div class=\"alert bad\" role=\"alert\"><strong>\u2717 %zu WRONG RESULT%s</strong>"
        " \u2013 other bits than the C kernels', or an error that rounding does not explain:<ul>\n",
        wrong, wrong == 1 ? "" : "S");
    for (size_t i = 0; i < view->case_count; i++) {
        if (!view->cases[i].wrong)
            continue;
        fprintf(out, "<li><a class=\"name\" href=\"#case-%zu\">", i);
        markup_name(out, view->cases[i].name, strlen(view->cases[i].name));
        fputs("</a></li>\n", out);
    }
    fputs("</ul></div>\n", out);
}

static void alert_warnings(const struct view *view, FILE *out)
{
    const json_t *list = json_object_get(view->context, "warnings"), *item;
    bool debug = strcmp(view_text(view->context, "library_build_type"), "debug") == 0;
    size_t i;
    if (json_array_size(list) == 0 && !debug)
        return;
    fputs("<div class=\"alert\"><strong>Take the figures with care</strong><ul>\n", out);
    if (debug)
        fputs("<li>this is not a release build</li>\n", out);
    json_array_foreach(list, i, item)
    {
        fputs("<li>", out);
        markup_text(out, json_is_string(item) ? json_string_value(item) : "");
        fputs("</li>\n", out);
    }
    fputs("</ul></div>\n", out);
}

/* -- Figures at a glance -- */

/* Our fastest case of a suite. */
static const struct view_case *fastest_case(const struct view *view, const char *suite)
{
    const struct view_case *best = NULL;
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *test = &view->cases[i];
        if (!test->peer && !test->wrong && strcmp(test->suite, suite) == 0 &&
            test->share_of_peak > 0 && (!best || test->gflops > best->gflops))
            best = test;
    }
    return best;
}

static void tile_case(const struct view *view, const char *title, const char *suite, FILE *out)
{
    const struct view_case *best = fastest_case(view, suite);
    char share[MARKUP_SIZE], rate[MARKUP_SIZE], threads[MARKUP_SIZE];
    if (!best)
        return;
    fprintf(out, "<div><dt>%s</dt><dd>%s\u00a0<i>GFLOP/s</i><small>%s, %s of the FMA peak, ", title,
            markup_number(best->gflops, rate), markup_threads(best->threads, threads),
            markup_percent(best->share_of_peak, share));
    markup_text(out, best->isa);
    fputs("</small></dd></div>\n", out);
}

static void tile_peak(const struct view *view, FILE *out)
{
    char text[MARKUP_SIZE], threads[MARKUP_SIZE];
    const struct view_roof *roof = NULL;
    for (size_t t = 0; t < view->thread_count; t++) {
        const struct view_roof *next = view_fastest(view, view->threads[t]);
        roof = next ? next : roof;
    }
    if (!roof)
        return;
    fprintf(out, "<div><dt>FMA peak</dt><dd>%s\u00a0<i>GFLOP/s</i><small>%s, ",
            markup_number(roof->gflops, text), markup_threads(roof->threads, threads));
    markup_text(out, roof->isa);
    fputs("</small></dd></div>\n", out);
    if (roof->level_count == 0)
        return;
    const struct view_level *last = &roof->levels[roof->level_count - 1];
    fputs("<div><dt>Reading from ", out);
    markup_text(out, last->name);
    fprintf(out, "</dt><dd>%s\u00a0<i>GB/s</i><small>%s</small></dd></div>\n",
            markup_number(last->gigabytes, text), markup_threads(roof->threads, threads));
}

static void tile_results(const struct view *view, FILE *out)
{
    size_t equal = 0, wrong = 0;
    for (size_t i = 0; i < view->case_count; i++) {
        equal += view->cases[i].bits == VIEW_EQUAL;
        wrong += view->cases[i].wrong;
    }
    fprintf(out, "<div><dt>Cases</dt><dd>%zu<small>", view->case_count);
    if (wrong)
        fprintf(out, "<b class=\"lose\">%zu wrong</b>, ", wrong);
    fprintf(out, "%zu with the specified bits</small></dd></div>\n", equal);
}

void page_alerts(const struct view *view, FILE *out)
{
    alert_wrong(view, out);
    if (view_true(view->context, "interrupted"))
        fputs("<div class=\"alert\"><strong>Interrupted</strong> \u2013 the run was stopped before "
              "its last case; this is what it had until then.</div>\n",
              out);
    alert_warnings(view, out);
    if (view->case_count == 0)
        return;
    fputs("<dl class=\"tiles\">\n", out);
    tile_peak(view, out);
    tile_case(view, "Our fastest product", "gemm", out);
    tile_case(view, "Fastest training step", "step", out);
    tile_results(view, out);
    fputs("</dl>\n", out);
}

/* -- The machine -- */

static void fact(FILE *out, const char *name, const char *value)
{
    if (!*value)
        return;
    fprintf(out, "<dt>%s</dt><dd>", name);
    markup_text(out, value);
    fputs("</dd>\n", out);
}

static void fact_cpu(const json_t *context, FILE *out)
{
    double usable = view_number(context, "cpus_usable"), online = view_number(context, "num_cpus");
    if (!*view_text(context, "cpu"))
        return;
    fputs("<dt>CPU</dt><dd>", out);
    markup_text(out, view_text(context, "cpu"));
    if (online > 0)
        fprintf(out, "; %.0f online", online);
    if (usable > 0)
        fprintf(out, ", %.0f usable", usable);
    fputs("</dd>\n", out);
}

static void fact_caches(const json_t *context, FILE *out)
{
    const json_t *list = json_object_get(context, "caches"), *cache;
    char text[MARKUP_SIZE];
    size_t i;
    if (json_array_size(list) == 0)
        return;
    fputs("<dt>Caches</dt><dd>", out);
    json_array_foreach(list, i, cache)
    {
        double sharing = view_number(cache, "num_sharing"), level = view_number(cache, "level");
        fprintf(out, "%sL%.0f %s", i ? ", " : "", level >= 0 && level < 100 ? level : 0,
                markup_bytes(view_number(cache, "size"), text));
        if (sharing > 1)
            fprintf(out, " for %.0f\u00a0CPUs", sharing);
    }
    fputs("</dd>\n", out);
}

static void fact_numbers(const json_t *context, const char *key, const char *name, FILE *out)
{
    const json_t *list = json_object_get(context, key), *item;
    size_t i;
    if (json_array_size(list) == 0)
        return;
    fprintf(out, "<dt>%s</dt><dd>", name);
    json_array_foreach(list, i, item)
    {
        fputs(i ? ", " : "", out);
        if (json_is_string(item))
            markup_text(out, json_string_value(item));
        else if (json_is_integer(item))
            fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(item));
        else
            fprintf(out, "%.2f", json_is_real(item) ? json_real_value(item) : 0);
    }
    fputs("</dd>\n", out);
}

static void fact_build(const json_t *context, FILE *out)
{
    if (!*view_text(context, "compiler") && !*view_text(context, "mlp_version"))
        return;
    fputs("<dt>Build</dt><dd>mlp ", out);
    markup_text(out, view_text(context, "mlp_version"));
    fputs(", ", out);
    markup_text(out, view_text(context, "compiler"));
    fputs(", ", out);
    markup_text(out, view_text(context, "library_build_type"));
    fputs("</dd>\n", out);
}

static void fact_measuring(const json_t *context, FILE *out)
{
    double reps = view_number(context, "reps"), seconds = view_number(context, "min_time");
    const char *cold = view_text(context, "cold_cache");
    if (!(reps > 0))
        return;
    fprintf(out, "<dt>Measuring</dt><dd>medians of %.0f repetitions", reps);
    if (seconds > 0)
        fprintf(out, " and %g\u00a0s at least", seconds);
    fprintf(out, "; threads %spinned; ", view_true(context, "pin") ? "" : "not ");
    if (!*cold || strcmp(cold, "none") == 0)
        fputs("caches warm", out);
    else {
        fputs("caches cold: ", out);
        markup_text(out, cold);
    }
    fputs("</dd>\n", out);
}

static void fact_noise(const json_t *context, FILE *out)
{
    const json_t *noise = json_object_get(context, "noise_floor");
    double ratio = view_number(noise, "ratio"), p = view_number(noise, "p");
    char text[MARKUP_SIZE];
    if (!(ratio > 0))
        return;
    fprintf(out, "<dt>Noise floor</dt><dd>the same case against itself differs by %s",
            markup_percent(fabs(ratio - 1), text));
    if (p >= 0)
        fprintf(out, " (p\u00a0=\u00a0%.2g)", p);
    fputs(", <span class=\"name\">", out);
    markup_name(out, view_text(noise, "name"), strlen(view_text(noise, "name")));
    fputs("</span></dd>\n", out);
}

static void fact_counters(const json_t *context, FILE *out)
{
    const json_t *counters = json_object_get(context, "counters");
    if (!json_is_object(counters))
        return;
    fputs("<dt>Counters</dt><dd>", out);
    if (view_true(counters, "available")) {
        fputs("available", out);
    } else {
        fputs("not available", out);
        if (*view_text(counters, "reason")) {
            fputs(": ", out);
            markup_text(out, view_text(counters, "reason"));
        }
    }
    fputs("</dd>\n", out);
}

static void fact_peers(const json_t *context, FILE *out)
{
    const json_t *peer;
    size_t i;
    json_array_foreach(json_object_get(context, "peers"), i, peer)
    {
        fputs(i ? "<dd>" : "<dt>Peers</dt><dd>", out);
        markup_text(out, view_text(peer, "name"));
        if (*view_text(peer, "description")) {
            fputs(": ", out);
            markup_text(out, view_text(peer, "description"));
        }
        fputs("</dd>\n", out);
    }
}

static void write_facts(const json_t *context, FILE *out)
{
    char text[MARKUP_SIZE];
    double memory = view_number(context, "memory_bytes");
    fputs("<dl class=\"facts\">\n", out);
    fact_cpu(context, out);
    fact_caches(context, out);
    if (memory > 0)
        fact(out, "Memory", markup_bytes(memory, text));
    fact(out, "System", view_text(context, "system"));
    fact(out, "Clock governor", view_text(context, "governor"));
    fact_numbers(context, "load_avg", "Load average", out);
    fact_numbers(context, "isas", "Instruction sets", out);
    fact_numbers(context, "threads", "Threads", out);
    fact_build(context, out);
    fact_measuring(context, out);
    fact_noise(context, out);
    fact_counters(context, out);
    fact_peers(context, out);
    fact(out, "Data", view_text(context, "data"));
    fputs("</dl>\n", out);
}

/* -- Its ceilings -- */

static double level_rate(const struct view_roof *roof, const char *name)
{
    for (size_t i = 0; i < roof->level_count; i++) {
        if (strcmp(roof->levels[i].name, name) == 0)
            return roof->levels[i].gigabytes;
    }
    return (double)NAN;
}

static void write_ceilings(const struct view *view, FILE *out)
{
    char text[MARKUP_SIZE];
    if (view->roof_count == 0)
        return;
    const struct view_roof *first = &view->roofs[0];
    fputs("<h3>Measured ceilings</h3>\n<p class=\"note\">Multiply-adds in registers, and reading: "
          "of arrays that fill half of a cache, or of a thread's part of it where threads share "
          "it, and of arrays that no cache holds. Medians.</p>\n"
          "<div class=\"scroll\"><table>\n<thead><tr><th>Instruction set</th><th>Threads</th>"
          "<th>FMA<br>GFLOP/s</th>",
          out);
    for (size_t i = 0; i < first->level_count; i++) {
        fputs("<th>", out);
        markup_text(out, first->levels[i].name);
        fputs("<br>GB/s</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t r = 0; r < view->roof_count; r++) {
        const struct view_roof *roof = &view->roofs[r];
        fputs("<tr><th>", out);
        markup_text(out, roof->isa);
        fprintf(out, "</th><td>%d</td><td>%s</td>", roof->threads,
                markup_number(roof->gflops, text));
        for (size_t i = 0; i < first->level_count; i++)
            fprintf(out, "<td>%s</td>",
                    markup_number(level_rate(roof, first->levels[i].name), text));
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static bool has_context(const struct view *view)
{
    return json_object_size(view->context) > 0;
}

static void write_machine(const struct view *view, FILE *out)
{
    write_facts(view->context, out);
    write_ceilings(view, out);
}

const struct page_section page_machine = {"machine", "The machine", has_context, write_machine};
