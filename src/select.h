/* SPDX-License-Identifier: MIT */
/* The chosen instruction set (mlp/cpu.h). */
#ifndef MLP_SRC_SELECT_H
#define MLP_SRC_SELECT_H

#include <mlp/status.h>

#include "kernels.h"

/* The chosen kernels; chooses on first use. NULL and `error` where MLP_ISA is
 * bad. The table lives as long as the program; a later choice leaves it alone. */
const struct mlp_kernels *mlp_kernels_selected(mlp_error *error);

#endif
