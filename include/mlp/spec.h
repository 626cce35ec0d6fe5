/* SPDX-License-Identifier: MIT */
/* What a network and its training are: plain structs that the caller fills. */
#ifndef MLP_SPEC_H
#define MLP_SPEC_H

#include <mlp/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- The network ------------------------------------------------------------ */

/* Activations. The values are the rows of the registry (mlp_activation_name). */
typedef enum mlp_activation {
    MLP_IDENTITY,
    MLP_RELU,       /* max(x, 0) */
    MLP_LEAKY_RELU, /* x > 0 ? x : 0.01 x */
    MLP_SIGMOID,    /* 1 / (1 + exp(-x)) */
    MLP_TANH,
    MLP_ELU,          /* x > 0 ? x : exp(x) - 1 (Clevert et al. 2016, alpha 1) */
    MLP_SELU,         /* lambda (x > 0 ? x : alpha (exp(x) - 1)) (Klambauer et al. 2017) */
    MLP_HARD_SIGMOID, /* min(max(x + 3, 0), 6) / 6, as PyTorch and Keras 3 have it */
    MLP_SOFTPLUS,     /* log(1 + exp(x)) */
    MLP_SILU,         /* x / (1 + exp(-x)), also known as swish */
    MLP_GELU,         /* x Phi(x), Phi the normal distribution (Hendrycks and Gimpel 2016) */
    MLP_GELU_TANH,    /* x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
    MLP_MISH,         /* x tanh(log(1 + exp(x))) (Misra 2020) */
    MLP_STEP,         /* x >= 0 ? 1 : 0, whose derivative is taken as 0 */
    MLP_SOFTMAX,      /* over the units of a layer */
} mlp_activation;

/* What stands between a layer's product and its activation; each unit then has
 * a scale (gamma, at first 1) and a shift (beta, at first 0) that are trained. */
typedef enum mlp_norm {
    MLP_NORM_NONE,
    MLP_NORM_LAYER, /* over the units of a sample, epsilon 1e-5 (Ba et al. 2016) */
    MLP_NORM_BATCH, /* over the samples of a minibatch, epsilon 1e-5; prediction uses running
                     * means of weight 0.1 for the newest (Ioffe and Szegedy 2015) */
} mlp_norm;

typedef struct mlp_layer_spec {
    size_t units;
    mlp_activation activation;
    mlp_norm norm;
    float dropout; /* share of the outputs that a training step sets to 0, in [0, 1);
                    * the others are divided by 1 - dropout (Srivastava et al. 2014) */
} mlp_layer_spec;

/* What the last layer's outputs z mean, given the target t. The activation of the
 * last layer is identity, but for MSE, MAE and Huber, which take any, and where it
 * is the one that the loss implies (softmax, sigmoid, step). */
typedef enum mlp_loss {
    MLP_CROSS_ENTROPY,        /* softmax over classes: -sum t log p; labels or t in [0, 1] */
    MLP_BINARY_CROSS_ENTROPY, /* sigmoid, each output by itself; one output takes labels 0, 1 */
    MLP_MSE,                  /* (z - t)^2 */
    MLP_MAE,                  /* |z - t| */
    MLP_HUBER,                /* e^2 / 2 where e = |z - t| < delta, else delta (e - delta / 2) */
    MLP_HINGE,                /* max(0, 1 - t z), t = -1 or 1: of an output's class or not */
    MLP_POISSON,              /* exp(z) - t z: z is the logarithm of the mean */
    MLP_PERCEPTRON,           /* Rosenblatt 1958: a step at 0, whose error t - y times the input
                               * corrects the weights; counts errors */
} mlp_loss;

/* How the weights of a new model are drawn; in and out are the layer's. */
typedef enum mlp_init {
    MLP_INIT_HE,            /* N(0, 2 / in) (He et al. 2015) */
    MLP_INIT_GLOROT,        /* U(-a, a), a = sqrt(6 / (in + out)) (Glorot and Bengio 2010) */
    MLP_INIT_NORMAL,        /* N(0, init_scale^2), biases too */
    MLP_INIT_UNIFORM,       /* U(-init_scale, init_scale) */
    MLP_INIT_HE_UNIFORM,    /* U(-a, a), a = sqrt(6 / in) */
    MLP_INIT_GLOROT_NORMAL, /* N(0, 2 / (in + out)) */
    MLP_INIT_LECUN,         /* N(0, 1 / in) (LeCun et al. 1998) */
    MLP_INIT_LECUN_UNIFORM, /* U(-a, a), a = sqrt(3 / in) */
    MLP_INIT_ORTHOGONAL,    /* init_scale times orthonormal rows or columns (Saxe et al. 2014) */
    MLP_INIT_CONSTANT,      /* init_scale */
    MLP_INIT_ZEROS,
} mlp_init;

/* And its biases. */
typedef enum mlp_bias_init {
    MLP_BIAS_DEFAULT, /* N(0, init_scale^2) with MLP_INIT_NORMAL, else zeros */
    MLP_BIAS_ZEROS,
    MLP_BIAS_CONSTANT, /* bias_scale */
    MLP_BIAS_NORMAL,   /* N(0, bias_scale^2) */
    MLP_BIAS_UNIFORM,  /* U(-bias_scale, bias_scale) */
} mlp_bias_init;

/* The network: `inputs` features through layer_count layers, the last of which
 * gives a score for every class or a value for every target; with two classes it
 * may have one unit, whose sign tells them apart (not with MLP_CROSS_ENTROPY). */
typedef struct mlp_spec {
    size_t inputs;
    size_t layer_count;
    const mlp_layer_spec *layers;
    mlp_loss loss;
    float huber_delta; /* 0: 1 */
    mlp_init init;
    float init_scale;
    mlp_bias_init bias_init;
    float bias_scale;
} mlp_spec;

/* --- The training ------------------------------------------------------------ */

/* g is a gradient, lr the learning rate; simd/kernels.h has the operations. */
typedef enum mlp_optimizer {
    MLP_SGD,          /* w -= lr g */
    MLP_ADAM,         /* Kingma and Ba 2015 in Keras's form: epsilon beside sqrt(v) */
    MLP_MOMENTUM,     /* m = beta1 m + g, w -= lr m */
    MLP_NESTEROV,     /* m = beta1 m + g, w -= lr (g + beta1 m) (Sutskever et al. 2013) */
    MLP_RMSPROP,      /* v = beta2 v + (1 - beta2) g^2, w -= lr g / (sqrt(v) + epsilon) */
    MLP_ADAGRAD,      /* v += g^2, w -= lr g / (sqrt(v) + epsilon) (Duchi et al. 2011) */
    MLP_ADAM_PYTORCH, /* Adam in PyTorch's form: epsilon beside the bias-corrected root */
    MLP_ADAMW,        /* the same, after w -= lr weight_decay w (Loshchilov and Hutter 2019) */
    MLP_LION, /* w -= lr (sign(beta1 m + (1 - beta1) g) + weight_decay w) (Chen et al. 2023) */
} mlp_optimizer;

/* How the learning rate goes on from options.learning_rate. */
typedef enum mlp_schedule_kind {
    MLP_SCHEDULE_CONSTANT,
    MLP_SCHEDULE_STEP,        /* times factor after every `every` epochs */
    MLP_SCHEDULE_EXPONENTIAL, /* times factor after every epoch */
    MLP_SCHEDULE_COSINE,      /* half a cosine down to floor times the rate at the run's end */
    MLP_SCHEDULE_ONE_CYCLE, /* from rate / 25 up to the rate in the first 30 % of the steps, down to
                             * rate / 250,000 at the end, by cosines (Smith and Topin 2018) */
    MLP_SCHEDULE_PLATEAU,   /* times factor after `every` epochs without a lower loss */
} mlp_schedule_kind;

typedef struct mlp_schedule {
    mlp_schedule_kind kind;
    size_t every;        /* epochs: of a step, or of patience on a plateau */
    double factor;       /* in (0, 1] */
    double floor;        /* cosine: the last rate's share of the first one, in [0, 1] */
    size_t warmup_steps; /* steps in which the rate rises linearly to what the schedule says */
} mlp_schedule;

/* What decides which epoch is the best. */
typedef enum mlp_monitor {
    MLP_MONITOR_LOSS,  /* of the validation set, or of training where there is none */
    MLP_MONITOR_SCORE, /* its accuracy, or R2 of a regression */
} mlp_monitor;

/* The training. Zero is no default: start from mlp_train_options_default(). */
typedef struct mlp_train_options {
    mlp_optimizer optimizer;
    double learning_rate;
    double beta1;        /* of Adam, AdamW and Lion; the momentum of MOMENTUM and NESTEROV */
    double beta2;        /* of Adam, AdamW and Lion; the decay of RMSPROP */
    double epsilon;      /* of Adam, AdamW, RMSPROP, ADAGRAD */
    double weight_decay; /* of AdamW and Lion */
    mlp_schedule schedule;

    double l1, l2;     /* add l1 sign(w) + l2 w to the gradients of weights, not of biases */
    double clip_value; /* then limits each gradient to this magnitude; 0: no limit */
    double clip_norm;  /* then scales all to this Euclidean norm at most; 0: no limit */

    size_t batch; /* the last, smaller minibatch is kept */
    size_t epochs;
    bool shuffle; /* anew for every epoch */

    double label_smoothing;     /* of MLP_CROSS_ENTROPY: t = (1 - s) t + s / classes */
    bool balanced;              /* a class of n_c samples weighs count / (classes n_c) */
    const float *class_weights; /* [classes], the caller's, or NULL: 1 each */

    size_t patience;  /* stops after so many epochs without a better one; 0: never */
    double min_delta; /* what counts as better */
    mlp_monitor monitor;
    bool restore_best;   /* ends with the weights of the best epoch */
    double target_score; /* stops when the validation score reaches it; above 1: never */
    double max_seconds;  /* stops after the step in which these are over; 0: never */
    size_t max_steps;    /* stops after so many steps of the run; 0: never */

    uint64_t seed; /* of shuffle and dropout; the model's own seed draws its weights */
    int threads;   /* 0: mlp_default_threads(), fewer where the net is small */
} mlp_train_options;

/* Adam, lr 0.001, betas 0.9 and 0.999, epsilon 1e-7, batch 256, 30 epochs, shuffled,
 * constant rate, no regularisation, no early end, seed 1, threads 0. */
MLP_API mlp_train_options mlp_train_options_default(void);

/* Sets optimizer, learning rate, betas, epsilon and weight decay to the optimizer's own
 * defaults: lr 0.01 for SGD, momentum 0.9, Nesterov 0.9 and Adagrad, 0.0001 for Lion, else
 * 0.001; PyTorch's for the rest. */
MLP_API void mlp_optimizer_defaults(mlp_optimizer optimizer, mlp_train_options *options);

/* --- Names -------------------------------------------------------------------- */

/* Registries: name of row i (NULL past the end), and look-up by name, which
 * gives MLP_ERROR_USAGE and lists the known names. */
MLP_API const char *mlp_activation_name(size_t i);
MLP_API const char *mlp_norm_name(size_t i);
MLP_API const char *mlp_loss_name(size_t i);
MLP_API const char *mlp_optimizer_name(size_t i);
MLP_API const char *mlp_init_name(size_t i);
MLP_API const char *mlp_bias_init_name(size_t i);
MLP_API const char *mlp_schedule_name(size_t i);
MLP_API const char *mlp_monitor_name(size_t i);
MLP_API mlp_status mlp_activation_parse(const char *name, mlp_activation *out, mlp_error *error);
MLP_API mlp_status mlp_norm_parse(const char *name, mlp_norm *out, mlp_error *error);
MLP_API mlp_status mlp_loss_parse(const char *name, mlp_loss *out, mlp_error *error);
MLP_API mlp_status mlp_optimizer_parse(const char *name, mlp_optimizer *out, mlp_error *error);
MLP_API mlp_status mlp_monitor_parse(const char *name, mlp_monitor *out, mlp_error *error);

/* A name, and a scale after a colon where the row takes one: `he`, `glorot`, `normal` (scale 1),
 * `normal:SCALE`, `uniform:SCALE`, `orthogonal:GAIN`, `constant:VALUE`. */
MLP_API mlp_status mlp_init_parse(const char *name, mlp_init *out, float *scale, mlp_error *error);
MLP_API mlp_status mlp_bias_init_parse(const char *name, mlp_bias_init *out, float *scale,
                                       mlp_error *error);

/* `constant`, `step:EVERY:FACTOR`, `exponential:FACTOR`, `cosine`, `cosine:FLOOR`, `one_cycle`,
 * `plateau:PATIENCE:FACTOR`; leaves warmup_steps alone. */
MLP_API mlp_status mlp_schedule_parse(const char *name, mlp_schedule *out, mlp_error *error);

/* Whether a loss is about classes (labels below the number of outputs, or 0 and 1 for one
 * output) or about values. */
MLP_API bool mlp_loss_classifies(mlp_loss loss);

/* A recipe is a named set of all settings; "reference" is 256,256 ReLU,
 * N(0, 1), Adam 0.001, batch 256, 30 epochs. */
enum { MLP_RECIPE_HIDDEN = 8 };
typedef struct mlp_recipe {
    const char *name;
    const char *summary; /* one line for help texts */
    const char *data;    /* the data set where no other is told, as mlp_dataset_open takes it */
    size_t hidden_count;
    mlp_layer_spec hidden[MLP_RECIPE_HIDDEN];
    mlp_loss loss;
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
