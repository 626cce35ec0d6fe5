/* SPDX-License-Identifier: MIT */
#include "scaling.h"

#include "alloc.h"
#include "data.h"
#include "error.h"

#include <math.h>

enum { ROWS = 64 }; /* of an index that is made on the way */

static void gather(const struct mlp_kernels *kernels, const mlp_dataset *data, size_t first,
                   const uint32_t *index, size_t rows, float *x, size_t x_stride)
{
    size_t at = first * data->features;
    if (data->u8)
        kernels->gather_u8(rows, data->features, data->u8 + at, index, x, x_stride);
    else
        kernels->gather_f32(rows, data->features, data->f32 + at, data->features, index, x,
                            x_stride);
}

/* Padding has mean and factor 0 and stays 0. */
static void standardize(const mlp_model *model, size_t rows, float *x, size_t stride)
{
    for (size_t p = 0; p < mlp_panels(model->spec.inputs); p++) {
        const float *mean = model->input_mean + p * MLP_NR;
        const float *factor = model->input_factor + p * MLP_NR;
        float *panel = x + p * stride;
        for (size_t i = 0; i < rows * MLP_NR; i += MLP_NR) {
            for (size_t c = 0; c < MLP_NR; c++)
                panel[i + c] = (panel[i + c] - mean[c]) * factor[c];
        }
    }
}

void mlp_scaling_gather(const struct mlp_kernels *kernels, const mlp_model *model,
                        const mlp_dataset *data, const uint32_t *index, size_t rows, float *x,
                        size_t x_stride)
{
    if (data->rows) { /* a part of another set */
        for (size_t first = 0; first < rows; first += ROWS) {
            uint32_t inner[ROWS];
            size_t count = rows - first < ROWS ? rows - first : ROWS;
            for (size_t i = 0; i < count; i++)
                inner[i] = data->rows[index[first + i]];
            gather(kernels, data, 0, inner, count, x + first * MLP_NR, x_stride);
        }
    } else {
        gather(kernels, data, 0, index, rows, x, x_stride);
    }
    if (model->input_mean)
        standardize(model, rows, x, x_stride);
}

void mlp_scaling_gather_from(const struct mlp_kernels *kernels, const mlp_model *model,
                             const mlp_dataset *data, size_t first, size_t rows, float *x,
                             size_t x_stride)
{
    if (data->rows)
        gather(kernels, data, 0, data->rows + first, rows, x, x_stride);
    else
        gather(kernels, data, first, NULL, rows, x, x_stride);
    if (model->input_mean)
        standardize(model, rows, x, x_stride);
}

void mlp_scaling_targets(const struct mlp_objective *objective, const mlp_model *model,
                         const mlp_dataset *data, size_t i, float *row, size_t stride)
{
    size_t outputs = objective->outputs;
    bool from_targets = mlp_model_learns_targets(model, data);
    float smoothing = objective->smoothing, rest = smoothing / (float)outputs;
    for (size_t c = 0; c < outputs; c++) {
        float value;
        if (!from_targets)
            value = outputs == 1 ? data->labels[i] > 0 : data->labels[i] == c;
        else
            value = data->targets[i * outputs + c];
        if (from_targets && model->target_mean)
            value = (value - model->target_mean[c]) / model->target_scale[c];
        if (smoothing > 0)
            value = value * (1.0f - smoothing) + rest;
        row[c / MLP_NR * stride + c % MLP_NR] = value;
    }
}

void mlp_scaling_restore(const mlp_model *model, size_t rows, float *z, size_t stride)
{
    for (size_t p = 0; model->target_mean && p < mlp_panels(mlp_model_outputs(model)); p++) {
        const float *mean = model->target_mean + p * MLP_NR;
        const float *scale = model->target_scale + p * MLP_NR;
        float *panel = z + p * stride;
        for (size_t i = 0; i < rows * MLP_NR; i += MLP_NR) {
            for (size_t c = 0; c < MLP_NR; c++)
                panel[i + c] = panel[i + c] * scale[c] + mean[c];
        }
    }
}

/* --- Means and deviations -------------------------------------------------------- */

/* Rows of values whose columns have means and deviations. */
struct table {
    const mlp_dataset *data;
    bool targets; /* else inputs, as the first layer would see them without standardisation */
};

static inline double value_at(const struct table *table, size_t sample, size_t column)
{
    const mlp_dataset *data = table->data;
    if (table->targets)
        return data->targets[sample * data->outputs + column];
    size_t at = mlp_dataset_row(data, sample) * data->features + column;
    return data->u8 ? (double)((float)data->u8[at] / 255.0f) : data->f32[at];
}

/* Means and standard deviations of all columns, sums in double in ascending order. The deviation of
 * a constant column is exactly 0: its mean is its value. */
static void column_statistics(const struct table *table, size_t columns, double *mean,
                              double *deviation)
{
    size_t count = table->data->count;
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < columns; c++)
            mean[c] += value_at(table, i, c);
    }
    for (size_t c = 0; c < columns; c++) {
        double first = value_at(table, 0, c);
        bool constant = true;
        for (size_t i = 1; i < count && constant; i++)
            constant = value_at(table, i, c) == first;
        mean[c] = constant ? first : mean[c] / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < columns; c++) {
            double distance = value_at(table, i, c) - mean[c];
            deviation[c] += distance * distance;
        }
    }
    for (size_t c = 0; c < columns; c++)
        deviation[c] = sqrt(deviation[c] / (double)count);
}

/* What the model must not be given: a factor that a float cannot hold. */
static bool is_usable(double deviation)
{
    return deviation == 0 || (isfinite((float)(1 / deviation)) && isfinite((float)deviation));
}

/* Means and deviations of a table's columns into mean[] and, as they are or inverted, into other[].
 */
static mlp_status measure(const struct table *table, size_t columns, float *mean, float *other,
                          mlp_error *error)
{
    double *means = mlp_alloc(columns, sizeof *means),
           *deviations = mlp_alloc(columns, sizeof *means);
    mlp_status status = MLP_OK;
    if (means && deviations)
        column_statistics(table, columns, means, deviations);
    else
        status = mlp_fail_memory(error, "standardisation");
    for (size_t c = 0; c < columns && status == MLP_OK; c++) {
        double deviation = deviations[c];
        if (!is_usable(deviation)) {
            status = mlp_fail(error, MLP_ERROR_DATA,
                              "%s %zu has standard deviation %g, which no float can divide by",
                              table->targets ? "target" : "input", c, deviation);
            break;
        }
        mean[c] = (float)means[c];
        if (table->targets)
            other[c] = deviation > 0 ? (float)deviation : 1.0f;
        else
            other[c] = deviation > 0 ? (float)(1 / deviation) : 0.0f;
    }
    mlp_free(means);
    mlp_free(deviations);
    return status;
}

mlp_status mlp_model_standardize(mlp_model *model, const mlp_dataset *data, bool targets,
                                 mlp_error *error)
{
    size_t inputs = model->spec.inputs, outputs = mlp_model_outputs(model);
    if (data->features != inputs)
        return mlp_fail(error, MLP_ERROR_DATA, "the data have %zu features, the model takes %zu",
                        data->features, inputs);
    if (targets && !mlp_model_scales_targets(model))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "targets are standardised for the losses %s, %s and %s, found %s",
                        mlp_loss_name(MLP_MSE), mlp_loss_name(MLP_MAE), mlp_loss_name(MLP_HUBER),
                        mlp_loss_name(model->spec.loss));
    if (targets && data->outputs != outputs)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "the data have %zu target values a sample, the model predicts %zu",
                        data->outputs, outputs);
    if (!mlp_model_add_input_scaling(model) || (targets && !mlp_model_add_target_scaling(model)))
        return mlp_fail_memory(error, "standardisation");
    struct table table = {.data = data};
    mlp_status status = measure(&table, inputs, model->input_mean, model->input_factor, error);
    table.targets = true;
    if (status == MLP_OK && targets)
        status = measure(&table, outputs, model->target_mean, model->target_scale, error);
    mlp_dataset_hash(data, model->standardized);
    return status;
}
