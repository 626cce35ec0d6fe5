/* SPDX-License-Identifier: MIT */
/* A step is a list of phases with a barrier after each. The sharded plan has
 * two: rows of the minibatch go through gather, all layers, loss and back on
 * one thread, since rows are independent; then tiles of all weight gradients
 * go through the optimizer. The layered plan has one phase a layer and
 * direction, so that a weight matrix that outgrows the cache is read once for
 * the whole minibatch instead of once for each share of its rows, and so that
 * batch normalisation has all rows of its columns at hand.
 *
 * A careful step keeps the gradients and looks at them before the optimizer gets any: where
 * their norm is clipped, and where activations or deltas are so large that a
 * gradient might overflow. */
#include "trainer.h"

#include "data.h"
#include "random.h"
#include "update.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

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

/* --- Phases --------------------------------------------------------------------- */

static void run_shard(struct mlp_trainer *t, const struct step *step, size_t row, size_t rows,
                      struct lap *lap)
{
    mlp_rows_gather(t, step, row, rows);
    lap_book(lap, MLP_PHASE_GATHER);
    for (size_t l = 0; l < t->layer_count; l++) {
        mlp_rows_forward(t, step, l, row, rows, 0, mlp_panels(t->layers[l].out));
        if (mlp_rows_whole(&t->layers[l]))
            mlp_rows_finish_forward(t, step, l, row, rows);
    }
    lap_book(lap, MLP_PHASE_FORWARD);
    mlp_rows_loss(t, step, row, rows);
    lap_book(lap, MLP_PHASE_LOSS);
    for (size_t l = t->layer_count - 1; l > 0; l--) {
        mlp_rows_dx(t, step, l, row, rows, 0, mlp_panels(t->layers[l].in));
        if (mlp_rows_whole(&t->layers[l - 1]))
            mlp_rows_finish_dx(t, step, l, row, rows);
    }
    lap_book(lap, MLP_PHASE_DX);
}

/* Where the time of a phase on rows goes; a shard books its own. */
static enum mlp_phase booked_as(enum phase_kind kind)
{
    switch (kind) {
    case PHASE_GATHER:
        return MLP_PHASE_GATHER;
    case PHASE_FORWARD:
    case PHASE_FORWARD_ROWS:
        return MLP_PHASE_FORWARD;
    case PHASE_LOSS:
        return MLP_PHASE_LOSS;
    default:
        return MLP_PHASE_DX;
    }
}

static void run_rows(struct mlp_trainer *t, const struct phase *phase, const struct step *step,
                     size_t unit, struct lap *lap)
{
    /* Neighbouring units share a panel group, whose weights stay in cache. */
    size_t block = unit % phase->row_blocks, panel = unit / phase->row_blocks * phase->group;
    size_t row = step->rows * block / phase->row_blocks;
    size_t rows = step->rows * (block + 1) / phase->row_blocks - row;
    size_t panels = mlp_min_size(phase->group, mlp_phase_panels(t, phase) - panel);
    if (rows == 0)
        return;
    switch (phase->kind) {
    case PHASE_SHARD:
        run_shard(t, step, row, rows, lap);
        return;
    case PHASE_GATHER:
        mlp_rows_gather(t, step, row, rows);
        break;
    case PHASE_FORWARD:
        mlp_rows_forward(t, step, phase->layer, row, rows, panel, panels);
        break;
    case PHASE_FORWARD_ROWS:
        mlp_rows_finish_forward(t, step, phase->layer, row, rows);
        break;
    case PHASE_LOSS:
        mlp_rows_loss(t, step, row, rows);
        break;
    case PHASE_DX:
        mlp_rows_dx(t, step, phase->layer, row, rows, panel, panels);
        break;
    case PHASE_DX_ROWS:
        mlp_rows_finish_dx(t, step, phase->layer, row, rows);
        break;
    default:
        break;
    }
    lap_book(lap, booked_as(phase->kind));
}

/* All threads: a phase and the barrier after it. `factor` is for PHASE_APPLY. */
static void run_phase(struct mlp_trainer *t, struct phase *phase, const struct step *step,
                      float factor, struct lap *lap)
{
    int thread = omp_get_thread_num();
    if (thread == 0) {
        /* Nobody claims from the phase before any more. */
        if (t->previous)
            mlp_claims_reset(&t->previous->claims);
        t->previous = phase;
    }
    size_t unit;
    while (mlp_claim(&phase->claims, thread, &unit)) {
        switch (phase->kind) {
        case PHASE_UPDATE:
            mlp_weights_update(t, step, unit);
            break;
        case PHASE_GRADIENT:
            mlp_weights_gradient(t, step, unit);
            break;
        case PHASE_APPLY:
            mlp_weights_apply(t, step, unit, factor);
            break;
        default:
            run_rows(t, phase, step, unit, lap);
            continue;
        }
        lap_book(lap, MLP_PHASE_DW);
    }
    mlp_barrier_wait(&t->barrier);
    lap_book(lap, MLP_PHASE_WAIT);
}

/* --- Team ----------------------------------------------------------------------- */

/* The constants of the next step; read by the last phase, after a barrier. */
static void advance_update(struct mlp_trainer *t)
{
    const mlp_train_options *o = &t->options;
    t->beta1_power *= o->beta1;
    t->beta2_power *= o->beta2;
    struct mlp_update_settings settings = {
        .optimizer = o->optimizer,
        .beta1 = o->beta1,
        .beta2 = o->beta2,
        .epsilon = o->epsilon,
        .weight_decay = o->weight_decay,
    };
    mlp_update_constants(&settings, t->rate, t->beta1_power, t->beta2_power, &t->update);
}

void mlp_team_wait(struct mlp_trainer *t)
{
    mlp_barrier_wait(&t->barrier);
}

void mlp_team_begin_epoch(struct mlp_trainer *t, size_t epoch)
{
    if (omp_get_thread_num() == 0) {
        if (t->options.shuffle)
            mlp_random_shuffle(t->options.seed, (uint32_t)epoch, t->data->count, t->permutation);
        t->epoch = epoch;
        t->loss_sum = 0;
        t->hit_sum = 0;
    }
    mlp_barrier_wait(&t->barrier);
}

static struct step step_of(const struct mlp_trainer *t, size_t number)
{
    size_t first = number * t->options.batch;
    return (struct step){
        .first = first,
        .rows = mlp_min_size(t->options.batch, t->data->count - first),
        .count = (t->epoch - 1) * mlp_trainer_steps(t) + number,
    };
}

bool mlp_team_step(struct mlp_trainer *t, size_t number)
{
    bool first_thread = omp_get_thread_num() == 0;
    struct step step = step_of(t, number);
    struct lap lap;
    lap_start(&lap, t->profile != NULL);
    if (first_thread) {
        advance_update(t);
        atomic_store(&t->above[(step.count + 1) & 1], false); /* all are done with it */
    }
    for (size_t p = 0; p < t->phase_count; p++)
        run_phase(t, &t->phases[p], &step, 1.0f, &lap);

    bool careful = t->always_careful || atomic_load(&t->above[step.count & 1]), good = true;
    if (careful) {
        run_phase(t, mlp_weights_phase(t, PHASE_GRADIENT), &step, 1.0f, &lap);
        good = !atomic_load(&t->bad);
    }
    if (good)
        run_phase(t, mlp_weights_phase(t, careful ? PHASE_APPLY : PHASE_UPDATE), &step,
                  careful ? mlp_weights_clip_factor(t) : 1.0f, &lap);

    if (t->profile) {
        for (int i = 0; i < MLP_PHASE_COUNT; i++) {
#pragma omp atomic
            t->profile->seconds[i] += lap.seconds[i];
        }
        mlp_barrier_wait(&t->barrier);
    }
    return good;
}

void mlp_team_gradient(struct mlp_trainer *t, size_t number)
{
    struct step step = step_of(t, number);
    struct lap lap;
    lap_start(&lap, false);
    for (size_t p = 0; p < t->phase_count; p++)
        run_phase(t, &t->phases[p], &step, 1.0f, &lap);
    run_phase(t, mlp_weights_phase(t, PHASE_GRADIENT), &step, 1.0f, &lap);
}

/* --- Between steps --------------------------------------------------------------- */

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

double mlp_trainer_accuracy(const struct mlp_trainer *t, size_t samples)
{
    return t->hits ? (double)t->hit_sum / (double)samples : NAN;
}

void mlp_trainer_set_rate(struct mlp_trainer *t, double rate)
{
    t->rate = rate;
}

void mlp_trainer_gradient(const struct mlp_trainer *t, size_t l, float *weight, float *bias,
                          float *scale, float *shift)
{
    const struct layer_state *layer = &t->layers[l];
    size_t height = mlp_gradient_rows(layer), bytes = layer->out * sizeof(float);
    for (size_t o = 0; weight && o < layer->out; o++) {
        for (size_t i = 0; i < layer->in; i++) {
            size_t row = layer->transposed ? o : i, column = layer->transposed ? i : o;
            weight[o * layer->in + i] =
                layer->gradient[(column / MLP_NR * height + row) * MLP_NR + column % MLP_NR];
        }
    }
    if (bias)
        memcpy(bias, layer->bias_gradient, bytes);
    if (scale && layer->scale_gradient)
        memcpy(scale, layer->scale_gradient, bytes);
    if (shift && layer->shift_gradient)
        memcpy(shift, layer->shift_gradient, bytes);
}

/* Whether what a minibatch has left in panels is finite. */
static bool is_finite(const struct mlp_trainer *t, const float *x, size_t columns)
{
    bool finite = true;
    for (size_t p = 0; p < mlp_panels(columns); p++)
        finite =
            finite && t->kernels->all_below(t->options.batch * MLP_NR, INFINITY, x + p * t->stride);
    return finite;
}

void mlp_trainer_diagnose(const struct mlp_trainer *t, char *text, size_t size)
{
    for (size_t l = 0; l + 1 < t->layer_count; l++) {
        if (!is_finite(t, t->layers[l].y, t->layers[l].out)) {
            snprintf(text, size, "the activations of layer %zu are not finite", l);
            return;
        }
    }
    for (size_t i = 0; i < t->options.batch; i++) {
        if (!isfinite(t->losses[i])) {
            snprintf(text, size,
                     "the outputs of layer %zu, the last one, have a loss that is not "
                     "finite",
                     t->layer_count - 1);
            return;
        }
    }
    for (size_t l = t->layer_count; l-- > 0;) {
        if (!is_finite(t, t->layers[l].dz, t->layers[l].out)) {
            snprintf(text, size, "the gradient at the outputs of layer %zu is not finite", l);
            return;
        }
    }
    for (size_t l = 0; l < t->layer_count; l++) {
        const struct layer_state *layer = &t->layers[l];
        if (!t->kernels->all_below(mlp_gradient_size(layer), t->gradient_limit, layer->gradient)) {
            snprintf(text, size, "the gradient of layer %zu's weights overflows", l);
            return;
        }
    }
    snprintf(text, size, "weights overflow");
}
