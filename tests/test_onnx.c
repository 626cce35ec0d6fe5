/* SPDX-License-Identifier: MIT */
/* Exporting networks as ONNX and importing them again, damaged files, failing calls. */
#include "alloc.h"
#include "file.h"
#include "folder.h"
#include "loading.h"
#include "onnx_files.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path(void)
{
    return in_folder("model.onnx");
}

static mlp_model *import(void)
{
    mlp_error error;
    mlp_model *model = NULL;
    ck_assert_msg(mlp_model_import_onnx(path(), NULL, &model, &error) == MLP_OK, "%s",
                  error.message);
    return model;
}

/* --- There and back ------------------------------------------------------------ */

static void assert_equal_predictions(const mlp_model *a, const mlp_model *b)
{
    enum { COUNT = 3 };
    size_t in = mlp_model_inputs(a), out = mlp_model_outputs(a);
    float *x = calloc(COUNT * in, sizeof *x), *p = calloc(2 * COUNT * out, sizeof *p);
    ck_assert(x && p);
    for (size_t i = 0; i < COUNT * in; i++)
        x[i] = (float)(i * 7 % 11) / 8 - 0.625f;
    ck_assert_int_eq(mlp_model_predict_f32(a, x, COUNT, 1, p, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_predict_f32(b, x, COUNT, 1, p + COUNT * out, NULL), MLP_OK);
    ck_assert_int_eq(memcmp(p, p + COUNT * out, COUNT * out * sizeof *p), 0);
    free(p);
    free(x);
}

/* The fingerprint covers weights and scaling; safetensors' bytes all the rest. */
static void assert_equal(const mlp_model *a, const mlp_model *b)
{
    size_t size;
    char print_a[65], print_b[65];
    mlp_model_fingerprint(a, print_a);
    mlp_model_fingerprint(b, print_b);
    ck_assert_str_eq(print_a, print_b);
    assert_equal_predictions(a, b);
    ck_assert_int_eq(mlp_model_save(a, in_folder("a"), NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_save(b, in_folder("b"), NULL), MLP_OK);
    char *bytes = get_file(in_folder("a"), &size);
    ck_assert(file_is(in_folder("b"), bytes, size));
    free(bytes);
}

/* Exports, imports and compares, and destroys the model. */
static void assert_kept(mlp_model *model)
{
    for (int softmax = 0; softmax < 2; softmax++) {
        mlp_onnx_options options = {.softmax = softmax};
        ck_assert_int_eq(mlp_model_export_onnx(model, path(), &options, NULL), MLP_OK);
        mlp_model *loaded = import();
        assert_equal(model, loaded);
        size_t size;
        char *bytes = get_file(path(), &size);
        ck_assert_int_eq(mlp_model_export_onnx(loaded, path(), &options, NULL), MLP_OK);
        ck_assert(file_is(path(), bytes, size));
        free(bytes);
        mlp_model_destroy(loaded);
    }
    mlp_model_destroy(model);
}

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
    mlp_norm norm = (mlp_norm)_i;
    for (size_t a = 0; mlp_activation_name(a); a++) {
        for (size_t loss = 0; mlp_loss_name(loss); loss++) {
            mlp_layer_spec layers[] = {{5, (mlp_activation)a, norm, 0},
                                       {17, MLP_RELU, norm, 0.1f},
                                       {2, MLP_IDENTITY, MLP_NORM_NONE, 0}};
            mlp_spec spec = {.inputs = 3, .layer_count = 3, .layers = layers};
            spec.loss = (mlp_loss)loss;
            kept += is_offered(&spec);
            if (is_offered(&spec))
                assert_kept(make_model(&spec));
            layers[2].activation = (mlp_activation)a; /* some losses take it */
            layers[2].units = 1 + (loss == MLP_CROSS_ENTROPY);
            if (is_offered(&spec))
                assert_kept(make_model(&spec));
        }
    }
    ck_assert_uint_ge(kept, 100);
}
END_TEST

START_TEST(scaling_and_the_rest_are_kept)
{
    assert_kept(full_model());
    for (size_t loss = 0; mlp_loss_name(loss); loss++) {
        mlp_layer_spec layer = {1, MLP_IDENTITY, MLP_NORM_NONE, 0};
        mlp_spec spec = {.inputs = 4, .layer_count = 1, .layers = &layer};
        spec.loss = (mlp_loss)loss;
        if (!is_offered(&spec))
            continue;
        mlp_model *model = make_model(&spec);
        standardize(model, mlp_model_scales_targets(model));
        assert_kept(model);
    }
}
END_TEST

START_TEST(without_metadata_the_graph_says_the_loss)
{
    static const struct {
        mlp_loss loss, without, with;
    } cases[] = {
        {MLP_CROSS_ENTROPY, MLP_MSE, MLP_CROSS_ENTROPY},
        {MLP_BINARY_CROSS_ENTROPY, MLP_MSE, MLP_BINARY_CROSS_ENTROPY},
        {MLP_POISSON, MLP_POISSON, MLP_POISSON},
        {MLP_HUBER, MLP_MSE, MLP_MSE},
    };
    mlp_layer_spec layers[] = {{3, MLP_GELU, MLP_NORM_NONE, 0},
                               {2, MLP_IDENTITY, MLP_NORM_NONE, 0}};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        mlp_spec spec = {
            .inputs = 3, .layer_count = 2, .layers = layers, .loss = cases[i / 2].loss};
        mlp_onnx_options options = {.softmax = i % 2};
        size_t size;
        mlp_model *model = make_model(&spec), *loaded;
        ck_assert_int_eq(mlp_model_export_onnx(model, path(), &options, NULL), MLP_OK);
        char *bytes = get_file(path(), &size);
        for (size_t k = 0; k + 4 < size; k++) {
            if (memcmp(bytes + k, "mlp.", 4) == 0)
                bytes[k] = 'x'; /* others' keys are left alone */
        }
        put_file(path(), bytes, size);
        free(bytes);
        loaded = import();
        mlp_loss expected = i % 2 ? cases[i / 2].with : cases[i / 2].without;
        ck_assert_int_eq(mlp_model_spec(loaded)->loss, expected);
        mlp_model_destroy(loaded);
        mlp_model_destroy(model);
    }
}
END_TEST

/* --- Metadata ------------------------------------------------------------------- */

/* Exports a small model, changes one text in it to another of its length, and expects `reason`. */
static void expect_bad_metadata(const char *from, const char *to, const char *reason)
{
    size_t size, k = 0, length = strlen(from);
    mlp_model *model = full_model();
    ck_assert_uint_eq(length, strlen(to));
    ck_assert_int_eq(mlp_model_export_onnx(model, path(), NULL, NULL), MLP_OK);
    char *bytes = get_file(path(), &size);
    while (k + length < size && memcmp(bytes + k, from, length) != 0)
        k++;
    ck_assert_msg(k + length < size, "no %s", from);
    memcpy(bytes + k, to, length);
    put_file(path(), bytes, size);
    onnx_expect_bad(path(), reason);
    free(bytes);
    mlp_model_destroy(model);
}

START_TEST(metadata_that_does_not_fit)
{
    expect_bad_metadata("mlp.loss", "mlp.lost", "unknown key 'mlp.lost'");
    expect_bad_metadata("mlp.loss", "xlp.loss", "no mlp.loss in the metadata");
    expect_bad_metadata("mlp.activations", "xlp.activations", "no mlp.activations");
    expect_bad_metadata("huber", "hubex", "mlp.loss: unknown loss 'hubex'");
    expect_bad_metadata("gelu,identity", "relu,identity", "layer 0 is gelu, normalised by batch");
    expect_bad_metadata("gelu,identity", "gelx,identity", "unknown activation 'gelx'");
    expect_bad_metadata("gelu,identity", "gelu.identity", "mlp.activations is 'gelu.identity'");
    expect_bad_metadata("batch,none", "layer,none", "but the metadata say");
    expect_bad_metadata("batch,none", "batcx,none", "mlp.norms");
    expect_bad_metadata("0.2,0", "1.2,0", "mlp.dropout: item 0 is '1.2'");
    expect_bad_metadata("\x03"
                        "0.3",
                        "\x03"
                        "0.x",
                        "mlp.huber_delta is '0.x'");
    expect_bad_metadata("\x03"
                        "255",
                        "\x03"
                        "254",
                        "mlp.input_divisor is '254'");
    expect_bad_metadata("2,3,1", "2,4,1", "mlp.widths is '2,4,1'");
    expect_bad_metadata("mlp.version\x12\x01"
                        "1",
                        "mlp.version\x12\x01"
                        "2",
                        "mlp.version is '2', expected '1'");
}
END_TEST

/* --- Damage ---------------------------------------------------------------------- */

static size_t export_full(void)
{
    struct stat info;
    mlp_model *model = full_model();
    ck_assert_int_eq(mlp_model_export_onnx(model, path(), NULL, NULL), MLP_OK);
    mlp_model_destroy(model);
    ck_assert_int_eq(stat(path(), &info), 0);
    return (size_t)info.st_size;
}

/* At the end of a field of the file's message the rest is missing, but nothing is cut. */
START_TEST(case_87_no_truncation_gives_another_model)
{
    char expected[65], found[65];
    mlp_model *full = full_model();
    mlp_model_fingerprint(full, expected);
    mlp_model_destroy(full);
    size_t length = export_full(), accepted = 0;
    while (length-- > 0) {
        mlp_error error = {.message = ""};
        mlp_model *model = NULL;
        long live = mlp_alloc_live();
        ck_assert_int_eq(truncate(path(), (off_t)length), 0);
        mlp_status status = mlp_model_import_onnx(path(), NULL, &model, &error);
        if (status == MLP_OK) {
            mlp_model_fingerprint(model, found);
            ck_assert_str_eq(found, expected);
            accepted++;
        } else {
            ck_assert_int_eq(status, MLP_ERROR_DATA);
            ck_assert_ptr_null(model);
        }
        mlp_model_destroy(model);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
    ck_assert_uint_le(accepted, 5);
    onnx_expect_bad(path(), "is empty, expected an ONNX model");
}
END_TEST

static void flip(int fd, size_t at, int bit)
{
    unsigned char byte;
    ck_assert_int_eq(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= (unsigned char)(1 << bit);
    ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
}

/* The fingerprint guards every number; a flip may hit what says nothing, such as a name. */
START_TEST(case_88_no_flipped_bit_changes_a_weight)
{
    size_t size = export_full(), refused = 0;
    char expected[65], found[65];
    mlp_model *full = full_model();
    mlp_model_fingerprint(full, expected);
    mlp_model_destroy(full);
    int fd = open(path(), O_RDWR);
    for (size_t at = 0; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            mlp_model *model = NULL;
            long live = mlp_alloc_live();
            flip(fd, at, bit);
            mlp_error error = {.message = ""};
            mlp_status status = mlp_model_import_onnx(path(), NULL, &model, &error);
            refused += status != MLP_OK;
            ck_assert_msg(status == MLP_OK || status == MLP_ERROR_DATA, "byte %zu, bit %d: %s", at,
                          bit, error.message);
            if (model && size - at > 128) { /* in front of the fingerprint itself */
                mlp_model_fingerprint(model, found);
                ck_assert_str_eq(found, expected);
            }
            mlp_model_destroy(model);
            ck_assert_int_eq(mlp_alloc_live(), live);
            flip(fd, at, bit);
        }
    }
    close(fd);
    ck_assert_uint_gt(refused, size * 4);
}
END_TEST

/* --- Failing calls ----------------------------------------------------------------- */

static bool export_with_failure(const mlp_model *model)
{
    put_file(path(), "old", 3);
    long live = mlp_alloc_live();
    return live >= 0 && mlp_model_export_onnx(model, path(), NULL, NULL) == MLP_OK;
}

START_TEST(every_allocation_of_an_export_fails)
{
    mlp_model *model = full_model();
    long live = mlp_alloc_live();
    for (unsigned long n = 1;; n++) {
        mlp_alloc_fail_at(n, _i);
        bool done = export_with_failure(model);
        mlp_alloc_fail_at(0, 0);
        ck_assert_int_eq(mlp_alloc_live(), live);
        if (done) {
            ck_assert_uint_gt(n, 50);
            break;
        }
        ck_assert(file_is(path(), "old", 3));
    }
    mlp_model_destroy(model);
}
END_TEST

START_TEST(every_file_call_of_an_export_fails)
{
    mlp_model *model = full_model();
    bool done = false;
    unsigned long n;
    for (n = 1; !done; n++) {
        mlp_file_fail_at(n);
        done = export_with_failure(model);
        mlp_file_fail_at(0);
        ck_assert_int_eq(folder_count(), 1);
    }
    ck_assert_uint_gt(n, 6);
    mlp_model_destroy(model);
}
END_TEST

/* Imports with a call failing; true once nothing fails any more. */
static bool import_with_failure(void)
{
    mlp_model *model = NULL;
    long live = mlp_alloc_live();
    mlp_status status = mlp_model_import_onnx(path(), NULL, &model, NULL);
    mlp_alloc_fail_at(0, 0);
    mlp_file_fail_at(0);
    if (status != MLP_OK) {
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        ck_assert_ptr_null(model);
    }
    mlp_model_destroy(model);
    ck_assert_int_eq(mlp_alloc_live(), live);
    return status == MLP_OK;
}

START_TEST(every_call_of_an_import_fails)
{
    unsigned long n;
    export_full();
    for (n = 1;; n++) {
        mlp_alloc_fail_at(n, _i);
        if (import_with_failure())
            break;
    }
    ck_assert_uint_gt(n, 50);
    for (n = 1;; n++) {
        mlp_file_fail_at(n);
        if (import_with_failure())
            break;
    }
    ck_assert_uint_gt(n, 3);
}
END_TEST

START_TEST(case_103_what_is_no_file)
{
    mlp_error error;
    mlp_model *model = NULL;
    ck_assert_int_eq(mlp_model_import_onnx(in_folder("missing"), NULL, &model, &error),
                     MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, "missing: cannot open"));
    ck_assert_int_eq(mlp_model_import_onnx(folder, NULL, &model, &error), MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, "it is a folder"));
    model = full_model();
    ck_assert_int_eq(mlp_model_export_onnx(model, in_folder("no/x"), NULL, &error),
                     MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, "no/x: cannot"));
    mlp_model_destroy(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("onnx");
    TCase *tests = tcase_create("onnx");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, every_activation_norm_and_loss_is_kept, 0, 3);
    tcase_add_test(tests, scaling_and_the_rest_are_kept);
    tcase_add_test(tests, without_metadata_the_graph_says_the_loss);
    tcase_add_test(tests, metadata_that_does_not_fit);
    tcase_add_test(tests, case_87_no_truncation_gives_another_model);
    tcase_add_test(tests, case_88_no_flipped_bit_changes_a_weight);
    tcase_add_loop_test(tests, every_allocation_of_an_export_fails, 0, 2);
    tcase_add_test(tests, every_file_call_of_an_export_fails);
    tcase_add_loop_test(tests, every_call_of_an_import_fails, 0, 2);
    tcase_add_test(tests, case_103_what_is_no_file);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
