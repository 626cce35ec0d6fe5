/* SPDX-License-Identifier: MIT */
/* mlp info */
#include "environment.h"
#include "output.h"
#include "run.h"

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

static uint64_t layer_parameters(const mlp_spec *spec, size_t l)
{
    return (uint64_t)(spec->widths[l] + 1) * spec->widths[l + 1];
}

static const char *layer_activation(const mlp_spec *spec, size_t l)
{
    return mlp_activation_name(l + 1 < spec->layer_count ? spec->activation : MLP_IDENTITY);
}

static json_t *layer_array(const mlp_spec *spec)
{
    json_t *array = json_array();
    for (size_t l = 0; l < spec->layer_count; l++) {
        json_t *layer =
            json_pack("{s:I, s:I, s:s, s:I}", "inputs", (json_int_t)spec->widths[l], "outputs",
                      (json_int_t)spec->widths[l + 1], "activation", layer_activation(spec, l),
                      "parameters", (json_int_t)layer_parameters(spec, l));
        if (json_array_append_new(array, layer) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static void describe(const struct settings *s, const mlp_model *model)
{
    const mlp_spec *spec = mlp_model_spec(model);
    char fingerprint[65], text[NUMBER_SIZE];
    uint64_t parameters = 0;
    mlp_model_fingerprint(model, fingerprint);
    for (size_t l = 0; l < spec->layer_count; l++)
        parameters += layer_parameters(spec, l);
    if (s->json) {
        result_json(json_pack("{s:s, s:o, s:I, s:f, s:s}", "file", s->model, "layers",
                              layer_array(spec), "parameters", (json_int_t)parameters,
                              "input_divisor", (double)mlp_model_input_divisor(model),
                              "fingerprint", fingerprint));
        return;
    }
    result("file         %s\n", s->model);
    for (size_t l = 0; l < spec->layer_count; l++)
        result("layer %-6zu %zu -> %zu, %s\n", l, spec->widths[l], spec->widths[l + 1],
               layer_activation(spec, l));
    result("parameters   %s\n", grouped(parameters, text));
    result("inputs       bytes are divided by %g\n", (double)mlp_model_input_divisor(model));
    result("fingerprint  %s\n", fingerprint);
}

static int describe_model(const struct settings *s)
{
    mlp_model *model;
    mlp_error error;
    if (mlp_model_load(s->model, &model, &error) != MLP_OK)
        return fail_with(&error);
    describe(s, model);
    mlp_model_destroy(model);
    return MLP_OK;
}

int run_info(const struct settings *settings)
{
    return settings->model ? describe_model(settings) : describe_machine(settings);
}
