/* SPDX-License-Identifier: MIT */
/* mlp eval */
#include "model.h"
#include "output.h"
#include "run.h"
#include "scores.h"
#include "sources.h"

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

/* Opens the data; columns and labels of a table are those of the model. */
static int open_data(const struct settings *s, const mlp_model *model, mlp_dataset **out)
{
    const char *names[MAX_CLASSES];
    mlp_source_options options = s->source;
    mlp_error error;
    size_t count = class_names(model, names);
    options.columns = mlp_model_columns(model);
    talk_of_usual_data(s);
    if (count > 0 && mlp_stream_claims(s->data) && !options.targets) {
        options.class_names = names;
        options.class_count = count;
    }
    if (mlp_dataset_open_as(s->data, s->split, &options, out, &error) != MLP_OK)
        return fail_source(s->data, &error);
    if (mlp_dataset_class_name(*out, 0) && count == 0)
        return fail(MLP_ERROR_DATA,
                    "%s: its labels are names, expected numbers of classes: %s has no names",
                    s->data, s->model);
    return MLP_OK;
}

int run_eval(const struct settings *settings)
{
    mlp_model *model = NULL;
    mlp_dataset *data = NULL;
    int code = open_model(settings, &model);
    if (code == MLP_OK)
        code = open_data(settings, model, &data);
    if (code == MLP_OK)
        code = evaluate(settings, model, data);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
    return code;
}
