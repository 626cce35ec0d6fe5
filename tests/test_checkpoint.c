/* SPDX-License-Identifier: MIT */
/* Checkpoints: that a run goes on as if nothing had been, and that no damage is taken for a state.
 */
#include "folder.h"
#include "suite.h"

#include "alloc.h"
#include "bytes.h"
#include "file.h"
#include "formats/checkpoint.h"

#include <mlp/mlp.h>

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Runs ------------------------------------------------------------------------- */

enum { MOST_EPOCHS = 64 };

/* What a run's callbacks were told. */
struct told {
    size_t epochs;
    double loss[MOST_EPOCHS], valid_loss[MOST_EPOCHS], rate[MOST_EPOCHS];
    size_t resumed, damaged, failed; /* events */
    size_t epoch, step;              /* of the last that resumed */
    char message[1024];
    size_t stop_after; /* epochs; 0: never */
    size_t batch;      /* of the run */
};

static bool remember(const mlp_progress *now, void *user)
{
    struct told *told = user;
    ck_assert_uint_lt(told->epochs, MOST_EPOCHS);
    ck_assert_uint_eq(now->epoch, told->epochs + 1);
    size_t before = now->epoch == told->epoch + 1 ? told->step * told->batch : 0;
    if (now->epoch <= told->epoch || before > now->samples)
        before = now->samples; /* trained by the run before */
    ck_assert_uint_eq(now->samples_before, before);
    told->loss[told->epochs] = now->loss;
    told->valid_loss[told->epochs] = now->valid_loss;
    told->rate[told->epochs] = now->learning_rate;
    told->epochs++;
    return told->epochs != told->stop_after;
}

static void hear(const mlp_checkpoint_event *event, void *user)
{
    struct told *told = user;
    told->resumed += event->news == MLP_CHECKPOINT_RESUMED;
    told->damaged += event->news == MLP_CHECKPOINT_DAMAGED;
    told->failed += event->news == MLP_CHECKPOINT_FAILED;
    if (event->news == MLP_CHECKPOINT_RESUMED) {
        told->epoch = event->epoch;
        told->step = event->step;
    }
    if (event->message)
        snprintf(told->message, sizeof told->message, "%s", event->message);
}

/* A network, its data and its options. */
struct task {
    mlp_dataset *all, *train, *valid;
    mlp_spec spec;
    mlp_layer_spec layers[3];
    mlp_train_options options;
};

static void begin(struct task *t, const char *data, mlp_loss loss)
{
    memset(t, 0, sizeof *t);
    ck_assert_int_eq(mlp_dataset_open(data, MLP_TRAIN, &t->all, NULL), MLP_OK);
    ck_assert_int_eq(mlp_dataset_divide(t->all, 0.25, 3, &t->train, &t->valid, NULL), MLP_OK);
    size_t classes = mlp_dataset_classes(t->all);
    t->layers[0] = (mlp_layer_spec){.units = 9, .activation = MLP_TANH};
    t->layers[1] = (mlp_layer_spec){.units = 17, .activation = MLP_GELU};
    t->layers[2] = (mlp_layer_spec){.units = classes > 0 ? classes : 1};
    t->spec = (mlp_spec){.inputs = mlp_dataset_features(t->all),
                         .layer_count = 3,
                         .layers = t->layers,
                         .loss = loss};
    t->options = mlp_train_options_default();
    t->options.batch = 64;
    t->options.epochs = 3;
    t->options.threads = 1;
}

static void end(struct task *t)
{
    mlp_dataset_destroy(t->train);
    mlp_dataset_destroy(t->valid);
    mlp_dataset_destroy(t->all);
}

/* Trains a new model, saves it as `model` and remembers. */
static mlp_status train(const struct task *t, const mlp_checkpoint_options *checkpoints,
                        struct told *told, mlp_train_result *result, const char *name,
                        mlp_error *error)
{
    mlp_model *model;
    mlp_callbacks callbacks = {.epoch = remember, .user = told};
    mlp_held_out held_out = {.valid = t->valid};
    mlp_checkpoint_options options = *checkpoints;
    size_t stop_after = told->stop_after;
    memset(told, 0, sizeof *told);
    told->stop_after = stop_after;
    told->batch = t->options.batch;
    options.callback = hear;
    options.user = told;
    ck_assert_int_eq(mlp_model_create(&t->spec, 1, &model, NULL), MLP_OK);
    mlp_status status = mlp_train_resumable(model, t->train, &held_out, &t->options, &options,
                                            &callbacks, result, error);
    if (status == MLP_OK)
        ck_assert_int_eq(mlp_model_save(model, in_folder(name), NULL), MLP_OK);
    mlp_model_destroy(model);
    return status;
}

static void expect_trained(const struct task *t, const mlp_checkpoint_options *checkpoints,
                           struct told *told, mlp_train_result *result, const char *name)
{
    mlp_error error = {.message = ""};
    mlp_status status = train(t, checkpoints, told, result, name, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
}

static void expect_same_file(const char *one, const char *other)
{
    size_t size;
    char *bytes = get_file(in_folder(one), &size);
    ck_assert_msg(file_is(in_folder(other), bytes, size), "%s and %s differ", one, other);
    free(bytes);
}

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* The path of the checkpoint, in memory of its own. */
static char checkpoint[PATH_SIZE], previous[PATH_SIZE + 16];

static void set_up(void)
{
    folder_make();
    snprintf(checkpoint, sizeof checkpoint, "%s", in_folder("checkpoint"));
    snprintf(previous, sizeof previous, "%s.previous", checkpoint);
}

/* Trains without a break, then anew with an end after every single step, from each of which a run
 * of its own goes on; both must end with the same file and the same history. */
static void expect_same_after_every_step(struct task *t)
{
    struct told whole = {0}, parts = {0};
    mlp_train_result expected, found;
    mlp_checkpoint_options none = {0}, saving = {.path = checkpoint};
    size_t resumed_within = 0, runs = 0;
    expect_trained(t, &none, &whole, &expected, "whole");
    do {
        t->options.threads = (int)(runs % 3) + 1;
        t->options.max_seconds = runs % 5 < 4 ? 1e-9 : 0; /* one step, or at last the rest */
        if (runs % 5 == 4 && runs < 20)
            t->options.max_seconds = 1e-9;
        expect_trained(t, &saving, &parts, &found, "parts");
        ck_assert(!found.checkpoint_failed);
        ck_assert_uint_eq(parts.resumed, runs > 0);
        resumed_within += parts.step > 0;
        saving.resume = checkpoint;
        runs++;
    } while (found.stop == MLP_STOP_TIME);
    t->options.max_seconds = 0;
    ck_assert_uint_gt(resumed_within, 3);
    expect_trained(t, &saving, &parts, &found, "parts"); /* once more, though it is over */
    ck_assert_int_eq(found.stop, expected.stop);
    ck_assert_uint_eq(found.epochs, expected.epochs);
    ck_assert_uint_eq(found.steps, expected.steps);
    ck_assert_uint_eq(found.best_epoch, expected.best_epoch);
    expect_same_file("whole", "parts");
    ck_assert_uint_eq(parts.epochs, whole.epochs);
    for (size_t i = 0; i < whole.epochs; i++)
        ck_assert(same_double(parts.loss[i], whole.loss[i]) &&
                  same_double(parts.valid_loss[i], whole.valid_loss[i]) &&
                  same_double(parts.rate[i], whole.rate[i]));
}

/* --- Going on ----------------------------------------------------------------------- */

START_TEST(every_optimizer_goes_on_after_every_step)
{
    struct task t;
    begin(&t, "moons", MLP_CROSS_ENTROPY);
    mlp_optimizer_defaults((mlp_optimizer)_i, &t.options);
    expect_same_after_every_step(&t);
    end(&t);
}
END_TEST

START_TEST(dropout_and_layer_normalisation_go_on)
{
    struct task t;
    begin(&t, "spirals", MLP_CROSS_ENTROPY);
    t.layers[0].norm = t.layers[1].norm = MLP_NORM_LAYER;
    t.layers[1].dropout = 0.25f;
    expect_same_after_every_step(&t);
    end(&t);
}
END_TEST

START_TEST(batch_normalisation_goes_on)
{
    struct task t;
    begin(&t, "spirals", MLP_CROSS_ENTROPY);
    t.layers[0].norm = t.layers[1].norm = MLP_NORM_BATCH;
    t.layers[0].dropout = 0.5f;
    expect_same_after_every_step(&t);
    end(&t);
}
END_TEST

START_TEST(schedules_go_on)
{
    static const char *const schedules[] = {"step:1:0.5", "exponential:0.7", "cosine:0.1",
                                            "one_cycle", "plateau:1:0.3"};
    struct task t;
    begin(&t, "moons", MLP_CROSS_ENTROPY);
    ck_assert_int_eq(mlp_schedule_parse(schedules[_i], &t.options.schedule, NULL), MLP_OK);
    t.options.schedule.warmup_steps = 7;
    t.options.learning_rate = _i == 4 ? 0.5 : 0.01; /* so high that there are plateaus */
    expect_same_after_every_step(&t);
    end(&t);
}
END_TEST

START_TEST(early_stopping_goes_on_and_the_best_comes_back)
{
    struct task t;
    begin(&t, "sine", MLP_MSE);
    t.options.learning_rate = 0.3;
    t.options.epochs = 40;
    t.options.patience = 2;
    t.options.restore_best = true;
    t.options.clip_norm = 1;
    struct told told = {0};
    mlp_train_result result;
    mlp_checkpoint_options none = {0};
    expect_trained(&t, &none, &told, &result, "whole");
    ck_assert_int_eq(result.stop, MLP_STOP_PATIENCE);
    ck_assert_uint_lt(result.best_epoch, result.epochs);
    expect_same_after_every_step(&t);
    end(&t);
}
END_TEST

START_TEST(a_perceptron_that_runs_in_circles_goes_on)
{
    struct task t;
    begin(&t, "moons", MLP_PERCEPTRON);
    t.spec.layer_count = 1;
    t.layers[0] = (mlp_layer_spec){.units = 1};
    mlp_optimizer_defaults(MLP_SGD, &t.options);
    t.options.shuffle = false;
    t.options.learning_rate = 1;
    t.options.epochs = 5;
    expect_same_after_every_step(&t);
    end(&t);
}
END_TEST

START_TEST(a_complete_run_is_only_read)
{
    struct task t;
    struct told told = {0};
    mlp_train_result first, second;
    mlp_checkpoint_options saving = {.path = checkpoint};
    begin(&t, "moons", MLP_CROSS_ENTROPY);
    expect_trained(&t, &saving, &told, &first, "whole");
    saving.resume = checkpoint;
    expect_trained(&t, &saving, &told, &second, "parts");
    ck_assert_uint_eq(second.steps, first.steps);
    ck_assert_uint_eq(told.epoch, 3);
    expect_same_file("whole", "parts");
    expect_same_file("checkpoint", "checkpoint.previous");
    end(&t);
}
END_TEST

/* A constant schedule does not read the number of epochs: more of them are a longer run. */
START_TEST(more_epochs_go_on_from_fewer)
{
    struct task t;
    struct told told = {0};
    mlp_train_result result;
    mlp_error error;
    mlp_checkpoint_options none = {0}, saving = {.path = checkpoint};
    begin(&t, "moons", MLP_CROSS_ENTROPY);
    t.options.epochs = 5;
    expect_trained(&t, &none, &told, &result, "whole");
    t.options.epochs = 2;
    expect_trained(&t, &saving, &told, &result, "parts");
    saving.resume = checkpoint;
    t.options.epochs = 5;
    expect_trained(&t, &saving, &told, &result, "parts");
    expect_same_file("whole", "parts");

    t.options.epochs = 4;
    ck_assert_int_eq(train(&t, &saving, &told, &result, "parts", &error), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(error.message, "epochs 5, found 4"));
    t.options.epochs = 5;

    ck_assert_int_eq(mlp_schedule_parse("cosine", &t.options.schedule, NULL), MLP_OK);
    saving.resume = NULL;
    expect_trained(&t, &saving, &told, &result, "parts");
    saving.resume = checkpoint;
    t.options.epochs = 6;
    ck_assert_int_eq(train(&t, &saving, &told, &result, "parts", &error), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(error.message, "epochs 5, found 6"));
    end(&t);
}
END_TEST

/* The instruction set and the thread count of either run do not matter, nor does the plan. */
START_TEST(any_instruction_set_goes_on)
{
    struct task t;
    struct told told = {0};
    mlp_train_result result;
    mlp_checkpoint_options none = {0}, saving = {.path = checkpoint};
    begin(&t, "spirals", MLP_CROSS_ENTROPY);
    expect_trained(&t, &none, &told, &result, "whole");
    for (size_t i = 0; i < mlp_isa_count(); i++) {
        size_t other = (i + 1) % mlp_isa_count();
        if (!mlp_isa_supported(i) || !mlp_isa_supported(other))
            continue;
        saving.resume = NULL;
        told.stop_after = 1;
        ck_assert_int_eq(mlp_isa_select(mlp_isa_name(i), NULL), MLP_OK);
        expect_trained(&t, &saving, &told, &result, "parts");
        ck_assert_int_eq(result.stop, MLP_STOP_CALLBACK);
        told.stop_after = 0;
        saving.resume = checkpoint;
        ck_assert_int_eq(mlp_isa_select(mlp_isa_name(other), NULL), MLP_OK);
        expect_trained(&t, &saving, &told, &result, "parts");
        ck_assert_uint_eq(told.epoch, 1);
        expect_same_file("whole", "parts");
    }
    ck_assert_int_eq(mlp_isa_select(NULL, NULL), MLP_OK);
    end(&t);
}
END_TEST

START_TEST(bytes_do_not_depend_on_threads)
{
    struct task t;
    struct told told = {0};
    mlp_train_result result;
    mlp_checkpoint_options saving = {.path = checkpoint};
    begin(&t, "moons", MLP_CROSS_ENTROPY);
    expect_trained(&t, &saving, &told, &result, "model");
    size_t size;
    char *bytes = get_file(checkpoint, &size);
    t.options.threads = 3;
    expect_trained(&t, &saving, &told, &result, "model");
    ck_assert(file_is(checkpoint, bytes, size));
    free(bytes);
    end(&t);
}
END_TEST

START_TEST(a_checkpoint_is_a_model)
{
    struct task t;
    struct told told = {0};
    mlp_train_result result;
    mlp_checkpoint_options saving = {.path = checkpoint, .every_epochs = 1};
    mlp_model *one, *other;
    char a[65], b[65];
    begin(&t, "moons", MLP_CROSS_ENTROPY);
    expect_trained(&t, &saving, &told, &result, "model");
    ck_assert_int_eq(mlp_model_load(in_folder("model"), &one, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_load(checkpoint, &other, NULL), MLP_OK);
    mlp_model_fingerprint(one, a);
    mlp_model_fingerprint(other, b);
    ck_assert_str_eq(a, b);
    mlp_model_destroy(one);
    mlp_model_destroy(other);
    ck_assert_int_eq(mlp_model_load(in_folder("checkpoint.best"), &one, NULL), MLP_OK);
    mlp_evaluation found;
    ck_assert_int_eq(mlp_model_evaluate(one, t.valid, 1, &found, NULL), MLP_OK);
    ck_assert(same_double(found.loss, told.valid_loss[result.best_epoch - 1]));
    mlp_model_destroy(one);
    end(&t);
}
END_TEST

/* --- Damage --------------------------------------------------------------------------- */

/* A small run's checkpoint after its first step, within an epoch. */
static void small_checkpoint(struct task *t, mlp_checkpoint_options *resuming)
{
    struct told told = {0};
    mlp_train_result result;
    mlp_checkpoint_options saving = {.path = checkpoint};
    begin(t, "and", MLP_CROSS_ENTROPY);
    mlp_dataset_destroy(t->valid);
    t->valid = NULL;
    t->spec.layer_count = 1;
    t->layers[0] = (mlp_layer_spec){.units = 2};
    t->options.batch = 1;
    t->options.max_seconds = 1e-9;
    expect_trained(t, &saving, &told, &result, "model");
    ck_assert_uint_eq(result.steps, 1);
    remove(previous);
    *resuming = (mlp_checkpoint_options){.resume = checkpoint};
}

/* The checkpoint, as it is on the disk, is refused with `reason`. */
static void expect_refused(const struct task *t, const mlp_checkpoint_options *resuming,
                           mlp_status status, const char *reason)
{
    struct told told = {0};
    mlp_train_result result;
    mlp_error error = {.message = ""};
    long live = mlp_alloc_live();
    mlp_status found = train(t, resuming, &told, &result, "model", &error);
    ck_assert_msg(found == status, "found %d (%s), expected %d for %s", found, error.message,
                  status, reason);
    ck_assert_msg(strstr(error.message, reason) != NULL, "'%s' says not '%s'", error.message,
                  reason);
    ck_assert_ptr_null(strchr(error.message, '\n'));
    ck_assert_uint_eq(told.resumed, 0);
    ck_assert_int_eq(mlp_alloc_live(), live);
}

START_TEST(case_87_truncation_at_every_byte)
{
    struct task t;
    mlp_checkpoint_options resuming;
    small_checkpoint(&t, &resuming);
    size_t size;
    char *bytes = get_file(checkpoint, &size);
    for (size_t length = 0; length < size; length++) {
        put_file(checkpoint, bytes, length);
        expect_refused(&t, &resuming, MLP_ERROR_DATA, checkpoint);
    }
    free(bytes);
    end(&t);
}
END_TEST

START_TEST(case_88_every_single_bit_flip)
{
    struct task t;
    mlp_checkpoint_options resuming;
    small_checkpoint(&t, &resuming);
    size_t size;
    char *bytes = get_file(checkpoint, &size);
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
            put_file(checkpoint, bytes, size);
            expect_refused(&t, &resuming, MLP_ERROR_DATA, checkpoint);
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
        }
    }
    free(bytes);
    end(&t);
}
END_TEST

/* Replaces a text of the checkpoint's header by one of the same length, and makes the checksum
 * right again. */
static void edit(const char *from, const char *to)
{
    size_t size;
    char *bytes = get_file(checkpoint, &size), sum[MLP_HASH_TEXT];
    size_t header = 8 + (size_t)mlp_load_u64((unsigned char *)bytes), length = strlen(from);
    size_t at = 8;
    ck_assert_uint_eq(strlen(to), length);
    while (at + length < header && memcmp(bytes + at, from, length) != 0)
        at++;
    ck_assert_msg(at + length < header, "no '%s' in the header", from);
    memcpy(bytes + at, to, length);
    size_t digits = mlp_checkpoint_find_checksum((unsigned char *)bytes, header);
    ck_assert_uint_gt(digits, 0);
    mlp_checkpoint_checksum((unsigned char *)bytes, size, digits, sum);
    memcpy(bytes + digits, sum, sizeof sum - 1);
    put_file(checkpoint, bytes, size);
    free(bytes);
}

START_TEST(case_89_newer_version)
{
    struct task t;
    mlp_checkpoint_options resuming;
    small_checkpoint(&t, &resuming);
    edit("\"mlp.checkpoint\":\"1\"", "\"mlp.checkpoint\":\"2\"");
    expect_refused(&t, &resuming, MLP_ERROR_DATA, "is a checkpoint of version '2', expected '1'");
    end(&t);
}
END_TEST

START_TEST(case_90_other_options)
{
    struct task t;
    mlp_checkpoint_options resuming;
    small_checkpoint(&t, &resuming);
    t.options.optimizer = MLP_LION;
    expect_refused(&t, &resuming, MLP_ERROR_USAGE, "optimizer \"adam\", found \"lion\"");
    t.options.optimizer = MLP_ADAM;
    t.options.learning_rate = 0.5;
    expect_refused(&t, &resuming, MLP_ERROR_USAGE, "learning_rate 0.001, found 0.5");
    t.options.learning_rate = 0.001;
    t.options.seed = 2;
    expect_refused(&t, &resuming, MLP_ERROR_USAGE, "seed 1, found 2");
    t.options.seed = 1;
    t.spec.init = MLP_INIT_GLOROT;
    expect_refused(&t, &resuming, MLP_ERROR_USAGE, "init ");
    t.spec.init = MLP_INIT_HE;
    t.spec.loss = MLP_BINARY_CROSS_ENTROPY;
    expect_refused(&t, &resuming, MLP_ERROR_USAGE, "is of another network: its mlp.loss");
    t.spec.loss = MLP_CROSS_ENTROPY;
    t.spec.layer_count = 2;
    t.layers[1] = (mlp_layer_spec){.units = 2};
    expect_refused(&t, &resuming, MLP_ERROR_USAGE, "is of another network: its mlp.widths");
    end(&t);
}
END_TEST

START_TEST(case_91_other_data)
{
    struct task t;
    mlp_checkpoint_options resuming;
    small_checkpoint(&t, &resuming);
    mlp_dataset *train_set = t.train;
    ck_assert_int_eq(mlp_dataset_open("or", MLP_TRAIN, &t.train, NULL), MLP_OK);
    expect_refused(&t, &resuming, MLP_ERROR_DATA, "is of a run on other data");
    mlp_dataset_destroy(t.train);
    t.train = train_set;
    t.valid = t.train;
    expect_refused(&t, &resuming, MLP_ERROR_DATA, "is of a run with other validation data");
    t.valid = NULL;
    end(&t);
}
END_TEST

START_TEST(case_92_position_beyond_the_epoch)
{
    struct task t;
    mlp_checkpoint_options resuming;
    small_checkpoint(&t, &resuming);
    edit("\"mlp.checkpoint.step\":\"1\"", "\"mlp.checkpoint.step\":\"9\"");
    expect_refused(&t, &resuming, MLP_ERROR_DATA, "is at step 9 of epoch 1, which has 3");
    edit("\"mlp.checkpoint.step\":\"9\"", "\"mlp.checkpoint.step\":\"2\"");
    expect_refused(&t, &resuming, MLP_ERROR_DATA, "has 1 steps in 0 epochs of 3 and 2 more");
    edit("\"mlp.checkpoint.epoch\":\"1\"", "\"mlp.checkpoint.epoch\":\"0\"");
    expect_refused(&t, &resuming, MLP_ERROR_DATA, "is in epoch 0 after 0 complete ones");
    edit("\"mlp.checkpoint.epoch\":\"0\"", "\"mlp.checkpoint.epoch\":\"x\"");
    expect_refused(&t, &resuming, MLP_ERROR_DATA, "mlp.checkpoint.epoch is 'x', expected a number");
    end(&t);
}
END_TEST

START_TEST(a_moment_of_another_shape)
{
    struct task t;
    mlp_checkpoint_options resuming;
    small_checkpoint(&t, &resuming);
    edit("\"checkpoint.0.bias.m\"", "\"checkpoint.0.bias.x\"");
    expect_refused(&t, &resuming, MLP_ERROR_DATA, "found no tensor 'checkpoint.0.bias.m'");
    end(&t);
}
END_TEST

START_TEST(case_94_the_one_before_takes_its_place)
{
    struct task t;
    struct told told = {0};
    mlp_train_result result;
    mlp_error error;
    mlp_checkpoint_options resuming, none = {0};
    small_checkpoint(&t, &resuming);
    t.options.max_seconds = 0;
    expect_trained(&t, &none, &told, &result, "whole");
    size_t size;
    char *bytes = get_file(checkpoint, &size);
    put_file(previous, bytes, size);
    bytes[size / 2] ^= 1;
    put_file(checkpoint, bytes, size);
    expect_trained(&t, &resuming, &told, &result, "parts");
    ck_assert_uint_eq(told.damaged, 1);
    ck_assert_uint_eq(told.resumed, 1);
    ck_assert_ptr_nonnull(strstr(told.message, checkpoint));
    expect_same_file("whole", "parts");

    remove(checkpoint);
    ck_assert(mlp_checkpoint_exists(checkpoint));
    expect_trained(&t, &resuming, &told, &result, "parts");
    ck_assert_uint_eq(told.resumed, 1);
    expect_same_file("whole", "parts");

    put_file(checkpoint, bytes, size);
    put_file(previous, bytes, size);
    ck_assert_int_eq(train(&t, &resuming, &told, &result, "parts", &error), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "and the one before it: "));
    ck_assert_ptr_nonnull(strstr(error.message, previous));
    remove(checkpoint);
    remove(previous);
    ck_assert(!mlp_checkpoint_exists(checkpoint));
    ck_assert_int_eq(train(&t, &resuming, &told, &result, "parts", &error), MLP_ERROR_INTERNAL);
    free(bytes);
    end(&t);
}
END_TEST

START_TEST(case_95_bytes_of_another_endianness)
{
    struct task t;
    mlp_checkpoint_options resuming;
    small_checkpoint(&t, &resuming);
    size_t size;
    char *bytes = get_file(checkpoint, &size);
    for (size_t i = 0; i < 4; i++) {
        char byte = bytes[i];
        bytes[i] = bytes[7 - i];
        bytes[7 - i] = byte;
    }
    put_file(checkpoint, bytes, size);
    expect_refused(&t, &resuming, MLP_ERROR_DATA, "which is no whole checkpoint");
    free(bytes);
    end(&t);
}
END_TEST

START_TEST(a_model_is_no_checkpoint)
{
    struct task t;
    mlp_checkpoint_options resuming;
    small_checkpoint(&t, &resuming);
    size_t size;
    char *bytes = get_file(in_folder("model"), &size);
    put_file(checkpoint, bytes, size);
    expect_refused(&t, &resuming, MLP_ERROR_DATA, "found no mlp.checkpoint.checksum");
    free(bytes);
    end(&t);
}
END_TEST

/* --- Failures ------------------------------------------------------------------------- */

START_TEST(every_allocation_of_going_on_fails)
{
    struct task t;
    struct told told = {0};
    mlp_train_result result;
    mlp_error error;
    mlp_checkpoint_options resuming;
    small_checkpoint(&t, &resuming);
    t.options.max_seconds = 0;
    expect_trained(&t, &resuming, &told, &result, "whole");
    long live = mlp_alloc_live();
    mlp_status status = MLP_ERROR_INTERNAL;
    unsigned long n = 0;
    while (status != MLP_OK) {
        mlp_model *model;
        ck_assert_int_eq(mlp_model_create(&t.spec, 1, &model, NULL), MLP_OK);
        mlp_alloc_fail_at(++n, _i);
        status =
            mlp_train_resumable(model, t.train, NULL, &t.options, &resuming, NULL, &result, &error);
        mlp_alloc_fail_at(0, 0);
        ck_assert(status == MLP_OK || status == MLP_ERROR_INTERNAL);
        mlp_model_destroy(model);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
    ck_assert_uint_gt(n, 15);
    end(&t);
}
END_TEST

/* A write that fails costs neither the run nor the checkpoint before it. */
START_TEST(a_failed_write_is_told_and_tried_again)
{
    struct task t;
    struct told told = {0};
    mlp_train_result result;
    mlp_checkpoint_options saving = {.path = checkpoint};
    begin(&t, "moons", MLP_CROSS_ENTROPY);
    expect_trained(&t, &saving, &told, &result, "whole");
    size_t size;
    char *bytes = get_file(checkpoint, &size);
    char gone[PATH_SIZE + 16];
    snprintf(gone, sizeof gone, "%s/no/folder", checkpoint);
    saving.path = gone; /* in a folder that is a file */
    saving.every_steps = 1;
    expect_trained(&t, &saving, &told, &result, "parts");
    ck_assert(result.checkpoint_failed);
    ck_assert_uint_gt(told.failed, 1);
    ck_assert_ptr_nonnull(strstr(told.message, gone));
    expect_same_file("whole", "parts");
    ck_assert(file_is(checkpoint, bytes, size));
    free(bytes);
    end(&t);
}
END_TEST

START_TEST(memory_that_is_short_for_a_checkpoint_does_not_end_the_run)
{
    struct task t;
    struct told told = {0};
    mlp_train_result result;
    mlp_checkpoint_options saving = {.path = checkpoint};
    mlp_model *model;
    begin(&t, "moons", MLP_CROSS_ENTROPY);
    saving.callback = hear;
    saving.user = &told;
    long live = mlp_alloc_live();
    mlp_status status = MLP_ERROR_INTERNAL;
    for (unsigned long n = 1; status != MLP_OK || result.checkpoint_failed; n++) {
        ck_assert_int_eq(mlp_model_create(&t.spec, 1, &model, NULL), MLP_OK);
        mlp_alloc_fail_at(n, 1);
        status =
            mlp_train_resumable(model, t.train, NULL, &t.options, &saving, NULL, &result, NULL);
        mlp_alloc_fail_at(0, 0);
        mlp_model_destroy(model);
        ck_assert_int_eq(mlp_alloc_live(), live);
        ck_assert_uint_lt(n, 1000);
    }
    ck_assert_uint_gt(told.failed, 0);
    ck_assert_ptr_nonnull(strstr(told.message, "memory"));
    end(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *resume = tcase_create("resume");
    tcase_set_timeout(resume, 300);
    tcase_add_checked_fixture(resume, set_up, folder_remove);
    tcase_add_loop_test(resume, every_optimizer_goes_on_after_every_step, 0, MLP_LION + 1);
    tcase_add_test(resume, dropout_and_layer_normalisation_go_on);
    tcase_add_test(resume, batch_normalisation_goes_on);
    tcase_add_loop_test(resume, schedules_go_on, 0, 5);
    tcase_add_test(resume, early_stopping_goes_on_and_the_best_comes_back);
    tcase_add_test(resume, a_perceptron_that_runs_in_circles_goes_on);
    tcase_add_test(resume, a_complete_run_is_only_read);
    tcase_add_test(resume, more_epochs_go_on_from_fewer);
    tcase_add_test(resume, any_instruction_set_goes_on);
    tcase_add_test(resume, bytes_do_not_depend_on_threads);
    tcase_add_test(resume, a_checkpoint_is_a_model);
    suite_add_tcase(suite, resume);

    TCase *damage = tcase_create("damage");
    tcase_set_timeout(damage, 300);
    tcase_add_checked_fixture(damage, set_up, folder_remove);
    tcase_add_test(damage, case_87_truncation_at_every_byte);
    tcase_add_test(damage, case_88_every_single_bit_flip);
    tcase_add_test(damage, case_89_newer_version);
    tcase_add_test(damage, case_90_other_options);
    tcase_add_test(damage, case_91_other_data);
    tcase_add_test(damage, case_92_position_beyond_the_epoch);
    tcase_add_test(damage, a_moment_of_another_shape);
    tcase_add_test(damage, case_94_the_one_before_takes_its_place);
    tcase_add_test(damage, case_95_bytes_of_another_endianness);
    tcase_add_test(damage, a_model_is_no_checkpoint);
    suite_add_tcase(suite, damage);

    TCase *failures = tcase_create("failures");
    tcase_set_timeout(failures, 300);
    tcase_add_checked_fixture(failures, set_up, folder_remove);
    tcase_add_loop_test(failures, every_allocation_of_going_on_fails, 0, 2);
    tcase_add_test(failures, a_failed_write_is_told_and_tried_again);
    tcase_add_test(failures, memory_that_is_short_for_a_checkpoint_does_not_end_the_run);
    suite_add_tcase(suite, failures);
    return suite_run(suite);
}
