/* SPDX-License-Identifier: MIT */
/* Networks of all kinds, with random parameters, for the tests of exports. */
#ifndef MLP_TESTS_EXPORT_NETS_H
#define MLP_TESTS_EXPORT_NETS_H

#include <mlp/mlp.h>

#include <stdbool.h>
#include <stdint.h>

enum { MAX_NETS = 128 };

/* Random numbers, the same in every run. */
uint32_t draw(void);

/* From -scale to scale. */
float draw_float(float scale);

/* Any finite float: usual ones, both zeros, subnormals, the largest. */
float draw_odd(void);

/* A net with random parameters; `scaling` standardises inputs, and targets where the loss can. The
 * test fails where that fails. */
mlp_model *export_net(size_t inputs, size_t count, const mlp_layer_spec *layers, mlp_loss loss,
                      bool scaling);

/* One that has all activations and normalisations, inputs and targets standardised. */
mlp_model *export_net_of_everything(void);

/* All losses, with one output and with others, with and without standardisation; returns how many
 * these are. */
size_t export_nets_of_losses(mlp_model *nets[MAX_NETS]);

/* All activations with all normalisations, after the last layer, and of zeros with
 * either sign. */
size_t export_nets_of_activations(mlp_model *nets[MAX_NETS]);

#endif
