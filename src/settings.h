/* SPDX-License-Identifier: MIT */
/* All that a run's result depends on beside its data and first weights, as JSON. */
#ifndef MLP_SRC_SETTINGS_H
#define MLP_SRC_SETTINGS_H

#include "model.h"

#include <mlp/spec.h>
#include <mlp/status.h>

#include <jansson.h>

/* An object with a member for every option (threads and limits on time and steps aside) and for the
 * way in which the model was initialised, whose seed is null where it is no more as it was drawn;
 * `classes` is the number of class weights. Numbers keep all their bits. NULL where memory is
 * short. */
json_t *mlp_settings_json(const mlp_model *model, const mlp_train_options *options, size_t classes);

/* Reads such an object: the initialisation into *spec, whose other members are left alone, and the
 * model's seed; class weights into `weights`, which has room for 256. MLP_ERROR_DATA, naming what
 * is missing or wrong. */
mlp_status mlp_settings_read(const json_t *settings, mlp_spec *spec, uint64_t *seed,
                             mlp_train_options *options, float *weights, mlp_error *error);

/* MLP_ERROR_USAGE where two such objects differ, naming the first member that does; ours may
 * have more epochs where the schedule does not read them. `path` is the file that has `theirs`. */
mlp_status mlp_settings_compare(const json_t *ours, const json_t *theirs, const char *path,
                                mlp_error *error);

#endif
