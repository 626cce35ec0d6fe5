/* SPDX-License-Identifier: MIT */
/* What commands say about the sources of data that they are given. */
#ifndef MLP_CLI_SOURCES_H
#define MLP_CLI_SOURCES_H

#include "options.h"

/* Says why a source could not be opened, and which built-in set may have been meant; returns the
 * exit code. */
int fail_source(const char *source, const mlp_error *error);

/* Says which data a command about a model takes where it names none: seldom those that were meant.
 */
void talk_of_usual_data(const struct settings *settings);

#endif
