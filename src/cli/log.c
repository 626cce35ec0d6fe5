/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "output.h"
#include "progress.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct log {
    FILE *file;
    const char *path;
    bool csv;
    int failure; /* errno of the first failed write */
};

/* The numbers of a record after its seed and epoch. */
struct column {
    const char *name;
    double value;
};
enum { COLUMNS = 9 };

static void fill_columns(struct column columns[COLUMNS], const mlp_progress *now)
{
    const struct column filled[COLUMNS] = {
        {"loss", now->loss},
        {"train_accuracy", now->train_accuracy},
        {"valid_loss", now->valid_loss},
        {"valid_score", now->valid_score},
        {"test_loss", now->test_loss},
        {"test_score", now->test_score},
        {"learning_rate", now->learning_rate},
        {"seconds", now->seconds},
        {"samples_per_second", progress_rate(now)},
    };
    memcpy(columns, filled, sizeof filled);
}

static void note_failure(struct log *log)
{
    if (log->failure == 0)
        log->failure = errno != 0 ? errno : EIO;
}

static void write_header(struct log *log)
{
    struct column columns[COLUMNS];
    fill_columns(columns, &(mlp_progress){.epoch = 1});
    fputs("seed,epoch", log->file);
    for (size_t i = 0; i < COLUMNS; i++)
        fprintf(log->file, ",%s", columns[i].name);
    if (putc('\n', log->file) == EOF)
        note_failure(log);
}

bool log_starts(const char *start)
{
    static const char json[] = "{\"seed\": ", csv[] = "seed,epoch,";
    return strncmp(start, json, sizeof json - 1) == 0 || strncmp(start, csv, sizeof csv - 1) == 0;
}

int log_open(const char *path, struct log **out)
{
    struct log *log = calloc(1, sizeof *log);
    *out = NULL;
    if (!log)
        return fail(MLP_ERROR_INTERNAL, "out of memory for the log");
    log->path = path;
    log->csv = strcmp(strrchr(path, '.'), ".csv") == 0;
    log->file = fopen(path, "w");
    if (!log->file) {
        free(log);
        return fail(MLP_ERROR_INTERNAL, "%s: cannot write: %s", path, strerror(errno));
    }
    if (log->csv)
        write_header(log);
    *out = log;
    return MLP_OK;
}

/* What is not known is an empty cell. */
static void write_csv(struct log *log, uint64_t seed, size_t epoch, const struct column *columns)
{
    fprintf(log->file, "%llu,%zu", (unsigned long long)seed, epoch);
    for (size_t i = 0; i < COLUMNS; i++) {
        if (isfinite(columns[i].value))
            fprintf(log->file, ",%.15g", columns[i].value);
        else
            putc(',', log->file);
    }
    putc('\n', log->file);
}

/* And null here. */
static void write_json(struct log *log, uint64_t seed, size_t epoch, const struct column *columns)
{
    fprintf(log->file, "{\"seed\": %llu, \"epoch\": %zu", (unsigned long long)seed, epoch);
    for (size_t i = 0; i < COLUMNS; i++) {
        if (isfinite(columns[i].value))
            fprintf(log->file, ", \"%s\": %.15g", columns[i].name, columns[i].value);
        else
            fprintf(log->file, ", \"%s\": null", columns[i].name);
    }
    fputs("}\n", log->file);
}

void log_epoch(struct log *log, uint64_t seed, const mlp_progress *now)
{
    struct column columns[COLUMNS];
    fill_columns(columns, now);
    errno = 0;
    if (log->csv)
        write_csv(log, seed, now->epoch, columns);
    else
        write_json(log, seed, now->epoch, columns);
    if (fflush(log->file) != 0)
        note_failure(log);
}

int log_close(struct log *log)
{
    if (!log)
        return MLP_OK;
    if (fclose(log->file) != 0)
        note_failure(log);
    int status = MLP_OK;
    if (log->failure != 0)
        status =
            fail(MLP_ERROR_INTERNAL, "%s: cannot write: %s", log->path, strerror(log->failure));
    free(log);
    return status;
}
