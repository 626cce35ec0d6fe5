/* SPDX-License-Identifier: MIT */
/* The commands and options of the program: one table of each feeds the parser,
 * --help, the man page and the suggestions for misspelt names. */
#ifndef MLP_CLI_OPTIONS_H
#define MLP_CLI_OPTIONS_H

#include <mlp/mlp.h>

enum {
    MAX_HIDDEN = 64,
    MAX_WIDTH = 1000000,
};

/* What the command line asks for, defaults filled in. */
struct settings {
    const char *model;       /* NULL where none is given */
    const char *data, *test; /* `test` is NULL where none is given */
    mlp_split split;
    size_t hidden_count;
    size_t hidden[MAX_HIDDEN];
    mlp_activation activation;
    mlp_init init;
    float init_scale;
    mlp_train_options train; /* threads: 0 where not given */
    const char *isa, *save;  /* NULL where not given */
    bool json, help;
};

struct command {
    const char *name;
    unsigned bit;         /* in struct option_row's commands */
    const char *argument; /* "MODEL", "[MODEL]" or "" */
    const char *summary;
    int (*run)(const struct settings *settings); /* returns the exit code */
};

/* Row i of the commands; NULL past the end. */
const struct command *command_at(size_t i);

/* The command of this name; NULL where there is none. */
const struct command *command_find(const char *name);

struct option_row {
    const char *name;     /* without the dashes */
    const char *argument; /* NULL where it takes none */
    unsigned commands;    /* that it belongs to */
    const char *help;
    const char *(*choice)(size_t i); /* the names that it takes; may be NULL */
    int (*parse)(struct settings *settings, const char *text); /* says why it fails */
};

/* Row i of the options; NULL past the end. */
const struct option_row *option_at(size_t i);

/* Name of recipe i; NULL past the end. */
const char *recipe_name(size_t i);

/* Reads `command`'s arguments; argv[0] is the command's name. Returns an exit
 * code and says what is wrong. */
int options_parse(const struct command *command, int argc, char **argv, struct settings *out);

#endif
