/* SPDX-License-Identifier: MIT */
#include "sources.h"

#include "formats/source_name.h"
#include "output.h"
#include "suggest.h"

static const char *builtin_at(size_t i, const void *context)
{
    (void)context;
    return mlp_dataset_builtin_name(i);
}

int fail_source(const char *source, const mlp_error *error)
{
    const char *near = mlp_source_exists(source) ? NULL : suggest(source, builtin_at, NULL);
    if (near)
        return fail(error->status, "%s; did you mean %s?", error->message, near);
    return fail_with(error);
}

void talk_of_usual_data(const struct settings *settings)
{
    if (!option_given(settings, "data"))
        talk("data     %s, which are built in: no --data is given", settings->data);
}
