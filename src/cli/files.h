/* SPDX-License-Identifier: MIT */
#ifndef MLP_CLI_FILES_H
#define MLP_CLI_FILES_H

#include "options.h"

/* Whether all that the run is to write can be written, and nothing is lost by it: what would be
 * a pity to learn after hours. Says what is wrong and returns an exit code. */
int files_check(const struct settings *settings);

/* Whether a file that starts so is a model: it begins with the header's length in eight bytes, of
 * which four are zero, and '{'. */
bool files_is_model(const char *start, size_t count);

/* The same as files_check for a file that mlp export, import or predict writes; NULL is fine. It
 * must be neither the model nor the data, nor a file that is there and has a beginning (its first
 * bytes and a zero byte) that `is_own` does not know. */
int files_check_output(const struct settings *settings, const char *option, const char *path,
                       const char *what, bool is_own(const char *start, size_t count));

#endif
