/* SPDX-License-Identifier: MIT */
/* A file with a record for every epoch: JSON lines, or CSV with a header. */
#ifndef MLP_CLI_LOG_H
#define MLP_CLI_LOG_H

#include <mlp/train.h>

#include <stdbool.h>
#include <stdint.h>

struct log;

/* Whether a file that begins with `start` is such a log. */
bool log_starts(const char *start);

/* Begins a new one; its name tells the format. Says what is wrong and returns an exit code. */
int log_open(const char *path, struct log **out);

/* Writes an epoch's record of the run with this seed, at once. */
void log_epoch(struct log *log, uint64_t seed, const mlp_progress *now);

/* Says what could not be written, if anything, and returns an exit code. NULL is fine. */
int log_close(struct log *log);

#endif
