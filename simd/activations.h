/* SPDX-License-Identifier: MIT */
/* A switch over activations in which each is a constant, so that what is inlined
 * into a case folds to that activation alone. */
#ifndef MLP_SIMD_ACTIVATIONS_H
#define MLP_SIMD_ACTIVATIONS_H

/* CASE(activation) for each that every instruction set has. */
#define MLP_EACH_ACTIVATION(CASE)                                                                  \
    CASE(MLP_IDENTITY)                                                                             \
    CASE(MLP_RELU)                                                                                 \
    CASE(MLP_LEAKY_RELU)                                                                           \
    CASE(MLP_SIGMOID)                                                                              \
    CASE(MLP_TANH)                                                                                 \
    CASE(MLP_ELU)                                                                                  \
    CASE(MLP_SELU)                                                                                 \
    CASE(MLP_HARD_SIGMOID)                                                                         \
    CASE(MLP_SOFTPLUS)                                                                             \
    CASE(MLP_SILU)                                                                                 \
    CASE(MLP_GELU)                                                                                 \
    CASE(MLP_GELU_TANH)                                                                            \
    CASE(MLP_MISH)                                                                                 \
    CASE(MLP_STEP)                                                                                 \
    CASE(MLP_SOFTMAX)

#endif
