/* SPDX-License-Identifier: MIT */
/* What the program says: results on stdout, talk and errors on stderr. */
#ifndef MLP_CLI_OUTPUT_H
#define MLP_CLI_OUTPUT_H

#include <mlp/status.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Once, before anything else: makes sure that no file that is opened later
 * gets the number of a standard stream that the caller closed, and turns the
 * signals of failed writes into errors. Fails where stdout is closed. */
int output_begin(void);

/* Once, at the end: `status`, or the status of what could not be written. */
int output_end(int status);

/* A result, as printf. Failures are kept for output_end or result_to_stdout. */
void result(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A name as part of a result; control characters, which a file may hold, become '?'. */
void result_name(const char *name);

/* Bytes as they are. */
void result_bytes(const void *data, size_t size);

/* What is on its way to a reader who waits goes there now. */
void result_flush(void);

/* Results go to `stream` from now on. */
void result_to(FILE *stream);

/* Results go to stdout again; returns the errno of the first that could not be written to the
 * stream, or 0. */
int result_to_stdout(void);

/* A result as one line of JSON; takes `value` over. NULL, which jansson's
 * functions give where memory is short, is a failure. */
void result_json(json_t *value);

/* False where a result could not be written: no use to go on. */
bool result_working(void);

/* A line of talk. */
void talk(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line with the reason of a failure; returns `status`. */
int fail(mlp_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));
int fail_with(const mlp_error *error);

/* Columns of the terminal at `fd`; `otherwise` where it is none or does not say. */
size_t terminal_columns(int fd, size_t otherwise);

/* Appends to a text in `size` bytes, cutting what does not fit. */
void append(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* `number` with commas between thousands; returns `text`. */
#define NUMBER_SIZE 28
const char *grouped(uint64_t number, char text[NUMBER_SIZE]);

#endif
