/* SPDX-License-Identifier: MIT */
#include "formats/csv_table.h"

#include "alloc.h"
#include "error.h"
#include "formats/csv_columns.h"
#include "formats/number.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- The header -------------------------------------------------------------- */

static bool is_number(const struct mlp_csv_field *field)
{
    float value;
    return mlp_number_parse(field->text, field->size, &value) != MLP_NUMBER_NONE;
}

/* Whether it would be a number if its only comma were a point. */
static bool has_decimal_comma(const struct mlp_csv_field *field)
{
    char text[64];
    float value;
    const char *comma = memchr(field->text, ',', field->size);
    if (!comma || field->size > sizeof text)
        return false;
    memcpy(text, field->text, field->size);
    text[comma - field->text] = '.';
    return mlp_number_parse(text, field->size, &value) == MLP_NUMBER_OK;
}

static bool has_number(const struct mlp_csv_record *record)
{
    struct mlp_csv_field field;
    for (const char *at = record->text; at;) {
        at = mlp_csv_field(record, at, &field);
        if (is_number(&field) || has_decimal_comma(&field))
            return true;
    }
    return false;
}

static mlp_status copy_first(struct mlp_csv_table *table, const struct mlp_csv_record *record,
                             mlp_error *error)
{
    size_t size = (size_t)(record->end - record->text);
    table->first_text = mlp_alloc(size + 1, 1);
    if (!table->first_text)
        return mlp_fail_memory(error, table->lines.path);
    memcpy(table->first_text, record->text, size);
    table->first = *record;
    table->first.text = table->first_text;
    table->first.end = table->first_text + size;
    return MLP_OK;
}

/* Whether the first record is a header; reads the second where that depends on it. */
static mlp_status find_header(struct mlp_csv_table *table, const mlp_source_options *options,
                              mlp_error *error)
{
    table->guessed = options->header == MLP_HEADER_AUTO;
    table->header = options->header == MLP_HEADER_YES;
    if (table->guessed && options->columns) {
        mlp_status status = mlp_csv_know_header(table, options->columns, &table->header, error);
        if (status != MLP_OK)
            return status;
    }
    bool open = table->guessed && !table->header && !has_number(&table->first);
    if (open || table->header) {
        mlp_status status = mlp_csv_next(&table->lines, &table->second, error);
        if (status != MLP_OK)
            return status;
        if (table->second.line == 0)
            return mlp_fail(error, MLP_ERROR_DATA,
                            "%s: line %zu: found a header and nothing behind it, expected samples",
                            table->lines.path, table->first.line);
    }
    if (open)
        table->header = has_number(&table->second);
    table->first_waits = !table->header;
    return MLP_OK;
}

/* --- Rows -------------------------------------------------------------------- */

/* The name of a column, empty where it has none. */
static struct mlp_csv_field name_of(const struct mlp_csv_table *table, size_t column)
{
    struct mlp_csv_field field = {"", 0};
    const char *at = table->header ? table->first.text : NULL;
    for (size_t c = 0; c <= column && at; c++)
        at = mlp_csv_field(&table->first, at, &field);
    return field;
}

static const char *what_is_wrong(const struct mlp_csv_table *table,
                                 const struct mlp_csv_record *record,
                                 const struct mlp_csv_field *field)
{
    float value;
    const char *text = field->text;
    size_t sign = field->size > 0 && (*text == '-' || *text == '+');
    if (mlp_number_parse(text, field->size, &value) == MLP_NUMBER_LARGE)
        return "a number up to 3.4e38";
    if (field->size - sign >= 3 &&
        (strncasecmp(text + sign, "nan", 3) == 0 || strncasecmp(text + sign, "inf", 3) == 0))
        return "a finite number";
    if (has_decimal_comma(field))
        return "a number with a decimal point";
    if (memchr(text, '\r', field->size))
        return "no carriage return but before a line feed";
    if (record->line == table->first.line && table->guessed)
        return "a number (or a header, --header yes)";
    bool first_row = table->header && record->line == table->first.line + 1;
    if (table->untold && first_row && mlp_number_parse(text, field->size, &value) == MLP_NUMBER_NONE)
        return "a number (or the column of the labels, --label)";
    return "a number";
}

static mlp_status fail_cell(const struct mlp_csv_table *table, const struct mlp_csv_record *record,
                            size_t column, mlp_error *error)
{
    struct mlp_csv_field field = {"", 0}, name = name_of(table, column);
    const char *at = record->text;
    for (size_t c = 0; c <= column && at; c++)
        at = mlp_csv_field(record, at, &field);
    int named = name.size < 40 ? (int)name.size : 40;
    int shown = field.size < 40 ? (int)field.size : 40;
    if (field.size == 0)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line %zu, column %zu%s%.*s%s: found an empty cell, expected a number",
                        table->lines.path, record->line, column + 1, named ? " (" : "", named,
                        name.text, named ? ")" : "");
    return mlp_fail(
        error, MLP_ERROR_DATA, "%s: line %zu, column %zu%s%.*s%s: found '%.*s', expected %s",
        table->lines.path, record->line, column + 1, named ? " (" : "", named, name.text,
        named ? ")" : "", shown, field.text, what_is_wrong(table, record, &field));
}

/* What is wrong with a row: its number of columns before what is in them. */
static mlp_status fail_row(const struct mlp_csv_table *table, const struct mlp_csv_record *record,
                           size_t column, mlp_error *error)
{
    size_t count = mlp_csv_count(record);
    bool trails = record->end > record->text && record->end[-1] == record->delimiter;
    if (count == table->columns)
        return fail_cell(table, record, column, error);
    return mlp_fail(error, MLP_ERROR_DATA,
                    "%s: line %zu, column %zu: found %zu columns%s, expected %zu as in line %zu",
                    table->lines.path, record->line,
                    (count < table->columns ? count : table->columns) + 1, count,
                    trails ? " and a delimiter at the end" : "", table->columns, table->first.line);
}

static inline bool is_blank(char c, char delimiter)
{
    return (c == ' ' || c == '\t') && c != delimiter;
}

/* The number at *at, which is then where the next field begins, or NULL behind the last. False
 * where it is none, or one that is too large. */
static inline bool read_number(const struct mlp_csv_record *record, const char **at, float *out)
{
    const char *next = *at, *end = record->end;
    const char delimiter = record->delimiter;
    if (end - next > 1 && next[1] == delimiter && (unsigned char)(*next - '0') < 10) {
        *out = (float)(*next - '0'); /* one digit: most cells of images */
        *at = next + 2;
        return true;
    }
    while (next < end && is_blank(*next, delimiter))
        next++;
    if (mlp_number_read(&next, end, out) != MLP_NUMBER_OK)
        return false;
    while (next < end && is_blank(*next, delimiter))
        next++;
    *at = next == end ? NULL : next + 1;
    return next == end || *next == delimiter;
}

/* A class: nothing, a text, or a whole number from 0 to 255. Anything else may well be an input. */
static bool may_be_label(const struct mlp_csv_field *field)
{
    float value;
    enum mlp_number kind = mlp_number_parse(field->text, field->size, &value);
    if (kind == MLP_NUMBER_LARGE)
        return false;
    return kind == MLP_NUMBER_NONE || (value >= 0 && value <= UINT8_MAX && value == floorf(value));
}

static mlp_status fail_presumed(const struct mlp_csv_table *table,
                                const struct mlp_csv_record *record, size_t column,
                                const struct mlp_csv_field *field, mlp_error *error)
{
    int shown = field->size < 40 ? (int)field->size : 40;
    return mlp_fail(error, MLP_ERROR_DATA,
                    "%s: line %zu, column %zu: found '%.*s' in the last of %zu columns, one more "
                    "than the inputs, expected a class: name the column of the labels (--label)",
                    table->lines.path, record->line, column + 1, shown, field->text,
                    table->columns);
}

static mlp_status read_row(const struct mlp_csv_table *table, const struct mlp_csv_record *record,
                           float *inputs, float *targets, struct mlp_csv_field *label,
                           mlp_error *error)
{
    const char *at = record->text;
    struct mlp_csv_field field = {"", 0};
    size_t c = 0;
    bool right = true;
    for (; c < table->columns && at && right; c++) {
        const struct mlp_csv_column *column = &table->map[c];
        if (column->role == MLP_CSV_INPUT)
            right = read_number(record, &at, &inputs[column->place]);
        else if (column->role == MLP_CSV_TARGET)
            right = read_number(record, &at, &targets[column->place]);
        else
            at = mlp_csv_field(record, at, &field);
        if (column->role == MLP_CSV_LABEL)
            *label = field;
        if (column->role == MLP_CSV_PRESUMED && !may_be_label(&field))
            return fail_presumed(table, record, c, &field, error);
    }
    return right && c == table->columns && !at ? MLP_OK : fail_row(table, record, c - 1, error);
}

mlp_status mlp_csv_table_next(struct mlp_csv_table *table, float *inputs, float *targets,
                              struct mlp_csv_field *label, size_t *line, mlp_error *error)
{
    struct mlp_csv_record record = table->first_waits ? table->first : table->second;
    mlp_status status = MLP_OK;
    if (!table->first_waits)
        table->second = (struct mlp_csv_record){0};
    table->first_waits = false;
    if (record.line == 0)
        status = mlp_csv_next(&table->lines, &record, error);
    *line = record.line;
    if (status != MLP_OK || record.line == 0)
        return status;
    return read_row(table, &record, inputs, targets, label, error);
}

bool mlp_csv_table_ready(const struct mlp_csv_table *table)
{
    return table->first_waits || table->second.line > 0 || mlp_csv_ready(&table->lines);
}

/* --- Files ------------------------------------------------------------------- */

static mlp_status check_options(const char *path, const mlp_source_options *options,
                                mlp_error *error)
{
    if (options->label && options->targets)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "%s: found a column of labels and columns of targets, expected one or the "
                        "other",
                        path);
    if (options->delimiter != '\0' && strchr("\"\r\n.+-0123456789eE", options->delimiter))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "%s: found the delimiter '%c', expected a character that is in no number "
                        "and no quote",
                        path, options->delimiter);
    return MLP_OK;
}

static mlp_status read_start(struct mlp_csv_table *table, const mlp_source_options *options,
                             mlp_error *error)
{
    mlp_status status = MLP_OK;
    struct mlp_csv_record record;
    table->lines.delimiter = options->delimiter;
    if (options->delimiter == '\0')
        status = mlp_csv_find_delimiter(&table->lines, error);
    if (status == MLP_OK)
        status = mlp_csv_next(&table->lines, &record, error);
    if (status == MLP_OK && record.line == 0)
        status = mlp_fail(error, MLP_ERROR_DATA, "%s: line 1: found the end, expected samples",
                          table->lines.path);
    if (status == MLP_OK)
        status = copy_first(table, &record, error);
    if (status == MLP_OK)
        status = find_header(table, options, error);
    return status == MLP_OK ? mlp_csv_map_columns(table, options, error) : status;
}

mlp_status mlp_csv_table_open(const char *path, const mlp_source_options *options,
                              struct mlp_csv_table *out, mlp_error *error)
{
    *out = (struct mlp_csv_table){0};
    mlp_status status = check_options(path, options, error);
    if (status == MLP_OK)
        status = mlp_csv_open(path, &out->lines, error);
    if (status != MLP_OK)
        return status;
    status = read_start(out, options, error);
    if (status != MLP_OK)
        mlp_csv_table_close(out);
    return status;
}

void mlp_csv_table_close(struct mlp_csv_table *table)
{
    mlp_csv_close(&table->lines);
    mlp_free(table->first_text);
    mlp_free(table->map);
    mlp_free(table->names);
    *table = (struct mlp_csv_table){0};
}
