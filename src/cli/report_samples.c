/* SPDX-License-Identifier: MIT */
/* The samples of a classification that cost the most. */
#include "report_parts.h"

#include "output.h"

#include <math.h>

static bool has_samples(const struct report *report)
{
    return report->classification && report->data && report->outputs &&
           mlp_dataset_labels(report->data) && mlp_dataset_count(report->data) > 0;
}

static mlp_loss loss_of(const struct report *report)
{
    return mlp_model_spec(report->model)->loss;
}

static bool has_probabilities(const struct report *report)
{
    return loss_of(report) == MLP_CROSS_ENTROPY || loss_of(report) == MLP_BINARY_CROSS_ENTROPY;
}

/* One output `z`, whose target `on` is that of its class or not. */
static double output_loss(mlp_loss loss, double z, bool on)
{
    switch (loss) {
    case MLP_CROSS_ENTROPY:
        return on ? -log(z) : 0;
    case MLP_BINARY_CROSS_ENTROPY:
        return -log(on ? z : 1 - z);
    case MLP_HINGE:
        return fmax(0, on ? 1 - z : 1 + z);
    case MLP_PERCEPTRON: /* what a step at 0 makes of a score */
        return fabs(on - (z >= 0 ? 1.0 : 0.0));
    default:
        return (on - z) * (on - z);
    }
}

static const float *outputs_of(const struct report *report, size_t sample)
{
    return report->outputs + sample * mlp_model_outputs(report->model);
}

static double sample_loss(const struct report *report, size_t sample)
{
    const float *z = outputs_of(report, sample);
    size_t label = mlp_dataset_labels(report->data)[sample];
    size_t outputs = mlp_model_outputs(report->model);
    double sum = 0;
    if (outputs == 1 && loss_of(report) == MLP_PERCEPTRON)
        return fabs(z[0] - (label == 1)); /* the step is made */
    if (outputs == 1)
        return isnan(z[0]) ? NAN : output_loss(loss_of(report), z[0], label == 1);
    for (size_t i = 0; i < outputs; i++)
        sum += isnan(z[i]) ? NAN : output_loss(loss_of(report), z[i], i == label);
    return sum;
}

/* The probability or score of a class. */
static double class_score(const struct report *report, size_t sample, size_t class)
{
    const float *z = outputs_of(report, sample);
    if (mlp_model_outputs(report->model) > 1)
        return class < mlp_model_outputs(report->model) ? z[class] : NAN;
    if (class == 1)
        return z[0];
    return has_probabilities(report) ? 1 - (double)z[0] : -(double)z[0];
}

/* What is told of a sample. */
struct verdict {
    size_t sample, label, prediction;
    double loss, label_score, prediction_score;
};

static struct verdict judge(const struct report *report, size_t sample)
{
    struct verdict verdict = {
        .sample = sample,
        .label = mlp_dataset_labels(report->data)[sample],
        .prediction = mlp_model_class(report->model, outputs_of(report, sample)),
        .loss = sample_loss(report, sample),
    };
    verdict.label_score = class_score(report, sample, verdict.label);
    verdict.prediction_score = class_score(report, sample, verdict.prediction);
    return verdict;
}

static void write_card(const struct report *report, const struct verdict *verdict, FILE *out)
{
    struct report_pixels pixels = {.u8 = mlp_dataset_u8_at(report->data, verdict->sample),
                                   .f32 = mlp_dataset_f32_at(report->data, verdict->sample)};
    char text[CHART_FIGURE], number[NUMBER_SIZE], alt[64], label[REPORT_CLASS], other[REPORT_CLASS];
    bool percent = has_probabilities(report), wrong = verdict->label != verdict->prediction;
    report_image(report, &pixels.height, &pixels.width);
    report_class(report, verdict->label, label);
    report_class(report, verdict->prediction, other);
    snprintf(alt, sizeof alt, "sample %s", grouped(verdict->sample, number));
    fprintf(out, "<figure%s>", wrong ? " class=\"wrong\"" : "");
    report_grey(out, &pixels, alt);
    fprintf(out, "<figcaption><b>%s", label);
    if (wrong)
        fprintf(out, " taken for %s", other);
    fprintf(out, "%s</b><span>%s for %s</span>", wrong ? "" : ", rightly",
            chart_figure(verdict->prediction_score, percent, text), other);
    if (wrong)
        fprintf(out, "<span>%s for %s</span>", chart_figure(verdict->label_score, percent, text),
                label);
    fprintf(out, "<span>loss %s</span><span>sample %s</span></figcaption></figure>\n",
            chart_figure(verdict->loss, false, text), number);
}

static void write_cards(const struct report *report, const struct report_worst *worst, FILE *out)
{
    fputs("<div class=\"samples\">\n", out);
    for (size_t i = 0; i < worst->count; i++) {
        struct verdict verdict = judge(report, worst->rows[i].index);
        write_card(report, &verdict, out);
    }
    fputs("</div>\n", out);
}

static void write_row(const struct report *report, const struct verdict *verdict, FILE *out)
{
    char text[CHART_FIGURE], number[NUMBER_SIZE], label[REPORT_CLASS], other[REPORT_CLASS];
    bool percent = has_probabilities(report), wrong = verdict->label != verdict->prediction;
    fprintf(out, "<tr><th scope=\"row\">%s</th><td>%s</td><td%s>%s</td>",
            grouped(verdict->sample, number), report_class(report, verdict->label, label),
            wrong ? " class=\"lose\"" : "", report_class(report, verdict->prediction, other));
    fprintf(out, "<td>%s</td>", chart_figure(verdict->label_score, percent, text));
    fprintf(out, "<td>%s</td>", chart_figure(verdict->prediction_score, percent, text));
    fprintf(out, "<td>%s</td>", chart_figure(verdict->loss, false, text));
    report_sample_cells(report, verdict->sample, out);
    fputs("</tr>\n", out);
}

static void write_table(const struct report *report, const struct report_worst *worst, FILE *out)
{
    const char *score = has_probabilities(report) ? "probability" : "score";
    fprintf(out,
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Samples\">\n<table>"
            "<thead><tr><th scope=\"col\">sample</th><th scope=\"col\">label</th>"
            "<th scope=\"col\">prediction</th><th scope=\"col\">label's %s</th>"
            "<th scope=\"col\">prediction's</th><th scope=\"col\">loss</th>",
            score);
    report_sample_headings(report, out);
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = 0; i < worst->count; i++) {
        struct verdict verdict = judge(report, worst->rows[i].index);
        write_row(report, &verdict, out);
    }
    fputs("</tbody></table></div>\n", out);
}

static bool write_samples(const struct report *report, FILE *out)
{
    struct report_worst worst = {.count = 0};
    char number[NUMBER_SIZE];
    size_t height, width, count = mlp_dataset_count(report->data);
    for (size_t i = 0; i < count; i++)
        report_worst_add(&worst, sample_loss(report, i), i);
    fprintf(out, "<p class=\"note\">%zu of %s samples of the ", worst.count,
            grouped(count, number));
    markup_text(out, report_set(report));
    fputs(" set: those with the highest losses. Samples count from 0.</p>\n", out);
    if (report_image(report, &height, &width))
        write_cards(report, &worst, out);
    else
        write_table(report, &worst, out);
    return true;
}

const struct report_section report_samples = {"samples", "Hardest samples", has_samples,
                                              write_samples};
