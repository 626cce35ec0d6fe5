/* SPDX-License-Identifier: MIT */
/* Public functions whose every allocation and every system call fails, once and from then on. */
#include "failing.h"
#include "folder.h"
#include "idx_files.h"
#include "small_run.h"
#include "suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A file, and what was in it before. */
struct victim {
    const char *name;
    char *bytes;
    size_t size;
    mlp_model *model;
};

/* As it was; or where only the folder could not be synced, the new one. */
static void expect_old_file(const mlp_error *error, void *user)
{
    const struct victim *victim = user;
    if (strstr(error->message, "though the file is written"))
        ck_assert(is_model(in_folder(victim->name)));
    else
        ck_assert(file_is(in_folder(victim->name), victim->bytes, victim->size));
}

/* --- Models ----------------------------------------------------------------------------- */

static mlp_status save(void *user, mlp_error *error)
{
    const struct victim *victim = user;
    put_file(in_folder(victim->name), victim->bytes, victim->size);
    return mlp_model_save(victim->model, in_folder(victim->name), error);
}

START_TEST(saving_a_model)
{
    char old[] = "old";
    struct victim victim = {"model", old, 3, small_run_model(1)};
    put_file(in_folder("model"), old, 3);
    fail_every(_i, 4, save, expect_old_file, &victim);
    ck_assert(is_model(in_folder("model")));
    mlp_model_destroy(victim.model);
}
END_TEST

static mlp_status load(void *user, mlp_error *error)
{
    (void)user;
    mlp_model *model = NULL;
    mlp_status status = mlp_model_load(in_folder("model"), &model, error);
    ck_assert((status == MLP_OK) == (model != NULL));
    mlp_model_destroy(model);
    return status;
}

START_TEST(loading_a_model)
{
    mlp_model *model = small_run_model(1);
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    fail_every(_i, 3, load, NULL, NULL);
    mlp_model_destroy(model);
}
END_TEST

/* --- Data ------------------------------------------------------------------------------- */

static mlp_status open_data(void *user, mlp_error *error)
{
    (void)user;
    mlp_dataset *data;
    mlp_status status = mlp_dataset_open(folder, MLP_TRAIN, &data, error);
    ck_assert((status == MLP_OK) == (data != NULL));
    mlp_dataset_destroy(data);
    return status;
}

START_TEST(opening_idx_files)
{
    put("train-images-idx3-ubyte", two_images());
    put("train-labels-idx1-ubyte.gz", packed(two_labels()));
    fail_every(_i, 5, open_data, NULL, NULL);
}
END_TEST

/* --- Checkpoints ------------------------------------------------------------------------ */

static const struct small_run first_run = {.seed = 1, .epochs = 1};

static mlp_status write_checkpoint(void *user, mlp_error *error)
{
    const struct small_run other_run = {.seed = 2, .epochs = 1};
    const struct victim *victim = user;
    put_file(in_folder(victim->name), victim->bytes, victim->size);
    return small_run(&other_run, NULL, NULL, error);
}

/* What has been a checkpoint remains one; so do the other files. Memory may also be short after the
 * checkpoint is written. */
static void expect_checkpoint(const mlp_error *error, void *user)
{
    if (!strstr(error->message, "provenance"))
        expect_old_file(error, user);
    ck_assert(is_model(in_folder("checkpoint")));
    ck_assert(is_model(in_folder("checkpoint.previous")));
    ck_assert(is_model(in_folder("checkpoint.best")));
}

START_TEST(writing_a_checkpoint)
{
    struct victim victim = {.name = "checkpoint"};
    ck_assert_int_eq(small_run(&first_run, NULL, NULL, NULL), MLP_OK);
    ck_assert_int_eq(small_run(&first_run, NULL, NULL, NULL), MLP_OK);
    victim.bytes = get_file(in_folder("checkpoint"), &victim.size);
    ck_assert_int_eq(folder_count(), 3);
    fail_every(_i, 18, write_checkpoint, expect_checkpoint, &victim);
    free(victim.bytes);
}
END_TEST

static mlp_status go_on(void *user, mlp_error *error)
{
    const struct small_run same_run = {.seed = 1, .epochs = 1, .resumes = true};
    const struct victim *victim = user;
    put_file(in_folder(victim->name), victim->bytes, victim->size);
    return small_run(&same_run, NULL, NULL, error);
}

START_TEST(going_on_from_a_checkpoint)
{
    struct victim victim = {.name = "checkpoint"};
    ck_assert_int_eq(small_run(&first_run, NULL, NULL, NULL), MLP_OK);
    ck_assert_int_eq(small_run(&first_run, NULL, NULL, NULL), MLP_OK);
    victim.bytes = get_file(in_folder("checkpoint"), &victim.size);
    fail_every(_i, 18, go_on, expect_checkpoint, &victim);
    free(victim.bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("failures");
    TCase *tests = tcase_create("failures");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, small_run_set_up, small_run_tear_down);
    tcase_add_loop_test(tests, saving_a_model, 0, WAYS);
    tcase_add_loop_test(tests, loading_a_model, 0, WAYS);
    tcase_add_loop_test(tests, opening_idx_files, 0, WAYS);
    tcase_add_loop_test(tests, writing_a_checkpoint, 0, WAYS);
    tcase_add_loop_test(tests, going_on_from_a_checkpoint, FIRST_CALLS, WAYS);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
