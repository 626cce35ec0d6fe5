/* SPDX-License-Identifier: MIT */
/* Loss, score and learning rate by epoch, as curves and as a table. */
#include "report_parts.h"

#include "alloc.h"

#include <math.h>

enum {
    LINES = 3,
    MOST_ROWS = 500, /* of the table; of longer runs every second, third, ... epoch is shown */
};

typedef double value_of(const mlp_progress *epoch);

static double epoch_of(const mlp_progress *epoch)
{
    return (double)epoch->epoch;
}

static double train_loss(const mlp_progress *epoch)
{
    return epoch->loss;
}

static double valid_loss(const mlp_progress *epoch)
{
    return epoch->valid_loss;
}

static double test_loss(const mlp_progress *epoch)
{
    return epoch->test_loss;
}

static double train_score(const mlp_progress *epoch)
{
    return epoch->train_accuracy;
}

static double valid_score(const mlp_progress *epoch)
{
    return epoch->valid_score;
}

static double test_score(const mlp_progress *epoch)
{
    return epoch->test_score;
}

static double learning_rate(const mlp_progress *epoch)
{
    return epoch->learning_rate;
}

static double seconds(const mlp_progress *epoch)
{
    return epoch->seconds;
}

static double samples_per_second(const mlp_progress *epoch)
{
    return epoch->seconds > 0 ? (double)epoch->samples_done / epoch->seconds : NAN;
}

static const char *const SETS[LINES] = {"training", "validation", "test"};
static value_of *const LOSSES[LINES] = {train_loss, valid_loss, test_loss};
static value_of *const SCORES[LINES] = {train_score, valid_score, test_score};

/* Whether some epoch has a finite value. */
static bool is_known(const struct report *report, value_of *value)
{
    for (size_t i = 0; i < report->epoch_count; i++) {
        if (isfinite(value(&report->epochs[i])))
            return true;
    }
    return false;
}

static bool varies(const struct report *report, value_of *value)
{
    for (size_t i = 1; i < report->epoch_count; i++) {
        double before = value(&report->epochs[i - 1]), now = value(&report->epochs[i]);
        if (isfinite(before) && isfinite(now) && before != now)
            return true;
    }
    return false;
}

static bool has_epochs(const struct report *report)
{
    return report->epoch_count > 0;
}

/* Whether scores are shares of right answers; else they are R2. */
static bool has_accuracy(const struct report *report)
{
    return report->classification || (!report->regression && mlp_model_classes(report->model) > 0);
}

/* --- Curves ------------------------------------------------------------------------- */

static double *copy_values(const struct report *report, value_of *value)
{
    double *values = mlp_alloc(report->epoch_count, sizeof *values);
    for (size_t i = 0; values && i < report->epoch_count; i++)
        values[i] = value(&report->epochs[i]);
    return values;
}

/* Draws those of the lines that have values. */
static bool draw(const struct report *report, struct chart *chart, value_of *const *of,
                 const char *const *names, size_t count, FILE *out)
{
    struct chart_line lines[LINES];
    double *x = copy_values(report, epoch_of), *values[LINES] = {NULL};
    bool good = x != NULL;
    chart->axis = "epoch";
    chart->x = x;
    chart->count = report->epoch_count;
    chart->lines = lines;
    chart->line_count = 0;
    chart->marked = report->result.best_epoch > 0 ? (double)report->result.best_epoch : NAN;
    for (size_t i = 0; i < count && good; i++) {
        if (!is_known(report, of[i]))
            continue;
        values[i] = copy_values(report, of[i]);
        good = values[i] != NULL;
        lines[chart->line_count++] =
            (struct chart_line){.name = names[i], .colour = i + 1, .values = values[i]};
    }
    if (good && chart->line_count > 0) {
        fputs("<div>\n", out);
        chart_draw(out, chart);
        fputs("</div>\n", out);
    }
    for (size_t i = 0; i < count; i++)
        mlp_free(values[i]);
    mlp_free(x);
    return good;
}

static bool write_curves(const struct report *report, FILE *out)
{
    static value_of *const RATE[] = {learning_rate};
    static const char *const RATE_NAME[] = {"at the end of the epoch"};
    bool accuracy = has_accuracy(report), good;
    char mark[48];
    snprintf(mark, sizeof mark, "best: %zu", report->result.best_epoch);
    struct chart loss = {.title = "Loss", .least = -INFINITY, .mark = mark};
    struct chart score = {.title = accuracy ? "Accuracy" : "R\u00b2",
                          .least = accuracy ? 0 : -1,
                          .percent = accuracy,
                          .linear = true,
                          .mark = mark};
    struct chart rate = {
        .title = "Learning rate", .least = -INFINITY, .linear = true, .mark = mark};

    fputs("<div class=\"charts\">\n", out);
    good = draw(report, &loss, LOSSES, SETS, LINES, out) &&
           draw(report, &score, SCORES, SETS, LINES, out);
    if (varies(report, learning_rate))
        good = good && draw(report, &rate, RATE, RATE_NAME, 1, out);
    fputs("</div>\n<p class=\"note\">Training figures are means over an epoch, while the weights "
          "change; the others are of the weights at its end. Penalties are left out. ",
          out);
    if (!accuracy && (is_known(report, valid_score) || is_known(report, test_score)))
        fputs("R\u00b2 is 1 where every value is met and 0 for the mean; what is below \u22121 is "
              "drawn at \u22121.",
              out);
    fputs("</p>\n", out);
    return good;
}

const struct report_section report_curves = {"curves", "Curves", has_epochs, write_curves};

/* --- The table ------------------------------------------------------------------------ */

struct column {
    const char *title;
    value_of *value;
    bool is_score;
};

static const struct column COLUMNS[] = {
    {"loss, training", train_loss, false},
    {"validation", valid_loss, false},
    {"test", test_loss, false},
    {"score, training", train_score, true},
    {"validation", valid_score, true},
    {"test", test_score, true},
    {"learning rate", learning_rate, false},
    {"seconds", seconds, false},
    {"samples/s", samples_per_second, false},
};

enum { COLUMN_COUNT = sizeof COLUMNS / sizeof COLUMNS[0] };

static void write_row(const struct report *report, const bool *known, const mlp_progress *epoch,
                      FILE *out)
{
    char text[CHART_FIGURE];
    bool best = epoch->epoch == report->result.best_epoch;
    fprintf(out, "<tr%s><th scope=\"row\">%zu%s</th>", best ? " class=\"best\"" : "", epoch->epoch,
            best ? " (best)" : "");
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        const struct column *column = &COLUMNS[c];
        if (known[c])
            fprintf(
                out, "<td>%s</td>",
                chart_figure(column->value(epoch), column->is_score && has_accuracy(report), text));
    }
    fputs("</tr>\n", out);
}

static bool write_epochs(const struct report *report, FILE *out)
{
    size_t stride = (report->epoch_count + MOST_ROWS - 1) / MOST_ROWS;
    bool known[COLUMN_COUNT];
    fprintf(out, "<details><summary>%zu epoch%s, figures and times</summary>\n",
            report->epoch_count, report->epoch_count == 1 ? "" : "s");
    if (stride > 1)
        fprintf(out,
                "<p class=\"note\">One of %zu epochs is shown, and the best and the last.</p>\n",
                stride);
    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Epochs\">\n"
          "<table><thead><tr><th scope=\"col\">epoch</th>",
          out);
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        known[c] = is_known(report, COLUMNS[c].value);
        if (known[c])
            fprintf(out, "<th scope=\"col\">%s</th>", COLUMNS[c].title);
    }
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = 0; i < report->epoch_count; i++) {
        const mlp_progress *epoch = &report->epochs[i];
        if (i % stride == 0 || i + 1 == report->epoch_count ||
            epoch->epoch == report->result.best_epoch)
            write_row(report, known, epoch, out);
    }
    fputs("</tbody></table></div></details>\n", out);
    return true;
}

const struct report_section report_epochs = {"epochs", "Epochs", has_epochs, write_epochs};
