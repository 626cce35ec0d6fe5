/* SPDX-License-Identifier: MIT */
/* The rows that users choose from by name: activations, optimizers,
 * initialisations, recipes (mlp/spec.h). */
#include "registry.h"

#include "error.h"

#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Indexed by the enums of mlp/spec.h. */
static const char *const activations[] = {
    [MLP_IDENTITY] = "identity", [MLP_RELU] = "relu", [MLP_LEAKY_RELU] = "leaky_relu",
    [MLP_SIGMOID] = "sigmoid",   [MLP_TANH] = "tanh",
};

static const struct {
    const char *name;
    size_t moments;
} optimizers[] = {
    [MLP_SGD] = {"sgd", 0},
    [MLP_ADAM] = {"adam", 2},
};

static const char *const inits[] = {
    [MLP_INIT_HE] = "he",
    [MLP_INIT_GLOROT] = "glorot",
    [MLP_INIT_NORMAL] = "normal",
};

#define DEFAULT_OPTIONS                                                                            \
    {                                                                                              \
        .optimizer = MLP_ADAM, .learning_rate = 0.001, .beta1 = 0.9, .beta2 = 0.999,               \
        .epsilon = 1e-7, .batch = 256, .epochs = 30, .seed = 1, .threads = 0                       \
    }

static const mlp_recipe recipes[] = {
    {
        .name = "default",
        .summary = "what is used where nothing else is asked for",
        .hidden_count = 2,
        .hidden = {256, 256},
        .activation = MLP_RELU,
        .init = MLP_INIT_HE,
        .init_scale = 1.0f,
        .options = DEFAULT_OPTIONS,
    },
    {
        .name = "reference",
        .summary = "the network that the benchmarks measure, with weights from N(0, 1)",
        .hidden_count = 2,
        .hidden = {256, 256},
        .activation = MLP_RELU,
        .init = MLP_INIT_NORMAL,
        .init_scale = 1.0f,
        .options = DEFAULT_OPTIONS,
    },
};

mlp_train_options mlp_train_options_default(void)
{
    return (mlp_train_options)DEFAULT_OPTIONS;
}

const char *mlp_activation_name(size_t i)
{
    return i < COUNT(activations) ? activations[i] : NULL;
}

const char *mlp_optimizer_name(size_t i)
{
    return i < COUNT(optimizers) ? optimizers[i].name : NULL;
}

size_t mlp_optimizer_moments(mlp_optimizer optimizer)
{
    return (size_t)optimizer < COUNT(optimizers) ? optimizers[optimizer].moments : 0;
}

const char *mlp_init_name(size_t i)
{
    return i < COUNT(inits) ? inits[i] : NULL;
}

const mlp_recipe *mlp_recipe_at(size_t i)
{
    return i < COUNT(recipes) ? &recipes[i] : NULL;
}

static const char *recipe_name(size_t i)
{
    return i < COUNT(recipes) ? recipes[i].name : NULL;
}

/* Index of `name` in the registry that `name_at` walks; MLP_ERROR_USAGE lists
 * the known names. */
static mlp_status find(const char *what, const char *name, const char *name_at(size_t),
                       size_t *index, mlp_error *error)
{
    for (size_t i = 0; name_at(i); i++) {
        if (strcmp(name, name_at(i)) == 0) {
            *index = i;
            return MLP_OK;
        }
    }
    char known[256] = "";
    size_t length = 0;
    for (size_t i = 0; name_at(i) && length < sizeof known; i++)
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s",
                                   i == 0 ? "" : ", ", name_at(i));
    return mlp_fail(error, MLP_ERROR_USAGE, "unknown %s '%s', expected one of: %s", what, name,
                    known);
}

mlp_status mlp_activation_parse(const char *name, mlp_activation *out, mlp_error *error)
{
    size_t index = 0;
    mlp_status status = find("activation", name, mlp_activation_name, &index, error);
    if (status == MLP_OK)
        *out = (mlp_activation)index;
    return status;
}

mlp_status mlp_optimizer_parse(const char *name, mlp_optimizer *out, mlp_error *error)
{
    size_t index = 0;
    mlp_status status = find("optimizer", name, mlp_optimizer_name, &index, error);
    if (status == MLP_OK)
        *out = (mlp_optimizer)index;
    return status;
}

mlp_status mlp_recipe_find(const char *name, const mlp_recipe **out, mlp_error *error)
{
    size_t index = 0;
    mlp_status status = find("recipe", name, recipe_name, &index, error);
    if (status == MLP_OK)
        *out = &recipes[index];
    return status;
}

/* A finite positive decimal number that takes all of `text`; always with a
 * decimal point, whatever the caller's locale. */
static bool parse_scale(const char *text, float *out)
{
    if (*text == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0' || *text == '+')
        return false;
    locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0)
        return false;
    locale_t previous = uselocale(c_locale);
    char *end;
    float value = strtof(text, &end);
    uselocale(previous);
    freelocale(c_locale);
    if (*end != '\0' || !isfinite(value) || !(value > 0.0f))
        return false;
    *out = value;
    return true;
}

mlp_status mlp_init_parse(const char *name, mlp_init *out, float *scale, mlp_error *error)
{
    static const char prefix[] = "normal:";
    if (strncmp(name, prefix, sizeof prefix - 1) == 0) {
        if (!parse_scale(name + sizeof prefix - 1, scale))
            return mlp_fail(error, MLP_ERROR_USAGE,
                            "initialisation '%s': expected a finite number above 0 after '%s'",
                            name, prefix);
        *out = MLP_INIT_NORMAL;
        return MLP_OK;
    }
    size_t index = 0;
    mlp_status status = find("initialisation", name, mlp_init_name, &index, error);
    if (status != MLP_OK)
        return status;
    *out = (mlp_init)index;
    *scale = 1.0f;
    return MLP_OK;
}
