/* SPDX-License-Identifier: MIT */
#ifndef MLP_CLI_HELP_H
#define MLP_CLI_HELP_H

#include "options.h"

/* Help on the program, or on one command. */
void help_program(void);
void help_command(const struct command *command);

/* The man page, as roff. */
void help_man(void);

/* A line for each exit code, row i; NULL past the end. */
struct exit_code {
    const char *code, *meaning;
};
const struct exit_code *exit_code_at(size_t i);

/* What an option takes and its explanation with the names to choose from. */
enum { OPTION_TEXT_SIZE = 1024 };
void option_syntax(const struct option_row *row, char text[OPTION_TEXT_SIZE]);
void option_text(const struct option_row *row, char text[OPTION_TEXT_SIZE]);

/* What a recipe is, and the options that it stands for. */
void recipe_text(const mlp_recipe *recipe, char text[OPTION_TEXT_SIZE]);

#endif
