/* SPDX-License-Identifier: MIT */
#ifndef MLP_SRC_PROVENANCE_H
#define MLP_SRC_PROVENANCE_H

#include <mlp/provenance.h>

/* Leaves the model with its provenance after a run of `steps` steps; without one where its first
 * weights were not drawn, or its inputs are standardised by other data. False where memory is
 * short. */
bool mlp_provenance_note(mlp_model *model, const mlp_dataset *train, const mlp_dataset *valid,
                         const mlp_train_options *options, size_t steps);

#endif
