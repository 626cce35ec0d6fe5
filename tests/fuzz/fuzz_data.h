/* SPDX-License-Identifier: MIT */
/* What a data set that was read has to be, and a failure. */
#ifndef MLP_TESTS_FUZZ_DATA_H
#define MLP_TESTS_FUZZ_DATA_H

#include <mlp/dataset.h>

#include <math.h>
#include <stdlib.h>

/* Reads every value, so that the sanitizers see whether it is there. */
static inline void fuzz_check_values(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            abort();
    }
}

static inline void fuzz_check_labels(const mlp_dataset *data)
{
    const uint8_t *labels = mlp_dataset_labels(data);
    size_t classes = mlp_dataset_classes(data);
    if (!labels != (classes == 0))
        abort();
    for (size_t i = 0; labels && i < mlp_dataset_count(data); i++) {
        if (labels[i] >= classes)
            abort();
    }
}

/* Checks what an opening gave, and frees it. */
static inline void fuzz_check_data(mlp_status status, mlp_dataset *data, const mlp_error *error)
{
    if ((status == MLP_OK) != (data != NULL) || (status != MLP_OK && error->message[0] == '\0'))
        abort();
    if (!data)
        return;
    char hash[33];
    size_t count = mlp_dataset_count(data);
    mlp_dataset_hash(data, hash); /* reads all of it */
    if (count == 0 || mlp_dataset_features(data) == 0)
        abort();
    if (mlp_dataset_f32_at(data, 0))
        fuzz_check_values(mlp_dataset_f32_at(data, 0), count * mlp_dataset_features(data));
    if (mlp_dataset_targets(data))
        fuzz_check_values(mlp_dataset_targets(data), count * mlp_dataset_outputs(data));
    fuzz_check_labels(data);
    mlp_dataset_destroy(data);
}

#endif
