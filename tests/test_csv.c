/* SPDX-License-Identifier: MIT */
/* CSV files that are right: values, headers, columns, labels, delimiters, quotes, standard input.
 */
#include "alloc.h"
#include "csv_files.h"
#include "folder.h"
#include "npy_files.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const float values[4] = {1, 2, 3, 4};
static const uint8_t zero_one[2] = {0, 1};

/* --- Lines ------------------------------------------------------------------- */

START_TEST(case_35_byte_order_mark)
{
    assert_csv("\xef\xbb\xbf"
               "1,2,0\n3,4,1\n",
               NULL, 2, 2, values, zero_one);
    assert_csv("\xef\xbb\xbf"
               "a,b,c\n1,2,0\n3,4,1\n",
               &(mlp_source_options){.label = "c"}, 2, 2, values, zero_one);
    assert_csv("\xef\xbb\xbf"
               "c,a,b\n0,1,2\n1,3,4\n",
               &(mlp_source_options){.label = "c"}, 2, 2, values, zero_one);
}
END_TEST

START_TEST(case_36_ends_of_lines)
{
    assert_csv("1,2,0\r\n3,4,1\r\n", NULL, 2, 2, values, zero_one);
    assert_csv("1,2,0\r\n3,4,1", NULL, 2, 2, values, zero_one);
    assert_csv("1,2,0\n3,4,1", NULL, 2, 2, values, zero_one);
    assert_csv("1,2,\"0\"\r\n3,4,\"1\"", NULL, 2, 2, values, zero_one);
    assert_csv("1,2,0\r\n3,4,1\r", NULL, 2, 2, values, zero_one);
    assert_csv("1,2,\"0\"\r\n3,4,\"1\"\r", NULL, 2, 2, values, zero_one);
    assert_csv("\n1,2,0\n\n\r\n3,4,1\n\n\n", NULL, 2, 2, values, zero_one);
}
END_TEST

START_TEST(case_38_subnormals)
{
    assert_csv("1e-45,1.17549428e-38,0\n-1e-45,1e-50,1\n", NULL, 2, 2,
               (const float[]){0x1p-149f, 0x0.fffffep-126f, -0x1p-149f, 0}, zero_one);
}
END_TEST

START_TEST(every_way_to_write_a_number)
{
    assert_csv("+1,2.,0\n .3e1 ,\t400E-2\t, 1 \n", NULL, 2, 2, values, zero_one);
    assert_csv("\"1\",2,0\n\"3\",\"4\",1\n", NULL, 2, 2, values, zero_one);
    assert_csv("0.1,123456.789012345678901234567890,0\n16777217,-0,1\n", NULL, 2, 2,
               (const float[]){0.1f, 123456.789f, 16777216, -0.0f}, zero_one);
}
END_TEST

START_TEST(quotes)
{
    assert_csv("\"a\",\"b, \"\"c\"\"\nd\",l\n1,2,0\n3,\"4\",1\n",
               &(mlp_source_options){.label = "l"}, 2, 2, values, zero_one);
    mlp_dataset *data =
        open_csv(put_text("q.csv", "1,\"x, y\"\n2,\"say \"\"z\"\"\"\n3,  \"w\"  \n"), NULL);
    ck_assert_str_eq(mlp_dataset_class_name(data, 0), "say \"z\"");
    ck_assert_str_eq(mlp_dataset_class_name(data, 1), "w");
    ck_assert_str_eq(mlp_dataset_class_name(data, 2), "x, y");
    ck_assert_mem_eq(mlp_dataset_labels(data), ((const uint8_t[]){2, 0, 1}), 3);
    mlp_dataset_destroy(data);
}
END_TEST

/* Lines longer than the buffer, a mebibyte and more: fields count, not lines. */
START_TEST(long_lines)
{
    enum { COLUMNS = 700000 };
    char *text = malloc(4 * COLUMNS + 2);
    size_t size = 0;
    for (size_t row = 0; row < 2; row++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            text[size++] = (char)('0' + (c + row) % 2);
            text[size++] = c + 1 < COLUMNS ? '\t' : '\n';
        }
    }
    text[size] = '\0';
    mlp_dataset *data = open_csv(put_text("long.tsv", text), NULL);
    ck_assert_uint_eq(mlp_dataset_features(data), COLUMNS - 1);
    for (size_t c = 0; c + 1 < COLUMNS; c++)
        ck_assert(mlp_dataset_f32_at(data, 1)[c] == (float)((c + 1) % 2));
    ck_assert_mem_eq(mlp_dataset_labels(data), ((const uint8_t[]){1, 0}), 2);
    mlp_dataset_destroy(data);
    free(text);
}
END_TEST

/* More than one buffer, and more than the first room for rows; quotes in some lines. */
START_TEST(many_lines)
{
    enum { COUNT = 500000 };
    FILE *file = fopen(in_folder("many.csv"), "wb");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < COUNT; i++)
        fprintf(file, i % 1000 == 7 ? "\"%zu\",-%zu.5,%zu\n" : "%zu,-%zu.5,%zu\n", i, i, i % 3);
    fclose(file);
    mlp_dataset *data = open_csv(in_folder("many.csv"), NULL);
    ck_assert_uint_eq(mlp_dataset_count(data), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        const float *x = mlp_dataset_f32_at(data, i);
        ck_assert(x[0] == (float)i && x[1] == -(float)i - 0.5f);
        ck_assert_uint_eq(mlp_dataset_labels(data)[i], i % 3);
    }
    mlp_dataset_destroy(data);
}
END_TEST

/* --- Headers and columns --------------------------------------------------------- */

START_TEST(headers)
{
    assert_csv("a,b,c\n1,2,0\n3,4,1\n", NULL, 2, 2, values, zero_one);
    assert_csv("a,b,c\n1,2,0\n3,4,1\n", &(mlp_source_options){.header = MLP_HEADER_YES}, 2, 2,
               values, zero_one);
    assert_csv("0,1,2\n1,2,0\n3,4,1\n", &(mlp_source_options){.header = MLP_HEADER_YES}, 2, 2,
               values, zero_one);
    assert_csv("1,2,0\n3,4,1\n", &(mlp_source_options){.header = MLP_HEADER_NO}, 2, 2, values,
               zero_one);
    assert_csv("1,2,0\n", NULL, 1, 2, values, zero_one); /* one line is a sample */
    assert_csv_refused("a,b,c\n1,2,0\n", &(mlp_source_options){.header = MLP_HEADER_NO},
                       MLP_ERROR_DATA, ": line 1, column 1: found 'a', expected a number");
    /* A sample with a slip must not be taken for a header. */
    assert_csv_refused("12abc,2,0\n3,4,1\n", NULL, MLP_ERROR_DATA,
                       ": line 1, column 1: found '12abc', expected a number (or a header, "
                       "--header yes)");
    assert_csv_refused(",2,0\n3,4,1\n", NULL, MLP_ERROR_DATA,
                       ": line 1, column 1: found an empty cell, expected a number");
    assert_csv_refused("nan,2,0\n3,4,1\n", NULL, MLP_ERROR_DATA,
                       ": line 1, column 1: found 'nan', expected a finite number");
}
END_TEST

START_TEST(columns_by_name_and_number)
{
    static const struct {
        const char *label, *text;
    } cases[] = {
        {"l", "l,a,b\n0,1,2\n1,3,4\n"},
        {"0", "l,a,b\n0,1,2\n1,3,4\n"},
        {"-3", "l,a,b\n0,1,2\n1,3,4\n"},
        {"1", "a,l,b\n1,0,2\n3,1,4\n"},
        {"-1", "a,b,l\n1,2,0\n3,4,1\n"},
        {"0", "0,1,2\n1,3,4\n"},
        {"1", "a,b,1\n1,2,0\n3,4,1\n"}, /* a name before a number */
        {"my label", "\"my label\" , a,b\n0,1,2\n1,3,4\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_csv(cases[i].text,
                   &(mlp_source_options){.label = cases[i].label,
                                         .header = i == 6 ? MLP_HEADER_YES : MLP_HEADER_AUTO},
                   2, 2, values, zero_one);
}
END_TEST

START_TEST(columns_that_are_not_there)
{
    static const char text[] = "a,b,b\n1,2,0\n3,4,1\n", bare[] = "1,2,0\n3,4,1\n";
    assert_csv_refused(text, &(mlp_source_options){.label = "x"}, MLP_ERROR_USAGE,
                       ": line 1: found no column 'x' among its 3, expected a name of the header, "
                       "0 to 2 or -1 to -3");
    assert_csv_refused(bare, &(mlp_source_options){.label = "a"}, MLP_ERROR_USAGE,
                       "found no column 'a' among its 3, expected 0 to 2 or -1 to -3 (it has no "
                       "header)");
    static const char *const numbers[] = {"3", "-4", "-0", "", "-", "1x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_csv_refused(bare, &(mlp_source_options){.label = numbers[i]}, MLP_ERROR_USAGE,
                           "found no column '");
    assert_csv_refused(text, &(mlp_source_options){.label = "b"}, MLP_ERROR_USAGE,
                       "found 2 columns named 'b', expected one");
    assert_csv_refused(text, &(mlp_source_options){.targets = "a,0"}, MLP_ERROR_USAGE,
                       "column '0' is given twice");
    assert_csv_refused(text, &(mlp_source_options){.targets = "0,1,2"}, MLP_ERROR_DATA,
                       "found 3 columns, expected one of inputs besides");
    assert_csv_refused("0\n1\n", NULL, MLP_ERROR_DATA,
                       "found 1 column, expected one of inputs besides");
    assert_csv_refused(text, &(mlp_source_options){.label = "a", .targets = "0"}, MLP_ERROR_USAGE,
                       "found a column of labels and columns of targets");
}
END_TEST

START_TEST(targets)
{
    mlp_source_options options = {.targets = "t,0"};
    mlp_dataset *data = open_csv(put_text("t.csv", "u,a,t,b\n5,1,7.5,2\n6,3,-8,4\n"), &options);
    ck_assert_uint_eq(mlp_dataset_outputs(data), 2);
    ck_assert_uint_eq(mlp_dataset_classes(data), 0);
    ck_assert_ptr_null(mlp_dataset_labels(data));
    ck_assert_mem_eq(mlp_dataset_targets(data), ((const float[]){7.5f, 5, -8, 6}), 16);
    ck_assert_mem_eq(mlp_dataset_f32_at(data, 0), values, sizeof values);
    mlp_dataset_destroy(data);
    assert_csv_refused("1,x\n2,3\n", &(mlp_source_options){.targets = "1"}, MLP_ERROR_DATA,
                       ": line 1, column 2: found 'x', expected a number");
}
END_TEST

START_TEST(inputs_alone)
{
    mlp_source_options options = {.unlabelled = true};
    assert_csv("1,2\n3,4\n", &options, 2, 2, values, NULL);
    options.inputs = 2;
    assert_csv("1,2\n3,4\n", &options, 2, 2, values, NULL);
    assert_csv("1,2,x\n3,4,\n", &options, 2, 2, values, NULL); /* the last column is not read */
    options.label = "l";
    assert_csv("a,b\n1,2\n3,4\n", &options, 2, 2, values, NULL); /* nor need it be there */
    assert_csv("a,l,b\n1,x,2\n3,,4\n", &options, 2, 2, values, NULL);
    options.inputs = 0;
    assert_csv("a,l,b\n1,x,2\n3,,4\n", &options, 2, 2, values, NULL);
    assert_csv("t,a,u,b\n?,1,?,2\n?,3,?,4\n",
               &(mlp_source_options){.unlabelled = true, .inputs = 2, .targets = "t,u"}, 2, 2,
               values, NULL);
    assert_csv_refused("1,2,3,4\n", &(mlp_source_options){.unlabelled = true, .inputs = 2},
                       MLP_ERROR_DATA,
                       ": line 1: found 4 columns, of which 3 are inputs, expected 2");
}
END_TEST

START_TEST(delimiters)
{
    assert_csv("1;2;0\n3;4;1\n", NULL, 2, 2, values, zero_one);
    assert_csv("1\t2\t0\n3\t4\t1\n", NULL, 2, 2, values, zero_one);
    assert_csv("\"a,a,a,a\";b;c\n1;2;0\n3;4;1\n", NULL, 2, 2, values, zero_one);
    assert_csv("1|2|0\n3|\"4\"|1\n", &(mlp_source_options){.delimiter = '|'}, 2, 2, values,
               zero_one);
    assert_csv("1 2 0\n3 4 1\n", &(mlp_source_options){.delimiter = ' '}, 2, 2, values, zero_one);
    assert_csv_refused("1,5;2,5;0\n", &(mlp_source_options){.delimiter = ';'}, MLP_ERROR_DATA,
                       ": line 1, column 1: found '1,5', expected a number with a decimal point");
    assert_csv_refused("\"1,5\",2,0\n", &(mlp_source_options){.header = MLP_HEADER_NO},
                       MLP_ERROR_DATA, ": line 1, column 1: found '1,5', expected a number with");
    assert_csv_refused(
        "a;b;l\n1,5;2,5;0\n", NULL, MLP_ERROR_DATA,
        ": line 2, column 1 (a): found '1,5', expected a number with a decimal point");
    assert_csv_refused("l,a,b\nx,1,2\ny,3,4\n", NULL, MLP_ERROR_DATA,
                       ": line 2, column 1 (l): found 'x', expected a number (or the column of the "
                       "labels, --label)");
    assert_csv_refused("1,5,6;2;0\n", &(mlp_source_options){.delimiter = ';'}, MLP_ERROR_DATA,
                       ": line 1, column 1: found '1,5,6', expected a number (or");
    static const char bad[] = "\"\r\n.+-09eE";
    for (size_t i = 0; bad[i]; i++)
        assert_csv_refused("1,2\n", &(mlp_source_options){.delimiter = bad[i]}, MLP_ERROR_USAGE,
                           "found the delimiter '");
}
END_TEST

/* --- Labels -------------------------------------------------------------------- */

START_TEST(names_of_classes)
{
    mlp_dataset *data =
        open_csv(put_text("iris.csv", "x,species\n1,virginica\n2,\"setosa\"\n3, versicolor\n"
                                      "4,setosa\n5,\xc3\xa9\n"),
                 NULL);
    static const char *const names[] = {"setosa", "versicolor", "virginica", "\xc3\xa9"};
    ck_assert_uint_eq(mlp_dataset_classes(data), 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(mlp_dataset_class_name(data, i), names[i]);
    ck_assert_ptr_null(mlp_dataset_class_name(data, 4));
    ck_assert_mem_eq(mlp_dataset_labels(data), ((const uint8_t[]){2, 0, 1, 0, 3}), 5);

    /* Those of one set for another, which lacks some. */
    mlp_source_options options = {.class_names = names, .class_count = 4};
    mlp_dataset *other = open_csv(put_text("few.csv", "1,versicolor\n2,versicolor\n"), &options);
    ck_assert_uint_eq(mlp_dataset_classes(other), 4);
    ck_assert_mem_eq(mlp_dataset_labels(other), ((const uint8_t[]){1, 1}), 2);
    ck_assert_str_eq(mlp_dataset_class_name(other, 3), names[3]);
    mlp_dataset_destroy(other);
    mlp_dataset_destroy(data);
    assert_csv_refused("1,setosa\n2,Setosa\n", &options, MLP_ERROR_DATA,
                       ": line 2, column 2: found the label 'Setosa', expected one of the 4 "
                       "classes that are known, 'setosa' to '");
    options.class_count = 1;
    assert_csv_refused("1,setosa\n", &options, MLP_ERROR_USAGE,
                       "found 1 names of classes, expected 2 to 256");
}
END_TEST

START_TEST(numbers_as_labels)
{
    assert_csv("1,2,0\n3,4,1.0\n", NULL, 2, 2, values, zero_one);
    assert_csv("1,2,00\n3,4,255\n", NULL, 2, 2, values, (const uint8_t[]){0, 255});
    mlp_dataset *data = open_csv(put_text("n.csv", "1,2e0\n2,+7\n"), NULL);
    ck_assert_uint_eq(mlp_dataset_classes(data), 8);
    ck_assert_ptr_null(mlp_dataset_class_name(data, 0));
    ck_assert_mem_eq(mlp_dataset_labels(data), ((const uint8_t[]){2, 7}), 2);
    mlp_dataset_destroy(data);
}
END_TEST

/* --- The same data elsewhere ------------------------------------------------------ */

START_TEST(the_same_as_npy)
{
    char hash[2][33];
    static const float inputs[6] = {0.1f, -2.5e-7f, 3e8f, 0.333333343f, 5, -0.0f};
    char text[400];
    size_t size = 0;
    for (size_t i = 0; i < 2; i++) {
        for (size_t c = 0; c < 3; c++)
            size += (size_t)snprintf(text + size, sizeof text - size, "%.9g,",
                                     (double)inputs[3 * i + c]);
        size += (size_t)snprintf(text + size, sizeof text - size, "%zu\n", 1 - i);
    }
    put("a.npy", npy_f32_file("(2, 3)", inputs, 6));
    put("a-labels.npy", npy_file("|u1", "(2,)", "\1\0", 2));
    struct bytes bytes = {0};
    add(&bytes, text, size);
    const char *paths[] = {in_folder("a.npy"), put("a.csv", bytes)};
    for (size_t i = 0; i < 2; i++) {
        mlp_dataset *data = open_csv(paths[i], NULL);
        mlp_dataset_hash(data, hash[i]);
        mlp_dataset_destroy(data);
    }
    ck_assert_str_eq(hash[0], hash[1]);
    mlp_dataset *data = open_csv(put("a.csv.gz", packed(bytes)), NULL);
    mlp_dataset_hash(data, hash[1]);
    mlp_dataset_destroy(data);
    ck_assert_str_eq(hash[0], hash[1]);
}
END_TEST

static void set_stdin(const char *text)
{
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(write(fds[1], text, strlen(text)), (ssize_t)strlen(text));
    close(fds[0]);
    close(fds[1]);
}

START_TEST(standard_input)
{
    mlp_error error;
    ck_assert(mlp_dataset_has("-", MLP_TRAIN) && !mlp_dataset_has("-", MLP_TEST));
    set_stdin("a,b,c\n1,2,0\n3,4,1\n");
    mlp_dataset *data = open_csv("-", NULL);
    ck_assert_uint_eq(mlp_dataset_count(data), 2);
    ck_assert_mem_eq(mlp_dataset_f32_at(data, 0), values, sizeof values);
    mlp_dataset_destroy(data);

    set_stdin("1,2,0\n1,x,0\n");
    ck_assert_int_eq(mlp_dataset_open("-", MLP_TRAIN, &data, &error), MLP_ERROR_DATA);
    ck_assert_str_eq(error.message, "-: line 2, column 2: found 'x', expected a number");
    set_stdin("\x1f\x8b\x08");
    ck_assert_int_eq(mlp_dataset_open("-", MLP_TRAIN, &data, &error), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "found gz data, expected text"));
}
END_TEST

START_TEST(every_failure)
{
    FILE *file = fopen(in_folder("a.csv"), "wb");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "x,y,\"label\"\n");
    for (size_t i = 0; i < 300000; i++)
        fprintf(file, "%zu,2,\"%s\"\n", i, i % 2 == 0 ? "no" : "yes");
    fclose(file);
    /* Reader, buffer, two of quotes, first record, map, labels, rows twice over, texts, names. */
    assert_every_failure(in_folder("a.csv"), NULL, 13, 10);
    put("b.csv.gz", packed((struct bytes){.at = "1,2,0\n3,4,1\n", .size = 12}));
    assert_every_failure(in_folder("b.csv.gz"), &(mlp_source_options){.targets = "0"}, 8, 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    TCase *tests = tcase_create("csv");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, case_35_byte_order_mark);
    tcase_add_test(tests, case_36_ends_of_lines);
    tcase_add_test(tests, case_38_subnormals);
    tcase_add_test(tests, every_way_to_write_a_number);
    tcase_add_test(tests, quotes);
    tcase_add_test(tests, long_lines);
    tcase_add_test(tests, many_lines);
    tcase_add_test(tests, headers);
    tcase_add_test(tests, columns_by_name_and_number);
    tcase_add_test(tests, columns_that_are_not_there);
    tcase_add_test(tests, targets);
    tcase_add_test(tests, inputs_alone);
    tcase_add_test(tests, delimiters);
    tcase_add_test(tests, names_of_classes);
    tcase_add_test(tests, numbers_as_labels);
    tcase_add_test(tests, the_same_as_npy);
    tcase_add_test(tests, standard_input);
    tcase_add_test(tests, every_failure);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
