/* SPDX-License-Identifier: MIT */
#include "small_run.h"

#include "folder.h"

#include <check.h>
#include <stdio.h>

static mlp_dataset *all, *train, *valid;

void small_run_set_up(void)
{
    folder_make();
    ck_assert_int_eq(mlp_dataset_open("moons", MLP_TRAIN, &all, NULL), MLP_OK);
    ck_assert_int_eq(mlp_dataset_divide(all, 0.25, 3, &train, &valid, NULL), MLP_OK);
}

void small_run_tear_down(void)
{
    mlp_dataset_destroy(train);
    mlp_dataset_destroy(valid);
    mlp_dataset_destroy(all);
    folder_remove();
}

static mlp_status create(uint64_t seed, mlp_model **model, mlp_error *error)
{
    static mlp_layer_spec layers[] = {{.units = 2, .activation = MLP_TANH}, {.units = 2}};
    mlp_spec spec = {.inputs = 2, .layer_count = 2, .layers = layers, .loss = MLP_CROSS_ENTROPY};
    return mlp_model_create(&spec, seed, model, error);
}

mlp_model *small_run_model(uint64_t seed)
{
    mlp_model *model;
    ck_assert_int_eq(create(seed, &model, NULL), MLP_OK);
    return model;
}

/* What the run's checkpoints say. */
struct heard {
    size_t epoch; /* of the checkpoint that it goes on from */
    mlp_error error;
};

static void hear(const mlp_checkpoint_event *event, void *user)
{
    struct heard *heard = user;
    if (event->news == MLP_CHECKPOINT_RESUMED)
        heard->epoch = event->epoch;
    if (event->news == MLP_CHECKPOINT_FAILED)
        snprintf(heard->error.message, sizeof heard->error.message, "%s", event->message);
}

mlp_status small_run(const struct small_run *run, mlp_model **model, size_t *resumed,
                     mlp_error *error)
{
    char path[PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s", in_folder("checkpoint"));
    struct heard heard = {.epoch = 0};
    mlp_train_options options = mlp_train_options_default();
    options.batch = 256;
    options.epochs = run->epochs;
    options.threads = 1;
    options.restore_best = true;
    mlp_checkpoint_options checkpoints = {.path = path,
                                          .resume = run->resumes ? path : NULL,
                                          .every_epochs = run->every_epochs,
                                          .callback = hear,
                                          .user = &heard};
    mlp_held_out held_out = {.valid = valid};
    mlp_train_result result;
    mlp_model *trained;
    mlp_status status = create(run->seed, &trained, error);
    if (status != MLP_OK)
        return status;
    status = mlp_train_resumable(trained, train, &held_out, &options, &checkpoints, NULL, &result,
                                 error);
    if (status == MLP_OK && result.checkpoint_failed) {
        status = MLP_ERROR_INTERNAL;
        if (error)
            *error = heard.error;
    }
    if (resumed)
        *resumed = heard.epoch;
    if (model && status == MLP_OK)
        *model = trained;
    else
        mlp_model_destroy(trained);
    return status;
}

bool is_model(const char *path)
{
    mlp_model *model;
    if (mlp_model_load(path, &model, NULL) != MLP_OK)
        return false;
    mlp_model_destroy(model);
    return true;
}
