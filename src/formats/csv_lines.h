/* SPDX-License-Identifier: MIT */
/* The records of a CSV file (RFC 4180), one after the other. */
#ifndef MLP_SRC_FORMATS_CSV_LINES_H
#define MLP_SRC_FORMATS_CSV_LINES_H

#include "text.h"

#include <mlp/status.h>

#include <csv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MLP_CSV_FIELD = 1 << 20,   /* bytes of a field at most */
    MLP_CSV_RECORD = 1 << 26,  /* bytes of a record at most */
    MLP_CSV_COLUMNS = 1 << 20, /* columns at most */
};

struct mlp_gz;

/* Starts with mlp_csv_open, ends with mlp_csv_close. */
struct mlp_csv_lines {
    const char *path;            /* "-": standard input */
    struct mlp_gz *gz;           /* NULL: standard input */
    char *buffer;                /* [capacity] */
    size_t capacity, begin, end; /* bytes begin to end have not been handed out */
    bool finished;               /* nothing follows those in the buffer */
    uint64_t position;           /* bytes that have been handed out */
    size_t line;                 /* the number of the last line, from 1 */
    bool started;                /* the first bytes have been looked at */
    char delimiter;              /* to be set before the first record */
    struct csv_parser parser;    /* of records with quotes */
    struct mlp_text unquoted;    /* of the last record, where it has quotes */
};

/* A record: fields with its delimiter between them, blanks around them or not. Of one without
 * quotes it is the line as it is; else the delimiter is a zero byte, which no field has. Stays
 * until the next is read. */
struct mlp_csv_record {
    const char *text, *end;
    char delimiter;
    size_t line; /* where it begins; 0: there is none left */
};

/* `path` must outlive it. */
mlp_status mlp_csv_open(const char *path, struct mlp_csv_lines *out, mlp_error *error);
void mlp_csv_close(struct mlp_csv_lines *lines);

/* Sets the delimiter to that of , ; and tab of which the next line has most outside of quotes. */
mlp_status mlp_csv_find_delimiter(struct mlp_csv_lines *lines, mlp_error *error);

/* The next record that is not an empty line. Waits for no more than its end. */
mlp_status mlp_csv_next(struct mlp_csv_lines *lines, struct mlp_csv_record *out, mlp_error *error);

/* Whether the next record can be read without waiting for standard input; false also where that is
 * not sure. */
bool mlp_csv_ready(const struct mlp_csv_lines *lines);

/* One field without the blanks around it. */
struct mlp_csv_field {
    const char *text;
    size_t size;
};

/* The field that begins at `at`; returns where the next begins, NULL where it was the last. */
const char *mlp_csv_field(const struct mlp_csv_record *record, const char *at,
                          struct mlp_csv_field *out);

/* The number of fields. */
size_t mlp_csv_count(const struct mlp_csv_record *record);

/* The bytes that the whole content can have at most; 0 where that is not known. */
uint64_t mlp_csv_limit(const struct mlp_csv_lines *lines);

#endif
