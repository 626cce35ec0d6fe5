/* SPDX-License-Identifier: MIT */
/* Inside of mlp_trainer: what the work on rows (rows.c), the work on weights (weights.c) and the
 * step that calls both (step.c) share. */
#ifndef MLP_SRC_TRAINER_H
#define MLP_SRC_TRAINER_H

#include "step.h"

#include "barrier.h"
#include "claims.h"
#include "gemm.h"
#include "loss.h"
#include "model.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What training adds to a layer. */
struct layer_state {
    const struct mlp_layer *layer; /* the model's: shape, w, bias, scale, shift */
    size_t in, out;
    float *wt; /* [in/16][out][16]; NULL where nothing needs it */

    /* The gradient is computed as it fills panels best: as the layout of W, or
     * as that of WT, which then is updated first and has the moments. */
    bool transposed;
    float *m, *v;
    float *bias_m, *bias_v, *bias_gradient;
    float *scale_m, *scale_v, *scale_gradient;
    float *shift_m, *shift_v, *shift_gradient;
    float *gradient; /* of the weights, where a step keeps it; else NULL */

    const float *x; /* activations that come in */
    float *y;       /* and go out; of the last layer the outputs that the loss is about */
    float *slope;   /* derivatives at y, NULL where y tells them; of a softmax with dropout its
                     * outputs before that */
    float *delta;   /* gradient of the loss before the activation; y itself in the last layer
                     * where the loss allows it */
    float *dz;      /* and before the normalisation: delta itself where there is none */
    float *xhat;    /* normalised values; NULL without normalisation */
    float *inverse; /* layer normalisation: [batch] inverse deviations */
    float *mean, *variance; /* batch normalisation: of this minibatch */
};

enum phase_kind {
    PHASE_SHARD, /* gather, forward, loss, dx of some rows */
    PHASE_GATHER,
    PHASE_FORWARD,
    PHASE_FORWARD_ROWS, /* what needs whole rows of a layer: layer normalisation, softmax */
    PHASE_LOSS,
    PHASE_DX,
    PHASE_DX_ROWS,
    PHASE_UPDATE,   /* gradients, which go straight into the optimizer */
    PHASE_GRADIENT, /* gradients, which are kept and looked at before ... */
    PHASE_APPLY,    /* ... the optimizer takes them */
};

struct phase {
    enum phase_kind kind;
    size_t layer;      /* FORWARD to DX_ROWS */
    size_t row_blocks; /* SHARD .. DX_ROWS: units are row_blocks x panel groups */
    size_t group;      /* panels of a unit */
    struct mlp_claims claims;
};

/* One step as every thread computes it for itself. */
struct step {
    size_t first, rows; /* positions of the epoch's permutation */
    uint64_t count;     /* steps before this one in the run */
};

struct mlp_trainer {
    const struct mlp_kernels *kernels;
    mlp_model *model;
    const mlp_dataset *data;
    mlp_train_options options;
    struct mlp_objective objective;
    int threads;

    size_t layer_count;
    struct layer_state *layers;
    size_t phase_count; /* of the phases on rows, which come first; then UPDATE, GRADIENT, APPLY */
    struct phase *phases;
    struct phase *previous; /* the phase before, whose claims are to be reset */

    size_t stride; /* between panels of activations and deltas */
    float *inputs;
    uint8_t *labels;   /* of the minibatch; NULL without */
    float *weights;    /* of its samples; NULL where all are 1 */
    float *targets;    /* panels like the outputs; NULL where the loss reads labels */
    float *losses;
    uint8_t *hits; /* whether a sample's class was right; NULL without classes */
    uint32_t *permutation;
    float *class_weights; /* [classes], or NULL */

    double loss_sum;
    size_t hit_sum;
    double rate;                     /* learning rate of the next step */
    double beta1_power, beta2_power; /* beta^t */
    size_t epoch;                    /* from 1 */
    struct mlp_update update;
    struct mlp_profile *profile;

    /* The guard. Below `limit` in magnitude, activations and deltas cannot make a gradient
     * that overflows anything; what is above makes the step a careful one. */
    float limit, gradient_limit, weight_limit;
    bool prepares;        /* penalties or clipping come before the update */
    bool always_careful;  /* also where nothing is above: clip_norm, large inputs */
    atomic_bool above[2]; /* of even and odd steps */
    atomic_bool bad;      /* a gradient that must not be used */
    double *squares;      /* per unit of GRADIENT: sum of squares */

    struct mlp_barrier barrier;
    char *arena; /* holds every array above but the structs */
    size_t arena_size;
    float *gradients; /* holds layers[].gradient; pages that no careful step has touched cost
                         nothing */
};

/* --- trainer.c ---------------------------------------------------------------- */

/* Panels of the result that a phase's units tile, 0 for a phase on whole rows. */
size_t mlp_phase_panels(const struct mlp_trainer *t, const struct phase *phase);

/* The phase UPDATE, GRADIENT or APPLY. */
struct phase *mlp_weights_phase(struct mlp_trainer *t, enum phase_kind kind);

/* --- rows.c ------------------------------------------------------------------- */

/* Whether what follows a layer's product needs whole rows. */
bool mlp_rows_whole(const struct layer_state *layer);

void mlp_rows_gather(struct mlp_trainer *t, const struct step *step, size_t row, size_t rows);

/* A tile of a layer's activations: the product and all that needs no whole rows. */
void mlp_rows_forward(struct mlp_trainer *t, const struct step *step, size_t l, size_t row,
                      size_t rows, size_t panel, size_t panels);

/* The rest of it, for layers that mlp_rows_whole. */
void mlp_rows_finish_forward(struct mlp_trainer *t, const struct step *step, size_t l, size_t row,
                             size_t rows);

void mlp_rows_loss(struct mlp_trainer *t, const struct step *step, size_t row, size_t rows);

/* A tile of the delta of the layer before layer l, and the rest where whole rows are needed. */
void mlp_rows_dx(struct mlp_trainer *t, const struct step *step, size_t l, size_t row, size_t rows,
                 size_t panel, size_t panels);
void mlp_rows_finish_dx(struct mlp_trainer *t, const struct step *step, size_t l, size_t row,
                        size_t rows);

/* --- weights.c ---------------------------------------------------------------- */

/* Rows and columns of a layer's gradient. */
static inline size_t mlp_gradient_rows(const struct layer_state *layer)
{
    return layer->transposed ? layer->out : layer->in;
}

static inline size_t mlp_gradient_columns(const struct layer_state *layer)
{
    return layer->transposed ? layer->in : layer->out;
}

/* Floats of a layer's gradient, padding included. */
static inline size_t mlp_gradient_size(const struct layer_state *layer)
{
    return mlp_gradient_rows(layer) * mlp_panels(mlp_gradient_columns(layer)) * MLP_NR;
}

/* Units of UPDATE, GRADIENT and APPLY, and what unit `number` of mlp_trainer `context` costs. */
size_t mlp_weights_units(const struct mlp_trainer *t);
double mlp_weights_cost(const void *context, size_t number);

void mlp_weights_update(struct mlp_trainer *t, const struct step *step, size_t number);
void mlp_weights_gradient(struct mlp_trainer *t, const struct step *step, size_t number);
void mlp_weights_apply(struct mlp_trainer *t, const struct step *step, size_t number, float factor);

/* What gradients are multiplied by so that their norm is options.clip_norm at most. */
float mlp_weights_clip_factor(const struct mlp_trainer *t);

/* --- */

static inline size_t mlp_min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

#endif
