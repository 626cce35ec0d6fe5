/* SPDX-License-Identifier: MIT */
/* How values were met. */
#include "report_parts.h"

#include "output.h"

#include <math.h>

enum { MOST_PLOTS = 6 };

static bool has_values(const struct report *report)
{
    return report->regression && report->data && report->outputs &&
           mlp_dataset_targets(report->data) &&
           mlp_dataset_outputs(report->data) == mlp_model_outputs(report->model) &&
           mlp_dataset_count(report->data) > 0;
}

static void write_plots(const struct report *report, FILE *out)
{
    size_t outputs = mlp_model_outputs(report->model);
    size_t shown = outputs < MOST_PLOTS ? outputs : MOST_PLOTS;
    if (shown < outputs)
        fprintf(out, "<p class=\"note\">The first %zu of %zu targets.</p>\n", shown, outputs);
    fputs("<div class=\"charts\">\n", out);
    for (size_t i = 0; i < shown; i++) {
        char title[64] = "Predicted against true values";
        if (outputs > 1)
            snprintf(title, sizeof title, "Target %zu, predicted against true", i);
        struct scatter scatter = {
            .title = title,
            .x_name = "true",
            .y_name = "predicted",
            .x = mlp_dataset_targets(report->data) + i,
            .y = report->outputs + i,
            .count = mlp_dataset_count(report->data),
            .stride = outputs,
        };
        fprintf(out, "<div><h3>%s</h3>\n", title);
        scatter_draw(out, &scatter);
        fputs("</div>\n", out);
    }
    fputs("</div>\n", out);
    if (mlp_dataset_count(report->data) > SCATTER_POINTS)
        fputs("<p class=\"note\">Of the samples an even choice is shown.</p>\n", out);
}

/* Index i is that of a value in [count][outputs]. */
static void write_error(const struct report *report, size_t i, FILE *out)
{
    char text[CHART_FIGURE], number[NUMBER_SIZE];
    size_t outputs = mlp_model_outputs(report->model);
    double target = mlp_dataset_targets(report->data)[i], value = report->outputs[i];
    fprintf(out, "<tr><th scope=\"row\">%s</th>", grouped(i / outputs, number));
    if (outputs > 1)
        fprintf(out, "<td>%zu</td>", i % outputs);
    fprintf(out, "<td>%s</td>", chart_figure(target, false, text));
    fprintf(out, "<td>%s</td>", chart_figure(value, false, text));
    fprintf(out, "<td>%s</td>", chart_figure(value - target, false, text));
    report_sample_cells(report, i / outputs, out);
    fputs("</tr>\n", out);
}

static void write_errors(const struct report *report, FILE *out)
{
    struct report_worst worst = {.count = 0};
    size_t outputs = mlp_model_outputs(report->model);
    size_t count = mlp_dataset_count(report->data) * outputs;
    const float *targets = mlp_dataset_targets(report->data);
    for (size_t i = 0; i < count; i++)
        report_worst_add(&worst, fabs((double)report->outputs[i] - (double)targets[i]), i);

    fputs("<h3>Largest errors</h3>\n<p class=\"note\">Samples count from 0.</p>\n"
          "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Largest errors\">\n"
          "<table><thead><tr><th scope=\"col\">sample</th>",
          out);
    if (outputs > 1)
        fputs("<th scope=\"col\">target</th>", out);
    fputs("<th scope=\"col\">true</th><th scope=\"col\">predicted</th>"
          "<th scope=\"col\">error</th>",
          out);
    report_sample_headings(report, out);
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = 0; i < worst.count; i++)
        write_error(report, worst.rows[i].index, out);
    fputs("</tbody></table></div>\n", out);
}

static bool write_values(const struct report *report, FILE *out)
{
    write_plots(report, out);
    write_errors(report, out);
    return true;
}

const struct report_section report_values = {"values", "Predictions", has_values, write_values};
