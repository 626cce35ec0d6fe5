/* SPDX-License-Identifier: MIT */
/* What saving and loading have in common: names of tensors, texts of the metadata. */
#include "safetensors.h"

#include "alloc.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

/* --- Tensors ----------------------------------------------------------------- */

size_t mlp_st_modules(const mlp_layer_spec *layer)
{
    return 2 + (layer->norm != MLP_NORM_NONE) + (layer->dropout > 0);
}

size_t mlp_st_parts(mlp_norm norm)
{
    return norm == MLP_NORM_NONE ? 2 : norm == MLP_NORM_LAYER ? 4 : 1 + MLP_VECTORS;
}

void mlp_st_tensor_name(char name[MLP_ST_TEXT], size_t module, size_t part)
{
    static const char *const names[1 + MLP_VECTORS] = {"weight", "bias",         "weight",
                                                       "bias",   "running_mean", "running_var"};
    snprintf(name, MLP_ST_TEXT, "%zu.%s", part < 2 ? module : module + 1, names[part]);
}

/* --- Numbers ----------------------------------------------------------------- */

/* Makes the decimal point a point; zero where memory is short. */
static locale_t enter_c_locale(locale_t *previous)
{
    locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (c_locale != (locale_t)0)
        *previous = uselocale(c_locale);
    return c_locale;
}

static void leave_c_locale(locale_t c_locale, locale_t previous)
{
    uselocale(previous);
    freelocale(c_locale);
}

bool mlp_st_write_decimal(char text[MLP_ST_TEXT], float value)
{
    enum { ENOUGH = 9 }; /* digits that tell any two floats apart */
    locale_t previous, c_locale = enter_c_locale(&previous);
    if (c_locale == (locale_t)0)
        return false;
    for (int digits = 1; digits <= ENOUGH; digits++) {
        snprintf(text, MLP_ST_TEXT, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    leave_c_locale(c_locale, previous);
    return true;
}

bool mlp_st_read_decimal(const char *text, float *value)
{
    if (*text == '\0' || text[strspn(text, "0123456789.e+-")] != '\0')
        return false;
    locale_t previous, c_locale = enter_c_locale(&previous);
    if (c_locale == (locale_t)0)
        return false;
    char *end;
    *value = strtof(text, &end);
    leave_c_locale(c_locale, previous);
    return *end == '\0';
}

void mlp_st_write_bits(char text[MLP_ST_TEXT], float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    snprintf(text, MLP_ST_TEXT, "%08" PRIx32, bits);
}

bool mlp_st_read_bits(const char *text, float *value)
{
    if (strlen(text) != 8 || strspn(text, "0123456789abcdef") != 8)
        return false;
    uint32_t bits = (uint32_t)strtoul(text, NULL, 16);
    memcpy(value, &bits, sizeof *value);
    return true;
}

/* --- Metadata ---------------------------------------------------------------- */

/* Items of a key's list: 0 where the model does without the key. */
typedef size_t count_items(const mlp_model *model);
/* Item i; false where memory is short. */
typedef bool write_item(char text[MLP_ST_TEXT], const mlp_model *model, size_t i);

static size_t one(const mlp_model *model)
{
    (void)model;
    return 1;
}

static size_t layers(const mlp_model *model)
{
    return model->spec.layer_count;
}

static size_t widths(const mlp_model *model)
{
    return model->spec.layer_count + 1;
}

static bool write_width(char text[MLP_ST_TEXT], const mlp_model *model, size_t i)
{
    snprintf(text, MLP_ST_TEXT, "%zu", i == 0 ? model->spec.inputs : model->specs[i - 1].units);
    return true;
}

static bool write_activation(char text[MLP_ST_TEXT], const mlp_model *model, size_t i)
{
    snprintf(text, MLP_ST_TEXT, "%s", mlp_activation_name(model->specs[i].activation));
    return true;
}

static bool write_loss(char text[MLP_ST_TEXT], const mlp_model *model, size_t i)
{
    (void)i;
    snprintf(text, MLP_ST_TEXT, "%s", mlp_loss_name(model->spec.loss));
    return true;
}

static size_t norms(const mlp_model *model)
{
    bool any = false;
    for (size_t l = 0; l < model->spec.layer_count; l++)
        any = any || model->specs[l].norm != MLP_NORM_NONE;
    return any ? model->spec.layer_count : 0;
}

static bool write_norm(char text[MLP_ST_TEXT], const mlp_model *model, size_t i)
{
    snprintf(text, MLP_ST_TEXT, "%s", mlp_norm_name(model->specs[i].norm));
    return true;
}

static size_t dropouts(const mlp_model *model)
{
    bool any = false;
    for (size_t l = 0; l < model->spec.layer_count; l++)
        any = any || model->specs[l].dropout > 0;
    return any ? model->spec.layer_count : 0;
}

static bool write_dropout(char text[MLP_ST_TEXT], const mlp_model *model, size_t i)
{
    return mlp_st_write_decimal(text, model->specs[i].dropout);
}

static size_t deltas(const mlp_model *model)
{
    return model->spec.huber_delta != 1;
}

static bool write_delta(char text[MLP_ST_TEXT], const mlp_model *model, size_t i)
{
    (void)i;
    return mlp_st_write_decimal(text, model->spec.huber_delta);
}

static bool write_divisor(char text[MLP_ST_TEXT], const mlp_model *model, size_t i)
{
    (void)i;
    return mlp_st_write_decimal(text, model->input_divisor);
}

static size_t scaled_inputs(const mlp_model *model)
{
    return model->input_mean ? model->spec.inputs : 0;
}

static size_t scaled_targets(const mlp_model *model)
{
    return model->target_mean ? mlp_model_outputs(model) : 0;
}

static bool write_input_mean(char text[MLP_ST_TEXT], const mlp_model *model, size_t i)
{
    mlp_st_write_bits(text, model->input_mean[i]);
    return true;
}

static bool write_input_factor(char text[MLP_ST_TEXT], const mlp_model *model, size_t i)
{
    mlp_st_write_bits(text, model->input_factor[i]);
    return true;
}

static bool write_target_mean(char text[MLP_ST_TEXT], const mlp_model *model, size_t i)
{
    mlp_st_write_bits(text, model->target_mean[i]);
    return true;
}

static bool write_target_scale(char text[MLP_ST_TEXT], const mlp_model *model, size_t i)
{
    mlp_st_write_bits(text, model->target_scale[i]);
    return true;
}

static const struct {
    const char *key;
    count_items *count;
    write_item *write;
} keys[] = {
    {"mlp.widths", widths, write_width},
    {"mlp.activations", layers, write_activation},
    {"mlp.loss", one, write_loss},
    {"mlp.norms", norms, write_norm},
    {"mlp.dropout", dropouts, write_dropout},
    {"mlp.huber_delta", deltas, write_delta},
    {"mlp.input_divisor", one, write_divisor},
    {"mlp.input_mean", scaled_inputs, write_input_mean},
    {"mlp.input_factor", scaled_inputs, write_input_factor},
    {"mlp.target_mean", scaled_targets, write_target_mean},
    {"mlp.target_scale", scaled_targets, write_target_scale},
};

const char *mlp_st_key(size_t i)
{
    return i < sizeof keys / sizeof keys[0] ? keys[i].key : NULL;
}

bool mlp_st_needs_key(const mlp_model *model, size_t i)
{
    return keys[i].count(model) > 0;
}

char *mlp_st_text(const mlp_model *model, size_t i)
{
    size_t count = keys[i].count(model), length = 0;
    char *text = mlp_alloc(count, MLP_ST_TEXT);
    for (size_t k = 0; text && k < count; k++) {
        if (k > 0)
            text[length++] = ',';
        if (!keys[i].write(text + length, model, k)) {
            mlp_free(text);
            return NULL;
        }
        length += strlen(text + length);
    }
    return text;
}
