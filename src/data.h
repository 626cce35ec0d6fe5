/* SPDX-License-Identifier: MIT */
/* Inside of mlp_dataset. */
#ifndef MLP_SRC_DATA_H
#define MLP_SRC_DATA_H

#include <mlp/dataset.h>

struct mlp_dataset {
    size_t count, features, classes;
    const uint8_t *u8; /* [count][features], or NULL */
    const float *f32;  /* [count][features], or NULL */
    const uint8_t *labels;
    void *owned_inputs, *owned_labels; /* mlp_alloc'ed; NULL where the caller owns */
};

/* A data set that owns the two arrays, mlp_alloc'ed: images [count][features]
 * and labels [count], of max(10, largest label + 1) classes. On failure they
 * stay the caller's. */
mlp_status mlp_dataset_own_u8(uint8_t *images, uint8_t *labels, size_t count, size_t features,
                              mlp_dataset **out, mlp_error *error);

#endif
