/* SPDX-License-Identifier: MIT */
/* Doubles meet + - * / and comparisons only, all correctly rounded, and no libm function, so the
 * bits are the same everywhere. */
#include "points.h"

#include "alloc.h"
#include "data.h"
#include "error.h"
#include "random.h"

static const uint64_t SEED = 0x6d6c702d706f696e; /* "mlp-poin" */
static const double PI = 3.141592653589793;

/* Random numbers of one sample, in the order of their use: one draw a full expression, for C
 * leaves the order within one to the compiler. */

enum { CALLS = 1 << 16 }; /* generator calls that a sample may use: far more than any does */

struct draws {
    uint32_t stream; /* of the set and split */
    uint64_t sample;
    uint32_t call, left; /* next call; words left of the last one */
    uint32_t words[4];
};

/* Uniform in [0, 1). */
static double draw_unit(struct draws *draws)
{
    if (draws->left == 0) {
        mlp_random(SEED, MLP_RANDOM_POINTS, draws->stream, draws->sample * CALLS + draws->call++,
                   draws->words);
        draws->left = 4;
    }
    return (double)draws->words[--draws->left] * 0x1p-32;
}

/* N(0, 1) to sight: the sum of twelve uniform numbers has a variance of 1, and ends at 6. */
static double draw_normal(struct draws *draws)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += draw_unit(draws);
    return sum;
}

/* Taylor's series for |x| <= 10, nested: x - x^3/3! + ... to x^61, within 1e-11 of the sine. */
static double sine(double x)
{
    double sum = 1;
    for (int k = 30; k > 0; k--)
        sum = 1 - x * x / (2 * k * (2 * k + 1)) * sum;
    return x * sum;
}

/* The same to x^60. */
static double cosine(double x)
{
    double sum = 1;
    for (int k = 30; k > 0; k--)
        sum = 1 - x * x / (2 * k * (2 * k - 1)) * sum;
    return sum;
}

/* --- The sets -------------------------------------------------------------- */

/* Writes the inputs of the sample, whose label is given, and where the set has one its target. */
typedef void draw_sample(struct draws *draws, uint8_t label, float *x, float *target);

/* The four rows of a truth table come in the order of their bits. */
static draw_sample draw_row;
static void draw_row(struct draws *draws, uint8_t label, float *x, float *target)
{
    (void)label;
    (void)target;
    x[0] = (float)(draws->sample >> 1 & 1);
    x[1] = (float)(draws->sample & 1);
}

/* Around (-1, 0) and (1, 1) with a deviation of 0.4, drawn anew where a point is within 0.2 of
 * the line 2 x + y = 0.5 or beyond it. */
static draw_sample draw_blob;
static void draw_blob(struct draws *draws, uint8_t label, float *x, float *target)
{
    (void)target;
    double side = label ? 1 : -1, excess;
    do {
        double dx = 0.4 * draw_normal(draws), dy = 0.4 * draw_normal(draws);
        x[0] = (float)(side + dx);
        x[1] = (float)(label + dy);
        excess = side * (2 * (double)x[0] + (double)x[1] - 0.5);
    } while (excess < 0.45); /* 0.2 times the square root of 5, the normal's length */
}

/* As scikit-learn's make_moons: the upper half of the unit circle around (0, 0), and the lower
 * half of the one around (1, 0.5), with a noise of 0.1. */
static draw_sample draw_moon;
static void draw_moon(struct draws *draws, uint8_t label, float *x, float *target)
{
    (void)target;
    double angle = PI * draw_unit(draws);
    double u = cosine(angle), v = sine(angle);
    double dx = 0.1 * draw_normal(draws), dy = 0.1 * draw_normal(draws);
    x[0] = (float)((label ? 1 - u : u) + dx);
    x[1] = (float)((label ? 0.5 - v : v) + dy);
}

/* Radii from 0.2 to 1.8 in 1.5 turns, the second spiral opposite the first, with a noise of 0.05:
 * a tenth of the distance between them. */
static draw_sample draw_spiral;
static void draw_spiral(struct draws *draws, uint8_t label, float *x, float *target)
{
    (void)target;
    double t = draw_unit(draws);
    double radius = (label ? -1 : 1) * (0.2 + 1.6 * t), angle = 3 * PI * t;
    double dx = 0.05 * draw_normal(draws), dy = 0.05 * draw_normal(draws);
    x[0] = (float)(radius * cosine(angle) + dx);
    x[1] = (float)(radius * sine(angle) + dy);
}

/* sin 2x over [-pi, pi] with a noise of 0.1. */
static draw_sample draw_wave;
static void draw_wave(struct draws *draws, uint8_t label, float *x, float *target)
{
    (void)label;
    x[0] = (float)(PI * (2 * draw_unit(draws) - 1));
    *target = (float)(sine(2 * (double)x[0]) + 0.1 * draw_normal(draws));
}

/* `stream` numbers a set's random numbers for good, wherever its row is. */
static const struct points {
    const char *name;
    uint32_t stream;
    size_t count[2], features, classes, outputs;
    uint8_t table; /* labels of samples 0 to 7, from the lowest bit up, and of all after them */
    draw_sample *draw;
} SETS[] = {
    {"and", 0, {4, 4}, 2, 2, 0, 0x8, draw_row},
    {"or", 1, {4, 4}, 2, 2, 0, 0xe, draw_row},
    {"xor", 2, {4, 4}, 2, 2, 0, 0x6, draw_row},
    {"blobs", 3, {400, 200}, 2, 2, 0, 0xaa, draw_blob},
    {"moons", 4, {1000, 500}, 2, 2, 0, 0xaa, draw_moon},
    {"spirals", 5, {1000, 500}, 2, 2, 0, 0xaa, draw_spiral},
    {"sine", 6, {500, 250}, 1, 0, 1, 0, draw_wave},
};

const char *mlp_points_name(size_t i)
{
    return i < sizeof SETS / sizeof SETS[0] ? SETS[i].name : NULL;
}

static void fill(const struct points *set, mlp_split split, float *inputs, uint8_t *labels,
                 float *targets)
{
    for (size_t s = 0; s < set->count[split]; s++) {
        struct draws draws = {.stream = set->stream * 2 + (uint32_t)split, .sample = s};
        uint8_t label = set->table >> s % 8 & 1;
        set->draw(&draws, label, inputs + s * set->features, targets ? targets + s : NULL);
        if (labels)
            labels[s] = label;
    }
}

mlp_status mlp_points_create(size_t i, mlp_split split, mlp_dataset **out, mlp_error *error)
{
    *out = NULL;
    const struct points *set = &SETS[i];
    size_t count = set->count[split];
    float *inputs = mlp_alloc_uninitialized(count, set->features * sizeof *inputs);
    uint8_t *labels = mlp_alloc_uninitialized(set->classes ? count : 0, 1);
    float *targets = mlp_alloc_uninitialized(count, set->outputs * sizeof *targets);
    bool complete = inputs && !labels == !set->classes && !targets == !set->outputs;
    struct mlp_dataset content = {
        .count = count,
        .features = set->features,
        .classes = set->classes,
        .outputs = set->outputs,
        .f32 = inputs,
        .labels = labels,
        .targets = targets,
        .owned = {inputs, labels, targets},
    };
    mlp_status status = complete ? mlp_dataset_create(&content, out, error)
                                 : mlp_fail_memory(error, "a built-in data set");
    if (status != MLP_OK) {
        mlp_free(inputs);
        mlp_free(labels);
        mlp_free(targets);
        return status;
    }
    fill(set, split, inputs, labels, targets);
    return MLP_OK;
}
