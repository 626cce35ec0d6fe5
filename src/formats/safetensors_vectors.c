/* SPDX-License-Identifier: MIT */
/* Test vectors: a few inputs and what the model made of them where it was saved, to the bit.
 * Whoever loads the file computes them again, so that a file that is damaged, or a build or machine
 * that does not keep the promise of the same bits, is found before it predicts anything.
 *
 * An input is a hexadecimal digit d, which stands for (d - 8) / 4 deviations from the mean: for
 * mean + (d - 8) / 4 / factor where inputs are standardised (the mean where the factor is 0), else
 * for (d - 8) / 4 itself. Outputs are those of mlp_model_predict_f32, a NaN always as 7fc00000. */
#include "safetensors_vectors.h"

#include "alloc.h"
#include "random.h"

#include <math.h>
#include <string.h>

enum {
    VECTORS = 3, /* that are written */
    MOST_VECTORS = 16,
    OUTPUT_TEXT = 9,     /* 8 digits, and a comma or zero byte */
    MOST_TEXT = 1 << 20, /* of a vector, else none are written: headers have a limit */
    DIGITS_A_DRAW = 32,
};

static const char hex_digits[] = "0123456789abcdef";

/* --- Computing ------------------------------------------------------------------ */

static void read_inputs(const mlp_model *model, const char *digits, float *x)
{
    for (size_t i = 0; i < model->spec.inputs; i++) {
        float value = (float)(strchr(hex_digits, digits[i]) - hex_digits - 8) / 4;
        x[i] = value;
        if (model->input_mean)
            x[i] = model->input_mean[i];
        if (model->input_mean && model->input_factor[i] > 0)
            x[i] += value / model->input_factor[i];
    }
}

static void write_outputs(const float *outputs, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++) {
        char item[MLP_ST_TEXT] = "7fc00000";
        if (!isnan(outputs[i]))
            mlp_st_write_bits(item, outputs[i]);
        memcpy(text + i * OUTPUT_TEXT, item, OUTPUT_TEXT - 1);
        text[(i + 1) * OUTPUT_TEXT - 1] = i + 1 < count ? ',' : '\0';
    }
}

/* What the model makes of `count` vectors, as text, mlp_alloc'ed. */
static mlp_status compute(const mlp_model *model, const char *inputs, size_t count, char **text,
                          mlp_error *error)
{
    size_t in = model->spec.inputs, out = mlp_model_outputs(model);
    float *x = mlp_alloc_uninitialized(count * in, sizeof *x);
    float *outputs = mlp_alloc_uninitialized(count * out, sizeof *outputs);
    *text = mlp_alloc_uninitialized(count * out, OUTPUT_TEXT);
    mlp_status status = MLP_OK;
    if (!x || !outputs || !*text)
        status = mlp_fail_memory(error, "the test vectors of a model");
    for (size_t v = 0; v < count && status == MLP_OK; v++)
        read_inputs(model, inputs + v * (in + 1), x + v * in);
    if (status == MLP_OK)
        status = mlp_model_predict_f32(model, x, count, 1, outputs, error);
    if (status == MLP_OK)
        write_outputs(outputs, count * out, *text);
    mlp_free(outputs);
    mlp_free(x);
    return status;
}

/* --- Writing --------------------------------------------------------------------- */

static void draw_inputs(size_t inputs, size_t vector, char *digits)
{
    uint32_t words[4];
    for (size_t i = 0; i < inputs; i++) {
        size_t digit = i % DIGITS_A_DRAW;
        if (digit == 0)
            mlp_random(0, MLP_RANDOM_VECTORS, (uint32_t)vector, i / DIGITS_A_DRAW, words);
        digits[i] = hex_digits[words[digit / 8] >> (digit % 8 * 4) & 15];
    }
}

mlp_status mlp_st_write_vectors(struct mlp_st_writer *w, const mlp_model *model, mlp_error *error)
{
    size_t in = model->spec.inputs;
    if (in + mlp_model_outputs(model) * OUTPUT_TEXT > MOST_TEXT)
        return MLP_OK;
    char *inputs = mlp_alloc(VECTORS, in + 1), *outputs = NULL;
    if (!inputs)
        return mlp_fail_memory(error, "the test vectors of a model");
    for (size_t v = 0; v < VECTORS; v++) {
        draw_inputs(in, v, inputs + v * (in + 1));
        if (v > 0)
            inputs[v * (in + 1) - 1] = ',';
    }
    mlp_status status = compute(model, inputs, VECTORS, &outputs, error);
    if (status == MLP_OK) {
        mlp_st_writer_text(w, MLP_ST_TEST_INPUTS, inputs);
        mlp_st_writer_text(w, MLP_ST_TEST_OUTPUTS, outputs);
    }
    mlp_free(outputs);
    mlp_free(inputs);
    return status;
}

/* --- Checking -------------------------------------------------------------------- */

/* Vectors of `text`, each with a digit for every input. */
static mlp_status count_vectors(const struct mlp_st_source *s, const char *text, size_t inputs,
                                size_t *count)
{
    for (*count = 0;; text++) {
        size_t digits = strspn(text, hex_digits);
        if (digits != inputs || (text[digits] != '\0' && text[digits] != ','))
            return MLP_ST_FAIL(s, "%s: item %zu begins with %zu hexadecimal digits, expected %zu",
                               MLP_ST_TEST_INPUTS, *count, digits, inputs);
        text += digits;
        ++*count;
        if (*text == '\0')
            return MLP_OK;
        if (*count == MOST_VECTORS)
            return MLP_ST_FAIL(s, "%s has more than %d items", MLP_ST_TEST_INPUTS, MOST_VECTORS);
    }
}

static mlp_status compare(const struct mlp_st_source *s, const char *told, const char *found,
                          size_t outputs)
{
    size_t length = strlen(found), same = 0;
    if (strlen(told) != length)
        return MLP_ST_FAIL(s, "%s has %zu characters, expected %zu", MLP_ST_TEST_OUTPUTS,
                           strlen(told), length);
    while (same < length && told[same] == found[same])
        same++;
    if (same == length)
        return MLP_OK;
    size_t item = same / OUTPUT_TEXT;
    return MLP_ST_FAIL(s,
                       "test vector %zu: output %zu has the bits %.8s by the file, but %.8s by its "
                       "weights: the file is damaged, or this machine computes otherwise",
                       item / outputs, item % outputs, told + item * OUTPUT_TEXT,
                       found + item * OUTPUT_TEXT);
}

mlp_status mlp_st_check_vectors(const struct mlp_st_source *s, const mlp_model *model)
{
    const char *inputs = mlp_st_metadata_text(s, MLP_ST_TEST_INPUTS);
    const char *outputs = mlp_st_metadata_text(s, MLP_ST_TEST_OUTPUTS);
    size_t count;
    char *found = NULL;
    if (!inputs && !outputs)
        return MLP_OK;
    if (!inputs || !outputs)
        return MLP_ST_FAIL(s, "%s without %s", inputs ? MLP_ST_TEST_INPUTS : MLP_ST_TEST_OUTPUTS,
                           inputs ? MLP_ST_TEST_OUTPUTS : MLP_ST_TEST_INPUTS);
    mlp_status status = count_vectors(s, inputs, model->spec.inputs, &count);
    if (status == MLP_OK)
        status = compute(model, inputs, count, &found, s->error);
    if (status == MLP_OK)
        status = compare(s, outputs, found, mlp_model_outputs(model));
    mlp_free(found);
    return status;
}
