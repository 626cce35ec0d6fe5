/* SPDX-License-Identifier: MIT */
/* CSV files as data sets: every row a sample, read in one pass. */
#include "alloc.h"
#include "data.h"
#include "error.h"
#include "formats/csv_names.h"
#include "formats/csv_table.h"
#include "formats/format.h"
#include "formats/labels.h"

#include <string.h>

/* Rows while they are read. */
struct rows {
    size_t count, capacity;
    float *inputs, *targets; /* [capacity][features], [capacity][outputs] or NULL */
    uint16_t *labels;        /* [capacity], of the texts of struct mlp_labels; or NULL */
};

static void free_rows(struct rows *rows)
{
    mlp_free(rows->inputs);
    mlp_free(rows->targets);
    mlp_free(rows->labels);
    *rows = (struct rows){0};
}

/* --- Room -------------------------------------------------------------------- */

enum { FIRST_SIZE = 3 << 20 }; /* bytes of inputs */

/* Makes *array one of `capacity` rows, of which the first `count` are kept. */
static bool resize(void **array, size_t count, size_t capacity, size_t row)
{
    if (row == 0)
        return true;
    void *larger = capacity > SIZE_MAX / row ? NULL : mlp_alloc_uninitialized(capacity, row);
    if (!larger)
        return false;
    if (count > 0)
        memcpy(larger, *array, count * row);
    mlp_free(*array);
    *array = larger;
    return true;
}

/* Rows that there will be: as many as the rest of the file has where it goes on like this, and a
 * little more. */
static size_t expect(const struct mlp_csv_table *table, const struct rows *rows)
{
    const struct mlp_csv_lines *lines = &table->lines;
    size_t twice = rows->count > SIZE_MAX / 2 ? SIZE_MAX : 2 * rows->count;
    uint64_t limit = mlp_csv_limit(lines);
    if (limit <= lines->position)
        return twice;
    double left = (double)(limit - lines->position) / (double)lines->position;
    double total = (double)rows->count * (1 + 1.02 * left) + 1;
    return total < (double)UINT32_MAX ? (size_t)total : twice;
}

/* Rows to begin with: no more than the file can have, whose cells take two bytes or more. */
static size_t first_capacity(const struct mlp_csv_table *table, size_t row)
{
    uint64_t limit = mlp_csv_limit(&table->lines), most = limit / 2 / table->features;
    size_t capacity = FIRST_SIZE / row;
    return 1 + (limit > 0 && most < capacity ? (size_t)most : capacity);
}

static mlp_status make_room(const struct mlp_csv_table *table, struct rows *rows, mlp_error *error)
{
    size_t row = table->features * sizeof *rows->inputs;
    size_t capacity = rows->count == 0 ? first_capacity(table, row) : expect(table, rows);
    void *inputs = rows->inputs, *targets = rows->targets, *labels = rows->labels;
    if (rows->count < rows->capacity)
        return MLP_OK;
    bool room = resize(&inputs, rows->count, capacity, row);
    if (room)
        room = resize(&targets, rows->count, capacity, table->outputs * sizeof *rows->targets);
    if (room && table->label != MLP_CSV_NONE)
        room = resize(&labels, rows->count, capacity, sizeof *rows->labels);
    rows->inputs = inputs;
    rows->targets = targets;
    rows->labels = labels;
    rows->capacity = room ? capacity : rows->count;
    return room ? MLP_OK : mlp_fail_memory(error, table->lines.path);
}

/* --- Reading ----------------------------------------------------------------- */

static mlp_status read_next(struct mlp_csv_table *table, struct rows *rows,
                            struct mlp_labels *labels, bool *end, mlp_error *error)
{
    struct mlp_csv_field label = {"", 0};
    size_t line, i = rows->count;
    mlp_status status = make_room(table, rows, error);
    if (status != MLP_OK)
        return status;
    float *targets = table->outputs > 0 ? rows->targets + i * table->outputs : NULL;
    status = mlp_csv_table_next(table, rows->inputs + i * table->features, targets, &label, &line,
                                error);
    *end = line == 0;
    if (status != MLP_OK || *end)
        return status;
    if (i == UINT32_MAX)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line %zu: found another sample, expected fewer than 2^32",
                        table->lines.path, line);
    if (rows->labels)
        status = mlp_labels_add(labels, label.text, label.size, line, &rows->labels[i], error);
    rows->count++;
    return status;
}

/* The data set of all rows; on success it owns them. */
static mlp_status make_set(const struct mlp_csv_table *table, struct rows *rows,
                           struct mlp_labels *labels, const mlp_source_options *options,
                           mlp_dataset **out, mlp_error *error)
{
    const char **names = NULL;
    uint8_t *classes = NULL;
    size_t class_count = 0;
    mlp_columns *columns;
    mlp_status status = mlp_csv_table_names(table, &columns, error);
    if (status == MLP_OK && rows->labels) {
        status = mlp_labels_resolve(labels, options, &names, &class_count, error);
        classes = mlp_alloc_uninitialized(rows->count, 1);
        if (status == MLP_OK && !classes)
            status = mlp_fail_memory(error, table->lines.path);
        for (size_t i = 0; i < rows->count && status == MLP_OK; i++)
            classes[i] = labels->classes[rows->labels[i]];
        if (status == MLP_OK && !names)
            class_count = mlp_dataset_label_classes(classes, rows->count);
    }
    struct mlp_dataset content = {
        .count = rows->count,
        .features = table->features,
        .classes = class_count,
        .outputs = table->outputs,
        .f32 = rows->inputs,
        .labels = classes,
        .targets = rows->targets,
        .class_names = names,
        .columns = columns,
        .owned = {rows->inputs, classes, rows->targets, (void *)names, columns},
    };
    if (status == MLP_OK)
        status = mlp_dataset_create(&content, out, error);
    if (status != MLP_OK) {
        mlp_free((void *)names);
        mlp_free(classes);
        mlp_free(columns);
        return status;
    }
    rows->inputs = NULL;
    rows->targets = NULL;
    return MLP_OK;
}

static mlp_status read_all(struct mlp_csv_table *table, const mlp_source_options *options,
                           struct mlp_labels *labels, mlp_dataset **out, mlp_error *error)
{
    struct rows rows = {0};
    bool end = false;
    mlp_status status = MLP_OK;
    labels->path = table->lines.path;
    labels->column = table->label + 1;
    while (!end && status == MLP_OK)
        status = read_next(table, &rows, labels, &end, error);
    if (status == MLP_OK)
        status = make_set(table, &rows, labels, options, out, error);
    free_rows(&rows);
    return status;
}

/* --- Sources ----------------------------------------------------------------- */

static mlp_status csv_open(const char *source, mlp_split split, const mlp_source_options *options,
                           mlp_dataset **out, mlp_error *error)
{
    (void)split;
    struct mlp_csv_table table;
    mlp_status status = mlp_csv_table_open(source, options, &table, error);
    if (status != MLP_OK)
        return status;
    struct mlp_labels *labels = mlp_alloc(1, sizeof *labels);
    if (!labels)
        status = mlp_fail_memory(error, source);
    if (status == MLP_OK) {
        status = read_all(&table, options, labels, out, error);
        mlp_labels_end(labels);
    }
    mlp_free(labels);
    mlp_csv_table_close(&table);
    return status;
}

const struct mlp_format mlp_format_csv = {
    .options = MLP_FORMAT_UNLABELLED | MLP_FORMAT_COLUMNS,
    .claims = mlp_csv_claims,
    .has = mlp_csv_has,
    .open = csv_open,
};
