/* SPDX-License-Identifier: MIT */
/* From an optimizer's settings to the constants of one step. */
#ifndef MLP_SRC_UPDATE_H
#define MLP_SRC_UPDATE_H

#include "kernels.h"

/* What an optimizer does not use may be anything. */
struct mlp_update_settings {
    enum mlp_optimizer optimizer;
    double beta1, beta2, epsilon, weight_decay;
};

/* The constants of step t = 1, 2, ... at learning rate `rate`; beta1_power and
 * beta2_power are beta1^t and beta2^t, which only the Adams use. Computed in
 * double, each rounded to float once. The bias corrections go into rate and
 * epsilon (Kingma and Ba 2015, end of section 2): with c1 = 1 - beta1^t and c2 = 1 -
 * beta2^t,
 *   (m / c1) / (sqrt(v / c2) + epsilon) = sqrt(c2) / c1 * m / (sqrt(v) + sqrt(c2) epsilon)
 * in PyTorch's form; Keras's leaves the epsilon as it is. */
void mlp_update_constants(const struct mlp_update_settings *settings, double rate,
                          double beta1_power, double beta2_power, struct mlp_update *out);

#endif
