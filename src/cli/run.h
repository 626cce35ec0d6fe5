/* SPDX-License-Identifier: MIT */
/* What the commands do; each returns the program's exit code. */
#ifndef MLP_CLI_RUN_H
#define MLP_CLI_RUN_H

#include "options.h"

int run_train(const struct settings *settings);
int run_eval(const struct settings *settings);
int run_check(const struct settings *settings);
int run_predict(const struct settings *settings);
int run_verify(const struct settings *settings);
int run_export(const struct settings *settings);
int run_import(const struct settings *settings);
int run_info(const struct settings *settings);

#endif
