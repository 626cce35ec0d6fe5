/* SPDX-License-Identifier: MIT */
/* What a network and its training are: plain structs that the caller fills. */
#ifndef MLP_SPEC_H
#define MLP_SPEC_H

#include <mlp/status.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Activation of the hidden layers; the last layer gives logits. The values are
 * the rows of the registry (mlp_activation_name). */
typedef enum mlp_activation {
    MLP_IDENTITY,
    MLP_RELU,       /* max(x, 0) */
    MLP_LEAKY_RELU, /* x > 0 ? x : slope * x with slope 0.01 */
    MLP_SIGMOID,    /* 1 / (1 + exp(-x)) */
    MLP_TANH,
} mlp_activation;

typedef enum mlp_optimizer {
    MLP_SGD,  /* w -= lr * g */
    MLP_ADAM, /* Kingma and Ba 2015 in Keras's form, see simd/kernels.h */
} mlp_optimizer;

/* How the weights of a new model are drawn. */
typedef enum mlp_init {
    MLP_INIT_HE,     /* weights N(0, 2 / in), biases 0 (He et al. 2015) */
    MLP_INIT_GLOROT, /* weights U(-a, a), a = sqrt(6 / (in + out)), biases 0 */
    MLP_INIT_NORMAL, /* weights and biases N(0, init_scale^2) */
} mlp_init;

/* The network. `widths` holds layer_count + 1 numbers: the inputs, every
 * hidden layer's units, the classes. */
typedef struct mlp_spec {
    size_t layer_count;
    const size_t *widths;
    mlp_activation activation;
    mlp_init init;
    float init_scale; /* standard deviation, for MLP_INIT_NORMAL */
} mlp_spec;

/* The training. Zero is no default: start from mlp_train_options_default(). */
typedef struct mlp_train_options {
    mlp_optimizer optimizer;
    double learning_rate;
    double beta1, beta2, epsilon; /* Adam */
    size_t batch;                 /* the last, smaller minibatch is kept */
    size_t epochs;
    uint64_t seed; /* of the shuffle; the model's own seed draws its weights */
    int threads;   /* 0: mlp_default_threads(), fewer where the net is small */
} mlp_train_options;

/* Adam, lr 0.001, betas 0.9 and 0.999, epsilon 1e-7, batch 256, 30 epochs,
 * seed 1, threads 0. */
MLP_API mlp_train_options mlp_train_options_default(void);

/* Registries: name of row i (NULL past the end), and look-up by name, which
 * gives MLP_ERROR_USAGE and lists the known names. */
MLP_API const char *mlp_activation_name(size_t i);
MLP_API const char *mlp_optimizer_name(size_t i);
MLP_API const char *mlp_init_name(size_t i);
MLP_API mlp_status mlp_activation_parse(const char *name, mlp_activation *out, mlp_error *error);
MLP_API mlp_status mlp_optimizer_parse(const char *name, mlp_optimizer *out, mlp_error *error);
/* `he`, `glorot`, `normal` (scale 1) or `normal:SCALE`. */
MLP_API mlp_status mlp_init_parse(const char *name, mlp_init *out, float *scale, mlp_error *error);

/* A recipe is a named set of all settings; "reference" is 256,256 ReLU,
 * N(0, 1), Adam 0.001, batch 256, 30 epochs. */
typedef struct mlp_recipe {
    const char *name;
    const char *summary; /* one line for help texts */
    size_t hidden_count;
    size_t hidden[4];
    mlp_activation activation;
    mlp_init init;
    float init_scale;
    mlp_train_options options;
} mlp_recipe;

/* Row i of the recipes; NULL past the end. */
MLP_API const mlp_recipe *mlp_recipe_at(size_t i);
MLP_API mlp_status mlp_recipe_find(const char *name, const mlp_recipe **out, mlp_error *error);

#ifdef __cplusplus
}
#endif

#endif
