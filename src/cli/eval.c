/* SPDX-License-Identifier: MIT */
/* mlp eval */
#include "output.h"
#include "run.h"

#include <math.h>

static json_t *finite_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static int evaluate(const struct settings *s, const mlp_model *model, const mlp_dataset *data)
{
    mlp_evaluation found;
    mlp_error error;
    char fingerprint[65];
    if (mlp_model_evaluate(model, data, s->train.threads, &found, &error) != MLP_OK)
        return fail_with(&error);
    mlp_model_fingerprint(model, fingerprint);
    if (s->json) {
        result_json(json_pack("{s:f, s:o, s:I, s:I, s:s}", "accuracy", found.accuracy, "loss",
                              finite_real(found.loss), "correct", (json_int_t)found.correct,
                              "count", (json_int_t)found.count, "fingerprint", fingerprint));
        return MLP_OK;
    }
    result("accuracy %.2f %%, %zu of %zu samples\n", 100 * found.accuracy, found.correct,
           found.count);
    result("loss %.6f\n", found.loss);
    result("fingerprint %s\n", fingerprint);
    return MLP_OK;
}

int run_eval(const struct settings *settings)
{
    mlp_model *model = NULL;
    mlp_dataset *data = NULL;
    mlp_error error;
    mlp_status status = mlp_model_load(settings->model, &model, &error);
    if (status == MLP_OK)
        status = mlp_dataset_open(settings->data, settings->split, &data, &error);
    int code = status == MLP_OK ? evaluate(settings, model, data) : fail_with(&error);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
    return code;
}
