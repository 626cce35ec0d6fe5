/* SPDX-License-Identifier: MIT */
#include "program.h"
#include "suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

void put_idx(const char *name, unsigned count, unsigned side, bool labels)
{
    size_t header = labels ? 8 : 16, values = labels ? count : count * side * side;
    unsigned char *bytes = calloc(header + values, 1);
    unsigned char start[16] = {0,
                               0,
                               8,
                               labels ? 1 : 3,
                               0,
                               0,
                               (unsigned char)(count >> 8),
                               (unsigned char)count,
                               0,
                               0,
                               0,
                               (unsigned char)side,
                               0,
                               0,
                               0,
                               (unsigned char)side};
    memcpy(bytes, start, header);
    for (size_t i = 0; i < values; i++) {
        size_t sample = labels ? i : i / (side * side);
        size_t label = sample * 7 % 10, pixel = i % (side * side);
        bytes[header + i] =
            (unsigned char)(labels ? label : (label * pixel * 37 + sample * 11 % 40) % 256);
    }
    put_file(in_folder(name), bytes, header + values);
    free(bytes);
}

void shell_set_up(void)
{
    folder_make();
    put_file(in_folder("out"), "", 0);
    put_file(in_folder("err"), "", 0);
}

void program_set_up(void)
{
    shell_set_up();
    ck_assert_int_eq(mkdir(in_folder("data"), 0777), 0);
    put_idx("data/train-images-idx3-ubyte", TRAIN_COUNT, SIDE, false);
    put_idx("data/train-labels-idx1-ubyte", TRAIN_COUNT, SIDE, true);
    put_idx("data/t10k-images-idx3-ubyte", TEST_COUNT, SIDE, false);
    put_idx("data/t10k-labels-idx1-ubyte", TEST_COUNT, SIDE, true);
}

char *out, *err;

void read_output(void)
{
    size_t size;
    free(out);
    free(err);
    out = get_file(in_folder("out"), &size);
    err = get_file(in_folder("err"), &size);
}

int shell(const char *format, ...)
{
    char command[4096], line[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    snprintf(line, sizeof line, "cd '%s' && MLP='%s' && BENCH='%s' && { %s; } >out 2>err", folder,
             MLP_PROGRAM, MLP_BENCH, command);
    int status = system(line);
    read_output();
    ck_assert_msg(WIFEXITED(status), "%s", command);
    return WEXITSTATUS(status);
}

void expect_failure(int code, const char *reason, const char *command)
{
    const char *name = strstr(command, "$BENCH") ? "mlp-bench: " : "mlp: ";
    int count = folder_count();
    int found = shell("%s", command);
    ck_assert_msg(found == code, "%s: exit code %d, expected %d: %s", command, found, code, err);
    ck_assert_msg(strstr(err, reason) != NULL, "%s: '%s' says not '%s'", command, err, reason);
    ck_assert_msg(strchr(err, '\n') == err + strlen(err) - 1, "%s: not one line: %s", command, err);
    ck_assert_msg(strncmp(err, name, strlen(name)) == 0, "%s: %s", command, err);
    ck_assert_str_eq(out, "");
    ck_assert_int_eq(folder_count(), count);
}

void expect_success(const char *command)
{
    int code = shell("%s", command);
    ck_assert_msg(code == 0, "%s: exit code %d: %s", command, code, err);
}

void save_model(void)
{
    expect_success("$MLP train " SMALL "--save model");
}

json_t *parse_json(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(value != NULL, "%s: %s", error.text, text);
    return value;
}

json_t *json_of(const char *command)
{
    expect_success(command);
    return parse_json(out);
}

const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    ck_assert_msg(text != NULL, "no text %s", key);
    return text;
}

double number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_number(value), "no number %s", key);
    return json_number_value(value);
}

int program_run(Suite *suite)
{
    enum { SKIPPED = 77 };
    if (system("'" MLP_PROGRAM "' --version >/dev/null 2>&1") != 0) {
        printf("not run: this machine cannot run %s by itself\n", MLP_PROGRAM);
        return SKIPPED;
    }
    /* What the tests' own environment asks for must not decide. */
    unsetenv("MLP_ISA");
    unsetenv("OMP_NUM_THREADS");
    return suite_run(suite);
}
