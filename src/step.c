/* SPDX-License-Identifier: MIT */
/* A step is a list of phases with a barrier after each. The sharded plan has
 * two: rows of the minibatch go through gather, all layers, loss and back on
 * one thread, since rows are independent; then tiles of all weight gradients
 * go through the optimizer. The layered plan has one phase a layer and
 * direction, so that a weight matrix that outgrows the cache is read once for
 * the whole minibatch instead of once for each share of its rows. */
#include "step.h"

#include "alloc.h"
#include "barrier.h"
#include "claims.h"
#include "data.h"
#include "error.h"
#include "gemm.h"
#include "model.h"
#include "random.h"
#include "registry.h"
#include "select.h"
#include "threads.h"

#include <mlp/cpu.h>

#include <math.h>
#include <omp.h>
#include <string.h>

enum {
    /* Rows that go through all layers at once: enough to amortise the reading
     * of the weights, few enough for two claims a thread. */
    SHARD_ROWS = 64,
    /* A tile of the layered plan. */
    TILE_ROWS = 256,
    TILE_PANELS = 8,
    /* Panels of a bias gradient that the kernel takes at once. */
    BIAS_PANELS = 4,
    /* A step below this much work for each thread is quicker on fewer. */
    MIN_FLOPS_PER_THREAD = 2000000,
};

/* The largest weight matrix that the sharded plan may have. */
static const size_t sharded_weight_bytes = (size_t)4 << 20;

/* What training adds to a layer. */
struct layer_state {
    size_t in, out;
    enum mlp_activation activation;
    float *w;    /* the model's, [out/16][in][16] */
    float *bias; /* the model's */
    float *wt;   /* [in/16][out][16]; NULL where nothing needs it */

    /* The gradient is computed as it fills panels best: as the layout of W, or
     * as that of WT, which then is updated first and has the moments. */
    bool transposed;
    float *m, *v;
    float *bias_m, *bias_v, *bias_gradient;

    const float *x; /* activations that come in */
    float *y;       /* and go out; logits in the last layer */
    float *delta;   /* gradient of the loss at y before its activation; y itself in the last */
};

enum phase_kind {
    PHASE_SHARD, /* gather, forward, loss, dx of some rows */
    PHASE_GATHER,
    PHASE_FORWARD,
    PHASE_LOSS,
    PHASE_DX,
    PHASE_UPDATE,
};

struct phase {
    enum phase_kind kind;
    size_t layer;      /* FORWARD and DX */
    size_t row_blocks; /* SHARD .. DX: units are row_blocks x panel groups */
    struct mlp_claims claims;
};

struct mlp_trainer {
    const struct mlp_kernels *kernels;
    mlp_model *model;
    const mlp_dataset *data;
    mlp_train_options options;
    int threads;

    size_t layer_count;
    struct layer_state *layers;
    size_t phase_count;
    struct phase *phases;

    size_t stride; /* between panels of activations and deltas */
    float *inputs;
    uint8_t *labels; /* of the minibatch */
    float *losses;
    uint32_t *permutation;

    double loss_sum;
    double beta1_power, beta2_power; /* beta^t */
    struct mlp_update update;
    struct mlp_profile *profile;

    struct mlp_barrier barrier;
    char *arena; /* holds every array above but the structs */
    size_t arena_size;
};

/* One step as every thread computes it for itself. */
struct step {
    size_t first, rows; /* positions of the epoch's permutation */
};

/* --- Clock ---------------------------------------------------------------- */

struct lap {
    bool on;
    double last;
    double seconds[MLP_PHASE_COUNT];
};

static void lap_start(struct lap *lap, bool on)
{
    *lap = (struct lap){.on = on, .last = on ? omp_get_wtime() : 0};
}

/* Books the time since the last call on `phase`. */
static void lap_book(struct lap *lap, enum mlp_phase phase)
{
    if (!lap->on)
        return;
    double now = omp_get_wtime();
    lap->seconds[phase] += now - lap->last;
    lap->last = now;
}

const char *mlp_phase_name(enum mlp_phase phase)
{
    static const char *const names[MLP_PHASE_COUNT] = {
        [MLP_PHASE_GATHER] = "gather", [MLP_PHASE_FORWARD] = "forward", [MLP_PHASE_LOSS] = "loss",
        [MLP_PHASE_DX] = "dx",         [MLP_PHASE_DW] = "dw",           [MLP_PHASE_WAIT] = "wait",
    };
    return names[phase];
}

/* --- Work on rows --------------------------------------------------------- */

static void gather_rows(const struct mlp_trainer *t, const struct step *step, size_t row,
                        size_t rows)
{
    const mlp_dataset *data = t->data;
    const uint32_t *index = t->permutation + step->first + row;
    float *x = t->inputs + row * MLP_NR;
    if (data->u8)
        t->kernels->gather_u8(rows, data->features, data->u8, index, x, t->stride);
    else
        t->kernels->gather_f32(rows, data->features, data->f32, data->features, index, x,
                               t->stride);
    for (size_t r = 0; r < rows; r++)
        t->labels[row + r] = data->labels[index[r]];
}

static void forward_tile(const struct mlp_trainer *t, size_t l, size_t row, size_t rows,
                         size_t panel, size_t panels)
{
    const struct layer_state *layer = &t->layers[l];
    struct mlp_forward_epilogue epilogue = {layer->bias + panel * MLP_NR, layer->activation};
    size_t w_stride = layer->in * MLP_NR;
    mlp_forward_product(t->kernels, rows, panels, layer->in, layer->x + row * MLP_NR, t->stride,
                        layer->w + panel * w_stride, w_stride,
                        layer->y + panel * t->stride + row * MLP_NR, t->stride, &epilogue);
}

static void loss_rows(const struct mlp_trainer *t, const struct step *step, size_t row, size_t rows)
{
    const struct layer_state *last = &t->layers[t->layer_count - 1];
    t->kernels->softmax_xent(rows, last->out, last->delta + row * MLP_NR, t->stride,
                             t->labels + row, 1.0f / (float)step->rows, t->losses + row);
}

/* The delta of the layer before layer l. */
static void dx_tile(const struct mlp_trainer *t, size_t l, size_t row, size_t rows, size_t panel,
                    size_t panels)
{
    const struct layer_state *layer = &t->layers[l], *before = &t->layers[l - 1];
    size_t at = panel * t->stride + row * MLP_NR;
    struct mlp_dx_epilogue epilogue = {before->y + at, t->stride, before->activation};
    size_t wt_stride = layer->out * MLP_NR;
    mlp_dx_product(t->kernels, rows, panels, layer->out, layer->delta + row * MLP_NR, t->stride,
                   layer->wt + panel * wt_stride, wt_stride, before->delta + at, t->stride,
                   &epilogue);
}

static void run_shard(const struct mlp_trainer *t, const struct step *step, size_t row, size_t rows,
                      struct lap *lap)
{
    gather_rows(t, step, row, rows);
    lap_book(lap, MLP_PHASE_GATHER);
    for (size_t l = 0; l < t->layer_count; l++)
        forward_tile(t, l, row, rows, 0, mlp_panels(t->layers[l].out));
    lap_book(lap, MLP_PHASE_FORWARD);
    loss_rows(t, step, row, rows);
    lap_book(lap, MLP_PHASE_LOSS);
    for (size_t l = t->layer_count - 1; l > 0; l--)
        dx_tile(t, l, row, rows, 0, mlp_panels(t->layers[l].in));
    lap_book(lap, MLP_PHASE_DX);
}

/* --- Work on weights ------------------------------------------------------ */

/* Rows and columns of a layer's gradient. */
static inline size_t gradient_rows(const struct layer_state *layer)
{
    return layer->transposed ? layer->out : layer->in;
}

static inline size_t gradient_columns(const struct layer_state *layer)
{
    return layer->transposed ? layer->in : layer->out;
}

static size_t bias_units(const struct layer_state *layer)
{
    return (mlp_panels(layer->out) + BIAS_PANELS - 1) / BIAS_PANELS;
}

static size_t weight_units(const struct layer_state *layer)
{
    return mlp_dw_chunks(gradient_rows(layer)) * mlp_panels(gradient_columns(layer));
}

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline float *at_or_null(float *array, size_t at)
{
    return array ? array + at : NULL;
}

static void update_weights(const struct mlp_trainer *t, const struct step *step,
                           const struct layer_state *layer, size_t unit)
{
    size_t panels = mlp_panels(gradient_columns(layer)), height = gradient_rows(layer);
    size_t panel = unit % panels, row = mlp_dw_chunk_start(height, unit / panels);
    size_t rows = mlp_dw_chunk_start(height, unit / panels + 1) - row;
    const float *a = layer->transposed ? layer->delta : layer->x;
    const float *b = layer->transposed ? layer->x : layer->delta;
    float *first = layer->transposed ? layer->wt : layer->w;
    float *second = layer->transposed ? layer->w : layer->wt;
    size_t at = (panel * height + row) * MLP_NR;

    mlp_dw_product(t->kernels, rows, step->rows, a + row / MLP_NR * t->stride, t->stride,
                   b + panel * t->stride, &t->update, first + at, at_or_null(layer->m, at),
                   at_or_null(layer->v, at));
    if (!second)
        return;
    size_t width = gradient_columns(layer), stride = width * MLP_NR;
    t->kernels->transpose(rows, min_size(MLP_NR, width - panel * MLP_NR), first + at,
                          second + row / MLP_NR * stride + panel * MLP_NR * MLP_NR, stride);
}

static void update_bias(const struct mlp_trainer *t, const struct step *step,
                        const struct layer_state *layer, size_t unit)
{
    size_t panel = unit * BIAS_PANELS;
    size_t panels = min_size(BIAS_PANELS, mlp_panels(layer->out) - panel);
    size_t at = panel * MLP_NR;
    float *g = layer->bias_gradient + at;
    t->kernels->bias_gradient(step->rows, panels, layer->delta + panel * t->stride, t->stride,
                              false, g);
    t->kernels->update(panels * MLP_NR, &t->update, g, layer->bias + at,
                       at_or_null(layer->bias_m, at), at_or_null(layer->bias_v, at));
}

static void add_losses(struct mlp_trainer *t, const struct step *step)
{
    for (size_t r = 0; r < step->rows; r++)
        t->loss_sum += t->losses[r];
}

/* What a unit of the update is. */
struct update_unit {
    enum {
        WEIGHTS,
        BIAS,
        LOSS,
    } kind;
    const struct layer_state *layer; /* WEIGHTS and BIAS */
    size_t index;                    /* within the layer */
};

/* Units: the weights of all layers, then the biases, then the loss. */
static struct update_unit find_update(const struct mlp_trainer *t, size_t unit)
{
    for (size_t l = 0; l < t->layer_count; l++) {
        size_t units = weight_units(&t->layers[l]);
        if (unit < units)
            return (struct update_unit){WEIGHTS, &t->layers[l], unit};
        unit -= units;
    }
    for (size_t l = 0; l < t->layer_count; l++) {
        size_t units = bias_units(&t->layers[l]);
        if (unit < units)
            return (struct update_unit){BIAS, &t->layers[l], unit};
        unit -= units;
    }
    return (struct update_unit){LOSS, NULL, 0};
}

static void run_update(struct mlp_trainer *t, const struct step *step, size_t number)
{
    struct update_unit unit = find_update(t, number);
    switch (unit.kind) {
    case WEIGHTS:
        update_weights(t, step, unit.layer, unit.index);
        break;
    case BIAS:
        update_bias(t, step, unit.layer, unit.index);
        break;
    case LOSS:
        add_losses(t, step);
        break;
    }
}

/* The work of a unit, counted in rows of 16 sums. */
static double update_cost(const void *context, size_t number)
{
    struct update_unit unit = find_update(context, number);
    if (unit.kind != WEIGHTS)
        return 1;
    size_t height = gradient_rows(unit.layer);
    size_t chunk = unit.index / mlp_panels(gradient_columns(unit.layer));
    return (double)(mlp_dw_chunk_start(height, chunk + 1) - mlp_dw_chunk_start(height, chunk));
}

static size_t update_units(const struct mlp_trainer *t)
{
    size_t units = 1;
    for (size_t l = 0; l < t->layer_count; l++)
        units += weight_units(&t->layers[l]) + bias_units(&t->layers[l]);
    return units;
}

/* --- Team ----------------------------------------------------------------- */

/* Panels of the result that a phase's units tile, 0 for a phase on whole rows. */
static size_t phase_panels(const struct mlp_trainer *t, const struct phase *phase)
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

static void run_unit(struct mlp_trainer *t, const struct phase *phase, const struct step *step,
                     size_t unit, struct lap *lap)
{
    if (phase->kind == PHASE_UPDATE) {
        run_update(t, step, unit);
        lap_book(lap, MLP_PHASE_DW);
        return;
    }
    /* Neighbouring units share a panel group, whose weights stay in cache. */
    size_t block = unit % phase->row_blocks, panel = unit / phase->row_blocks * TILE_PANELS;
    size_t row = step->rows * block / phase->row_blocks;
    size_t rows = step->rows * (block + 1) / phase->row_blocks - row;
    size_t panels = min_size(TILE_PANELS, phase_panels(t, phase) - panel);
    if (rows == 0)
        return;
    switch (phase->kind) {
    case PHASE_SHARD:
        run_shard(t, step, row, rows, lap);
        break;
    case PHASE_GATHER:
        gather_rows(t, step, row, rows);
        lap_book(lap, MLP_PHASE_GATHER);
        break;
    case PHASE_FORWARD:
        forward_tile(t, phase->layer, row, rows, panel, panels);
        lap_book(lap, MLP_PHASE_FORWARD);
        break;
    case PHASE_LOSS:
        loss_rows(t, step, row, rows);
        lap_book(lap, MLP_PHASE_LOSS);
        break;
    case PHASE_DX:
        dx_tile(t, phase->layer, row, rows, panel, panels);
        lap_book(lap, MLP_PHASE_DX);
        break;
    case PHASE_UPDATE:
        break;
    }
}

/* The constants of the next step; read by the last phase, after a barrier. */
static void advance_update(struct mlp_trainer *t)
{
    const mlp_train_options *options = &t->options;
    t->update.optimizer = options->optimizer;
    t->update.rate = (float)options->learning_rate;
    if (options->optimizer != MLP_ADAM)
        return;
    t->beta1_power *= options->beta1;
    t->beta2_power *= options->beta2;
    t->update.rate =
        (float)(options->learning_rate * sqrt(1 - t->beta2_power) / (1 - t->beta1_power));
    t->update.rest1 = (float)(1 - options->beta1);
    t->update.rest2 = (float)(1 - options->beta2);
    t->update.epsilon = (float)options->epsilon;
}

void mlp_team_wait(struct mlp_trainer *t)
{
    mlp_barrier_wait(&t->barrier);
}

void mlp_team_begin_epoch(struct mlp_trainer *t, size_t epoch)
{
    if (omp_get_thread_num() == 0) {
        mlp_random_shuffle(t->options.seed, (uint32_t)epoch, t->data->count, t->permutation);
        t->loss_sum = 0;
    }
    mlp_barrier_wait(&t->barrier);
}

void mlp_team_step(struct mlp_trainer *t, size_t number)
{
    int thread = omp_get_thread_num();
    size_t first = number * t->options.batch;
    struct step step = {first, min_size(t->options.batch, t->data->count - first)};
    struct lap lap;
    lap_start(&lap, t->profile != NULL);

    for (size_t p = 0; p < t->phase_count; p++) {
        struct phase *phase = &t->phases[p];
        if (thread == 0) {
            /* Nobody claims from the phase before any more. */
            mlp_claims_reset(&t->phases[(p + t->phase_count - 1) % t->phase_count].claims);
            if (p == 0)
                advance_update(t);
        }
        size_t unit;
        while (mlp_claim(&phase->claims, thread, &unit))
            run_unit(t, phase, &step, unit, &lap);
        mlp_barrier_wait(&t->barrier);
        lap_book(&lap, MLP_PHASE_WAIT);
    }

    if (t->profile) {
        for (int i = 0; i < MLP_PHASE_COUNT; i++) {
#pragma omp atomic
            t->profile->seconds[i] += lap.seconds[i];
        }
        mlp_barrier_wait(&t->barrier);
    }
}

/* --- Making a trainer ----------------------------------------------------- */

static mlp_status check_options(const mlp_model *model, const mlp_dataset *data,
                                const mlp_train_options *o, mlp_error *error)
{
    mlp_status status = mlp_model_check_data(model, data, error);
    if (status != MLP_OK)
        return status;
    if (o->batch == 0 || o->batch > data->count)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "batch size %zu, expected 1 to the %zu samples of the data", o->batch,
                        data->count);
    /* As the kernels see them, in float. */
    if (!isfinite((float)o->learning_rate) || !((float)o->learning_rate > 0))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "learning rate %g, expected a finite number above 0", o->learning_rate);
    if (!mlp_optimizer_name(o->optimizer))
        return mlp_fail(error, MLP_ERROR_USAGE, "unknown optimizer %d", (int)o->optimizer);
    if (o->optimizer == MLP_ADAM &&
        !(o->beta1 >= 0 && o->beta1 < 1 && o->beta2 >= 0 && o->beta2 < 1 && (float)o->epsilon > 0 &&
          isfinite((float)o->epsilon)))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "Adam with beta1 %g, beta2 %g, epsilon %g, expected betas from 0 to below "
                        "1 and a positive epsilon",
                        o->beta1, o->beta2, o->epsilon);
    if (o->threads < 0 || o->threads > MLP_MAX_THREADS)
        return mlp_fail(error, MLP_ERROR_USAGE, "%d threads, expected 0 to %d", o->threads,
                        MLP_MAX_THREADS);
    return MLP_OK;
}

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

static void carve_arrays(struct mlp_trainer *t)
{
    size_t batch = t->options.batch;
    t->arena_size = 0;
    t->inputs = carve(t, t->stride * mlp_panels(t->layers[0].in), sizeof(float));
    for (size_t l = 0; l < t->layer_count; l++) {
        struct layer_state *layer = &t->layers[l];
        size_t columns = mlp_panels(layer->out) * MLP_NR;
        size_t size = gradient_rows(layer) * mlp_panels(gradient_columns(layer)) * MLP_NR;
        size_t moments = mlp_optimizer_moments(t->options.optimizer);
        layer->x = l > 0 ? t->layers[l - 1].y : t->inputs;
        layer->y = carve(t, t->stride * mlp_panels(layer->out), sizeof(float));
        layer->delta = l + 1 < t->layer_count
                           ? carve(t, t->stride * mlp_panels(layer->out), sizeof(float))
                           : layer->y;
        if (l > 0 || layer->transposed)
            layer->wt = carve(t, mlp_panels(layer->in) * MLP_NR * layer->out, sizeof(float));
        layer->m = moments > 0 ? carve(t, size, sizeof(float)) : NULL;
        layer->v = moments > 1 ? carve(t, size, sizeof(float)) : NULL;
        layer->bias_m = moments > 0 ? carve(t, columns, sizeof(float)) : NULL;
        layer->bias_v = moments > 1 ? carve(t, columns, sizeof(float)) : NULL;
        layer->bias_gradient = carve(t, columns, sizeof(float));
    }
    for (size_t p = 0; p < t->phase_count; p++)
        t->phases[p].claims.shares = carve(t, (size_t)t->threads, sizeof(struct mlp_share));
    t->labels = carve(t, batch, sizeof *t->labels);
    t->losses = carve(t, batch, sizeof *t->losses);
    t->permutation = carve(t, t->data->count, sizeof *t->permutation);
}

/* Fills the transposed copies from W. */
static void copy_weights(struct mlp_trainer *t)
{
    for (size_t l = 0; l < t->layer_count; l++) {
        struct layer_state *layer = &t->layers[l];
        for (size_t j = 0; layer->wt && j < mlp_panels(layer->out); j++)
            t->kernels->transpose(layer->in, min_size(MLP_NR, layer->out - j * MLP_NR),
                                  layer->w + j * layer->in * MLP_NR,
                                  layer->wt + j * MLP_NR * MLP_NR, layer->out * MLP_NR);
    }
}

static void init_layers(struct mlp_trainer *t)
{
    for (size_t l = 0; l < t->layer_count; l++) {
        const struct mlp_layer *layer = &t->model->layers[l];
        size_t as_w = layer->in * mlp_panels(layer->out);
        size_t as_wt = layer->out * mlp_panels(layer->in);
        t->layers[l] = (struct layer_state){
            .in = layer->in,
            .out = layer->out,
            .activation = layer->activation,
            .w = layer->w,
            .bias = layer->bias,
            /* Only where W's inputs fill their panels: padding must stay zero. */
            .transposed = as_wt < as_w && layer->in % MLP_NR == 0,
        };
    }
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
    size_t panels = phase_panels(t, phase);
    size_t groups = panels ? (panels + TILE_PANELS - 1) / TILE_PANELS : 1;
    size_t blocks = (batch + rows / 2) / rows;
    if (groups < 2 * threads)
        blocks = (blocks + threads - 1) / threads * threads;
    phase->row_blocks = blocks ? min_size(blocks, batch) : 1;
    phase->claims.units = phase->row_blocks * groups;
}

static void init_phases(struct mlp_trainer *t, bool layered)
{
    if (!layered) {
        cut_phase(t, add_phase(t, PHASE_SHARD, 0), SHARD_ROWS);
    } else {
        cut_phase(t, add_phase(t, PHASE_GATHER, 0), SHARD_ROWS);
        for (size_t l = 0; l < t->layer_count; l++)
            cut_phase(t, add_phase(t, PHASE_FORWARD, l), TILE_ROWS);
        cut_phase(t, add_phase(t, PHASE_LOSS, 0), SHARD_ROWS);
        for (size_t l = t->layer_count - 1; l > 0; l--)
            cut_phase(t, add_phase(t, PHASE_DX, l), TILE_ROWS);
    }
    add_phase(t, PHASE_UPDATE, 0)->claims.units = update_units(t);
    for (size_t p = 0; p < t->phase_count; p++)
        t->phases[p].claims.threads = t->threads;
}

static bool wants_layers(const mlp_model *model, enum mlp_plan plan)
{
    if (plan != MLP_PLAN_AUTO)
        return plan == MLP_PLAN_LAYERED;
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        if (model->widths[l] * model->widths[l + 1] > sharded_weight_bytes / sizeof(float))
            return true;
    }
    return false;
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
    mlp_status status = check_options(model, data, options, error);
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
        .threads = choose_threads(model, options),
        .layer_count = model->spec.layer_count,
        .stride = mlp_panel_stride(options->batch),
        .beta1_power = 1,
        .beta2_power = 1,
    };
    t->layers = mlp_alloc(t->layer_count, sizeof *t->layers);
    t->phases = mlp_alloc(2 * t->layer_count + 3, sizeof *t->phases);
    if (t->layers && t->phases) {
        init_layers(t);
        init_phases(t, wants_layers(model, plan));
        carve_arrays(t); /* measures */
        t->arena = mlp_alloc(t->arena_size, 1);
    }
    if (!t->arena) {
        mlp_trainer_destroy(t);
        return mlp_fail_memory(error, "training");
    }
    carve_arrays(t);
    copy_weights(t);
    for (size_t p = 0; p < t->phase_count; p++) {
        bool updates = t->phases[p].kind == PHASE_UPDATE;
        mlp_claims_divide(&t->phases[p].claims, updates ? update_cost : NULL, t);
    }
    *out = t;
    return MLP_OK;
}

void mlp_trainer_destroy(struct mlp_trainer *t)
{
    if (!t)
        return;
    mlp_free(t->arena);
    mlp_free(t->phases);
    mlp_free(t->layers);
    mlp_free(t);
}

int mlp_trainer_threads(const struct mlp_trainer *t)
{
    return t->threads;
}

size_t mlp_trainer_steps(const struct mlp_trainer *t)
{
    return (t->data->count + t->options.batch - 1) / t->options.batch;
}

void mlp_trainer_profile(struct mlp_trainer *t, struct mlp_profile *profile)
{
    t->profile = profile;
}

double mlp_trainer_loss_sum(const struct mlp_trainer *t)
{
    return t->loss_sum;
}
