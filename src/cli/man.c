/* SPDX-License-Identifier: MIT */
/* The man page, from the same tables as the help. */
#include "help.h"

#include "output.h"

/* Text as roff takes it: no minus becomes a hyphen, no backslash a command. */
static void print_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '-' || *text == '\\')
            result("%s", *text == '-' ? "\\-" : "\\e");
        else
            result("%c", *text);
    }
}

static void print_entry(const char *term, const char *text)
{
    result(".TP\n.B ");
    print_text(term);
    result("\n");
    print_text(text);
    result("\n");
}

static void print_synopsis(void)
{
    result(".SH SYNOPSIS\n");
    for (size_t i = 0; command_at(i); i++) {
        result("%s.B mlp ", i > 0 ? ".br\n" : "");
        print_text(command_at(i)->name);
        result("\n.I ");
        print_text(command_at(i)->argument);
        result("\n[OPTION]...\n");
    }
}

static void print_options(void)
{
    char syntax[OPTION_TEXT_SIZE], text[OPTION_TEXT_SIZE];
    const char *heading = NULL;
    result(".SH OPTIONS\nThe commands that take an option stand in parentheses.\n");
    for (size_t i = 0; option_at(i); i++) {
        if (heading != group_name(option_at(i)->group)) {
            heading = group_name(option_at(i)->group);
            result(".SS %s\n", heading);
        }
        option_syntax(option_at(i), syntax);
        option_text(option_at(i), text);
        print_entry(syntax, text);
        const char *separator = "(";
        for (size_t c = 0; command_at(c); c++) {
            if (!(option_at(i)->commands & command_at(c)->bit))
                continue;
            result("%s%s", separator, command_at(c)->name);
            separator = ", ";
        }
        result(")\n");
    }
}

static void print_recipes(void)
{
    char text[OPTION_TEXT_SIZE];
    result(".SH RECIPES\n");
    for (size_t i = 0; mlp_recipe_at(i); i++) {
        recipe_text(mlp_recipe_at(i), text);
        print_entry(mlp_recipe_at(i)->name, text);
    }
}

void help_man(void)
{
    result(".TH MLP 1 \"\" \"mlp %s\"\n"
           ".SH NAME\nmlp \\- train and run multilayer perceptrons\n",
           mlp_version());
    print_synopsis();
    result(".SH DESCRIPTION\n"
           "Trains multilayer perceptrons on CPUs and runs them. The result of a run is a\n"
           "function of its data, its settings and its seed: the number of threads, the\n"
           "instruction set and the machine change how long it takes, never one bit of it.\n"
           "The fingerprint, a SHA\\-256 over the bits of all weights, shows it.\n"
           ".PP\n"
           "Results go to standard output, everything else to standard error.\n"
           ".SH COMMANDS\n");
    for (size_t i = 0; command_at(i); i++)
        print_entry(command_at(i)->name, command_at(i)->summary);
    print_options();
    print_recipes();
    result(".SH ENVIRONMENT\n");
    print_entry("MLP_ISA", "the instruction set where --isa is not given");
    print_entry("OMP_NUM_THREADS", "the number of threads where --threads is not given");
    print_entry("TERM", "the progress line is left out where this is dumb or unset");
    result(".SH EXIT STATUS\n");
    for (size_t i = 0; exit_code_at(i); i++)
        print_entry(exit_code_at(i)->code, exit_code_at(i)->meaning);
    result(".SH EXAMPLES\n");
    print_entry("mlp train --epochs 5 --save digits.safetensors",
                "Trains on the built-in digits and saves the model.");
    print_entry("mlp train --data FOLDER --valid 0.1 --patience 5 --standardize --report run.html",
                "Keeps a tenth of the samples for validation, stops when it gets no better, and "
                "writes a page of curves.");
    print_entry("mlp train --recipe perceptron --data and", "Learns AND as Rosenblatt did.");
    print_entry("mlp eval digits.safetensors", "Tests it.");
    print_entry("mlp predict digits.safetensors --probabilities --json",
                "Prints the probabilities of all classes.");
    print_entry(
        "mlp train --data table.csv --label species --standardize --save species.safetensors",
        "Trains on a table whose column of that name has the classes.");
    print_entry("mlp export digits.safetensors --onnx digits.onnx --c digits.c",
                "Writes it for other programs.");
}
