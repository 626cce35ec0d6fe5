/* SPDX-License-Identifier: MIT */
/* The rows that users choose from by name (mlp/spec.h); recipes are in recipes.c. */
#include "registry.h"

#include "error.h"
#include "schedule.h"

#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- The rows, indexed by the enums of mlp/spec.h ---------------------------- */

static const char *const activations[] = {
    [MLP_IDENTITY] = "identity",
    [MLP_RELU] = "relu",
    [MLP_LEAKY_RELU] = "leaky_relu",
    [MLP_SIGMOID] = "sigmoid",
    [MLP_TANH] = "tanh",
    [MLP_ELU] = "elu",
    [MLP_SELU] = "selu",
    [MLP_HARD_SIGMOID] = "hard_sigmoid",
    [MLP_SOFTPLUS] = "softplus",
    [MLP_SILU] = "silu",
    [MLP_GELU] = "gelu",
    [MLP_GELU_TANH] = "gelu_tanh",
    [MLP_MISH] = "mish",
    [MLP_STEP] = "step",
    [MLP_SOFTMAX] = "softmax",
};

/* Names that are understood too, but not listed. */
static const struct {
    const char *alias, *name;
} activation_aliases[] = {
    {"linear", "identity"},
    {"swish", "silu"},
};

static const char *const norms[] = {
    [MLP_NORM_NONE] = "none",
    [MLP_NORM_LAYER] = "layer",
    [MLP_NORM_BATCH] = "batch",
};

static const struct {
    const char *name;
    bool classifies;
    struct mlp_loss_traits traits;
} losses[] = {
    [MLP_CROSS_ENTROPY] = {"cross_entropy", true, {MLP_SOFTMAX, false, MLP_TARGETS_SHARES}},
    [MLP_BINARY_CROSS_ENTROPY] = {"binary_cross_entropy",
                                  true,
                                  {MLP_SIGMOID, false, MLP_TARGETS_SHARES}},
    [MLP_MSE] = {"mse", false, {MLP_IDENTITY, true, MLP_TARGETS_ANY}},
    [MLP_MAE] = {"mae", false, {MLP_IDENTITY, true, MLP_TARGETS_ANY}},
    [MLP_HUBER] = {"huber", false, {MLP_IDENTITY, true, MLP_TARGETS_ANY}},
    [MLP_HINGE] = {"hinge", true, {MLP_IDENTITY, false, MLP_TARGETS_ANY}},
    [MLP_POISSON] = {"poisson", false, {MLP_IDENTITY, false, MLP_TARGETS_COUNTS}},
    [MLP_PERCEPTRON] = {"perceptron", true, {MLP_STEP, false, MLP_TARGETS_ANY}},
};

/* Numbers that an optimizer does not use are Adam's, which are in range. */
static const struct {
    const char *name;
    size_t moments;
    double learning_rate, beta1, beta2, epsilon, weight_decay;
} optimizers[] = {
    [MLP_SGD] = {"sgd", 0, 0.01, 0.9, 0.999, 1e-7, 0},
    [MLP_ADAM] = {"adam", 2, 0.001, 0.9, 0.999, 1e-7, 0},
    [MLP_MOMENTUM] = {"momentum", 1, 0.01, 0.9, 0.999, 1e-7, 0},
    [MLP_NESTEROV] = {"nesterov", 1, 0.01, 0.9, 0.999, 1e-7, 0},
    [MLP_RMSPROP] = {"rmsprop", 1, 0.001, 0.9, 0.99, 1e-8, 0},
    [MLP_ADAGRAD] = {"adagrad", 1, 0.01, 0.9, 0.999, 1e-10, 0},
    [MLP_ADAM_PYTORCH] = {"adam_pytorch", 2, 0.001, 0.9, 0.999, 1e-8, 0},
    [MLP_ADAMW] = {"adamw", 2, 0.001, 0.9, 0.999, 1e-8, 0.01},
    [MLP_LION] = {"lion", 1, 0.0001, 0.9, 0.99, 1e-7, 0}, /* betas of Chen et al. 2023 */
};

/* What may stand after the colon; without one the scale is 1. */
enum scale { NO_SCALE, POSITIVE, FINITE };

static const struct init_row {
    const char *name;
    enum scale scale;
} inits[] = {
    [MLP_INIT_HE] = {"he", NO_SCALE},
    [MLP_INIT_GLOROT] = {"glorot", NO_SCALE},
    [MLP_INIT_NORMAL] = {"normal", POSITIVE},
    [MLP_INIT_UNIFORM] = {"uniform", POSITIVE},
    [MLP_INIT_HE_UNIFORM] = {"he_uniform", NO_SCALE},
    [MLP_INIT_GLOROT_NORMAL] = {"glorot_normal", NO_SCALE},
    [MLP_INIT_LECUN] = {"lecun", NO_SCALE},
    [MLP_INIT_LECUN_UNIFORM] = {"lecun_uniform", NO_SCALE},
    [MLP_INIT_ORTHOGONAL] = {"orthogonal", POSITIVE},
    [MLP_INIT_CONSTANT] = {"constant", FINITE},
    [MLP_INIT_ZEROS] = {"zeros", NO_SCALE},
};

static const struct init_row bias_inits[] = {
    [MLP_BIAS_DEFAULT] = {"default", NO_SCALE}, [MLP_BIAS_ZEROS] = {"zeros", NO_SCALE},
    [MLP_BIAS_CONSTANT] = {"constant", FINITE}, [MLP_BIAS_NORMAL] = {"normal", POSITIVE},
    [MLP_BIAS_UNIFORM] = {"uniform", POSITIVE},
};

/* `form` is how it is written with its numbers. */
static const struct {
    const char *name, *form;
    bool every, number, optional;
} schedules[] = {
    [MLP_SCHEDULE_CONSTANT] = {"constant", "constant", false, false, false},
    [MLP_SCHEDULE_STEP] = {"step", "step:EVERY:FACTOR", true, true, false},
    [MLP_SCHEDULE_EXPONENTIAL] = {"exponential", "exponential:FACTOR", false, true, false},
    [MLP_SCHEDULE_COSINE] = {"cosine", "cosine or cosine:FLOOR", false, true, true},
    [MLP_SCHEDULE_ONE_CYCLE] = {"one_cycle", "one_cycle", false, false, false},
    [MLP_SCHEDULE_PLATEAU] = {"plateau", "plateau:PATIENCE:FACTOR", true, true, false},
};

static const char *const monitors[] = {
    [MLP_MONITOR_LOSS] = "loss",
    [MLP_MONITOR_SCORE] = "score",
};

/* --- Names -------------------------------------------------------------------- */

const char *mlp_activation_name(size_t i)
{
    return i < COUNT(activations) ? activations[i] : NULL;
}

const char *mlp_norm_name(size_t i)
{
    return i < COUNT(norms) ? norms[i] : NULL;
}

const char *mlp_loss_name(size_t i)
{
    return i < COUNT(losses) ? losses[i].name : NULL;
}

const char *mlp_optimizer_name(size_t i)
{
    return i < COUNT(optimizers) ? optimizers[i].name : NULL;
}

const char *mlp_init_name(size_t i)
{
    return i < COUNT(inits) ? inits[i].name : NULL;
}

const char *mlp_bias_init_name(size_t i)
{
    return i < COUNT(bias_inits) ? bias_inits[i].name : NULL;
}

const char *mlp_schedule_name(size_t i)
{
    return i < COUNT(schedules) ? schedules[i].name : NULL;
}

const char *mlp_monitor_name(size_t i)
{
    return i < COUNT(monitors) ? monitors[i] : NULL;
}

/* --- What else the rows know --------------------------------------------------- */

size_t mlp_optimizer_moments(mlp_optimizer optimizer)
{
    return (size_t)optimizer < COUNT(optimizers) ? optimizers[optimizer].moments : 0;
}

void mlp_optimizer_defaults(mlp_optimizer optimizer, mlp_train_options *options)
{
    options->optimizer = optimizer;
    if ((size_t)optimizer >= COUNT(optimizers))
        return;
    options->learning_rate = optimizers[optimizer].learning_rate;
    options->beta1 = optimizers[optimizer].beta1;
    options->beta2 = optimizers[optimizer].beta2;
    options->epsilon = optimizers[optimizer].epsilon;
    options->weight_decay = optimizers[optimizer].weight_decay;
}

bool mlp_loss_classifies(mlp_loss loss)
{
    return (size_t)loss < COUNT(losses) && losses[loss].classifies;
}

struct mlp_loss_traits mlp_loss_traits(mlp_loss loss)
{
    return losses[loss].traits;
}

/* --- Look-up by name ------------------------------------------------------------ */

/* As mlp_registry_find, by the part of `name` before a colon. */
static mlp_status find_before_colon(const char *what, const char *name, const char *name_at(size_t),
                                    size_t *index, mlp_error *error)
{
    size_t length = strcspn(name, ":");
    for (size_t i = 0; name_at(i); i++) {
        if (strlen(name_at(i)) == length && memcmp(name, name_at(i), length) == 0) {
            *index = i;
            return MLP_OK;
        }
    }
    char known[512] = "";
    size_t used = 0;
    for (size_t i = 0; name_at(i) && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ",
                                 name_at(i));
    return mlp_fail(error, MLP_ERROR_USAGE, "unknown %s '%s', expected one of: %s", what, name,
                    known);
}

mlp_status mlp_registry_find(const char *what, const char *name, const char *name_at(size_t),
                             size_t *index, mlp_error *error)
{
    mlp_status status = find_before_colon(what, name, name_at, index, error);
    if (status == MLP_OK && strchr(name, ':'))
        return mlp_fail(error, MLP_ERROR_USAGE, "%s '%s': expected nothing after '%s'", what, name,
                        name_at(*index));
    return status;
}

mlp_status mlp_activation_parse(const char *name, mlp_activation *out, mlp_error *error)
{
    for (size_t i = 0; i < COUNT(activation_aliases); i++) {
        if (strcmp(name, activation_aliases[i].alias) == 0)
            name = activation_aliases[i].name;
    }
    size_t index = 0;
    mlp_status status = mlp_registry_find("activation", name, mlp_activation_name, &index, error);
    if (status == MLP_OK)
        *out = (mlp_activation)index;
    return status;
}

mlp_status mlp_norm_parse(const char *name, mlp_norm *out, mlp_error *error)
{
    size_t index = 0;
    mlp_status status = mlp_registry_find("normalisation", name, mlp_norm_name, &index, error);
    if (status == MLP_OK)
        *out = (mlp_norm)index;
    return status;
}

mlp_status mlp_loss_parse(const char *name, mlp_loss *out, mlp_error *error)
{
    size_t index = 0;
    mlp_status status = mlp_registry_find("loss", name, mlp_loss_name, &index, error);
    if (status == MLP_OK)
        *out = (mlp_loss)index;
    return status;
}

mlp_status mlp_optimizer_parse(const char *name, mlp_optimizer *out, mlp_error *error)
{
    size_t index = 0;
    mlp_status status = mlp_registry_find("optimizer", name, mlp_optimizer_name, &index, error);
    if (status == MLP_OK)
        *out = (mlp_optimizer)index;
    return status;
}

mlp_status mlp_monitor_parse(const char *name, mlp_monitor *out, mlp_error *error)
{
    size_t index = 0;
    mlp_status status = mlp_registry_find("monitor", name, mlp_monitor_name, &index, error);
    if (status == MLP_OK)
        *out = (mlp_monitor)index;
    return status;
}

/* --- Names with numbers ----------------------------------------------------------- */

/* A decimal number that takes all of `text`, as the nearest double and the nearest
 * float; always with a decimal point, whatever the caller's locale. */
static bool parse_decimal(const char *text, double *wide, float *narrow)
{
    if (*text == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0' || *text == '+')
        return false;
    locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0)
        return false;
    locale_t previous = uselocale(c_locale);
    char *end;
    *narrow = strtof(text, &end);
    *wide = strtod(text, NULL);
    uselocale(previous);
    freelocale(c_locale);
    return *end == '\0';
}

/* Row and scale of an initialisation; both are left alone on failure. */
static mlp_status parse_init(const char *what, const char *name, const struct init_row *rows,
                             const char *name_at(size_t), size_t *index, float *scale,
                             mlp_error *error)
{
    size_t found = 0;
    mlp_status status = find_before_colon(what, name, name_at, &found, error);
    if (status != MLP_OK)
        return status;
    const struct init_row *row = &rows[found];
    const char *colon = strchr(name, ':');
    float value = 1.0f;
    if (colon) {
        double wide;
        if (row->scale == NO_SCALE)
            return mlp_fail(error, MLP_ERROR_USAGE, "%s '%s': '%s' takes no number", what, name,
                            row->name);
        if (!parse_decimal(colon + 1, &wide, &value) || !isfinite(value) ||
            (row->scale == POSITIVE && !(value > 0.0f)))
            return mlp_fail(error, MLP_ERROR_USAGE,
                            "%s '%s': expected a finite number%s after '%s:'", what, name,
                            row->scale == POSITIVE ? " above 0" : "", row->name);
    }
    *index = found;
    *scale = value;
    return MLP_OK;
}

mlp_status mlp_init_parse(const char *name, mlp_init *out, float *scale, mlp_error *error)
{
    size_t index = 0;
    mlp_status status =
        parse_init("initialisation", name, inits, mlp_init_name, &index, scale, error);
    if (status == MLP_OK)
        *out = (mlp_init)index;
    return status;
}

mlp_status mlp_bias_init_parse(const char *name, mlp_bias_init *out, float *scale, mlp_error *error)
{
    size_t index = 0;
    mlp_status status = parse_init("initialisation of biases", name, bias_inits, mlp_bias_init_name,
                                   &index, scale, error);
    if (status == MLP_OK)
        *out = (mlp_bias_init)index;
    return status;
}

/* The digits at *text, which is moved behind them; false where there are none or the
 * number is over SIZE_MAX. */
static bool parse_count(const char **text, size_t *out)
{
    size_t value = 0, digits = strspn(*text, "0123456789");
    for (size_t i = 0; i < digits; i++) {
        size_t digit = (size_t)((*text)[i] - '0');
        if (value > (SIZE_MAX - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    *text += digits;
    *out = value;
    return digits > 0;
}

/* The numbers of a schedule's row from `text` on: what follows its name. */
static bool parse_schedule_numbers(const char *text, mlp_schedule *schedule)
{
    double number;
    float narrow;
    if (*text == '\0')
        return schedules[schedule->kind].optional || !schedules[schedule->kind].number;
    if (!schedules[schedule->kind].number)
        return false;
    text++;
    if (schedules[schedule->kind].every &&
        !(parse_count(&text, &schedule->every) && *text++ == ':'))
        return false;
    if (!parse_decimal(text, &number, &narrow))
        return false;
    if (schedule->kind == MLP_SCHEDULE_COSINE)
        schedule->floor = number;
    else
        schedule->factor = number;
    return true;
}

mlp_status mlp_schedule_parse(const char *name, mlp_schedule *out, mlp_error *error)
{
    size_t index = 0;
    mlp_status status = find_before_colon("schedule", name, mlp_schedule_name, &index, error);
    if (status != MLP_OK)
        return status;
    mlp_schedule schedule = {.kind = (mlp_schedule_kind)index, .every = 1, .factor = 1};
    if (!parse_schedule_numbers(name + strcspn(name, ":"), &schedule))
        return mlp_fail(error, MLP_ERROR_USAGE, "schedule '%s': expected %s", name,
                        schedules[index].form);
    status = mlp_schedule_check(&schedule, error);
    if (status != MLP_OK)
        return status;
    schedule.warmup_steps = out->warmup_steps;
    *out = schedule;
    return MLP_OK;
}
