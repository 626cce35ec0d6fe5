/* SPDX-License-Identifier: MIT */
/* How a run is going, on stderr: a line for every epoch, and on a terminal a
 * line that is redrawn within the epoch. */
#ifndef MLP_CLI_PROGRESS_H
#define MLP_CLI_PROGRESS_H

#include <mlp/train.h>

#include <stdbool.h>

struct progress {
    bool live;       /* stderr is a terminal that can redraw a line */
    bool classifies; /* scores are accuracies, else R2 */
    bool counts;     /* the loss is the share of errors, which are counted */
    double start;    /* by progress_now */
};

/* Seconds on a clock that only goes forward. */
double progress_now(void);

/* Of a run with this loss. */
void progress_begin(struct progress *progress, mlp_loss loss);

/* Within an epoch. */
void progress_step(struct progress *progress, const mlp_progress *now);

/* After an epoch. */
void progress_epoch(struct progress *progress, const mlp_progress *now);

/* Clears the redrawn line, before anything else is said. */
void progress_end(struct progress *progress);

/* The redrawn line in at most `width` columns: what matters less is left out.
 * `elapsed` is the seconds since the run started. */
void progress_format(char *line, size_t size, size_t width, const struct progress *progress,
                     const mlp_progress *now, double elapsed);

/* An epoch's line, likewise. */
void progress_format_epoch(char *line, size_t size, size_t width, const struct progress *progress,
                           const mlp_progress *now);

/* Samples a second of this epoch, 0 where no time has passed. */
double progress_rate(const mlp_progress *now);

#endif
