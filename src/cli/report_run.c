/* SPDX-License-Identifier: MIT */
/* The network, the settings, and how to do it again. */
#include "report_parts.h"

#include "output.h"

static bool always(const struct report *report)
{
    (void)report;
    return true;
}

/* --- The network -------------------------------------------------------------------- */

enum { MOST_LAYERS = 200 };

static void write_layer(const struct report *report, size_t layer, FILE *out)
{
    const mlp_layer_spec *spec = &mlp_model_spec(report->model)->layers[layer];
    char inputs[NUMBER_SIZE], units[NUMBER_SIZE], text[CHART_FIGURE];
    fprintf(out, "<tr><th scope=\"row\">%zu</th><td>%s</td><td>%s</td>", layer,
            grouped(mlp_model_layer_inputs(report->model, layer), inputs),
            grouped(spec->units, units));
    fputs("<td class=\"left\">", out);
    markup_text(out, mlp_activation_name(spec->activation));
    fputs("</td><td class=\"left\">", out);
    markup_text(out, mlp_norm_name(spec->norm));
    fprintf(out, "</td><td>%s</td></tr>\n",
            spec->dropout > 0 ? chart_figure((double)spec->dropout, false, text) : "0");
}

static bool write_network(const struct report *report, FILE *out)
{
    const mlp_spec *spec = mlp_model_spec(report->model);
    char number[NUMBER_SIZE];
    fprintf(out, "<p>%s parameters; the loss is ",
            grouped(mlp_model_parameters(report->model), number));
    markup_text(out, mlp_loss_name(spec->loss));
    fputs(".</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Layers\">\n"
          "<table><thead><tr><th scope=\"col\">layer</th><th scope=\"col\">inputs</th>"
          "<th scope=\"col\">units</th><th scope=\"col\" class=\"left\">activation</th>"
          "<th scope=\"col\" class=\"left\">normalisation</th><th scope=\"col\">dropout</th></tr>"
          "</thead><tbody>\n",
          out);
    for (size_t l = 0; l < spec->layer_count && l < MOST_LAYERS; l++)
        write_layer(report, l, out);
    fputs("</tbody></table></div>\n", out);
    if (spec->layer_count > MOST_LAYERS)
        fprintf(out, "<p class=\"note\">The first %d of %zu layers.</p>\n", MOST_LAYERS,
                spec->layer_count);
    return true;
}

const struct report_section report_network = {"network", "Network", always, write_network};

/* --- Settings ------------------------------------------------------------------------- */

static void write_fact(FILE *out, const char *name, const char *value, const char *class)
{
    fputs("<dt>", out);
    markup_text(out, name);
    fprintf(out, "</dt><dd%s>", class);
    markup_text(out, value);
    fputs("</dd>\n", out);
}

static bool has_settings(const struct report *report)
{
    return report->setting_count > 0;
}

static bool write_settings(const struct report *report, FILE *out)
{
    fputs("<dl class=\"facts\">\n", out);
    for (size_t i = 0; i < report->setting_count; i++)
        write_fact(out, report->settings[i].name, report->settings[i].value, "");
    fputs("</dl>\n", out);
    return true;
}

const struct report_section report_settings = {"settings", "Settings", has_settings,
                                               write_settings};

/* --- Again ------------------------------------------------------------------------------ */

static bool write_repeat(const struct report *report, FILE *out)
{
    char text[MARKUP_SIZE], cpu[128];
    if (report->command) {
        fputs("<pre class=\"command name\">", out);
        markup_text(out, report->command);
        fputs("</pre>\n", out);
    }
    fputs("<p>The same data, settings and seeds give the same weights, bit for bit, on any "
          "instruction set and with any number of threads.</p>\n<dl class=\"facts\">\n",
          out);
    if (report->fingerprint)
        write_fact(out, "Fingerprint", report->fingerprint, " class=\"name\"");
    write_fact(out, "mlp", mlp_version(), "");
    if (report->isa)
        write_fact(out, "Kernels", report->isa, "");
    if (report->threads > 0)
        write_fact(out, "Threads", (snprintf(text, sizeof text, "%d", report->threads), text), "");
    mlp_cpu_name(cpu, sizeof cpu);
    write_fact(out, "Processor", cpu, "");
    if (report->result.seconds > 0)
        write_fact(out, "Training", report_duration(report->result.seconds, text), "");
    if (report->seconds > 0)
        write_fact(out, "Whole run", report_duration(report->seconds, text), "");
    fputs("</dl>\n", out);
    return true;
}

const struct report_section report_repeat = {"repeat", "Do it again", always, write_repeat};
