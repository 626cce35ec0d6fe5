/* SPDX-License-Identifier: MIT */
/* The tables of commands and options. */
#include "options.h"

#include "options_values.h"
#include "predictions.h"
#include "run.h"

#include <assert.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- Commands -------------------------------------------------------------- */

enum {
    TRAIN = 1 << 0,
    CHECK = 1 << 1,
    EVAL = 1 << 2,
    PREDICT = 1 << 3,
    INFO = 1 << 4,
    VERIFY = 1 << 5,
    EXPORT = 1 << 6,
    IMPORT = 1 << 7,
    NET = TRAIN | CHECK,                             /* what describes data, network and loss */
    MODEL = EVAL | PREDICT | INFO | EXPORT | IMPORT, /* what reads a model of any format */
    ALL = TRAIN | CHECK | MODEL | VERIFY,
};

static const struct command commands[] = {
    {"train", TRAIN, "", "train a network and test it after every epoch", run_train},
    {"check", CHECK, "", "compare a network's gradients with finite differences", run_check},
    {"eval", EVAL, "MODEL", "test a saved model: accuracy and more, or errors of its values",
     run_eval},
    {"predict", PREDICT, "MODEL",
     "print for every sample its index, class and probability, or its values", run_predict},
    {"verify", VERIFY, "MODEL", "train a saved model again and say whether it is the same",
     run_verify},
    {"export", EXPORT, "MODEL", "write a saved model as a file for other programs", run_export},
    {"import", IMPORT, "MODEL", "save a model of another program as one of mlp, by --save",
     run_import},
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

/* --- Options --------------------------------------------------------------- */

const char *recipe_name(size_t i)
{
    return mlp_recipe_at(i) ? mlp_recipe_at(i)->name : NULL;
}

const char *group_name(enum option_group group)
{
    static const char *const names[] = {
        [GROUP_DATA] = "Data",         [GROUP_NETWORK] = "Network",
        [GROUP_TRAINING] = "Training", [GROUP_REGULARISATION] = "Regularisation",
        [GROUP_RUN] = "The run",       [GROUP_OUTPUT] = "Output",
    };
    return names[group];
}

/* Rows are parsed in this order, so that a recipe comes before what may override
 * it, an optimizer before its settings, and what all layers have before --layers. */
static const struct option_row options[] = {
    /* Data */
    {"data", "SRC", NET | EVAL | PREDICT | VERIFY, GROUP_DATA,
     "a folder with MNIST's IDX files, plain or .gz, an IDX or .npy file of inputs with its label "
     "file beside it, an .npz file, a table .csv or .tsv, plain or .gz, - for a table from "
     "standard "
     "input, or a built-in set; by default the recipe's, or digits. Built in are:",
     mlp_dataset_builtin_name, parse_data},
    {"test", "SRC", TRAIN, GROUP_DATA,
     "the data to test on after every epoch; by default the test part of --data where it has one",
     NULL, parse_test},
    {"valid", "FRACTION|SRC", TRAIN | VERIFY, GROUP_DATA,
     "what decides on the best epoch and on stopping: a fraction of the training data, such as "
     "0.1, that is then not trained on, or data as --data takes them",
     NULL, parse_valid},
    {"split", "PART", EVAL | PREDICT, GROUP_DATA,
     "the part of --data to use: test (the default) or train", NULL, parse_split},
    {"label", "COLUMN", NET | EVAL | PREDICT | VERIFY, GROUP_DATA,
     "of tables: the column of the labels, by its name in the header or its number from 0, or from "
     "-1 down for the last; by default the one that the model knows by name, or the last",
     NULL, parse_label},
    {"targets", "COLUMNS", NET | EVAL | PREDICT | VERIFY, GROUP_DATA,
     "of tables: the columns of target values in place of a label, commas between them", NULL,
     parse_targets},
    {"delimiter", "C", NET | EVAL | PREDICT | VERIFY, GROUP_DATA,
     "of tables: what is between columns, a character or tab; by default the one of , ; and tab "
     "that the first line has most of",
     NULL, parse_delimiter},
    {"header", "yes|no|auto", NET | EVAL | PREDICT | VERIFY, GROUP_DATA,
     "of tables: whether the first line names the columns; auto, the default: where no column is a "
     "number there and one is in the second line",
     NULL, parse_header},
    {"labels", "FILE", NET | EVAL | VERIFY, GROUP_DATA,
     "the labels or targets of --data where it is a .npy file, or the name of their array in a "
     ".npz file",
     NULL, parse_labels},
    {"standardize", NULL, NET, GROUP_DATA,
     "give every input mean 0 and deviation 1 over the training data, and every target value", NULL,
     parse_standardize},

    /* Network */
    {"recipe", "NAME", NET, GROUP_NETWORK,
     "a named set of the settings below, which override it when they are given too", recipe_name,
     parse_recipe},
    {"hidden", "WIDTHS", NET, GROUP_NETWORK,
     "units of each hidden layer, for example 256,256; none for a linear model", NULL,
     parse_hidden},
    {"activation", "NAME", NET | MODEL, GROUP_NETWORK,
     "activation of the hidden layers; or of those of a model of another program, relu by default",
     mlp_activation_name, parse_activation},
    {"norm", "NAME", NET, GROUP_NETWORK,
     "what normalises the hidden layers before their activation", mlp_norm_name, parse_norm},
    {"dropout", "RATE", NET, GROUP_NETWORK,
     "the share of the hidden layers' outputs that a step sets to 0", NULL, parse_dropout},
    {"layers", "LAYERS", NET, GROUP_NETWORK,
     "the whole network in place of --hidden: inputs, layers and outputs, for example "
     "784-256relu+batchnorm-64gelu+dropout0.2-10; +layernorm too. What a layer leaves out is as "
     "the three options above say",
     NULL, parse_layers},
    {"output-activation", "NAME", NET, GROUP_NETWORK,
     "activation of the last layer, identity by default; others where the loss takes them", NULL,
     parse_output_activation},
    {"loss", "NAME", NET | MODEL, GROUP_NETWORK,
     "what training makes small; by default cross_entropy for labels and mse for target values; or "
     "the loss of a model of another program, ONNX that does not say its own or safetensors",
     mlp_loss_name, parse_loss},
    {"map", "LAYERS", MODEL, GROUP_NETWORK,
     "the layers of a safetensors file of another program in their order, each by the start of its "
     "tensors' names, or by those of its weight and bias: fc1,fc2,head or w1+c1,w2+c2; by default "
     "all tensors in natural order",
     NULL, parse_map},
    {"orientation", "WAY", MODEL, GROUP_NETWORK,
     "how the weights of such a file lie: out-in, as PyTorch has them (the default), or in-out, as "
     "Keras has them",
     NULL, parse_orientation},
    {"huber-delta", "DELTA", NET, GROUP_NETWORK,
     "where huber goes over from squared to absolute errors, 1 by default", NULL,
     parse_huber_delta},
    {"init", "NAME", NET, GROUP_NETWORK,
     "how the first weights are drawn; normal, uniform, orthogonal and constant take a scale: "
     "normal:0.1",
     mlp_init_name, parse_init},
    {"bias-init", "NAME", NET, GROUP_NETWORK,
     "how the first biases are drawn; constant, normal and uniform take a scale",
     mlp_bias_init_name, parse_bias_init},

    /* Training */
    {"optimizer", "NAME", TRAIN, GROUP_TRAINING,
     "how the weights follow the gradient; brings its own learning rate and constants",
     mlp_optimizer_name, parse_optimizer},
    {"lr", "RATE", TRAIN, GROUP_TRAINING, "learning rate", NULL, parse_lr},
    {"momentum", "BETA", TRAIN, GROUP_TRAINING,
     "momentum of momentum and nesterov; the same as --beta1", NULL, parse_momentum},
    {"beta1", "BETA", TRAIN, GROUP_TRAINING,
     "decay of the mean gradient of adam and its kin and of lion", NULL, parse_beta1},
    {"beta2", "BETA", TRAIN, GROUP_TRAINING,
     "decay of the mean square of adam, its kin and rmsprop, or of lion's mean", NULL, parse_beta2},
    {"epsilon", "E", TRAIN, GROUP_TRAINING,
     "what adam, its kin, rmsprop and adagrad add to the root", NULL, parse_epsilon},
    {"schedule", "NAME", TRAIN, GROUP_TRAINING,
     "how the learning rate goes on: step:EVERY:FACTOR, exponential:FACTOR, cosine:FLOOR or "
     "plateau:PATIENCE:FACTOR, in epochs",
     mlp_schedule_name, parse_schedule},
    {"warmup", "STEPS", TRAIN, GROUP_TRAINING, "steps in which the learning rate rises to it", NULL,
     parse_warmup},
    {"batch", "N", NET, GROUP_TRAINING, "samples in a training step", NULL, parse_batch},
    {"epochs", "N", TRAIN, GROUP_TRAINING, "times that training goes through the data", NULL,
     parse_epochs},
    {"shuffle", NULL, TRAIN, GROUP_TRAINING, "take the samples in a new order in every epoch", NULL,
     parse_shuffle},
    {"no-shuffle", NULL, TRAIN, GROUP_TRAINING, "take them in the order of the data", NULL,
     parse_no_shuffle},
    {"class-weights", "WEIGHTS", NET, GROUP_TRAINING,
     "what a sample of each class counts: a number for every class, for example 1,5, or balanced, "
     "which makes up for rare classes",
     NULL, parse_class_weights},

    /* Regularisation */
    {"weight-decay", "RATE", TRAIN, GROUP_REGULARISATION,
     "how fast weights decay, times the learning rate; of adamw and lion", NULL,
     parse_weight_decay},
    {"l1", "PENALTY", NET, GROUP_REGULARISATION, "penalty on the weights' magnitudes", NULL,
     parse_l1},
    {"l2", "PENALTY", NET, GROUP_REGULARISATION, "penalty on half the weights' squares", NULL,
     parse_l2},
    {"clip-norm", "NORM", TRAIN, GROUP_REGULARISATION,
     "scale the gradient down to this Euclidean norm", NULL, parse_clip_norm},
    {"clip-value", "VALUE", TRAIN, GROUP_REGULARISATION,
     "limit every element of the gradient to this magnitude", NULL, parse_clip_value},
    {"label-smoothing", "SHARE", NET, GROUP_REGULARISATION,
     "the share of each label that all classes get alike; of cross_entropy", NULL,
     parse_label_smoothing},
    {"patience", "EPOCHS", TRAIN, GROUP_REGULARISATION,
     "stop after so many epochs without a better one, and end with the best one's weights", NULL,
     parse_patience},
    {"min-delta", "D", TRAIN, GROUP_REGULARISATION, "what counts as better", NULL, parse_min_delta},
    {"monitor", "WHAT", TRAIN, GROUP_REGULARISATION,
     "what tells the best epoch: the loss of --valid, or of training where there is none; or the "
     "score of --valid, its accuracy or R2",
     mlp_monitor_name, parse_monitor},
    {"restore-best", NULL, TRAIN, GROUP_REGULARISATION,
     "end with the weights of the best epoch; --patience implies it", NULL, parse_restore_best},
    {"no-restore-best", NULL, TRAIN, GROUP_REGULARISATION, "end with the last ones", NULL,
     parse_no_restore_best},

    /* The run */
    {"target", "SCORE", TRAIN, GROUP_RUN,
     "stop when the score of --valid reaches this: an accuracy such as 0.98, or R2", NULL,
     parse_target},
    {"max-seconds", "S", TRAIN, GROUP_RUN, "stop when so many seconds are over", NULL,
     parse_max_seconds},
    {"runs", "N", TRAIN, GROUP_RUN,
     "train so many times, with seeds from --seed on, and tell how the scores vary; --save keeps "
     "the best by --valid, else the last",
     NULL, parse_runs},
    {"seed", "N", NET, GROUP_RUN,
     "seed of the first weights, of the order of the samples, of "
     "dropout and of --valid's choice",
     NULL, parse_seed},
    {"threads", "N", TRAIN | CHECK | EVAL | PREDICT | VERIFY, GROUP_RUN,
     "threads at most, by default OMP_NUM_THREADS or the CPUs that this process may use; the "
     "result does not depend on it",
     NULL, parse_threads},
    {"isa", "NAME", ALL, GROUP_RUN,
     "instruction set, by default MLP_ISA or the fastest that this CPU supports; the result does "
     "not depend on it",
     mlp_isa_name, parse_isa},

    /* Output */
    {"save", "FILE", TRAIN | IMPORT, GROUP_OUTPUT, "save the model here, as safetensors", NULL,
     parse_save},
    {"checkpoint", "FILE", TRAIN, GROUP_OUTPUT,
     "save the state of the run here as it goes, so that --resume can go on with it; the one "
     "before is kept as FILE.previous, the best epoch's model as FILE.best",
     NULL, parse_checkpoint},
    {"every", "N[s|steps|epochs]", TRAIN, GROUP_OUTPUT,
     "how often: so many seconds, steps or epochs; 60s by default", NULL, parse_every},
    {"resume", "FILE", TRAIN, GROUP_OUTPUT,
     "go on from this checkpoint, with the same result as if the run had never been interrupted; "
     "start from the beginning where it is not there yet",
     NULL, parse_resume},
    {"log", "FILE", TRAIN, GROUP_OUTPUT,
     "write a record for every epoch, as it ends; FILE ends in .jsonl or .csv", NULL, parse_log},
    {"report", "FILE.html", TRAIN, GROUP_OUTPUT, "write a page with the run's curves and results",
     NULL, parse_report},
    {"c", "FILE.c", EXPORT, GROUP_OUTPUT,
     "write the model as C99 without dependencies, which predicts the same bits", NULL, parse_c},
    {"name", "NAME", EXPORT, GROUP_OUTPUT,
     "what the names in --c begin with; mlp by default: mlp_predict", NULL, parse_name},
    {"onnx", "FILE.onnx", EXPORT, GROUP_OUTPUT, "write the model as ONNX", NULL, parse_onnx},
    {"softmax", NULL, EXPORT, GROUP_OUTPUT,
     "let the ONNX graph end in softmax or sigmoid, so that it gives probabilities", NULL,
     parse_softmax},
    {"output", "FILE", PREDICT, GROUP_OUTPUT,
     "write the predictions here and nothing to stdout; FILE ends in .csv, .npy or .jsonl", NULL,
     parse_output},
    {"format", "NAME", PREDICT, GROUP_OUTPUT, "how stdout gets the predictions; text by default",
     prediction_format_name, parse_format},
    {"probabilities", NULL, PREDICT, GROUP_OUTPUT,
     "tell those of all classes, not of the likeliest alone", NULL, parse_probabilities},
    {"top-k", "K", TRAIN | EVAL, GROUP_OUTPUT,
     "also tell how often the class is among the K likeliest", NULL, parse_top_k},
    {"json", NULL, ALL, GROUP_OUTPUT,
     "print the result as JSON; mlp predict prints an object a line", NULL, parse_json},
    {"help", NULL, ALL, GROUP_OUTPUT, "print this help", NULL, parse_help},
};
_Static_assert(COUNT(options) <= MAX_OPTIONS, "raise MAX_OPTIONS");

const struct option_row *option_at(size_t i)
{
    return i < COUNT(options) ? &options[i] : NULL;
}

bool option_given(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < COUNT(options); i++) {
        if (strcmp(options[i].name, name) == 0)
            return settings->values[i] != NULL;
    }
    assert(!"an option of the table");
    return false;
}
