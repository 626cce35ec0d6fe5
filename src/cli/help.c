/* SPDX-License-Identifier: MIT */
#include "help.h"

#include "output.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_COLUMNS = 79,
    LEAST_COLUMNS = 40,
    INDENT = 24, /* of explanations */
};

static const struct exit_code exit_codes[] = {
    {"0", "done"},
    {"1", "input, output or memory failed"},
    {"2", "wrong use of the command line"},
    {"3", "bad data in a file"},
    {"4", "training diverged; what --save names holds the last good weights"},
    {"129, 130, 143", "stopped by SIGHUP, SIGINT or SIGTERM; what --save names is saved first"},
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
    size_t length = strlen(row->help);
    const char *before = length > 0 && row->help[length - 1] == ':' ? " " : "; one of ";
    snprintf(text, OPTION_TEXT_SIZE, "%s", row->help);
    for (size_t i = 0; row->choice && row->choice(i); i++)
        append(text, OPTION_TEXT_SIZE, "%s%s", i == 0 ? before : ", ", row->choice(i));
}

/* --- Recipes ---------------------------------------------------------------------- */

static void append_network(char *text, const mlp_recipe *recipe)
{
    const mlp_layer_spec *first = &recipe->hidden[0];
    append(text, OPTION_TEXT_SIZE, " --hidden %s", recipe->hidden_count == 0 ? "none" : "");
    for (size_t i = 0; i < recipe->hidden_count; i++)
        append(text, OPTION_TEXT_SIZE, "%s%zu", i == 0 ? "" : ",", recipe->hidden[i].units);
    if (recipe->hidden_count > 0)
        append(text, OPTION_TEXT_SIZE, " --activation %s", mlp_activation_name(first->activation));
    if (recipe->hidden_count > 0 && first->norm != MLP_NORM_NONE)
        append(text, OPTION_TEXT_SIZE, " --norm %s", mlp_norm_name(first->norm));
    if (recipe->hidden_count > 0 && first->dropout > 0)
        append(text, OPTION_TEXT_SIZE, " --dropout %g", (double)first->dropout);
    append(text, OPTION_TEXT_SIZE, " --loss %s --init %s", mlp_loss_name(recipe->loss),
           mlp_init_name(recipe->init));
}

void recipe_text(const mlp_recipe *recipe, char text[OPTION_TEXT_SIZE])
{
    const mlp_train_options *o = &recipe->options;
    snprintf(text, OPTION_TEXT_SIZE, "%s: --data %s", recipe->summary, recipe->data);
    append_network(text, recipe);
    append(text, OPTION_TEXT_SIZE, " --optimizer %s --lr %g", mlp_optimizer_name(o->optimizer),
           o->learning_rate);
    if (o->weight_decay > 0)
        append(text, OPTION_TEXT_SIZE, " --weight-decay %g", o->weight_decay);
    if (o->schedule.kind != MLP_SCHEDULE_CONSTANT)
        append(text, OPTION_TEXT_SIZE, " --schedule %s", mlp_schedule_name(o->schedule.kind));
    append(text, OPTION_TEXT_SIZE, " --batch %zu --epochs %zu%s --seed %llu", o->batch, o->epochs,
           o->shuffle ? "" : " --no-shuffle", (unsigned long long)o->seed);
}

/* --- Printing ---------------------------------------------------------------------- */

/* Columns of a line: those of a terminal that has fewer. */
static size_t columns(void)
{
    size_t width = terminal_columns(STDOUT_FILENO, MOST_COLUMNS + 1);
    if (width > MOST_COLUMNS)
        return MOST_COLUMNS;
    return width > LEAST_COLUMNS ? width - 1 : LEAST_COLUMNS;
}

/* A text, wrapped, behind `indent` columns of its first line and blanks of the others. */
static void print_wrapped(const char *text, size_t indent)
{
    size_t column = indent, most = columns();
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column > indent && column + 1 + word > most) {
            result("\n%*s", (int)indent, "");
            column = indent;
        }
        if (column > indent) {
            result(" ");
            column++;
        }
        result("%.*s", (int)word, text);
        column += word;
        text += word + (text[word] == ' ');
    }
    result("\n");
}

/* A term and its explanation. */
static void print_entry(const char *term, const char *text)
{
    result("  %-*s", INDENT - 2, term);
    if (strlen(term) + 2 >= INDENT)
        result("\n%*s", INDENT, "");
    print_wrapped(text, INDENT);
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

/* The command's options under the headings of their groups. */
static bool print_options(const struct command *command)
{
    char syntax[OPTION_TEXT_SIZE], text[OPTION_TEXT_SIZE];
    bool takes_recipe = false;
    const char *heading = NULL;
    for (size_t i = 0; option_at(i); i++) {
        const struct option_row *row = option_at(i);
        if (!(row->commands & command->bit))
            continue;
        if (heading != group_name(row->group)) {
            heading = group_name(row->group);
            result("\n%s:\n", heading);
        }
        option_syntax(row, syntax);
        option_text(row, text);
        print_entry(syntax, text);
        takes_recipe = takes_recipe || row->choice == recipe_name;
    }
    return takes_recipe;
}

void help_command(const struct command *command)
{
    result("Usage: mlp %s%s%s [OPTION]...\n\n", command->name, *command->argument ? " " : "",
           command->argument);
    print_wrapped(command->summary, 0);
    if (print_options(command))
        print_recipes();
    print_exit_codes();
}
