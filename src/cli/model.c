/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "output.h"

#include <string.h>

/* The first of these options that is given, those before that fewer formats have. */
static const char *find_option(const struct settings *settings)
{
    static const char *const names[] = {"activation", "map", "orientation", "loss"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (option_given(settings, names[i]))
            return names[i];
    }
    return NULL;
}

static int import(const struct settings *settings, bool any_numbers, mlp_model **out)
{
    const char *given = find_option(settings);
    mlp_import_options options = {
        .has_activation = option_given(settings, "activation"),
        .activation = settings->usual.activation,
        .has_loss = option_given(settings, "loss"),
        .loss = settings->loss,
        .in_out = settings->in_out,
        .map = settings->map,
        .any_numbers = any_numbers,
    };
    mlp_error error;
    mlp_status status = mlp_model_import(settings->model, &options, out, &error);
    if (status == MLP_ERROR_USAGE && strncmp(error.message, "map: ", 5) == 0)
        return fail(status, "--%s", error.message);
    if (status == MLP_ERROR_USAGE && given)
        return fail(status, "--%s: %s", given, error.message);
    return status == MLP_OK ? MLP_OK : fail_with(&error);
}

int open_model(const struct settings *settings, mlp_model **out)
{
    return import(settings, false, out);
}

int open_damaged_model(const struct settings *settings, mlp_model **out)
{
    return import(settings, true, out);
}

size_t class_names(const mlp_model *model, const char *names[MAX_CLASSES])
{
    size_t count = 0;
    while (count < MAX_CLASSES && (names[count] = mlp_model_class_name(model, count)) != NULL)
        count++;
    return count;
}
