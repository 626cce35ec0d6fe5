/* SPDX-License-Identifier: MIT */
/* mlp predict */
#include "output.h"
#include "run.h"

#include <math.h>
#include <stdlib.h>

/* Samples at a time: their probabilities are printed before the next ones are
 * computed. */
enum { BLOCK = 1024 };

/* Probabilities of the samples from `first` on. */
static mlp_status predict_block(const struct settings *s, const mlp_model *model,
                                const mlp_dataset *data, size_t first, size_t count,
                                float *probabilities, mlp_error *error)
{
    size_t at = first * mlp_dataset_features(data);
    const uint8_t *u8 = mlp_dataset_u8(data);
    if (u8)
        return mlp_model_predict_u8(model, u8 + at, count, s->train.threads, probabilities, error);
    return mlp_model_predict_f32(model, mlp_dataset_f32(data) + at, count, s->train.threads,
                                 probabilities, error);
}

static json_t *real_array(const float *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(array, json_real((double)values[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static int print_sample(const struct settings *s, size_t index, const float *probabilities,
                        size_t classes)
{
    size_t best = 0;
    for (size_t c = 0; c < classes; c++) {
        if (isnan(probabilities[c]))
            return fail(MLP_ERROR_DATA, "sample %zu: the network's outputs overflow", index);
        if (probabilities[c] > probabilities[best])
            best = c;
    }
    if (s->json)
        result_json(json_pack("{s:I, s:I, s:f, s:o}", "index", (json_int_t)index, "class",
                              (json_int_t)best, "probability", (double)probabilities[best],
                              "probabilities", real_array(probabilities, classes)));
    else
        result("%zu %zu %.6f\n", index, best, (double)probabilities[best]);
    return MLP_OK;
}

static int predict(const struct settings *s, const mlp_model *model, const mlp_dataset *data)
{
    const mlp_spec *spec = mlp_model_spec(model);
    size_t classes = spec->widths[spec->layer_count], total = mlp_dataset_count(data);
    mlp_error error;
    int status = MLP_OK;
    if (mlp_dataset_features(data) != spec->widths[0])
        return fail(MLP_ERROR_DATA, "%s: samples of %zu values, the model takes %zu", s->data,
                    mlp_dataset_features(data), spec->widths[0]);
    float *probabilities = malloc(BLOCK * classes * sizeof *probabilities);
    if (!probabilities)
        return fail(MLP_ERROR_INTERNAL, "out of memory for the probabilities");

    for (size_t first = 0; first < total && status == MLP_OK && result_working(); first += BLOCK) {
        size_t count = total - first < BLOCK ? total - first : BLOCK;
        if (predict_block(s, model, data, first, count, probabilities, &error) != MLP_OK)
            status = fail_with(&error);
        for (size_t i = 0; i < count && status == MLP_OK; i++)
            status = print_sample(s, first + i, probabilities + i * classes, classes);
    }
    free(probabilities);
    return status;
}

int run_predict(const struct settings *settings)
{
    mlp_model *model = NULL;
    mlp_dataset *data = NULL;
    mlp_error error;
    mlp_status status = mlp_model_load(settings->model, &model, &error);
    if (status == MLP_OK)
        status = mlp_dataset_open(settings->data, settings->split, &data, &error);
    int code = status == MLP_OK ? predict(settings, model, data) : fail_with(&error);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
    return code;
}
