/* SPDX-License-Identifier: MIT */
/* Small networks and data for the tests of training. */
#ifndef MLP_TESTS_NETS_H
#define MLP_TESTS_NETS_H

#include <mlp/mlp.h>

#include <stddef.h>
#include <stdint.h>

/* Arrays of random samples with labels that depend on them; the same on every
 * machine. Freed with samples_destroy. */
struct samples {
    size_t count, features, classes;
    uint8_t *u8, *labels;
    float *f32; /* u8 / 255, exactly as the engine scales it */
};

struct samples samples_create(size_t count, size_t features, size_t classes, uint64_t seed);
void samples_destroy(struct samples *samples);

/* Data sets on the arrays; the test fails where that fails. */
mlp_dataset *samples_u8(const struct samples *samples);
mlp_dataset *samples_f32(const struct samples *samples);

/* A classifier with this activation in its hidden layers and the cross-entropy, He initialised;
 * widths are [layer_count + 1], inputs first. The test fails where that fails. */
mlp_model *net_create(size_t layer_count, const size_t *widths, mlp_activation activation,
                      uint64_t seed);

/* Chooses an instruction set; the test fails where that fails. */
void use_isa(size_t i);

#endif
