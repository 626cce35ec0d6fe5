/* SPDX-License-Identifier: MIT */
/* Recipes and the options that training starts from (mlp/spec.h). */
#include "registry.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What every recipe leaves as it is. */
#define COMMON_OPTIONS .target_score = 2, .seed = 1, .monitor = MLP_MONITOR_LOSS, .threads = 0

#define SCHEDULE(kind_)                                                                            \
    {                                                                                              \
        .kind = kind_, .every = 1, .factor = 1                                                     \
    }

#define DEFAULT_OPTIONS                                                                            \
    {                                                                                              \
        COMMON_OPTIONS, .optimizer = MLP_ADAM, .learning_rate = 0.001, .beta1 = 0.9,               \
                        .beta2 = 0.999, .epsilon = 1e-7,                                           \
                        .schedule = SCHEDULE(MLP_SCHEDULE_CONSTANT), .batch = 256, .epochs = 30,   \
                        .shuffle = true                                                            \
    }

#define DEEP_LAYER                                                                                 \
    {                                                                                              \
        .units = 64, .activation = MLP_GELU                                                        \
    }

static const mlp_recipe recipes[] = {
    {
        .name = "default",
        .summary = "what is used where nothing else is asked for",
        .data = "digits",
        .hidden_count = 2,
        .hidden = {{.units = 256, .activation = MLP_RELU}, {.units = 256, .activation = MLP_RELU}},
        .loss = MLP_CROSS_ENTROPY,
        .init = MLP_INIT_HE,
        .init_scale = 1.0f,
        .options = DEFAULT_OPTIONS,
    },
    {
        .name = "reference",
        .summary = "the network that the benchmarks measure, with weights from N(0, 1)",
        .data = "digits",
        .hidden_count = 2,
        .hidden = {{.units = 256, .activation = MLP_RELU}, {.units = 256, .activation = MLP_RELU}},
        .loss = MLP_CROSS_ENTROPY,
        .init = MLP_INIT_NORMAL,
        .init_scale = 1.0f,
        .options = DEFAULT_OPTIONS,
    },
    {
        .name = "perceptron",
        .summary = "Rosenblatt's perceptron; ends when no sample is misclassified, and says where "
                   "data cannot be separated",
        .data = "and",
        .hidden_count = 0,
        .loss = MLP_PERCEPTRON,
        .init = MLP_INIT_ZEROS,
        .init_scale = 1.0f,
        .options = {COMMON_OPTIONS, .optimizer = MLP_SGD, .learning_rate = 1, .beta1 = 0.9,
                    .beta2 = 0.999, .epsilon = 1e-7, .schedule = SCHEDULE(MLP_SCHEDULE_CONSTANT),
                    .batch = 1, .epochs = 100, .shuffle = false},
    },
    {
        .name = "xor",
        .summary = "the smallest problem that needs a hidden layer",
        .data = "xor",
        .hidden_count = 1,
        .hidden = {{.units = 8, .activation = MLP_TANH}},
        .loss = MLP_BINARY_CROSS_ENTROPY,
        .init = MLP_INIT_GLOROT,
        .init_scale = 1.0f,
        .options = {COMMON_OPTIONS, .optimizer = MLP_ADAM, .learning_rate = 0.05, .beta1 = 0.9,
                    .beta2 = 0.999, .epsilon = 1e-7, .schedule = SCHEDULE(MLP_SCHEDULE_CONSTANT),
                    .batch = 4, .epochs = 300, .shuffle = true},
    },
    {
        .name = "deep",
        .summary = "five hidden layers that tell spirals apart, with AdamW and a cosine schedule",
        .data = "spirals",
        .hidden_count = 5,
        .hidden = {DEEP_LAYER, DEEP_LAYER, DEEP_LAYER, DEEP_LAYER, DEEP_LAYER},
        .loss = MLP_CROSS_ENTROPY,
        .init = MLP_INIT_HE,
        .init_scale = 1.0f,
        .options = {COMMON_OPTIONS, .optimizer = MLP_ADAMW, .learning_rate = 0.003, .beta1 = 0.9,
                    .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01,
                    .schedule = SCHEDULE(MLP_SCHEDULE_COSINE), .batch = 64, .epochs = 60,
                    .shuffle = true},
    },
};

mlp_train_options mlp_train_options_default(void)
{
    return (mlp_train_options)DEFAULT_OPTIONS;
}

const mlp_recipe *mlp_recipe_at(size_t i)
{
    return i < COUNT(recipes) ? &recipes[i] : NULL;
}

static const char *recipe_name(size_t i)
{
    return i < COUNT(recipes) ? recipes[i].name : NULL;
}

mlp_status mlp_recipe_find(const char *name, const mlp_recipe **out, mlp_error *error)
{
    size_t index = 0;
    mlp_status status = mlp_registry_find("recipe", name, recipe_name, &index, error);
    if (status == MLP_OK)
        *out = &recipes[index];
    return status;
}
