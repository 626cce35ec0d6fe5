/* SPDX-License-Identifier: MIT */
#ifndef MLP_CLI_TRAIN_REPORT_H
#define MLP_CLI_TRAIN_REPORT_H

#include "scores.h"
#include "train_run.h"

/* Writes the page that --report asks for, `seconds` after the command began. `scores` is of what
 * the run was tested on, NULL where there is nothing. Says what goes wrong and returns an exit
 * code. */
int train_report(const struct run *run, const struct scores *scores, double seconds);

#endif
