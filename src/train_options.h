/* SPDX-License-Identifier: MIT */
/* Whether training options make sense. */
#ifndef MLP_SRC_TRAIN_OPTIONS_H
#define MLP_SRC_TRAIN_OPTIONS_H

#include <mlp/train.h>

/* MLP_ERROR_USAGE and MLP_ERROR_DATA as mlp_train. */
mlp_status mlp_train_options_check(const mlp_model *model, const mlp_dataset *data,
                                   const mlp_train_options *options, mlp_error *error);

#endif
