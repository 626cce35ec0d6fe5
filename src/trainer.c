/* SPDX-License-Identifier: MIT */
/* Makes what a run needs before its first step: buffers, the plan of phases, the guard's limits. */
#include "trainer.h"

#include "alloc.h"
#include "data.h"
#include "error.h"
#include "registry.h"
#include "select.h"
#include "threads.h"
#include "train_options.h"

#include <mlp/cpu.h>

#include <float.h>
#include <math.h>

enum {
    /* Rows that go through all layers at once: enough to amortise the reading
     * of the weights, few enough for two claims a thread. */
    SHARD_ROWS = 64,
    /* A tile of the layered plan. */
    TILE_ROWS = 256,
    TILE_PANELS = 8,
    /* Panels that batch normalisation takes at once, of all rows. */
    BATCH_PANELS = 2,
    /* A step below this much work for each thread is quicker on fewer. */
    MIN_FLOPS_PER_THREAD = 2000000,
};

/* The largest weight matrix that the sharded plan may have. */
static const size_t sharded_weight_bytes = (size_t)4 << 20;

/* --- Arrays --------------------------------------------------------------------- */

/* The next `count` x `size` bytes of the arena, 64-byte aligned; in the first
 * pass, which measures, NULL. */
static void *carve(struct mlp_trainer *t, size_t count, size_t size)
{
    size_t room = SIZE_MAX / 2 - t->arena_size;
    if (count > 0 && size > (room - 64) / count) {
        t->arena_size = SIZE_MAX / 2; /* more than there can be */
        return NULL;
    }
    char *at = t->arena ? t->arena + t->arena_size : NULL;
    t->arena_size += (count * size + 63) / 64 * 64;
    return at;
}

/* Moments of `count` values. */
static void carve_moments(struct mlp_trainer *t, size_t count, float **m, float **v)
{
    size_t moments = mlp_optimizer_moments(t->options.optimizer);
    *m = moments > 0 ? carve(t, count, sizeof(float)) : NULL;
    *v = moments > 1 ? carve(t, count, sizeof(float)) : NULL;
}

/* Whether a layer keeps derivatives: where its output does not tell them. */
static bool keeps_slope(const struct mlp_trainer *t, size_t l)
{
    const struct mlp_layer *layer = t->layers[l].layer;
    bool last = l + 1 == t->layer_count;
    if (layer->activation == MLP_SOFTMAX)
        return layer->dropout > 0;
    return layer->dropout > 0 || mlp_activation_needs_slope(layer->activation) ||
           (last && layer->activation != MLP_IDENTITY);
}

static void carve_layer(struct mlp_trainer *t, size_t l)
{
    struct layer_state *layer = &t->layers[l];
    const struct mlp_layer *m = layer->layer;
    size_t columns = mlp_panels(layer->out) * MLP_NR;
    size_t rows = t->stride * mlp_panels(layer->out);
    bool last = l + 1 == t->layer_count;
    layer->x = l > 0 ? t->layers[l - 1].y : t->inputs;
    layer->y = carve(t, rows, sizeof(float));
    layer->delta = last && m->activation != MLP_SOFTMAX ? layer->y : carve(t, rows, sizeof(float));
    layer->dz = m->norm != MLP_NORM_NONE ? carve(t, rows, sizeof(float)) : layer->delta;
    layer->slope = keeps_slope(t, l) ? carve(t, rows, sizeof(float)) : NULL;
    if (l > 0 || layer->transposed)
        layer->wt = carve(t, mlp_panels(layer->in) * MLP_NR * layer->out, sizeof(float));
    carve_moments(t, mlp_gradient_size(layer), &layer->m, &layer->v);
    carve_moments(t, columns, &layer->bias_m, &layer->bias_v);
    layer->bias_gradient = carve(t, columns, sizeof(float));
    if (m->norm == MLP_NORM_NONE)
        return;
    layer->xhat = carve(t, rows, sizeof(float));
    if (m->norm == MLP_NORM_LAYER) {
        layer->inverse = carve(t, t->options.batch, sizeof(float));
    } else {
        layer->mean = carve(t, columns, sizeof(float));
        layer->variance = carve(t, columns, sizeof(float));
    }
    carve_moments(t, columns, &layer->scale_m, &layer->scale_v);
    carve_moments(t, columns, &layer->shift_m, &layer->shift_v);
    layer->scale_gradient = carve(t, columns, sizeof(float));
    layer->shift_gradient = carve(t, columns, sizeof(float));
}

static void carve_arrays(struct mlp_trainer *t)
{
    const mlp_dataset *data = t->data;
    const mlp_train_options *o = &t->options;
    size_t batch = o->batch, outputs = t->objective.outputs;
    bool from_targets = mlp_model_learns_targets(t->model, data);
    bool weighted = data->weights || o->balanced || o->class_weights;
    t->arena_size = 0;
    t->inputs = carve(t, t->stride * mlp_panels(t->layers[0].in), sizeof(float));
    for (size_t l = 0; l < t->layer_count; l++)
        carve_layer(t, l);
    for (size_t p = 0; p < t->phase_count + 3; p++)
        t->phases[p].claims.shares = carve(t, (size_t)t->threads, sizeof(struct mlp_share));
    t->labels = from_targets ? NULL : carve(t, batch, sizeof *t->labels);
    t->hits = from_targets ? NULL : carve(t, batch, sizeof *t->hits);
    t->targets = mlp_loss_by_labels(&t->objective, !from_targets)
                     ? NULL
                     : carve(t, t->stride * mlp_panels(outputs), sizeof *t->targets);
    t->weights = weighted ? carve(t, batch, sizeof *t->weights) : NULL;
    t->class_weights =
        o->balanced || o->class_weights ? carve(t, data->classes, sizeof(float)) : NULL;
    t->losses = carve(t, batch, sizeof *t->losses);
    t->permutation = carve(t, data->count, sizeof *t->permutation);
    t->squares = carve(t, mlp_weights_units(t), sizeof *t->squares);
}

/* Gradients of weights, in an array of their own: pages that are never touched cost nothing. */
static bool allocate_gradients(struct mlp_trainer *t)
{
    size_t total = 0;
    for (size_t l = 0; l < t->layer_count; l++)
        total += mlp_gradient_size(&t->layers[l]);
    t->gradients = mlp_alloc_uninitialized(total, sizeof *t->gradients);
    if (!t->gradients)
        return false;
    float *next = t->gradients;
    for (size_t l = 0; l < t->layer_count; l++) {
        t->layers[l].gradient = next;
        next += mlp_gradient_size(&t->layers[l]);
    }
    return true;
}

/* Fills the transposed copies from W. */
void mlp_trainer_reload(struct mlp_trainer *t)
{
    for (size_t l = 0; l < t->layer_count; l++) {
        struct layer_state *layer = &t->layers[l];
        for (size_t j = 0; layer->wt && j < mlp_panels(layer->out); j++)
            t->kernels->transpose(layer->in, mlp_min_size(MLP_NR, layer->out - j * MLP_NR),
                                  layer->layer->w + j * layer->in * MLP_NR,
                                  layer->wt + j * MLP_NR * MLP_NR, layer->out * MLP_NR);
    }
}

/* A balanced class weighs the inverse of its share; a class without samples nothing. */
static void fill_class_weights(struct mlp_trainer *t)
{
    const mlp_dataset *data = t->data;
    for (size_t c = 0; t->class_weights && c < data->classes; c++) {
        size_t count = 0;
        for (size_t i = 0; t->options.balanced && i < data->count; i++)
            count += data->labels[i] == c;
        float balance = t->options.balanced ? 0.0f : 1.0f;
        if (count > 0)
            balance = (float)((double)data->count / ((double)data->classes * (double)count));
        t->class_weights[c] =
            balance * (t->options.class_weights ? t->options.class_weights[c] : 1.0f);
    }
}

static void init_layers(struct mlp_trainer *t)
{
    for (size_t l = 0; l < t->layer_count; l++) {
        const struct mlp_layer *layer = &t->model->layers[l];
        size_t as_w = layer->in * mlp_panels(layer->out);
        size_t as_wt = layer->out * mlp_panels(layer->in);
        t->layers[l] = (struct layer_state){
            .layer = layer,
            .in = layer->in,
            .out = layer->out,
            /* Only where W's inputs fill their panels: padding must stay zero. */
            .transposed = as_wt < as_w && layer->in % MLP_NR == 0,
        };
    }
}

/* Whether float inputs are small enough for steps that are not careful. */
static bool inputs_are_small(const struct mlp_trainer *t)
{
    const mlp_dataset *data = t->data;
    bool small = true;
    for (size_t i = 0; data->f32 && i < data->count; i++)
        small =
            small && t->kernels->all_below(data->features, t->limit,
                                           data->f32 + mlp_dataset_row(data, i) * data->features);
    return small;
}

/* Activations x and deltas d below `limit` make gradients below batch * limit^2 = 2^40, whose
 * squares and sums overflow nothing. */
static void init_guard(struct mlp_trainer *t)
{
    const mlp_train_options *o = &t->options;
    bool squares = o->optimizer != MLP_SGD && o->optimizer != MLP_MOMENTUM &&
                   o->optimizer != MLP_NESTEROV && o->optimizer != MLP_LION;
    double largest = squares ? 0x1p63 : 0x1p120, reach = FLT_MAX / 4 / o->learning_rate;
    t->limit = (float)sqrt(0x1p40 / (double)o->batch);
    t->gradient_limit = (float)(reach < largest ? reach : largest);
    t->weight_limit = FLT_MAX / 4;
    t->prepares = o->l1 > 0 || o->l2 > 0 || o->clip_value > 0;
    t->always_careful = o->clip_norm > 0 || o->learning_rate > 0x1p40 || o->l1 > 0x1p40 ||
                        o->l2 > 0x1p40 || !inputs_are_small(t);
}

/* --- Plans ---------------------------------------------------------------------- */

size_t mlp_phase_panels(const struct mlp_trainer *t, const struct phase *phase)
{
    switch (phase->kind) {
    case PHASE_FORWARD:
        return mlp_panels(t->layers[phase->layer].out);
    case PHASE_DX:
        return mlp_panels(t->layers[phase->layer].in);
    default:
        return 0;
    }
}

struct phase *mlp_weights_phase(struct mlp_trainer *t, enum phase_kind kind)
{
    return &t->phases[t->phase_count + (size_t)(kind - PHASE_UPDATE)];
}

static struct phase *add_phase(struct mlp_trainer *t, enum phase_kind kind, size_t layer)
{
    struct phase *phase = &t->phases[t->phase_count++];
    phase->kind = kind;
    phase->layer = layer;
    phase->row_blocks = 1;
    return phase;
}

/* Cuts a phase over rows and panels into units: about `rows` rows each, and as
 * many for every thread. */
static void cut_phase(struct mlp_trainer *t, struct phase *phase, size_t rows)
{
    size_t threads = (size_t)t->threads, batch = t->options.batch;
    size_t panels = mlp_phase_panels(t, phase);
    phase->group = TILE_PANELS;
    size_t groups = panels ? (panels + TILE_PANELS - 1) / TILE_PANELS : 1;
    size_t blocks = (batch + rows / 2) / rows;
    if (groups < 2 * threads)
        blocks = (blocks + threads - 1) / threads * threads;
    phase->row_blocks = blocks ? mlp_min_size(blocks, batch) : 1;
    phase->claims.units = phase->row_blocks * groups;
}

/* A phase on tiles of layer `layer`'s columns, whose results belong to layer `of`. */
static void add_tiles(struct mlp_trainer *t, enum phase_kind kind, size_t layer, size_t of)
{
    struct phase *phase = add_phase(t, kind, layer);
    if (t->layers[of].layer->norm != MLP_NORM_BATCH) {
        cut_phase(t, phase, TILE_ROWS);
    } else { /* all rows of a column are needed at once */
        phase->group = BATCH_PANELS;
        phase->claims.units = (mlp_phase_panels(t, phase) + BATCH_PANELS - 1) / BATCH_PANELS;
    }
}

static void init_phases(struct mlp_trainer *t, bool layered)
{
    if (!layered) {
        cut_phase(t, add_phase(t, PHASE_SHARD, 0), SHARD_ROWS);
    } else {
        cut_phase(t, add_phase(t, PHASE_GATHER, 0), SHARD_ROWS);
        for (size_t l = 0; l < t->layer_count; l++) {
            add_tiles(t, PHASE_FORWARD, l, l);
            if (mlp_rows_whole(&t->layers[l]))
                cut_phase(t, add_phase(t, PHASE_FORWARD_ROWS, l), SHARD_ROWS);
        }
        cut_phase(t, add_phase(t, PHASE_LOSS, 0), SHARD_ROWS);
        for (size_t l = t->layer_count - 1; l > 0; l--) {
            add_tiles(t, PHASE_DX, l, l - 1);
            if (mlp_rows_whole(&t->layers[l - 1]))
                cut_phase(t, add_phase(t, PHASE_DX_ROWS, l), SHARD_ROWS);
        }
    }
    for (enum phase_kind kind = PHASE_UPDATE; kind <= PHASE_APPLY; kind++) {
        struct phase *phase = mlp_weights_phase(t, kind);
        phase->kind = kind;
        phase->claims.units = mlp_weights_units(t);
    }
    for (size_t p = 0; p < t->phase_count + 3; p++)
        t->phases[p].claims.threads = t->threads;
}

static bool wants_layers(const mlp_model *model, enum mlp_plan plan)
{
    bool large = false, batch_norm = false;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &model->layers[l];
        large = large || layer->in * layer->out > sharded_weight_bytes / sizeof(float);
        batch_norm = batch_norm || layer->norm == MLP_NORM_BATCH;
    }
    return batch_norm || (plan == MLP_PLAN_AUTO ? large : plan == MLP_PLAN_LAYERED);
}

/* Threads of a run: as told, or the default, fewer where a step is short. */
static int choose_threads(const mlp_model *model, const mlp_train_options *options)
{
    if (options->threads > 0)
        return options->threads;
    double flops = mlp_model_step_flops(model) * (double)options->batch;
    double useful = flops / MIN_FLOPS_PER_THREAD;
    int threads = mlp_default_threads();
    if (useful < threads)
        threads = useful < 1 ? 1 : (int)useful;
    return threads;
}

mlp_status mlp_trainer_create(mlp_model *model, const mlp_dataset *data,
                              const mlp_train_options *options, enum mlp_plan plan,
                              struct mlp_trainer **out, mlp_error *error)
{
    *out = NULL;
    mlp_status status = mlp_train_options_check(model, data, options, error);
    if (status != MLP_OK)
        return status;
    const struct mlp_kernels *kernels = mlp_kernels_selected(error);
    if (!kernels)
        return MLP_ERROR_USAGE;
    struct mlp_trainer *t = mlp_alloc(1, sizeof *t);
    if (!t)
        return mlp_fail_memory(error, "the trainer");
    *t = (struct mlp_trainer){
        .kernels = kernels,
        .model = model,
        .data = data,
        .options = *options,
        .objective =
            {
                .kernels = kernels,
                .loss = model->spec.loss,
                .huber_delta = model->spec.huber_delta,
                .smoothing = (float)options->label_smoothing,
                .outputs = mlp_model_outputs(model),
            },
        .threads = choose_threads(model, options),
        .layer_count = model->spec.layer_count,
        .stride = mlp_panel_stride(options->batch),
        .rate = options->learning_rate,
        .epoch = 1,
        .beta1_power = 1,
        .beta2_power = 1,
    };
    t->layers = mlp_alloc(t->layer_count, sizeof *t->layers);
    t->phases = mlp_alloc(4 * t->layer_count + 5, sizeof *t->phases);
    if (t->layers && t->phases) {
        init_layers(t);
        init_phases(t, wants_layers(model, plan));
        carve_arrays(t); /* measures */
        t->arena = mlp_alloc(t->arena_size, 1);
    }
    if (!t->arena || !allocate_gradients(t)) {
        mlp_trainer_destroy(t);
        return mlp_fail_memory(error, "training");
    }
    carve_arrays(t);
    mlp_trainer_reload(t);
    fill_class_weights(t);
    init_guard(t);
    for (size_t i = 0; i < data->count; i++) /* the order of the data, until it is shuffled */
        t->permutation[i] = (uint32_t)i;
    for (size_t p = 0; p < t->phase_count + 3; p++)
        mlp_claims_divide(&t->phases[p].claims, p < t->phase_count ? NULL : mlp_weights_cost, t);
    *out = t;
    return MLP_OK;
}

void mlp_trainer_destroy(struct mlp_trainer *t)
{
    if (!t)
        return;
    mlp_free(t->gradients);
    mlp_free(t->arena);
    mlp_free(t->phases);
    mlp_free(t->layers);
    mlp_free(t);
}
