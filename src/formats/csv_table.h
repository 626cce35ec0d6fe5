/* SPDX-License-Identifier: MIT */
/* The rows of a CSV file as inputs, targets and labels. */
#ifndef MLP_SRC_FORMATS_CSV_TABLE_H
#define MLP_SRC_FORMATS_CSV_TABLE_H

#include "formats/csv_lines.h"

#include <mlp/dataset.h>

#define MLP_CSV_NONE SIZE_MAX /* no column */

struct mlp_csv_column {
    enum mlp_csv_role {
        MLP_CSV_INPUT,
        MLP_CSV_TARGET,
        MLP_CSV_LABEL,
        MLP_CSV_LEFT_OUT,
        MLP_CSV_PRESUMED, /* left out as the label, which nobody has named: it must look like one */
    } role;
    size_t place; /* among the inputs or targets */
};

/* A name of the header. */
struct mlp_csv_name {
    struct mlp_csv_field name;
    size_t column;
};

/* Starts with mlp_csv_table_open, ends with mlp_csv_table_close. */
struct mlp_csv_table {
    struct mlp_csv_lines lines;
    char *first_text;             /* a copy of the first record */
    struct mlp_csv_record first;  /* it; line 0: the file has none */
    struct mlp_csv_record second; /* the next one, where it has been read; else line 0 */
    bool header;                  /* the first record has the names of the columns */
    bool guessed;                 /* that it has, or has not, is no option */
    bool first_waits;             /* it is the next row */
    bool untold;                  /* that the last column is the label */
    size_t columns, features, outputs, label; /* label: a column, or MLP_CSV_NONE */
    struct mlp_csv_column *map;               /* [columns] */
    enum mlp_csv_role unclaimed; /* of the columns that nobody has asked for; while it is made */
    struct mlp_csv_name *names;  /* [columns], sorted; NULL without a header */
};

/* Opens the file, reads its first record and, where that may be a header, the second. `path`
 * must outlive it. A header without rows is refused, a file of one row is fine. */
mlp_status mlp_csv_table_open(const char *path, const mlp_source_options *options,
                              struct mlp_csv_table *out, mlp_error *error);
void mlp_csv_table_close(struct mlp_csv_table *table);

/* The names of inputs, targets and label, mlp_alloc'ed; *out is NULL where there is no header, or
 * one of them cannot last (mlp_column_name_lasts) or is that of two columns. */
mlp_status mlp_csv_table_names(const struct mlp_csv_table *table, mlp_columns **out,
                               mlp_error *error);

/* The next row: inputs [features], targets [outputs], the text of the label where there is such a
 * column, which stays until the next row is read. *line is its line, 0 at the end. */
mlp_status mlp_csv_table_next(struct mlp_csv_table *table, float *inputs, float *targets,
                              struct mlp_csv_field *label, size_t *line, mlp_error *error);

/* Whether it can be read without waiting; false also where that is not sure. */
bool mlp_csv_table_ready(const struct mlp_csv_table *table);

#endif
