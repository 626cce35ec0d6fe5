/* SPDX-License-Identifier: MIT */
/* The part of a step that is about weights: gradients and the optimizer. A unit is a tile of a
 * layer's weight gradient, some panels of its biases or of its normalisation, or the minibatch's
 * loss. */
#include "trainer.h"

#include "norm.h"
#include "tiles.h"

#include <math.h>

enum {
    VECTOR_PANELS = 4, /* of a unit of biases or of normalisation */
    LANES = 8,         /* of a sum of squares */
};

/* --- Units ---------------------------------------------------------------------- */

enum unit_kind {
    WEIGHTS,
    BIAS,
    NORM,
    LOSS,
};

struct unit {
    enum unit_kind kind;
    struct layer_state *layer; /* NULL for LOSS */
    size_t index;              /* within the layer and kind */
};

static size_t units_of(const struct layer_state *layer, enum unit_kind kind)
{
    size_t vectors = (mlp_panels(layer->out) + VECTOR_PANELS - 1) / VECTOR_PANELS;
    switch (kind) {
    case WEIGHTS:
        return mlp_dw_chunks(mlp_gradient_rows(layer)) * mlp_panels(mlp_gradient_columns(layer));
    case BIAS:
        return vectors;
    case NORM:
        return layer->layer->norm != MLP_NORM_NONE ? vectors : 0;
    default:
        return 0;
    }
}

/* Units: the weights of all layers, then the biases, the normalisations, the loss. */
static struct unit find_unit(const struct mlp_trainer *t, size_t number)
{
    for (enum unit_kind kind = WEIGHTS; kind < LOSS; kind++) {
        for (size_t l = 0; l < t->layer_count; l++) {
            size_t units = units_of(&t->layers[l], kind);
            if (number < units)
                return (struct unit){kind, &t->layers[l], number};
            number -= units;
        }
    }
    return (struct unit){LOSS, NULL, 0};
}

size_t mlp_weights_units(const struct mlp_trainer *t)
{
    size_t units = 1;
    for (enum unit_kind kind = WEIGHTS; kind < LOSS; kind++) {
        for (size_t l = 0; l < t->layer_count; l++)
            units += units_of(&t->layers[l], kind);
    }
    return units;
}

/* A tile of a layer's weights. */
struct tile {
    size_t panel, row, rows;
    size_t at; /* of its first weight in the array that is updated first */
};

static struct tile tile_of(const struct layer_state *layer, size_t index)
{
    size_t panels = mlp_panels(mlp_gradient_columns(layer)), height = mlp_gradient_rows(layer);
    struct tile tile = {
        .panel = index % panels,
        .row = mlp_dw_chunk_start(height, index / panels),
    };
    tile.rows = mlp_dw_chunk_start(height, index / panels + 1) - tile.row;
    tile.at = (tile.panel * height + tile.row) * MLP_NR;
    return tile;
}

/* The work of a unit, counted in rows of 16 sums. */
double mlp_weights_cost(const void *context, size_t number)
{
    struct unit unit = find_unit(context, number);
    return unit.kind == WEIGHTS ? (double)tile_of(unit.layer, unit.index).rows : 1;
}

/* --- Weights -------------------------------------------------------------------- */

static inline float *first_copy(const struct layer_state *layer)
{
    return layer->transposed ? layer->wt : layer->layer->w;
}

/* The gradient of a tile; with an update straight into the weights, else into g. */
static void multiply(const struct mlp_trainer *t, const struct step *step,
                     const struct layer_state *layer, const struct tile *tile, float *g,
                     const struct mlp_update *update)
{
    const float *a = layer->transposed ? layer->dz : layer->x;
    const float *b = layer->transposed ? layer->x : layer->dz;
    mlp_dw_product(t->kernels, tile->rows, step->rows, a + tile->row / MLP_NR * t->stride,
                   t->stride, b + tile->panel * t->stride, g, update, first_copy(layer) + tile->at,
                   mlp_at_or_null(layer->m, tile->at), mlp_at_or_null(layer->v, tile->at));
}

/* Brings the other copy of a tile's weights up to date. */
static void copy_tile(const struct mlp_trainer *t, const struct layer_state *layer,
                      const struct tile *tile)
{
    float *second = layer->transposed ? layer->layer->w : layer->wt;
    size_t width = mlp_gradient_columns(layer), stride = width * MLP_NR;
    if (second)
        t->kernels->transpose(tile->rows, mlp_min_size(MLP_NR, width - tile->panel * MLP_NR),
                              first_copy(layer) + tile->at,
                              second + tile->row / MLP_NR * stride + tile->panel * MLP_NR * MLP_NR,
                              stride);
}

/* Penalties, which are for weights alone, and clipping by value of n gradients. */
static void prepare(const struct mlp_trainer *t, size_t n, const float *w, float *g)
{
    const mlp_train_options *o = &t->options;
    float clip = o->clip_value > 0 ? (float)o->clip_value : INFINITY;
    if (t->prepares)
        t->kernels->penalize(n, (float)o->l1, (float)o->l2, clip, w, g);
}

static void update_weights(const struct mlp_trainer *t, const struct step *step,
                           const struct layer_state *layer, size_t index)
{
    _Alignas(64) float g[MLP_DW_ROWS * MLP_NR];
    struct tile tile = tile_of(layer, index);
    if (!t->prepares) {
        multiply(t, step, layer, &tile, g, &t->update);
    } else {
        float *w = first_copy(layer) + tile.at;
        size_t n = tile.rows * MLP_NR;
        multiply(t, step, layer, &tile, g, NULL);
        prepare(t, n, w, g);
        t->kernels->update(n, &t->update, g, w, mlp_at_or_null(layer->m, tile.at),
                           mlp_at_or_null(layer->v, tile.at));
    }
    copy_tile(t, layer, &tile);
}

/* --- Vectors: biases, scales, shifts -------------------------------------------- */

struct vector {
    float *g, *w, *m, *v;
};

/* The arrays of a unit that is no tile of weights, from its first panel on; returns how many. */
static size_t vectors_of(const struct unit *unit, size_t at, struct vector vectors[2])
{
    const struct layer_state *layer = unit->layer;
    const struct mlp_layer *m = layer->layer;
    if (unit->kind == BIAS) {
        vectors[0] =
            (struct vector){layer->bias_gradient + at, m->bias + at,
                            mlp_at_or_null(layer->bias_m, at), mlp_at_or_null(layer->bias_v, at)};
        return 1;
    }
    vectors[0] =
        (struct vector){layer->scale_gradient + at, m->scale + at,
                        mlp_at_or_null(layer->scale_m, at), mlp_at_or_null(layer->scale_v, at)};
    vectors[1] =
        (struct vector){layer->shift_gradient + at, m->shift + at,
                        mlp_at_or_null(layer->shift_m, at), mlp_at_or_null(layer->shift_v, at)};
    return 2;
}

/* Panels of such a unit from *panel on. */
static size_t panels_of(const struct unit *unit, size_t *panel)
{
    *panel = unit->index * VECTOR_PANELS;
    return mlp_min_size(VECTOR_PANELS, mlp_panels(unit->layer->out) - *panel);
}

static void vector_gradients(const struct mlp_trainer *t, const struct step *step,
                             const struct unit *unit)
{
    const struct layer_state *layer = unit->layer;
    size_t panel, panels = panels_of(unit, &panel), at = panel * t->stride;
    struct vector vectors[2];
    size_t count = vectors_of(unit, panel * MLP_NR, vectors);
    if (unit->kind == BIAS)
        t->kernels->bias_gradient(step->rows, panels, layer->dz + at, t->stride, false,
                                  vectors[0].g);
    else
        mlp_norm_gradient(step->rows, panels, layer->delta + at, layer->xhat + at, t->stride,
                          vectors[0].g, vectors[1].g);
    for (size_t i = 0; i < count; i++)
        prepare(t, panels * MLP_NR, NULL, vectors[i].g);
}

static void update_vectors(const struct mlp_trainer *t, const struct step *step,
                           const struct unit *unit)
{
    const struct layer_state *layer = unit->layer;
    size_t panel, panels = panels_of(unit, &panel), at = panel * MLP_NR;
    struct vector vectors[2];
    size_t count = vectors_of(unit, at, vectors);
    for (size_t i = 0; i < count; i++)
        t->kernels->update(panels * MLP_NR, &t->update, vectors[i].g, vectors[i].w, vectors[i].m,
                           vectors[i].v);
    if (unit->kind == NORM && layer->layer->norm == MLP_NORM_BATCH)
        mlp_batchnorm_track(panels * MLP_NR, step->rows, layer->mean + at, layer->variance + at,
                            layer->layer->mean + at, layer->layer->variance + at);
}

static void add_losses(struct mlp_trainer *t, const struct step *step)
{
    for (size_t r = 0; r < step->rows; r++) {
        t->loss_sum += t->losses[r];
        t->hit_sum += t->hits ? t->hits[r] : 0;
    }
}

void mlp_weights_update(struct mlp_trainer *t, const struct step *step, size_t number)
{
    struct unit unit = find_unit(t, number);
    switch (unit.kind) {
    case WEIGHTS:
        update_weights(t, step, unit.layer, unit.index);
        break;
    case BIAS:
    case NORM:
        vector_gradients(t, step, &unit);
        update_vectors(t, step, &unit);
        break;
    case LOSS:
        add_losses(t, step);
        break;
    }
}

/* --- Steps that keep gradients -------------------------------------------------- */

/* Adds the squares of n values, a multiple of 16, to a sum: in 8 lanes and a tree. */
static double add_squares(size_t n, const float *g, double sum)
{
    double lanes[LANES] = {0};
    for (size_t i = 0; i < n; i += LANES) {
        for (size_t l = 0; l < LANES; l++)
            lanes[l] += (double)g[i + l] * g[i + l];
    }
    for (size_t half = LANES / 2; half > 0; half /= 2) {
        for (size_t l = 0; l < half; l++)
            lanes[l] += lanes[l + half];
    }
    return sum + lanes[0];
}

/* Looks at n gradients and their weights before they are used. */
static void inspect(struct mlp_trainer *t, size_t n, const float *g, const float *w,
                    double *squares)
{
    *squares = add_squares(n, g, *squares);
    if (!t->kernels->all_below(n, t->gradient_limit, g) ||
        !t->kernels->all_below(n, t->weight_limit, w))
        atomic_store_explicit(&t->bad, true, memory_order_relaxed);
}

void mlp_weights_gradient(struct mlp_trainer *t, const struct step *step, size_t number)
{
    struct unit unit = find_unit(t, number);
    double squares = 0;
    if (unit.kind == WEIGHTS) {
        struct tile tile = tile_of(unit.layer, unit.index);
        float *g = unit.layer->gradient + tile.at, *w = first_copy(unit.layer) + tile.at;
        multiply(t, step, unit.layer, &tile, g, NULL);
        prepare(t, tile.rows * MLP_NR, w, g);
        inspect(t, tile.rows * MLP_NR, g, w, &squares);
    } else if (unit.kind != LOSS) {
        struct vector vectors[2];
        size_t panel, panels = panels_of(&unit, &panel);
        size_t count = vectors_of(&unit, panel * MLP_NR, vectors);
        vector_gradients(t, step, &unit);
        for (size_t i = 0; i < count; i++)
            inspect(t, panels * MLP_NR, vectors[i].g, vectors[i].w, &squares);
    } else if (!t->kernels->all_below(step->rows, INFINITY, t->losses)) {
        atomic_store_explicit(&t->bad, true, memory_order_relaxed);
    }
    t->squares[number] = squares;
}

float mlp_weights_clip_factor(const struct mlp_trainer *t)
{
    double sum = 0, limit = t->options.clip_norm;
    if (limit == 0)
        return 1.0f;
    size_t units = mlp_weights_units(t);
    for (size_t i = 0; i < units; i++)
        sum += t->squares[i];
    double norm = sqrt(sum);
    return norm > limit ? (float)(limit / norm) : 1.0f;
}

static void scale(size_t n, float factor, float *g)
{
    for (size_t i = 0; factor != 1.0f && i < n; i++)
        g[i] *= factor;
}

void mlp_weights_apply(struct mlp_trainer *t, const struct step *step, size_t number, float factor)
{
    struct unit unit = find_unit(t, number);
    if (unit.kind == WEIGHTS) {
        struct layer_state *layer = unit.layer;
        struct tile tile = tile_of(layer, unit.index);
        float *g = layer->gradient + tile.at;
        scale(tile.rows * MLP_NR, factor, g);
        t->kernels->update(tile.rows * MLP_NR, &t->update, g, first_copy(layer) + tile.at,
                           mlp_at_or_null(layer->m, tile.at), mlp_at_or_null(layer->v, tile.at));
        copy_tile(t, layer, &tile);
    } else if (unit.kind != LOSS) {
        struct vector vectors[2];
        size_t panel, panels = panels_of(&unit, &panel);
        size_t count = vectors_of(&unit, panel * MLP_NR, vectors);
        for (size_t i = 0; i < count; i++)
            scale(panels * MLP_NR, factor, vectors[i].g);
        update_vectors(t, step, &unit);
    } else {
        add_losses(t, step);
    }
}
