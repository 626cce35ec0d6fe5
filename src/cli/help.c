/* SPDX-License-Identifier: MIT */
#include "help.h"

#include "output.h"

#include <stdio.h>
#include <string.h>

enum {
    COLUMNS = 79,
    INDENT = 24, /* of explanations */
};

static const struct exit_code exit_codes[] = {
    {"0", "done"},
    {"1", "input, output or memory failed"},
    {"2", "wrong use of the command line"},
    {"3", "bad data in a file"},
    {"4", "training diverged"},
    {"130, 143", "stopped by SIGINT or SIGTERM; what --save names is saved first"},
};

const struct exit_code *exit_code_at(size_t i)
{
    return i < sizeof exit_codes / sizeof exit_codes[0] ? &exit_codes[i] : NULL;
}

void option_syntax(const struct option_row *row, char text[OPTION_TEXT_SIZE])
{
    snprintf(text, OPTION_TEXT_SIZE, "--%s%s%s", row->name, row->argument ? " " : "",
             row->argument ? row->argument : "");
}

void option_text(const struct option_row *row, char text[OPTION_TEXT_SIZE])
{
    size_t length = (size_t)snprintf(text, OPTION_TEXT_SIZE, "%s", row->help);
    for (size_t i = 0; row->choice && row->choice(i) && length < OPTION_TEXT_SIZE; i++)
        length += (size_t)snprintf(text + length, OPTION_TEXT_SIZE - length, "%s%s",
                                   i == 0 ? "; one of " : ", ", row->choice(i));
}

void recipe_text(const mlp_recipe *recipe, char text[OPTION_TEXT_SIZE])
{
    const mlp_train_options *o = &recipe->options;
    size_t length = (size_t)snprintf(text, OPTION_TEXT_SIZE, "%s: --hidden ", recipe->summary);
    for (size_t i = 0; i < recipe->hidden_count && length < OPTION_TEXT_SIZE; i++)
        length += (size_t)snprintf(text + length, OPTION_TEXT_SIZE - length, "%s%zu",
                                   i == 0 ? "" : ",", recipe->hidden[i]);
    if (length >= OPTION_TEXT_SIZE)
        return;
    snprintf(text + length, OPTION_TEXT_SIZE - length,
             " --activation %s --init %s --optimizer %s --lr %g --batch %zu --epochs %zu"
             " --seed %llu",
             mlp_activation_name(recipe->activation), mlp_init_name(recipe->init),
             mlp_optimizer_name(o->optimizer), o->learning_rate, o->batch, o->epochs,
             (unsigned long long)o->seed);
}

/* A term and its explanation, wrapped. */
static void print_entry(const char *term, const char *text)
{
    result("  %-*s", INDENT - 2, term);
    if (strlen(term) + 2 >= INDENT)
        result("\n%*s", INDENT, "");
    size_t column = INDENT;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column > INDENT && column + 1 + word > COLUMNS) {
            result("\n%*s", INDENT, "");
            column = INDENT;
        }
        if (column > INDENT) {
            result(" ");
            column++;
        }
        result("%.*s", (int)word, text);
        column += word;
        text += word + (text[word] == ' ');
    }
    result("\n");
}

static void print_exit_codes(void)
{
    result("\nExit codes:\n");
    for (size_t i = 0; exit_code_at(i); i++)
        print_entry(exit_code_at(i)->code, exit_code_at(i)->meaning);
}

static void print_recipes(void)
{
    char text[OPTION_TEXT_SIZE];
    result("\nRecipes:\n");
    for (size_t i = 0; mlp_recipe_at(i); i++) {
        recipe_text(mlp_recipe_at(i), text);
        print_entry(mlp_recipe_at(i)->name, text);
    }
}

void help_program(void)
{
    result("mlp %s: trains and runs multilayer perceptrons, with the same bits for any number\n"
           "of threads and any CPU.\n\nUsage:\n",
           mlp_version());
    for (size_t i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        char usage[64];
        snprintf(usage, sizeof usage, "mlp %s%s%s", command->name, *command->argument ? " " : "",
                 command->argument);
        print_entry(usage, command->summary);
    }
    print_entry("mlp help COMMAND", "the options of a command");
    print_entry("mlp --version", "the version");
    print_exit_codes();
}

void help_command(const struct command *command)
{
    char syntax[OPTION_TEXT_SIZE], text[OPTION_TEXT_SIZE];
    bool takes_recipe = false;
    result("Usage: mlp %s%s%s [OPTION]...\n\n%s\n\nOptions:\n", command->name,
           *command->argument ? " " : "", command->argument, command->summary);
    for (size_t i = 0; option_at(i); i++) {
        if (!(option_at(i)->commands & command->bit))
            continue;
        option_syntax(option_at(i), syntax);
        option_text(option_at(i), text);
        print_entry(syntax, text);
        takes_recipe = takes_recipe || option_at(i)->choice == recipe_name;
    }
    if (takes_recipe)
        print_recipes();
    print_exit_codes();
}
