/* SPDX-License-Identifier: MIT */
#ifndef MLP_CLI_MODEL_H
#define MLP_CLI_MODEL_H

#include "options.h"

/* Loads the model of the command line, of any format that mlp_model_import reads. Says what is
 * wrong and returns an exit code. */
int open_model(const struct settings *settings, mlp_model **out);

/* The same to look at it: numbers that are not finite are taken too. */
int open_damaged_model(const struct settings *settings, mlp_model **out);

/* Says which data a command about a model takes where it names none: seldom those that were meant.
 */
void talk_of_usual_data(const struct settings *settings);

#endif
