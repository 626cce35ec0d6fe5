/* SPDX-License-Identifier: MIT */
/* IDX, the format of MNIST's files: two zero bytes, the type of the elements
 * (0x08: u8, the only one read here), the number of dimensions, the dimensions
 * as big-endian 32-bit numbers, the elements. Plain or gz. */
#ifndef MLP_SRC_FORMATS_IDX_H
#define MLP_SRC_FORMATS_IDX_H

#include <mlp/status.h>

#include <stddef.h>
#include <stdint.h>

enum mlp_idx_content {
    MLP_IDX_IMAGES, /* 2 to 4 dimensions: [count], and the product of the others features */
    MLP_IDX_LABELS, /* 1 dimension: [count], 1 feature */
};

struct mlp_idx {
    size_t count, features; /* both at least 1; count below 2^32 */
    uint8_t *values;        /* [count][features], freed with mlp_free */
};

/* Reads all of the file `path`. The size that its header gives is compared with
 * what the file can hold before memory is asked for. What is wrong with the
 * content is MLP_ERROR_DATA, what cannot be read MLP_ERROR_INTERNAL; *out is
 * empty then. */
mlp_status mlp_idx_read(const char *path, enum mlp_idx_content content, struct mlp_idx *out,
                        mlp_error *error);

#endif
