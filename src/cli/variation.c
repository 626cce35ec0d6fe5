/* SPDX-License-Identifier: MIT */
#include "variation.h"

#include "scores.h"

#include <math.h>

struct variation variation_of(const double *scores, size_t count)
{
    struct variation v = {.least = scores[0], .most = scores[0], .deviation = (double)NAN};
    for (size_t i = 0; i < count; i++) {
        v.mean += scores[i] / (double)count;
        v.least = fmin(v.least, scores[i]);
        v.most = fmax(v.most, scores[i]);
    }
    double squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (scores[i] - v.mean) * (scores[i] - v.mean);
    if (count > 1)
        v.deviation = sqrt(squares / (double)(count - 1));
    return v;
}

json_t *variation_json(const struct variation *v)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "mean", json_number(v->mean), "standard_deviation",
                     json_number(v->deviation), "min", json_number(v->least), "max",
                     json_number(v->most));
}
