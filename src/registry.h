/* SPDX-License-Identifier: MIT */
/* What the rows of mlp/spec.h's registries have besides names. */
#ifndef MLP_SRC_REGISTRY_H
#define MLP_SRC_REGISTRY_H

#include <mlp/spec.h>

/* Numbers that an optimizer keeps for each weight: 0, 1 (m or v) or 2 (m and v). */
size_t mlp_optimizer_moments(mlp_optimizer optimizer);

/* What targets a loss takes. */
enum mlp_targets {
    MLP_TARGETS_ANY,
    MLP_TARGETS_COUNTS, /* from 0 up */
    MLP_TARGETS_SHARES, /* from 0 to 1 */
};

struct mlp_loss_traits {
    mlp_activation implied; /* what the loss itself applies to the outputs */
    bool is_distance;       /* of values: the last layer may have any activation before it, and
                             * targets can be standardised */
    enum mlp_targets targets;
};

/* Of a loss that has a name. */
struct mlp_loss_traits mlp_loss_traits(mlp_loss loss);

/* Index of `name` in the registry that `name_at` walks until NULL; MLP_ERROR_USAGE
 * lists the known names, as those of a `what`. */
mlp_status mlp_registry_find(const char *what, const char *name, const char *name_at(size_t),
                             size_t *index, mlp_error *error);

#endif
