/* SPDX-License-Identifier: MIT */
/* Forward passes over many samples by a team of threads. */
#ifndef MLP_SRC_PREDICT_H
#define MLP_SRC_PREDICT_H

#include <mlp/model.h>

struct mlp_predictor;

/* Threads that are worth their while for `count` samples, at most `threads` (0: the
 * default number). */
int mlp_predict_threads(size_t count, int threads);

/* For data of up to `count` samples by a team of `threads`; borrows the model. */
mlp_status mlp_predictor_create(const mlp_model *model, size_t count, int threads,
                                struct mlp_predictor **out, mlp_error *error);
void mlp_predictor_destroy(struct mlp_predictor *predictor);

/* Team functions: all threads of a parallel region of that many threads call
 * them with the same arguments; they return together, the result complete. The
 * data's features fit the model; for an evaluation all that mlp_model_check_data
 * looks at does. */

/* outputs [count][outputs], as mlp_model_predict's. */
void mlp_team_predict(struct mlp_predictor *predictor, const mlp_dataset *data, float *outputs);
/* The losses are added up in ascending order. */
void mlp_team_evaluate(struct mlp_predictor *predictor, const mlp_dataset *data,
                       mlp_evaluation *out);

#endif
