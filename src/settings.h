/* SPDX-License-Identifier: MIT */
/* All that a run's result depends on beside its data and first weights, as JSON. */
#ifndef MLP_SRC_SETTINGS_H
#define MLP_SRC_SETTINGS_H

#include <mlp/spec.h>
#include <mlp/status.h>

#include <jansson.h>

/* An object with a member for every option (threads and max_seconds aside) and for the way in which
 * the model was initialised; `classes` is the number of class weights. Numbers keep all their bits.
 * NULL where memory is short. */
json_t *mlp_settings_json(const mlp_spec *spec, const mlp_train_options *options, size_t classes);

/* MLP_ERROR_USAGE where two such objects differ, naming the first member that does; `epochs` may
 * where the schedule does not read them. `path` is the file that has `theirs`. */
mlp_status mlp_settings_compare(const json_t *ours, const json_t *theirs, const char *path,
                                mlp_error *error);

#endif
