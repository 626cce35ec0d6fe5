/* SPDX-License-Identifier: MIT */
#ifndef MLP_CLI_SUGGEST_H
#define MLP_CLI_SUGGEST_H

#include <stddef.h>

/* The name nearest to a misspelt `word` among name_at(0), name_at(1), ... up
 * to a NULL; NULL where none is near. */
const char *suggest(const char *word, const char *name_at(size_t i, const void *context),
                    const void *context);

#endif
