/* SPDX-License-Identifier: MIT */
#include "perceptron.h"

#include "output.h"

#include <stdlib.h>

enum { FEW_INPUTS = 8 };

bool is_perceptron(const struct run *run)
{
    return run->setup->spec.loss == MLP_PERCEPTRON;
}

static bool is_separated(const struct run *run)
{
    return run->result.stop == MLP_STOP_SEPARATED;
}

/* Whether a cycle proves that nothing separates the data: Rosenblatt's theorem is about one layer,
 * and about updates by all errors and nothing else. */
static bool proves_inseparable(const struct run *run)
{
    const mlp_train_options *o = &run->setup->options;
    return run->setup->spec.layer_count == 1 && o->l1 == 0 && o->l2 == 0 && o->clip_value == 0 &&
           o->clip_norm == 0 && !o->class_weights;
}

/* --- Weights -------------------------------------------------------------------------- */

/* Of a single layer with few inputs, [out][in] and [out]. */
struct weights {
    size_t inputs, units;
    float *weight, *bias;
};

/* False where there are too many to be read, or no memory. */
static bool get_weights(const struct run *run, struct weights *out)
{
    *out = (struct weights){
        .inputs = mlp_model_inputs(run->model),
        .units = mlp_model_outputs(run->model),
    };
    if (out->inputs > FEW_INPUTS || mlp_model_spec(run->model)->layer_count > 1)
        return false;
    out->weight = malloc(out->units * out->inputs * sizeof(float));
    out->bias = malloc(out->units * sizeof(float));
    if (!out->weight || !out->bias)
        return false;
    mlp_model_get_layer(run->model, 0, out->weight, out->bias);
    return true;
}

static void free_weights(struct weights *weights)
{
    free(weights->weight);
    free(weights->bias);
}

static void print_unit(const struct weights *w, size_t unit)
{
    if (w->units > 1)
        result("class %zu: ", unit);
    result("weights");
    for (size_t i = 0; i < w->inputs; i++)
        result(" %.6g", (double)w->weight[unit * w->inputs + i]);
    result(", bias %.6g\n", (double)w->bias[unit]);
}

/* --- Results --------------------------------------------------------------------------- */

void perceptron_print(const struct run *run)
{
    struct weights weights;
    size_t epochs = run->result.epochs;
    const char *plural = epochs == 1 ? "" : "s";
    const char *data = run->setup->settings->data;
    if (run->result.stop == MLP_STOP_CYCLE)
        result("not %s: after %zu epoch%s the weights are back where they were, so no later epoch "
               "classifies all of %s\n",
               proves_inseparable(run) ? "linearly separable" : "separated", epochs, plural, data);
    else if (!is_separated(run))
        result("not separated within %zu epoch%s\n", epochs, plural);
    if (!is_separated(run))
        return;
    result("separated after %zu epoch%s\n", epochs, plural);
    if (get_weights(run, &weights)) {
        for (size_t unit = 0; unit < weights.units; unit++)
            print_unit(&weights, unit);
        if (run->setup->settings->standardize)
            result("(of the standardised inputs)\n");
    }
    free_weights(&weights);
}

static json_t *real_array(const float *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_real((double)values[i]));
    return array;
}

void perceptron_add_json(const struct run *run, json_t *object)
{
    struct weights w;
    json_object_set_new(object, "separated", json_boolean(is_separated(run)));
    if (get_weights(run, &w)) {
        json_t *rows = json_array();
        for (size_t unit = 0; unit < w.units; unit++)
            json_array_append_new(rows, real_array(w.weight + unit * w.inputs, w.inputs));
        json_object_set_new(object, "weights", rows);
        json_object_set_new(object, "bias", real_array(w.bias, w.units));
    }
    free_weights(&w);
}
