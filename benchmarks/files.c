/* SPDX-License-Identifier: MIT */
/* Opening data sets and models that the page cache holds. */
#include "cases.h"

#include "alloc.h"
#include "error.h"

#include <mlp/mlp.h>

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SAMPLES = 1 << 17, /* of the array: 512 MiB */
    FEATURES = 1 << 10,
    ARRAY = SAMPLES * FEATURES,
    UNITS = 1 << 14, /* of the model's layer: 1 GiB */
    WEIGHTS = UNITS * UNITS,
    COLUMNS = 785, /* of a table of integers, as MNIST's is, and of one of fractions */
    FRACTIONS = 100,
    TABLE = 200 << 20, /* bytes of a table */
};

static const float weight = 0.75f;

/* A folder with the file. */
struct opened {
    char folder[PATH_MAX], path[PATH_MAX];
};

/* --- Arrays ---------------------------------------------------------------------- */

/* Value i of a file. */
static float value_at(size_t i)
{
    return (float)(i % 1000003);
}

/* The header of version 1.0 fills 128 bytes. */
static bool write_npy_header(FILE *file)
{
    char header[128];
    int length = snprintf(header, sizeof header,
                          "\x93NUMPY\x01%cv%c{'descr': '<f4', 'fortran_order': False, "
                          "'shape': (%d, %d), }",
                          0, 0, SAMPLES, FEATURES);
    memset(header + length, ' ', sizeof header - (size_t)length - 1);
    header[sizeof header - 1] = '\n';
    return fwrite(header, sizeof header, 1, file) == 1;
}

static bool write_npy_values(FILE *file)
{
    float row[FEATURES];
    for (size_t s = 0; s < SAMPLES; s++) {
        for (size_t i = 0; i < FEATURES; i++)
            row[i] = value_at(s * FEATURES + i);
        if (fwrite(row, sizeof row, 1, file) != 1)
            return false;
    }
    return true;
}

static mlp_status write_npy(const char *path, mlp_error *error)
{
    FILE *file = fopen(path, "wb");
    bool good = file && write_npy_header(file) && write_npy_values(file);
    good = file && fclose(file) == 0 && good;
    return good ? MLP_OK : mlp_fail(error, MLP_ERROR_INTERNAL, "%s: cannot be written", path);
}

static mlp_status open_inputs(const char *path, mlp_dataset **out, mlp_error *error)
{
    const mlp_source_options options = {.unlabelled = true};
    return mlp_dataset_open_as(path, MLP_TRAIN, &options, out, error);
}

static mlp_status read_inputs(const char *path, mlp_error *error)
{
    mlp_dataset *data;
    mlp_status status = open_inputs(path, &data, error);
    mlp_dataset_destroy(data);
    return status;
}

static bool is_right_npy(const char *path)
{
    mlp_dataset *data;
    bool right = open_inputs(path, &data, NULL) == MLP_OK && mlp_dataset_count(data) == SAMPLES &&
                 mlp_dataset_features(data) == FEATURES;
    const float *values = right ? mlp_dataset_f32_at(data, 0) : NULL;
    for (size_t i = 0; right && i < ARRAY; i++)
        right = values && values[i] == value_at(i);
    mlp_dataset_destroy(data);
    return right;
}

/* --- Tables ------------------------------------------------------------------------ */

/* Three cells of four are 0, as in images, the others up to 255. */
static int integer_at(size_t i)
{
    uint32_t bits = (uint32_t)i * 2654435761u;
    return bits >> 30 == 0 ? (int)(bits >> 22 & 255) : 0;
}

static double fraction_at(size_t i)
{
    return (double)((uint32_t)i * 2654435761u) / 4294967296.0 - 0.5;
}

/* Writes whole lines until there are TABLE bytes. */
static mlp_status write_table(const char *path, size_t columns, bool integers, mlp_error *error)
{
    FILE *file = fopen(path, "wb");
    size_t size = 0, i = 0;
    while (file && size < TABLE) {
        for (size_t c = 0; c < columns; c++, i++) {
            int length = integers ? fprintf(file, "%d", integer_at(i))
                                  : fprintf(file, "%.6g", fraction_at(i));
            putc(c + 1 < columns ? ',' : '\n', file);
            size += length > 0 ? (size_t)length + 1 : TABLE;
        }
    }
    bool good = file && !ferror(file);
    good = file && fclose(file) == 0 && good;
    return good ? MLP_OK : mlp_fail(error, MLP_ERROR_INTERNAL, "%s: cannot be written", path);
}

static mlp_status write_integers(const char *path, mlp_error *error)
{
    return write_table(path, COLUMNS, true, error);
}

static mlp_status write_fractions(const char *path, mlp_error *error)
{
    return write_table(path, FRACTIONS, false, error);
}

/* Whether all values are what was written. */
static bool is_right_table(const char *path, size_t columns, bool integers)
{
    mlp_dataset *data;
    char text[32];
    bool right = open_inputs(path, &data, NULL) == MLP_OK && mlp_dataset_features(data) == columns;
    const float *values = right ? mlp_dataset_f32_at(data, 0) : NULL;
    size_t count = right ? mlp_dataset_count(data) * columns : 0;
    for (size_t i = 0; right && i < count; i++) {
        float expected = (float)integer_at(i);
        if (!integers) {
            snprintf(text, sizeof text, "%.6g", fraction_at(i));
            expected = strtof(text, NULL);
        }
        right = values[i] == expected;
    }
    mlp_dataset_destroy(data);
    return right;
}

static bool are_right_integers(const char *path)
{
    return is_right_table(path, COLUMNS, true);
}

static bool are_right_fractions(const char *path)
{
    return is_right_table(path, FRACTIONS, false);
}

/* --- Models ------------------------------------------------------------------------ */

static mlp_status write_model(const char *path, mlp_error *error)
{
    const mlp_layer_spec layer = {.units = UNITS};
    const mlp_spec spec = {.inputs = UNITS,
                           .layer_count = 1,
                           .layers = &layer,
                           .loss = MLP_MSE,
                           .init = MLP_INIT_CONSTANT,
                           .init_scale = weight};
    mlp_model *model = NULL;
    mlp_status status = mlp_model_create(&spec, 1, &model, error);
    if (status == MLP_OK)
        status = mlp_model_save(model, path, error);
    mlp_model_destroy(model);
    return status;
}

static mlp_status read_model(const char *path, mlp_error *error)
{
    mlp_model *model = NULL;
    mlp_status status = mlp_model_load(path, &model, error);
    mlp_model_destroy(model);
    return status;
}

static bool is_right_model(const char *path)
{
    mlp_model *model = NULL;
    float *x = mlp_alloc(UNITS, sizeof *x), *y = mlp_alloc(UNITS, sizeof *y);
    bool right = x && y && mlp_model_load(path, &model, NULL) == MLP_OK;
    for (size_t i = 0; right && i < UNITS; i++)
        x[i] = 1;
    right = right && mlp_model_predict_f32(model, x, 1, 0, y, NULL) == MLP_OK;
    for (size_t i = 0; right && i < UNITS; i++)
        right = y[i] == weight * UNITS; /* exact */
    mlp_model_destroy(model);
    mlp_free(x);
    mlp_free(y);
    return right;
}

/* --- Cases --------------------------------------------------------------------------- */

struct format {
    const char *name, *file;
    bool threaded; /* by OMP_NUM_THREADS */
    double bytes;  /* of its values, or of its text */
    mlp_status (*write)(const char *path, mlp_error *error);
    mlp_status (*read)(const char *path, mlp_error *error);
    bool (*is_right)(const char *path);
};

static const struct format formats[] = {
    {"csv-integers", "i.csv", false, TABLE, write_integers, read_inputs, are_right_integers},
    {"csv-fractions", "f.csv", false, TABLE, write_fractions, read_inputs, are_right_fractions},
    {"npy-f4", "x.npy", true, 4 * (double)ARRAY, write_npy, read_inputs, is_right_npy},
    {"safetensors", "m.safetensors", true, 4 * (double)WEIGHTS, write_model, read_model,
     is_right_model},
};

static mlp_status prepare(struct bench_case *test, mlp_error *error)
{
    const struct format *format = test->what;
    const char *parent = getenv("TMPDIR");
    struct opened *s = test->state = mlp_alloc(1, sizeof *s);
    if (!s)
        return mlp_fail_memory(error, test->name);
    parent = parent && *parent ? parent : "/tmp";
    int length = snprintf(s->folder, sizeof s->folder, "%s/mlp-bench-XXXXXX", parent);
    if (length < 0 || (size_t)length + strlen(format->file) + 2 > sizeof s->folder ||
        !mkdtemp(s->folder)) {
        s->folder[0] = '\0';
        return mlp_fail(error, MLP_ERROR_INTERNAL, "%s: cannot make a folder in it", parent);
    }
    strcpy(s->path, s->folder);
    strcat(s->path, "/");
    strcat(s->path, format->file);
    return format->write(s->path, error);
}

static void run(void *context, int thread, int threads, size_t iterations)
{
    (void)thread;
    (void)threads;
    const struct bench_case *test = context;
    const struct format *format = test->what;
    const struct opened *s = test->state;
    char count[16];
    snprintf(count, sizeof count, "%d", test->threads);
    setenv("OMP_NUM_THREADS", count, 1);
    for (size_t i = 0; i < iterations; i++)
        format->read(s->path, NULL);
}

static bool check(struct bench_case *test, struct bench_check *out)
{
    const struct format *format = test->what;
    const struct opened *s = test->state;
    *out = (struct bench_check){
        .bits = format->is_right(s->path) ? BENCH_BITS_EQUAL : BENCH_BITS_DIFFER,
        .error = NAN,
    };
    return true;
}

static void destroy(struct bench_case *test)
{
    struct opened *s = test->state;
    if (!s)
        return;
    unlink(s->path);
    if (s->folder[0])
        rmdir(s->folder);
    mlp_free(s);
    test->state = NULL;
}

static const struct bench_kind kind = {
    .prepare = prepare,
    .run = run,
    .alone = true,
    .check = check,
    .destroy = destroy,
};

void bench_add_files(struct bench_cases *cases, const struct bench_plan *plan)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        bool readable = MLP_BENCH_CSV || formats[i].bytes != TABLE;
        if (!plan->fastest || !readable || (plan->threads > 1 && !formats[i].threaded))
            continue;
        struct bench_case *test = bench_cases_add(cases, "open", formats[i].name,
                                                  plan->kernels->isa, plan->kernels, plan->threads);
        if (!test)
            return;
        test->suite = BENCH_FILES;
        test->kind = &kind;
        test->what = &formats[i];
        test->bytes = test->memory = test->flops = formats[i].bytes;
        test->by_bytes = test->no_fma = true;
    }
}
