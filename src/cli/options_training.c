/* SPDX-License-Identifier: MIT */
/* The options that say how it is trained. */
#include "options_values.h"

#include "output.h"

#include <float.h>
#include <string.h>

/* --- Optimizer and schedule --------------------------------------------------- */

/* The recipe's own optimizer keeps what the recipe says of it. */
int parse_optimizer(struct settings *s, const char *text)
{
    mlp_error error;
    mlp_optimizer optimizer;
    if (mlp_optimizer_parse(text, &optimizer, &error) != MLP_OK)
        return fail(error.status, "--optimizer: %s", error.message);
    if (optimizer != s->train.optimizer)
        mlp_optimizer_defaults(optimizer, &s->train);
    return MLP_OK;
}

int parse_lr(struct settings *s, const char *text)
{
    return parse_real("--lr", text, &above_zero, &s->train.learning_rate);
}

int parse_momentum(struct settings *s, const char *text)
{
    return parse_real("--momentum", text, &share, &s->train.beta1);
}

int parse_beta1(struct settings *s, const char *text)
{
    return parse_real("--beta1", text, &share, &s->train.beta1);
}

int parse_beta2(struct settings *s, const char *text)
{
    return parse_real("--beta2", text, &share, &s->train.beta2);
}

int parse_epsilon(struct settings *s, const char *text)
{
    return parse_real("--epsilon", text, &above_zero, &s->train.epsilon);
}

int parse_weight_decay(struct settings *s, const char *text)
{
    return parse_real("--weight-decay", text, &from_zero, &s->train.weight_decay);
}

int parse_schedule(struct settings *s, const char *text)
{
    mlp_error error;
    if (mlp_schedule_parse(text, &s->train.schedule, &error) != MLP_OK)
        return fail(error.status, "--schedule: %s", error.message);
    return MLP_OK;
}

int parse_warmup(struct settings *s, const char *text)
{
    uint64_t steps = 0;
    int status = parse_whole("--warmup", text, 0, 1000000000, &steps);
    if (status == MLP_OK)
        s->train.schedule.warmup_steps = (size_t)steps;
    return status;
}

/* --- Steps -------------------------------------------------------------------- */

int parse_batch(struct settings *s, const char *text)
{
    return parse_size("--batch", text, 1000000000, &s->train.batch);
}

int parse_epochs(struct settings *s, const char *text)
{
    return parse_size("--epochs", text, 1000000, &s->train.epochs);
}

int parse_shuffle(struct settings *s, const char *text)
{
    (void)text;
    s->train.shuffle = true;
    return MLP_OK;
}

int parse_no_shuffle(struct settings *s, const char *text)
{
    (void)text;
    s->train.shuffle = false;
    return MLP_OK;
}

/* "balanced", or a weight for every class. */
int parse_class_weights(struct settings *s, const char *text)
{
    if (strcmp(text, "balanced") == 0) {
        s->train.balanced = true;
        return MLP_OK;
    }
    for (const char *at = text;; at++) {
        char number[32] = "";
        size_t length = strcspn(at, ",");
        if (s->class_weight_count == MAX_CLASSES)
            return fail(MLP_ERROR_USAGE, "--class-weights: found more than %d", MAX_CLASSES);
        if (length < sizeof number)
            memcpy(number, at, length);
        int status = parse_float("--class-weights", length < sizeof number ? number : text,
                                 &from_zero, &s->class_weights[s->class_weight_count++]);
        if (status != MLP_OK)
            return status;
        at += length;
        if (*at == '\0')
            return MLP_OK;
    }
}

/* --- Regularisation ------------------------------------------------------------ */

int parse_l1(struct settings *s, const char *text)
{
    return parse_real("--l1", text, &from_zero, &s->train.l1);
}

int parse_l2(struct settings *s, const char *text)
{
    return parse_real("--l2", text, &from_zero, &s->train.l2);
}

int parse_clip_norm(struct settings *s, const char *text)
{
    return parse_real("--clip-norm", text, &above_zero, &s->train.clip_norm);
}

int parse_clip_value(struct settings *s, const char *text)
{
    return parse_real("--clip-value", text, &above_zero, &s->train.clip_value);
}

int parse_label_smoothing(struct settings *s, const char *text)
{
    return parse_real("--label-smoothing", text, &share, &s->train.label_smoothing);
}

/* --- The end -------------------------------------------------------------------- */

int parse_patience(struct settings *s, const char *text)
{
    int status = parse_size("--patience", text, 1000000, &s->train.patience);
    if (status == MLP_OK)
        s->train.restore_best = true;
    return status;
}

int parse_min_delta(struct settings *s, const char *text)
{
    return parse_real("--min-delta", text, &from_zero, &s->train.min_delta);
}

int parse_monitor(struct settings *s, const char *text)
{
    mlp_error error;
    if (mlp_monitor_parse(text, &s->train.monitor, &error) != MLP_OK)
        return fail(error.status, "--monitor: %s", error.message);
    return MLP_OK;
}

int parse_restore_best(struct settings *s, const char *text)
{
    (void)text;
    s->train.restore_best = true;
    return MLP_OK;
}

int parse_no_restore_best(struct settings *s, const char *text)
{
    (void)text;
    s->train.restore_best = false;
    return MLP_OK;
}

int parse_target(struct settings *s, const char *text)
{
    static const struct range score = {-FLT_MAX, 1, false, false,
                                       "a number up to 1, an accuracy as a fraction or an R2"};
    return parse_real("--target", text, &score, &s->train.target_score);
}
