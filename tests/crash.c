/* SPDX-License-Identifier: MIT */
#include "crash_log.h"

#include "folder.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One run of crash_fault: the power goes before operation `end`; `kept` operations reached the
 * disk. */
static struct {
    crash_judge *judge;
    void *user;
    size_t states;
    const char *fault;
    int end;
    bool kept[MOST_OPERATIONS];
    struct file files[CRASH_FILES];
} play;

/* Whether a sync before the end has it on the disk for certain. */
static bool is_safe(int i)
{
    const struct operation *operation = &crash_log.operations[i];
    for (int j = i + 1; j < play.end; j++) {
        const struct operation *later = &crash_log.operations[j];
        if (operation->kind == NAMES ? later->kind == SYNC_FOLDER
                                     : later->kind == SYNC && later->file == operation->file)
            return true;
    }
    return false;
}

static bool has_name(const struct operation *operation, const char *name)
{
    return *name && (strcmp(operation->from, name) == 0 || strcmp(operation->to, name) == 0);
}

/* Whether an earlier operation on one of its names was lost. */
static bool comes_too_late(int i)
{
    const struct operation *operation = &crash_log.operations[i];
    for (int j = 0; j < i; j++) {
        const struct operation *earlier = &crash_log.operations[j];
        bool lost = operation->kind == NAMES && earlier->kind == NAMES && !play.kept[j];
        if (lost && (has_name(earlier, operation->from) || has_name(earlier, operation->to)))
            return true;
    }
    return false;
}

static void set_size(struct file *file, size_t size)
{
    if (size > file->size)
        memset(file->data + file->size, 0, size - file->size);
    file->size = size;
}

static void apply(const struct operation *operation, struct names *names)
{
    struct file *file = &play.files[operation->file < 0 ? 0 : operation->file];
    if (operation->kind == NAMES && *operation->from)
        *crash_entry(names, operation->from) = -1;
    if (operation->kind == NAMES && *operation->to)
        *crash_entry(names, operation->to) = operation->file;
    if (operation->kind == TRUNCATE)
        set_size(file, 0);
    if (operation->kind == WRITE) {
        if (file->size < operation->offset + operation->size)
            set_size(file, operation->offset + operation->size);
        memcpy(file->data + operation->offset, operation->data, operation->size);
    }
}

/* The fault and the operations up to the end, with those that were lost in parentheses. */
static const char *tell(const char *fault)
{
    static char buffers[4][4096];
    static int turn;
    char *buffer = buffers[turn++ % 4];
    int at = snprintf(buffer, sizeof buffers[0], "%s after:", fault);
    for (int i = 0; i < play.end && at < (int)sizeof buffers[0] - 2 * NAME_SIZE - 64; i++) {
        const struct operation *o = &crash_log.operations[i];
        at += snprintf(buffer + at, sizeof buffers[0] - (size_t)at,
                       play.kept[i] ? " %s %s %s;" : " (%s %s %s);", o->what, o->from, o->to);
    }
    return buffer;
}

static void judge_state(const struct names *names)
{
    struct crash_state state = {.returned = false};
    for (int i = 0; i < play.end; i++)
        state.returned = state.returned || crash_log.operations[i].kind == RETURN;
    for (int i = 0; i < names->count; i++) {
        if (names->file[i] < 0)
            continue;
        const struct file *file = &play.files[names->file[i]];
        state.files[state.count++] = (struct crash_file){names->name[i], file->data, file->size};
    }
    play.states++;
    const char *fault = play.judge(&state, play.user);
    if (fault)
        play.fault = tell(fault);
}

static bool is_visible(const struct names *names, int file)
{
    for (int i = 0; i < names->count; i++) {
        if (names->file[i] == file)
            return true;
    }
    return false;
}

/* Whether operation i may leave the file with another length. */
static bool may_resize(int i, int file)
{
    const struct operation *operation = &crash_log.operations[i];
    return (operation->kind == WRITE || operation->kind == TRUNCATE) && operation->file == file &&
           !is_safe(i);
}

/* Gives the files, from `file` on, every length that they may have been left with. */
static void try_sizes(const struct names *names, int file)
{
    if (play.fault)
        return;
    if (file == crash_log.file_count) {
        judge_state(names);
        return;
    }
    try_sizes(names, file + 1);
    for (int i = 0; i < play.end && is_visible(names, file); i++) {
        if (!may_resize(i, file))
            continue;
        struct file *now = &play.files[file], whole = *now;
        const struct operation *operation = &crash_log.operations[i];
        size_t sizes[2] = {operation->offset, operation->offset + operation->size};
        for (int s = 0; s < 2; s++) {
            set_size(now, sizes[s]);
            try_sizes(names, file + 1);
            *now = whole;
        }
    }
}

static void play_kept(void)
{
    struct names names = crash_log.names;
    for (int file = 0; file < crash_log.file_count; file++) {
        play.files[file].size = crash_log.files[file].size;
        memcpy(play.files[file].data, crash_log.files[file].data, crash_log.files[file].size);
    }
    for (int i = 0; i < play.end; i++) {
        if (play.kept[i])
            apply(&crash_log.operations[i], &names);
    }
    try_sizes(&names, 0);
}

/* Decides about operation i and those after it. */
static void choose(int i)
{
    if (play.fault)
        return;
    if (i == play.end) {
        play_kept();
        return;
    }
    bool is_change = crash_log.operations[i].kind <= TRUNCATE;
    play.kept[i] = true;
    if (!comes_too_late(i))
        choose(i + 1);
    play.kept[i] = false;
    if (is_change && !is_safe(i))
        choose(i + 1);
}

const char *crash_fault(crash_judge *judge, void *user)
{
    memset(&play, 0, sizeof play);
    play.judge = judge;
    play.user = user;
    for (play.end = 0; play.end <= crash_log.operation_count && !play.fault; play.end++)
        choose(0);
    return play.fault;
}

size_t crash_states(void)
{
    return play.states;
}

const struct crash_file *crash_find(const struct crash_state *state, const char *name)
{
    for (size_t i = 0; i < state->count; i++) {
        if (strcmp(state->files[i].name, name) == 0)
            return &state->files[i];
    }
    return NULL;
}

void crash_restore(const struct crash_state *state)
{
    folder_remove();
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    for (size_t i = 0; i < state->count; i++) {
        const struct crash_file *file = &state->files[i], *first = state->files;
        while (first->data != file->data)
            first++;
        if (first == file)
            put_file(in_folder(file->name), file->data, file->size);
        else
            ck_assert_int_eq(link(in_folder(first->name), in_folder(file->name)), 0);
    }
}
