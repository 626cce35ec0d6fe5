/* SPDX-License-Identifier: MIT */
/* What the rows of mlp/spec.h's registries have besides names. */
#ifndef MLP_SRC_REGISTRY_H
#define MLP_SRC_REGISTRY_H

#include <mlp/spec.h>

/* Numbers that an optimizer keeps for each weight: 0, 1 (m) or 2 (m and v). */
size_t mlp_optimizer_moments(mlp_optimizer optimizer);

#endif
