/* SPDX-License-Identifier: MIT */
/* Tables as data of the program: its options, standard input, names of classes. */
#include "npy_files.h"
#include "program.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define NET "--hidden 4 --batch 10 --epochs 3 --threads 1 "

/* Sample i of three classes, whose label is written as these. */
static void put_table(const char *name, const char *header, const char *const labels[3],
                      size_t count, char delimiter)
{
    FILE *file = fopen(in_folder(name), "wb");
    ck_assert_ptr_nonnull(file);
    fputs(header, file);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%zu.%zu%c%s%c-0.%zu\n", i % 3, i % 7, delimiter, labels[i % 3], delimiter,
                i % 5);
    fclose(file);
}

static const char *const names[] = {"setosa", "versicolor", "virginica"};
static const char *const numbers[] = {"0", "1", "2"};

static void put_tables(void)
{
    shell_set_up();
    put_table("train.csv", "a,species,b\n", names, 60, ',');
    put_table("test.csv", "a,species,b\n", names, 30, ',');
    put_table("numbers.csv", "", numbers, 60, ',');
}

static void train_named(void)
{
    expect_success("$MLP train --data train.csv --label species --test test.csv " NET
                   "--save named.st");
}

START_TEST(trains_and_evaluates)
{
    train_named();
    json_t *object = json_of("$MLP info named.st --json");
    json_t *found = json_object_get(object, "class_names");
    ck_assert_uint_eq(json_array_size(found), 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_str_eq(json_string_value(json_array_get(found, i)), names[i]);
    json_decref(object);
    object = json_of("$MLP eval named.st --data test.csv --label species --json");
    ck_assert(number_at(object, "accuracy") > 0);
    json_decref(object);
    expect_success("$MLP verify named.st --data train.csv --label 1");
    expect_success("$MLP check --data train.csv --label species --hidden 4");
}
END_TEST

/* However the same table is written, the model is the same. */
START_TEST(the_same_model_from_every_table)
{
    static const char *const commands[] = {
        "$MLP train --data numbers.csv --label 1 " NET "--json",
        "$MLP train --data numbers.csv --label -2 --header no " NET "--json",
        "$MLP train --data semicolons.csv --label y " NET "--json",
        "$MLP train --data bars.csv --label y --delimiter '|' " NET "--json",
        "$MLP train --data tabs.tsv.gz --label y --delimiter tab --header yes " NET "--json",
        "$MLP train --data - --label 1 " NET "--json <numbers.csv",
        "cp numbers.csv N.CSV && $MLP train --data N.CSV --label 1 " NET "--json",
        "gzip -dc tabs.tsv.gz | $MLP train --data - --label y " NET "--json",
    };
    char fingerprint[65] = "";
    put_table("semicolons.csv", "a;y;b\n", numbers, 60, ';');
    put_table("bars.csv", "a|y|b\n", numbers, 60, '|');
    put_table("tabs.tsv", "a\ty\tb\n", numbers, 60, '\t');
    ck_assert_int_eq(shell("gzip tabs.tsv"), 0);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        json_t *object = json_of(commands[i]);
        if (i > 0)
            ck_assert_str_eq(text_at(object, "fingerprint"), fingerprint);
        snprintf(fingerprint, sizeof fingerprint, "%s", text_at(object, "fingerprint"));
        json_decref(object);
    }
}
END_TEST

START_TEST(targets_in_place_of_labels)
{
    expect_failure(3, ": line 2, column 2 (species): found 'setosa', expected a number",
                   "$MLP train --data train.csv --targets a,b --save new");
    json_t *object = json_of("$MLP train --data numbers.csv --targets 0,2 --valid 0.2 " NET
                             "--save values.st --json");
    ck_assert_ptr_nonnull(object);
    json_decref(object);
    expect_success("$MLP eval values.st --data numbers.csv --targets 0,2");
    expect_success("cut -d, -f2 numbers.csv | $MLP predict values.st --data -");
    put_table("named.csv", "a,b,c\n", numbers, 60, ',');
    expect_success("$MLP train --data named.csv --targets c,a " NET "--save values.st");
    expect_success("$MLP predict values.st --data named.csv --format csv | head -n 1");
    ck_assert_str_eq(out, "index,value_c,value_a\n");
    for (size_t i = 0; i < 2; i++) /* which are known for predictions of before */
        expect_success("$MLP predict values.st --data named.csv --output p.csv");
}
END_TEST

/* Columns are those of the same names as in training, wherever they stand. */
START_TEST(columns_by_their_names)
{
    train_named();
    json_t *object = json_of("$MLP info named.st --json"),
           *columns = json_object_get(object, "columns");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(columns, "inputs"), 1)), "b");
    ck_assert_str_eq(text_at(columns, "label"), "species");
    ck_assert_str_ne(text_at(json_object_get(object, "provenance"), "data"), "");
    json_decref(object);
    expect_success("$MLP info named.st | grep -x 'columns      a, b -> species'");
    expect_success(
        "$MLP info named.st | grep -x 'trained      18 steps on the data of hash [0-9a-f]*'");
    expect_success("awk -F, 'NR == 1 { print $2 \",\" $3 \",id,\" $1; next }"
                   "{ print $2 \",\" $3 \",\" NR \",\" $1 }' test.csv >turned.csv");
    expect_success("$MLP eval named.st --data test.csv --label species >kept");
    expect_success("$MLP eval named.st --data turned.csv | cmp - kept");
    expect_success("$MLP predict named.st --data test.csv >kept");
    expect_success("$MLP predict named.st --data turned.csv | cmp - kept");
    expect_success("cut -d, -f2- turned.csv | $MLP predict named.st --data - | cmp - kept");
    expect_success(
        "$MLP train --data train.csv --label species --test turned.csv --valid turned.csv " NET);
    /* The number is the label's column of the training data; that of the others has its name. */
    expect_success("$MLP train --data train.csv --label 1 --test test.csv " NET
                   "| grep accuracy >kept");
    expect_success("$MLP train --data train.csv --label 1 --test turned.csv " NET
                   "| grep accuracy | cmp - kept");
    expect_success("awk -F, '{ print $3 \",\" $1 \",\" $2 }' train.csv >turned.csv");
    expect_success("$MLP verify named.st --data turned.csv");
    expect_failure(3, "-: line 1: found no 'a' among the names of 1 columns, expected one",
                   "cut -d, -f1 turned.csv | $MLP predict named.st --data -");
    expect_success("$MLP train --data train.csv --label species " NET
                   "--checkpoint c.st --save whole.st");
    expect_success("$MLP train --data train.csv --label species " NET
                   "--resume c.st --save again.st");
    expect_success("cmp whole.st again.st");
}
END_TEST

/* With the label's column or without it. */
START_TEST(predicts_without_labels)
{
    train_named();
    expect_success("$MLP predict named.st --data test.csv --label species >kept");
    expect_success("cut -d, -f1,3 test.csv | $MLP predict named.st --data - | cmp - kept");
    expect_success("tail -n +2 test.csv | $MLP predict named.st --data - --label 1 | cmp - kept");
    expect_success("grep -q ' setosa$' kept");
    expect_failure(3, "-: line 1: found 4 columns, of which 3 are inputs, expected 2 as the model",
                   "echo 1,2,3,4 | $MLP predict named.st --data -");
    /* A label that nobody named must look like one: an index in front must not push an input out.
     */
    expect_success("printf '0.5,0.25,setosa\\n0.5,0.25,2\\n' | $MLP predict named.st --data -");
    expect_failure(3,
                   "line 1, column 3: found '0.25' in the last of 3 columns, one more than the "
                   "inputs, expected a class",
                   "printf '7,0.5,0.25\\n' | $MLP predict named.st --data -");
    expect_success("printf '7,0.5,0.25\\n' | $MLP predict named.st --data - --label 0");
}
END_TEST

START_TEST(test_data_have_the_names_of_training_data)
{
    train_named();
    put_table("two.csv", "a,species,b\n", (const char *const[]){"virginica", "setosa", "setosa"}, 9,
              ',');
    put_table("other.csv", "a,species,b\n", (const char *const[]){"setosa", "rosa", "rosa"}, 9,
              ',');
    expect_success(
        "$MLP train --data train.csv --label species --test two.csv --valid two.csv " NET);
    expect_success("$MLP eval named.st --data two.csv --label species");
    const char *reason =
        "other.csv: line 3, column 2: found the label 'rosa', expected one of the 3";
    expect_failure(3, reason,
                   "$MLP train --data train.csv --label species --test other.csv --save new");
    expect_failure(3, reason,
                   "$MLP train --data train.csv --label species --valid other.csv --save new");
    expect_failure(3, reason, "$MLP eval named.st --data other.csv --label species");
    expect_failure(3, "numbers.csv: line 1, column 2: found the label '0', expected one of",
                   "$MLP train --data train.csv --label 1 --test numbers.csv --save new");
    expect_failure(3, "test.csv: its labels are names, expected numbers as in numbers.csv",
                   "$MLP train --data numbers.csv --label 1 --test test.csv --save new");
    expect_success("$MLP train --data numbers.csv --label 1 " NET "--save unnamed.st");
    expect_failure(3, "test.csv: its labels are names, expected numbers of classes",
                   "$MLP eval unnamed.st --data test.csv --label 1");
}
END_TEST

START_TEST(labels_of_npy_files)
{
    put("x.npy", npy_u8_file("(4, 2)", 8));
    put("other.npy", npy_file("|u1", "(4,)", "\0\1\0\1", 4));
    expect_success("$MLP train --data x.npy --labels other.npy --hidden 2 --epochs 1 --save x.st");
    expect_success("$MLP eval x.st --data x.npy --labels other.npy");
    expect_failure(2, "x.npy: found no file y.npy", "$MLP eval x.st --data x.npy");
    expect_failure(2, "train.csv: a source of this format has no options for labels outside of it",
                   "$MLP train --data train.csv --labels other.npy");
}
END_TEST

START_TEST(options_that_are_wrong)
{
    expect_failure(2, "--delimiter: found 'xx', expected one character or tab",
                   "$MLP train --data train.csv --delimiter xx");
    expect_failure(2, "--delimiter: found ''", "$MLP train --data train.csv --delimiter ''");
    expect_failure(2, "--header: found 'maybe', expected yes, no or auto",
                   "$MLP train --data train.csv --header maybe");
    expect_failure(2, "--label and --targets do not go together",
                   "$MLP train --data train.csv --label 0 --targets 1");
    expect_failure(2, "found no column 'specie' among its 3",
                   "$MLP train --data train.csv --label specie --save new");
    expect_failure(2, "digits: a source of this format has no options",
                   "$MLP train --data digits --label 3");
    expect_failure(2, "--test -: standard input is that of --data already",
                   "$MLP train --data - --test - <train.csv");
    expect_failure(2, "--valid -: standard input is that of --test already",
                   "$MLP train --data train.csv --valid - --test - <train.csv");
}
END_TEST

START_TEST(bad_tables_leave_nothing)
{
    ck_assert_int_eq(shell("printf '1,2,0\\n1,,1\\n' >bad.csv"), 0);
    expect_failure(3, "bad.csv: line 2, column 2: found an empty cell, expected a number",
                   "$MLP train --data bad.csv --save new");
    expect_failure(3, "-: line 1: found the end, expected samples",
                   "$MLP train --data - --save new </dev/null");
    expect_failure(1, "standard input: cannot read: ", "$MLP train --data - --save new <.");
    expect_failure(1, "no.csv: cannot open: No such file", "$MLP train --data no.csv --save new");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_csv");
    TCase *tests = tcase_create("cli_csv");
    tcase_add_checked_fixture(tests, put_tables, folder_remove);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, trains_and_evaluates);
    tcase_add_test(tests, the_same_model_from_every_table);
    tcase_add_test(tests, targets_in_place_of_labels);
    tcase_add_test(tests, columns_by_their_names);
    tcase_add_test(tests, predicts_without_labels);
    tcase_add_test(tests, test_data_have_the_names_of_training_data);
    tcase_add_test(tests, labels_of_npy_files);
    tcase_add_test(tests, options_that_are_wrong);
    tcase_add_test(tests, bad_tables_leave_nothing);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
