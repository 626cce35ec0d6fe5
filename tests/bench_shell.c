/* SPDX-License-Identifier: MIT */
#include "bench_shell.h"

#include "folder.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

char *out, *err;

int shell(const char *format, ...)
{
    char command[2048], line[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    snprintf(line, sizeof line, "cd '%s' && BENCH='%s' && { %s; } >out 2>err", folder, MLP_BENCH,
             command);
    int status = system(line);
    size_t size;
    free(out);
    free(err);
    out = get_file(in_folder("out"), &size);
    err = get_file(in_folder("err"), &size);
    ck_assert_msg(WIFEXITED(status), "%s", command);
    return WEXITSTATUS(status);
}

void expect_success(const char *command)
{
    int code = shell("%s", command);
    ck_assert_msg(code == 0, "%s: exit code %d: %s", command, code, err);
}

void expect_failure(int code, const char *reason, const char *command)
{
    int found = shell("%s", command);
    ck_assert_msg(found == code, "%s: exit code %d, expected %d: %s", command, found, code, err);
    ck_assert_msg(strstr(err, reason) != NULL, "%s: '%s' says not '%s'", command, err, reason);
    ck_assert_msg(strchr(err, '\n') == err + strlen(err) - 1, "%s: not one line: %s", command, err);
    ck_assert_msg(strncmp(err, "mlp-bench: ", 11) == 0, "%s: %s", command, err);
    ck_assert_str_eq(out, "");
}

json_t *parse_output(void)
{
    json_error_t error;
    json_t *value = json_loads(out, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(value != NULL, "%s: %s", error.text, out);
    return value;
}

double number(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_number(value), "no number '%s'", key);
    return json_number_value(value);
}

const char *text_of(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_string(value), "no text '%s'", key);
    return json_string_value(value);
}

void shell_set_up(void)
{
    folder_make();
    put_file(in_folder("out"), "", 0);
    put_file(in_folder("err"), "", 0);
}

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
        if (strcmp(text_of(result, "run_name"), name) == 0)
            return result;
    }
    ck_abort_msg("no result '%s'", name);
    return NULL;
}
