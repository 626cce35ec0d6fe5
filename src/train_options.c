/* SPDX-License-Identifier: MIT */
#include "train_options.h"

#include "data.h"
#include "error.h"
#include "model.h"
#include "schedule.h"
#include "threads.h"

#include <math.h>

static bool is_fraction(double value)
{
    return value >= 0 && value < 1;
}

static bool is_size(double value)
{
    return value >= 0 && isfinite((float)value);
}

static mlp_status check_optimizer(const mlp_train_options *o, mlp_error *error)
{
    const char *name = mlp_optimizer_name(o->optimizer);
    /* As the kernels see them, in float. */
    if (!isfinite((float)o->learning_rate) || !((float)o->learning_rate > 0))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "learning rate %g, expected a finite number above 0", o->learning_rate);
    if (!name)
        return mlp_fail(error, MLP_ERROR_USAGE, "unknown optimizer %d", (int)o->optimizer);
    if (!is_fraction(o->beta1) || !is_fraction(o->beta2))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "%s with beta1 %g and beta2 %g, expected from 0 to below 1", name, o->beta1,
                        o->beta2);
    if (!isfinite((float)o->epsilon) || !((float)o->epsilon > 0))
        return mlp_fail(error, MLP_ERROR_USAGE, "%s with epsilon %g, expected a positive number",
                        name, o->epsilon);
    if (!is_size(o->weight_decay) || o->weight_decay * o->learning_rate > 1)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "weight decay %g, expected from 0 to 1 / learning rate", o->weight_decay);
    return MLP_OK;
}

static mlp_status check_regularisation(const mlp_model *model, const mlp_dataset *data,
                                       const mlp_train_options *o, mlp_error *error)
{
    if (!is_size(o->l1) || !is_size(o->l2))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "penalties l1 %g and l2 %g, expected finite numbers from 0 up", o->l1,
                        o->l2);
    if (!is_size(o->clip_value) || !is_size(o->clip_norm))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "clipping to value %g and norm %g, expected finite numbers from 0 up",
                        o->clip_value, o->clip_norm);
    if (!is_fraction(o->label_smoothing))
        return mlp_fail(error, MLP_ERROR_USAGE, "label smoothing %g, expected 0 to below 1",
                        o->label_smoothing);
    if (o->label_smoothing > 0 && model->spec.loss != MLP_CROSS_ENTROPY)
        return mlp_fail(error, MLP_ERROR_USAGE, "label smoothing goes with the loss %s, found %s",
                        mlp_loss_name(MLP_CROSS_ENTROPY), mlp_loss_name(model->spec.loss));
    if ((o->balanced || o->class_weights) && !data->labels)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "class weights are for labels, and the data have target values");
    for (size_t c = 0; o->class_weights && c < data->classes; c++) {
        if (!is_size(o->class_weights[c]))
            return mlp_fail(error, MLP_ERROR_USAGE,
                            "the weight of class %zu is %g, expected a finite number from 0 up", c,
                            (double)o->class_weights[c]);
    }
    return MLP_OK;
}

/* Statistics of one sample are no use: PyTorch refuses them too. */
static mlp_status check_batch(const mlp_model *model, const mlp_dataset *data,
                              const mlp_train_options *o, mlp_error *error)
{
    if (o->batch == 0 || o->batch > data->count)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "batch size %zu, expected 1 to the %zu samples of the data", o->batch,
                        data->count);
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        if (model->layers[l].norm != MLP_NORM_BATCH ||
            (o->batch > 1 && data->count % o->batch != 1))
            continue;
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "batch normalisation needs at least 2 samples in every minibatch: %zu "
                        "samples in minibatches of %zu leave one alone",
                        data->count, o->batch);
    }
    return MLP_OK;
}

static mlp_status check_loop(const mlp_train_options *o, mlp_error *error)
{
    if (!mlp_monitor_name(o->monitor))
        return mlp_fail(error, MLP_ERROR_USAGE, "unknown monitor %d", (int)o->monitor);
    if (!is_size(o->min_delta))
        return mlp_fail(error, MLP_ERROR_USAGE, "min_delta %g, expected a finite number from 0 up",
                        o->min_delta);
    if (!(o->max_seconds >= 0))
        return mlp_fail(error, MLP_ERROR_USAGE, "max_seconds %g, expected 0 or more",
                        o->max_seconds);
    if (isnan(o->target_score))
        return mlp_fail(error, MLP_ERROR_USAGE, "the target score is no number");
    if (o->threads < 0 || o->threads > MLP_MAX_THREADS)
        return mlp_fail(error, MLP_ERROR_USAGE, "%d threads, expected 0 to %d", o->threads,
                        MLP_MAX_THREADS);
    return MLP_OK;
}

mlp_status mlp_train_options_check(const mlp_model *model, const mlp_dataset *data,
                                   const mlp_train_options *options, mlp_error *error)
{
    mlp_status status = mlp_model_check_data(model, data, error);
    if (status == MLP_OK)
        status = check_batch(model, data, options, error);
    if (status == MLP_OK)
        status = check_optimizer(options, error);
    if (status == MLP_OK)
        status = mlp_schedule_check(&options->schedule, error);
    if (status == MLP_OK)
        status = check_regularisation(model, data, options, error);
    return status == MLP_OK ? check_loop(options, error) : status;
}
