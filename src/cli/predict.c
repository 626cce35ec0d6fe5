/* SPDX-License-Identifier: MIT */
/* mlp predict */
#include "file.h"
#include "files.h"
#include "model.h"
#include "output.h"
#include "predictions.h"
#include "run.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* Samples at a time: what is known of them is printed before the next ones are
 * computed. */
enum { BLOCK = 1024 };

/* Outputs of the samples from `first` on: the inputs of a whole data set are one array. */
static mlp_status predict_block(const struct settings *s, const mlp_model *model,
                                const mlp_dataset *data, size_t first, size_t count, float *outputs,
                                mlp_error *error)
{
    const uint8_t *u8 = mlp_dataset_u8_at(data, first);
    if (u8)
        return mlp_model_predict_u8(model, u8, count, s->train.threads, outputs, error);
    return mlp_model_predict_f32(model, mlp_dataset_f32_at(data, first), count, s->train.threads,
                                 outputs, error);
}

static int add_block(const struct predictions *p, size_t first, size_t count, const float *outputs)
{
    size_t units = mlp_model_outputs(p->model);
    for (size_t i = 0; i < count; i++) {
        const float *own = outputs + i * units;
        for (size_t o = 0; o < units; o++) {
            if (!isfinite(own[o]))
                return fail(MLP_ERROR_DATA, "sample %zu: the network's outputs overflow",
                            first + i);
        }
        predictions_add(p, first + i, own);
    }
    return MLP_OK;
}

static int predict_all(const struct settings *s, const struct predictions *p,
                       const mlp_dataset *data)
{
    mlp_error error;
    int status = MLP_OK;
    float *outputs = malloc(BLOCK * mlp_model_outputs(p->model) * sizeof *outputs);
    if (!outputs)
        return fail(MLP_ERROR_INTERNAL, "out of memory for the outputs");
    predictions_begin(p);
    for (size_t first = 0; first < p->total && status == MLP_OK && result_working();
         first += BLOCK) {
        size_t count = p->total - first < BLOCK ? p->total - first : BLOCK;
        if (predict_block(s, p->model, data, first, count, outputs, &error) != MLP_OK)
            status = fail_with(&error);
        else
            status = add_block(p, first, count, outputs);
    }
    free(outputs);
    return status;
}

/* To --output: all of it in one piece, or the file stays as it is. */
static int predict_to_file(const struct settings *s, const struct predictions *p,
                           const mlp_dataset *data)
{
    mlp_error error;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return fail(MLP_ERROR_INTERNAL, "out of memory for the predictions");
    result_to(out);
    int status = predict_all(s, p, data);
    result_to(NULL);
    if (fclose(out) != 0 && status == MLP_OK)
        status = fail(MLP_ERROR_INTERNAL, "out of memory for the predictions");
    const struct mlp_chunk chunk = {text, size};
    if (status == MLP_OK && mlp_file_write(s->output, &chunk, 1, &error) != MLP_OK)
        status = fail_with(&error);
    free(text);
    return status;
}

/* --- What is asked for ----------------------------------------------------------------- */

static bool starts_predictions(const char *start, size_t count)
{
    bool known = false;
    for (size_t i = 0; prediction_format_name(i); i++) {
        const struct prediction_format *format = prediction_format_find(prediction_format_name(i));
        known = known || (prediction_format_is_for_files(format) &&
                          prediction_format_starts(format, start, count));
    }
    return known;
}

static int check_format(const struct settings *s, const struct predictions *p)
{
    if (p->probabilities && mlp_model_classes(p->model) == 0)
        return fail(MLP_ERROR_USAGE, "--probabilities: %s predicts values, not classes", s->model);
    if (!s->output && prediction_format_is_binary(p->format) && isatty(STDOUT_FILENO))
        return fail(MLP_ERROR_USAGE,
                    "--format npy: not for a terminal to show, expected --output FILE.npy or a "
                    "redirection");
    return MLP_OK;
}

static int predict(const struct settings *s, const mlp_model *model, const mlp_dataset *data)
{
    const struct predictions p = {
        .model = model,
        .total = mlp_dataset_count(data),
        .probabilities = s->probabilities,
        .format = s->output ? prediction_format_of_file(s->output)
                            : prediction_format_find(s->format ? s->format
                                                     : s->json ? "jsonl"
                                                               : "text"),
    };
    int status = check_format(s, &p);
    if (status != MLP_OK)
        return status;
    if (mlp_dataset_features(data) != mlp_model_inputs(model))
        return fail(MLP_ERROR_DATA, "%s: samples of %zu values, the model takes %zu", s->data,
                    mlp_dataset_features(data), mlp_model_inputs(model));
    return s->output ? predict_to_file(s, &p, data) : predict_all(s, &p, data);
}

int run_predict(const struct settings *settings)
{
    mlp_source_options inputs_alone = settings->source;
    mlp_model *model = NULL;
    mlp_dataset *data = NULL;
    mlp_error error;
    int code = files_check_output(settings, "output", settings->output, "file of predictions",
                                  starts_predictions);
    if (code == MLP_OK)
        code = open_model(settings, &model);
    inputs_alone.unlabelled = true;
    inputs_alone.inputs = code == MLP_OK ? mlp_model_inputs(model) : 0;
    if (code == MLP_OK && mlp_dataset_open_as(settings->data, settings->split, &inputs_alone, &data,
                                              &error) != MLP_OK)
        code = fail_with(&error);
    if (code == MLP_OK)
        code = predict(settings, model, data);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
    return code;
}
