/* SPDX-License-Identifier: MIT */
/* Samples and their labels. */
#ifndef MLP_DATASET_H
#define MLP_DATASET_H

#include <mlp/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A data set: count x features inputs, stored as u8 or f32 as they came, and
 * one label below `classes` per sample. Immutable once made: any number of
 * threads and runs may share one. */
typedef struct mlp_dataset mlp_dataset;

typedef enum mlp_split {
    MLP_TRAIN,
    MLP_TEST,
} mlp_split;

/* Opens a source: the word `digits` (built in), a folder with MNIST's four IDX
 * file names (plain or .gz), or one IDX image file, whose label file has the
 * same name with `labels-idx1` for `images-idx3`. Everything is read and
 * checked here; u8 values stay u8. Files give max(10, largest label + 1)
 * classes. A single file is all of whichever split is asked for. A folder named
 * `digits` is reached as `./digits`. MLP_ERROR_DATA names file and byte offset.
 * A folder without files of the wanted split is MLP_ERROR_INTERNAL. */
MLP_API mlp_status mlp_dataset_open(const char *source, mlp_split split, mlp_dataset **out,
                                    mlp_error *error);

/* Whether `source` has that split. A single file counts as a training set only.
 * Files that are there but wrong count, so that opening them tells the reason. */
MLP_API bool mlp_dataset_has(const char *source, mlp_split split);

/* Wraps arrays of the caller's, which must outlive the data set and stay as
 * they are: `x` row-major [count][features], `labels` [count] below `classes`.
 * u8 inputs are divided by 255 when they are used; f32 inputs are taken as
 * they are. MLP_ERROR_DATA where a label is out of range or an input is not
 * finite, MLP_ERROR_USAGE where count or features is 0 or classes < 2. */
MLP_API mlp_status mlp_dataset_wrap_u8(const uint8_t *x, const uint8_t *labels, size_t count,
                                       size_t features, size_t classes, mlp_dataset **out,
                                       mlp_error *error);
MLP_API mlp_status mlp_dataset_wrap_f32(const float *x, const uint8_t *labels, size_t count,
                                        size_t features, size_t classes, mlp_dataset **out,
                                        mlp_error *error);

MLP_API void mlp_dataset_destroy(mlp_dataset *data);

MLP_API size_t mlp_dataset_count(const mlp_dataset *data);
MLP_API size_t mlp_dataset_features(const mlp_dataset *data);
MLP_API size_t mlp_dataset_classes(const mlp_dataset *data);

/* Labels [count], owned by the data set. */
MLP_API const uint8_t *mlp_dataset_labels(const mlp_dataset *data);

/* Inputs as they are stored, owned by the data set; NULL where they are of the
 * other type. */
MLP_API const uint8_t *mlp_dataset_u8(const mlp_dataset *data);
MLP_API const float *mlp_dataset_f32(const mlp_dataset *data);

#ifdef __cplusplus
}
#endif

#endif
