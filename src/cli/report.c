/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "error.h"
#include "file.h"
#include "output.h"
#include "page/page.h"
#include "report_parts.h"

#include <stdlib.h>

static const struct report_section *const sections[] = {
    &report_curves,  &report_confusion, &report_classes,  &report_samples, &report_values,
    &report_weights, &report_network,   &report_settings, &report_epochs,  &report_repeat,
};
enum { SECTIONS = sizeof sections / sizeof *sections };

/* "784 x 256 x 10, 203,530 parameters" */
static void write_subtitle(const struct report *report, FILE *out)
{
    enum { MOST_WIDTHS = 12 };
    const mlp_spec *spec = mlp_model_spec(report->model);
    char number[NUMBER_SIZE];
    fprintf(out, "<p class=\"sub\">%zu", spec->inputs);
    for (size_t l = 0; l < spec->layer_count; l++) {
        if (l + 1 < spec->layer_count && l >= MOST_WIDTHS) {
            fputs(" \u2192 \u2026", out);
            l = spec->layer_count - 2;
        } else {
            fprintf(out, " \u2192 %zu", spec->layers[l].units);
        }
    }
    fprintf(out, " \u00b7 %s\u00a0parameters",
            grouped(mlp_model_parameters(report->model), number));
    if (report->data)
        fprintf(out, " \u00b7 evaluated on %s\u00a0samples",
                grouped(mlp_dataset_count(report->data), number));
    fputs("</p>\n", out);
}

static void write_header(const struct report *report, FILE *out)
{
    fputs("<body>\n<header>\n<h1>", out);
    markup_text(out, report->title ? report->title : "mlp train");
    fputs("</h1>\n", out);
    write_subtitle(report, out);
    report_alerts(report, out);
    report_tiles(report, out);
    fputs("<nav aria-label=\"Sections\">\n", out);
    for (size_t i = 0; i < SECTIONS; i++) {
        if (sections[i]->wanted(report))
            fprintf(out, "<a href=\"#%s\">%s</a>\n", sections[i]->id, sections[i]->title);
    }
    fputs("</nav>\n</header>\n", out);
}

static bool write_page(const struct report *report, FILE *out)
{
    static const char *const *const STYLES[] = {chart_style, report_style, NULL};
    bool good = true;
    page_head(out, "mlp train", report->title ? report->title : "", STYLES);
    write_header(report, out);
    fputs("<main>\n", out);
    for (size_t i = 0; i < SECTIONS && good; i++) {
        if (!sections[i]->wanted(report))
            continue;
        fprintf(out, "<section id=\"%s\">\n<h2>%s</h2>\n", sections[i]->id, sections[i]->title);
        good = sections[i]->write(report, out);
        fputs("</section>\n", out);
    }
    fprintf(out, "</main>\n<footer>mlp %s</footer>\n</body>\n</html>\n", mlp_version());
    return good && !ferror(out);
}

mlp_status report_write(const char *path, const struct report *report, mlp_error *error)
{
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    bool good = out && write_page(report, out);
    if (out && fclose(out) != 0)
        good = false;
    mlp_status status =
        good ? mlp_file_write(path, &(struct mlp_chunk){.data = page, .size = size}, 1, error)
             : mlp_fail(error, MLP_ERROR_INTERNAL, "%s: no memory for the report", path);
    free(page);
    return status;
}
