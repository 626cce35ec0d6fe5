/* SPDX-License-Identifier: MIT */
#include "bench_shell.h"

#include <string.h>

bool line_begins(const char *start)
{
    size_t length = strlen(start);
    for (const char *line = out; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, start, length) == 0)
            return true;
    }
    return false;
}

const json_t *find_result(const json_t *run, const char *name)
{
    size_t i;
    json_t *result;
    each_result(run, i, result)
    {
        if (strcmp(text_at(result, "run_name"), name) == 0)
            return result;
    }
    ck_abort_msg("no result '%s'", name);
    return NULL;
}
