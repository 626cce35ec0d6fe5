/* SPDX-License-Identifier: MIT */
/* How classes were told apart. */
#include "report_parts.h"

#include "output.h"

#include <math.h>
#include <string.h>

enum {
    MOST_CLASSES = 32, /* of a matrix; of more classes the most frequent confusions are listed */
    MOST_CONFUSIONS = 30,
    NAMED_CONFUSIONS = 3,
};

static bool has_classes(const struct report *report)
{
    return report->classification && report->classification->classes > 0;
}

/* --- Confusions ----------------------------------------------------------------------- */

struct confusion {
    size_t label, prediction, count;
};

static size_t confused(const mlp_classification *all, size_t label, size_t prediction)
{
    return all->confusion[label * all->classes + prediction];
}

/* The most frequent confusions in descending order; returns how many there are, `most` at most. */
static size_t find_confusions(const mlp_classification *all, size_t most, struct confusion *found)
{
    size_t count = 0;
    for (size_t i = 0; i < all->classes * all->classes; i++) {
        struct confusion next = {i / all->classes, i % all->classes, all->confusion[i]};
        if (next.label == next.prediction || next.count == 0)
            continue;
        size_t place = count;
        while (place > 0 && next.count > found[place - 1].count)
            place--;
        if (place == most)
            continue;
        count += count < most;
        memmove(&found[place + 1], &found[place], (count - 1 - place) * sizeof *found);
        found[place] = next;
    }
    return count;
}

static double share(size_t part, size_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

/* The largest share of a label's samples that another class was taken for. */
static double worst_share(const mlp_classification *all)
{
    double worst = 0;
    for (size_t l = 0; l < all->classes; l++) {
        for (size_t p = 0; p < all->classes; p++) {
            if (l != p)
                worst = fmax(worst, share(confused(all, l, p), all->by_class[l].support));
        }
    }
    return worst;
}

static void write_cell(const struct report *report, size_t label, size_t prediction, double worst,
                       FILE *out)
{
    const mlp_classification *all = report->classification;
    enum { STRONGEST = 45 }; /* per cent: text on it has contrast enough */
    char number[NUMBER_SIZE], percent[CHART_FIGURE], from[REPORT_CLASS], to[REPORT_CLASS];
    size_t count = confused(all, label, prediction);
    double part = share(count, all->by_class[label].support);
    if (count == 0) {
        fputs("<td class=\"none\">0</td>", out);
        return;
    }
    double depth = label == prediction ? part : part / worst;
    fprintf(out, "<td class=\"%s\" style=\"--a:%.2f\" title=\"label %s, predicted %s: %s\">%s</td>",
            label == prediction ? "hit" : "miss", STRONGEST * fmin(depth, 1) / 100,
            report_class(report, label, from), report_class(report, prediction, to),
            chart_figure(part, true, percent), grouped(count, number));
}

static void write_matrix(const struct report *report, FILE *out)
{
    const mlp_classification *all = report->classification;
    char name[REPORT_CLASS];
    double worst = worst_share(all);
    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Confusion matrix\">\n"
          "<table class=\"matrix\"><thead><tr><td></td>",
          out);
    fprintf(out, "<th scope=\"colgroup\" colspan=\"%zu\">prediction</th></tr>\n", all->classes);
    fputs("<tr><th scope=\"col\">label</th>", out);
    for (size_t p = 0; p < all->classes; p++)
        fprintf(out, "<th scope=\"col\">%s</th>", report_class(report, p, name));
    fputs("</tr></thead><tbody>\n", out);
    for (size_t l = 0; l < all->classes; l++) {
        fprintf(out, "<tr><th scope=\"row\">%s</th>", report_class(report, l, name));
        for (size_t p = 0; p < all->classes; p++)
            write_cell(report, l, p, worst, out);
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n<p class=\"note\">Samples by label and prediction. Blue: the "
          "share of a label's samples that were recognised; orange: confusions, the largest share "
          "darkest.</p>\n",
          out);
}

static void write_list(const struct report *report, const struct confusion *rows, size_t count,
                       FILE *out)
{
    const mlp_classification *all = report->classification;
    char from[REPORT_CLASS], to[REPORT_CLASS];
    char number[NUMBER_SIZE], percent[CHART_FIGURE];
    fprintf(out,
            "<p class=\"note\">The most frequent confusions of %zu classes.</p>\n"
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Confusions\">\n"
            "<table><thead><tr><th scope=\"col\">label</th><th scope=\"col\">prediction</th>"
            "<th scope=\"col\">samples</th><th scope=\"col\">of the label's</th></tr></thead>"
            "<tbody>\n",
            all->classes);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                report_class(report, rows[i].label, from),
                report_class(report, rows[i].prediction, to), grouped(rows[i].count, number),
                chart_figure(share(rows[i].count, all->by_class[rows[i].label].support), true,
                             percent));
    fputs("</tbody></table></div>\n", out);
}

static bool write_confusion(const struct report *report, FILE *out)
{
    const mlp_classification *all = report->classification;
    struct confusion rows[MOST_CONFUSIONS];
    size_t count = find_confusions(all, MOST_CONFUSIONS, rows);
    char number[NUMBER_SIZE], from[REPORT_CLASS], to[REPORT_CLASS];
    if (count == 0)
        fputs("<p>No sample was taken for one of another class.</p>\n", out);
    if (all->classes <= MOST_CLASSES) {
        if (count > 0)
            fputs("<p>Most often confused: ", out);
        for (size_t i = 0; i < count && i < NAMED_CONFUSIONS; i++)
            fprintf(out, "%s%s taken for %s (%s)", i > 0 ? ", " : "",
                    report_class(report, rows[i].label, from),
                    report_class(report, rows[i].prediction, to), grouped(rows[i].count, number));
        if (count > 0)
            fputs(".</p>\n", out);
        write_matrix(report, out);
    } else if (count > 0) {
        write_list(report, rows, count, out);
    }
    return true;
}

const struct report_section report_confusion = {"confusion", "Confusions", has_classes,
                                                write_confusion};

/* --- Each class ------------------------------------------------------------------------- */

static bool was_predicted(const mlp_classification *all, size_t class)
{
    for (size_t l = 0; l < all->classes; l++) {
        if (confused(all, l, class) > 0)
            return true;
    }
    return false;
}

static void write_class(const struct report *report, size_t class, FILE *out)
{
    const mlp_classification *all = report->classification;
    const mlp_class_metrics *of = &all->by_class[class];
    char text[CHART_FIGURE], number[NUMBER_SIZE], name[REPORT_CLASS];
    bool known = of->support > 0, predicted = was_predicted(all, class);
    fprintf(out, "<tr><th scope=\"row\">%s</th>", report_class(report, class, name));
    fprintf(out, "<td>%s</td>", chart_figure(predicted ? of->precision : NAN, true, text));
    fprintf(out, "<td>%s</td>", chart_figure(known ? of->recall : NAN, true, text));
    fprintf(out, "<td>%s</td>", chart_figure(known || predicted ? of->f1 : NAN, true, text));
    fprintf(out, "<td>%s</td><td>%s</td></tr>\n", chart_figure(of->auc, false, text),
            grouped(of->support, number));
}

static void write_average(const char *name, const mlp_averages *averages, double auc, size_t count,
                          FILE *out)
{
    char text[CHART_FIGURE], number[NUMBER_SIZE];
    fprintf(out, "<tr><th scope=\"row\">%s</th>", name);
    fprintf(out, "<td>%s</td>", chart_figure(averages->precision, true, text));
    fprintf(out, "<td>%s</td>", chart_figure(averages->recall, true, text));
    fprintf(out, "<td>%s</td>", chart_figure(averages->f1, true, text));
    fprintf(out, "<td>%s</td><td>%s</td></tr>\n", chart_figure(auc, false, text),
            grouped(count, number));
}

static void write_class_notes(const mlp_classification *all, FILE *out)
{
    size_t missing = 0;
    char text[CHART_FIGURE];
    for (size_t c = 0; c < all->classes; c++)
        missing += all->by_class[c].support == 0;
    fputs("<p class=\"note\">", out);
    if (missing > 0)
        fprintf(out, "%zu class%s without a sample. ", missing, missing == 1 ? " is" : "es are");
    fputs("A dash is what cannot be known: the precision of a class that was never predicted, the "
          "recall and AUC of one without samples. AUC is the area under the ROC curve of a class "
          "against the rest.",
          out);
    if (isfinite(all->log_loss))
        fprintf(out, " Log loss %s.", chart_figure(all->log_loss, false, text));
    if (all->top_k > 1 && all->top_k < all->classes)
        fprintf(out, " The label is among the %zu likeliest classes of %s of the samples.",
                all->top_k, chart_figure(all->top_k_accuracy, true, text));
    fputs("</p>\n", out);
}

static bool write_classes(const struct report *report, FILE *out)
{
    const mlp_classification *all = report->classification;
    bool folded = all->classes > MOST_CLASSES;
    if (folded)
        fprintf(out, "<details><summary>%zu classes</summary>\n", all->classes);
    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Classes\">\n<table>"
          "<thead><tr><th scope=\"col\">class</th><th scope=\"col\">precision</th>"
          "<th scope=\"col\">recall</th><th scope=\"col\">F1</th><th scope=\"col\">AUC</th>"
          "<th scope=\"col\">samples</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t c = 0; c < all->classes; c++)
        write_class(report, c, out);
    fputs("</tbody>\n<tbody class=\"sum\">\n", out);
    write_average("mean", &all->macro, all->auc, all->count, out);
    write_average("mean by samples", &all->weighted, NAN, all->count, out);
    fputs("</tbody></table></div>\n", out);
    if (folded)
        fputs("</details>\n", out);
    write_class_notes(all, out);
    return true;
}

const struct report_section report_classes = {"classes", "Classes", has_classes, write_classes};
