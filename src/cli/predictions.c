/* SPDX-License-Identifier: MIT */
#include "predictions.h"

#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NPY_PREFIX = 10 }; /* bytes before the header's text */

/* What is known of a sample. */
struct prediction {
    size_t index;
    bool has_class;
    size_t class;
    const char *name;    /* of the class, or NULL */
    float chosen;        /* the class's probability or score */
    const float *values; /* of all classes, or what a model without classes predicts */
    size_t count;
    float both[2]; /* where one unit tells two classes */
};

struct prediction_format {
    const char *name, *ending; /* no ending: not for files */
    const char *starts[2]; /* how predictions of classes and of values begin; NULL: in any way */
    bool binary;
    void (*begin)(const struct predictions *p);
    void (*add)(const struct predictions *p, const struct prediction *sample);
};

/* Whether outputs are shares of 1, of each class or of class 1. */
static bool has_shares(const mlp_model *model)
{
    mlp_loss loss = mlp_model_spec(model)->loss;
    return loss == MLP_CROSS_ENTROPY || loss == MLP_BINARY_CROSS_ENTROPY;
}

static const char *word(const mlp_model *model)
{
    return has_shares(model) ? "probability" : "score";
}

/* Numbers that a sample's line has behind its class, or alone. */
static size_t value_count(const mlp_model *model)
{
    size_t outputs = mlp_model_outputs(model);
    return outputs == 1 && mlp_model_classes(model) > 0 && has_shares(model) ? 2 : outputs;
}

static void describe(const struct predictions *p, size_t index, const float *outputs,
                     struct prediction *out)
{
    size_t units = mlp_model_outputs(p->model);
    *out = (struct prediction){.index = index, .values = outputs, .count = units};
    if (mlp_model_classes(p->model) == 0)
        return;
    out->has_class = true;
    out->class = mlp_model_class(p->model, outputs);
    out->name = mlp_model_class_name(p->model, out->class);
    if (value_count(p->model) > units) {
        out->both[0] = 1.0f - outputs[0];
        out->both[1] = outputs[0];
        out->values = out->both;
        out->count = 2;
    }
    out->chosen = out->values[out->count > 1 ? out->class : 0];
}

/* The shortest decimal number that is this float again. */
static void print_float(char separator, float value)
{
    char text[32];
    int digits = 6;
    do
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
    while (digits++ < 9 && strtof(text, NULL) != value);
    result("%c%s", separator, text);
}

/* --- Text ------------------------------------------------------------------------- */

static void begin_nothing(const struct predictions *p)
{
    (void)p;
}

static void add_text(const struct predictions *p, const struct prediction *sample)
{
    result("%zu", sample->index);
    if (sample->has_class)
        result(" %zu", sample->class);
    if (sample->has_class && !p->probabilities)
        result(" %.6f", (double)sample->chosen);
    for (size_t i = 0; i < sample->count && (p->probabilities || !sample->has_class); i++)
        result(sample->has_class ? " %.6f" : " %.9g", (double)sample->values[i]);
    if (sample->name) { /* the last, as it may have blanks */
        result(" ");
        result_name(sample->name);
    }
    result("\n");
}

/* --- CSV ---------------------------------------------------------------------------- */

/* A field, in quotes where it needs them (RFC 4180). */
static void print_field(const char *prefix, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        result("%s%s", prefix, text);
        return;
    }
    result("\"%s", prefix);
    for (const char *c = text; *c; c++)
        result(*c == '"' ? "\"%c" : "%c", *c);
    result("\"");
}

/* What a class or a value is called; NULL where it has no name. */
static const char *name_of(const mlp_model *model, size_t i)
{
    const mlp_columns *columns = mlp_model_columns(model);
    if (mlp_model_classes(model) > 0)
        return mlp_model_class_name(model, i);
    return columns && i < columns->target_count ? columns->targets[i] : NULL;
}

/* The column of a class or a value: probability_7, probability_setosa, value_0, value_price. */
static void print_column(const struct predictions *p, size_t i)
{
    char number[24], prefix[24];
    const char *name = name_of(p->model, i);
    snprintf(number, sizeof number, "%zu", i);
    snprintf(prefix, sizeof prefix, "%s_",
             mlp_model_classes(p->model) > 0 ? word(p->model) : "value");
    result(",");
    print_field(prefix, name ? name : number);
}

static void begin_csv(const struct predictions *p)
{
    bool classes = mlp_model_classes(p->model) > 0;
    result("index");
    if (classes)
        result(",class");
    if (mlp_model_class_name(p->model, 0))
        result(",name");
    if (classes && !p->probabilities)
        result(",%s", word(p->model));
    for (size_t i = 0; i < value_count(p->model) && (p->probabilities || !classes); i++)
        print_column(p, i);
    result("\n");
}

static void add_csv(const struct predictions *p, const struct prediction *sample)
{
    result("%zu", sample->index);
    if (sample->has_class)
        result(",%zu", sample->class);
    if (sample->name) {
        result(",");
        print_field("", sample->name);
    }
    if (sample->has_class && !p->probabilities)
        print_float(',', sample->chosen);
    for (size_t i = 0; i < sample->count && (p->probabilities || !sample->has_class); i++)
        print_float(',', sample->values[i]);
    result("\n");
}

/* --- JSON lines ------------------------------------------------------------------------ */

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

static void add_json(const struct predictions *p, const struct prediction *sample)
{
    json_int_t index = (json_int_t)sample->index;
    json_t *all = real_array(sample->values, sample->count);
    if (!sample->has_class)
        result_json(json_pack("{s:I, s:o}", "index", index, "values", all));
    else if (p->probabilities)
        result_json(json_pack("{s:I, s:I, s:s*, s:f, s:o}", "index", index, "class",
                              (json_int_t)sample->class, "name", sample->name, word(p->model),
                              (double)sample->chosen,
                              has_shares(p->model) ? "probabilities" : "scores", all));
    else {
        json_decref(all);
        result_json(json_pack("{s:I, s:I, s:s*, s:f}", "index", index, "class",
                              (json_int_t)sample->class, "name", sample->name, word(p->model),
                              (double)sample->chosen));
    }
}

/* --- npy -------------------------------------------------------------------------------- */

/* NumPy's format, version 1.0: (count,) classes, or (count, values). NumPy itself begins with the
 * type: that tells its files, which may be somebody's data, from predictions of before. */
static void begin_npy(const struct predictions *p)
{
    enum { ROUND = 64 };
    bool classes = mlp_model_classes(p->model) > 0 && !p->probabilities;
    char shape[64], text[256];
    unsigned char prefix[NPY_PREFIX] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    if (classes)
        snprintf(shape, sizeof shape, "(%zu,)", p->total);
    else
        snprintf(shape, sizeof shape, "(%zu, %zu)", p->total, value_count(p->model));
    int length = snprintf(text, sizeof text, "{'shape': %s, 'descr': '%s', 'fortran_order': False}",
                          shape, classes ? "<i8" : "<f4");
    int padding = (ROUND - (NPY_PREFIX + length + 1) % ROUND) % ROUND;
    prefix[8] = (unsigned char)(length + padding + 1);
    result_bytes(prefix, sizeof prefix);
    result("%s%*s\n", text, padding, "");
}

/* The lowest byte first. */
static void put_number(uint64_t bits, size_t size)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(bits >> 8 * i);
    result_bytes(bytes, size);
}

static void add_npy(const struct predictions *p, const struct prediction *sample)
{
    if (sample->has_class && !p->probabilities) {
        put_number(sample->class, 8);
        return;
    }
    for (size_t i = 0; i < sample->count; i++) {
        uint32_t bits;
        memcpy(&bits, &sample->values[i], sizeof bits);
        put_number(bits, sizeof bits);
    }
}

/* --- All of them ---------------------------------------------------------------------------- */

static const struct prediction_format formats[] = {
    {"text", NULL, {NULL, NULL}, false, begin_nothing, add_text},
    {"csv", ".csv", {"index,class,", "index,value_"}, false, begin_csv, add_csv},
    {"npy", ".npy", {"{'shape'", "{'shape'"}, true, begin_npy, add_npy},
    {"jsonl",
     ".jsonl",
     {"{\"index\": 0, \"class\": ", "{\"index\": 0, \"values\": "},
     false,
     begin_nothing,
     add_json},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

const char *prediction_format_name(size_t i)
{
    return i < FORMATS ? formats[i].name : NULL;
}

const struct prediction_format *prediction_format_find(const char *name)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    }
    return NULL;
}

const struct prediction_format *prediction_format_of_file(const char *path)
{
    const char *end = strrchr(path, '.');
    for (size_t i = 0; i < FORMATS && end; i++) {
        if (formats[i].ending && strcasecmp(formats[i].ending, end) == 0)
            return &formats[i];
    }
    return NULL;
}

bool prediction_format_is_binary(const struct prediction_format *format)
{
    return format->binary;
}

bool prediction_format_is_for_files(const struct prediction_format *format)
{
    return format->ending != NULL;
}

bool prediction_format_starts(const struct prediction_format *format, const char *start,
                              size_t count)
{
    bool known = false;
    for (size_t i = 0; i < 2; i++) {
        const char *expected = format->starts[i] ? format->starts[i] : "";
        size_t length = strlen(expected), at = format->binary ? NPY_PREFIX : 0;
        known = known || (count >= at + length && memcmp(start + at, expected, length) == 0);
    }
    return known;
}

void predictions_begin(const struct predictions *p)
{
    p->format->begin(p);
}

void predictions_add(const struct predictions *p, size_t index, const float *outputs)
{
    struct prediction sample;
    describe(p, index, outputs, &sample);
    p->format->add(p, &sample);
}
