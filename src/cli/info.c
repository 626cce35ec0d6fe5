/* SPDX-License-Identifier: MIT */
/* mlp info */
#include "environment.h"
#include "formats/names_json.h"
#include "model.h"
#include "output.h"
#include "run.h"
#include "spec_text.h"

#include <string.h>

enum { CPU_NAME_SIZE = 128 };

/* --- The machine ------------------------------------------------------------ */

static json_t *isa_array(void)
{
    json_t *array = json_array();
    for (size_t i = 0; i < mlp_isa_count(); i++) {
        json_t *isa =
            json_pack("{s:s, s:b}", "name", mlp_isa_name(i), "supported", mlp_isa_supported(i));
        if (json_array_append_new(array, isa) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static int describe_machine(const struct settings *s)
{
    char cpu[CPU_NAME_SIZE];
    mlp_cpu_name(cpu, sizeof cpu);
    if (s->json) {
        result_json(json_pack("{s:s, s:s, s:o, s:s, s:s, s:i, s:s}", "version", mlp_version(),
                              "cpu", cpu, "isas", isa_array(), "isa", mlp_isa_selected(),
                              "isa_reason", isa_reason(s->isa), "threads", mlp_default_threads(),
                              "threads_reason", threads_reason()));
        return MLP_OK;
    }
    result("mlp      %s\n", mlp_version());
    result("CPU      %s\n", cpu);
    for (size_t i = 0; i < mlp_isa_count(); i++)
        result("%s  %-8s %s\n", i == 0 ? "kernels" : "       ", mlp_isa_name(i),
               mlp_isa_supported(i) ? "supported" : "not supported by this CPU");
    result("chosen   %s: %s\n", mlp_isa_selected(), isa_reason(s->isa));
    result("threads  %d: %s\n", mlp_default_threads(), threads_reason());
    return MLP_OK;
}

/* --- A model ---------------------------------------------------------------- */

/* Weights, biases, and what scales and shifts a normalised layer. */
static uint64_t layer_parameters(const mlp_model *model, size_t l)
{
    const mlp_layer_spec *layer = &mlp_model_spec(model)->layers[l];
    uint64_t a_unit = mlp_model_layer_inputs(model, l) + 1;
    return layer->units * (a_unit + (layer->norm != MLP_NORM_NONE ? 2 : 0));
}

static json_t *layer_array(const mlp_model *model)
{
    const mlp_spec *spec = mlp_model_spec(model);
    json_t *array = json_array();
    for (size_t l = 0; l < spec->layer_count; l++) {
        const mlp_layer_spec *one = &spec->layers[l];
        json_t *layer = json_pack(
            "{s:I, s:I, s:s, s:s, s:f, s:I}", "inputs",
            (json_int_t)mlp_model_layer_inputs(model, l), "outputs", (json_int_t)one->units,
            "activation", mlp_activation_name(one->activation), "norm", mlp_norm_name(one->norm),
            "dropout", (double)one->dropout, "parameters", (json_int_t)layer_parameters(model, l));
        if (json_array_append_new(array, layer) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* NULL where classes have no names. */
static json_t *class_array(const mlp_model *model)
{
    const char *names[MAX_CLASSES];
    size_t count = class_names(model, names);
    return count > 0 ? mlp_names_json(names, count) : NULL;
}

/* NULL where columns have no names. */
static json_t *columns_object(const mlp_model *model)
{
    const mlp_columns *columns = mlp_model_columns(model);
    return columns ? mlp_columns_json(columns) : NULL;
}

/* The text of the metadata is JSON, or the model would not have it. */
static json_t *provenance_object(const mlp_model *model)
{
    const char *text = mlp_model_provenance(model);
    return text ? json_loads(text, 0, NULL) : NULL;
}

/* What mlp verify would train on again. */
static void describe_provenance(const mlp_model *model)
{
    json_t *object = provenance_object(model);
    const char *data = json_string_value(json_object_get(object, "data"));
    const json_t *steps = json_object_get(object, "steps");
    if (data && json_is_integer(steps)) {
        result("trained      %lld steps on the data of hash ",
               (long long)json_integer_value(steps));
        result_name(data);
        result("\n");
    }
    json_decref(object);
}

static void describe_json(const struct settings *s, const mlp_model *model, const char *fingerprint)
{
    mlp_scaling scaling = mlp_model_scaling(model);
    result_json(json_pack(
        "{s:s, s:o, s:s, s:I, s:o*, s:o*, s:f, s:b, s:b, s:I, s:o*, s:s}", "file", s->model,
        "layers", layer_array(model), "loss", mlp_loss_name(mlp_model_spec(model)->loss),
        "parameters", (json_int_t)mlp_model_parameters(model), "class_names", class_array(model),
        "columns", columns_object(model), "input_divisor", (double)mlp_model_input_divisor(model),
        "standardized_inputs", scaling.input_mean != NULL, "standardized_targets",
        scaling.target_mean != NULL, "bad_numbers", (json_int_t)mlp_model_bad_numbers(model),
        "provenance", provenance_object(model), "fingerprint", fingerprint));
}

static void describe_classes(const mlp_model *model)
{
    const char *name = mlp_model_class_name(model, 0);
    if (!name)
        return;
    result("classes      ");
    for (size_t c = 0; (name = mlp_model_class_name(model, c)) != NULL; c++) {
        result("%s", c > 0 ? ", " : "");
        result_name(name);
    }
    result("\n");
}

/* A few names of the first. */
static void print_names(const char *const *names, size_t count)
{
    enum { SHOWN = 8 };
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        result("%s", i > 0 ? ", " : "");
        result_name(names[i]);
    }
    if (count > SHOWN)
        result(" and %zu more", count - SHOWN);
}

static void describe_columns(const mlp_model *model)
{
    const mlp_columns *columns = mlp_model_columns(model);
    if (!columns)
        return;
    result("columns      ");
    print_names(columns->inputs, columns->input_count);
    result(" -> ");
    print_names(columns->targets, columns->target_count);
    if (columns->label)
        result_name(columns->label);
    result("\n");
}

static void describe(const struct settings *s, const mlp_model *model)
{
    const mlp_spec *spec = mlp_model_spec(model);
    mlp_scaling scaling = mlp_model_scaling(model);
    char fingerprint[65], number[NUMBER_SIZE], text[SPEC_TEXT_SIZE];
    mlp_model_fingerprint(model, fingerprint);
    if (s->json) {
        describe_json(s, model, fingerprint);
        return;
    }
    result("file         %s\n", s->model);
    for (size_t l = 0; l < spec->layer_count; l++) {
        layer_text(&spec->layers[l], text);
        result("layer %-6zu %zu -> %zu, %s\n", l, mlp_model_layer_inputs(model, l),
               spec->layers[l].units, text);
    }
    result("loss         %s\n", mlp_loss_name(spec->loss));
    describe_classes(model);
    describe_columns(model);
    result("parameters   %s\n", grouped(mlp_model_parameters(model), number));
    result("inputs       bytes are divided by %g%s\n", (double)mlp_model_input_divisor(model),
           scaling.input_mean ? "; inputs are standardised" : "");
    if (scaling.target_mean)
        result("values       learnt standardised, predicted in the data's units\n");
    describe_provenance(model);
    if (mlp_model_bad_numbers(model) > 0)
        result("bad numbers  %s (NaN, infinite or a negative variance): nothing but mlp info takes "
               "this file\n",
               grouped(mlp_model_bad_numbers(model), number));
    result("fingerprint  %s\n", fingerprint);
}

/* Of a large file, whose fingerprint loading does not compare. */
static int check_fingerprint(const struct settings *s, const mlp_model *model)
{
    char found[65];
    const char *claimed = mlp_model_claimed_fingerprint(model);
    if (!claimed)
        return MLP_OK;
    mlp_model_fingerprint(model, found);
    if (strcmp(found, claimed) == 0)
        return MLP_OK;
    return fail(MLP_ERROR_DATA,
                "%s: mlp.fingerprint is '%s', but that of the file's numbers is '%s'", s->model,
                claimed, found);
}

static int describe_model(const struct settings *s)
{
    mlp_model *model;
    int status = open_damaged_model(s, &model);
    if (status != MLP_OK)
        return status;
    describe(s, model);
    status = check_fingerprint(s, model);
    mlp_model_destroy(model);
    return status;
}

int run_info(const struct settings *settings)
{
    return settings->model ? describe_model(settings) : describe_machine(settings);
}
