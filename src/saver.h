/* SPDX-License-Identifier: MIT */
/* A thread that writes files while others go on. */
#ifndef MLP_SRC_SAVER_H
#define MLP_SRC_SAVER_H

#include <mlp/model.h>
#include <mlp/status.h>

#include <stdbool.h>
#include <stddef.h>

struct mlp_saver;

/* NULL where memory or threads are short. */
struct mlp_saver *mlp_saver_create(void);

/* Waits for what is being written. NULL is fine. */
void mlp_saver_destroy(struct mlp_saver *saver);

/* One file to write (mlp_file_write_keeping): a model, which is the caller's and must stay as it is
 * until the saver is idle, or bytes, which are mlp_alloc'ed and taken over. Paths are the caller's;
 * `previous` may be NULL. */
struct mlp_save {
    const char *path, *previous;
    const mlp_model *model; /* or NULL: */
    unsigned char *bytes;
    size_t size;
};

/* Whether nothing is being written. */
bool mlp_saver_idle(struct mlp_saver *saver);

/* Starts writing the files one after the other, at most 2, until one fails; only where it is idle.
 */
void mlp_saver_start(struct mlp_saver *saver, const struct mlp_save *saves, size_t count);

/* Waits until it is idle. */
void mlp_saver_wait(struct mlp_saver *saver);

/* What became of the last start, once it is idle: MLP_OK again after it has been asked. */
mlp_status mlp_saver_result(struct mlp_saver *saver, mlp_error *error);

#endif
