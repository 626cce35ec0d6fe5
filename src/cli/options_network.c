/* SPDX-License-Identifier: MIT */
/* The options that say what network it is. */
#include "options_values.h"

#include "output.h"

#include <string.h>

/* The reason of the library, with the option in front. */
static int fail_name(const char *option, const mlp_error *error)
{
    return fail(error->status, "%s: %s", option, error->message);
}

int parse_recipe(struct settings *s, const char *text)
{
    static const mlp_layer_spec relu = {.activation = MLP_RELU, .norm = MLP_NORM_NONE};
    mlp_error error;
    const mlp_recipe *recipe;
    if (mlp_recipe_find(text, &recipe, &error) != MLP_OK)
        return fail_name("--recipe", &error);
    s->recipe = recipe;
    s->hidden_count = recipe->hidden_count;
    memcpy(s->hidden, recipe->hidden, sizeof recipe->hidden);
    s->usual = recipe->hidden_count > 0 ? recipe->hidden[0] : relu;
    s->loss = recipe->loss;
    s->loss_chosen = recipe->loss != MLP_CROSS_ENTROPY;
    s->init = recipe->init;
    s->init_scale = recipe->init_scale;
    s->train = recipe->options;
    return MLP_OK;
}

/* --- Hidden layers ----------------------------------------------------------- */

/* The width at the start of `text`, which ends where `length` says. */
static int parse_width(const char *option, const char *text, size_t length, size_t *out)
{
    char number[16] = "";
    if (length >= sizeof number)
        return fail(MLP_ERROR_USAGE, "%s: found '%s', expected widths up to %d", option, text,
                    MAX_WIDTH);
    memcpy(number, text, length);
    return parse_size(option, number, MAX_WIDTH, out);
}

/* "256,256", or "none". */
int parse_hidden(struct settings *s, const char *text)
{
    s->hidden_count = 0;
    if (strcmp(text, "none") == 0)
        return MLP_OK;
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        if (s->hidden_count == MAX_HIDDEN)
            return fail(MLP_ERROR_USAGE, "--hidden: found more than %d layers", MAX_HIDDEN);
        mlp_layer_spec *layer = &s->hidden[s->hidden_count++];
        *layer = s->usual;
        int status = parse_width("--hidden", at, length, &layer->units);
        if (status != MLP_OK)
            return status;
        at += length;
        if (*at == '\0')
            return MLP_OK;
    }
}

int parse_activation(struct settings *s, const char *text)
{
    mlp_error error;
    if (mlp_activation_parse(text, &s->usual.activation, &error) != MLP_OK)
        return fail_name("--activation", &error);
    for (size_t i = 0; i < s->hidden_count; i++)
        s->hidden[i].activation = s->usual.activation;
    return MLP_OK;
}

int parse_norm(struct settings *s, const char *text)
{
    mlp_error error;
    if (mlp_norm_parse(text, &s->usual.norm, &error) != MLP_OK)
        return fail_name("--norm", &error);
    for (size_t i = 0; i < s->hidden_count; i++)
        s->hidden[i].norm = s->usual.norm;
    return MLP_OK;
}

int parse_dropout(struct settings *s, const char *text)
{
    int status = parse_float("--dropout", text, &share, &s->usual.dropout);
    for (size_t i = 0; i < s->hidden_count; i++)
        s->hidden[i].dropout = s->usual.dropout;
    return status;
}

/* --- Layers ------------------------------------------------------------------ */

enum { LAYER_SIZE = 64 };

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* What may follow a layer's width after a plus. */
static int parse_extra(const char *text, mlp_layer_spec *layer)
{
    if (strcmp(text, "layernorm") == 0)
        layer->norm = MLP_NORM_LAYER;
    else if (strcmp(text, "batchnorm") == 0)
        layer->norm = MLP_NORM_BATCH;
    else if (starts_with(text, "dropout"))
        return parse_float("--layers: dropout", text + strlen("dropout"), &share, &layer->dropout);
    else
        return fail(MLP_ERROR_USAGE,
                    "--layers: found '+%s', expected +layernorm, +batchnorm or +dropoutRATE", text);
    return MLP_OK;
}

/* "256relu+batchnorm+dropout0.2"; `text` is cut into its parts. */
static int parse_layer(char *text, mlp_layer_spec *layer)
{
    mlp_error error;
    char *extra = strchr(text, '+');
    if (extra)
        *extra++ = '\0';
    size_t digits = strspn(text, "0123456789");
    int status = parse_width("--layers", text, digits > 0 ? digits : strlen(text), &layer->units);
    if (status == MLP_OK && text[digits] != '\0' &&
        mlp_activation_parse(text + digits, &layer->activation, &error) != MLP_OK)
        return fail_name("--layers", &error);
    while (status == MLP_OK && extra) {
        char *next = strchr(extra, '+');
        if (next)
            *next++ = '\0';
        status = parse_extra(extra, layer);
        extra = next;
    }
    return status;
}

/* Layers as they are read: the inputs in front, the outputs at the end. */
static int take_layers(struct settings *s, const mlp_layer_spec *layers, size_t count)
{
    const mlp_layer_spec *last = &layers[count - 1];
    if (last->norm != MLP_NORM_NONE || last->dropout > 0)
        return fail(MLP_ERROR_USAGE,
                    "--layers: found normalisation or dropout after the last layer");
    s->inputs = layers[0].units;
    s->outputs = last->units;
    s->output_activation = last->activation;
    s->hidden_count = count - 2;
    memcpy(s->hidden, layers + 1, s->hidden_count * sizeof *layers);
    return MLP_OK;
}

/* "784-256relu-64gelu+dropout0.2-10" */
int parse_layers(struct settings *s, const char *text)
{
    static const mlp_layer_spec plain = {.activation = MLP_IDENTITY, .norm = MLP_NORM_NONE};
    mlp_layer_spec layers[MAX_HIDDEN + 2];
    size_t count = 0;
    for (const char *at = text;; at++) {
        char one[LAYER_SIZE] = "";
        size_t length = strcspn(at, "-");
        bool last = at[length] == '\0';
        if (count == MAX_HIDDEN + 2)
            return fail(MLP_ERROR_USAGE, "--layers: found more than %d hidden layers", MAX_HIDDEN);
        if (length >= sizeof one)
            return fail(MLP_ERROR_USAGE, "--layers: found '%s', expected a width and an activation",
                        at);
        memcpy(one, at, length);
        if (count == 0 && one[strspn(one, "0123456789")] != '\0')
            return fail(MLP_ERROR_USAGE,
                        "--layers: found '%s', expected the number of inputs in front", one);
        layers[count] = last ? plain : s->usual;
        int status = parse_layer(one, &layers[count++]);
        if (status != MLP_OK)
            return status;
        if (last)
            break;
        at += length;
    }
    if (count < 2)
        return fail(MLP_ERROR_USAGE,
                    "--layers: found '%s', expected inputs, hidden layers and outputs: "
                    "784-256relu-10",
                    text);
    return take_layers(s, layers, count);
}

int parse_output_activation(struct settings *s, const char *text)
{
    mlp_error error;
    mlp_activation activation;
    if (mlp_activation_parse(text, &activation, &error) != MLP_OK)
        return fail_name("--output-activation", &error);
    if (s->outputs > 0 && s->output_activation != MLP_IDENTITY &&
        s->output_activation != activation)
        return fail(MLP_ERROR_USAGE, "--output-activation: found %s, but --layers ends in %s", text,
                    mlp_activation_name(s->output_activation));
    s->output_activation = activation;
    return MLP_OK;
}

/* --- Loss and first weights -------------------------------------------------- */

int parse_loss(struct settings *s, const char *text)
{
    mlp_error error;
    if (mlp_loss_parse(text, &s->loss, &error) != MLP_OK)
        return fail_name("--loss", &error);
    s->loss_chosen = true;
    return MLP_OK;
}

int parse_map(struct settings *s, const char *text)
{
    s->map = text;
    return MLP_OK;
}

int parse_orientation(struct settings *s, const char *text)
{
    s->in_out = strcmp(text, "in-out") == 0;
    if (!s->in_out && strcmp(text, "out-in") != 0)
        return fail(MLP_ERROR_USAGE, "--orientation: found '%s', expected out-in or in-out", text);
    return MLP_OK;
}

int parse_huber_delta(struct settings *s, const char *text)
{
    return parse_float("--huber-delta", text, &above_zero, &s->huber_delta);
}

int parse_init(struct settings *s, const char *text)
{
    mlp_error error;
    if (mlp_init_parse(text, &s->init, &s->init_scale, &error) != MLP_OK)
        return fail_name("--init", &error);
    return MLP_OK;
}

int parse_bias_init(struct settings *s, const char *text)
{
    mlp_error error;
    if (mlp_bias_init_parse(text, &s->bias_init, &s->bias_scale, &error) != MLP_OK)
        return fail_name("--bias-init", &error);
    return MLP_OK;
}
