/* SPDX-License-Identifier: MIT */
#include "saver.h"

#include "alloc.h"
#include "file.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { MOST = 2 };

struct mlp_saver {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct mlp_save saves[MOST];
    size_t count; /* of what is being written; 0: idle */
    bool ends;
    mlp_status status;
    mlp_error error;
};

static mlp_status write_one(const struct mlp_save *save, mlp_error *error)
{
    struct mlp_chunk chunk = {save->bytes, save->size};
    if (save->model)
        return mlp_model_save(save->model, save->path, error);
    return mlp_file_write_keeping(save->path, save->previous, &chunk, 1, error);
}

/* Writes what is there, without the lock. */
static void write_all(struct mlp_saver *saver)
{
    mlp_status status = MLP_OK;
    for (size_t i = 0; i < saver->count; i++) {
        if (status == MLP_OK)
            status = write_one(&saver->saves[i], &saver->error);
        mlp_free(saver->saves[i].bytes);
    }
    saver->status = status;
}

static void *run(void *argument)
{
    struct mlp_saver *saver = argument;
    pthread_mutex_lock(&saver->mutex);
    for (;;) {
        while (saver->count == 0 && !saver->ends)
            pthread_cond_wait(&saver->changed, &saver->mutex);
        if (saver->count == 0)
            break;
        pthread_mutex_unlock(&saver->mutex);
        write_all(saver);
        pthread_mutex_lock(&saver->mutex);
        saver->count = 0;
        pthread_cond_broadcast(&saver->changed);
    }
    pthread_mutex_unlock(&saver->mutex);
    return NULL;
}

/* Signals are for the threads that the caller knows of. */
static bool start_thread(struct mlp_saver *saver)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&saver->thread, NULL, run, saver) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

struct mlp_saver *mlp_saver_create(void)
{
    struct mlp_saver *saver = mlp_alloc(1, sizeof *saver);
    if (!saver)
        return NULL;
    pthread_mutex_init(&saver->mutex, NULL);
    pthread_cond_init(&saver->changed, NULL);
    if (start_thread(saver))
        return saver;
    pthread_cond_destroy(&saver->changed);
    pthread_mutex_destroy(&saver->mutex);
    mlp_free(saver);
    return NULL;
}

void mlp_saver_destroy(struct mlp_saver *saver)
{
    if (!saver)
        return;
    pthread_mutex_lock(&saver->mutex);
    saver->ends = true;
    pthread_cond_broadcast(&saver->changed);
    pthread_mutex_unlock(&saver->mutex);
    pthread_join(saver->thread, NULL);
    pthread_cond_destroy(&saver->changed);
    pthread_mutex_destroy(&saver->mutex);
    mlp_free(saver);
}

bool mlp_saver_idle(struct mlp_saver *saver)
{
    pthread_mutex_lock(&saver->mutex);
    bool idle = saver->count == 0;
    pthread_mutex_unlock(&saver->mutex);
    return idle;
}

void mlp_saver_start(struct mlp_saver *saver, const struct mlp_save *saves, size_t count)
{
    pthread_mutex_lock(&saver->mutex);
    memcpy(saver->saves, saves, count * sizeof *saves);
    saver->count = count;
    pthread_cond_broadcast(&saver->changed);
    pthread_mutex_unlock(&saver->mutex);
}

void mlp_saver_wait(struct mlp_saver *saver)
{
    pthread_mutex_lock(&saver->mutex);
    while (saver->count > 0)
        pthread_cond_wait(&saver->changed, &saver->mutex);
    pthread_mutex_unlock(&saver->mutex);
}

mlp_status mlp_saver_result(struct mlp_saver *saver, mlp_error *error)
{
    mlp_status status = saver->status;
    if (status != MLP_OK && error)
        *error = saver->error;
    saver->status = MLP_OK;
    return status;
}
