/* SPDX-License-Identifier: MIT */
/* The program: finds the command and runs it. */
#include "environment.h"
#include "help.h"
#include "options.h"
#include "output.h"
#include "suggest.h"

#include <stdio.h>
#include <string.h>

static const char *command_name_at(size_t i, const void *context)
{
    (void)context;
    return command_at(i) ? command_at(i)->name : NULL;
}

static int fail_command(const char *word)
{
    const char *near = suggest(word, command_name_at, NULL);
    if (near)
        return fail(MLP_ERROR_USAGE, "unknown command '%s'; did you mean %s?", word, near);
    return fail(MLP_ERROR_USAGE, "unknown command '%s'; see mlp --help", word);
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct settings settings;
    mlp_error error;
    int status = options_parse(command, argc, argv, &settings);
    if (status != MLP_OK)
        return status;
    if (settings.help) {
        help_command(command);
        return MLP_OK;
    }
    if (mlp_isa_select(settings.isa, &error) != MLP_OK) /* "isa: ..." or "MLP_ISA: ..." */
        return fail(error.status, "%s%s", settings.isa ? "--" : "", error.message);
    if (settings.train.threads == 0)
        warn_of_threads();
    return command->run(&settings);
}

/* mlp help [COMMAND] */
static int run_help(const char *word)
{
    if (!word) {
        help_program();
        return MLP_OK;
    }
    const struct command *command = command_find(word);
    if (!command)
        return fail_command(word);
    help_command(command);
    return MLP_OK;
}

static int run(int argc, char **argv)
{
    if (argc < 2)
        return fail(MLP_ERROR_USAGE, "no command given; see mlp --help");
    const char *word = argv[1];
    const struct command *command = command_find(word);
    if (command)
        return run_command(command, argc - 1, argv + 1);
    if (strcmp(word, "help") == 0)
        return run_help(argc > 2 ? argv[2] : NULL);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return run_help(NULL);
    if (strcmp(word, "--version") == 0) {
        result("mlp %s\n", mlp_version());
        return MLP_OK;
    }
    if (strcmp(word, "--man") == 0) { /* for the build, which makes mlp.1 of it */
        help_man();
        return MLP_OK;
    }
    return fail_command(word);
}

int main(int argc, char **argv)
{
    int status = output_begin();
    environment_begin();
    return status == MLP_OK ? output_end(run(argc, argv)) : status;
}
