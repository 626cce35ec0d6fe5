/* SPDX-License-Identifier: MIT */
#include "nets.h"

#include "random.h"

#include <check.h>
#include <stdlib.h>

struct samples samples_create(size_t count, size_t features, size_t classes, uint64_t seed)
{
    struct samples s = {.count = count, .features = features, .classes = classes};
    s.u8 = malloc(count * features);
    s.f32 = malloc(count * features * sizeof *s.f32);
    s.labels = malloc(count);
    ck_assert(s.u8 && s.f32 && s.labels);
    for (size_t i = 0; i < count * features; i++) {
        uint32_t word[4];
        mlp_random(seed, MLP_RANDOM_DIGITS, 0, i, word);
        s.u8[i] = word[0] % 3 ? (uint8_t)(word[1] >> 24) : 0;
        s.f32[i] = (float)s.u8[i] / 255.0f;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned sum = 0;
        for (size_t c = 0; c < features; c++)
            sum += s.u8[i * features + c] * (unsigned)(c % 3 + 1);
        s.labels[i] = (uint8_t)(sum / 8 % classes);
    }
    return s;
}

void samples_destroy(struct samples *s)
{
    free(s->u8);
    free(s->f32);
    free(s->labels);
}

mlp_dataset *samples_u8(const struct samples *s)
{
    mlp_dataset *data;
    mlp_error error;
    mlp_status status =
        mlp_dataset_wrap_u8(s->u8, s->labels, s->count, s->features, s->classes, &data, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return data;
}

mlp_dataset *samples_f32(const struct samples *s)
{
    mlp_dataset *data;
    mlp_error error;
    mlp_status status =
        mlp_dataset_wrap_f32(s->f32, s->labels, s->count, s->features, s->classes, &data, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return data;
}

mlp_model *net_create(size_t layer_count, const size_t *widths, mlp_activation activation,
                      uint64_t seed)
{
    mlp_layer_spec *layers = calloc(layer_count, sizeof *layers);
    mlp_spec spec = {.inputs = widths[0], .layer_count = layer_count, .layers = layers};
    ck_assert_ptr_nonnull(layers);
    for (size_t l = 0; l < layer_count; l++) {
        layers[l].units = widths[l + 1];
        layers[l].activation = l + 1 < layer_count ? activation : MLP_IDENTITY;
    }
    mlp_model *model;
    mlp_error error;
    mlp_status status = mlp_model_create(&spec, seed, &model, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    free(layers);
    return model;
}

void use_isa(size_t i)
{
    mlp_error error;
    mlp_status status = mlp_isa_select(mlp_isa_name(i), &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
}
