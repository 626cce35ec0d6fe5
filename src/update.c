/* SPDX-License-Identifier: MIT */
#include "update.h"

#include <math.h>

void mlp_update_constants(const struct mlp_update_settings *settings, double rate,
                          double beta1_power, double beta2_power, struct mlp_update *out)
{
    enum mlp_optimizer optimizer = settings->optimizer;
    double step = rate, epsilon = settings->epsilon;
    bool keras = optimizer == MLP_ADAM;
    bool pytorch = optimizer == MLP_ADAM_PYTORCH || optimizer == MLP_ADAMW;
    if (keras || pytorch)
        step = rate * sqrt(1 - beta2_power) / (1 - beta1_power);
    if (pytorch)
        epsilon *= sqrt(1 - beta2_power);
    *out = (struct mlp_update){
        .optimizer = optimizer == MLP_ADAM_PYTORCH ? MLP_ADAM : optimizer,
        .rate = (float)step,
        .beta1 = (float)settings->beta1,
        .rest1 = (float)(1 - settings->beta1),
        .rest2 = (float)(1 - settings->beta2),
        .epsilon = (float)epsilon,
        .keep = (float)(1 - rate * settings->weight_decay),
    };
}
