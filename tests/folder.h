/* SPDX-License-Identifier: MIT */
/* A temporary folder for tests that write files. */
#ifndef MLP_TESTS_FOLDER_H
#define MLP_TESTS_FOLDER_H

#include <stddef.h>

enum { PATH_SIZE = 512 };

/* Makes a new folder and keeps its name in `folder`; fails the test otherwise. */
extern char folder[PATH_SIZE];
void folder_make(void);

/* Removes it with all that is in it. */
void folder_remove(void);

/* The path of `name` in it, in one of a few buffers that take turns. */
const char *in_folder(const char *name);

/* Files in it, `.` and `..` excepted: what a failure left behind is counted. */
int folder_count(void);

/* Writes and reads whole files, bytes as they are. What get_file returns is
 * freed with free() and has a zero byte after its *size bytes. */
void put_file(const char *path, const void *data, size_t size);
char *get_file(const char *path, size_t *size);

/* Whether `path` holds exactly these bytes. */
int file_is(const char *path, const void *data, size_t size);

#endif
