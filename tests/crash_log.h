/* SPDX-License-Identifier: MIT */
/* What crash_record.c writes and crash.c plays. */
#ifndef MLP_TESTS_CRASH_LOG_H
#define MLP_TESTS_CRASH_LOG_H

#include "crash.h"

enum { MOST_OPERATIONS = 128, NAME_SIZE = 96, FILE_SIZE = 1 << 13 };

struct file {
    size_t size;
    unsigned char data[FILE_SIZE];
};

/* Files by their numbers; -1: the name is free. */
struct names {
    int count;
    char name[CRASH_FILES][NAME_SIZE];
    int file[CRASH_FILES];
};

/* The file of a name, which is added if it is new. */
int *crash_entry(struct names *names, const char *name);

enum kind { NAMES, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, RETURN };

/* One that changes names frees `from` and makes `to` lead to `file`; either may be empty. */
struct operation {
    enum kind kind;
    const char *what;
    char from[NAME_SIZE], to[NAME_SIZE];
    int file;
    size_t offset, size; /* of a write */
    unsigned char data[FILE_SIZE];
};

/* Files and names are those before the first operation. */
struct crash_log {
    struct names names;
    int file_count; /* with those that are created */
    struct file files[CRASH_FILES];
    int operation_count;
    struct operation operations[MOST_OPERATIONS];
};

extern struct crash_log crash_log;

#endif
