/* SPDX-License-Identifier: MIT */
/* mlp import */
#include "files.h"
#include "model.h"
#include "output.h"
#include "run.h"

static int save(const struct settings *s, const mlp_model *model)
{
    mlp_error error;
    char fingerprint[65];
    if (mlp_model_save(model, s->save, &error) != MLP_OK)
        return fail_with(&error);
    mlp_model_fingerprint(model, fingerprint);
    if (s->json)
        result_json(json_pack("{s:s, s:s}", "file", s->save, "fingerprint", fingerprint));
    else
        result("saved        %s\nfingerprint  %s\n", s->save, fingerprint);
    return MLP_OK;
}

int run_import(const struct settings *settings)
{
    mlp_model *model = NULL;
    if (!settings->save)
        return fail(MLP_ERROR_USAGE, "nothing to write: expected --save with the name of a file");
    int status = files_check_output(settings, "save", settings->save, "model", files_is_model);
    if (status == MLP_OK)
        status = open_model(settings, &model);
    if (status == MLP_OK)
        status = save(settings, model);
    mlp_model_destroy(model);
    return status;
}
