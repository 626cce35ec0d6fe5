/* SPDX-License-Identifier: MIT */
#include "scores.h"

#include "confusion.h"
#include "output.h"

#include <math.h>
#include <stdlib.h>

/* --- Measuring --------------------------------------------------------------------- */

/* Between two classes there is no other likely one. */
static size_t usual_top_k(size_t classes)
{
    enum { USUAL = 5 };
    if (classes > USUAL)
        return USUAL;
    return classes > 2 ? 2 : 1;
}

static int classify(const mlp_model *model, const mlp_dataset *data, size_t top_k,
                    struct scores *out)
{
    size_t count = mlp_dataset_count(data), units = mlp_model_outputs(model);
    size_t classes = mlp_model_classes(model);
    mlp_error error;
    uint8_t *predictions = malloc(count);
    if (!predictions)
        return fail(MLP_ERROR_INTERNAL, "out of memory for the predictions");
    for (size_t i = 0; i < count; i++)
        predictions[i] = (uint8_t)mlp_model_class(model, out->outputs + i * units);
    mlp_status status = mlp_classification_create(
        out->outputs, units, predictions, mlp_dataset_labels(data), count, classes,
        top_k > 0 ? top_k : usual_top_k(classes), &out->classes, &error);
    free(predictions);
    return status == MLP_OK ? MLP_OK : fail_with(&error);
}

static int measure(const mlp_model *model, const mlp_dataset *data, const char *source,
                   size_t top_k, struct scores *out)
{
    mlp_error error;
    size_t classes = mlp_model_classes(model);
    if (top_k > 0 && (classes == 0 || !mlp_dataset_labels(data)))
        return fail(MLP_ERROR_USAGE, "--top-k: %s has target values, not classes", source);
    if (top_k > classes)
        return fail(MLP_ERROR_USAGE,
                    "--top-k: found %zu, expected at most %zu, the model's classes", top_k,
                    classes);
    if (classes > 0)
        return mlp_dataset_labels(data) ? classify(model, data, top_k, out) : MLP_OK;
    out->has_values = mlp_dataset_targets(data) != NULL;
    if (out->has_values &&
        mlp_regression_of(out->outputs, mlp_dataset_targets(data), mlp_dataset_count(data),
                          mlp_dataset_outputs(data), &out->values, &error) != MLP_OK)
        return fail_with(&error);
    return MLP_OK;
}

int scores_of(const mlp_model *model, const mlp_dataset *data, const char *source, int threads,
              size_t top_k, struct scores *out)
{
    mlp_error error;
    mlp_loss loss = mlp_model_spec(model)->loss;
    *out = (struct scores){.shares = loss == MLP_CROSS_ENTROPY || loss == MLP_BINARY_CROSS_ENTROPY,
                           .model = model};
    if (mlp_model_evaluate(model, data, threads, &out->evaluation, &error) != MLP_OK)
        return fail_with(&error);
    out->outputs = calloc(mlp_dataset_count(data), mlp_model_outputs(model) * sizeof(float));
    if (!out->outputs)
        return fail(MLP_ERROR_INTERNAL, "out of memory for the outputs");
    if (mlp_model_predict(model, data, threads, out->outputs, &error) != MLP_OK)
        return fail_with(&error);
    return measure(model, data, source, top_k, out);
}

void scores_end(struct scores *scores)
{
    free(scores->outputs);
    mlp_classification_destroy(scores->classes);
}

/* --- As text ------------------------------------------------------------------------ */

static void print_classes(const struct scores *scores)
{
    const mlp_classification *c = scores->classes;
    if (c->top_k > 1)
        result("top-%zu accuracy %.2f %%\n", c->top_k, 100 * c->top_k_accuracy);
    if (scores->shares && isfinite(c->log_loss))
        result("log loss %.6f\n", c->log_loss);
    result("macro F1 %.4f, precision %.4f, recall %.4f\n", c->macro.f1, c->macro.precision,
           c->macro.recall);
    if (isfinite(c->auc))
        result("AUC %.4f\n", c->auc);
}

void scores_print(const struct scores *scores)
{
    const mlp_evaluation *e = &scores->evaluation;
    if (!isnan(e->accuracy))
        result("accuracy %.2f %%, %zu of %zu samples\n", 100 * e->accuracy, e->correct, e->count);
    result("loss %.6f\n", e->loss);
    if (scores->classes)
        print_classes(scores);
    if (scores->has_values)
        result("MSE %.6g\nMAE %.6g\nR2 %.6f\n", scores->values.mse, scores->values.mae,
               scores->values.r2);
}

static void print_line(void *context, const char *line)
{
    (void)context;
    result("%s\n", line);
}

void scores_print_confusion(const struct scores *scores)
{
    enum { MOST_CLASSES = 256 };
    const mlp_classification *c = scores->classes;
    const char *names[MOST_CLASSES];
    bool named = c && mlp_model_class_name(scores->model, 0);
    if (!c)
        return;
    for (size_t i = 0; named && i < c->classes; i++)
        names[i] = mlp_model_class_name(scores->model, i);
    confusion_print_matrix(c->confusion, c->classes, named ? names : NULL, print_line, NULL);
    confusion_print_worst(c->confusion, c->classes, named ? names : NULL, print_line, NULL);
}

/* --- As JSON ------------------------------------------------------------------------- */

json_t *json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *averages_json(const mlp_averages *averages)
{
    return json_pack("{s:f, s:f, s:f}", "precision", averages->precision, "recall",
                     averages->recall, "f1", averages->f1);
}

static json_t *by_class_json(const struct scores *scores)
{
    const mlp_classification *c = scores->classes;
    json_t *array = json_array();
    for (size_t i = 0; i < c->classes; i++) {
        const mlp_class_metrics *one = &c->by_class[i];
        const char *name = mlp_model_class_name(scores->model, i);
        json_array_append_new(array, json_pack("{s:s*, s:f, s:f, s:f, s:o, s:I}", "name", name,
                                               "precision", one->precision, "recall", one->recall,
                                               "f1", one->f1, "auc", json_number(one->auc),
                                               "support", (json_int_t)one->support));
    }
    return array;
}

static json_t *confusion_json(const mlp_classification *c)
{
    json_t *rows = json_array();
    for (size_t label = 0; label < c->classes; label++) {
        json_t *row = json_array();
        for (size_t i = 0; i < c->classes; i++)
            json_array_append_new(row,
                                  json_integer((json_int_t)c->confusion[label * c->classes + i]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *classes_json(const struct scores *scores)
{
    const mlp_classification *c = scores->classes;
    return json_pack("{s:I, s:f, s:o, s:o, s:o, s:o, s:o, s:o}", "top_k", (json_int_t)c->top_k,
                     "top_k_accuracy", c->top_k_accuracy, "log_loss",
                     json_number(scores->shares ? c->log_loss : (double)NAN), "auc",
                     json_number(c->auc), "macro", averages_json(&c->macro), "weighted",
                     averages_json(&c->weighted), "classes", by_class_json(scores), "confusion",
                     confusion_json(c));
}

json_t *scores_json(const struct scores *scores)
{
    const mlp_evaluation *e = &scores->evaluation;
    json_t *object =
        json_pack("{s:o, s:I}", "loss", json_number(e->loss), "count", (json_int_t)e->count);
    json_t *more = NULL;
    if (!isnan(e->accuracy))
        more = json_pack("{s:f, s:I}", "accuracy", e->accuracy, "correct", (json_int_t)e->correct);
    if (more)
        json_object_update_new(object, more);
    if (scores->classes)
        json_object_update_new(object, classes_json(scores));
    if (scores->has_values)
        json_object_update_new(object,
                               json_pack("{s:f, s:f, s:o}", "mse", scores->values.mse, "mae",
                                         scores->values.mae, "r2", json_number(scores->values.r2)));
    return object;
}
