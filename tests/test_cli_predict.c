/* SPDX-License-Identifier: MIT */
/* mlp predict: its formats, files, and data without labels. */
#include "program.h"

#include <mlp/mlp.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 10 };

/* What the library says of the saved model and the test data, [TEST_COUNT][CLASSES]. */
static float expected[TEST_COUNT * CLASSES];
static size_t classes[TEST_COUNT];

static void predict_by_library(void)
{
    mlp_model *model = NULL;
    mlp_dataset *data = NULL;
    ck_assert_int_eq(mlp_model_load(in_folder("model"), &model, NULL), MLP_OK);
    ck_assert_int_eq(mlp_dataset_open(in_folder("data"), MLP_TEST, &data, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_predict(model, data, 1, expected, NULL), MLP_OK);
    for (size_t i = 0; i < TEST_COUNT; i++)
        classes[i] = mlp_model_class(model, expected + i * CLASSES);
    mlp_dataset_destroy(data);
    mlp_model_destroy(model);
}

/* --- Formats -------------------------------------------------------------------- */

START_TEST(text_has_a_line_for_a_sample)
{
    size_t lines = 0;
    save_model();
    predict_by_library();
    expect_success("$MLP predict model --data data");
    for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        char text[64];
        snprintf(text, sizeof text, "%zu %zu %.6f", lines, classes[lines],
                 (double)expected[lines * CLASSES + classes[lines]]);
        ck_assert_str_eq(line, text);
    }
    ck_assert_uint_eq(lines, TEST_COUNT);
}
END_TEST

START_TEST(json_lines_are_objects)
{
    save_model();
    expect_success("$MLP predict model --data data --json --probabilities");
    size_t lines = 0;
    for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        json_int_t index, class;
        double probability, sum = 0;
        json_t *all;
        json_t *root = parse_json(line);
        ck_assert_int_eq(json_unpack(root, "{s:I, s:I, s:F, s:o !}", "index", &index, "class",
                                     &class, "probability", &probability, "probabilities", &all),
                         0);
        ck_assert_int_eq(index, (json_int_t)lines);
        ck_assert_uint_eq(json_array_size(all), 10);
        for (size_t c = 0; c < 10; c++) {
            double value = json_number_value(json_array_get(all, c));
            ck_assert(value <= probability);
            sum += value;
        }
        ck_assert(json_number_value(json_array_get(all, (size_t) class)) == probability);
        ck_assert(fabs(sum - 1) < 1e-5);
        json_decref(root);
    }
    ck_assert_uint_eq(lines, TEST_COUNT);
}
END_TEST

START_TEST(probabilities_come_on_request)
{
    save_model();
    json_t *root = json_of("$MLP predict model --data data --format jsonl | head -n 1");
    ck_assert_uint_eq(json_object_size(root), 3);
    ck_assert_ptr_null(json_object_get(root, "probabilities"));
    json_decref(root);
}
END_TEST

/* Reads a number at *at, which then stands behind it and one of the separators. */
static float next_float(char **at)
{
    char *end;
    float value = strtof(*at, &end);
    ck_assert(end > *at && (*end == ',' || *end == '\n'));
    *at = end + 1;
    return value;
}

static void assert_csv(char *at)
{
    static const char header[] = "index,class,probability_0,probability_1,probability_2,"
                                 "probability_3,probability_4,probability_5,probability_6,"
                                 "probability_7,probability_8,probability_9\n";
    ck_assert_int_eq(strncmp(at, header, strlen(header)), 0);
    at += strlen(header);
    for (size_t i = 0; i < TEST_COUNT; i++) {
        ck_assert_uint_eq((size_t)next_float(&at), i);
        ck_assert_uint_eq((size_t)next_float(&at), classes[i]);
        for (size_t c = 0; c < CLASSES; c++) {
            float value = next_float(&at);
            ck_assert_msg(memcmp(&value, &expected[i * CLASSES + c], sizeof value) == 0,
                          "sample %zu, class %zu: %.9g", i, c, (double)value);
        }
        ck_assert_int_eq(at[-1], '\n');
    }
    ck_assert_int_eq(*at, '\0');
}

START_TEST(csv_gives_every_bit)
{
    size_t size;
    save_model();
    predict_by_library();
    expect_success("$MLP predict model --data data --format csv --probabilities");
    assert_csv(out);
    expect_success("$MLP predict model --data data --output p.csv --probabilities");
    ck_assert_str_eq(out, "");
    char *file = get_file(in_folder("p.csv"), &size);
    assert_csv(file);
    free(file);
    expect_success("$MLP predict model --data data --format csv | head -n 2");
    ck_assert_int_eq(strncmp(out, "index,class,probability\n0,", 26), 0);
}
END_TEST

/* The values behind the header, which is that of version 1.0 and says `dict`. */
static const char *npy_values(const char *file, size_t size, const char *dict, size_t values_size)
{
    size_t length = (size_t)(unsigned char)file[8] + 256 * (size_t)(unsigned char)file[9];
    ck_assert_int_eq(memcmp(file, "\x93NUMPY\x01\0", 8), 0);
    ck_assert_uint_eq((10 + length) % 64, 0);
    ck_assert_int_eq(strncmp(file + 10, dict, strlen(dict)), 0);
    ck_assert_uint_eq(strspn(file + 10 + strlen(dict), " "), length - strlen(dict) - 1);
    ck_assert_int_eq(file[10 + length - 1], '\n');
    ck_assert_uint_eq(size, 10 + length + values_size);
    return file + 10 + length;
}

START_TEST(npy_holds_classes_or_all_values)
{
    size_t size;
    save_model();
    predict_by_library();
    expect_success("$MLP predict model --data data --output p.npy");
    char *file = get_file(in_folder("p.npy"), &size);
    const char *at = npy_values(
        file, size, "{'shape': (50,), 'descr': '<i8', 'fortran_order': False}", TEST_COUNT * 8);
    for (size_t i = 0; i < TEST_COUNT; i++, at += 8) {
        ck_assert_uint_eq((size_t)at[0], classes[i]);
        ck_assert_int_eq(memcmp(at + 1, "\0\0\0\0\0\0", 7), 0);
    }
    free(file);
    expect_success("$MLP predict model --data data --format npy --probabilities >q.npy");
    file = get_file(in_folder("q.npy"), &size);
    at = npy_values(file, size, "{'shape': (50, 10), 'descr': '<f4', 'fortran_order': False}",
                    sizeof expected);
    for (size_t i = 0; i < TEST_COUNT * CLASSES; i++) {
        uint32_t bits;
        memcpy(&bits, &expected[i], sizeof bits);
        for (size_t b = 0; b < 4; b++)
            ck_assert_uint_eq((unsigned char)at[4 * i + b], bits >> 8 * b & 0xff);
    }
    free(file);
}
END_TEST

/* What is written is data that can be read again. */
START_TEST(predictions_are_targets_of_another_model)
{
    save_model();
    expect_success("$MLP predict model --data data --split train --output p.npy --probabilities");
    expect_success("cp p.npy x.npy; cp p.npy y.npy");
    expect_success("$MLP train --data x.npy --hidden 4 --epochs 1 --threads 1");
}
END_TEST

START_TEST(values_in_every_format)
{
    char *line;
    size_t size;
    expect_success("$MLP train --data sine --hidden 4 --epochs 1 --threads 1 --save model");
    expect_success("$MLP predict model --data sine --format csv");
    ck_assert_int_eq(strncmp(out, "index,value_0\n0,", 16), 0);
    line = out + 16;
    float value = next_float(&line);
    expect_success("$MLP predict model --data sine --format npy >p.npy");
    char *file = get_file(in_folder("p.npy"), &size);
    const char *at = npy_values(
        file, size, "{'shape': (250, 1), 'descr': '<f4', 'fortran_order': False}", 4 * 250);
    float first;
    memcpy(&first, at, sizeof first);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    ck_assert(first == value);
#endif
    free(file);
    expect_failure(2, "--probabilities: model predicts values, not classes",
                   "$MLP predict model --data sine --probabilities");
}
END_TEST

/* One unit that tells two classes has two probabilities everywhere. */
START_TEST(one_unit_tells_two_probabilities)
{
    expect_success("$MLP train --data blobs --hidden none --loss binary_cross_entropy --epochs 1 "
                   "--threads 1 --save model");
    expect_success("$MLP predict model --data blobs --format csv --probabilities");
    ck_assert_int_eq(strncmp(out, "index,class,probability_0,probability_1\n", 40), 0);
    char *at = out + 40;
    next_float(&at);
    size_t class = (size_t)next_float(&at);
    float zero = next_float(&at), one = next_float(&at);
    ck_assert(zero + one == 1);
    ck_assert_uint_eq(class, one >= zero);
    expect_success("$MLP predict model --data blobs --format npy --probabilities | head -c 128");
    ck_assert_ptr_nonnull(strstr(out + 10, "'shape': (200, 2), "));
}
END_TEST

/* --- Files -------------------------------------------------------------------------- */

START_TEST(wrong_options_are_told)
{
    save_model();
    expect_failure(2, "--format: found 'nyp', expected text, csv, npy or jsonl",
                   "$MLP predict model --data data --format nyp");
    expect_failure(2, "--output: found 'p.png', expected a name that ends in .csv, .npy or .jsonl",
                   "$MLP predict model --data data --output p.png");
    expect_failure(2, "--format and --json do not go together",
                   "$MLP predict model --data data --format csv --json");
    expect_failure(2, "--output and --format do not go together",
                   "$MLP predict model --data data --format csv --output p.csv");
    expect_failure(2, "does not go with mlp eval", "$MLP eval model --data data --probabilities");
}
END_TEST

START_TEST(files_are_whole_or_as_they_were)
{
    save_model();
    expect_success("$MLP predict model --data data --output p.csv && cp p.csv before");
    expect_failure(1, "missing", "$MLP predict model --data missing --output p.csv");
    expect_success("cmp p.csv before");
    expect_success("echo other >o.csv");
    expect_failure(2, "--output: 'o.csv' ", "$MLP predict model --data data --output o.csv");
    expect_success("printf 'index,a,label\\n0,1,2\\n' >o.csv"); /* a table of samples */
    expect_failure(2, "--output: 'o.csv' ", "$MLP predict model --data data --output o.csv");
    expect_success("$MLP predict model --data data --output p.csv");
    expect_success("$MLP predict model --data data --output p.csv --probabilities");
    expect_success("cp before p.csv");
    for (size_t i = 0; i < 2; i++)
        expect_success("$MLP predict model --data data --output p.jsonl");
    expect_success("$MLP predict model --data data --output p.npy && "
                   "$MLP predict model --data data --output p.npy --probabilities");
    /* As NumPy writes it: somebody's data. */
    expect_success("printf '\\223NUMPY\\001\\000v\\000{\\047descr\\047: ' >y.npy");
    expect_failure(2, "--output: 'y.npy' ", "$MLP predict model --data data --output y.npy");
    expect_failure(1, "no/p.csv: cannot", "$MLP predict model --data data --output no/p.csv");
    expect_success("mv model m.npy");
    expect_failure(2, "--output: 'm.npy' is the model itself",
                   "$MLP predict m.npy --data data --output m.npy");
    expect_success("$MLP predict m.npy --data data --probabilities --output x.npy");
    expect_failure(2, "--output: 'x.npy' is the file that the data come from",
                   "$MLP predict m.npy --data x.npy --output x.npy");
    ck_assert_int_eq(shell("$MLP predict m.npy --data data --format npy >/dev/full"), 1);
    ck_assert_ptr_nonnull(strstr(err, "standard output: cannot write: No space left"));
}
END_TEST

/* --- Data without labels ------------------------------------------------------------- */

START_TEST(labels_are_not_needed)
{
    save_model();
    expect_success("$MLP predict model --data data >with");
    expect_success("mkdir bare; cp data/t10k-images-idx3-ubyte bare");
    expect_success("$MLP predict model --data bare | cmp with");
    expect_success("cp data/t10k-images-idx3-ubyte any-name");
    expect_success("$MLP predict model --data any-name | cmp with");
    expect_success("gzip <any-name >any-name.gz; $MLP predict model --data any-name.gz | cmp with");
    expect_failure(1, "t10k-labels-idx1-ubyte", "$MLP eval model --data bare");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_predict");
    TCase *tests = tcase_create("cli_predict");
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, text_has_a_line_for_a_sample);
    tcase_add_test(tests, json_lines_are_objects);
    tcase_add_test(tests, probabilities_come_on_request);
    tcase_add_test(tests, csv_gives_every_bit);
    tcase_add_test(tests, npy_holds_classes_or_all_values);
    tcase_add_test(tests, predictions_are_targets_of_another_model);
    tcase_add_test(tests, values_in_every_format);
    tcase_add_test(tests, one_unit_tells_two_probabilities);
    tcase_add_test(tests, wrong_options_are_told);
    tcase_add_test(tests, files_are_whole_or_as_they_were);
    tcase_add_test(tests, labels_are_not_needed);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
