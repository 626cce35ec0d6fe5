/* SPDX-License-Identifier: MIT */
/* The textbook formulas, sample by sample (mlp/spec.h says which). libm is fine here: no weight
 * depends on what this computes. */
#include "reference.h"

#include "alloc.h"
#include "error.h"
#include "random.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { DROPOUT_UNITS = 16 }; /* that mlp_random_dropout draws at once */

static const double norm_epsilon = 1e-5;

struct layer {
    size_t in, out;
    mlp_activation activation;
    mlp_norm norm;
    double *parts[MLP_PART_COUNT];
    double *factors; /* of dropout, [rows][out]; NULL: none */
    /* As of mlp_reference_loss. */
    double *x, *z; /* [rows][in], [rows][out]: product and bias */
    uint64_t branches;
};

struct mlp_reference {
    size_t rows, layer_count, outputs;
    struct layer *layers;
    mlp_loss loss;
    double huber_delta, l1, l2;
    double *targets;           /* [rows][outputs], as the loss takes them */
    double *weights;           /* [rows] */
    double *scratch[3], *last; /* [rows][the widest layer's units]; [rows][outputs] */
    uint64_t loss_branches;
};

/* Takes down which side of a kink a value is on (Fowler, Noll and Vo's hash). */
static void note(uint64_t *branches, unsigned side)
{
    *branches = (*branches ^ side) * UINT64_C(0x100000001b3);
}

/* --- Activations ------------------------------------------------------------ */

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

/* Of one value; softmax, which needs a row, is the identity. */
static double activate(mlp_activation activation, double x)
{
    const double selu_lambda = 1.0507009873554804934, selu_alpha = 1.6732632423543772848;
    const double root_half = 0.70710678118654752440, root_2_over_pi = 0.79788456080286535588;
    switch (activation) {
    case MLP_RELU:
        return x > 0 ? x : 0;
    case MLP_LEAKY_RELU:
        return x > 0 ? x : 0.01 * x;
    case MLP_SIGMOID:
        return 1 / (1 + exp(-x));
    case MLP_TANH:
        return tanh(x);
    case MLP_ELU:
        return x > 0 ? x : expm1(x);
    case MLP_SELU:
        return selu_lambda * (x > 0 ? x : selu_alpha * expm1(x));
    case MLP_HARD_SIGMOID:
        return fmin(fmax(x + 3, 0), 6) / 6;
    case MLP_SOFTPLUS:
        return softplus(x);
    case MLP_SILU:
        return x / (1 + exp(-x));
    case MLP_GELU:
        return x * erfc(-x * root_half) / 2;
    case MLP_GELU_TANH:
        return x * (1 + tanh(root_2_over_pi * (x + 0.044715 * x * x * x))) / 2;
    case MLP_MISH:
        return x * tanh(softplus(x));
    case MLP_STEP:
        return x >= 0 ? 1 : 0;
    case MLP_IDENTITY:
    case MLP_SOFTMAX:
        break;
    }
    return x;
}

/* Notes the side of the kink of the activation, or of its derivative, that x is on. */
static void note_activation(mlp_activation activation, double x, uint64_t *branches)
{
    switch (activation) {
    case MLP_RELU:
    case MLP_LEAKY_RELU:
    case MLP_ELU:
    case MLP_SELU:
        note(branches, x > 0);
        break;
    case MLP_HARD_SIGMOID:
        note(branches, x <= -3 ? 0 : x < 3 ? 1 : 2);
        break;
    case MLP_STEP:
        note(branches, x >= 0);
        break;
    default:
        break;
    }
}

/* The logarithm of the sum of exp(x). */
static double log_sum_exp(size_t n, const double *x)
{
    double most = x[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        most = fmax(most, x[i]);
    for (size_t i = 0; i < n; i++)
        sum += exp(x[i] - most);
    return most + log(sum);
}

static void softmax(size_t n, double *x)
{
    double log_sum = log_sum_exp(n, x);
    for (size_t i = 0; i < n; i++)
        x[i] = exp(x[i] - log_sum);
}

/* --- Layers ----------------------------------------------------------------- */

/* z of the units `from` to before `to`. */
static void multiply(const struct layer *layer, size_t rows, const double *x, size_t from,
                     size_t to, double *z)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t o = from; o < to; o++) {
            const double *w = layer->parts[MLP_PART_WEIGHT] + o * layer->in;
            double sum = layer->parts[MLP_PART_BIAS][o];
            for (size_t i = 0; i < layer->in; i++)
                sum += w[i] * x[r * layer->in + i];
            z[r * layer->out + o] = sum;
        }
    }
}

/* Gives n values, `stride` apart, the mean 0 and the (biased) variance 1. */
static void normalize(size_t n, size_t stride, double *x)
{
    double mean = 0, variance = 0;
    for (size_t i = 0; i < n; i++)
        mean += x[i * stride];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++)
        variance += (x[i * stride] - mean) * (x[i * stride] - mean);
    variance /= (double)n;
    for (size_t i = 0; i < n; i++)
        x[i * stride] = (x[i * stride] - mean) / sqrt(variance + norm_epsilon);
}

static void apply_norm(const struct layer *layer, size_t rows, double *y)
{
    if (layer->norm == MLP_NORM_NONE)
        return;
    if (layer->norm == MLP_NORM_LAYER) {
        for (size_t r = 0; r < rows; r++)
            normalize(layer->out, 1, y + r * layer->out);
    } else {
        for (size_t o = 0; o < layer->out; o++)
            normalize(rows, layer->out, y + o);
    }
    for (size_t i = 0; i < rows * layer->out; i++)
        y[i] = y[i] * layer->parts[MLP_PART_SCALE][i % layer->out] +
               layer->parts[MLP_PART_SHIFT][i % layer->out];
}

/* y: what the layer gives on for its products z. Returns the sides of kinks that it met. */
static uint64_t finish_layer(const struct layer *layer, size_t rows, const double *z, double *y)
{
    uint64_t branches = 0;
    memcpy(y, z, rows * layer->out * sizeof *y);
    apply_norm(layer, rows, y);
    for (size_t i = 0; i < rows * layer->out; i++) {
        note_activation(layer->activation, y[i], &branches);
        y[i] = activate(layer->activation, y[i]);
    }
    for (size_t r = 0; r < rows && layer->activation == MLP_SOFTMAX; r++)
        softmax(layer->out, y + r * layer->out);
    for (size_t i = 0; i < rows * layer->out && layer->factors; i++)
        y[i] *= layer->factors[i];
    return branches;
}

/* --- Losses ----------------------------------------------------------------- */

/* Of one output z with the target t. */
static double output_loss(const struct mlp_reference *ref, double z, double t, uint64_t *branches)
{
    double e = fabs(z - t), delta = ref->huber_delta;
    switch (ref->loss) {
    case MLP_BINARY_CROSS_ENTROPY: /* -(t log p + (1 - t) log(1 - p)) of p = 1 / (1 + exp(-z)) */
        return softplus(z) - t * z;
    case MLP_MSE:
        return e * e;
    case MLP_MAE:
        note(branches, z > t ? 2 : z < t);
        return e;
    case MLP_HUBER:
        note(branches, e < delta ? 0 : z > t ? 1 : 2);
        return e < delta ? e * e / 2 : delta * (e - delta / 2);
    case MLP_HINGE:
        note(branches, t * z < 1);
        return fmax(0, 1 - t * z);
    case MLP_POISSON:
        return exp(z) - t * z;
    case MLP_PERCEPTRON: /* its gradient is (z >= 0 ? 1 : 0) - t */
        note(branches, z >= 0);
        return (z >= 0 ? z : 0) - t * z;
    case MLP_CROSS_ENTROPY:
        break;
    }
    return NAN;
}

static double sample_loss(const struct mlp_reference *ref, const double *z, const double *t,
                          uint64_t *branches)
{
    double sum = 0;
    if (ref->loss == MLP_CROSS_ENTROPY) {
        double log_sum = log_sum_exp(ref->outputs, z);
        for (size_t o = 0; o < ref->outputs; o++)
            sum += t[o] * (log_sum - z[o]);
        return sum;
    }
    for (size_t o = 0; o < ref->outputs; o++)
        sum += output_loss(ref, z[o], t[o], branches);
    return sum / (double)ref->outputs;
}

static double penalty(const struct mlp_reference *ref, uint64_t *branches)
{
    double magnitude = 0, square = 0;
    if (ref->l1 == 0 && ref->l2 == 0)
        return 0;
    for (size_t l = 0; l < ref->layer_count; l++) {
        const struct layer *layer = &ref->layers[l];
        const double *w = layer->parts[MLP_PART_WEIGHT];
        for (size_t i = 0; i < layer->in * layer->out; i++) {
            magnitude += fabs(w[i]);
            square += w[i] * w[i];
            if (ref->l1 != 0)
                note(branches, w[i] > 0 ? 2 : w[i] < 0);
        }
    }
    return ref->l1 * magnitude + ref->l2 / 2 * square;
}

static double batch_loss(const struct mlp_reference *ref, const double *outputs, uint64_t *branches)
{
    double sum = 0;
    *branches = 0;
    for (size_t r = 0; r < ref->rows; r++)
        sum += ref->weights[r] * sample_loss(ref, outputs + r * ref->outputs,
                                             ref->targets + r * ref->outputs, branches);
    return sum / (double)ref->rows + penalty(ref, branches);
}

double mlp_reference_loss(struct mlp_reference *ref)
{
    for (size_t l = 0; l < ref->layer_count; l++) {
        struct layer *layer = &ref->layers[l];
        double *y = l + 1 < ref->layer_count ? layer[1].x : ref->last;
        multiply(layer, ref->rows, layer->x, 0, layer->out, layer->z);
        layer->branches = finish_layer(layer, ref->rows, layer->z, y);
    }
    return batch_loss(ref, ref->last, &ref->loss_branches);
}

double mlp_reference_changed(struct mlp_reference *ref, size_t first, size_t unit, bool *smooth)
{
    const struct layer *layer = &ref->layers[first];
    double *x = ref->scratch[0], *y = ref->scratch[1], *z = ref->scratch[2];
    memcpy(z, layer->z, ref->rows * layer->out * sizeof *z);
    multiply(layer, ref->rows, layer->x, unit, unit + 1, z);
    *smooth = finish_layer(layer, ref->rows, z, y) == layer->branches;
    for (size_t l = first + 1; l < ref->layer_count; l++) {
        layer = &ref->layers[l];
        double *swap = x;
        x = y;
        y = swap;
        multiply(layer, ref->rows, x, 0, layer->out, z);
        *smooth = finish_layer(layer, ref->rows, z, y) == layer->branches && *smooth;
    }
    uint64_t branches;
    double loss = batch_loss(ref, y, &branches);
    *smooth = *smooth && branches == ref->loss_branches;
    return loss;
}

/* --- Making one ------------------------------------------------------------- */

double *mlp_reference_part(const struct mlp_reference *ref, size_t l, enum mlp_part part,
                           size_t *size)
{
    const struct layer *layer = &ref->layers[l];
    if (!layer->parts[part])
        *size = 0;
    else
        *size = part == MLP_PART_WEIGHT ? layer->in * layer->out : layer->out;
    return layer->parts[part];
}

/* One of Knuth's linear congruential generators tells up from down. */
static void disturb(double *values, size_t n, double relative, uint64_t *state)
{
    for (size_t i = 0; i < n; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        values[i] *= *state >> 63 ? 1 + relative : 1 - relative;
    }
}

void mlp_reference_disturb(struct mlp_reference *ref, double relative)
{
    uint64_t state = 1;
    disturb(ref->layers[0].x, ref->rows * ref->layers[0].in, relative, &state);
    for (size_t l = 0; l < ref->layer_count; l++) {
        for (int part = 0; part < MLP_PART_COUNT; part++) {
            size_t size;
            double *values = mlp_reference_part(ref, l, (enum mlp_part)part, &size);
            disturb(values, size, relative, &state);
        }
    }
}

static double *allocate(size_t a, size_t b, bool *complete)
{
    double *array = b > SIZE_MAX / sizeof *array ? NULL : mlp_alloc(a, b * sizeof *array);
    *complete = *complete && array;
    return array;
}

/* All arrays; false where memory is short. */
static bool allocate_layers(struct mlp_reference *ref, const mlp_model *model)
{
    const mlp_spec *spec = mlp_model_spec(model);
    size_t widest = 0;
    bool complete = true;
    for (size_t l = 0; l < ref->layer_count; l++) {
        struct layer *layer = &ref->layers[l];
        *layer = (struct layer){.in = mlp_model_layer_inputs(model, l),
                                .out = spec->layers[l].units,
                                .activation = spec->layers[l].activation,
                                .norm = spec->layers[l].norm};
        layer->parts[MLP_PART_WEIGHT] = allocate(layer->out, layer->in, &complete);
        for (int part = MLP_PART_BIAS; part < MLP_PART_COUNT; part++) {
            if (part == MLP_PART_BIAS || layer->norm != MLP_NORM_NONE)
                layer->parts[part] = allocate(layer->out, 1, &complete);
        }
        if (spec->layers[l].dropout > 0 && l + 1 < ref->layer_count)
            layer->factors = allocate(ref->rows, layer->out, &complete);
        layer->x = allocate(ref->rows, layer->in, &complete);
        layer->z = allocate(ref->rows, layer->out, &complete);
        widest = layer->out > widest ? layer->out : widest;
    }
    for (int i = 0; i < 3; i++)
        ref->scratch[i] = allocate(ref->rows, widest, &complete);
    ref->last = allocate(ref->rows, ref->outputs, &complete);
    ref->targets = allocate(ref->rows, ref->outputs, &complete);
    ref->weights = allocate(ref->rows, 1, &complete);
    return complete;
}

/* The parameters, by way of floats that have room for any part of any layer. */
static mlp_status copy_parameters(struct mlp_reference *ref, const mlp_model *model,
                                  mlp_error *error)
{
    for (size_t l = 0; l < ref->layer_count; l++) {
        struct layer *layer = &ref->layers[l];
        float *values = mlp_alloc(layer->in * layer->out + layer->out, sizeof *values);
        if (!values)
            return mlp_fail_memory(error, "a copy of the weights");
        for (int part = 0; part < MLP_PART_COUNT; part++) {
            size_t size;
            mlp_reference_part(ref, l, (enum mlp_part)part, &size);
            if (size == 0)
                continue;
            mlp_model_get_layer(model, l, part == MLP_PART_WEIGHT ? values : NULL,
                                part == MLP_PART_BIAS ? values : NULL);
            mlp_model_get_norm(model, l, part == MLP_PART_SCALE ? values : NULL,
                               part == MLP_PART_SHIFT ? values : NULL, NULL, NULL);
            for (size_t i = 0; i < size; i++)
                layer->parts[part][i] = values[i];
        }
        mlp_free(values);
    }
    return MLP_OK;
}

static void copy_inputs(struct mlp_reference *ref, const mlp_model *model, const mlp_dataset *data)
{
    mlp_scaling scaling = mlp_model_scaling(model);
    size_t features = ref->layers[0].in;
    for (size_t r = 0; r < ref->rows; r++) {
        const uint8_t *u8 = mlp_dataset_u8_at(data, r);
        const float *f32 = mlp_dataset_f32_at(data, r);
        for (size_t i = 0; i < features; i++) {
            double x = u8 ? u8[i] / (double)mlp_model_input_divisor(model) : f32[i];
            if (scaling.input_mean)
                x = (x - scaling.input_mean[i]) * scaling.input_factor[i];
            ref->layers[0].x[r * features + i] = x;
        }
    }
}

static void draw_dropout(struct mlp_reference *ref, const mlp_spec *spec, uint64_t seed)
{
    for (size_t l = 0; l < ref->layer_count; l++) {
        struct layer *layer = &ref->layers[l];
        const struct mlp_dropout dropout = {
            .seed = seed,
            .layer = (uint32_t)l,
            .panels = (layer->out + DROPOUT_UNITS - 1) / DROPOUT_UNITS,
            .rate = spec->layers[l].dropout,
        };
        for (size_t i = 0; i < ref->rows * layer->out && layer->factors; i++) {
            size_t row = i / layer->out, unit = i % layer->out;
            float factors[DROPOUT_UNITS];
            mlp_random_dropout(&dropout, row, 1, unit / DROPOUT_UNITS, factors);
            layer->factors[i] = factors[unit % DROPOUT_UNITS];
        }
    }
}

/* What output `o` should be for sample r, 0 to 1 for a class. */
static double plain_target(const struct mlp_reference *ref, const mlp_dataset *data, size_t r,
                           size_t o)
{
    const uint8_t *labels = mlp_dataset_labels(data);
    const float *targets = mlp_dataset_targets(data);
    if (!targets || (labels && mlp_loss_classifies(ref->loss)))
        return ref->outputs == 1 ? labels[r] : labels[r] == o;
    return targets[r * ref->outputs + o];
}

static void set_targets(struct mlp_reference *ref, const mlp_model *model, const mlp_dataset *data,
                        double smoothing)
{
    mlp_scaling scaling = mlp_model_scaling(model);
    for (size_t i = 0; i < ref->rows * ref->outputs; i++) {
        size_t o = i % ref->outputs;
        double t = plain_target(ref, data, i / ref->outputs, o);
        if (scaling.target_mean)
            t = (t - scaling.target_mean[o]) / scaling.target_scale[o];
        if (ref->loss == MLP_CROSS_ENTROPY)
            t = (1 - smoothing) * t + smoothing / (double)ref->outputs;
        else if (ref->loss == MLP_HINGE)
            t = t > 0.5 ? 1 : -1;
        ref->targets[i] = t;
    }
}

/* What a sample of the class `label` weighs. */
static double class_weight(const mlp_dataset *data, const mlp_train_options *options, size_t label)
{
    const uint8_t *labels = mlp_dataset_labels(data);
    size_t count = mlp_dataset_count(data), members = 0;
    double given = options->class_weights ? options->class_weights[label] : 1;
    if (!options->balanced)
        return given;
    for (size_t i = 0; i < count; i++)
        members += labels[i] == label;
    return given * (double)count / ((double)mlp_dataset_classes(data) * (double)members);
}

static void set_weights(struct mlp_reference *ref, const mlp_dataset *data,
                        const mlp_train_options *options)
{
    const float *weights = mlp_dataset_weights(data);
    const uint8_t *labels = mlp_dataset_labels(data);
    for (size_t r = 0; r < ref->rows; r++) {
        ref->weights[r] = weights ? weights[r] : 1;
        if (labels)
            ref->weights[r] *= class_weight(data, options, labels[r]);
    }
}

/* The last layer's activation, unless the loss means it already. */
static mlp_activation last_activation(mlp_loss loss, mlp_activation activation)
{
    bool values = loss == MLP_MSE || loss == MLP_MAE || loss == MLP_HUBER;
    return values ? activation : MLP_IDENTITY;
}

static mlp_status fill(struct mlp_reference *ref, const mlp_model *model, const mlp_dataset *data,
                       const mlp_train_options *options, mlp_error *error)
{
    const mlp_spec *spec = mlp_model_spec(model);
    ref->layers = mlp_alloc(ref->layer_count, sizeof *ref->layers);
    if (!ref->layers || !allocate_layers(ref, model))
        return mlp_fail_memory(error, "a network in float64");
    struct layer *last = &ref->layers[ref->layer_count - 1];
    last->activation = last_activation(ref->loss, last->activation);
    copy_inputs(ref, model, data);
    draw_dropout(ref, spec, options->seed);
    set_targets(ref, model, data, options->label_smoothing);
    set_weights(ref, data, options);
    return copy_parameters(ref, model, error);
}

mlp_status mlp_reference_create(const mlp_model *model, const mlp_dataset *data, size_t rows,
                                const mlp_train_options *options, struct mlp_reference **out,
                                mlp_error *error)
{
    const mlp_spec *spec = mlp_model_spec(model);
    *out = NULL;
    struct mlp_reference *ref = mlp_alloc(1, sizeof *ref);
    if (!ref)
        return mlp_fail_memory(error, "a network in float64");
    ref->rows = rows;
    ref->layer_count = spec->layer_count;
    ref->outputs = mlp_model_outputs(model);
    ref->loss = spec->loss;
    ref->huber_delta = spec->huber_delta > 0 ? (double)spec->huber_delta : 1;
    ref->l1 = options->l1;
    ref->l2 = options->l2;
    mlp_status status = fill(ref, model, data, options, error);
    if (status == MLP_OK)
        *out = ref;
    else
        mlp_reference_destroy(ref);
    return status;
}

void mlp_reference_destroy(struct mlp_reference *ref)
{
    if (!ref)
        return;
    for (size_t l = 0; ref->layers && l < ref->layer_count; l++) {
        struct layer *layer = &ref->layers[l];
        for (int part = 0; part < MLP_PART_COUNT; part++)
            mlp_free(layer->parts[part]);
        mlp_free(layer->factors);
        mlp_free(layer->x);
        mlp_free(layer->z);
    }
    for (int i = 0; i < 3; i++)
        mlp_free(ref->scratch[i]);
    mlp_free(ref->last);
    mlp_free(ref->targets);
    mlp_free(ref->weights);
    mlp_free(ref->layers);
    mlp_free(ref);
}
