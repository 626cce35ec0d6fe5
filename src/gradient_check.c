/* SPDX-License-Identifier: MIT */
#include "gradient_check.h"

#include "alloc.h"
#include "error.h"

#include <assert.h>
#include <float.h>
#include <math.h>

/* Steps of a difference, relative to max(1, |w|). The first is the most exact; the others have
 * fewer kinks within their reach, and rounding errors below 1e-8 of the loss. */
static const double steps[] = {1e-5, 1e-6, 1e-7};
enum {
    STEPS = sizeof steps / sizeof steps[0],
    FEW_KINKS = 8, /* that a sample of zeros gives a small net whose biases are zero */
};

static_assert((int)MLP_CHECK_PARTS == (int)MLP_PART_COUNT, "mlp/check.h counts the parts");

static const char *const part_names[MLP_CHECK_PARTS] = {
    [MLP_PART_WEIGHT] = "weight",
    [MLP_PART_BIAS] = "bias",
    [MLP_PART_SCALE] = "scale",
    [MLP_PART_SHIFT] = "shift",
};

/* --- Gradients -------------------------------------------------------------- */

void mlp_gradients_destroy(struct mlp_gradients *gradients)
{
    for (size_t i = 0; gradients->parts && i < gradients->count; i++)
        mlp_free(gradients->parts[i]);
    mlp_free(gradients->parts);
    *gradients = (struct mlp_gradients){0};
}

static mlp_status allocate(const mlp_model *model, struct mlp_gradients *out, mlp_error *error)
{
    const mlp_spec *spec = mlp_model_spec(model);
    *out = (struct mlp_gradients){.count = spec->layer_count * MLP_CHECK_PARTS};
    out->parts = mlp_alloc(out->count, sizeof *out->parts);
    if (!out->parts)
        return mlp_fail_memory(error, "the gradients");
    for (size_t i = 0; i < out->count; i++) {
        size_t l = i / MLP_CHECK_PARTS, part = i % MLP_CHECK_PARTS;
        size_t in = part == MLP_PART_WEIGHT ? mlp_model_layer_inputs(model, l) : 1;
        if (part > MLP_PART_BIAS && spec->layers[l].norm == MLP_NORM_NONE)
            continue;
        out->parts[i] = mlp_alloc(in * spec->layers[l].units, sizeof *out->parts[i]);
        if (!out->parts[i])
            return mlp_fail_memory(error, "the gradients");
    }
    return MLP_OK;
}

mlp_status mlp_gradients_create(mlp_model *model, const mlp_dataset *data, size_t samples,
                                const mlp_train_options *options, enum mlp_plan plan,
                                struct mlp_gradients *out, mlp_error *error)
{
    *out = (struct mlp_gradients){0};
    if (samples == 0 || samples > mlp_dataset_count(data))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "found %zu samples to check gradients on, expected 1 to %zu, those of the "
                        "data",
                        samples, mlp_dataset_count(data));
    /* The first minibatch of an epoch in order; class weights are still those of all data. */
    mlp_train_options once = *options;
    once.shuffle = false;
    once.batch = samples;
    once.clip_value = once.clip_norm = 0;
    struct mlp_trainer *trainer;
    mlp_status status = mlp_trainer_create(model, data, &once, plan, &trainer, error);
    if (status != MLP_OK)
        return status;
    status = allocate(model, out, error);
    if (status == MLP_OK) {
#pragma omp parallel num_threads(mlp_trainer_threads(trainer))
        {
            mlp_team_begin_epoch(trainer, 1);
            mlp_team_gradient(trainer, 0);
        }
        for (size_t i = 0; i < out->count; i += MLP_CHECK_PARTS)
            mlp_trainer_gradient(trainer, i / MLP_CHECK_PARTS, out->parts[i + MLP_PART_WEIGHT],
                                 out->parts[i + MLP_PART_BIAS], out->parts[i + MLP_PART_SCALE],
                                 out->parts[i + MLP_PART_SHIFT]);
    } else {
        mlp_gradients_destroy(out);
    }
    mlp_trainer_destroy(trainer);
    return status;
}

/* --- Comparison ------------------------------------------------------------- */

/* Parameter `index` of a part. */
struct place {
    size_t layer, unit;
    double *parameter;
};

/* The loss with the parameter at `value`. */
static double loss_at(struct mlp_reference *reference, const struct place *place, double value,
                      bool *smooth)
{
    bool same;
    double kept = *place->parameter;
    *place->parameter = value;
    double loss = mlp_reference_changed(reference, place->layer, place->unit, &same);
    *place->parameter = kept;
    *smooth = *smooth && same;
    return loss;
}

/* The derivative by central differences of fourth order: the coefficients are those of the
 * five-point formula. */
static double difference(struct mlp_reference *reference, const struct place *place, double step,
                         bool *smooth)
{
    double w = *place->parameter, h = step * fmax(1, fabs(w));
    *smooth = true;
    double near =
        loss_at(reference, place, w + h, smooth) - loss_at(reference, place, w - h, smooth);
    double far =
        loss_at(reference, place, w + 2 * h, smooth) - loss_at(reference, place, w - 2 * h, smooth);
    return (8 * near - far) / (12 * h);
}

/* By the longest step that straddles no kink; *smooth: there is one. */
static double smooth_difference(struct mlp_reference *reference, const struct place *place,
                                bool *smooth)
{
    double value = 0;
    *smooth = false;
    for (int i = 0; i < STEPS && !*smooth; i++)
        value = difference(reference, place, steps[i], smooth);
    return value;
}

static double relative_error(double value, double expected)
{
    double error = fabs(value - expected) / fmax(1, fabs(expected));
    return isnan(error) ? INFINITY : error;
}

/* Adds one comparison. */
static void note(mlp_gradient_check *check, size_t index, double gradient, double expected,
                 double disturbed)
{
    double error = relative_error(gradient, expected);
    check->noise = fmax(check->noise, relative_error(disturbed, expected));
    if (check->checked++ > 0 && error <= check->worst)
        return;
    check->worst = error;
    check->index = index;
    check->gradient = gradient;
    check->difference = expected;
}

/* The loss as it is, and with all numbers that it is made of changed in the last bit. */
struct references {
    struct mlp_reference *exact, *disturbed;
};

/* What a part's parameters come to: all of them, and those that are not at a kink. */
struct comparison {
    mlp_gradient_check all, smooth;
    double kinks; /* share of the parameters */
};

static struct comparison compare_part(const struct references *references, size_t layer,
                                      enum mlp_part part, const float *gradient, size_t most)
{
    size_t size, inputs, units;
    double *parameters = mlp_reference_part(references->exact, layer, part, &size);
    double *disturbed = mlp_reference_part(references->disturbed, layer, part, &size);
    mlp_reference_part(references->exact, layer, MLP_PART_WEIGHT, &inputs);
    mlp_reference_part(references->exact, layer, MLP_PART_BIAS, &units);
    inputs /= units;
    mlp_gradient_check none = {.layer = layer, .part = part_names[part]};
    struct comparison result = {.all = none, .smooth = none};
    size_t count = most > 0 && most < size ? most : size;
    for (size_t i = 0; i < count; i++) {
        size_t index = size / count * i + size % count * i / count;
        size_t unit = part == MLP_PART_WEIGHT ? index / inputs : index;
        struct place place = {layer, unit, parameters + index};
        struct place other = {layer, unit, disturbed + index};
        bool smooth, other_smooth;
        double expected = smooth_difference(references->exact, &place, &smooth);
        double nearby = smooth_difference(references->disturbed, &other, &other_smooth);
        note(&result.all, index, gradient[index], expected, nearby);
        if (smooth)
            note(&result.smooth, index, gradient[index], expected,
                 other_smooth ? nearby : expected);
        else
            result.kinks += 1.0 / (double)count;
    }
    return result;
}

/* Whether so many parameters are at kinks that there is more to it than chance. */
static bool too_many_kinks(const struct mlp_reference *reference, const struct comparison *found,
                           size_t count)
{
    double parameters = 0, kinks = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size;
        mlp_reference_part(reference, i / MLP_CHECK_PARTS, (enum mlp_part)(i % MLP_CHECK_PARTS),
                           &size);
        parameters += (double)size;
        kinks += found[i].kinks * (double)size;
    }
    return kinks > FEW_KINKS && kinks > parameters / 4;
}

static mlp_status create_references(const mlp_model *model, const mlp_dataset *data, size_t samples,
                                    const mlp_train_options *options, struct references *out,
                                    mlp_error *error)
{
    *out = (struct references){NULL, NULL};
    mlp_status status = mlp_reference_create(model, data, samples, options, &out->exact, error);
    if (status == MLP_OK)
        status = mlp_reference_create(model, data, samples, options, &out->disturbed, error);
    if (status != MLP_OK) {
        mlp_reference_destroy(out->exact);
        return status;
    }
    mlp_reference_disturb(out->disturbed, FLT_EPSILON);
    mlp_reference_loss(out->exact);
    mlp_reference_loss(out->disturbed);
    return MLP_OK;
}

mlp_status mlp_gradients_compare(const struct mlp_gradients *gradients, const mlp_model *model,
                                 const mlp_dataset *data, size_t samples,
                                 const mlp_train_options *options, size_t most,
                                 mlp_gradient_check *out, mlp_error *error)
{
    struct references references;
    struct comparison *found = mlp_alloc(gradients->count, sizeof *found);
    if (!found)
        return mlp_fail_memory(error, "the comparison of gradients");
    mlp_status status = create_references(model, data, samples, options, &references, error);
    if (status == MLP_OK) {
        for (size_t i = 0; i < gradients->count; i++)
            found[i] =
                compare_part(&references, i / MLP_CHECK_PARTS, (enum mlp_part)(i % MLP_CHECK_PARTS),
                             gradients->parts[i], most);
        bool all = too_many_kinks(references.exact, found, gradients->count);
        for (size_t i = 0; i < gradients->count; i++) {
            out[i] = all ? found[i].all : found[i].smooth;
            out[i].kinks = found[i].all.checked - out[i].checked;
        }
        mlp_reference_destroy(references.exact);
        mlp_reference_destroy(references.disturbed);
    }
    mlp_free(found);
    return status;
}

mlp_gradient_check mlp_gradients_worst(const mlp_gradient_check *parts, size_t count)
{
    mlp_gradient_check worst = parts[0];
    size_t checked = 0, kinks = 0;
    double noise = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].worst > worst.worst)
            worst = parts[i];
        checked += parts[i].checked;
        kinks += parts[i].kinks;
        noise = fmax(noise, parts[i].noise);
    }
    worst.noise = noise;
    worst.checked = checked;
    worst.kinks = kinks;
    return worst;
}

mlp_status mlp_check_gradients_by_part(mlp_model *model, const mlp_dataset *data, size_t samples,
                                       const mlp_train_options *options, size_t most,
                                       mlp_gradient_check *out, mlp_error *error)
{
    struct mlp_gradients gradients;
    mlp_status status =
        mlp_gradients_create(model, data, samples, options, MLP_PLAN_AUTO, &gradients, error);
    if (status != MLP_OK)
        return status;
    status = mlp_gradients_compare(&gradients, model, data, samples, options, most, out, error);
    mlp_gradients_destroy(&gradients);
    return status;
}

mlp_status mlp_check_gradients(mlp_model *model, const mlp_dataset *data, size_t samples,
                               const mlp_train_options *options, size_t most,
                               mlp_gradient_check *out, mlp_error *error)
{
    size_t count = mlp_model_spec(model)->layer_count * MLP_CHECK_PARTS;
    mlp_gradient_check *parts = mlp_alloc(count, sizeof *parts);
    if (!parts)
        return mlp_fail_memory(error, "the comparison of gradients");
    mlp_status status =
        mlp_check_gradients_by_part(model, data, samples, options, most, parts, error);
    if (status == MLP_OK)
        *out = mlp_gradients_worst(parts, count);
    mlp_free(parts);
    return status;
}
