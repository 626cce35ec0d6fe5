/* SPDX-License-Identifier: MIT */
/* Names of classes: from data into models, their files, and what programs print. */
#include "alloc.h"
#include "class_names.h"
#include "data.h"
#include "failing.h"
#include "program.h"

#include <mlp/mlp.h>

#include <stdlib.h>
#include <string.h>

enum { FEATURES = SIDE * SIDE, CLASSES = 10, COUNT = 40 };

static const char *names[CLASSES] = {"zero", "one",      "two & <b>", "three \xc3\xa9",
                                     "four", "f\x1bive", "\"six\"",   "seven",
                                     "",     "nine"};

static uint8_t pixels[COUNT * FEATURES], labels[COUNT];

/* Data of `classes` classes, with names or without. */
static mlp_dataset *make_data(const char **class_names, size_t classes)
{
    for (size_t i = 0; i < COUNT; i++)
        labels[i] = (uint8_t)(i % classes);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 31 + labels[i / FEATURES] * 20);
    struct mlp_dataset content = {.count = COUNT,
                                  .features = FEATURES,
                                  .classes = classes,
                                  .u8 = pixels,
                                  .labels = labels,
                                  .class_names = class_names};
    mlp_dataset *data = NULL;
    ck_assert_int_eq(mlp_dataset_create(&content, &data, NULL), MLP_OK);
    return data;
}

static mlp_model *make_model(size_t units, mlp_loss loss)
{
    mlp_layer_spec layers[] = {{.units = 6, .activation = MLP_RELU}, {.units = units}};
    mlp_spec spec = {.inputs = FEATURES, .layer_count = 2, .layers = layers, .loss = loss};
    mlp_model *model = NULL;
    ck_assert_int_eq(mlp_model_create(&spec, 1, &model, NULL), MLP_OK);
    return model;
}

static mlp_status train(mlp_model *model, const mlp_dataset *data, size_t epochs,
                        const mlp_checkpoint_options *checkpoints, mlp_error *error)
{
    mlp_train_options options = mlp_train_options_default();
    options.epochs = epochs;
    options.batch = 16;
    options.threads = 1;
    return mlp_train_resumable(model, data, NULL, &options, checkpoints, NULL, NULL, error);
}

static mlp_model *trained(const char **class_names)
{
    mlp_dataset *data = make_data(class_names, CLASSES);
    mlp_model *model = make_model(CLASSES, MLP_CROSS_ENTROPY);
    ck_assert_int_eq(train(model, data, 1, NULL, NULL), MLP_OK);
    mlp_dataset_destroy(data);
    return model;
}

static void assert_named(const mlp_model *model)
{
    for (size_t c = 0; c < CLASSES; c++)
        ck_assert_str_eq(mlp_model_class_name(model, c), names[c]);
    ck_assert_ptr_null(mlp_model_class_name(model, CLASSES));
}

START_TEST(names_go_from_data_into_the_file_and_back)
{
    size_t size;
    mlp_model *model = trained(names), *loaded = NULL, *copy;
    assert_named(model);
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_load(in_folder("model"), &loaded, NULL), MLP_OK);
    assert_named(loaded);
    copy = mlp_model_copy(loaded);
    assert_named(copy);
    ck_assert_int_eq(mlp_model_save(copy, in_folder("again"), NULL), MLP_OK);
    char *bytes = get_file(in_folder("model"), &size);
    ck_assert(file_is(in_folder("again"), bytes, size));
    free(bytes);
    mlp_model_destroy(copy);
    mlp_model_destroy(loaded);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(names_go_through_onnx)
{
    mlp_model *model = trained(names), *loaded = NULL;
    if (!mlp_onnx_supported()) {
        mlp_model_destroy(model);
        return;
    }
    ck_assert_int_eq(mlp_model_export_onnx(model, in_folder("a.onnx"), NULL, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_import_onnx(in_folder("a.onnx"), NULL, &loaded, NULL), MLP_OK);
    assert_named(loaded);
    mlp_model_destroy(loaded);
    mlp_model_destroy(model);

    size_t size;
    mlp_error error;
    char *bytes = get_file(in_folder("a.onnx"), &size);
    char *at = memmem(bytes, size, "[\"zero\"", 7);
    ck_assert_ptr_nonnull(at);
    *at = '{';
    put_file(in_folder("a.onnx"), bytes, size);
    free(bytes);
    loaded = NULL;
    ck_assert_int_eq(mlp_model_import_onnx(in_folder("a.onnx"), NULL, &loaded, &error),
                     MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "a.onnx: mlp.class_names is no JSON array"));
    ck_assert_ptr_null(loaded);
}
END_TEST

START_TEST(a_file_without_names_does_not_tell_of_them)
{
    size_t size;
    mlp_model *model = trained(NULL), *loaded = NULL;
    ck_assert_ptr_null(mlp_model_class_name(model, 0));
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    char *bytes = get_file(in_folder("model"), &size);
    ck_assert_ptr_null(memmem(bytes, size, "class_names", 11));
    free(bytes);
    ck_assert_int_eq(mlp_model_load(in_folder("model"), &loaded, NULL), MLP_OK);
    ck_assert_ptr_null(mlp_model_class_name(loaded, 0));
    mlp_model_destroy(loaded);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(only_names_of_all_classes_are_taken)
{
    mlp_error error;
    static const char *bad[CLASSES] = {"a", "b", "\xff", "d", "e", "f", "g", "h", "i", "j"};
    mlp_model *model = make_model(CLASSES + 1, MLP_CROSS_ENTROPY);
    mlp_dataset *data = make_data(names, CLASSES);
    ck_assert_int_eq(train(model, data, 1, NULL, NULL), MLP_OK);
    ck_assert_ptr_null(mlp_model_class_name(model, 0));
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);

    model = make_model(1, MLP_BINARY_CROSS_ENTROPY); /* one output, two classes */
    data = make_data(names, 2);
    ck_assert_int_eq(train(model, data, 1, NULL, NULL), MLP_OK);
    ck_assert_str_eq(mlp_model_class_name(model, 1), "one");
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    mlp_model_destroy(model);
    ck_assert_int_eq(mlp_model_load(in_folder("model"), &model, NULL), MLP_OK);
    ck_assert_str_eq(mlp_model_class_name(model, 1), "one");
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);

    model = trained(names);
    data = make_data(NULL, CLASSES);
    ck_assert_int_eq(train(model, data, 1, NULL, NULL), MLP_OK);
    assert_named(model); /* other data have none: they stay */
    mlp_dataset_destroy(data);
    data = make_data(bad, CLASSES);
    ck_assert_int_eq(train(model, data, 1, NULL, &error), MLP_ERROR_DATA);
    ck_assert_str_eq(error.message, "the name of class 2 is not UTF-8");
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
}
END_TEST

/* Four epochs with a stop in between, or without. */
static void run_epochs(const char *file, const char *checkpoint, bool stops)
{
    mlp_dataset *data = make_data(names, CLASSES);
    mlp_checkpoint_options options = {.path = checkpoint, .every_epochs = 1};
    mlp_model *model = make_model(CLASSES, MLP_CROSS_ENTROPY);
    if (stops) {
        ck_assert_int_eq(train(model, data, 2, &options, NULL), MLP_OK);
        mlp_model_destroy(model);
        model = make_model(CLASSES, MLP_CROSS_ENTROPY);
        options.resume = checkpoint;
    }
    ck_assert_int_eq(train(model, data, 4, &options, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_save(model, file, NULL), MLP_OK);
    mlp_model_destroy(model);
    mlp_dataset_destroy(data);
}

START_TEST(a_run_that_goes_on_ends_in_the_same_bytes)
{
    size_t size;
    mlp_model *model = NULL;
    run_epochs(in_folder("model"), in_folder("checkpoint"), false);
    run_epochs(in_folder("model2"), in_folder("checkpoint2"), true);
    char *bytes = get_file(in_folder("model"), &size);
    ck_assert(file_is(in_folder("model2"), bytes, size));
    free(bytes);
    bytes = get_file(in_folder("checkpoint"), &size);
    ck_assert(file_is(in_folder("checkpoint2"), bytes, size));
    free(bytes);
    ck_assert_int_eq(mlp_model_load(in_folder("checkpoint"), &model, NULL), MLP_OK);
    assert_named(model);
    mlp_model_destroy(model);
}
END_TEST

static mlp_status load_named(void *user, mlp_error *error)
{
    (void)user;
    mlp_model *loaded;
    mlp_status status = mlp_model_load(in_folder("model"), &loaded, error);
    if (status != MLP_OK)
        return status;
    assert_named(loaded);
    mlp_model_destroy(loaded);
    return MLP_OK;
}

START_TEST(every_failure)
{
    mlp_model *model = trained(names);
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    for (int way = 0; way < WAYS; way++)
        fail_every(way, way < FIRST_CALLS ? 10 : 3, load_named, NULL, NULL);
    mlp_alloc_fail_at(1, 0);
    ck_assert(!mlp_model_set_class_names(model, names));
    mlp_alloc_fail_at(0, 0);
    assert_named(model);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(programs_print_names)
{
    mlp_model *model = trained(names);
    ck_assert_int_eq(mlp_model_save(model, in_folder("model"), NULL), MLP_OK);
    mlp_model_destroy(model);
    expect_success("$MLP info model");
    ck_assert_ptr_nonnull(
        strstr(out, "classes      zero, one, two & <b>, three \xc3\xa9, four, f?ive, \"six\", "));
    json_t *object = json_of("$MLP info model --json");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(object, "class_names"), 5)),
                     names[5]);
    json_decref(object);
    expect_success("$MLP eval model --data data");
    ck_assert_ptr_nonnull(strstr(out, "taken for"));
    ck_assert_ptr_null(strchr(out, '\x1b'));
    object = json_of("$MLP eval model --data data --json");
    ck_assert_str_eq(text_at(json_array_get(json_object_get(object, "classes"), 2), "name"),
                     names[2]);
    json_decref(object);
    expect_success("$MLP predict model --data data --json");
    char *end = strchr(out, '\n');
    *end = '\0';
    object = parse_json(out);
    const char *first = names[(size_t)number_at(object, "class")];
    ck_assert_str_eq(text_at(object, "name"), first);
    json_decref(object);
    expect_success("$MLP predict model --data data --format csv --probabilities | head -n 1");
    ck_assert_ptr_nonnull(strstr(out, "index,class,name,probability_zero,probability_one,"));
    ck_assert_ptr_nonnull(strstr(out, ",\"probability_\"\"six\"\"\","));
    expect_success("$MLP predict model --data data | grep -c ' '");
    save_model(); /* of data without names */
    object = json_of("$MLP eval model --data data --json");
    ck_assert_ptr_null(
        json_object_get(json_array_get(json_object_get(object, "classes"), 2), "name"));
    json_decref(object);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("class_names");
    TCase *tests = tcase_create("class_names");
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, names_go_from_data_into_the_file_and_back);
    tcase_add_test(tests, names_go_through_onnx);
    tcase_add_test(tests, a_file_without_names_does_not_tell_of_them);
    tcase_add_test(tests, only_names_of_all_classes_are_taken);
    tcase_add_test(tests, a_run_that_goes_on_ends_in_the_same_bytes);
    tcase_add_test(tests, every_failure);
    tcase_add_test(tests, programs_print_names);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
