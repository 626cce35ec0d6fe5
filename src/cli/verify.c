/* SPDX-License-Identifier: MIT */
/* mlp verify */
#include "interrupt.h"
#include "model.h"
#include "output.h"
#include "progress.h"
#include "run.h"
#include "setup.h"
#include "sources.h"

#include <stdio.h>

static bool after_epoch(const mlp_progress *now, void *user)
{
    progress_epoch(user, now);
    return interrupt_signal() == 0;
}

static bool within_epoch(const mlp_progress *now, void *user)
{
    progress_step(user, now);
    return interrupt_signal() == 0;
}

static int print(const struct settings *s, const mlp_verification *found)
{
    if (s->json)
        result_json(json_pack("{s:b, s:s, s:s, s:I}", "same", found->same, "expected",
                              found->expected, "found", found->found, "steps",
                              (json_int_t)found->result.steps));
    else if (found->same)
        result("the same: %s\n", found->found);
    else
        result("not the same: trained again it is %s, the file has %s\n", found->found,
               found->expected);
    return found->same ? MLP_OK : MLP_ERROR_DATA;
}

static int verify(const struct settings *s, const mlp_model *model, const struct setup *setup)
{
    struct progress progress;
    mlp_callbacks callbacks = {.epoch = after_epoch, .step = within_epoch, .user = &progress};
    mlp_verification found;
    mlp_error error;
    interrupt_begin();
    progress_begin(&progress, mlp_model_spec(model)->loss);
    mlp_status status =
        mlp_verify(model, setup->train, setup->valid, s->train.threads, &callbacks, &found, &error);
    progress_end(&progress);
    if (status != MLP_OK)
        return fail(status, "%s: %s", s->model, error.message);
    if (interrupt_signal() != 0 && !found.same) {
        talk("mlp: stopped by a signal before the answer");
        return 128 + interrupt_signal();
    }
    return print(s, &found);
}

int run_verify(const struct settings *given)
{
    struct settings settings = *given;
    struct setup setup = {.settings = &settings};
    mlp_model *model = NULL;
    int status = open_model(&settings, &model);
    if (status == MLP_OK) {
        settings.source.columns = mlp_model_columns(model);
        talk_of_usual_data(&settings);
        status = setup_verification_data(&settings, &setup);
    }
    if (status == MLP_OK)
        status = verify(&settings, model, &setup);
    setup_end(&setup);
    mlp_model_destroy(model);
    return status;
}
