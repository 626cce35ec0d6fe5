/* SPDX-License-Identifier: MIT */
#include "loading.h"

#include "alloc.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

void expect_bad(const char *path, const char *reason)
{
    mlp_error error;
    mlp_model *model = NULL;
    long live = mlp_alloc_live();
    ck_assert_msg(mlp_model_load(path, &model, &error) == MLP_ERROR_DATA, "%s accepted", reason);
    ck_assert_int_eq(error.status, MLP_ERROR_DATA);
    ck_assert_msg(strstr(error.message, reason) != NULL, "'%s' says not '%s'", error.message,
                  reason);
    ck_assert_int_eq(strncmp(error.message, path, strlen(path)), 0);
    ck_assert_ptr_null(strchr(error.message, '\n'));
    ck_assert_ptr_null(model);
    ck_assert_int_eq(mlp_alloc_live(), live);
}

void expect_good(const char *path)
{
    mlp_error error;
    mlp_model *model = NULL;
    ck_assert_msg(mlp_model_load(path, &model, &error) == MLP_OK, "%s", error.message);
    mlp_model_destroy(model);
}

static void set_vectors(mlp_model *model, size_t l, size_t units)
{
    float *values = malloc(4 * units * sizeof *values);
    float *shift = values + units, *mean = shift + units, *variance = mean + units;
    ck_assert_ptr_nonnull(values);
    for (size_t o = 0; o < units; o++) {
        values[o] = 0.5f + (float)o;
        shift[o] = 0.75f + (float)o;
        mean[o] = -1.25f + (float)o;
        variance[o] = 1.5f + (float)o;
    }
    mlp_model_set_norm(model, l, values, shift, mean, variance);
    free(values);
}

mlp_model *make_model(const mlp_spec *spec)
{
    mlp_error error;
    mlp_model *model = NULL;
    ck_assert_msg(mlp_model_create(spec, 1, &model, &error) == MLP_OK, "%s", error.message);
    for (size_t l = 0; l < spec->layer_count; l++) {
        size_t in = mlp_model_layer_inputs(model, l), out = spec->layers[l].units;
        float *weight = malloc(out * (in + 1) * sizeof *weight), *bias = weight + out * in;
        ck_assert_ptr_nonnull(weight);
        for (size_t o = 0; o < out; o++) {
            bias[o] = -(float)o - (float)l / 2;
            for (size_t i = 0; i < in; i++)
                weight[o * in + i] = (float)(l + 1 + o) + (float)i / 8;
        }
        mlp_model_set_layer(model, l, weight, bias);
        free(weight);
        set_vectors(model, l, out);
    }
    return model;
}

void standardize(mlp_model *model, bool targets)
{
    enum { COUNT = 5, MOST = 4 };
    float x[COUNT * MOST], t[COUNT];
    mlp_error error;
    mlp_dataset *data = NULL;
    mlp_arrays arrays = {.count = COUNT, .f32 = x, .targets = t, .outputs = 1};
    arrays.features = mlp_model_inputs(model);
    ck_assert_uint_le(arrays.features, MOST);
    for (size_t i = 0; i < COUNT; i++) {
        t[i] = (float)(i * i) / 7;
        for (size_t j = 0; j < arrays.features; j++)
            x[i * arrays.features + j] = j == 1 ? 3 : (float)(i * (i + j)) / 3;
    }
    ck_assert_int_eq(mlp_dataset_wrap(&arrays, &data, NULL), MLP_OK);
    ck_assert_msg(mlp_model_standardize(model, data, targets, &error) == MLP_OK, "%s",
                  error.message);
    mlp_dataset_destroy(data);
}

mlp_model *full_model(void)
{
    const mlp_layer_spec layers[] = {{FULL_HIDDEN, MLP_GELU, MLP_NORM_BATCH, 0.2f},
                                     {1, MLP_IDENTITY, MLP_NORM_NONE, 0}};
    mlp_spec spec = {.inputs = FULL_INPUTS,
                     .layer_count = 2,
                     .layers = layers,
                     .loss = MLP_HUBER,
                     .huber_delta = 0.3f};
    mlp_model *model = make_model(&spec);
    standardize(model, true);
    return model;
}
