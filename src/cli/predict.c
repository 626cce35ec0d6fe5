/* SPDX-License-Identifier: MIT */
/* mlp predict */
#include "model.h"
#include "output.h"
#include "run.h"

#include <math.h>
#include <stdlib.h>

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

/* --- A sample ---------------------------------------------------------------------- */

/* Of the class that a probability or a score tells. */
static void print_class(const struct settings *s, const mlp_model *model, size_t index,
                        const float *outputs)
{
    mlp_loss loss = mlp_model_spec(model)->loss;
    bool shares = loss == MLP_CROSS_ENTROPY || loss == MLP_BINARY_CROSS_ENTROPY;
    size_t class = mlp_model_class(model, outputs), count = mlp_model_outputs(model);
    const float both[] = {1.0f - outputs[0], outputs[0]}; /* where one unit tells two classes */
    if (shares && count == 1) {
        outputs = both;
        count = 2;
    }
    float chosen = outputs[count > 1 ? class : 0];
    if (!s->json)
        result("%zu %zu %.6f\n", index, class, (double)chosen);
    else
        result_json(json_pack("{s:I, s:I, s:f, s:o}", "index", (json_int_t)index, "class",
                              (json_int_t) class, shares ? "probability" : "score", (double)chosen,
                              shares ? "probabilities" : "scores", real_array(outputs, count)));
}

static void print_values(const struct settings *s, size_t index, const float *values, size_t count)
{
    if (s->json) {
        result_json(json_pack("{s:I, s:o}", "index", (json_int_t)index, "values",
                              real_array(values, count)));
        return;
    }
    result("%zu", index);
    for (size_t i = 0; i < count; i++)
        result(" %.9g", (double)values[i]);
    result("\n");
}

static int print_sample(const struct settings *s, const mlp_model *model, size_t index,
                        const float *outputs)
{
    size_t count = mlp_model_outputs(model);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(outputs[i]))
            return fail(MLP_ERROR_DATA, "sample %zu: the network's outputs overflow", index);
    }
    if (mlp_model_classes(model) > 0)
        print_class(s, model, index, outputs);
    else
        print_values(s, index, outputs, count);
    return MLP_OK;
}

/* --- All of them --------------------------------------------------------------------- */

static int predict(const struct settings *s, const mlp_model *model, const mlp_dataset *data)
{
    size_t units = mlp_model_outputs(model), total = mlp_dataset_count(data);
    mlp_error error;
    int status = MLP_OK;
    if (mlp_dataset_features(data) != mlp_model_inputs(model))
        return fail(MLP_ERROR_DATA, "%s: samples of %zu values, the model takes %zu", s->data,
                    mlp_dataset_features(data), mlp_model_inputs(model));
    float *outputs = malloc(BLOCK * units * sizeof *outputs);
    if (!outputs)
        return fail(MLP_ERROR_INTERNAL, "out of memory for the outputs");

    for (size_t first = 0; first < total && status == MLP_OK && result_working(); first += BLOCK) {
        size_t count = total - first < BLOCK ? total - first : BLOCK;
        if (predict_block(s, model, data, first, count, outputs, &error) != MLP_OK)
            status = fail_with(&error);
        for (size_t i = 0; i < count && status == MLP_OK; i++)
            status = print_sample(s, model, first + i, outputs + i * units);
    }
    free(outputs);
    return status;
}

int run_predict(const struct settings *settings)
{
    mlp_model *model = NULL;
    mlp_dataset *data = NULL;
    mlp_error error;
    int code = open_model(settings, &model);
    if (code == MLP_OK &&
        mlp_dataset_open(settings->data, settings->split, &data, &error) != MLP_OK)
        code = fail_with(&error);
    if (code == MLP_OK)
        code = predict(settings, model, data);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
    return code;
}
