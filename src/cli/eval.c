/* SPDX-License-Identifier: MIT */
/* mlp eval */
#include "model.h"
#include "output.h"
#include "run.h"
#include "scores.h"

static void print_scores(const struct settings *s, const mlp_model *model,
                         const struct scores *scores)
{
    char fingerprint[65];
    mlp_model_fingerprint(model, fingerprint);
    if (s->json) {
        json_t *object = scores_json(scores);
        json_object_set_new(object, "fingerprint", json_string(fingerprint));
        result_json(object);
        return;
    }
    scores_print(scores);
    result("fingerprint %s\n", fingerprint);
    scores_print_confusion(scores);
}

static int evaluate(const struct settings *s, const mlp_model *model, const mlp_dataset *data)
{
    struct scores scores;
    int status = scores_of(model, data, s->data, s->train.threads, s->top_k, &scores);
    if (status == MLP_OK)
        print_scores(s, model, &scores);
    scores_end(&scores);
    return status;
}

int run_eval(const struct settings *settings)
{
    mlp_model *model = NULL;
    mlp_dataset *data = NULL;
    mlp_error error;
    int code = open_model(settings, &model);
    if (code == MLP_OK &&
        mlp_dataset_open(settings->data, settings->split, &data, &error) != MLP_OK)
        code = fail_with(&error);
    if (code == MLP_OK)
        code = evaluate(settings, model, data);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
    return code;
}
