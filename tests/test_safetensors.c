/* SPDX-License-Identifier: MIT */
/* Saving and loading models, their fingerprint, damaged files. */
#include "alloc.h"
#include "bytes.h"
#include "file.h"
#include "folder.h"
#include "loading.h"
#include "suite.h"

#include <mlp/model.h>

#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Good models ------------------------------------------------------------ */

static const mlp_layer_spec small_layers[] = {{17, MLP_RELU, MLP_NORM_NONE, 0},
                                              {2, MLP_IDENTITY, MLP_NORM_NONE, 0}};
static const mlp_spec small_spec = {.inputs = 3, .layer_count = 2, .layers = small_layers};
enum { SMALL_BYTES = 4 * (17 * 3 + 17 + 2 * 17 + 2) }; /* of all its weights */

/* From Python's struct.pack and hashlib over the same numbers. */
static const char small_fingerprint[] =
    "c2823f290400ec0ea07ee05bb39be8f1226487d480f2bbaea8bfb041b26fe048";

static mlp_model *small_model(void)
{
    return make_model(&small_spec);
}

/* Models that are damaged below, and the bytes of their tensors. */
static const struct {
    mlp_model *(*make)(void);
    size_t bytes;
} victims[] = {
    {small_model, SMALL_BYTES},
    {full_model, 4 * (FULL_HIDDEN * FULL_INPUTS + 5 * FULL_HIDDEN + FULL_HIDDEN + 1)},
};
enum { VICTIMS = sizeof victims / sizeof victims[0] };

static void assert_equal_specs(const mlp_spec *a, const mlp_spec *b)
{
    ck_assert_uint_eq(a->inputs, b->inputs);
    ck_assert_uint_eq(a->layer_count, b->layer_count);
    ck_assert_int_eq(a->loss, b->loss);
    ck_assert(a->huber_delta == b->huber_delta);
    for (size_t l = 0; l < a->layer_count; l++) {
        ck_assert_uint_eq(a->layers[l].units, b->layers[l].units);
        ck_assert_int_eq(a->layers[l].activation, b->layers[l].activation);
        ck_assert_int_eq(a->layers[l].norm, b->layers[l].norm);
        ck_assert(a->layers[l].dropout == b->layers[l].dropout);
    }
}

static void assert_equal_arrays(const float *a, const float *b, size_t count)
{
    ck_assert_int_eq(a == NULL, b == NULL);
    if (a)
        ck_assert_int_eq(memcmp(a, b, count * sizeof *a), 0);
}

static void assert_equal_scaling(const mlp_model *a, const mlp_model *b)
{
    mlp_scaling x = mlp_model_scaling(a), y = mlp_model_scaling(b);
    assert_equal_arrays(x.input_mean, y.input_mean, mlp_model_inputs(a));
    assert_equal_arrays(x.input_factor, y.input_factor, mlp_model_inputs(a));
    assert_equal_arrays(x.target_mean, y.target_mean, mlp_model_outputs(a));
    assert_equal_arrays(x.target_scale, y.target_scale, mlp_model_outputs(a));
}

static void assert_equal_predictions(const mlp_model *a, const mlp_model *b)
{
    enum { COUNT = 3 };
    size_t in = mlp_model_inputs(a), out = mlp_model_outputs(a);
    float *x = calloc(COUNT * in, sizeof *x), *p = calloc(2 * COUNT * out, sizeof *p);
    for (size_t i = 0; i < COUNT * in; i++)
        x[i] = (float)(i * 7 % 11) / 8 - 0.625f;
    ck_assert_int_eq(mlp_model_predict_f32(a, x, COUNT, 1, p, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_predict_f32(b, x, COUNT, 1, p + COUNT * out, NULL), MLP_OK);
    assert_equal_arrays(p, p + COUNT * out, COUNT * out);
    free(p);
    free(x);
}

static void assert_equal(const mlp_model *a, const mlp_model *b)
{
    char print_a[65], print_b[65];
    assert_equal_specs(mlp_model_spec(a), mlp_model_spec(b));
    ck_assert(mlp_model_input_divisor(a) == mlp_model_input_divisor(b));
    assert_equal_scaling(a, b);
    assert_equal_predictions(a, b);
    mlp_model_fingerprint(a, print_a);
    mlp_model_fingerprint(b, print_b);
    ck_assert_str_eq(print_a, print_b);
}

/* Saves, loads and compares, and destroys the model. */
static void assert_kept(mlp_model *model)
{
    size_t size;
    mlp_error error;
    mlp_model *loaded = NULL;
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    ck_assert_msg(mlp_model_load(in_folder("model"), &loaded, &error) == MLP_OK, "%s",
                  error.message);
    assert_equal(model, loaded);
    char *bytes = get_file(in_folder("model"), &size);
    ck_assert_int_eq(mlp_model_save(loaded, in_folder("model"), NULL), MLP_OK);
    ck_assert(file_is(in_folder("model"), bytes, size));
    free(bytes);
    mlp_model_destroy(loaded);
    mlp_model_destroy(model);
}

START_TEST(shapes_are_kept)
{
    static const struct {
        size_t layer_count, widths[7];
    } shapes[] = {
        {1, {1, 2}},
        {1, {784, 10}},
        {2, {3, 1, 2}},
        {6, {16, 15, 17, 33, 1, 48, 256}},
    };
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        mlp_layer_spec layers[6] = {{0}};
        for (size_t l = 0; l < shapes[s].layer_count; l++)
            layers[l].units = shapes[s].widths[l + 1];
        assert_kept(make_model(&(mlp_spec){.inputs = shapes[s].widths[0],
                                           .layer_count = shapes[s].layer_count,
                                           .layers = layers}));
    }
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

/* Whether there is such a network. */
static bool is_offered(const mlp_spec *spec)
{
    mlp_model *model = NULL;
    mlp_status status = mlp_model_create(spec, 1, &model, NULL);
    mlp_model_destroy(model);
    return status == MLP_OK;
}

START_TEST(every_activation_norm_and_loss_is_kept)
{
    size_t kept = 0;
    for (size_t a = 0; mlp_activation_name(a); a++) {
        for (size_t n = 0; mlp_norm_name(n); n++) {
            for (size_t loss = 0; mlp_loss_name(loss); loss++) {
                mlp_layer_spec layers[] = {{5, (mlp_activation)a, (mlp_norm)n, 0},
                                           {17, MLP_RELU, (mlp_norm)n, 0.1f},
                                           {2, MLP_IDENTITY, MLP_NORM_NONE, 0}};
                mlp_spec spec = {.inputs = 3, .layer_count = 3, .layers = layers};
                spec.loss = (mlp_loss)loss;
                kept += is_offered(&spec);
                if (is_offered(&spec))
                    assert_kept(make_model(&spec));
                layers[2].activation = (mlp_activation)a; /* some losses take it */
                layers[2].units = 1;
                if (is_offered(&spec))
                    assert_kept(make_model(&spec));
            }
        }
    }
    ck_assert_uint_ge(kept, 300);
}
END_TEST

START_TEST(numbers_are_kept_to_the_bit)
{
    static const float dropouts[] = {0, 0.1f, 0.2f, 1.0f / 3, 0.99999994f, 1e-45f, 1.1e-38f};
    static const float deltas[] = {1e-45f, 1.0f / 3, 1, 1.0000001f, 1e6f, 3.4028235e38f};
    for (size_t i = 0; i < sizeof dropouts / sizeof dropouts[0]; i++) {
        mlp_layer_spec layers[] = {{2, MLP_RELU, MLP_NORM_NONE, dropouts[i]},
                                   {2, MLP_IDENTITY, MLP_NORM_NONE, 0}};
        assert_kept(make_model(&(mlp_spec){.inputs = 1, .layer_count = 2, .layers = layers}));
    }
    for (size_t i = 0; i < sizeof deltas / sizeof deltas[0]; i++) {
        mlp_layer_spec layer = {1, MLP_IDENTITY, MLP_NORM_NONE, 0};
        assert_kept(make_model(&(mlp_spec){.inputs = 1,
                                           .layer_count = 1,
                                           .layers = &layer,
                                           .loss = MLP_HUBER,
                                           .huber_delta = deltas[i]}));
    }
}
END_TEST

START_TEST(scaling_is_kept)
{
    for (size_t loss = 0; mlp_loss_name(loss); loss++) {
        for (int targets = 0; targets <= 1; targets++) {
            mlp_layer_spec layer = {1, MLP_IDENTITY, MLP_NORM_NONE, 0};
            mlp_spec spec = {.inputs = 4, .layer_count = 1, .layers = &layer};
            spec.loss = (mlp_loss)loss;
            if (!is_offered(&spec))
                continue;
            mlp_model *model = make_model(&spec);
            standardize(model, targets && mlp_model_scales_targets(model));
            assert_kept(model);
        }
    }
    assert_kept(full_model());
}
END_TEST

START_TEST(the_fingerprint_is_sha256_of_out_in_order)
{
    char fingerprint[65];
    mlp_model *model = small_model();
    mlp_model_fingerprint(model, fingerprint);
    ck_assert_str_eq(fingerprint, small_fingerprint);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(the_same_model_gives_the_same_bytes)
{
    size_t size;
    mlp_model *model = small_model();
    ck_assert_int_eq(mlp_model_save(model, in_folder("a"), NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_save(model, in_folder("b"), NULL), MLP_OK);
    char *bytes = get_file(in_folder("a"), &size);
    ck_assert(file_is(in_folder("b"), bytes, size));
    free(bytes);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(the_file_is_as_the_specification_says)
{
    size_t size;
    mlp_model *model = small_model();
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    unsigned char *bytes = (unsigned char *)get_file(in_folder("model"), &size);
    uint64_t length = mlp_load_u64(bytes), start = 8 + length;
    ck_assert_uint_eq(start % 64, 0);
    ck_assert_uint_eq(start + SMALL_BYTES, size);
    ck_assert_int_eq(bytes[8], '{');

    json_t *header = json_loadb((char *)bytes + 8, length, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(header);
    ck_assert_uint_eq(json_object_size(header), 5);
    json_t *metadata = json_object_get(header, "__metadata__");
    ck_assert_str_eq(json_string_value(json_object_get(metadata, "format")), "pt");
    ck_assert_str_eq(json_string_value(json_object_get(metadata, "mlp.widths")), "3,17,2");
    ck_assert_str_eq(json_string_value(json_object_get(metadata, "mlp.activations")),
                     "relu,identity");
    ck_assert_str_eq(json_string_value(json_object_get(metadata, "mlp.loss")), "cross_entropy");
    ck_assert_str_eq(json_string_value(json_object_get(metadata, "mlp.input_divisor")), "255");
    ck_assert_uint_eq(json_object_size(metadata), 9); /* and fingerprint and test vectors */

    const char *type;
    json_int_t out, in, begin, end;
    json_t *tensor = json_object_get(header, "2.weight");
    ck_assert_int_eq(json_unpack(tensor, "{s:s, s:[I,I], s:[I,I]}", "dtype", &type, "shape", &out,
                                 &in, "data_offsets", &begin, &end),
                     0);
    ck_assert_str_eq(type, "F32");
    ck_assert_int_eq(out, 2);
    ck_assert_int_eq(in, 17);
    ck_assert_int_eq(end - begin, 2 * 17 * 4);
    float weight[2 * 17], expected[2 * 17];
    mlp_load_f32(weight, bytes + start + begin, 2 * 17);
    mlp_model_get_layer(model, 1, expected, NULL);
    ck_assert_int_eq(memcmp(weight, expected, sizeof weight), 0);
    json_decref(header);
    free(bytes);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(modules_and_metadata_of_a_model_that_has_everything)
{
    static const char *const tensors[] = {"0.weight",       "0.bias",        "1.weight", "1.bias",
                                          "1.running_mean", "1.running_var", "4.weight", "4.bias"};
    static const char *const texts[][2] = {
        {"mlp.widths", "2,3,1"},
        {"mlp.activations", "gelu,identity"},
        {"mlp.loss", "huber"},
        {"mlp.norms", "batch,none"},
        {"mlp.dropout", "0.2,0"},
        {"mlp.huber_delta", "0.3"},
        {"mlp.input_mean", "40000000,40400000"}, /* 2, and 3 as a constant */
    };
    size_t size;
    mlp_model *model = full_model();
    mlp_scaling scaling = mlp_model_scaling(model);
    ck_assert(scaling.input_mean[1] == 3 && scaling.input_factor[1] == 0);
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    char *bytes = get_file(in_folder("model"), &size);
    json_t *header =
        json_loadb(bytes + 8, mlp_load_u64((unsigned char *)bytes), JSON_REJECT_DUPLICATES, NULL);
    enum { TENSORS = sizeof tensors / sizeof tensors[0] };
    ck_assert_uint_eq(json_object_size(header), TENSORS + 1);
    for (size_t i = 0; i < TENSORS; i++)
        ck_assert_msg(json_object_get(header, tensors[i]) != NULL, "no %s", tensors[i]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *text = json_object_get(json_object_get(header, "__metadata__"), texts[i][0]);
        ck_assert_str_eq(json_string_value(text), texts[i][1]);
    }
    json_decref(header);
    free(bytes);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(case_102_saving_over_the_file_that_was_read_works)
{
    const char *path = in_folder("model");
    mlp_model *model = small_model(), *loaded = NULL, *again = NULL;
    ck_assert_int_eq(mlp_model_save(model, path, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_load(path, &loaded, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_save(loaded, path, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_load(path, &again, NULL), MLP_OK);
    assert_equal(model, again);
    mlp_model_destroy(again);
    mlp_model_destroy(loaded);
    mlp_model_destroy(model);
}
END_TEST

/* A thread of a caller's region predicts, and so saves and loads, by itself. */
START_TEST(threads_of_a_region_save_load_and_predict)
{
    enum { THREADS = 4, COUNT = 3 };
    float x[COUNT * 3], outputs[THREADS][COUNT * 2];
    mlp_evaluation evaluations[THREADS] = {{0}};
    uint8_t labels[COUNT] = {0, 1, 1};
    char paths[THREADS][PATH_SIZE + 32];
    int failures = 0;
    mlp_model *model = small_model();
    mlp_dataset *data = NULL;
    for (size_t i = 0; i < COUNT * 3; i++)
        x[i] = (float)(i * 7 % 11) / 8;
    for (size_t i = 0; i < THREADS; i++)
        snprintf(paths[i], sizeof paths[i], "%s/model%zu", folder, i);
    ck_assert_int_eq(mlp_dataset_wrap_f32(x, labels, COUNT, 3, 2, &data, NULL), MLP_OK);
#pragma omp parallel for num_threads(THREADS) schedule(static, 1) reduction(+ : failures)
    for (size_t i = 0; i < THREADS; i++) {
        mlp_model *loaded = NULL;
        failures += mlp_model_save(model, paths[i], NULL) != MLP_OK;
        failures += mlp_model_load(paths[i], &loaded, NULL) != MLP_OK;
        failures += mlp_model_predict_f32(loaded, x, COUNT, 1, outputs[i], NULL) != MLP_OK;
        failures += mlp_model_evaluate(loaded, data, 2, &evaluations[i], NULL) != MLP_OK;
        mlp_model_destroy(loaded);
    }
    ck_assert_int_eq(failures, 0);
    for (size_t i = 1; i < THREADS; i++) {
        ck_assert_int_eq(memcmp(outputs[0], outputs[i], sizeof outputs[0]), 0);
        ck_assert(evaluations[i].loss == evaluations[0].loss);
    }
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
}
END_TEST

/* --- Damage ------------------------------------------------------------------ */

/* Saves victim `i` as `model` and returns the file's size. */
static size_t save_victim(int i)
{
    struct stat info;
    mlp_model *model = victims[i].make();
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    mlp_model_destroy(model);
    ck_assert_int_eq(stat(in_folder("model"), &info), 0);
    return (size_t)info.st_size;
}

/* Flips a bit of an open file, in place. */
static void flip(int fd, size_t at, int bit)
{
    unsigned char byte;
    ck_assert_int_eq(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= (unsigned char)(1 << bit);
    ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
}

START_TEST(every_truncation_is_refused)
{
    size_t length = save_victim(_i);
    while (length-- > 0) {
        ck_assert_int_eq(truncate(in_folder("model"), (off_t)length), 0);
        expect_bad(in_folder("model"), "");
    }
}
END_TEST

START_TEST(every_flipped_bit_of_a_weight_is_refused)
{
    size_t size = save_victim(_i);
    int fd = open(in_folder("model"), O_RDWR);
    for (size_t at = size - victims[_i].bytes; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            flip(fd, at, bit);
            expect_bad(in_folder("model"), "");
            flip(fd, at, bit);
        }
    }
    expect_good(in_folder("model"));
    close(fd);
}
END_TEST

/* A flipped bit of the header may hit what says nothing ("format"); but what is
 * loaded is the model. */
START_TEST(no_flipped_bit_of_the_header_changes_a_weight)
{
    size_t size = save_victim(_i);
    char expected[65];
    mlp_model *saved = victims[_i].make();
    mlp_model_fingerprint(saved, expected);
    mlp_model_destroy(saved);
    int fd = open(in_folder("model"), O_RDWR);
    for (size_t at = 0; at < size - victims[_i].bytes; at++) {
        for (int bit = 0; bit < 8; bit++) {
            mlp_model *model = NULL;
            char fingerprint[65];
            flip(fd, at, bit);
            if (mlp_model_load(in_folder("model"), &model, NULL) == MLP_OK) {
                mlp_model_fingerprint(model, fingerprint);
                ck_assert_str_eq(fingerprint, expected);
            }
            mlp_model_destroy(model);
            flip(fd, at, bit);
        }
    }
    close(fd);
}
END_TEST

/* --- Failing calls ----------------------------------------------------------- */

START_TEST(every_allocation_of_a_save_fails_once)
{
    mlp_model *model = victims[_i].make();
    const char *path = in_folder("model");
    put_file(path, "old", 3);
    long live = mlp_alloc_live();
    unsigned long n;
    for (n = 1;; n++) {
        mlp_alloc_fail_at(n, 0);
        mlp_status status = mlp_model_save(model, path, NULL);
        mlp_alloc_fail_at(0, 0);
        ck_assert_int_eq(mlp_alloc_live(), live);
        if (status == MLP_OK)
            break;
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        ck_assert(file_is(path, "old", 3));
    }
    ck_assert_uint_ge(n, 6); /* four texts or more, the header and the data */
    expect_good(path);
    mlp_model_destroy(model);
}
END_TEST

/* Loads the saved model with call n failing; true once nothing fails any more. */
static bool load_with_failure(void)
{
    mlp_model *model = NULL;
    long live = mlp_alloc_live();
    mlp_status status = mlp_model_load(in_folder("model"), &model, NULL);
    mlp_alloc_fail_at(0, 0);
    mlp_file_fail_at(0);
    if (status == MLP_OK) {
        mlp_model_destroy(model);
    } else {
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        ck_assert_ptr_null(model);
    }
    ck_assert_int_eq(mlp_alloc_live(), live);
    return status == MLP_OK;
}

START_TEST(every_call_of_a_load_fails_once)
{
    unsigned long n;
    save_victim(_i);
    for (n = 1;; n++) {
        mlp_alloc_fail_at(n, 0);
        if (load_with_failure())
            break;
    }
    ck_assert_uint_ge(n, 6);
    for (n = 1;; n++) {
        mlp_file_fail_at(n);
        if (load_with_failure())
            break;
    }
    ck_assert_uint_ge(n, 4); /* open, look, map */
}
END_TEST

START_TEST(a_check_says_what_a_save_would)
{
    mlp_error error;
    ck_assert_int_eq(mlp_model_save_check(in_folder("new"), NULL), MLP_OK);
    ck_assert_int_eq(folder_count(), 0);
    ck_assert_int_eq(mlp_model_save_check(in_folder("missing/new"), &error), MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, "missing/new"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *tests = tcase_create("safetensors");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, shapes_are_kept);
    tcase_add_test(tests, every_activation_norm_and_loss_is_kept);
    tcase_add_test(tests, numbers_are_kept_to_the_bit);
    tcase_add_test(tests, scaling_is_kept);
    tcase_add_test(tests, the_fingerprint_is_sha256_of_out_in_order);
    tcase_add_test(tests, the_same_model_gives_the_same_bytes);
    tcase_add_test(tests, the_file_is_as_the_specification_says);
    tcase_add_test(tests, modules_and_metadata_of_a_model_that_has_everything);
    tcase_add_test(tests, case_102_saving_over_the_file_that_was_read_works);
    tcase_add_test(tests, threads_of_a_region_save_load_and_predict);
    tcase_add_loop_test(tests, every_truncation_is_refused, 0, VICTIMS);
    tcase_add_loop_test(tests, every_flipped_bit_of_a_weight_is_refused, 0, VICTIMS);
    tcase_add_loop_test(tests, no_flipped_bit_of_the_header_changes_a_weight, 0, VICTIMS);
    tcase_add_loop_test(tests, every_allocation_of_a_save_fails_once, 0, VICTIMS);
    tcase_add_loop_test(tests, every_call_of_a_load_fails_once, 0, VICTIMS);
    tcase_add_test(tests, a_check_says_what_a_save_would);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
