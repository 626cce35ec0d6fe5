/* SPDX-License-Identifier: MIT */
/* What a power loss may make of a folder: records the system calls that change it, and plays
 * everything that may be left of them.
 *
 * The model of the file system, which promises less than any that is in use:
 * - What was written to a file may be on the disk or not, each piece of each write by itself, and
 *   the file may have any length in between, until the file is synced. Bytes that it has and that
 *   are not there are zero, or what they were before.
 * - What was done to names (creating, linking, renaming, removing) may have happened or not, each
 *   by itself, until the folder is synced; but of two on the same name not the second without the
 *   first. A rename happens as a whole.
 * - Syncing a file does nothing for its name, syncing the folder nothing for its files' content. */
#ifndef MLP_TESTS_CRASH_H
#define MLP_TESTS_CRASH_H

#include <stdbool.h>
#include <stddef.h>

enum { CRASH_FILES = 12 };

/* What a name in the folder leads to after the power loss. */
struct crash_file {
    const char *name;
    const unsigned char *data;
    size_t size;
};

struct crash_state {
    bool returned; /* whether it was before that the power went that success was reported */
    size_t count;
    struct crash_file files[CRASH_FILES];
};

/* Puts calls into mlp_system that record what is done to `folder` (folder.h), where all files that
 * are there are on the disk. Their fsync does nothing else, so that it takes no time. */
void crash_record(void);

/* Ends that; `success`: whether what was recorded has told its caller that it succeeded. */
void crash_stop(bool success);

/* The file of that name, NULL: there is none. */
const struct crash_file *crash_find(const struct crash_state *state, const char *name);

/* What is wrong with a state; NULL: nothing. */
typedef const char *crash_judge(const struct crash_state *state, void *user);

/* Has every state judged in which a power loss at any moment of what was recorded may have left the
 * folder. Returns the first fault and how it came about, in one of a few buffers that take turns;
 * NULL: none. */
const char *crash_fault(crash_judge *judge, void *user);

/* States that the last crash_fault had judged. */
size_t crash_states(void);

/* Makes the folder as the state has it. */
void crash_restore(const struct crash_state *state);

#endif
