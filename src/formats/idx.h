/* SPDX-License-Identifier: MIT */
/* IDX, the format of MNIST's files: two zero bytes, the type of the elements
 * (0x08: u8, 0x0D: f32), the number of dimensions, the dimensions as big-endian
 * 32-bit numbers, the elements, big-endian. Plain or gz. */
#ifndef MLP_SRC_FORMATS_IDX_H
#define MLP_SRC_FORMATS_IDX_H

#include <mlp/status.h>

#include <stddef.h>
#include <stdint.h>

enum mlp_idx_content {
    MLP_IDX_IMAGES, /* 2 to 4 dimensions: [count], and the product of the others features */
    MLP_IDX_LABELS, /* 1 dimension: [count], 1 feature; of f32, targets: or 2 dimensions */
};

struct mlp_idx {
    size_t count, features; /* both at least 1; count below 2^32 */
    size_t height, width;   /* of images of 3 dimensions; else 0 */
    uint8_t *u8;            /* one of the two: [count][features], freed with mlp_free */
    float *f32;             /* finite; the other is NULL */
};

/* Reads all of the file `path`. The size that its header gives is compared with
 * what the file can hold before memory is asked for. What is wrong with the
 * content is MLP_ERROR_DATA, what cannot be read MLP_ERROR_INTERNAL; *out is
 * empty then. */
mlp_status mlp_idx_read(const char *path, enum mlp_idx_content content, struct mlp_idx *out,
                        mlp_error *error);

#endif
