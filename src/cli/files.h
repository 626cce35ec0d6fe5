/* SPDX-License-Identifier: MIT */
#ifndef MLP_CLI_FILES_H
#define MLP_CLI_FILES_H

#include "options.h"

/* Whether all that the run is to write can be written, and nothing is lost by it: what would be
 * a pity to learn after hours. Says what is wrong and returns an exit code. */
int files_check(const struct settings *settings);

#endif
