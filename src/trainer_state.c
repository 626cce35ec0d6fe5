/* SPDX-License-Identifier: MIT */
#include "trainer_state.h"

#include "trainer.h"

#include <string.h>

bool mlp_trainer_moment(const struct mlp_trainer *t, size_t l, size_t i, struct mlp_moment *out)
{
    static const char *const names[MLP_MOMENTS] = {"weight.m", "weight.v", "bias.m",  "bias.v",
                                                   "scale.m",  "scale.v",  "shift.m", "shift.v"};
    const struct layer_state *layer = &t->layers[l];
    float *const values[MLP_MOMENTS] = {layer->m,       layer->v,       layer->bias_m,
                                        layer->bias_v,  layer->scale_m, layer->scale_v,
                                        layer->shift_m, layer->shift_v};
    *out = (struct mlp_moment){
        .name = names[i],
        .values = values[i],
        .rows = layer->out,
        .columns = i < 2 ? layer->in : 0,
        .transposed = layer->transposed,
    };
    return out->values != NULL;
}

/* Where element (row, column) of a weight's moment stands in its panels. */
static inline size_t at(const struct mlp_moment *moment, size_t row, size_t column)
{
    return moment->transposed ? (column / MLP_NR * moment->rows + row) * MLP_NR + column % MLP_NR
                              : (row / MLP_NR * moment->columns + column) * MLP_NR + row % MLP_NR;
}

void mlp_moment_get(const struct mlp_moment *moment, float *plain)
{
    if (moment->columns == 0)
        memcpy(plain, moment->values, moment->rows * sizeof *plain);
    for (size_t r = 0; r < moment->rows; r++) {
        for (size_t c = 0; c < moment->columns; c++)
            plain[r * moment->columns + c] = moment->values[at(moment, r, c)];
    }
}

void mlp_moment_set(const struct mlp_moment *moment, const float *plain)
{
    if (moment->columns == 0)
        memcpy(moment->values, plain, moment->rows * sizeof *plain);
    for (size_t r = 0; r < moment->rows; r++) {
        for (size_t c = 0; c < moment->columns; c++)
            moment->values[at(moment, r, c)] = plain[r * moment->columns + c];
    }
}

struct mlp_trainer_sums mlp_trainer_sums(const struct mlp_trainer *t)
{
    return (struct mlp_trainer_sums){
        .loss = t->loss_sum,
        .beta1_power = t->beta1_power,
        .beta2_power = t->beta2_power,
        .hits = t->hit_sum,
    };
}

void mlp_trainer_set_sums(struct mlp_trainer *t, const struct mlp_trainer_sums *sums)
{
    t->loss_sum = sums->loss;
    t->beta1_power = sums->beta1_power;
    t->beta2_power = sums->beta2_power;
    t->hit_sum = sums->hits;
}
