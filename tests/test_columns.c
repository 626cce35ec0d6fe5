/* SPDX-License-Identifier: MIT */
/* Names of columns: from tables into data sets, models and their files, and what is read by them.
 */
#include "alloc.h"
#include "columns.h"
#include "csv_files.h"
#include "failing.h"
#include "formats/columns_text.h"
#include "folder.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float values[] = {1, 2, 3, 4};
static const uint8_t zero_one[] = {0, 1};

/* Of the table "a,b,l", and of "a,t,b,u" with two targets. */
static const char *const inputs[] = {"a", "b"}, *const targets[] = {"t", "u"};
static const mlp_columns labelled = {.input_count = 2, .inputs = inputs, .label = "l"};
static const mlp_columns valued = {
    .input_count = 2, .inputs = inputs, .target_count = 2, .targets = targets};

static void assert_names(const mlp_columns *found, const mlp_columns *expected)
{
    ck_assert_ptr_nonnull(found);
    ck_assert_uint_eq(found->input_count, expected->input_count);
    for (size_t i = 0; i < expected->input_count; i++)
        ck_assert_str_eq(found->inputs[i], expected->inputs[i]);
    ck_assert_uint_eq(found->target_count, expected->target_count);
    for (size_t i = 0; i < expected->target_count; i++)
        ck_assert_str_eq(found->targets[i], expected->targets[i]);
    ck_assert_int_eq(!found->label, !expected->label);
    if (expected->label)
        ck_assert_str_eq(found->label, expected->label);
}

/* --- Data sets ------------------------------------------------------------------- */

START_TEST(names_of_tables)
{
    mlp_dataset *data = open_csv(put_text("a.csv", "a,b,l\n1,2,0\n3,4,1\n"), NULL), *rest, *part;
    assert_names(mlp_dataset_columns(data), &labelled);
    ck_assert_int_eq(mlp_dataset_divide(data, 0.5, 1, &rest, &part, NULL), MLP_OK);
    assert_names(mlp_dataset_columns(rest), &labelled);
    mlp_dataset_destroy(rest);
    mlp_dataset_destroy(part);
    mlp_dataset_destroy(data);

    data = open_csv(put_text("b.csv", " a ,\"t\",b,u\n1,5,2,6\n"),
                    &(mlp_source_options){.targets = "t,u"});
    assert_names(mlp_dataset_columns(data), &valued);
    mlp_dataset_destroy(data);
}
END_TEST

/* Names by which no column could be found again, or that no file can keep. */
START_TEST(names_that_do_not_last)
{
    static char longest[600], longer[600];
    memset(longest, 'n', MLP_COLUMN_NAME);
    memset(longer, 'n', MLP_COLUMN_NAME + 1);
    strcat(longest, ",l\n1,0\n");
    strcat(longer, ",l\n1,0\n");
    const char *const tables[] = {"1,2,0\n",           "a,,l\n1,2,0\n", "a,a,l\n1,2,0\n",
                                  "a,l,l\n1,2,0\n",    "a,b,\n1,2,0\n", "a,\xff,l\n1,2,0\n",
                                  "a,b,\xc3\n1,2,0\n", longer};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        mlp_dataset *data = open_csv(put_text("a.csv", tables[i]), NULL);
        ck_assert_ptr_null(mlp_dataset_columns(data));
        mlp_dataset_destroy(data);
    }
    mlp_dataset *data = open_csv(put_text("a.csv", longest), NULL);
    ck_assert_uint_eq(strlen(mlp_dataset_columns(data)->inputs[0]), MLP_COLUMN_NAME);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(columns_are_found_by_their_names)
{
    mlp_source_options options = {.columns = &labelled};
    static const char *const tables[] = {
        "a,b,l\n1,2,0\n3,4,1\n",
        "l,b,a\n0,2,1\n1,4,3\n",
        "id,b,l,note,a\n7,2,0,x,1\n8,4,1,\"y,z\",3\n",
        "b;l;id;id;a\n2;0;;;1\n4;1;;;3\n", /* what nobody asks for may be anything */
        "1,2,0\n3,4,1\n",                  /* no names: by position */
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        assert_csv(tables[i], &options, 2, 2, values, zero_one);
        mlp_dataset *data = open_csv(put_text("a.csv", tables[i]), &options);
        if (i < 4)
            assert_names(mlp_dataset_columns(data), &labelled);
        mlp_dataset_destroy(data);
    }
    options.label = "m"; /* another label, of whatever name or number */
    assert_csv("m,b,l,a\n0,2,5,1\n1,4,6,3\n", &options, 2, 2, values, zero_one);
    options.label = "0";
    assert_csv("m,b,l,a\n0,2,5,1\n1,4,6,3\n", &options, 2, 2, values, zero_one);

    options = (mlp_source_options){.columns = &labelled, .unlabelled = true, .inputs = 2};
    assert_csv("b,a\n2,1\n4,3\n", &options, 2, 2, values, NULL);
    assert_csv("l,b,a\n?,2,1\n?,4,3\n", &options, 2, 2, values, NULL);
    assert_csv("x,b,y,a\n1,2,1,1\n2,4,1,3\n", &options, 2, 2, values, NULL);

    options = (mlp_source_options){.columns = &valued};
    mlp_dataset *data = open_csv(put_text("t.csv", "u,b,t,a\n6,2,5,1\n8,4,7,3\n"), &options);
    ck_assert_mem_eq(mlp_dataset_f32_at(data, 0), values, sizeof values);
    ck_assert_uint_eq(mlp_dataset_outputs(data), 2);
    ck_assert_mem_eq(mlp_dataset_targets(data), ((const float[]){5, 6, 7, 8}), 16);
    mlp_dataset_destroy(data);
    options.targets = "b2"; /* others than before */
    data = open_csv(put_text("t.csv", "b2,b,a\n6,2,1\n8,4,3\n"), &options);
    ck_assert_mem_eq(mlp_dataset_targets(data), ((const float[]){6, 8}), 8);
    mlp_dataset_destroy(data);
}
END_TEST

/* Of values the last columns, where the table has no names and nobody has named them. */
START_TEST(targets_of_tables_without_names)
{
    mlp_source_options options = {.columns = &valued};
    mlp_dataset *data = open_csv(put_text("t.csv", "1,2,500,6\n3,4,7.5,8\n"), &options);
    ck_assert_uint_eq(mlp_dataset_classes(data), 0);
    ck_assert_mem_eq(mlp_dataset_f32_at(data, 0), values, sizeof values);
    ck_assert_mem_eq(mlp_dataset_targets(data), ((const float[]){500, 6, 7.5f, 8}), 16);
    mlp_dataset_destroy(data);
    assert_csv_refused("1,2\n", &options, MLP_ERROR_DATA,
                       "found 2 columns, expected inputs and 2 of target values");
    options.unlabelled = true;
    options.inputs = 2;
    assert_csv("1,2,500,6\n3,4,7.5,8\n", &options, 2, 2, values, NULL);
    assert_csv("1,2\n3,4\n", &options, 2, 2, values, NULL);
}
END_TEST

START_TEST(names_that_are_not_there)
{
    mlp_source_options options = {.columns = &labelled};
    assert_csv_refused("a,c,l\n1,2,0\n", &options, MLP_ERROR_DATA,
                       ": line 1: found no 'b' among the names of 3 columns, expected one: it was "
                       "the name of an input in training");
    assert_csv_refused("a,b,b,l\n1,2,3,0\n", &options, MLP_ERROR_DATA,
                       ": line 1: found more than one 'b' among the names of 4 columns");
    assert_csv_refused("a,b,m\n1,2,0\n", &options, MLP_ERROR_DATA,
                       "found no 'l' among the names of 3 columns, expected one: it was the name "
                       "of the label");
    options.label = "a";
    assert_csv_refused("a,b,l\n1,2,0\n", &options, MLP_ERROR_USAGE,
                       "column 'a' is an input by its name");
    options.label = "-1";
    assert_csv_refused("l,a,b\n0,1,2\n", &options, MLP_ERROR_USAGE,
                       "column '-1' is an input by its name");
    options = (mlp_source_options){.columns = &valued};
    assert_csv_refused("a,b,u\n1,2,0\n", &options, MLP_ERROR_DATA,
                       "found no 't' among the names of 3 columns, expected one: it was the name "
                       "of a target");
    options = (mlp_source_options){.columns = &labelled, .unlabelled = true, .inputs = 3};
    assert_csv_refused("a,b,l\n1,2,0\n", &options, MLP_ERROR_DATA,
                       "found 3 columns, of which 2 are inputs, expected 3");
    assert_csv_refused("a,b\n1,\n", &(mlp_source_options){.columns = &labelled, .unlabelled = true},
                       MLP_ERROR_DATA, ": line 2, column 2 (b): found an empty cell");
}
END_TEST

/* What was said of the data that the names come from is for tables without names. */
START_TEST(goals_of_other_tables)
{
    mlp_source_options options = {.columns = &labelled, .label = "0", .goals_by_name = true};
    assert_csv("k,b,l,a\n7,2,0,1\n7,4,1,3\n", &options, 2, 2, values, zero_one);
    assert_csv("a,b,l\n1,2,0\n3,4,1\n", &options, 2, 2, values, zero_one);
    assert_csv("0,1,2\n1,3,4\n", &options, 2, 2, values, zero_one);
    options = (mlp_source_options){.columns = &valued, .targets = "1,3", .goals_by_name = true};
    mlp_dataset *data = open_csv(put_text("t.csv", "u,b,t,a\n6,2,5,1\n8,4,7,3\n"), &options);
    ck_assert_mem_eq(mlp_dataset_targets(data), ((const float[]){5, 6, 7, 8}), 16);
    mlp_dataset_destroy(data);
    data = open_csv(put_text("t.csv", "1,5,2,6\n3,7,4,8\n"), &options);
    ck_assert_mem_eq(mlp_dataset_targets(data), ((const float[]){5, 6, 7, 8}), 16);
    mlp_dataset_destroy(data);
}
END_TEST

/* A first line with all the names is a header, even where some are numbers; if all are, it may be a
 * sample as well. */
START_TEST(names_that_are_numbers)
{
    static const char *const mixed[] = {"1", "x"}, *const numbers[] = {"2", "1"};
    static const mlp_columns some = {.input_count = 2, .inputs = mixed, .label = "l"};
    static const mlp_columns all = {.input_count = 2, .inputs = numbers, .label = "l"};
    mlp_source_options options = {.columns = &some};
    assert_csv("l,x,1\n0,2,1\n1,4,3\n", &options, 2, 2, values, zero_one);
    options.unlabelled = true;
    options.inputs = 2;
    assert_csv("x,1\n2,1\n4,3\n", &options, 2, 2, values, NULL);
    options.columns = &all;
    assert_csv_refused("1,2\n2,1\n4,3\n", &options, MLP_ERROR_USAGE,
                       ": line 1: found numbers that are the names of the model's columns, too, "
                       "expected --header yes or no");
    assert_csv("1,5\n3,4\n", &options, 2, 2, (const float[]){1, 5, 3, 4}, NULL);
    options.header = MLP_HEADER_YES;
    assert_csv("1,2\n2,1\n4,3\n", &options, 2, 2, values, NULL);
    options.header = MLP_HEADER_NO;
    assert_csv("1,2\n3,4\n", &options, 2, 2, values, NULL);
}
END_TEST

START_TEST(lines_of_a_pipe)
{
    mlp_stream *stream;
    bool end;
    float x[2];
    put_text("a.csv", "l,b,a\nx,2,1\n,4,3\n");
    ck_assert_int_eq(mlp_stream_open(in_folder("a.csv"),
                                     &(mlp_source_options){.columns = &labelled}, 2, &stream, NULL),
                     MLP_OK);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(mlp_stream_next(stream, x, &end, NULL), MLP_OK);
        ck_assert_mem_eq(x, values + 2 * i, sizeof x);
    }
    mlp_stream_close(stream);
}
END_TEST

/* A table of a thousand columns, backwards. */
START_TEST(many_columns)
{
    enum { COLUMNS = 1000 };
    char text[COLUMNS * 12], *at = text;
    for (size_t c = 0; c < COLUMNS; c++)
        at += sprintf(at, "x%zu,", c);
    at += sprintf(at, "l\n");
    for (size_t c = 0; c < COLUMNS; c++)
        at += sprintf(at, "%zu,", c);
    sprintf(at, "1\n");
    mlp_dataset *forth = open_csv(put_text("forth.csv", text), NULL), *back;
    at = text + sprintf(text, "l");
    for (size_t c = COLUMNS; c-- > 0;)
        at += sprintf(at, ",x%zu", c);
    at += sprintf(at, "\n1");
    for (size_t c = COLUMNS; c-- > 0;)
        at += sprintf(at, ",%zu", c);
    back = open_csv(put_text("back.csv", text),
                    &(mlp_source_options){.columns = mlp_dataset_columns(forth)});
    ck_assert_mem_eq(mlp_dataset_f32_at(back, 0), mlp_dataset_f32_at(forth, 0),
                     COLUMNS * sizeof(float));
    mlp_dataset_destroy(back);
    mlp_dataset_destroy(forth);
}
END_TEST

START_TEST(every_failure)
{
    /* Reader, buffer, first record, map, names of the header, labels, rows twice over, names and
     * their texts, the copy, the data set. */
    put_text("a.csv", "l,b,a\n0,2,1\n1,4,3\n");
    assert_every_failure(in_folder("a.csv"), &(mlp_source_options){.columns = &labelled}, 11, 4);
    assert_every_failure(in_folder("a.csv"), NULL, 11, 4);
}
END_TEST

/* --- Models ----------------------------------------------------------------------- */

/* A model of two inputs and `outputs` outputs, trained on the table. */
static mlp_model *trained_on(const char *table, const mlp_source_options *options, size_t outputs,
                             mlp_loss loss)
{
    mlp_layer_spec layer = {.units = outputs};
    mlp_spec spec = {.inputs = 2, .layer_count = 1, .layers = &layer, .loss = loss};
    mlp_train_options training = mlp_train_options_default();
    mlp_model *model;
    mlp_dataset *data = open_csv(put_text("train.csv", table), options);
    training.epochs = 1;
    training.batch = 2;
    ck_assert_int_eq(mlp_model_create(&spec, 1, &model, NULL), MLP_OK);
    ck_assert_ptr_null(mlp_model_columns(model));
    ck_assert_int_eq(mlp_train(model, data, NULL, &training, NULL, NULL, NULL), MLP_OK);
    mlp_dataset_destroy(data);
    return model;
}

static mlp_model *labelled_model(void)
{
    return trained_on("a,b,l\n1,2,0\n3,4,1\n", NULL, 2, MLP_CROSS_ENTROPY);
}

static mlp_model *valued_model(void)
{
    return trained_on("a,t,b,u\n1,5,2,6\n3,7,4,8\n", &(mlp_source_options){.targets = "t,u"}, 2,
                      MLP_MSE);
}

/* A model that loading, ONNX and copying leave with these names, which it then is freed with. */
static void assert_kept(mlp_model *model, const mlp_columns *expected)
{
    mlp_model *loaded = NULL, *copy;
    assert_names(mlp_model_columns(model), expected);
    ck_assert_int_eq(mlp_model_save(model, in_folder("m.safetensors"), NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_load(in_folder("m.safetensors"), &loaded, NULL), MLP_OK);
    assert_names(mlp_model_columns(loaded), expected);
    copy = mlp_model_copy(loaded);
    mlp_model_destroy(loaded);
    assert_names(mlp_model_columns(copy), expected);
    mlp_model_destroy(copy);
    if (mlp_onnx_supported()) {
        ck_assert_int_eq(mlp_model_export_onnx(model, in_folder("m.onnx"), NULL, NULL), MLP_OK);
        ck_assert_int_eq(mlp_model_import_onnx(in_folder("m.onnx"), NULL, &loaded, NULL), MLP_OK);
        assert_names(mlp_model_columns(loaded), expected);
        mlp_model_destroy(loaded);
    }
    mlp_model_destroy(model);
}

START_TEST(models_keep_them)
{
    assert_kept(labelled_model(), &labelled);
    assert_kept(valued_model(), &valued);
}
END_TEST

START_TEST(data_without_names_leave_those_of_before)
{
    mlp_train_options training = mlp_train_options_default();
    mlp_model *model = labelled_model();
    mlp_dataset *data = open_csv(put_text("bare.csv", "1,2,0\n3,4,1\n"), NULL);
    training.batch = 2;
    training.epochs = 1;
    ck_assert_int_eq(mlp_train(model, data, NULL, &training, NULL, NULL, NULL), MLP_OK);
    assert_names(mlp_model_columns(model), &labelled);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
    model = trained_on("1,2,0\n3,4,1\n", NULL, 2, MLP_CROSS_ENTROPY);
    ck_assert_ptr_null(mlp_model_columns(model));
    mlp_model_destroy(model);
}
END_TEST

/* A run that goes on with the same values without names ends with those of its checkpoint, as does
 * the best epoch's model. */
START_TEST(a_run_that_goes_on_keeps_them)
{
    static const char named[] = "a,b,l\n1,2,0\n3,4,1\n5,6,1\n";
    mlp_layer_spec layer = {.units = 2};
    mlp_spec spec = {.inputs = 2, .layer_count = 1, .layers = &layer, .loss = MLP_CROSS_ENTROPY};
    mlp_train_options training = mlp_train_options_default();
    training.batch = 3;
    for (size_t i = 0; i < 2; i++) {
        mlp_model *model, *loaded;
        mlp_dataset *data =
            open_csv(put_text("run.csv", i == 0 ? named : named + sizeof "a,b,l"), NULL);
        mlp_held_out held_out = {.valid = data};
        char path[512];
        snprintf(path, sizeof path, "%s", in_folder("c.st"));
        mlp_checkpoint_options checkpoints = {
            .path = path, .resume = i == 0 ? NULL : path, .every_epochs = 1};
        training.epochs = 2 + i;
        ck_assert_int_eq(mlp_model_create(&spec, 1, &model, NULL), MLP_OK);
        ck_assert_int_eq(
            mlp_train_resumable(model, data, &held_out, &training, &checkpoints, NULL, NULL, NULL),
            MLP_OK);
        assert_names(mlp_model_columns(model), &labelled);
        ck_assert_int_eq(mlp_model_load(in_folder("c.st.best"), &loaded, NULL), MLP_OK);
        assert_names(mlp_model_columns(loaded), &labelled);
        mlp_model_destroy(loaded);
        mlp_dataset_destroy(data);
        mlp_model_destroy(model);
    }
}
END_TEST

START_TEST(texts_that_are_none)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "is no JSON object of 'inputs' and of 'label' or 'targets'"},
        {"[]", "is no JSON object"},
        {"{", "is no JSON object"},
        {"{}", "is no JSON object"},
        {"{\"inputs\":[\"a\",\"b\"],\"label\":\"l\",\"label\":\"l\"}", "is no JSON object"},
        {"{\"inputs\":[\"a\",\"b\"],\"more\":1}", "is no JSON object"},
        {"{\"label\":\"l\"}", "is no JSON object"},
        {"{\"label\":\"l\",\"more\":1}", "'inputs' is no array of 2 names"},
        {"{\"inputs\":[\"a\"]}", "'inputs' is no array of 2 names"},
        {"{\"inputs\":\"ab\"}", "'inputs' is no array of 2 names"},
        {"{\"inputs\":[\"a\",1]}", "item 1 of 'inputs' is not a name of 1 to 255 bytes"},
        {"{\"inputs\":[\"\",\"b\"]}", "item 0 of 'inputs' is not a name"},
        {"{\"inputs\":[\"a\",\"b\"],\"label\":\"\"}", "'label' is not a name"},
        {"{\"inputs\":[\"a\",\"b\"],\"label\":null}", "'label' is not a name"},
        {"{\"inputs\":[\"a\",\"b\"],\"targets\":[]}", "'targets' is no array of 2 names"},
        {"{\"inputs\":[\"a\",\"b\"],\"targets\":[\"t\",\"u\",\"v\"]}",
         "'targets' is no array of 2 names"},
        {"{\"inputs\":[\"a\",\"\\u0000\"]}", "is no JSON object"},
        {"{\"inputs\":[\"a\",\"b\"],\"label\":\"l\",\"targets\":[\"t\",\"u\"]}",
         "is no JSON object of 'inputs' and of 'label' or 'targets'"},
        {"{\"inputs\":[\"a\",\"a\"],\"label\":\"l\"}", "two columns are called 'a'"},
        {"{\"inputs\":[\"a\",\"b\"],\"label\":\"b\"}", "two columns are called 'b'"},
        {"{\"inputs\":[\"a\",\"b\"],\"targets\":[\"t\",\"t\"]}", "two columns are called 't'"},
    };
    mlp_model *model = labelled_model();
    long live = mlp_alloc_live();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mlp_error error;
        ck_assert_int_eq(mlp_columns_read("m", cases[i].text, model, &error), MLP_ERROR_DATA);
        ck_assert_msg(strncmp(error.message, "m: mlp.columns", 14) == 0 &&
                          strstr(error.message, cases[i].reason),
                      "%s: %s", cases[i].text, error.message);
        ck_assert_int_eq(mlp_alloc_live(), live);
        assert_names(mlp_model_columns(model), &labelled);
    }
    ck_assert_int_eq(mlp_columns_read("m", "{\"inputs\":[\"c\",\"d\"]}", model, NULL), MLP_OK);
    ck_assert_str_eq(mlp_model_columns(model)->inputs[1], "d");
    ck_assert_ptr_null(mlp_model_columns(model)->label);
    ck_assert_int_eq(mlp_columns_read("m", NULL, model, NULL), MLP_OK);
    ck_assert_str_eq(mlp_model_columns(model)->inputs[1], "d");
    mlp_model_destroy(model);
}
END_TEST

static mlp_status load_valued(void *user, mlp_error *error)
{
    (void)user;
    mlp_model *loaded;
    mlp_status status = mlp_model_load(in_folder("m.safetensors"), &loaded, error);
    if (status != MLP_OK)
        return status;
    assert_names(mlp_model_columns(loaded), &valued);
    mlp_model_destroy(loaded);
    return MLP_OK;
}

START_TEST(every_failure_of_a_model)
{
    mlp_model *model = valued_model();
    ck_assert_int_eq(mlp_model_save(model, in_folder("m.safetensors"), NULL), MLP_OK);
    for (int way = 0; way < WAYS; way++)
        fail_every(way, way < FIRST_CALLS ? 10 : 3, load_valued, NULL, NULL);
    mlp_alloc_fail_at(1, 0);
    ck_assert(!mlp_model_set_columns(model, &labelled));
    mlp_alloc_fail_at(0, 0);
    assert_names(mlp_model_columns(model), &valued);
    mlp_model_destroy(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("columns");
    TCase *tests = tcase_create("columns");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_add_test(tests, names_of_tables);
    tcase_add_test(tests, names_that_do_not_last);
    tcase_add_test(tests, columns_are_found_by_their_names);
    tcase_add_test(tests, targets_of_tables_without_names);
    tcase_add_test(tests, names_that_are_not_there);
    tcase_add_test(tests, goals_of_other_tables);
    tcase_add_test(tests, names_that_are_numbers);
    tcase_add_test(tests, lines_of_a_pipe);
    tcase_add_test(tests, many_columns);
    tcase_add_test(tests, every_failure);
    tcase_add_test(tests, models_keep_them);
    tcase_add_test(tests, data_without_names_leave_those_of_before);
    tcase_add_test(tests, a_run_that_goes_on_keeps_them);
    tcase_add_test(tests, texts_that_are_none);
    tcase_add_test(tests, every_failure_of_a_model);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
