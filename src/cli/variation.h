/* SPDX-License-Identifier: MIT */
/* How the scores of several runs vary. */
#ifndef MLP_CLI_VARIATION_H
#define MLP_CLI_VARIATION_H

#include <jansson.h>
#include <stddef.h>

struct variation {
    double mean, least, most;
    double deviation; /* of a sample: divided by count - 1; NaN of one */
};
struct variation variation_of(const double *scores, size_t count);

json_t *variation_json(const struct variation *variation);

#endif
