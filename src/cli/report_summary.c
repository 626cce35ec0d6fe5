/* SPDX-License-Identifier: MIT */
/* What no reader may miss, and the figures that matter most. */
#include "report_parts.h"

#include "output.h"

#include <math.h>
#include <string.h>

const char *report_set(const struct report *report)
{
    return report->data_name ? report->data_name : "held-out";
}

const char *report_duration(double seconds, char text[MARKUP_SIZE])
{
    enum { MINUTE = 60, HOUR = 60 * MINUTE };
    if (!(seconds >= 2 * MINUTE && seconds < 1e9))
        return markup_duration(1e9 * seconds, text);
    long whole = lround(seconds);
    if (whole < 2 * HOUR)
        snprintf(text, MARKUP_SIZE, "%ld\u00a0min %ld\u00a0s", whole / MINUTE, whole % MINUTE);
    else
        snprintf(text, MARKUP_SIZE, "%ld\u00a0h %ld\u00a0min", whole / HOUR, whole % HOUR / MINUTE);
    return text;
}

static const char *stop_words(mlp_stop stop)
{
    switch (stop) {
    case MLP_STOP_EPOCHS:
        return "all epochs are done";
    case MLP_STOP_CALLBACK:
        return "interrupted";
    case MLP_STOP_PATIENCE:
        return "no better epoch for too long";
    case MLP_STOP_TARGET:
        return "the target score is reached";
    case MLP_STOP_TIME:
        return "the time is over";
    case MLP_STOP_SEPARATED:
        return "an epoch without an error";
    case MLP_STOP_CYCLE:
        return "the weights repeat themselves";
    case MLP_STOP_DIVERGED:
        return "diverged";
    case MLP_STOP_STEPS:
        return "the steps are done";
    }
    return "unknown";
}

void report_alerts(const struct report *report, FILE *out)
{
    const mlp_train_result *result = &report->result;
    char steps[NUMBER_SIZE];
    if (result->stop == MLP_STOP_DIVERGED)
        fprintf(
            out,
            "<div class=\"alert bad\" role=\"note\"><strong>The run diverged.</strong> After %s "
            "steps a loss, an activation or a gradient was not finite. What follows is of the "
            "weights before.</div>\n",
            grouped(result->steps, steps));
    else if (result->stop == MLP_STOP_CALLBACK)
        fprintf(out,
                "<div class=\"alert\" role=\"note\"><strong>The run was interrupted</strong> after "
                "%zu epoch%s and %s steps. What follows is of the weights then.</div>\n",
                result->epochs, result->epochs == 1 ? "" : "s", grouped(result->steps, steps));
    if (report->epoch_count == 0)
        fputs("<div class=\"alert\" role=\"note\"><strong>No epoch was completed</strong>, so that "
              "there are no curves.</div>\n",
              out);
}

/* --- Tiles ---------------------------------------------------------------------------- */

/* Begins a tile whose title is that of the set and `name`, or `name` alone. */
static void begin_tile(FILE *out, const char *set, const char *name, const char *class)
{
    fputs("<div><dt>", out);
    if (set) {
        char text[64];
        snprintf(text, sizeof text, "%c%s ", set[0] >= 'a' && set[0] <= 'z' ? set[0] - 32 : set[0],
                 *set ? set + 1 : "");
        markup_text(out, text);
    }
    fprintf(out, "%s</dt><dd%s>", name, class);
}

static void end_tile(FILE *out, const char *small)
{
    if (*small) {
        fputs("<small>", out);
        markup_text(out, small);
        fputs("</small>", out);
    }
    fputs("</dd></div>\n", out);
}

static void write_tile(FILE *out, const char *set, const char *name, const char *value,
                       const char *small)
{
    begin_tile(out, set, name, "");
    markup_text(out, value);
    end_tile(out, small);
}

/* The epoch that the weights are of; NULL where none was completed. */
static const mlp_progress *final_epoch(const struct report *report)
{
    const mlp_progress *last = NULL;
    for (size_t i = 0; i < report->epoch_count; i++) {
        last = &report->epochs[i];
        if (report->result.restored && last->epoch == report->result.best_epoch)
            break;
    }
    return last;
}

static void write_accuracy(const struct report *report, FILE *out)
{
    const mlp_classification *all = report->classification;
    char text[CHART_FIGURE], right[NUMBER_SIZE], count[NUMBER_SIZE], small[96];
    size_t correct = 0;
    for (size_t c = 0; c < all->classes; c++)
        correct += all->confusion[c * all->classes + c];
    snprintf(small, sizeof small, "%s of %s", grouped(correct, right), grouped(all->count, count));
    write_tile(out, report_set(report), "accuracy", chart_figure(all->accuracy, true, text), small);
    snprintf(small, sizeof small, "AUC %s", chart_figure(all->auc, false, text));
    write_tile(out, report_set(report), "F1", chart_figure(all->macro.f1, true, text),
               isfinite(all->auc) ? small : "mean of the classes");
}

static void write_regression(const struct report *report, FILE *out)
{
    const mlp_regression *all = report->regression;
    char text[CHART_FIGURE], count[NUMBER_SIZE], small[96];
    snprintf(small, sizeof small, "%s samples", grouped(all->count, count));
    write_tile(out, report_set(report), "R\u00b2", chart_figure(all->r2, false, text), small);
    snprintf(small, sizeof small, "mean absolute error; MSE %s",
             chart_figure(all->mse, false, text));
    write_tile(out, report_set(report), "MAE", chart_figure(all->mae, false, text), small);
}

static void write_losses(const struct report *report, FILE *out)
{
    const mlp_progress *epoch = final_epoch(report);
    char text[CHART_FIGURE], train[CHART_FIGURE], small[96] = "";
    if (!epoch)
        return;
    snprintf(small, sizeof small, "training %s", chart_figure(epoch->loss, false, train));
    if (isfinite(epoch->test_loss))
        write_tile(out, "test", "loss", chart_figure(epoch->test_loss, false, text), small);
    else if (isfinite(epoch->valid_loss))
        write_tile(out, "validation", "loss", chart_figure(epoch->valid_loss, false, text), small);
    else
        write_tile(out, "training", "loss", train, "");
}

static void write_epochs(const struct report *report, FILE *out)
{
    const mlp_train_result *result = &report->result;
    char done[NUMBER_SIZE], best[NUMBER_SIZE], small[96] = "";
    if (result->best_epoch > 0)
        snprintf(small, sizeof small,
                 result->restored ? "with the weights of the best, %s" : "best: %s",
                 grouped(result->best_epoch, best));
    begin_tile(out, NULL, "Epochs", "");
    fputs(grouped(result->epochs, done), out);
    if (report->epoch_count > 0 && report->epochs[0].epochs > result->epochs)
        fprintf(out, " <i>of %s</i>", grouped(report->epochs[0].epochs, done));
    end_tile(out, small);
}

static void write_time(const struct report *report, FILE *out)
{
    char text[MARKUP_SIZE], each[MARKUP_SIZE], small[96] = "";
    const mlp_train_result *result = &report->result;
    if (!(result->seconds > 0))
        return;
    if (result->epochs > 0)
        snprintf(small, sizeof small, "%.40s an epoch",
                 report_duration(result->seconds / (double)result->epochs, each));
    write_tile(out, NULL, "Training time", report_duration(result->seconds, text), small);
}

void report_tiles(const struct report *report, FILE *out)
{
    char steps[NUMBER_SIZE], small[64];
    fputs("<dl class=\"tiles\">\n", out);
    if (report->classification)
        write_accuracy(report, out);
    if (report->regression)
        write_regression(report, out);
    write_losses(report, out);
    write_epochs(report, out);
    write_time(report, out);
    snprintf(small, sizeof small, "after %s steps", grouped(report->result.steps, steps));
    begin_tile(out, NULL, "End", " class=\"words\"");
    markup_text(out, stop_words(report->result.stop));
    end_tile(out, small);
    fputs("</dl>\n", out);
}
