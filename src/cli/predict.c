/* SPDX-License-Identifier: MIT */
/* mlp predict */
#include "file.h"
#include "files.h"
#include "model.h"
#include "output.h"
#include "predictions.h"
#include "run.h"
#include "sources.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
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

/* Samples of a stream that are predicted together. */
struct block {
    float *x, *outputs; /* [capacity][inputs], [capacity][outputs] */
    size_t capacity, first, count;
    bool end; /* nothing follows them */
};

/* Reads what has come, and waits for the first alone. */
static mlp_status read_block(const mlp_model *model, mlp_stream *stream, struct block *block,
                             mlp_error *error)
{
    size_t inputs = mlp_model_inputs(model);
    mlp_status status;
    block->first += block->count;
    block->count = 0;
    do {
        float *x = block->x + block->count * inputs;
        status = mlp_stream_next(stream, x, &block->end, error);
        block->count += status == MLP_OK && !block->end;
    } while (status == MLP_OK && !block->end && block->count < block->capacity &&
             mlp_stream_ready(stream));
    return status;
}

static int predict_blocks(const struct settings *s, const struct predictions *p, mlp_stream *stream,
                          struct block *block)
{
    mlp_error error, reason;
    mlp_status read = MLP_OK;
    int status = MLP_OK;
    while (status == MLP_OK && read == MLP_OK && !block->end && result_working()) {
        result_flush();
        read = read_block(p->model, stream, block, &reason);
        if (mlp_model_predict_f32(p->model, block->x, block->count, s->train.threads,
                                  block->outputs, &error) != MLP_OK)
            status = fail_with(&error);
        else
            status = add_block(p, block->first, block->count, block->outputs);
    }
    result_flush();
    return status == MLP_OK && read != MLP_OK ? fail_with(&reason) : status;
}

/* What another program writes line by line is answered line by line. */
static int predict_stream(const struct settings *s, const struct predictions *p, mlp_stream *stream)
{
    enum { VALUES = 1 << 18 }; /* in memory, where a sample has fewer */
    size_t inputs = mlp_model_inputs(p->model), fitting = VALUES / inputs;
    struct block block = {.capacity = fitting > BLOCK ? BLOCK : fitting > 0 ? fitting : 1};
    int status;
    block.x = malloc(block.capacity * inputs * sizeof *block.x);
    block.outputs = malloc(block.capacity * mlp_model_outputs(p->model) * sizeof *block.outputs);
    predictions_begin(p);
    if (block.x && block.outputs)
        status = predict_blocks(s, p, stream, &block);
    else
        status = fail(MLP_ERROR_INTERNAL, "out of memory for the samples");
    free(block.x);
    free(block.outputs);
    return status;
}

/* Where predictions come from: one of the two. */
struct inputs {
    const mlp_dataset *data;
    mlp_stream *stream;
};

static int predict_inputs(const struct settings *s, const struct predictions *p,
                          const struct inputs *inputs)
{
    return inputs->stream ? predict_stream(s, p, inputs->stream) : predict_all(s, p, inputs->data);
}

/* To --output: all of it in one piece, or the file stays as it is. */
static int predict_to_file(const struct settings *s, const struct predictions *p,
                           const struct inputs *inputs)
{
    mlp_error error;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return fail(MLP_ERROR_INTERNAL, "out of memory for the predictions");
    result_to(out);
    int status = predict_inputs(s, p, inputs);
    int failure = result_to_stdout();
    if ((fclose(out) != 0 || failure != 0) && status == MLP_OK)
        status = fail(MLP_ERROR_INTERNAL, "%s: out of memory for the predictions", s->output);
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

static struct predictions describe(const struct settings *s, const mlp_model *model)
{
    const char *name = s->format ? s->format : s->json ? "jsonl" : "text";
    return (struct predictions){
        .model = model,
        .probabilities = s->probabilities,
        .format = s->output ? prediction_format_of_file(s->output) : prediction_format_find(name),
    };
}

static int predict(const struct settings *s, struct predictions *p, const struct inputs *inputs)
{
    if (inputs->data)
        p->total = mlp_dataset_count(inputs->data);
    if (inputs->data && mlp_dataset_features(inputs->data) != mlp_model_inputs(p->model))
        return fail(MLP_ERROR_DATA, "%s: samples of %zu values, the model takes %zu", s->data,
                    mlp_dataset_features(inputs->data), mlp_model_inputs(p->model));
    return s->output ? predict_to_file(s, p, inputs) : predict_inputs(s, p, inputs);
}

/* Standard input is a stream, unless the number of its samples has to be known first. */
static int predict_source(const struct settings *s, struct predictions *p)
{
    mlp_source_options options = s->source;
    mlp_dataset *data = NULL;
    mlp_stream *stream = NULL;
    mlp_error error;
    mlp_status status;
    talk_of_usual_data(s);
    options.unlabelled = true;
    options.inputs = mlp_model_inputs(p->model);
    options.columns = mlp_model_columns(p->model);
    if (strcmp(s->data, "-") == 0 && !prediction_format_is_binary(p->format))
        status = mlp_stream_open(s->data, &options, options.inputs, &stream, &error);
    else
        status = mlp_dataset_open_as(s->data, s->split, &options, &data, &error);
    int code = status == MLP_OK ? predict(s, p, &(struct inputs){data, stream})
                                : fail_source(s->data, &error);
    mlp_stream_close(stream);
    mlp_dataset_destroy(data);
    return code;
}

int run_predict(const struct settings *settings)
{
    mlp_model *model = NULL;
    int code = files_check_output(settings, "output", settings->output, "file of predictions",
                                  starts_predictions);
    if (code == MLP_OK)
        code = open_model(settings, &model);
    if (code == MLP_OK) {
        struct predictions p = describe(settings, model);
        code = check_format(settings, &p);
        if (code == MLP_OK)
            code = predict_source(settings, &p);
    }
    mlp_model_destroy(model);
    return code;
}
