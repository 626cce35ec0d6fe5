/* SPDX-License-Identifier: MIT */
/* A model that has everything, with each key of its metadata and each of its tensors broken in
 * turn. */
#include "bytes.h"
#include "folder.h"
#include "loading.h"
#include "suite.h"

#include <mlp/cpu.h>
#include <mlp/import.h>
#include <mlp/train.h>

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char metadata_key[] = "__metadata__";

/* A file in parts. */
struct file {
    json_t *header;
    unsigned char *data;
    size_t size; /* of the data */
};

/* That of the model that was saved. */
static struct file open_file(void)
{
    size_t size;
    unsigned char *bytes = (unsigned char *)get_file(in_folder("model"), &size);
    size_t length = (size_t)mlp_load_u64(bytes);
    struct file file = {.size = size - 8 - length};
    file.header = json_loadb((char *)bytes + 8, length, 0, NULL);
    ck_assert_ptr_nonnull(file.header);
    memmove(bytes, bytes + 8 + length, file.size);
    file.data = bytes;
    return file;
}

static struct file open_full_model(void)
{
    mlp_model *model = full_model();
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    mlp_model_destroy(model);
    return open_file();
}

/* Writes the parts as a file again, frees them and returns its path. */
static const char *close_file(struct file file)
{
    const char *path = in_folder("bad");
    char *text = json_dumps(file.header, JSON_COMPACT);
    size_t length = strlen(text);
    unsigned char *bytes = malloc(8 + length + file.size);
    ck_assert_ptr_nonnull(bytes);
    mlp_store_u64(bytes, length);
    memcpy(bytes + 8, text, length);
    memcpy(bytes + 8 + length, file.data, file.size);
    put_file(path, bytes, 8 + length + file.size);
    free(bytes);
    free(text);
    json_decref(file.header);
    free(file.data);
    return path;
}

static void set_text(struct file *file, const char *key, const char *text)
{
    json_t *metadata = json_object_get(file->header, metadata_key);
    if (text)
        json_object_set_new(metadata, key, json_string(text));
    else
        ck_assert_int_eq(json_object_del(metadata, key), 0);
}

/* The full model's file with another text of `key`; NULL: without it. */
static const char *put_text(const char *key, const char *text)
{
    struct file file = open_full_model();
    set_text(&file, key, text);
    return close_file(file);
}

/* Leaves out what repeats the model's numbers. */
static void set_alone(struct file *file)
{
    set_text(file, "mlp.fingerprint", NULL);
    set_text(file, "mlp.test_inputs", NULL);
    set_text(file, "mlp.test_outputs", NULL);
}

/* The same, but with nothing that repeats what the key says. */
static const char *put_text_alone(const char *key, const char *text)
{
    struct file file = open_full_model();
    set_alone(&file);
    set_text(&file, key, text);
    return close_file(file);
}

START_TEST(keys_that_may_be_missing_or_anything)
{
    expect_good(put_text("format", NULL));
    expect_good(put_text("other", "anything"));
    expect_good(put_text("mlp.widths", NULL));
    expect_good(put_text("mlp.input_divisor", NULL));
    expect_good(put_text("mlp.fingerprint", NULL));
    expect_good(put_text("mlp.huber_delta", NULL));
    expect_good(put_text_alone("mlp.activations", "relu,tanh"));
    expect_good(put_text_alone("mlp.target_mean", "bf800000"));
    expect_good(put_text_alone("mlp.input_factor", "00000000,3f800000"));
}
END_TEST

static const struct {
    const char *key, *text, *reason;
} bad_texts[] = {
    {"mlp.version", NULL, "not a model of mlp"},
    {"mlp.version", "2", "mlp.version is '2', expected '1'"},
    {"mlp.activation", "relu", "unknown key 'mlp.activation'"},
    {"mlp.Norms", "none,none", "unknown key 'mlp.Norms'"},
    {"mlp.", "", "unknown key 'mlp.'"},
    {"mlp.widths", "2,3", "mlp.widths is '2,3', but the file holds '2,3,1'"},
    {"mlp.widths", "2,4,1", "mlp.widths"},
    {"mlp.widths", "", "mlp.widths"},
    {"mlp.activations", NULL, "no mlp.activations"},
    {"mlp.activations", "gelux,identity", "unknown activation 'gelux', expected one of: identity"},
    {"mlp.activations", "gelu,", "unknown activation ''"},
    {"mlp.activations", "gelu, identity", "unknown activation ' identity'"},
    {"mlp.activations", "gelu", "mlp.norms has 2 items, expected 1"},
    {"mlp.activations", "gelu,relu,identity", "mlp.norms has 2 items, expected 3"},
    {"mlp.activations", ",,,,,,,,,", "10 items, but the file has 8 tensors"},
    {"mlp.activations", "softmax,identity", "batch normalisation before a softmax"},
    {"mlp.activations",
     "0123456789012345678901234567890123456789012345678901234567890123456789,relu",
     "item 0 has 70 characters"},
    {"mlp.loss", NULL, "no mlp.loss"},
    {"mlp.loss", "huber:1", "mlp.loss: "},
    {"mlp.loss", "Huber", "unknown loss 'Huber', expected one of: cross_entropy"},
    {"mlp.loss", "huber,huber", "mlp.loss has 2 items, expected 1"},
    {"mlp.loss", "cross_entropy", "1 outputs, expected 2 to 256"},
    {"mlp.norms", NULL, "'3.weight' is missing"},
    {"mlp.norms", "batch", "mlp.norms has 1 items, expected 2"},
    {"mlp.norms", "batch,none,none", "mlp.norms has 3 items, expected 2"},
    {"mlp.norms", "bath,none", "unknown normalisation 'bath', expected one of: none, layer, batch"},
    {"mlp.norms", "layer,none", "unexpected tensor '1.running_"},
    {"mlp.norms", "batch,layer", "'5.weight' is missing"},
    {"mlp.dropout", NULL, "'3.weight' is missing"},
    {"mlp.dropout", "0,0", "'3.weight' is missing"},
    {"mlp.dropout", "0.2", "mlp.dropout has 1 items, expected 2"},
    {"mlp.dropout", "0.2,0,0", "mlp.dropout has 3 items, expected 2"},
    {"mlp.dropout", "0.2,0.2", "the last layer has dropout"},
    {"mlp.dropout", "1,0", "item 0 is '1', expected 0 to below 1"},
    {"mlp.dropout", "-0.2,0", "item 0 is '-0.2'"},
    {"mlp.dropout", "0.2,nan", "item 1 is 'nan'"},
    {"mlp.dropout", "0x1p-2,0", "item 0 is '0x1p-2'"},
    {"mlp.dropout", " 0.2,0", "item 0 is ' 0.2'"},
    {"mlp.dropout", "0.2.,0", "item 0 is '0.2.'"},
    {"mlp.dropout", ",0", "item 0 is ''"},
    {"mlp.huber_delta", "0", "mlp.huber_delta is '0', expected a finite number above 0"},
    {"mlp.huber_delta", "-1", "mlp.huber_delta is '-1'"},
    {"mlp.huber_delta", "inf", "mlp.huber_delta is 'inf'"},
    {"mlp.huber_delta", "1e39", "mlp.huber_delta is '1e39'"},
    {"mlp.huber_delta", "0,3", "mlp.huber_delta has 2 items"},
    {"mlp.input_divisor", "1", "mlp.input_divisor is '1', but the file holds '255'"},
    {"mlp.input_mean", NULL, "mlp.input_factor without mlp.input_mean"},
    {"mlp.input_mean", "00000000", "mlp.input_mean has 1 items, expected 2"},
    {"mlp.input_mean", "00000000,0000000", "item 1 is '0000000', expected 8 hexadecimal digits"},
    {"mlp.input_mean", "3F800000,00000000", "item 0 is '3F800000'"},
    {"mlp.input_mean", "0x000000,00000000", "item 0 is '0x000000'"},
    {"mlp.input_mean", "00000000,7f800000", "item 1 is inf, expected a finite number"},
    {"mlp.input_mean", "7fc00000,00000000", "expected a finite number"},
    {"mlp.input_mean", "3f800000,40400000", "mlp.fingerprint is"},
    {"mlp.input_factor", NULL, "mlp.input_mean without mlp.input_factor"},
    {"mlp.input_factor", "00000000,00000000,00000000", "mlp.input_factor has 3 items, expected 2"},
    {"mlp.input_factor", "bf800000,00000000", "item 0 is -1, expected a finite number from 0 up"},
    {"mlp.input_factor", "ff800000,00000000", "item 0 is -inf"},
    {"mlp.input_factor", "3f800000,3f800000", "mlp.fingerprint is"},
    {"mlp.target_mean", NULL, "mlp.target_scale without mlp.target_mean"},
    {"mlp.target_mean", "0,0", "mlp.target_mean has 2 items, expected 1"},
    {"mlp.target_mean", "7f800000", "item 0 is inf"},
    {"mlp.target_mean", "3f800000", "mlp.fingerprint is"},
    {"mlp.target_scale", NULL, "mlp.target_mean without mlp.target_scale"},
    {"mlp.target_scale", "00000000", "item 0 is 0, expected a finite number above 0"},
    {"mlp.target_scale", "bf800000", "item 0 is -1"},
    {"mlp.target_scale", "3f800000", "mlp.fingerprint is"},
    {"mlp.class_names", "[\"a\",\"b\"]",
     "mlp.class_names has 2 names, but the model has 0 classes"},
    {"mlp.class_names", "[]", "mlp.class_names has 0 names, but the model has 0 classes"},
    {"mlp.class_names", "a,b", "mlp.class_names is no JSON array of names"},
    {"mlp.class_names", "", "mlp.class_names is no JSON array of names"},
    {"mlp.class_names", "{\"a\":1}", "mlp.class_names is no JSON array of names"},
    {"mlp.fingerprint", "", "mlp.fingerprint is ''"},
    {"mlp.fingerprint", "00", "mlp.fingerprint is '00'"},
    {"mlp.activations", "relu,identity", "test vector 0: output 0 has the bits "},
    {"mlp.test_inputs", NULL, "mlp.test_outputs without mlp.test_inputs"},
    {"mlp.test_inputs", "", "item 0 begins with 0 hexadecimal digits, expected 2"},
    {"mlp.test_inputs", "08,0,88", "item 1 begins with 1 hexadecimal digits, expected 2"},
    {"mlp.test_inputs", "08,00f", "item 1 begins with 3 hexadecimal digits, expected 2"},
    {"mlp.test_inputs", "08,0F", "item 1 begins with 1 hexadecimal digits, expected 2"},
    {"mlp.test_inputs", "08,", "item 1 begins with 0 hexadecimal digits, expected 2"},
    {"mlp.test_inputs", "08 08", "item 0 begins with 2 hexadecimal digits, expected 2"},
    {"mlp.test_inputs", "00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00",
     "mlp.test_inputs has more than 16 items"},
    {"mlp.test_inputs", "88", "mlp.test_outputs has 26 characters, expected 8"},
    {"mlp.test_inputs", "08,88,ff", "has the bits "},
    {"mlp.test_outputs", NULL, "mlp.test_inputs without mlp.test_outputs"},
    {"mlp.test_outputs", "", "mlp.test_outputs has 0 characters, expected 26"},
    {"mlp.test_outputs", "00000000,00000000,00000000",
     "test vector 0: output 0 has the bits 00000000 by the file, but "},
    {"mlp.test_outputs", "a\nb,cdef,00000000,00000000", "has the bits a?b,cdef by the file, but"},
};

START_TEST(a_text_that_does_not_fit)
{
    expect_bad(put_text(bad_texts[_i].key, bad_texts[_i].text), bad_texts[_i].reason);
}
END_TEST

START_TEST(every_key_must_be_text)
{
    const char *key;
    json_t *value;
    struct file file = open_full_model();
    json_t *metadata = json_deep_copy(json_object_get(file.header, metadata_key));
    close_file(file);
    ck_assert_uint_eq(json_object_size(metadata), 16);
    json_object_foreach(metadata, key, value)
    {
        file = open_full_model();
        json_object_set_new(json_object_get(file.header, metadata_key), key, json_integer(1));
        expect_bad(close_file(file), "is not a string");
    }
    json_decref(metadata);
}
END_TEST

/* Without their keys, the tensors may still be too many: it is the keys that tell. */
START_TEST(a_model_without_its_keys_is_no_plain_net)
{
    struct file file = open_full_model();
    set_text(&file, "mlp.norms", NULL);
    set_text(&file, "mlp.dropout", NULL);
    expect_bad(close_file(file), "'2.weight' is missing");
}
END_TEST

/* --- Tensors ----------------------------------------------------------------- */

static const char *const tensors[] = {"0.weight",       "0.bias",        "1.weight", "1.bias",
                                      "1.running_mean", "1.running_var", "4.weight", "4.bias"};
enum { TENSORS = sizeof tensors / sizeof tensors[0], NORM_FIRST = 2, NORM_LAST = 5, VARIANCE = 5 };

static json_t *part_of(const struct file *file, const char *name, const char *part)
{
    return json_object_get(json_object_get(file->header, name), part);
}

START_TEST(every_tensor_must_be_there)
{
    char reason[64];
    struct file file = open_full_model();
    ck_assert_int_eq(json_object_del(file.header, tensors[_i]), 0);
    snprintf(reason, sizeof reason, "'%s' is missing", tensors[_i]);
    expect_bad(close_file(file), reason);
}
END_TEST

/* One row more than there are bytes for, and one dimension more. */
START_TEST(every_tensor_must_have_its_shape)
{
    char reason[64];
    struct file file = open_full_model();
    json_t *shape = part_of(&file, tensors[_i], "shape");
    json_int_t units = json_integer_value(json_array_get(shape, 0));
    json_array_set_new(shape, 0, json_integer(units + 1));
    expect_bad(close_file(file), "do not fit the shape");

    file = open_full_model();
    shape = part_of(&file, tensors[_i], "shape");
    json_array_append_new(shape, json_integer(1));
    snprintf(reason, sizeof reason, "'%s': expected a shape of %zu dimensions", tensors[_i],
             json_array_size(shape) - 1);
    expect_bad(close_file(file), reason);
}
END_TEST

START_TEST(vectors_of_a_norm_are_as_long_as_the_layer_is_wide)
{
    char reason[64];
    struct file file = open_full_model();
    json_array_set_new(part_of(&file, tensors[_i], "shape"), 0, json_integer(2));
    json_t *offsets = part_of(&file, tensors[_i], "data_offsets");
    json_int_t begin = json_integer_value(json_array_get(offsets, 0));
    json_array_set_new(offsets, 1, json_integer(begin + 8));
    snprintf(reason, sizeof reason, "'%s' has 2 values, expected 3", tensors[_i]);
    expect_bad(close_file(file), reason);
}
END_TEST

/* The full model's file with `value` as the last of tensor i. */
static const char *put_value(int i, float value)
{
    struct file file = open_full_model();
    json_t *offsets = part_of(&file, tensors[i], "data_offsets");
    size_t end = (size_t)json_integer_value(json_array_get(offsets, 1));
    mlp_store_f32(file.data + end - 4, &value, 1);
    set_alone(&file);
    return close_file(file);
}

START_TEST(every_tensor_must_be_finite)
{
    char reason[64];
    snprintf(reason, sizeof reason, "'%s' holds a NaN", tensors[_i]);
    expect_bad(put_value(_i, NAN), reason);
    snprintf(reason, sizeof reason, "'%s' holds an infinity", tensors[_i]);
    expect_bad(put_value(_i, -INFINITY), reason);
    expect_good(put_value(_i, 0));
    if (_i == VARIANCE)
        expect_bad(put_value(_i, -1), "'1.running_var' holds a negative number");
    else
        expect_good(put_value(_i, -1));
}
END_TEST

/* --- Test vectors -------------------------------------------------------------- */

/* All weights of a net without saturated units take part in what it makes of the vectors. */
START_TEST(test_vectors_notice_every_weight)
{
    mlp_layer_spec layers[] = {{.units = 5, .activation = MLP_TANH}, {.units = 3}};
    mlp_spec spec = {.inputs = 4, .layer_count = 2, .layers = layers};
    mlp_model *model = NULL;
    ck_assert_int_eq(mlp_model_create(&spec, 1, &model, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    mlp_model_destroy(model);
    struct file whole = open_file();
    size_t floats = whole.size / sizeof(float);
    close_file(whole);
    ck_assert_uint_eq(floats, 4 * 5 + 5 + 5 * 3 + 3);
    for (size_t i = 0; i < floats; i++) {
        struct file file = open_file();
        file.data[4 * i + 1] ^= 0x80;
        if (mlp_load_u32(file.data + 4 * i) <
            0x100000) /* a bias of 0, which would stay next to it */
            file.data[4 * i + 3] ^= 0x3f;
        set_text(&file, "mlp.fingerprint", NULL);
        expect_bad(close_file(file), "test vector ");
    }
}
END_TEST

START_TEST(test_vectors_are_the_same_for_every_instruction_set)
{
    struct file file = open_full_model();
    close_file(file);
    for (size_t i = 0; i < mlp_isa_count(); i++) {
        if (!mlp_isa_supported(i))
            continue;
        ck_assert_int_eq(mlp_isa_select(mlp_isa_name(i), NULL), MLP_OK);
        expect_good(in_folder("model"));
    }
}
END_TEST

/* Infinite outputs and NaNs, whose bits are not promised, are kept too. */
START_TEST(outputs_that_overflow_are_no_difference)
{
    static const float weights[] = {3e38f, 3e38f, 3e38f, -3e38f}, out[] = {3e38f, -3e38f};
    mlp_layer_spec layers[] = {{.units = 2}, {.units = 1}};
    mlp_spec spec = {.inputs = 2, .layer_count = 2, .layers = layers, .loss = MLP_MSE};
    mlp_model *model = make_model(&spec);
    mlp_model_set_layer(model, 0, weights, NULL);
    mlp_model_set_layer(model, 1, out, NULL);
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    mlp_model_destroy(model);
    expect_good(in_folder("model"));
    size_t size;
    char *bytes = get_file(in_folder("model"), &size);
    ck_assert_ptr_nonnull(memmem(bytes, size, "7fc00000", 8));
    free(bytes);
}
END_TEST

/* Of very many outputs the vectors would be more than a header may have. */
START_TEST(a_model_of_many_outputs_has_no_test_vectors)
{
    size_t size;
    mlp_layer_spec layers[] = {{.units = 120000}};
    mlp_spec spec = {.inputs = 1, .layer_count = 1, .layers = layers, .loss = MLP_MSE};
    mlp_model *model = make_model(&spec);
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    mlp_model_destroy(model);
    expect_good(in_folder("model"));
    char *bytes = get_file(in_folder("model"), &size);
    ck_assert_ptr_null(memmem(bytes, size, "mlp.test_", 9));
    free(bytes);
}
END_TEST

/* --- Numbers that are none ----------------------------------------------------- */

static void expect_unusable(mlp_status status, const mlp_error *error)
{
    ck_assert_int_eq(status, MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error->message, "numbers of the model are NaN, infinite"));
}

/* It can be looked at, also as a copy, and nothing else. */
START_TEST(case_85_a_model_with_bad_numbers_can_be_inspected)
{
    static const float numbers[] = {NAN, INFINITY, -1};
    static const float x[FULL_INPUTS] = {0}, t[1] = {0};
    const mlp_import_options options = {.any_numbers = true};
    const mlp_arrays arrays = {
        .count = 1, .features = FULL_INPUTS, .f32 = x, .targets = t, .outputs = 1};
    mlp_train_options training = mlp_train_options_default();
    mlp_error error;
    mlp_evaluation evaluation;
    mlp_model *model = NULL;
    mlp_dataset *data = NULL;
    float output;
    size_t bad = _i == VARIANCE ? 3 : 2;
    for (size_t i = 0; i < bad; i++) {
        const char *path = put_value(_i, numbers[i]);
        ck_assert_int_eq(mlp_model_import(path, &options, &model, NULL), MLP_OK);
        ck_assert_uint_eq(mlp_model_bad_numbers(model), 1);
        mlp_model *copy = mlp_model_copy(model);
        ck_assert_uint_eq(mlp_model_bad_numbers(copy), 1);
        mlp_model_destroy(copy);
        expect_unusable(mlp_model_predict_f32(model, x, 1, 1, &output, &error), &error);
        expect_unusable(mlp_model_save(model, in_folder("again"), &error), &error);
        ck_assert_int_eq(mlp_dataset_wrap(&arrays, &data, NULL), MLP_OK);
        expect_unusable(mlp_model_evaluate(model, data, 1, &evaluation, &error), &error);
        expect_unusable(mlp_train(model, data, NULL, &training, NULL, NULL, &error), &error);
        mlp_dataset_destroy(data);
        mlp_model_destroy(model);
    }
    ck_assert_int_eq(mlp_model_import(put_value(_i, 2), &options, &model, NULL), MLP_OK);
    ck_assert_uint_eq(mlp_model_bad_numbers(model), 0);
    ck_assert_int_eq(mlp_model_predict_f32(model, x, 1, 1, &output, NULL), MLP_OK);
    mlp_model_destroy(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors_metadata");
    TCase *tests = tcase_create("safetensors_metadata");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_add_test(tests, keys_that_may_be_missing_or_anything);
    tcase_add_loop_test(tests, a_text_that_does_not_fit, 0,
                        (int)(sizeof bad_texts / sizeof bad_texts[0]));
    tcase_add_test(tests, every_key_must_be_text);
    tcase_add_test(tests, a_model_without_its_keys_is_no_plain_net);
    tcase_add_loop_test(tests, every_tensor_must_be_there, 0, TENSORS);
    tcase_add_loop_test(tests, every_tensor_must_have_its_shape, 0, TENSORS);
    tcase_add_loop_test(tests, vectors_of_a_norm_are_as_long_as_the_layer_is_wide, NORM_FIRST,
                        NORM_LAST + 1);
    tcase_add_loop_test(tests, every_tensor_must_be_finite, 0, TENSORS);
    tcase_add_loop_test(tests, case_85_a_model_with_bad_numbers_can_be_inspected, 0, TENSORS);
    tcase_add_test(tests, test_vectors_notice_every_weight);
    tcase_add_test(tests, test_vectors_are_the_same_for_every_instruction_set);
    tcase_add_test(tests, outputs_that_overflow_are_no_difference);
    tcase_add_test(tests, a_model_of_many_outputs_has_no_test_vectors);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
