/* SPDX-License-Identifier: MIT */
/* What save_nets.c and onnx_nets.c share: inputs, targets, and what a Python test reads beside a
 * network. */
#ifndef MLP_TESTS_NET_FILES_H
#define MLP_TESTS_NET_FILES_H

#include <mlp/mlp.h>

enum {
    NET_INPUTS = 6,
    NET_HIDDEN = 17,
    NET_OUTPUTS = 3,
    NET_COUNT = 20, /* samples */
    NET_PATH = 512,
};

extern float net_x[NET_COUNT * NET_INPUTS], net_t[NET_COUNT * NET_OUTPUTS];

/* Fills both. */
void net_fill(void);

/* Raw floats as FOLDER/NAME.WHAT; false where that fails. */
bool net_write_floats(const char *folder, const char *name, const char *what, const float *from,
                      size_t count);

/* A network of two hidden layers and `units` outputs, up to NET_OUTPUTS, whose running statistics
 * are not the initial ones, and the data above (NULL where memory is short). NULL where this
 * combination is not offered. */
mlp_model *net_create(mlp_activation activation, mlp_norm norm, mlp_loss loss, size_t units,
                      mlp_dataset **data);

#endif
