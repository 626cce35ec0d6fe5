/* SPDX-License-Identifier: MIT */
/* Saving a run as it goes, and going on with one. */
#ifndef MLP_CHECKPOINT_H
#define MLP_CHECKPOINT_H

#include <mlp/train.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mlp_checkpoint_news {
    MLP_CHECKPOINT_RESUMED, /* the run goes on from `path` */
    MLP_CHECKPOINT_DAMAGED, /* `path` cannot be read, so that the one before it is tried */
    MLP_CHECKPOINT_FAILED,  /* `path` could not be written; the run goes on, and tries again */
} mlp_checkpoint_news;

/* What happened to a checkpoint. */
typedef struct mlp_checkpoint_event {
    mlp_checkpoint_news news;
    const char *path;
    size_t epoch, step;  /* RESUMED: epochs done, and steps of the next one */
    const char *message; /* DAMAGED, FAILED: why */
} mlp_checkpoint_event;

/* Called on the thread that called mlp_train_resumable, outside of parallel regions or from their
 * first thread. */
typedef void mlp_checkpoint_callback(const mlp_checkpoint_event *event, void *user);

/* When and where to save, and from what to go on. Zero turns everything off. */
typedef struct mlp_checkpoint_options {
    /* Where to save; NULL: nowhere. The one before is kept as PATH.previous, the weights of the
     * best epoch so far as the model PATH.best. */
    const char *path;
    size_t every_steps, every_epochs; /* when: after so many of them; 0: not by their number */
    double every_seconds;             /* and after so many seconds; 0: not by the clock */
    const char *resume; /* the checkpoint that the run goes on from; NULL: from the beginning */
    mlp_checkpoint_callback *callback; /* may be NULL */
    void *user;                        /* for the callback */
} mlp_checkpoint_options;

/* mlp_train with checkpoints (NULL: none). A checkpoint is a model file (mlp_model_load reads it)
 * with the optimizer's moments, the position in the run, its history and settings, and a checksum
 * over all of it. A run that goes on from one ends with the same bits as one that was never
 * interrupted, whatever the thread count and instruction set of either; of its callbacks, `epoch`
 * is first called again for the epochs that were done before, with seconds 0.
 *
 * Files are written by a thread of their own from a copy. A due time at which the file before is
 * still being written is put off. The last state is always written before this returns, also where
 * a callback or a limit ended the run; not where it diverged.
 *
 * Going on needs the same network, data, validation data and options as those that the checkpoint
 * tells of; only threads and limits on time and steps may differ, and epochs be more, unless
 * the schedule reads them.
 * MLP_ERROR_DATA where a checkpoint or the data is another, and where PATH and PATH.previous are
 * both damaged; MLP_ERROR_USAGE where an option is another, naming it. MLP_ERROR_INTERNAL where
 * `resume` cannot be opened. A state that could not be written is no error of the run: the callback
 * hears of it, and result->checkpoint_failed tells of the last one. */
MLP_API mlp_status mlp_train_resumable(mlp_model *model, const mlp_dataset *train,
                                       const mlp_held_out *held_out,
                                       const mlp_train_options *options,
                                       const mlp_checkpoint_options *checkpoints,
                                       const mlp_callbacks *callbacks, mlp_train_result *result,
                                       mlp_error *error);

/* Whether there is something to go on from: `path`, or the one that was kept before it. */
MLP_API bool mlp_checkpoint_exists(const char *path);

#ifdef __cplusplus
}
#endif

#endif
