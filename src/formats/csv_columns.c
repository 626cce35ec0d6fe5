/* SPDX-License-Identifier: MIT */
#include "formats/csv_columns.h"

#include "alloc.h"
#include "columns.h"
#include "error.h"
#include "formats/number.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 100 }; /* bytes of a name in a message */

static int shown(size_t size)
{
    return size < SHOWN ? (int)size : SHOWN;
}

/* --- Names ------------------------------------------------------------------- */

static int compare(const struct mlp_csv_field *a, const struct mlp_csv_field *b)
{
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return memcmp(a->text, b->text, a->size);
}

static int compare_names(const void *a, const void *b)
{
    const struct mlp_csv_name *x = a, *y = b;
    int order = compare(&x->name, &y->name);
    return order != 0 ? order : (x->column > y->column) - (x->column < y->column);
}

/* Lists the names of the header. */
static mlp_status list_names(struct mlp_csv_table *table, mlp_error *error)
{
    size_t column = 0;
    table->names = mlp_alloc(table->columns, sizeof *table->names);
    if (!table->names)
        return mlp_fail_memory(error, table->lines.path);
    for (const char *at = table->first.text; at; column++) {
        table->names[column].column = column;
        at = mlp_csv_field(&table->first, at, &table->names[column].name);
    }
    qsort(table->names, table->columns, sizeof *table->names, compare_names);
    return MLP_OK;
}

/* Finds a column by its name; *times is how often the header has it. */
static size_t find_name(const struct mlp_csv_table *table, const char *text, size_t size,
                        size_t *times)
{
    const struct mlp_csv_field name = {text, size};
    size_t first = 0, end = table->names ? table->columns : 0, last = end;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (compare(&table->names[middle].name, &name) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    *times = 0;
    while (first + *times < last && compare(&table->names[first + *times].name, &name) == 0)
        ++*times;
    return *times > 0 ? table->names[first].column : MLP_CSV_NONE;
}

/* Column 0, 1, ... or -1, -2, ... */
static size_t find_number(const struct mlp_csv_table *table, const char *text, size_t size)
{
    bool negative = size > 0 && *text == '-';
    size_t number = 0;
    if (size == negative || size > 10)
        return MLP_CSV_NONE;
    for (size_t i = negative; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return MLP_CSV_NONE;
        number = number * 10 + (size_t)(text[i] - '0');
    }
    if (negative)
        return number > 0 && number <= table->columns ? table->columns - number : MLP_CSV_NONE;
    return number < table->columns ? number : MLP_CSV_NONE;
}

/* A column as options name it. */
static mlp_status find_column(const struct mlp_csv_table *table, const char *text, size_t size,
                              size_t *out, mlp_error *error)
{
    size_t times;
    *out = find_name(table, text, size, &times);
    if (times > 1)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "%s: line %zu: found %zu columns named '%.*s', expected one",
                        table->lines.path, table->first.line, times, shown(size), text);
    if (times == 0)
        *out = find_number(table, text, size);
    if (*out != MLP_CSV_NONE)
        return MLP_OK;
    return mlp_fail(error, MLP_ERROR_USAGE,
                    "%s: line %zu: found no column '%.*s' among its %zu, expected %s0 to %zu or -1 "
                    "to -%zu%s",
                    table->lines.path, table->first.line, shown(size), text, table->columns,
                    table->header ? "a name of the header, " : "", table->columns - 1,
                    table->columns, table->header ? "" : " (it has no header)");
}

/* --- Headers ----------------------------------------------------------------- */

mlp_status mlp_csv_know_header(struct mlp_csv_table *table, const mlp_columns *columns, bool *known,
                               mlp_error *error)
{
    size_t numbers = 0, times = 1;
    float value;
    *known = false;
    table->columns = mlp_csv_count(&table->first);
    if (table->columns < columns->input_count || table->columns > MLP_CSV_COLUMNS)
        return MLP_OK;
    mlp_status status = list_names(table, error);
    if (status != MLP_OK)
        return status;
    for (size_t i = 0; i < columns->input_count && times == 1; i++) {
        size_t size = strlen(columns->inputs[i]);
        find_name(table, columns->inputs[i], size, &times);
        numbers += mlp_number_parse(columns->inputs[i], size, &value) != MLP_NUMBER_NONE;
    }
    *known = times == 1 && numbers < columns->input_count;
    if (*known)
        return MLP_OK;
    mlp_free(table->names);
    table->names = NULL;
    if (times != 1)
        return MLP_OK;
    return mlp_fail(error, MLP_ERROR_USAGE,
                    "%s: line %zu: found numbers that are the names of the model's columns, too, "
                    "expected --header yes or no to say which they are",
                    table->lines.path, table->first.line);
}

/* --- Taking ------------------------------------------------------------------ */

/* Columns that have no role yet. */
static void set_all(struct mlp_csv_table *table, enum mlp_csv_role role)
{
    table->unclaimed = role;
    for (size_t c = 0; c < table->columns; c++)
        table->map[c].role = role;
}

static mlp_status take(struct mlp_csv_table *table, size_t column, const char *text, size_t size,
                       struct mlp_csv_column what, mlp_error *error)
{
    if (table->map[column].role == MLP_CSV_INPUT && table->unclaimed != MLP_CSV_INPUT &&
        what.role != MLP_CSV_INPUT)
        return mlp_fail(error, MLP_ERROR_USAGE, "%s: column '%.*s' is an input by its name",
                        table->lines.path, shown(size), text);
    if (table->map[column].role != table->unclaimed)
        return mlp_fail(error, MLP_ERROR_USAGE, "%s: column '%.*s' is given twice",
                        table->lines.path, shown(size), text);
    table->map[column] = what;
    if (what.role == MLP_CSV_LABEL)
        table->label = column;
    return MLP_OK;
}

static mlp_status take_column(struct mlp_csv_table *table, const char *text, size_t size,
                              struct mlp_csv_column what, mlp_error *error)
{
    size_t column;
    mlp_status status = find_column(table, text, size, &column, error);
    return status == MLP_OK ? take(table, column, text, size, what, error) : status;
}

static mlp_status take_targets(struct mlp_csv_table *table, const char *targets, bool left_out,
                               mlp_error *error)
{
    mlp_status status = MLP_OK;
    size_t count = 0;
    for (const char *at = targets; at && status == MLP_OK; count++) {
        const char *comma = strchr(at, ',');
        size_t size = comma ? (size_t)(comma - at) : strlen(at);
        struct mlp_csv_column what = {left_out ? MLP_CSV_LEFT_OUT : MLP_CSV_TARGET, count};
        status = take_column(table, at, size, what, error);
        at = comma ? comma + 1 : NULL;
    }
    table->outputs = left_out ? 0 : count;
    return status;
}

/* --- By position ------------------------------------------------------------- */

/* The last columns as targets, as of a model that predicts values. */
static mlp_status take_last(struct mlp_csv_table *table, size_t count, bool left_out,
                            mlp_error *error)
{
    if (count >= table->columns)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line %zu: found %zu columns, expected inputs and %zu of target values",
                        table->lines.path, table->first.line, table->columns, count);
    for (size_t i = 0; i < count; i++)
        table->map[table->columns - count + i] =
            (struct mlp_csv_column){left_out ? MLP_CSV_LEFT_OUT : MLP_CSV_TARGET, i};
    table->outputs = left_out ? 0 : count;
    return MLP_OK;
}

/* Takes what is no input out of them. */
static mlp_status take_others(struct mlp_csv_table *table, const mlp_source_options *options,
                              mlp_error *error)
{
    bool alone = options->unlabelled, told = options->label || options->targets;
    size_t last = options->columns && !told ? options->columns->target_count : 0;
    const char *label = options->label ? options->label : "-1";
    struct mlp_csv_column what = {!alone           ? MLP_CSV_LABEL
                                  : options->label ? MLP_CSV_LEFT_OUT
                                                   : MLP_CSV_PRESUMED,
                                  0};
    if (alone && (options->inputs > 0 ? options->inputs == table->columns : !told))
        return MLP_OK;
    if (options->targets)
        return take_targets(table, options->targets, alone, error);
    if (last > 0)
        return take_last(table, last, alone, error);
    table->untold = !told;
    return take_column(table, label, strlen(label), what, error);
}

static mlp_status map_by_position(struct mlp_csv_table *table, const mlp_source_options *options,
                                  mlp_error *error)
{
    set_all(table, MLP_CSV_INPUT);
    mlp_status status = take_others(table, options, error);
    for (size_t c = 0; c < table->columns && status == MLP_OK; c++) {
        if (table->map[c].role == MLP_CSV_INPUT)
            table->map[c].place = table->features++;
    }
    return status;
}

/* --- By name ----------------------------------------------------------------- */

/* Takes the one column that has exactly this name. */
static mlp_status take_named(struct mlp_csv_table *table, const char *name,
                             struct mlp_csv_column what, mlp_error *error)
{
    static const char *const kinds[] = {
        [MLP_CSV_INPUT] = "an input", [MLP_CSV_TARGET] = "a target", [MLP_CSV_LABEL] = "the label"};
    size_t times, size = strlen(name), column = find_name(table, name, size, &times);
    if (times == 1)
        return take(table, column, name, size, what, error);
    return mlp_fail(
        error, MLP_ERROR_DATA,
        "%s: line %zu: found %s '%.*s' among the names of %zu columns, expected one: it "
        "was the name of %s in training (a table without names goes by position)",
        table->lines.path, table->first.line, times == 0 ? "no" : "more than one", shown(size),
        name, table->columns, kinds[what.role]);
}

/* The label or the targets: those of the options before those of the same names as before. */
static mlp_status take_goals(struct mlp_csv_table *table, const mlp_source_options *options,
                             mlp_error *error)
{
    const mlp_columns *columns = options->columns;
    struct mlp_csv_column what = {MLP_CSV_LABEL, 0};
    mlp_status status = MLP_OK;
    bool known = options->goals_by_name && (columns->label || columns->target_count > 0);
    if (options->targets && !known)
        return take_targets(table, options->targets, false, error);
    if (options->label && !known)
        return take_column(table, options->label, strlen(options->label), what, error);
    if (columns->label)
        return take_named(table, columns->label, what, error);
    if (columns->target_count == 0)
        return take_column(table, "-1", 2, what, error);
    what.role = MLP_CSV_TARGET;
    for (; what.place < columns->target_count && status == MLP_OK; what.place++)
        status = take_named(table, columns->targets[what.place], what, error);
    table->outputs = columns->target_count;
    return status;
}

static mlp_status map_by_name(struct mlp_csv_table *table, const mlp_source_options *options,
                              mlp_error *error)
{
    const mlp_columns *columns = options->columns;
    struct mlp_csv_column what = {MLP_CSV_INPUT, 0};
    mlp_status status = MLP_OK;
    set_all(table, MLP_CSV_LEFT_OUT);
    for (; what.place < columns->input_count && status == MLP_OK; what.place++)
        status = take_named(table, columns->inputs[what.place], what, error);
    table->features = columns->input_count;
    return status == MLP_OK && !options->unlabelled ? take_goals(table, options, error) : status;
}

/* --- All of them -------------------------------------------------------------- */

static mlp_status check_inputs(const struct mlp_csv_table *table, const mlp_source_options *options,
                               mlp_error *error)
{
    if (table->features == 0)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line %zu: found %zu column%s, expected one of inputs besides",
                        table->lines.path, table->first.line, table->columns,
                        table->columns == 1 ? "" : "s");
    if (options->unlabelled && options->inputs > 0 && options->inputs != table->features)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line %zu: found %zu columns, of which %zu are inputs, expected %zu as "
                        "the model takes",
                        table->lines.path, table->first.line, table->columns, table->features,
                        options->inputs);
    return MLP_OK;
}

mlp_status mlp_csv_map_columns(struct mlp_csv_table *table, const mlp_source_options *options,
                               mlp_error *error)
{
    table->label = MLP_CSV_NONE;
    table->columns = mlp_csv_count(&table->first);
    if (table->columns > MLP_CSV_COLUMNS)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line %zu: found %zu columns, expected at most %d", table->lines.path,
                        table->first.line, table->columns, MLP_CSV_COLUMNS);
    table->map = mlp_alloc(table->columns, sizeof *table->map);
    if (!table->map)
        return mlp_fail_memory(error, table->lines.path);
    mlp_status status = table->header && !table->names ? list_names(table, error) : MLP_OK;
    if (status != MLP_OK)
        return status;
    status = options->columns && table->header ? map_by_name(table, options, error)
                                               : map_by_position(table, options, error);
    return status == MLP_OK ? check_inputs(table, options, error) : status;
}

/* --- What they are called ------------------------------------------------------ */

/* Ends every name with a zero byte, in `texts`, and puts it where its column's role says; false
 * where one does not last. */
static bool gather(const struct mlp_csv_table *table, char *texts, const char **inputs,
                   const char **targets, const char **label)
{
    for (size_t i = 0; i < table->columns; i++) {
        const struct mlp_csv_field *name = &table->names[i].name;
        const struct mlp_csv_column *column = &table->map[table->names[i].column];
        bool twice = (i > 0 && compare(&table->names[i - 1].name, name) == 0) ||
                     (i + 1 < table->columns && compare(&table->names[i + 1].name, name) == 0);
        if (column->role == MLP_CSV_LEFT_OUT || column->role == MLP_CSV_PRESUMED)
            continue;
        if (twice || !mlp_column_name_lasts(name->text, name->size))
            return false;
        memcpy(texts, name->text, name->size);
        texts[name->size] = '\0';
        if (column->role == MLP_CSV_LABEL)
            *label = texts;
        else
            (column->role == MLP_CSV_INPUT ? inputs : targets)[column->place] = texts;
        texts += name->size + 1;
    }
    return true;
}

mlp_status mlp_csv_table_names(const struct mlp_csv_table *table, mlp_columns **out,
                               mlp_error *error)
{
    *out = NULL;
    if (!table->names)
        return MLP_OK;
    size_t size = (size_t)(table->first.end - table->first.text) + 1;
    const char **names = mlp_alloc(table->features + table->outputs, sizeof *names);
    char *texts = mlp_alloc_uninitialized(size, 1);
    bool room = names && texts;
    if (room) {
        mlp_columns columns = {.input_count = table->features,
                               .inputs = names,
                               .target_count = table->outputs,
                               .targets = names + table->features};
        if (gather(table, texts, names, names + table->features, &columns.label)) {
            *out = mlp_columns_copy(&columns);
            room = *out != NULL;
        }
    }
    mlp_free((void *)names);
    mlp_free(texts);
    return room ? MLP_OK : mlp_fail_memory(error, table->lines.path);
}
