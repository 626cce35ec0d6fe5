/* SPDX-License-Identifier: MIT */
/* Fuzz target of the CSV reader. The first byte of the input chooses the options, the rest is the
 * file. Inputs alone are read row by row as well, which has to give the same. */
#include "alloc.h"
#include "formats/csv_table.h"
#include "formats/format.h"
#include "fuzz_data.h"
#include "fuzz_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HEADER = 3,
    LABEL = 1 << 2,
    TARGETS = 1 << 3,
    UNLABELLED = 1 << 4,
    NAMES = 1 << 5,
    SEMICOLON = 1 << 6,
    INPUTS = 1 << 7,
};

static mlp_source_options choose(unsigned bits)
{
    static const char *const names[] = {"a", "b", "1"}, *const inputs[] = {"b", "a"};
    static const mlp_columns columns = {.input_count = 2, .inputs = inputs, .label = "1"};
    mlp_source_options options = {.header = (mlp_header)((bits & HEADER) % 3)};
    options.label = bits & LABEL ? "0" : NULL;
    options.targets = bits & TARGETS ? "a,-1" : NULL;
    options.unlabelled = bits & UNLABELLED;
    options.delimiter = bits & SEMICOLON ? ';' : '\0';
    options.inputs = bits & INPUTS ? 2 : 0;
    options.columns = (bits & HEADER) == HEADER ? &columns : NULL;
    if (bits & NAMES) {
        options.class_names = names;
        options.class_count = sizeof names / sizeof names[0];
    }
    return options;
}

/* Reads the rows again, one by one. */
static void compare_rows(const char *path, const mlp_source_options *options,
                         const mlp_dataset *expected)
{
    struct mlp_csv_table table;
    struct mlp_csv_field label;
    size_t line = 1, i = 0, features = mlp_dataset_features(expected);
    float *inputs = malloc(features * sizeof *inputs);
    if (!inputs || mlp_csv_table_open(path, options, &table, NULL) != MLP_OK)
        abort();
    for (;; i++) {
        if (mlp_csv_table_next(&table, inputs, NULL, &label, &line, NULL) != MLP_OK)
            abort();
        if (line == 0)
            break;
        if (i == mlp_dataset_count(expected) ||
            memcmp(inputs, mlp_dataset_f32_at(expected, i), features * sizeof *inputs) != 0)
            abort();
    }
    if (i != mlp_dataset_count(expected))
        abort();
    mlp_csv_table_close(&table);
    free(inputs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct fuzz_file file;
    mlp_source_options options = choose(data[0]);
    mlp_dataset *found = NULL;
    mlp_error error = {.message = ""};
    fuzz_file_open(&file);
    fuzz_file_add(&file, data + 1, size - 1);
    mlp_status status = mlp_format_csv.open(file.path, MLP_TRAIN, &options, &found, &error);
    if (found && options.unlabelled)
        compare_rows(file.path, &options, found);
    fuzz_check_data(status, found, &error);
    fuzz_file_close(&file);
    if (mlp_alloc_live() != 0)
        abort();
    return 0;
}
