/* SPDX-License-Identifier: MIT */
#include "suggest.h"

#include <string.h>

enum {
    MAX_LENGTH = 32,
    NEAR = 2, /* edits */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that make `a`
 * `b` (optimal string alignment). Both shorter than MAX_LENGTH. */
static size_t distance(const char *a, const char *b)
{
    size_t d[MAX_LENGTH][MAX_LENGTH];
    size_t m = strlen(a), n = strlen(b);
    for (size_t i = 0; i <= m; i++) {
        for (size_t j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = least(change, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[m][n];
}

const char *suggest(const char *word, const char *name_at(size_t i, const void *context),
                    const void *context)
{
    const char *best = NULL;
    size_t fewest = NEAR + 1;
    if (strlen(word) >= MAX_LENGTH)
        return NULL;
    for (size_t i = 0; name_at(i, context); i++) {
        const char *name = name_at(i, context);
        size_t edits = strlen(name) < MAX_LENGTH ? distance(word, name) : fewest;
        if (edits < fewest && edits < strlen(name)) {
            fewest = edits;
            best = name;
        }
    }
    return best;
}
