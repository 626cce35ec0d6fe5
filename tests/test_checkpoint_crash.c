/* SPDX-License-Identifier: MIT */
/* That runs and models survive a power loss at any moment: what test_file_crash.c shows of files,
 * by the public functions. */
#include "crash.h"
#include "folder.h"
#include "small_run.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- Models ------------------------------------------------------------------------------- */

/* A file as it was, and as it becomes. */
struct versions {
    char *old, *new;
    size_t old_size, new_size;
};

static bool is_version(const struct crash_file *file, const char *bytes, size_t size)
{
    return file->size == size && memcmp(file->data, bytes, size) == 0;
}

static const char *judge_model(const struct crash_state *state, void *user)
{
    const struct versions *versions = user;
    const struct crash_file *file = crash_find(state, "model");
    if (!file)
        return "lost model";
    if (is_version(file, versions->new, versions->new_size))
        return NULL;
    if (state->returned)
        return "success without a new model";
    return is_version(file, versions->old, versions->old_size) ? NULL : "torn model";
}

START_TEST(a_saved_model_is_the_old_or_the_new_one)
{
    struct versions versions;
    mlp_model *before = small_run_model(1), *after = small_run_model(2);
    ck_assert_int_eq(mlp_model_save(before, in_folder("model"), NULL), MLP_OK);
    versions.old = get_file(in_folder("model"), &versions.old_size);
    crash_record();
    mlp_status status = mlp_model_save(after, in_folder("model"), NULL);
    crash_stop(status == MLP_OK);
    ck_assert_int_eq(status, MLP_OK);
    versions.new = get_file(in_folder("model"), &versions.new_size);
    const char *fault = crash_fault(judge_model, &versions);
    ck_assert_msg(fault == NULL, "%s", fault);
    ck_assert_uint_gt(crash_states(), 100);
    free(versions.old);
    free(versions.new);
    mlp_model_destroy(before);
    mlp_model_destroy(after);
}
END_TEST

/* --- Runs ----------------------------------------------------------------------------------- */

enum { EPOCHS = 3 };

/* Trains, from the checkpoint if there is one, and saves the model. */
static mlp_status train_and_save(size_t *resumed)
{
    mlp_model *model;
    struct small_run parts = {.seed = 1,
                              .epochs = EPOCHS,
                              .every_epochs = 1,
                              .resumes = mlp_checkpoint_exists(in_folder("checkpoint"))};
    mlp_status status = small_run(&parts, &model, resumed, NULL);
    if (status != MLP_OK)
        return status;
    status = mlp_model_save(model, in_folder("model"), NULL);
    mlp_model_destroy(model);
    return status;
}

/* What the run that nothing interrupts ends with, and states that were judged. */
struct expected {
    char *model;
    size_t size, seen_count;
    uint64_t seen[1000];
};

static uint64_t add_hash(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3; /* FNV-1a */
    return hash;
}

/* Whether the files that matter have been like this before. */
static bool was_seen(const struct crash_state *state, struct expected *expected)
{
    uint64_t hash = add_hash(0xcbf29ce484222325, &state->returned, sizeof state->returned);
    for (size_t i = 0; i < state->count; i++) {
        const struct crash_file *file = &state->files[i];
        if (file->name[0] == '.') /* temporary */
            continue;
        hash = add_hash(hash, file->name, strlen(file->name) + 1);
        hash = add_hash(hash, file->data, file->size);
    }
    for (size_t i = 0; i < expected->seen_count; i++) {
        if (expected->seen[i] == hash)
            return true;
    }
    ck_assert_uint_lt(expected->seen_count, 1000);
    expected->seen[expected->seen_count++] = hash;
    return false;
}

static const char *judge_run(const struct crash_state *state, void *user)
{
    struct expected *expected = user;
    size_t resumed;
    if (was_seen(state, expected))
        return NULL;
    crash_restore(state);
    if (crash_find(state, "checkpoint.best") && !is_model(in_folder("checkpoint.best")))
        return "torn best weights";
    if (crash_find(state, "checkpoint.previous") && !crash_find(state, "checkpoint"))
        return "lost checkpoint";
    if (train_and_save(&resumed) != MLP_OK)
        return "run that cannot go on";
    if (!file_is(in_folder("model"), expected->model, expected->size))
        return "other model";
    return state->returned && resumed != EPOCHS ? "success without a checkpoint" : NULL;
}

START_TEST(a_run_goes_on_after_a_power_loss)
{
    struct expected expected = {.size = 0};
    size_t resumed;
    crash_record();
    mlp_status status = train_and_save(&resumed);
    crash_stop(status == MLP_OK);
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_eq(resumed, 0);
    expected.model = get_file(in_folder("model"), &expected.size);
    const char *fault = crash_fault(judge_run, &expected);
    ck_assert_msg(fault == NULL, "%s", fault);
    ck_assert_uint_gt(expected.seen_count, 3);
    free(expected.model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint_crash");
    TCase *tests = tcase_create("checkpoint_crash");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, small_run_set_up, small_run_tear_down);
    tcase_add_test(tests, a_saved_model_is_the_old_or_the_new_one);
    tcase_add_test(tests, a_run_goes_on_after_a_power_loss);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
