/* SPDX-License-Identifier: MIT */
#include "options_conflicts.h"

#include "output.h"

#include <stdio.h>
#include <string.h>

/* --- Pairs --------------------------------------------------------------------- */

static int check_pairs(const struct settings *s)
{
    static const struct {
        const char *one, *other, *reason;
    } pairs[] = {
        {"label", "targets", "a sample has one or the other"},
        {"layers", "hidden", "both name the hidden layers"},
        {"momentum", "beta1", "they are the same setting"},
        {"shuffle", "no-shuffle", "they contradict each other"},
        {"restore-best", "no-restore-best", "they contradict each other"},
        {"format", "json", "both name the format"},
        {"output", "format", "the file's ending tells the format"},
        {"output", "json", "the file's ending tells the format"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (option_given(s, pairs[i].one) && option_given(s, pairs[i].other))
            return fail(MLP_ERROR_USAGE, "--%s and --%s do not go together: %s", pairs[i].one,
                        pairs[i].other, pairs[i].reason);
    }
    return MLP_OK;
}

/* --- An optimizer's constants -------------------------------------------------- */

#define BIT(optimizer) (1u << (optimizer))

enum {
    ADAMS = BIT(MLP_ADAM) | BIT(MLP_ADAM_PYTORCH) | BIT(MLP_ADAMW),
    FIRST_MOMENTS = ADAMS | BIT(MLP_LION) | BIT(MLP_MOMENTUM) | BIT(MLP_NESTEROV),
};

static const struct {
    const char *option;
    unsigned optimizers; /* that use it */
} constants[] = {
    {"momentum", FIRST_MOMENTS},
    {"beta1", FIRST_MOMENTS},
    {"beta2", ADAMS | BIT(MLP_LION) | BIT(MLP_RMSPROP)},
    {"epsilon", ADAMS | BIT(MLP_RMSPROP) | BIT(MLP_ADAGRAD)},
    {"weight-decay", BIT(MLP_ADAMW) | BIT(MLP_LION)},
};

/* "adamw or lion" */
static void list_optimizers(unsigned set, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; mlp_optimizer_name(i) && length < size; i++) {
        if (!(set & BIT(i)))
            continue;
        unsigned later = set >> (i + 1);
        const char *before = length == 0 ? "" : later ? ", " : " or ";
        length +=
            (size_t)snprintf(text + length, size - length, "%s%s", before, mlp_optimizer_name(i));
    }
}

static int check_constants(const struct settings *s)
{
    char known[256];
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        if (!option_given(s, constants[i].option) ||
            (constants[i].optimizers & BIT(s->train.optimizer)))
            continue;
        list_optimizers(constants[i].optimizers, known, sizeof known);
        return fail(MLP_ERROR_USAGE, "--%s: %s has none, expected --optimizer %s",
                    constants[i].option, mlp_optimizer_name(s->train.optimizer), known);
    }
    return MLP_OK;
}

/* --- Loss and layers ------------------------------------------------------------ */

static int check_loss(const struct settings *s)
{
    const char *loss = mlp_loss_name(s->loss);
    if (option_given(s, "huber-delta") && s->loss != MLP_HUBER)
        return fail(MLP_ERROR_USAGE, "--huber-delta: it goes with --loss %s only",
                    mlp_loss_name(MLP_HUBER));
    if (option_given(s, "label-smoothing") && s->loss != MLP_CROSS_ENTROPY)
        return fail(MLP_ERROR_USAGE, "--label-smoothing: --loss %s has none, expected --loss %s",
                    loss, mlp_loss_name(MLP_CROSS_ENTROPY));
    if (option_given(s, "class-weights") && s->loss_chosen && !mlp_loss_classifies(s->loss))
        return fail(MLP_ERROR_USAGE, "--class-weights: --loss %s is not about classes", loss);
    return MLP_OK;
}

static int check_hidden(const struct settings *s)
{
    static const char *const options[] = {"activation", "norm", "dropout"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (option_given(s, options[i]) && s->hidden_count == 0)
            return fail(MLP_ERROR_USAGE, "--%s: there are no hidden layers; see --hidden",
                        options[i]);
    }
    return MLP_OK;
}

static int check_norm(const struct settings *s)
{
    const char *option = option_given(s, "layers") ? "layers" : "norm";
    for (size_t i = 0; i < s->hidden_count; i++) {
        if (s->hidden[i].norm == MLP_NORM_BATCH && s->train.batch == 1)
            return fail(MLP_ERROR_USAGE,
                        "--%s: batch normalisation needs minibatches of more than one sample, "
                        "found --batch 1",
                        option);
    }
    return MLP_OK;
}

/* --- The end of a run ------------------------------------------------------------ */

static int check_end(const struct settings *s)
{
    bool valid = s->valid || s->valid_fraction > 0;
    if (option_given(s, "target") && !valid)
        return fail(MLP_ERROR_USAGE, "--target: needs --valid; test data decide nothing");
    if (option_given(s, "monitor") && s->train.monitor == MLP_MONITOR_SCORE && !valid)
        return fail(MLP_ERROR_USAGE, "--monitor %s: needs --valid",
                    mlp_monitor_name(MLP_MONITOR_SCORE));
    if (option_given(s, "min-delta") && s->train.patience == 0 && !s->train.restore_best)
        return fail(MLP_ERROR_USAGE, "--min-delta: needs --patience or --restore-best");
    if (s->train.seed > UINT64_MAX - (s->runs - 1))
        return fail(MLP_ERROR_USAGE,
                    "--runs: %zu seeds from --seed %llu on are more than there are", s->runs,
                    (unsigned long long)s->train.seed);
    return MLP_OK;
}

/* mlp verify: how the data were divided is the model's to tell. */
static int check_verify(const struct settings *s)
{
    if (s->verifies && s->valid_fraction > 0)
        return fail(MLP_ERROR_USAGE,
                    "--valid: found the fraction %g, which the model tells by itself: expected the "
                    "source of a validation set, if it had one of its own",
                    s->valid_fraction);
    return MLP_OK;
}

static int check_checkpoints(const struct settings *s)
{
    const char *option = s->checkpoint ? "checkpoint" : "resume";
    if (option_given(s, "every") && !s->checkpoint)
        return fail(MLP_ERROR_USAGE, "--every: needs --checkpoint");
    if ((s->checkpoint || s->resume) && s->runs > 1)
        return fail(MLP_ERROR_USAGE, "--%s: goes with one run, found --runs %zu", option, s->runs);
    return MLP_OK;
}

static int check_export(const struct settings *s)
{
    if (s->export_name && !s->export_c)
        return fail(MLP_ERROR_USAGE, "--name: needs --c");
    if (s->softmax && !s->export_onnx)
        return fail(MLP_ERROR_USAGE, "--softmax: needs --onnx");
    return MLP_OK;
}

/* Standard input can be read once. */
static int check_sources(const struct settings *s)
{
    const char *sources[] = {s->data, s->test, s->valid};
    const char *const options[] = {"data", "test", "valid"};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        if (!sources[i] || strcmp(sources[i], "-") != 0)
            continue;
        if (first)
            return fail(MLP_ERROR_USAGE, "--%s -: standard input is that of --%s already",
                        options[i], first);
        first = options[i];
    }
    return MLP_OK;
}

int options_conflicts(const struct settings *settings)
{
    static int (*const checks[])(const struct settings *) = {
        check_pairs, check_sources, check_constants,   check_loss,   check_hidden,
        check_norm,  check_end,     check_checkpoints, check_verify, check_export,
    };
    int status = MLP_OK;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && status == MLP_OK; i++)
        status = checks[i](settings);
    return status;
}
