/* SPDX-License-Identifier: MIT */
/* The networks of the suites infer, step and epoch. */
#ifndef MLP_BENCH_NETS_H
#define MLP_BENCH_NETS_H

#include "options.h"
#include "step.h"

#include <mlp/spec.h>

/* MNIST's, without --data. */
enum {
    BENCH_SAMPLES = 60000,
    BENCH_FEATURES = 784,
    BENCH_CLASSES = 10,
    BENCH_MAX_LAYERS = BENCH_MAX_HIDDEN + 1,
};

/* A net whose weights outgrow the cache of a core, and the reference net with GELU. */
extern const mlp_recipe bench_wide_net, bench_gelu_net;

/* The net that --hidden and --batch ask for, named by its widths where they are
 * not the reference net's; NULL where neither is given. */
const mlp_recipe *bench_asked_net(const struct bench_options *options);

/* A recipe's network. `layers` stays the caller's. */
mlp_spec bench_net_spec(const mlp_recipe *recipe, size_t inputs, size_t classes,
                        mlp_layer_spec layers[BENCH_MAX_LAYERS]);

/* Its training; the defaults where the recipe is one of the benchmark's own. */
mlp_train_options bench_net_options(const mlp_recipe *recipe);

/* Sizes that work and memory follow from. */
struct bench_net_size {
    double weights;                /* with biases */
    double transposed;             /* weights of the layers that have a transposed copy */
    double activations;            /* of a sample, all layers */
    double flops[MLP_PHASE_COUNT]; /* of a sample: 2 for each multiply-add, unpadded */
};

struct bench_net_size bench_net_size(const mlp_spec *spec);

#endif
