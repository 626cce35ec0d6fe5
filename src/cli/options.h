/* SPDX-License-Identifier: MIT */
/* The commands and options of the program: one table of each feeds the parser,
 * --help, the man page and the suggestions for misspelt names. */
#ifndef MLP_CLI_OPTIONS_H
#define MLP_CLI_OPTIONS_H

#include <mlp/mlp.h>

#include <stdbool.h>

enum {
    MAX_HIDDEN = 64,
    MAX_WIDTH = 1000000,
    MAX_CLASSES = 256,
    MAX_RUNS = 10000,
    MAX_OPTIONS = 80, /* rows of the table */
};

/* What the command line asks for, defaults filled in. */
struct settings {
    const char *values[MAX_OPTIONS]; /* as given, for every row of the options; else NULL */

    /* Data. */
    const char *model;       /* NULL where none is given */
    const char *data, *test; /* `test` is NULL where none is given */
    const char *valid;       /* a source; NULL where none is given */
    double valid_fraction;   /* of the training data; 0: none */
    mlp_split split;
    mlp_source_options source; /* how --data are read, and the other sources but for `labels` */
    bool standardize;

    /* Network. */
    const mlp_recipe *recipe;
    size_t inputs, outputs; /* that --layers names; else 0: as many as the data have */
    size_t hidden_count;
    mlp_layer_spec hidden[MAX_HIDDEN];
    mlp_layer_spec usual; /* what a hidden layer is where nothing is said of it */
    mlp_activation output_activation;
    bool loss_chosen; /* else the data decide */
    mlp_loss loss;
    float huber_delta;
    mlp_init init;
    float init_scale;
    mlp_bias_init bias_init;
    float bias_scale;

    /* Training. */
    mlp_train_options train;   /* threads: 0 where not given; class_weights: NULL, see below */
    size_t class_weight_count; /* 0: none given */
    float class_weights[MAX_CLASSES];

    /* The run and its output. */
    size_t runs;
    size_t top_k;                          /* 0 where not given */
    const char *isa, *save, *log, *report; /* NULL where not given */
    const char *checkpoint, *resume;       /* likewise */
    size_t every_steps, every_epochs;      /* between checkpoints; 0: not by their number */
    double every_seconds;                  /* 0: not by the clock */
    const char *export_c, *export_name;    /* NULL where not given */
    const char *export_onnx;
    bool softmax;                /* at the graph's end */
    const char *format, *output; /* of predictions; NULL where not given */
    bool probabilities;
    const char *map; /* NULL where not given */
    bool in_out;     /* orientation of a foreign file's weights */
    bool json, help;
    bool verifies; /* the command is verify */
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

/* The headings of --help, in the order of the table's rows. */
enum option_group {
    GROUP_DATA,
    GROUP_NETWORK,
    GROUP_TRAINING,
    GROUP_REGULARISATION,
    GROUP_RUN,
    GROUP_OUTPUT,
};

/* A group's heading. */
const char *group_name(enum option_group group);

struct option_row {
    const char *name;     /* without the dashes */
    const char *argument; /* NULL where it takes none */
    unsigned commands;    /* that it belongs to */
    enum option_group group;
    const char *help;                /* where it ends in a colon, the names follow it */
    const char *(*choice)(size_t i); /* the names that it takes; may be NULL */
    int (*parse)(struct settings *settings, const char *text); /* says why it fails */
};

/* Row i of the options; NULL past the end. */
const struct option_row *option_at(size_t i);

/* Whether the option `name` of the table is given. */
bool option_given(const struct settings *settings, const char *name);

/* Name of recipe i; NULL past the end. */
const char *recipe_name(size_t i);

/* Reads `command`'s arguments; argv[0] is the command's name. Returns an exit
 * code and says what is wrong. */
int options_parse(const struct command *command, int argc, char **argv, struct settings *out);

#endif
