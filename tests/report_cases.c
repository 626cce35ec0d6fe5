/* SPDX-License-Identifier: MIT */
#include "report_cases.h"

#include "folder.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- What cases are made of ------------------------------------------------------ */

static void require(mlp_status status, const mlp_error *error)
{
    ck_assert_msg(status == MLP_OK, "%s", error->message);
}

/* Numbers in [0, 1) that look random, the same for every run. */
static double noise(size_t i)
{
    uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 31;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return (double)((x ^ x >> 29) >> 11) * 0x1p-53;
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static void make_model(struct report_case *out, size_t inputs, size_t hidden, size_t outputs,
                       mlp_loss loss)
{
    mlp_layer_spec layers[] = {
        {.units = hidden, .activation = MLP_RELU, .norm = MLP_NORM_LAYER, .dropout = 0.25F},
        {.units = outputs, .activation = MLP_IDENTITY},
    };
    mlp_spec spec = {
        .inputs = inputs, .layer_count = 2, .layers = layers, .loss = loss, .init = MLP_INIT_HE};
    mlp_error error;
    require(mlp_model_create(&spec, 7, &out->model, &error), &error);
    out->report.model = out->model;
}

/* Loss and accuracy as they often go; the fraction `far` of the way is the best epoch. */
static void make_epochs(struct report_case *out, size_t count, double far)
{
    out->epochs = allocate(count, sizeof *out->epochs);
    for (size_t i = 0; i < count; i++) {
        double done = (double)(i + 1) / (double)count, jitter = 0.02 * noise(i);
        out->epochs[i] = (mlp_progress){
            .epoch = i + 1,
            .epochs = count,
            .step = (i + 1) * 235,
            .samples_done = 60000,
            .samples = 60000,
            .loss = 2.2 * exp(-5 * done) + jitter,
            .train_accuracy = 1 - 0.7 * exp(-5 * done) - jitter,
            .learning_rate = 0.001 * (1 - 0.99 * done),
            .seconds = 0.6 + jitter,
            .valid_loss = 2.3 * exp(-6 * done) + 0.1 + 0.05 * done + jitter,
            .valid_score = 0.97 - 0.7 * exp(-6 * done) - jitter,
            .test_loss = 2.3 * exp(-6 * done) + 0.12 + 0.05 * done + 0.02 * noise(i + count),
            .test_score = 0.965 - 0.7 * exp(-6 * done) - 0.02 * noise(i + count),
            .model = out->model,
        };
    }
    out->report.epochs = out->epochs;
    out->report.epoch_count = count;
    out->report.result = (mlp_train_result){
        .epochs = count,
        .steps = count * 235,
        .threads = 2,
        .stop = MLP_STOP_EPOCHS,
        .seconds = 0.61 * (double)count,
        .best_epoch = (size_t)(far * (double)count),
    };
}

/* Probabilities of which most are right: a sample's label `shift`s now and then. */
static void make_outputs(struct report_case *out, size_t classes)
{
    size_t count = mlp_dataset_count(out->data);
    const uint8_t *labels = mlp_dataset_labels(out->data);
    out->outputs = allocate(count * classes, sizeof *out->outputs);
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        float *z = out->outputs + i * classes;
        for (size_t c = 0; c < classes; c++) {
            double near = c == labels[i] ? 8 : c == (labels[i] * 7 + 2) % classes ? 6 : 0;
            z[c] = (float)exp(near * noise(i * classes + c) - 2);
            sum += z[c];
        }
        for (size_t c = 0; c < classes; c++)
            z[c] = (float)(z[c] / sum);
    }
    out->report.outputs = out->outputs;
}

/* Counts what the outputs say; `outputs` of a sample may be 1. */
static void classify(struct report_case *out, size_t outputs, size_t classes)
{
    size_t count = mlp_dataset_count(out->data);
    uint8_t *predictions = allocate(count, 1);
    mlp_error error;
    for (size_t i = 0; i < count; i++)
        predictions[i] = (uint8_t)mlp_model_class(out->model, out->outputs + i * outputs);
    require(mlp_classification_create(out->outputs, outputs, predictions,
                                      mlp_dataset_labels(out->data), count, classes,
                                      classes > 5 ? 5 : 1, &out->classification, &error),
            &error);
    free(predictions);
    out->report.classification = out->classification;
}

/* Features that are noise, wrapped with whatever labels and targets there are. */
static void wrap(struct report_case *out, size_t count, size_t features, size_t classes,
                 size_t outputs)
{
    mlp_error error;
    out->f32 = allocate(count * features, sizeof *out->f32);
    for (size_t i = 0; i < count * features; i++)
        out->f32[i] = (float)(4 * noise(i) - 2);
    mlp_arrays arrays = {.count = count,
                         .features = features,
                         .f32 = out->f32,
                         .labels = out->labels,
                         .classes = classes,
                         .targets = out->targets,
                         .outputs = outputs};
    require(mlp_dataset_wrap(&arrays, &out->data, &error), &error);
    out->report.data = out->data;
}

static void make_labels(struct report_case *out, size_t count, size_t classes)
{
    out->labels = allocate(count, 1);
    for (size_t i = 0; i < count; i++)
        out->labels[i] = (uint8_t)((double)classes * noise(i + 99));
}

static void describe(struct report_case *out, const char *title)
{
    static const struct report_setting SETTINGS[CASE_SETTINGS] = {
        {"data", "digits"},
        {"optimizer", "adam, learning rate 0.001, beta 0.9 and 0.999, epsilon 1e-07"},
        {"schedule", "cosine"},
        {"seed", "7"},
    };
    memcpy(out->settings, SETTINGS, sizeof SETTINGS);
    out->report.title = title;
    out->report.settings = out->settings;
    out->report.setting_count = CASE_SETTINGS;
    out->report.data_name = "test";
    out->report.fingerprint = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    out->report.isa = "c";
    out->report.threads = 2;
    out->report.seconds = 20.5;
    out->report.command = "mlp train --data digits --hidden 256,256 --schedule cosine --epochs 30 "
                          "--valid 0.1 --restore-best --report run.html --save model.safetensors";
}

/* --- The cases ---------------------------------------------------------------------- */

/* Images of ten classes. */
static void make_images(struct report_case *out)
{
    mlp_dataset *rest;
    mlp_error error;
    require(mlp_dataset_open("digits", MLP_TEST, &out->whole, &error), &error);
    require(mlp_dataset_divide(out->whole, 0.1, 1, &rest, &out->data, &error), &error);
    mlp_dataset_destroy(rest);
    out->report.data = out->data;
    describe(out, "Digits");
    make_model(out, 784, 100, 10, MLP_CROSS_ENTROPY);
    make_epochs(out, 30, 0.8);
    out->report.result.restored = true;
    make_outputs(out, 10);
    classify(out, 10, 10);
}

/* Images of 150 x 200 pixels, which are too large to be shown as they are. */
static void make_large_images(struct report_case *out)
{
    enum { COUNT = 6, HEIGHT = 150, WIDTH = 200, HEADER = 16, LABEL_HEADER = 8 };
    static const unsigned char HEAD[HEADER] = {0, 0, 8, 3,      0, 0, 0, COUNT,
                                               0, 0, 0, HEIGHT, 0, 0, 0, WIDTH};
    static const unsigned char LABELS[LABEL_HEADER + COUNT] = {0,     0, 8, 1, 0, 0, 0,
                                                               COUNT, 3, 1, 4, 1, 5, 9};
    size_t size = HEADER + (size_t)COUNT * HEIGHT * WIDTH;
    unsigned char *file = allocate(size, 1);
    mlp_error error;
    memcpy(file, HEAD, HEADER);
    for (size_t i = HEADER; i < size; i++)
        file[i] = (unsigned char)(128 + 64 * sin((double)(i % WIDTH) / 9) + 60 * noise(i));
    put_file(in_folder("large-images-idx3-ubyte"), file, size);
    put_file(in_folder("large-labels-idx1-ubyte"), LABELS, sizeof LABELS);
    free(file);
    require(mlp_dataset_open(in_folder("large-images-idx3-ubyte"), MLP_TEST, &out->data, &error),
            &error);
    out->report.data = out->data;
    describe(out, "Large images");
    make_model(out, (size_t)HEIGHT * WIDTH, 70, 10, MLP_CROSS_ENTROPY);
    make_epochs(out, 3, 0);
    make_outputs(out, 10);
    classify(out, 10, 10);
}

/* Two classes told apart by one output. */
static void make_binary(struct report_case *out)
{
    enum { COUNT = 500 };
    make_labels(out, COUNT, 2);
    wrap(out, COUNT, 2, 2, 0);
    describe(out, "Moons");
    make_model(out, 2, 8, 1, MLP_BINARY_CROSS_ENTROPY);
    make_epochs(out, 60, 1);
    for (size_t i = 0; i < 60; i++) {
        out->epochs[i].test_loss = out->epochs[i].test_score = NAN;
        out->epochs[i].learning_rate = 0.1;
    }
    out->report.data_name = "validation";
    out->report.result.stop = MLP_STOP_TARGET;
    out->outputs = allocate(COUNT, sizeof *out->outputs);
    for (size_t i = 0; i < COUNT; i++) {
        double z = 0.6 * noise(i + 5) + 0.3 * out->labels[i];
        out->outputs[i] = (float)z;
    }
    out->report.outputs = out->outputs;
    classify(out, 1, 2);
}

/* Two targets; R2 begins far below 0. */
static void make_values(struct report_case *out)
{
    enum { COUNT = 2000, TARGETS = 2 };
    mlp_error error;
    out->targets = allocate((size_t)COUNT * TARGETS, sizeof *out->targets);
    out->outputs = allocate((size_t)COUNT * TARGETS, sizeof *out->outputs);
    for (size_t i = 0; i < (size_t)COUNT * TARGETS; i++) {
        out->targets[i] = (float)(50 * (noise(i + 3) - 0.3) * (1 + 30 * (double)(i % TARGETS)));
        out->outputs[i] = out->targets[i] * (float)(0.8 + 0.4 * noise(i + 7));
    }
    wrap(out, COUNT, 12, 0, TARGETS);
    describe(out, "Prices");
    make_model(out, 12, 8, TARGETS, MLP_MSE);
    make_epochs(out, 100, 0.97);
    for (size_t i = 0; i < 100; i++) {
        out->epochs[i].train_accuracy = NAN;
        out->epochs[i].valid_score = 0.95 - 400 * exp(-(double)i / 4);
        out->epochs[i].test_score = 0.93 - 410 * exp(-(double)i / 4);
    }
    out->report.outputs = out->outputs;
    require(mlp_regression_of(out->outputs, out->targets, COUNT, TARGETS, &out->regression, &error),
            &error);
    out->report.regression = &out->regression;
}

/* More of all than is shown. */
static void make_many(struct report_case *out)
{
    enum { COUNT = 5000, CLASSES = 200 };
    make_labels(out, COUNT, CLASSES - 3);
    wrap(out, COUNT, 300, CLASSES, 0);
    describe(out, "Many classes, many epochs");
    make_model(out, 300, 20, CLASSES, MLP_CROSS_ENTROPY);
    make_epochs(out, CASE_EPOCHS, 0.3);
    out->report.result.stop = MLP_STOP_PATIENCE;
    make_outputs(out, CLASSES);
    classify(out, CLASSES, CLASSES);
}

/* Nothing but a model. */
static void make_empty(struct report_case *out)
{
    make_model(out, 3, 4, 2, MLP_CROSS_ENTROPY);
}

/* A run that diverged in its first epoch. */
static void make_diverged(struct report_case *out)
{
    make_empty(out);
    describe(out, "Diverged");
    out->report.result = (mlp_train_result){.steps = 17, .stop = MLP_STOP_DIVERGED};
}

/* One epoch; no sample of one class, another never predicted. */
static void make_single(struct report_case *out)
{
    enum { COUNT = 40, CLASSES = 4 };
    make_labels(out, COUNT, CLASSES - 1);
    wrap(out, COUNT, 9, CLASSES, 0);
    describe(out, "One epoch");
    make_model(out, 9, 4, CLASSES, MLP_HINGE);
    make_epochs(out, 1, 1);
    out->report.result.stop = MLP_STOP_CALLBACK;
    make_outputs(out, CLASSES);
    for (size_t i = 0; i < COUNT; i++)
        out->outputs[i * CLASSES + 1] = -1;
    classify(out, CLASSES, CLASSES);
}

/* Every number that is none, and text that would be markup. */
static void make_wild(struct report_case *out)
{
    enum { COUNT = 8, CLASSES = 3 };
    static const double WILD[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308, 5e-324, 0, -0.0};
    make_labels(out, COUNT, CLASSES);
    wrap(out, COUNT, 2, CLASSES, 0);
    describe(out, "<b>bold</b> & \"quoted\" \xff\xc3 </title><script>alert(1)</script>");
    out->settings[0] = (struct report_setting){"data <i>", "a&b</dd><img src=x>\x01\t\"'\n"};
    out->report.command = "mlp train --data 'a<b>&\"c\"'";
    out->report.data_name = "<em>";
    make_model(out, 2, 4, CLASSES, MLP_CROSS_ENTROPY);
    make_epochs(out, 8, 0.5);
    make_outputs(out, CLASSES);
    classify(out, CLASSES, CLASSES);
    for (size_t i = 0; i < 8; i++) {
        mlp_progress *epoch = &out->epochs[i];
        epoch->loss = WILD[i];
        epoch->valid_loss = WILD[(i + 1) % 8];
        epoch->test_loss = WILD[(i + 2) % 8];
        epoch->train_accuracy = WILD[(i + 3) % 8];
        epoch->test_score = epoch->valid_score = WILD[(i + 4) % 8];
        epoch->learning_rate = WILD[(i + 5) % 8];
        epoch->seconds = WILD[(i + 6) % 8];
        out->outputs[i * CLASSES] = (float)WILD[i];
    }
    out->classification->accuracy = out->classification->auc = NAN;
    out->classification->log_loss = INFINITY;
    out->report.result.seconds = NAN;
    out->report.seconds = INFINITY;
}

/* Values that are all alike, and predictions that are none. */
static void make_constant(struct report_case *out)
{
    enum { COUNT = 10 };
    out->targets = allocate(COUNT, sizeof *out->targets);
    out->outputs = allocate(COUNT, sizeof *out->outputs);
    for (size_t i = 0; i < COUNT; i++) {
        out->targets[i] = 3;
        out->outputs[i] = i < 3 ? NAN : i < 5 ? INFINITY : 3;
    }
    wrap(out, COUNT, 1, 0, 1);
    describe(out, "Constant");
    make_model(out, 1, 1, 1, MLP_MSE);
    make_epochs(out, 2, 1);
    for (size_t i = 0; i < 2; i++)
        out->epochs[i].loss = out->epochs[i].valid_loss = out->epochs[i].test_loss = 0;
    out->report.outputs = out->outputs;
    out->regression =
        (mlp_regression){.count = COUNT, .outputs = 1, .mse = NAN, .mae = NAN, .r2 = -INFINITY};
    out->report.regression = &out->regression;
}

static const struct {
    const char *name;
    void (*make)(struct report_case *out);
} CASES[] = {
    {"images", make_images},     {"large", make_large_images}, {"binary", make_binary},
    {"values", make_values},     {"many", make_many},          {"empty", make_empty},
    {"diverged", make_diverged}, {"single", make_single},      {"wild", make_wild},
    {"constant", make_constant},
};

enum { CASE_COUNT = sizeof CASES / sizeof CASES[0] };

const char *report_case_name(size_t i)
{
    return i < CASE_COUNT ? CASES[i].name : NULL;
}

void report_case_make(size_t i, struct report_case *out)
{
    memset(out, 0, sizeof *out);
    CASES[i].make(out);
}

void report_case_clear(struct report_case *report)
{
    mlp_classification_destroy(report->classification);
    mlp_model_destroy(report->model);
    mlp_dataset_destroy(report->data);
    mlp_dataset_destroy(report->whole);
    free(report->epochs);
    free(report->f32);
    free(report->targets);
    free(report->outputs);
    free(report->labels);
}
