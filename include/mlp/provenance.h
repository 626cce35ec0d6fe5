/* SPDX-License-Identifier: MIT */
/* Where a model comes from, and whether it does. */
#ifndef MLP_PROVENANCE_H
#define MLP_PROVENANCE_H

#include <mlp/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What made the model, as the text of a JSON object that mlp_train leaves with every model that it
 * trains from its first weights on: hashes of the data, how they were divided, all settings that
 * the result depends on, seeds, and the steps that were done. Owned by the model, kept in its
 * files; NULL where the weights came from elsewhere. */
MLP_API const char *mlp_model_provenance(const mlp_model *model);

typedef struct mlp_verification {
    bool same;                    /* training again gave the same bits */
    char expected[65], found[65]; /* fingerprints: the model's, and that of the second training */
    mlp_train_result result;      /* of the second training */
} mlp_verification;

/* Trains again as the model's provenance says and compares. `data` is what the training data came
 * from, before it was divided; `valid` a validation set of its own, where there was one, else NULL.
 * MLP_ERROR_DATA where the model has no provenance or these data are not those that it tells of;
 * else errors as mlp_train's. The model is left as it is. */
MLP_API mlp_status mlp_verify(const mlp_model *model, const mlp_dataset *data,
                              const mlp_dataset *valid, int threads, const mlp_callbacks *callbacks,
                              mlp_verification *out, mlp_error *error);

#ifdef __cplusplus
}
#endif

#endif
