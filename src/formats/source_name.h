/* SPDX-License-Identifier: MIT */
/* What formats ask of a source's name. */
#ifndef MLP_SRC_FORMATS_SOURCE_NAME_H
#define MLP_SRC_FORMATS_SOURCE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* The length of `name` without that of the `count` endings which it has, in capitals or not; 0
 * where it has none, or nothing before it. */
size_t mlp_source_stem(const char *name, const char *const *endings, size_t count);

/* Whether there is anything at the path, be it a link that leads nowhere. */
bool mlp_source_exists(const char *path);

#endif
