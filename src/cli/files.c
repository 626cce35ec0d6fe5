/* SPDX-License-Identifier: MIT */
#include "files.h"

#include "log.h"
#include "output.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* --- What a file holds, by its first bytes ---------------------------------------- */

enum { START_SIZE = 512 };

bool files_is_model(const char *start, size_t count)
{
    static const char high_bytes[4];
    return count > 8 && start[8] == '{' && memcmp(start + 4, high_bytes, 4) == 0;
}

static bool starts_log(const char *start, size_t count)
{
    (void)count;
    return log_starts(start);
}

/* A page whose title is a report's: the command, and the data. */
static bool starts_report(const char *start, size_t count)
{
    (void)count;
    return strstr(start, "<title>mlp train") != NULL;
}

/* Whether something is in the file, and nothing that `is_own` knows. */
static bool is_other_file(const char *path, bool is_own(const char *start, size_t count))
{
    char start[START_SIZE + 1] = "";
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t count = fread(start, 1, START_SIZE, file);
    fclose(file);
    return count > 0 && !is_own(start, count);
}

/* --- Names ------------------------------------------------------------------------- */

/* Whether both names lead to the same file. */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    if (!a || !b)
        return false;
    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The same, also where it is not there: only its predecessor may be. */
static bool same_name(const char *a, const char *b)
{
    return b && (strcmp(a, b) == 0 || same_file(a, b));
}

/* Whether the file can be written, and nothing else is lost by it. */
static int check_place(const char *option, const char *path, const char *what,
                       bool is_own(const char *start, size_t count))
{
    mlp_error error;
    if (mlp_model_save_check(path, &error) != MLP_OK)
        return fail_with(&error);
    if (is_other_file(path, is_own))
        return fail(MLP_ERROR_USAGE,
                    "%s: '%s' is there and not a %s: another name, or move it away", option, path,
                    what);
    return MLP_OK;
}

static int check_one(const struct settings *s, const char *option, const char *path,
                     const char *what, bool is_own(const char *start, size_t count))
{
    if (!path)
        return MLP_OK;
    if (same_file(path, s->data) || same_file(path, s->test) || same_file(path, s->valid))
        return fail(MLP_ERROR_USAGE, "%s: '%s' is the file that the data come from", option, path);
    return check_place(option, path, what, is_own);
}

/* What --resume names may be damaged in any way: the one before it takes over. */
static bool is_any(const char *start, size_t count)
{
    (void)start;
    (void)count;
    return true;
}

/* A checkpoint that is there is hours of work: only the run that goes on from it replaces it. */
static int check_checkpoint(const struct settings *s)
{
    const char *path = s->checkpoint;
    if (!path)
        return MLP_OK;
    const char *others[] = {s->save, s->log, s->report};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (same_file(path, others[i]))
            return fail(MLP_ERROR_USAGE, "--checkpoint: '%s' is also that of another option", path);
    }
    bool resumed = same_name(path, s->resume);
    int status =
        check_one(s, "--checkpoint", path, "checkpoint", resumed ? is_any : files_is_model);
    if (status == MLP_OK && mlp_checkpoint_exists(path) && !resumed)
        return fail(
            MLP_ERROR_USAGE,
            "--checkpoint: '%s' is there already: --resume %s goes on from it; else another "
            "name, or move it away",
            path, path);
    return status;
}

int files_check(const struct settings *s)
{
    if (same_file(s->save, s->log) || same_file(s->save, s->report))
        return fail(MLP_ERROR_USAGE, "--save: '%s' is also that of %s", s->save,
                    same_file(s->save, s->log) ? "--log" : "--report");
    int status = check_one(s, "--save", s->save, "model", files_is_model);
    if (status == MLP_OK)
        status = check_checkpoint(s);
    if (status == MLP_OK)
        status = check_one(s, "--log", s->log, "log of epochs", starts_log);
    if (status == MLP_OK)
        status = check_one(s, "--report", s->report, "report", starts_report);
    return status;
}

int files_check_output(const struct settings *s, const char *option, const char *path,
                       const char *what, bool is_own(const char *start, size_t count))
{
    char dashed[32];
    if (!path)
        return MLP_OK;
    snprintf(dashed, sizeof dashed, "--%s", option);
    if (same_file(path, s->model))
        return fail(MLP_ERROR_USAGE, "%s: '%s' is the model itself", dashed, path);
    if (same_file(path, s->data))
        return fail(MLP_ERROR_USAGE, "%s: '%s' is the file that the data come from", dashed, path);
    return check_place(dashed, path, what, is_own);
}
