/* SPDX-License-Identifier: MIT */
#include "train_report.h"

#include "output.h"
#include "report.h"
#include "spec_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_SETTINGS = 40, VALUE_SIZE = 1024 };

/* Names and values of the settings. */
struct table {
    size_t count;
    struct report_setting rows[MOST_SETTINGS];
    char values[MOST_SETTINGS][VALUE_SIZE];
};

__attribute__((format(printf, 3, 4))) static void add(struct table *table, const char *name,
                                                      const char *format, ...)
{
    if (table->count == MOST_SETTINGS)
        return;
    char *value = table->values[table->count];
    va_list args;
    va_start(args, format);
    vsnprintf(value, VALUE_SIZE, format, args);
    va_end(args);
    table->rows[table->count++] = (struct report_setting){name, value};
}

/* A number that has an effect only where it is not 0. */
static void add_number(struct table *table, const char *name, double value)
{
    if (value > 0)
        add(table, name, "%g", value);
}

static void add_data(struct table *table, const struct setup *setup)
{
    const struct settings *s = setup->settings;
    char number[NUMBER_SIZE];
    add(table, "data", "%s, %s samples", s->data, grouped(mlp_dataset_count(setup->train), number));
    if (setup->valid)
        add(table, "validation", "%s, %s samples", setup->valid_source,
            grouped(mlp_dataset_count(setup->valid), number));
    if (setup->test)
        add(table, "test", "%s, %s samples", setup->test_source,
            grouped(mlp_dataset_count(setup->test), number));
    if (s->standardize)
        add(table, "standardised", "yes");
}

static void add_network(struct table *table, const struct setup *setup)
{
    char text[SPEC_TEXT_SIZE];
    spec_text(&setup->spec, text);
    add(table, "network", "%s", text);
    add(table, "loss", "%s", mlp_loss_name(setup->spec.loss));
    add(table, "first weights", "%s", mlp_init_name(setup->spec.init));
}

static void add_training(struct table *table, const struct run *run)
{
    const mlp_train_options *o = &run->setup->options;
    add(table, "optimizer", "%s", mlp_optimizer_name(o->optimizer));
    add(table, "learning rate", "%g", o->learning_rate);
    add(table, "schedule", "%s", mlp_schedule_name(o->schedule.kind));
    add_number(table, "warmup steps", (double)o->schedule.warmup_steps);
    add(table, "batch", "%zu", o->batch);
    add(table, "epochs", "%zu", o->epochs);
    add(table, "shuffled", "%s", o->shuffle ? "yes" : "no");
    add_number(table, "weight decay", o->weight_decay);
    add_number(table, "L1 penalty", o->l1);
    add_number(table, "L2 penalty", o->l2);
    add_number(table, "gradient norm at most", o->clip_norm);
    add_number(table, "gradient magnitude at most", o->clip_value);
    add_number(table, "label smoothing", o->label_smoothing);
    if (o->balanced || o->class_weights)
        add(table, "class weights", "%s", o->balanced ? "balanced" : "given");
    add_number(table, "patience", (double)o->patience);
    add(table, "seed", "%llu", (unsigned long long)run->seed);
}

static int write_page(const struct run *run, const struct scores *scores, double seconds,
                      const struct table *table)
{
    const struct setup *setup = run->setup;
    char fingerprint[65];
    mlp_error error;
    mlp_model_fingerprint(run->model, fingerprint);
    char *command = command_text("train", setup->settings);
    struct report page = {
        .title = setup->settings->data,
        .settings = table->rows,
        .setting_count = table->count,
        .epochs = run->epochs,
        .epoch_count = run->epoch_count,
        .model = run->model,
        .data = setup->test ? setup->test : setup->valid,
        .data_name = setup->test ? "test" : "validation",
        .outputs = scores ? scores->outputs : NULL,
        .classification = scores ? scores->classes : NULL,
        .regression = scores && scores->has_values ? &scores->values : NULL,
        .fingerprint = fingerprint,
        .isa = mlp_isa_selected(),
        .threads = run->result.threads,
        .seconds = seconds,
        .command = command,
        .result = run->result,
    };
    mlp_status status = report_write(setup->settings->report, &page, &error);
    free(command);
    return status == MLP_OK ? MLP_OK : fail_with(&error);
}

int train_report(const struct run *run, const struct scores *scores, double seconds)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return fail(MLP_ERROR_INTERNAL, "out of memory for the report");
    add_data(table, run->setup);
    add_network(table, run->setup);
    add_training(table, run);
    int status = write_page(run, scores, seconds, table);
    free(table);
    return status;
}
