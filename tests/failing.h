/* SPDX-License-Identifier: MIT */
/* Makes every allocation, or every system call of src/file.c, fail. */
#ifndef MLP_TESTS_FAILING_H
#define MLP_TESTS_FAILING_H

#include <mlp/status.h>

/* What fails, and whether all later ones do too: a number below WAYS. */
enum { WAYS = 4, FIRST_CALLS = 2 /* those before fail allocations */ };

/* Does something and undoes what it leaves in memory. */
typedef mlp_status failing_action(void *user, mlp_error *error);

/* Looks at what a failure has left. */
typedef void failing_check(const mlp_error *error, void *user);

/* Has the action done with its nth allocation or call failing, n = 1, 2... until it succeeds.
 * Failures have MLP_ERROR_INTERNAL and a message; they leave as much memory, as many open
 * descriptors and entries of the folder (folder.h) as there were. At least `least` of them.
 * `check` may be NULL. */
void fail_every(int way, unsigned long least, failing_action *action, failing_check *check,
                void *user);

#endif
