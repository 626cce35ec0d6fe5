/* SPDX-License-Identifier: MIT */
#include "setup.h"

#include "output.h"
#include "sources.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* --- Opening ----------------------------------------------------------------- */

/* One data set to open, by a thread of its own or not. */
struct opening {
    const char *source; /* NULL: none */
    mlp_split split;
    mlp_source_options options;
    mlp_dataset *data;
    mlp_error error;
    mlp_status status;
    pthread_t thread;
    bool threaded;
};

static void *open_data(void *argument)
{
    struct opening *opening = argument;
    if (opening->source)
        opening->status = mlp_dataset_open_as(opening->source, opening->split, &opening->options,
                                              &opening->data, &opening->error);
    return NULL;
}

/* Opens all at the same time: unpacking takes longer than the disk. Fails with the first of
 * them that does. */
static int open_together(struct opening *openings, size_t count)
{
    int status = MLP_OK;
    for (size_t i = 1; i < count; i++)
        openings[i].threaded = openings[i].source && pthread_create(&openings[i].thread, NULL,
                                                                    open_data, &openings[i]) == 0;
    for (size_t i = 0; i < count; i++) {
        if (openings[i].threaded)
            pthread_join(openings[i].thread, NULL);
        else
            open_data(&openings[i]);
    }
    for (size_t i = 0; i < count && status == MLP_OK; i++) {
        if (openings[i].status != MLP_OK)
            status = fail_source(openings[i].source, &openings[i].error);
    }
    return status;
}

/* The options of what is opened besides the training data: those of tables, where it is one. */
static mlp_source_options held_out_options(const struct settings *s, const char *source)
{
    mlp_source_options options = {0};
    if (source && mlp_stream_claims(source))
        options = s->source;
    options.labels = NULL;
    return options;
}

/* The same, but that of a table the first one, the training data, are opened before the others: its
 * names of columns and classes are theirs. */
static int open_sources(struct opening *openings, size_t count)
{
    const char *names[MAX_CLASSES];
    if (!mlp_stream_claims(openings[0].source))
        return open_together(openings, count);
    int status = open_together(openings, 1);
    size_t classes = status == MLP_OK ? mlp_dataset_classes(openings[0].data) : 0;
    for (size_t c = 0; c < classes; c++)
        names[c] = mlp_dataset_class_name(openings[0].data, c);
    for (size_t i = 1; i < count && status == MLP_OK; i++) {
        if (!openings[i].options.columns)
            openings[i].options.columns = mlp_dataset_columns(openings[0].data);
        openings[i].options.goals_by_name = true;
        if (classes == 0 || !names[0] || !openings[i].source ||
            !mlp_stream_claims(openings[i].source))
            continue;
        openings[i].options.class_names = names;
        openings[i].options.class_count = classes;
    }
    return status == MLP_OK && count > 1 ? open_together(openings + 1, count - 1) : status;
}

/* What is held out comes from the test part where there is one. */
static mlp_split held_out_split(const char *source)
{
    return source && !mlp_dataset_has(source, MLP_TEST) && mlp_dataset_has(source, MLP_TRAIN)
               ? MLP_TRAIN
               : MLP_TEST;
}

/* --- What is held out ---------------------------------------------------------- */

static int divide(struct setup *setup)
{
    const struct settings *s = setup->settings;
    mlp_error error;
    if (!(s->valid_fraction > 0))
        return MLP_OK;
    setup->whole = setup->train;
    setup->train = NULL;
    setup->valid_source = s->data;
    if (mlp_dataset_divide(setup->whole, s->valid_fraction, s->train.seed, &setup->train,
                           &setup->valid, &error) != MLP_OK)
        return fail(error.status, "--valid %g of %s: %s", s->valid_fraction, s->data,
                    error.message);
    return MLP_OK;
}

/* Whether what is held out is of the same kind as what is trained on. */
static int check_alike(const struct setup *setup, const mlp_dataset *other, const char *source)
{
    const mlp_dataset *train = setup->train;
    const char *data = setup->settings->data;
    if (!other)
        return MLP_OK;
    if (mlp_dataset_features(other) != mlp_dataset_features(train))
        return fail(MLP_ERROR_DATA, "%s: samples of %zu values, expected %zu as in %s", source,
                    mlp_dataset_features(other), mlp_dataset_features(train), data);
    if (mlp_dataset_outputs(other) != mlp_dataset_outputs(train))
        return fail(MLP_ERROR_DATA, "%s: %zu target values a sample, expected %zu as in %s", source,
                    mlp_dataset_outputs(other), mlp_dataset_outputs(train), data);
    if (mlp_dataset_classes(other) > mlp_dataset_classes(train))
        return fail(MLP_ERROR_DATA, "%s: %zu classes, expected at most %zu as in %s", source,
                    mlp_dataset_classes(other), mlp_dataset_classes(train), data);
    if (mlp_dataset_classes(other) > 0 &&
        !mlp_dataset_class_name(other, 0) != !mlp_dataset_class_name(train, 0))
        return fail(MLP_ERROR_DATA, "%s: its labels are %s, expected %s as in %s", source,
                    mlp_dataset_class_name(other, 0) ? "names" : "numbers",
                    mlp_dataset_class_name(other, 0) ? "numbers" : "names", data);
    if (mlp_dataset_classes(other) == 0 && mlp_dataset_classes(train) > 0)
        return fail(MLP_ERROR_DATA, "%s: no labels, expected some as in %s", source, data);
    return MLP_OK;
}

int setup_training_data(const struct settings *settings, struct setup *out)
{
    *out = (struct setup){.settings = settings};
    struct opening train = {settings->data, MLP_TRAIN, .options = settings->source};
    int status = open_together(&train, 1);
    out->train = train.data;
    return status;
}

int setup_verification_data(const struct settings *settings, struct setup *out)
{
    *out = (struct setup){.settings = settings};
    struct opening openings[] = {
        {settings->data, MLP_TRAIN, .options = settings->source},
        {settings->valid, held_out_split(settings->valid),
         .options = held_out_options(settings, settings->valid)},
    };
    int status = open_sources(openings, 2);
    out->train = openings[0].data;
    out->valid = openings[1].data;
    return status;
}

int setup_all_data(const struct settings *settings, struct setup *out)
{
    enum { TRAINING, VALIDATION, TESTING, COUNT };
    *out = (struct setup){.settings = settings};
    const char *test = settings->test;
    if (!test && mlp_dataset_has(settings->data, MLP_TEST))
        test = settings->data;
    struct opening openings[COUNT] = {
        [TRAINING] = {settings->data, MLP_TRAIN, .options = settings->source},
        [VALIDATION] = {settings->valid, held_out_split(settings->valid),
                        .options = held_out_options(settings, settings->valid)},
        [TESTING] = {test, MLP_TEST, .options = held_out_options(settings, test)},
    };
    int status = open_sources(openings, COUNT);
    out->train = openings[TRAINING].data;
    out->valid = openings[VALIDATION].data;
    out->test = openings[TESTING].data;
    out->valid_source = settings->valid;
    out->test_source = test;
    if (status == MLP_OK)
        status = divide(out);
    if (status == MLP_OK)
        status = check_alike(out, out->valid, out->valid_source);
    if (status == MLP_OK)
        status = check_alike(out, out->test, out->test_source);
    return status;
}

/* --- Loss and last layer ------------------------------------------------------- */

/* "cross_entropy, hinge or ...": the losses that take labels, or target values. */
static void list_losses(bool labels, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; mlp_loss_name(i) && length < size; i++) {
        if (mlp_loss_classifies((mlp_loss)i) == labels)
            length += (size_t)snprintf(text + length, size - length, "%s%s", length > 0 ? ", " : "",
                                       mlp_loss_name(i));
    }
}

/* Where the command line says no loss, the data do. */
static int choose_loss(struct setup *setup)
{
    const struct settings *s = setup->settings;
    bool labels = mlp_dataset_classes(setup->train) > 0;
    bool targets = mlp_dataset_outputs(setup->train) > 0;
    char known[256];
    mlp_loss loss = s->loss;
    if (!s->loss_chosen)
        loss = labels ? MLP_CROSS_ENTROPY : MLP_MSE;
    setup->spec.loss = loss;
    bool shares = loss == MLP_CROSS_ENTROPY || loss == MLP_BINARY_CROSS_ENTROPY;
    if (mlp_loss_classifies(loss) ? labels || shares : targets)
        return MLP_OK;
    list_losses(labels, known, sizeof known);
    const char *kind = labels ? "labels" : "target values";
    if (option_given(s, "loss"))
        return fail(MLP_ERROR_USAGE, "--loss %s: %s has %s, for which there are: %s",
                    mlp_loss_name(loss), s->data, kind, known);
    return fail(MLP_ERROR_USAGE,
                "--recipe %s: its loss is %s, but %s has %s, for which there are: %s",
                s->recipe->name, mlp_loss_name(loss), s->data, kind, known);
}

/* Units of the last layer, or an exit code's reason: --layers may name them. */
static int count_outputs(const struct setup *setup, size_t *out)
{
    const struct settings *s = setup->settings;
    mlp_loss loss = setup->spec.loss;
    size_t classes = mlp_dataset_classes(setup->train);
    bool labels = mlp_loss_classifies(loss) && classes > 0;
    bool one_will_do = labels && classes == 2 && loss != MLP_CROSS_ENTROPY;
    size_t expected = labels ? classes : mlp_dataset_outputs(setup->train);
    *out = one_will_do ? 1 : expected;
    if (s->outputs > 0 && s->outputs != *out && s->outputs != expected)
        return fail(MLP_ERROR_USAGE,
                    "--layers: found %zu outputs, expected %zu, the %s of %s (--loss %s)",
                    s->outputs, *out,
                    !labels       ? "target values"
                    : one_will_do ? "unit that tells two classes"
                                  : "classes",
                    s->data, mlp_loss_name(loss));
    if (s->outputs > 0)
        *out = s->outputs;
    return MLP_OK;
}

/* What the last layer may have beside identity: what the loss implies, or for errors of values
 * what gives each value by itself. */
static int check_output_activation(const struct setup *setup)
{
    static const struct {
        mlp_loss loss;
        mlp_activation implied;
    } implied[] = {
        {MLP_CROSS_ENTROPY, MLP_SOFTMAX}, {MLP_BINARY_CROSS_ENTROPY, MLP_SIGMOID},
        {MLP_HINGE, MLP_IDENTITY},        {MLP_POISSON, MLP_IDENTITY},
        {MLP_PERCEPTRON, MLP_STEP},
    };
    mlp_activation found = setup->settings->output_activation;
    const char *option =
        option_given(setup->settings, "output-activation") ? "output-activation" : "layers";
    for (size_t i = 0; i < sizeof implied / sizeof implied[0]; i++) {
        if (implied[i].loss != setup->spec.loss || found == MLP_IDENTITY ||
            found == implied[i].implied)
            continue;
        return fail(MLP_ERROR_USAGE, "--%s: --loss %s takes %s%s as the last activation, found %s",
                    option, mlp_loss_name(setup->spec.loss), mlp_activation_name(MLP_IDENTITY),
                    implied[i].implied == MLP_SOFTMAX   ? " or softmax"
                    : implied[i].implied == MLP_SIGMOID ? " or sigmoid"
                    : implied[i].implied == MLP_STEP    ? " or step"
                                                        : "",
                    mlp_activation_name(found));
    }
    return MLP_OK;
}

/* --- Options that need the data -------------------------------------------------- */

static bool has_batch_norm(const struct setup *setup)
{
    for (size_t l = 0; l < setup->spec.layer_count; l++) {
        if (setup->layers[l].norm == MLP_NORM_BATCH)
            return true;
    }
    return false;
}

static int take_batch(struct setup *setup)
{
    const struct settings *s = setup->settings;
    size_t count = mlp_dataset_count(setup->train), batch = s->train.batch;
    if (has_batch_norm(setup) && count % batch == 1)
        return fail(MLP_ERROR_USAGE,
                    "--batch: found %zu, of which the %zu samples of %s leave one alone: batch "
                    "normalisation needs more",
                    batch, count, s->data);
    if (batch <= count)
        return MLP_OK;
    if (option_given(s, "batch"))
        return fail(MLP_ERROR_USAGE, "--batch: found %zu, expected at most %zu, the samples of %s",
                    batch, count, s->data);
    setup->options.batch = count;
    return MLP_OK;
}

static int take_class_weights(struct setup *setup)
{
    const struct settings *s = setup->settings;
    size_t classes = mlp_dataset_classes(setup->train);
    if (!option_given(s, "class-weights"))
        return MLP_OK;
    if (classes == 0 || !mlp_loss_classifies(setup->spec.loss))
        return fail(MLP_ERROR_USAGE, "--class-weights: %s has target values, not classes", s->data);
    if (s->class_weight_count > 0 && s->class_weight_count != classes)
        return fail(MLP_ERROR_USAGE, "--class-weights: found %zu, expected %zu, the classes of %s",
                    s->class_weight_count, classes, s->data);
    if (s->class_weight_count > 0)
        setup->options.class_weights = s->class_weights;
    return MLP_OK;
}

static int check_for_classes(const struct setup *setup)
{
    const struct settings *s = setup->settings;
    size_t classes = mlp_dataset_classes(setup->train);
    if (option_given(s, "label-smoothing") && setup->spec.loss != MLP_CROSS_ENTROPY)
        return fail(MLP_ERROR_USAGE, "--label-smoothing: --loss %s has none, expected --loss %s",
                    mlp_loss_name(setup->spec.loss), mlp_loss_name(MLP_CROSS_ENTROPY));
    if (s->top_k > 0 && (classes == 0 || !mlp_loss_classifies(setup->spec.loss)))
        return fail(MLP_ERROR_USAGE, "--top-k: %s has target values, not classes", s->data);
    if (s->top_k > classes)
        return fail(MLP_ERROR_USAGE, "--top-k: found %zu, expected at most %zu, the classes of %s",
                    s->top_k, classes, s->data);
    if (s->top_k > 0 && !setup->test && !setup->valid)
        return fail(MLP_ERROR_USAGE, "--top-k: needs --test or --valid, %s has no test part",
                    s->data);
    return MLP_OK;
}

static int make_spec(struct setup *setup)
{
    const struct settings *s = setup->settings;
    size_t features = mlp_dataset_features(setup->train);
    mlp_layer_spec last = {.activation = s->output_activation, .norm = MLP_NORM_NONE};
    if (s->inputs > 0 && s->inputs != features)
        return fail(MLP_ERROR_USAGE,
                    "--layers: found %zu inputs, expected %zu, the values of a "
                    "sample of %s",
                    s->inputs, features, s->data);
    int status = choose_loss(setup);
    if (status == MLP_OK)
        status = count_outputs(setup, &last.units);
    if (status == MLP_OK)
        status = check_output_activation(setup);
    memcpy(setup->layers, s->hidden, s->hidden_count * sizeof s->hidden[0]);
    setup->layers[s->hidden_count] = last;
    setup->spec = (mlp_spec){
        .inputs = features,
        .layer_count = s->hidden_count + 1,
        .layers = setup->layers,
        .loss = setup->spec.loss,
        .huber_delta = s->huber_delta,
        .init = s->init,
        .init_scale = s->init_scale,
        .bias_init = s->bias_init,
        .bias_scale = s->bias_scale,
    };
    return status;
}

int setup_network(struct setup *setup)
{
    setup->options = setup->settings->train;
    int status = make_spec(setup);
    if (status == MLP_OK)
        status = take_batch(setup);
    if (status == MLP_OK)
        status = take_class_weights(setup);
    return status == MLP_OK ? check_for_classes(setup) : status;
}

/* --- The model -------------------------------------------------------------------- */

int setup_model(const struct setup *setup, uint64_t seed, mlp_model **out)
{
    mlp_error error;
    mlp_status status = mlp_model_create(&setup->spec, seed, out, &error);
    if (status == MLP_OK && setup->settings->standardize)
        status = mlp_model_standardize(
            *out, setup->train,
            mlp_model_scales_targets(*out) && mlp_dataset_outputs(setup->train) > 0, &error);
    return status == MLP_OK ? MLP_OK : fail_with(&error);
}

void setup_end(struct setup *setup)
{
    mlp_dataset_destroy(setup->test);
    mlp_dataset_destroy(setup->valid);
    mlp_dataset_destroy(setup->train);
    mlp_dataset_destroy(setup->whole);
}
