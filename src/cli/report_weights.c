/* SPDX-License-Identifier: MIT */
/* What the units of the first layer look for, where inputs are images. */
#include "report_parts.h"

#include "alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_UNITS = 64, MOST_WEIGHTS = 1 << 26 }; /* of larger layers no copy is made */

static bool has_weights(const struct report *report)
{
    size_t height, width;
    return report_image(report, &height, &width) &&
           height * width == mlp_model_inputs(report->model) &&
           mlp_model_spec(report->model)->layers[0].units <= MOST_WEIGHTS / (height * width);
}

struct unit {
    size_t index;
    double norm; /* 0 where it is not finite */
};

static int by_norm(const void *a, const void *b)
{
    const struct unit *x = a, *y = b;
    if (x->norm != y->norm)
        return x->norm < y->norm ? 1 : -1;
    return x->index < y->index ? -1 : 1;
}

static int by_index(const void *a, const void *b)
{
    const struct unit *x = a, *y = b;
    return x->index < y->index ? -1 : 1;
}

static double norm(const float *weights, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)weights[i] * (double)weights[i];
    return isfinite(sum) ? sqrt(sum) : 0;
}

/* The units with the largest weights, in their own order; returns how many. */
static size_t choose(struct unit *units, size_t count, const float *weights, size_t inputs)
{
    size_t chosen = count < MOST_UNITS ? count : MOST_UNITS;
    for (size_t u = 0; u < count; u++)
        units[u] = (struct unit){u, norm(weights + u * inputs, inputs)};
    qsort(units, count, sizeof *units, by_norm);
    qsort(units, chosen, sizeof *units, by_index);
    return chosen;
}

static double largest(const float *weights, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        if (isfinite(weights[i]))
            most = fmax(most, fabs((double)weights[i]));
    }
    return most;
}

static void write_unit(const struct report *report, size_t unit, const float *weights, FILE *out)
{
    char alt[96], text[CHART_FIGURE];
    struct report_pixels pixels = {.f32 = weights};
    report_image(report, &pixels.height, &pixels.width);
    double most = largest(weights, pixels.height * pixels.width);
    snprintf(alt, sizeof alt, "unit %zu, weights up to %s", unit, chart_figure(most, false, text));
    report_diverging(out, &pixels, most, alt);
    fputc('\n', out);
}

static bool write_weights(const struct report *report, FILE *out)
{
    size_t inputs = mlp_model_inputs(report->model);
    size_t count = mlp_model_spec(report->model)->layers[0].units;
    float *weights = mlp_alloc_uninitialized(count * inputs, sizeof *weights);
    struct unit *units = mlp_alloc(count, sizeof *units);
    bool good = weights && units;
    if (good) {
        mlp_model_get_layer(report->model, 0, weights, NULL);
        size_t chosen = choose(units, count, weights, inputs);
        fputs("<p class=\"note\">The weights of each unit as an image: blue below 0, white 0, red "
              "above; each picture is scaled to its own largest weight, which pointing at it "
              "tells.",
              out);
        if (chosen < count)
            fprintf(out, " Of %zu units the %zu with the largest weights.", count, chosen);
        fputs("</p>\n<div class=\"units\">\n", out);
        for (size_t u = 0; u < chosen; u++)
            write_unit(report, units[u].index, weights + units[u].index * inputs, out);
        fputs("</div>\n", out);
    }
    mlp_free(units);
    mlp_free(weights);
    return good;
}

const struct report_section report_weights = {"weights", "First layer", has_weights, write_weights};
