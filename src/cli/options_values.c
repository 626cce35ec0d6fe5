/* SPDX-License-Identifier: MIT */
/* Numbers, and the options of the data, the run and its output. */
#include "options_values.h"

#include "formats/onnx_name.h"
#include "output.h"
#include "predictions.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- Numbers ----------------------------------------------------------------- */

int parse_whole(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    char low[NUMBER_SIZE], high[NUMBER_SIZE];
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    bool digits_only = *text != '\0' && text[strspn(text, "0123456789")] == '\0';
    if (!digits_only || errno == ERANGE || value < least || value > most)
        return fail(MLP_ERROR_USAGE, "%s: found '%s', expected a whole number from %s to %s",
                    option, text, grouped(least, low), grouped(most, high));
    *out = value;
    return MLP_OK;
}

int parse_size(const char *option, const char *text, uint64_t most, size_t *out)
{
    uint64_t value = 0;
    int status = parse_whole(option, text, 1, most, &value);
    if (status == MLP_OK)
        *out = (size_t)value;
    return status;
}

const struct range above_zero = {0, FLT_MAX, true, false, "a finite number above 0"};
const struct range from_zero = {0, FLT_MAX, false, false, "a finite number from 0 up"};
const struct range share = {0, 1, false, true, "a number from 0 up and below 1"};

static bool within(const struct range *range, double value)
{
    return (range->open_below ? value > range->least : value >= range->least) &&
           (range->open_above ? value < range->most : value <= range->most);
}

int parse_real(const char *option, const char *text, const struct range *range, double *out)
{
    char *end;
    double value = strtod(text, &end);
    bool decimal = *text != '\0' && text[strspn(text, "0123456789.eE+-")] == '\0';
    if (!decimal || *end != '\0' || !within(range, value) || !within(range, (double)(float)value))
        return fail(MLP_ERROR_USAGE, "%s: found '%s', expected %s", option, text, range->text);
    *out = value;
    return MLP_OK;
}

int parse_float(const char *option, const char *text, const struct range *range, float *out)
{
    double value = 0;
    int status = parse_real(option, text, range, &value);
    if (status == MLP_OK)
        *out = (float)value;
    return status;
}

/* --- Data -------------------------------------------------------------------- */

int parse_data(struct settings *s, const char *text)
{
    s->data = text;
    return MLP_OK;
}

int parse_test(struct settings *s, const char *text)
{
    s->test = text;
    return MLP_OK;
}

/* All that strtod takes is a fraction, and a bad one may be "nan" or "0x1". */
int parse_valid(struct settings *s, const char *text)
{
    static const struct range fraction = {0, 1, true, true,
                                          "a fraction above 0 and below 1, or a source of data"};
    char *end;
    strtod(text, &end);
    if (*text == '\0' || *end == '\0')
        return parse_real("--valid", text, &fraction, &s->valid_fraction);
    s->valid = text;
    return MLP_OK;
}

int parse_split(struct settings *s, const char *text)
{
    if (strcmp(text, "train") == 0)
        s->split = MLP_TRAIN;
    else if (strcmp(text, "test") == 0)
        s->split = MLP_TEST;
    else
        return fail(MLP_ERROR_USAGE, "--split: found '%s', expected train or test", text);
    return MLP_OK;
}

int parse_label(struct settings *s, const char *text)
{
    s->source.label = text;
    return MLP_OK;
}

int parse_targets(struct settings *s, const char *text)
{
    s->source.targets = text;
    return MLP_OK;
}

int parse_delimiter(struct settings *s, const char *text)
{
    bool tab = strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0;
    if (!tab && strlen(text) != 1)
        return fail(MLP_ERROR_USAGE, "--delimiter: found '%s', expected one character or tab",
                    text);
    s->source.delimiter = tab ? '\t' : *text;
    return MLP_OK;
}

int parse_header(struct settings *s, const char *text)
{
    static const char *const names[] = {
        [MLP_HEADER_AUTO] = "auto", [MLP_HEADER_YES] = "yes", [MLP_HEADER_NO] = "no"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            s->source.header = (mlp_header)i;
            return MLP_OK;
        }
    }
    return fail(MLP_ERROR_USAGE, "--header: found '%s', expected yes, no or auto", text);
}

int parse_labels(struct settings *s, const char *text)
{
    s->source.labels = text;
    return MLP_OK;
}

int parse_standardize(struct settings *s, const char *text)
{
    (void)text;
    s->standardize = true;
    return MLP_OK;
}

/* --- The run and its output -------------------------------------------------- */

int parse_max_seconds(struct settings *s, const char *text)
{
    return parse_real("--max-seconds", text, &above_zero, &s->train.max_seconds);
}

int parse_checkpoint(struct settings *s, const char *text)
{
    s->checkpoint = text;
    return MLP_OK;
}

/* A number, and what it counts. */
int parse_every(struct settings *s, const char *text)
{
    char number[32];
    size_t length = strspn(text, "0123456789.");
    const char *unit = text + length;
    if (length >= sizeof number)
        return fail(MLP_ERROR_USAGE, "--every: found '%s', expected a shorter number", text);
    memcpy(number, text, length);
    number[length] = '\0';
    if (strcmp(unit, "steps") == 0)
        return parse_size("--every", number, UINT32_MAX, &s->every_steps);
    if (strcmp(unit, "epochs") == 0)
        return parse_size("--every", number, UINT32_MAX, &s->every_epochs);
    if (strcmp(unit, "s") != 0 && *unit != '\0')
        return fail(MLP_ERROR_USAGE,
                    "--every: found '%s', expected a number and s, steps or epochs, such as 60s",
                    text);
    return parse_real("--every", number, &above_zero, &s->every_seconds);
}

int parse_resume(struct settings *s, const char *text)
{
    s->resume = text;
    return MLP_OK;
}

int parse_runs(struct settings *s, const char *text)
{
    return parse_size("--runs", text, MAX_RUNS, &s->runs);
}

int parse_seed(struct settings *s, const char *text)
{
    return parse_whole("--seed", text, 0, UINT64_MAX, &s->train.seed);
}

int parse_threads(struct settings *s, const char *text)
{
    size_t threads = 0;
    int status = parse_size("--threads", text, 4096, &threads);
    if (status == MLP_OK)
        s->train.threads = (int)threads;
    return status;
}

int parse_isa(struct settings *s, const char *text)
{
    s->isa = text;
    return MLP_OK;
}

/* A name that promises another program's format would be a lie. */
int parse_save(struct settings *s, const char *text)
{
    static const char *const others[] = {".onnx", ".pt", ".pth", ".c", ".keras", ".h5", ".npz"};
    const char *end = strrchr(text, '.');
    for (size_t i = 0; end && i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(end, others[i]) == 0)
            return fail(MLP_ERROR_USAGE,
                        "--save: found '%s', expected another ending: the file is safetensors (mlp "
                        "export writes ONNX and C)",
                        text);
    }
    s->save = text;
    return MLP_OK;
}

int parse_c(struct settings *s, const char *text)
{
    size_t length = strlen(text);
    if (length < 3 || strcmp(text + length - 2, ".c") != 0)
        return fail(MLP_ERROR_USAGE, "--c: found '%s', expected a name that ends in .c", text);
    s->export_c = text;
    return MLP_OK;
}

int parse_name(struct settings *s, const char *text)
{
    s->export_name = text;
    return MLP_OK;
}

int parse_log(struct settings *s, const char *text)
{
    const char *end = strrchr(text, '.');
    if (!end || (strcmp(end, ".jsonl") != 0 && strcmp(end, ".csv") != 0))
        return fail(MLP_ERROR_USAGE,
                    "--log: found '%s', expected a name that ends in .jsonl or .csv", text);
    s->log = text;
    return MLP_OK;
}

int parse_report(struct settings *s, const char *text)
{
    const char *end = strrchr(text, '.');
    if (!end || (strcmp(end, ".html") != 0 && strcmp(end, ".htm") != 0))
        return fail(MLP_ERROR_USAGE, "--report: found '%s', expected a name that ends in .html",
                    text);
    s->report = text;
    return MLP_OK;
}

int parse_onnx(struct settings *s, const char *text)
{
    if (!mlp_onnx_claims(text))
        return fail(MLP_ERROR_USAGE, "--onnx: found '%s', expected a name that ends in .onnx",
                    text);
    s->export_onnx = text;
    return MLP_OK;
}

int parse_softmax(struct settings *s, const char *text)
{
    (void)text;
    s->softmax = true;
    return MLP_OK;
}

int parse_format(struct settings *s, const char *text)
{
    if (!prediction_format_find(text))
        return fail(MLP_ERROR_USAGE, "--format: found '%s', expected text, csv, npy or jsonl",
                    text);
    s->format = text;
    return MLP_OK;
}

int parse_output(struct settings *s, const char *text)
{
    if (!prediction_format_of_file(text))
        return fail(MLP_ERROR_USAGE,
                    "--output: found '%s', expected a name that ends in .csv, .npy or .jsonl",
                    text);
    s->output = text;
    return MLP_OK;
}

int parse_probabilities(struct settings *s, const char *text)
{
    (void)text;
    s->probabilities = true;
    return MLP_OK;
}

int parse_top_k(struct settings *s, const char *text)
{
    return parse_size("--top-k", text, MAX_CLASSES, &s->top_k);
}

int parse_json(struct settings *s, const char *text)
{
    (void)text;
    s->json = true;
    return MLP_OK;
}

int parse_help(struct settings *s, const char *text)
{
    (void)text;
    s->help = true;
    return MLP_OK;
}
