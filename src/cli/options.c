/* SPDX-License-Identifier: MIT */
/* The command line. */
#include "options.h"

#include "options_conflicts.h"
#include "options_values.h"
#include "output.h"
#include "suggest.h"

#include <getopt.h>
#include <stdbool.h>
#include <string.h>

/* What getopt_long returns for row i is FIRST_ROW + i: no character. */
enum { FIRST_ROW = 256 };

/* Where the name of option i of the command `context` stands; "" where it is
 * another command's. */
static const char *option_name_at(size_t i, const void *context)
{
    const struct command *command = context;
    if (!option_at(i))
        return NULL;
    return option_at(i)->commands & command->bit ? option_at(i)->name : "";
}

/* Says what is wrong with the long option `given`, which getopt_long refused. */
static int fail_long_option(const struct command *command, const char *given)
{
    char name[64];
    size_t length = strcspn(given + 2, "=");
    size_t alike = 0;
    if (length >= sizeof name)
        return fail(MLP_ERROR_USAGE, "unknown option '%s'", given);
    memcpy(name, given + 2, length);
    name[length] = '\0';
    for (size_t i = 0; option_at(i); i++)
        alike += strncmp(option_at(i)->name, name, length) == 0;
    if (alike > 1)
        return fail(MLP_ERROR_USAGE, "option '--%s' is ambiguous", name);

    const char *near = suggest(name, option_name_at, command);
    if (near)
        return fail(MLP_ERROR_USAGE, "unknown option '--%s'; did you mean --%s?", name, near);
    return fail(MLP_ERROR_USAGE, "unknown option '--%s'; see mlp %s --help", name, command->name);
}

/* Says what is wrong where getopt_long returned `code`. */
static int fail_getopt(const struct command *command, int code, char **argv)
{
    const char *given = argv[optind - 1];
    if (optopt >= FIRST_ROW) {
        const struct option_row *row = option_at((size_t)(optopt - FIRST_ROW));
        if (code == ':')
            return fail(MLP_ERROR_USAGE, "option --%s needs a value: --%s %s", row->name, row->name,
                        row->argument);
        return fail(MLP_ERROR_USAGE, "option --%s takes no value, found '%s'", row->name, given);
    }
    if (optopt != 0)
        return fail(MLP_ERROR_USAGE, "unknown option '-%c'; see mlp %s --help", optopt,
                    command->name);
    return fail_long_option(command, given);
}

/* Takes down the value of `row`. */
static int note_value(const struct command *command, const struct option_row *row, char **argv,
                      const char **value)
{
    const char *text = optarg ? optarg : "";
    if (!(row->commands & command->bit))
        return fail(MLP_ERROR_USAGE, "option --%s does not go with mlp %s", row->name,
                    command->name);
    if (optarg && optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0)
        return fail(MLP_ERROR_USAGE, "option --%s needs a value, found the option '%s'", row->name,
                    optarg);
    if (*value && strcmp(*value, text) != 0)
        return fail(MLP_ERROR_USAGE, "option --%s is given twice, as '%s' and '%s'", row->name,
                    *value, text);
    *value = text;
    return MLP_OK;
}

/* What getopt_long returns for --help. */
static int help_code(void)
{
    size_t row = 0;
    while (option_at(row)->parse != parse_help)
        row++;
    return FIRST_ROW + (int)row;
}

/* Reads the options into values[], one for every row, NULL where not given. */
static int read_options(const struct command *command, int argc, char **argv, const char **values)
{
    struct option known[MAX_OPTIONS + 1] = {{0}};
    for (size_t i = 0; option_at(i); i++) {
        known[i].name = option_at(i)->name;
        known[i].has_arg = option_at(i)->argument ? required_argument : no_argument;
        known[i].val = FIRST_ROW + (int)i;
    }
    opterr = 0;
    for (;;) {
        optopt = 0;
        int code = getopt_long(argc, argv, ":h", known, NULL);
        if (code == -1)
            return MLP_OK;
        if (code == 'h')
            code = help_code();
        if (code < FIRST_ROW)
            return fail_getopt(command, code, argv);
        size_t row = (size_t)(code - FIRST_ROW);
        int status = note_value(command, option_at(row), argv, &values[row]);
        if (status != MLP_OK)
            return status;
    }
}

/* Says what is wrong with an argument that the command has not: data may have been meant. */
static int fail_argument(const struct command *command, const char *given)
{
    size_t i = 0;
    while (option_at(i) && strcmp(option_name_at(i, command), "data") != 0)
        i++;
    if (option_at(i) && (mlp_dataset_has(given, MLP_TRAIN) || mlp_dataset_has(given, MLP_TEST)))
        return fail(MLP_ERROR_USAGE, "unexpected argument '%s'; data are given as --data %s", given,
                    given);
    return fail(MLP_ERROR_USAGE, "unexpected argument '%s'; see mlp %s --help", given,
                command->name);
}

/* Reads what is left: the model. */
static int read_arguments(const struct command *command, int argc, char **argv,
                          struct settings *out)
{
    int left = argc - optind, most = command->argument[0] != '\0';
    bool required = most > 0 && command->argument[0] != '[';
    if (left > most)
        return fail_argument(command, argv[optind + most]);
    if (left == 0 && required)
        return fail(MLP_ERROR_USAGE, "no model given: mlp %s %s", command->name, command->argument);
    out->model = left > 0 ? argv[optind] : NULL;
    return MLP_OK;
}

int options_parse(const struct command *command, int argc, char **argv, struct settings *out)
{
    *out = (struct settings){.split = MLP_TEST, .runs = 1, .bias_init = MLP_BIAS_DEFAULT};
    int status = read_options(command, argc, argv, out->values);
    if (status == MLP_OK)
        status = parse_recipe(out, recipe_name(0));
    for (size_t i = 0; option_at(i) && status == MLP_OK; i++) {
        if (out->values[i])
            status = option_at(i)->parse(out, out->values[i]);
    }
    if (status != MLP_OK || out->help)
        return status;
    if (!out->data)
        out->data = out->recipe->data;
    out->verifies = strcmp(command->name, "verify") == 0;
    status = options_conflicts(out);
    return status == MLP_OK ? read_arguments(command, argc, argv, out) : status;
}
