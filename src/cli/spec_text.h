/* SPDX-License-Identifier: MIT */
/* Networks and runs in words. */
#ifndef MLP_CLI_SPEC_TEXT_H
#define MLP_CLI_SPEC_TEXT_H

#include "options.h"

#include <stddef.h>

enum { SPEC_TEXT_SIZE = 1024 };

/* The network as --layers takes it, with "..." in the middle where it is long. */
void spec_text(const mlp_spec *spec, char text[SPEC_TEXT_SIZE]);

/* "relu", with what else the layer has: "relu, batch normalisation, dropout 0.2". */
void layer_text(const mlp_layer_spec *layer, char text[SPEC_TEXT_SIZE]);

/* The command line that repeats the run: all options that are given, quoted for a shell.
 * To be freed; NULL where memory is short. */
char *command_text(const char *command, const struct settings *settings);

#endif
