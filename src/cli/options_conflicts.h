/* SPDX-License-Identifier: MIT */
#ifndef MLP_CLI_OPTIONS_CONFLICTS_H
#define MLP_CLI_OPTIONS_CONFLICTS_H

#include "options.h"

/* Says which options contradict each other or would have no effect, as far as
 * that can be told without the data; returns an exit code. */
int options_conflicts(const struct settings *settings);

#endif
