/* SPDX-License-Identifier: MIT */
#include "page.h"

#include "case_markup.h"
#include "page/page.h"
#include "roofline.h"

#include <string.h>

static bool has_cases(const struct view *view)
{
    return view->case_count > 0;
}

static void write_roofline_notes(const struct view *view, FILE *out)
{
    bool moves = false;
    for (size_t i = 0; i < view->case_count; i++)
        moves = moves || case_moves_only(&view->cases[i]);
    fputs("<p class=\"note\">", out);
    if (view_fastest(view, view->threads[0])) {
        fputs("Lines are the measured ceilings of the fastest instruction set (", out);
        markup_text(out, view_fastest(view, view->threads[0])->isa);
        fputs(
            "): level the FMA peak (GFLOP/s), slanted the reading of each memory (GB/s). A case's "
            "share is of the ceilings of its own instruction set and threads. ",
            out);
    }
    fputs("Points that would hide each other stand side by side. Point at one for its figures; it "
          "leads to its row in the table.</p>\n",
          out);
    if (moves)
        fputs("<p class=\"note\">The layout kernels compute nothing: they count 1 operation for "
              "each element moved.</p>\n",
              out);
}

static bool write_roofline(const struct view *view, FILE *out)
{
    fputs("<section id=\"roofline\">\n<h2>Roofline</h2>\n<div class=\"picture scroll\">\n", out);
    bool good =
        roofline_draw(view, ROOFLINE_WIDE, out) && roofline_draw(view, ROOFLINE_NARROW, out);
    fputs("</div>\n", out);
    write_roofline_notes(view, out);
    fputs("</section>\n", out);
    return good;
}

/* Without a function: this one may run out of memory. */
static const struct page_section roofline_section = {"roofline", "Roofline", has_cases, NULL};

static const struct page_section *const sections[] = {
    &page_machine, &roofline_section, &page_bars,      &page_peers,
    &page_scaling, &page_phases,      &page_latencies, &page_cases,
};
enum { SECTIONS = sizeof sections / sizeof *sections };

static const char *const *const styles[] = {bench_style, roofline_style, NULL};

/* "2026-11-24 21:40 UTC" of "2026-11-24T21:40:00+00:00". */
static void write_date(const char *date, FILE *out)
{
    fputs("<time>", out);
    bool iso = strspn(date, "0123456789-T:") >= 19;
    const char *zone = iso ? date + 19 : "";
    if (iso)
        fprintf(out, "%.10s\u00a0%.5s\u00a0", date, date + 11);
    markup_text(out, !iso ? date : strcmp(zone, "+00:00") == 0 ? "UTC" : zone);
    fputs("</time>", out);
}

static void write_header(const struct view *view, FILE *out)
{
    const char *cpu = view_text(view->context, "cpu"), *date = view_text(view->context, "date");
    fputs("<body>\n<header>\n<h1>mlp-bench</h1>\n<p class=\"sub\">", out);
    markup_text(out, *cpu ? cpu : "unknown machine");
    if (*view_text(view->context, "host_name")) {
        fputs(" \u00b7 ", out);
        markup_text(out, view_text(view->context, "host_name"));
    }
    if (*date) {
        fputs(" \u00b7 ", out);
        write_date(date, out);
    }
    fputs("</p>\n", out);
    page_alerts(view, out);
    fputs("<nav aria-label=\"Sections\">\n", out);
    for (size_t i = 0; i < SECTIONS; i++) {
        if (sections[i]->wanted(view))
            fprintf(out, "<a href=\"#%s\">%s</a>\n", sections[i]->id, sections[i]->title);
    }
    fputs("</nav>\n</header>\n", out);
}

static bool write_sections(const struct view *view, FILE *out)
{
    bool good = true;
    fputs("<main>\n", out);
    for (size_t i = 0; i < SECTIONS; i++) {
        const struct page_section *section = sections[i];
        if (!section->wanted(view))
            continue;
        if (!section->write) {
            good = write_roofline(view, out) && good;
            continue;
        }
        fprintf(out, "<section id=\"%s\">\n<h2>%s</h2>\n", section->id, section->title);
        section->write(view, out);
        fputs("</section>\n", out);
    }
    if (view->case_count == 0)
        fputs("<p>No case was measured.</p>\n", out);
    fputs("</main>\n", out);
    return good;
}

bool bench_write_page(const json_t *run, FILE *out)
{
    struct view view;
    bool good = view_create(&view, run);
    if (good) {
        page_head(out, "mlp-bench", view_text(view.context, "cpu"), styles);
        write_header(&view, out);
        good = write_sections(&view, out);
        fputs("</body>\n</html>\n", out);
    }
    view_clear(&view);
    return fflush(out) == 0 && !ferror(out) && good;
}
