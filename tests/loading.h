/* SPDX-License-Identifier: MIT */
#ifndef MLP_TESTS_LOADING_H
#define MLP_TESTS_LOADING_H

/* Loading the model fails for its content with one line that names the file
 * and says `reason`, and leaves nothing allocated. */
void expect_bad(const char *path, const char *reason);

void expect_good(const char *path);

#endif
