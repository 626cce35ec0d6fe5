/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "output.h"
#include "run.h"
#include "suggest.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- Commands -------------------------------------------------------------- */

enum {
    TRAIN = 1 << 0,
    EVAL = 1 << 1,
    PREDICT = 1 << 2,
    INFO = 1 << 3,
    ALL = TRAIN | EVAL | PREDICT | INFO,
};

static const struct command commands[] = {
    {"train", TRAIN, "", "train a network and test it after every epoch", run_train},
    {"eval", EVAL, "MODEL", "test a saved model: its accuracy and mean loss", run_eval},
    {"predict", PREDICT, "MODEL",
     "print a line for every sample: its index, class and the class's probability", run_predict},
    {"info", INFO, "[MODEL]", "say what this machine can run, or what a saved model is", run_info},
};

const struct command *command_at(size_t i)
{
    return i < COUNT(commands) ? &commands[i] : NULL;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

/* --- Values ---------------------------------------------------------------- */

/* A whole number that takes all of `text`. */
static int parse_whole(const char *option, const char *text, uint64_t least, uint64_t most,
                       uint64_t *out)
{
    char low[NUMBER_SIZE], high[NUMBER_SIZE];
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    bool digits_only = *text != '\0' && text[strspn(text, "0123456789")] == '\0';
    if (!digits_only || errno == ERANGE || value < least || value > most)
        return fail(MLP_ERROR_USAGE, "%s: found '%s', expected a whole number from %s to %s",
                    option, text, grouped(least, low), grouped(most, high));
    *out = value;
    return MLP_OK;
}

static int parse_size(const char *option, const char *text, uint64_t most, size_t *out)
{
    uint64_t value = 0;
    int status = parse_whole(option, text, 1, most, &value);
    if (status == MLP_OK)
        *out = (size_t)value;
    return status;
}

static int parse_data(struct settings *s, const char *text)
{
    s->data = text;
    return MLP_OK;
}

static int parse_test(struct settings *s, const char *text)
{
    s->test = text;
    return MLP_OK;
}

static int parse_split(struct settings *s, const char *text)
{
    if (strcmp(text, "train") == 0)
        s->split = MLP_TRAIN;
    else if (strcmp(text, "test") == 0)
        s->split = MLP_TEST;
    else
        return fail(MLP_ERROR_USAGE, "--split: found '%s', expected train or test", text);
    return MLP_OK;
}

static int parse_recipe(struct settings *s, const char *text)
{
    mlp_error error;
    const mlp_recipe *recipe;
    if (mlp_recipe_find(text, &recipe, &error) != MLP_OK)
        return fail(error.status, "--recipe: %s", error.message);
    s->hidden_count = recipe->hidden_count;
    memcpy(s->hidden, recipe->hidden, sizeof recipe->hidden);
    s->activation = recipe->activation;
    s->init = recipe->init;
    s->init_scale = recipe->init_scale;
    s->train = recipe->options;
    return MLP_OK;
}

/* "256,256", or "none". */
static int parse_hidden(struct settings *s, const char *text)
{
    s->hidden_count = 0;
    if (strcmp(text, "none") == 0)
        return MLP_OK;
    for (const char *at = text;; at++) {
        char number[16] = "";
        size_t length = strcspn(at, ",");
        if (s->hidden_count == MAX_HIDDEN)
            return fail(MLP_ERROR_USAGE, "--hidden: found more than %d layers", MAX_HIDDEN);
        if (length >= sizeof number)
            return fail(MLP_ERROR_USAGE, "--hidden: found '%s', expected widths up to %d", text,
                        MAX_WIDTH);
        memcpy(number, at, length);
        int status = parse_size("--hidden", number, MAX_WIDTH, &s->hidden[s->hidden_count++]);
        if (status != MLP_OK)
            return status;
        at += length;
        if (*at == '\0')
            return MLP_OK;
    }
}

static int parse_activation(struct settings *s, const char *text)
{
    mlp_error error;
    if (mlp_activation_parse(text, &s->activation, &error) != MLP_OK)
        return fail(error.status, "--activation: %s", error.message);
    return MLP_OK;
}

static int parse_init(struct settings *s, const char *text)
{
    mlp_error error;
    if (mlp_init_parse(text, &s->init, &s->init_scale, &error) != MLP_OK)
        return fail(error.status, "--init: %s", error.message);
    return MLP_OK;
}

static int parse_optimizer(struct settings *s, const char *text)
{
    mlp_error error;
    if (mlp_optimizer_parse(text, &s->train.optimizer, &error) != MLP_OK)
        return fail(error.status, "--optimizer: %s", error.message);
    return MLP_OK;
}

static int parse_lr(struct settings *s, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    bool decimal = *text != '\0' && text[strspn(text, "0123456789.eE+-")] == '\0';
    if (!decimal || *end != '\0' || !isfinite((float)value) || !((float)value > 0))
        return fail(MLP_ERROR_USAGE, "--lr: found '%s', expected a finite number above 0", text);
    s->train.learning_rate = value;
    return MLP_OK;
}

static int parse_batch(struct settings *s, const char *text)
{
    return parse_size("--batch", text, 1000000000, &s->train.batch);
}

static int parse_epochs(struct settings *s, const char *text)
{
    return parse_size("--epochs", text, 1000000, &s->train.epochs);
}

static int parse_seed(struct settings *s, const char *text)
{
    return parse_whole("--seed", text, 0, UINT64_MAX, &s->train.seed);
}

static int parse_threads(struct settings *s, const char *text)
{
    size_t threads = 0;
    int status = parse_size("--threads", text, 4096, &threads);
    if (status == MLP_OK)
        s->train.threads = (int)threads;
    return status;
}

static int parse_isa(struct settings *s, const char *text)
{
    s->isa = text;
    return MLP_OK;
}

static int parse_save(struct settings *s, const char *text)
{
    s->save = text;
    return MLP_OK;
}

static int parse_json(struct settings *s, const char *text)
{
    (void)text;
    s->json = true;
    return MLP_OK;
}

static int parse_help(struct settings *s, const char *text)
{
    (void)text;
    s->help = true;
    return MLP_OK;
}

/* --- Options --------------------------------------------------------------- */

const char *recipe_name(size_t i)
{
    return mlp_recipe_at(i) ? mlp_recipe_at(i)->name : NULL;
}

/* Rows are parsed in this order, so a recipe comes before what may override it. */
static const struct option_row options[] = {
    {"data", "SRC", TRAIN | EVAL | PREDICT,
     "the data: digits (built in, the default), a folder with MNIST's IDX files, plain or .gz, or "
     "an IDX image file with its label file beside it",
     NULL, parse_data},
    {"test", "SRC", TRAIN,
     "the data to test on after every epoch; by default the test part of --data where it has one",
     NULL, parse_test},
    {"split", "PART", EVAL | PREDICT, "the part of --data to use: test (the default) or train",
     NULL, parse_split},
    {"recipe", "NAME", TRAIN,
     "a named set of the settings below, which override it when they are given too", recipe_name,
     parse_recipe},
    {"hidden", "WIDTHS", TRAIN,
     "units of each hidden layer, for example 256,256; none for a linear model", NULL,
     parse_hidden},
    {"activation", "NAME", TRAIN, "activation of the hidden layers", mlp_activation_name,
     parse_activation},
    {"init", "NAME", TRAIN,
     "how the first weights are drawn; normal:SCALE sets the standard deviation", mlp_init_name,
     parse_init},
    {"optimizer", "NAME", TRAIN, "how the weights follow the gradient", mlp_optimizer_name,
     parse_optimizer},
    {"lr", "RATE", TRAIN, "learning rate", NULL, parse_lr},
    {"batch", "N", TRAIN, "samples in a training step", NULL, parse_batch},
    {"epochs", "N", TRAIN, "times that training goes through the data", NULL, parse_epochs},
    {"seed", "N", TRAIN, "seed of the first weights and of the order of the samples", NULL,
     parse_seed},
    {"threads", "N", TRAIN | EVAL | PREDICT,
     "threads at most, by default OMP_NUM_THREADS or the CPUs that this process may use; the "
     "result does not depend on it",
     NULL, parse_threads},
    {"isa", "NAME", ALL,
     "instruction set, by default MLP_ISA or the fastest that this CPU supports; the result does "
     "not depend on it",
     mlp_isa_name, parse_isa},
    {"save", "FILE", TRAIN, "save the model here, as safetensors", NULL, parse_save},
    {"json", NULL, ALL, "print the result as JSON; mlp predict prints an object a line", NULL,
     parse_json},
    {"help", NULL, ALL, "print this help", NULL, parse_help},
};

const struct option_row *option_at(size_t i)
{
    return i < COUNT(options) ? &options[i] : NULL;
}

/* --- The command line ------------------------------------------------------ */

/* What getopt_long returns for row i is FIRST_ROW + i: no character. */
enum { FIRST_ROW = 256 };

/* Where the name of option i of the command `context` stands; "" where it is
 * another command's. */
static const char *option_name_at(size_t i, const void *context)
{
    const struct command *command = context;
    if (i >= COUNT(options))
        return NULL;
    return options[i].commands & command->bit ? options[i].name : "";
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
    for (size_t i = 0; i < COUNT(options); i++)
        alike += strncmp(options[i].name, name, length) == 0;
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
        const struct option_row *row = &options[optopt - FIRST_ROW];
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
    int row = 0;
    while (options[row].parse != parse_help)
        row++;
    return FIRST_ROW + row;
}

/* Reads the options into values[], one for every row, NULL where not given. */
static int read_options(const struct command *command, int argc, char **argv, const char **values)
{
    struct option known[COUNT(options) + 1] = {{0}};
    for (size_t i = 0; i < COUNT(options); i++) {
        known[i].name = options[i].name;
        known[i].has_arg = options[i].argument ? required_argument : no_argument;
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
        int status = note_value(command, &options[row], argv, &values[row]);
        if (status != MLP_OK)
            return status;
    }
}

/* Reads what is left: the model. */
static int read_arguments(const struct command *command, int argc, char **argv,
                          struct settings *out)
{
    int left = argc - optind, most = command->argument[0] != '\0';
    bool required = most > 0 && command->argument[0] != '[';
    if (left > most)
        return fail(MLP_ERROR_USAGE, "unexpected argument '%s'; see mlp %s --help",
                    argv[optind + most], command->name);
    if (left == 0 && required)
        return fail(MLP_ERROR_USAGE, "no model given: mlp %s %s", command->name, command->argument);
    out->model = left > 0 ? argv[optind] : NULL;
    return MLP_OK;
}

int options_parse(const struct command *command, int argc, char **argv, struct settings *out)
{
    const char *values[COUNT(options)] = {NULL};
    *out = (struct settings){.data = "digits", .split = MLP_TEST};
    int status = read_options(command, argc, argv, values);
    if (status == MLP_OK)
        status = parse_recipe(out, recipe_name(0));
    for (size_t i = 0; i < COUNT(options) && status == MLP_OK; i++) {
        if (values[i])
            status = options[i].parse(out, values[i]);
    }
    if (status != MLP_OK || out->help)
        return status;
    return read_arguments(command, argc, argv, out);
}
