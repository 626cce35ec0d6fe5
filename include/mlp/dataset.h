/* SPDX-License-Identifier: MIT */
/* Samples and what is to be learnt of them. */
#ifndef MLP_DATASET_H
#define MLP_DATASET_H

#include <mlp/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A data set: count x features inputs, stored as u8 or f32 as they came, and for
 * every sample a label below `classes`, or `outputs` target values, or both.
 * Immutable once made: any number of threads and runs may share one. */
typedef struct mlp_dataset mlp_dataset;

typedef enum mlp_split {
    MLP_TRAIN,
    MLP_TEST,
} mlp_split;

/* Opens a source: the name of a built-in set (mlp_dataset_builtin_name), a folder with MNIST's
 * four IDX file names (plain or .gz), a .npy file of inputs with one of labels or targets beside it
 * or a .npz archive (see below), or one IDX file of inputs, u8 or f32, whose label file has the
 * same name with `labels-idx1` for `images-idx3`. A single file is all of whichever split is asked
 * for. A folder with the name of a built-in set, as `digits`, is reached as `./digits`. Everything
 * is read and checked here: u8 values stay u8, f32 values must be finite. Labels of u8 stand for
 * max(2, largest label + 1) classes; a label file of f32 holds target values, [count] or
 * [count][outputs], and gives no classes.
 * MLP_ERROR_DATA names file and byte offset. A folder without files of the wanted split is
 * MLP_ERROR_INTERNAL.
 *
 * NumPy's files, NAME.npy or NAME.npy.gz, versions 1 to 3, hold f4, f8, i1 to i8, u1 to u8 or b1 in
 * either byte order and in C or Fortran order: inputs of 1 to 4 dimensions, [count] and the product
 * of the others. u1 stays u8, all else becomes the nearest f32. What is in the file as it would be
 * in memory (u1, and f4 in this machine's byte order; C order, not packed) is not read into memory
 * but mapped, so that it may be larger; the file must stay as it is until the data set is
 * destroyed. Labels are integers or bools, [count] or [count][1], from 0 to 255; targets are f4 or
 * f8. Their file is called y and the rest for X_train, x-test, X and the like, else NAME-labels,
 * each .npy or .npy.gz; MLP_ERROR_USAGE where there is none.
 *
 * An archive NAME.npz has such arrays: x_train and y_train, x_test and y_test, or else for either
 * split the first there of x, X, images, data, arr_0 and of y, Y, labels, target, arr_1. Also named
 * X_train, Y_train, X_test, Y_test. They are read into memory. MLP_ERROR_USAGE where the library
 * was built without libzip.
 *
 * A table NAME.csv or NAME.tsv, plain or .gz, or - for standard input, which is read up to its end:
 * RFC 4180, UTF-8 with or without a byte-order mark, lines that end in LF or CRLF, the last or not;
 * empty lines are skipped. Every line is a sample, after one that names the columns where there is
 * one; every cell a finite decimal number, with a point in any locale, rounded to the nearest f32.
 * The last column is the label, or another, or there are columns of target values
 * (mlp_source_options). Labels are whole numbers from 0 to 255, or 2 to 256 different texts, whose
 * order by bytes is that of the classes that they name. Messages count lines and columns from 1.
 * MLP_ERROR_USAGE where the library was built without libcsv. */
MLP_API mlp_status mlp_dataset_open(const char *source, mlp_split split, mlp_dataset **out,
                                    mlp_error *error);

/* Whether the first line of a CSV file names its columns. */
typedef enum mlp_header {
    MLP_HEADER_AUTO, /* it does where no column is a number there and one is in the second line */
    MLP_HEADER_YES,
    MLP_HEADER_NO,
} mlp_header;

/* What a table calls its columns: UTF-8, 1 to 255 bytes each. */
typedef struct mlp_columns {
    size_t input_count;
    const char *const *inputs; /* [input_count], in the order of a sample's values */
    const char *label;         /* the column of the labels; NULL where there is none */
    size_t target_count;
    const char *const *targets; /* [target_count], in the order of a sample's target values */
} mlp_columns;

/* How a source is to be read, where its content does not say. Zero is the default for all. */
typedef struct mlp_source_options {
    /* Inputs alone, as for a prediction: labels and targets need not be there and are not read
     * (those of built-in sets are known). */
    bool unlabelled;

    /* Of CSV, unlabelled: the values of a sample. Where there are as many columns all are inputs,
     * where there are more those of labels or targets are left out, the last one unnamed only if
     * its cells can be classes. 0: not known, only columns that are named below are left out. */
    size_t inputs;

    /* Of npy: the file with the labels (whole numbers) or targets (f4, f8) of the inputs; of npz
     * the name of that array. NULL: the file beside it, or the array, of the usual name. */
    const char *labels;

    /* Of CSV. Columns are named as in the header, or by number from 0, from -1 down for the last.
     */
    const char *label;   /* the column of the labels; NULL: the last one, where `targets` is NULL */
    const char *targets; /* columns of target values in place of a label, commas between them */
    char delimiter;      /* 0: the one of , ; tab that the first line has most of */
    mlp_header header;

    /* Of CSV: the names of a model's columns (mlp_model_columns), or of other data's. Where the
     * first line names the columns, each input is the one of its name, wherever it stands
     * (MLP_ERROR_DATA where there is not exactly one), label and targets are those of their names
     * unless `label` or `targets` says otherwise, and columns of other names are left out. A first
     * line that has all the names of inputs names the columns, but for names that are all numbers:
     * MLP_ERROR_USAGE unless `header` is told. NULL, or a table without names: by position. */
    const mlp_columns *columns;

    /* `label` and `targets` were said of the data that `columns` are of: here they are for a table
     * without names alone. */
    bool goals_by_name;

    /* The names of classes 0, 1, ... that labels which are text stand for, as of a model; a label
     * that is none of them is MLP_ERROR_DATA. NULL: the texts that occur, sorted by their bytes. */
    const char *const *class_names;
    size_t class_count;
} mlp_source_options;

/* mlp_dataset_open with options (NULL: the defaults). MLP_ERROR_USAGE for options that the source's
 * format does not have, but for `inputs` and `columns`, hints that others ignore. Options are read
 * during the call alone. */
MLP_API mlp_status mlp_dataset_open_as(const char *source, mlp_split split,
                                       const mlp_source_options *options, mlp_dataset **out,
                                       mlp_error *error);

/* Whether `source` has that split. A single file counts as a training set only, unless it is a .npz
 * with arrays of a test set.
 * Files that are there but wrong count, so that opening them tells the reason. */
MLP_API bool mlp_dataset_has(const char *source, mlp_split split);

/* Name of built-in set i (NULL past the end). All are pure functions of their numbers, the same
 * bits on every machine:
 *   digits     handwriting-like images of 28 x 28, u8, 10 classes; 60,000 to train, 10,000 to test
 *   and or xor the four rows of the truth table, inputs and labels 0 and 1; both splits are equal
 *   blobs      two clouds that a line divides, with a margin of 0.2 on either side; 400, 200
 *   moons      two half circles that reach into each other; 1,000, 500
 *   spirals    two spirals of 1.5 turns, each within the other; 1,000, 500
 *   sine       1 feature x from -pi to pi, 1 target sin 2x, with noise; 500, 250
 * From `and` to `spirals` they have 2 f32 features and 2 classes, in the last three alternately. */
MLP_API const char *mlp_dataset_builtin_name(size_t i);

/* Arrays of the caller's, which must outlive the data set and stay as they are. */
typedef struct mlp_arrays {
    size_t count, features;
    /* One of the two, row-major [count][features]. u8 inputs are divided by 255 when they are
     * used; f32 inputs are taken as they are. */
    const uint8_t *u8;
    const float *f32;
    const uint8_t *labels; /* [count] below classes; or NULL */
    size_t classes;        /* 2 to 256; 0 without labels */
    const float *targets;  /* [count][outputs]; or NULL */
    size_t outputs;        /* 0 without targets */
    const float *weights;  /* of the samples, [count], from 0 up; or NULL: 1 each */
} mlp_arrays;

/* Wraps arrays. MLP_ERROR_USAGE where there are no samples (or 2^32 and more) or no features, not
 * one kind of inputs, or neither labels nor targets, and where classes or outputs are out of range
 * or, without their array, not 0. MLP_ERROR_DATA, with the sample's number, where a label is not
 * below classes, an input or target is not finite, or a weight is not finite or below 0. */
MLP_API mlp_status mlp_dataset_wrap(const mlp_arrays *arrays, mlp_dataset **out, mlp_error *error);

/* The same for inputs and labels alone. */
MLP_API mlp_status mlp_dataset_wrap_u8(const uint8_t *x, const uint8_t *labels, size_t count,
                                       size_t features, size_t classes, mlp_dataset **out,
                                       mlp_error *error);
MLP_API mlp_status mlp_dataset_wrap_f32(const float *x, const uint8_t *labels, size_t count,
                                        size_t features, size_t classes, mlp_dataset **out,
                                        mlp_error *error);

/* Divides a data set in two: `part` gets a random fraction of the samples, `rest` the others, both
 * in their old order. A pure function of the labels (or without labels the count), the fraction and
 * the seed.
 * `part` has floor(fraction * count + 1/2) samples. With labels it is stratified: of a class of n_c
 * samples it gets floor(fraction * n_c), and one more for the classes with the largest remainders
 * (of equal ones the lower class first) until that number is reached. So a small class may be
 * missing on one side; the number of classes stays.
 * Inputs stay where they are: `data` must outlive both, and of a part also what it is a part of.
 * MLP_ERROR_USAGE where the fraction is not above 0 and below 1 or leaves one of them empty. */
MLP_API mlp_status mlp_dataset_divide(const mlp_dataset *data, double fraction, uint64_t seed,
                                      mlp_dataset **rest, mlp_dataset **part, mlp_error *error);

MLP_API void mlp_dataset_destroy(mlp_dataset *data);

MLP_API size_t mlp_dataset_count(const mlp_dataset *data);
MLP_API size_t mlp_dataset_features(const mlp_dataset *data);
MLP_API size_t mlp_dataset_classes(const mlp_dataset *data); /* 0 without labels */
MLP_API size_t mlp_dataset_outputs(const mlp_dataset *data); /* 0 without targets */

/* The name of a class, owned by the data set; NULL where classes have no names but their numbers.
 */
MLP_API const char *mlp_dataset_class_name(const mlp_dataset *data, size_t class_index);

/* The names of the columns, owned by the data set; NULL where it is no table that names them, each
 * by a name of its own of 1 to 255 bytes of UTF-8. */
MLP_API const mlp_columns *mlp_dataset_columns(const mlp_dataset *data);

/* Labels [count], targets [count][outputs], weights [count], owned by the data set; NULL where
 * there are none. */
MLP_API const uint8_t *mlp_dataset_labels(const mlp_dataset *data);
MLP_API const float *mlp_dataset_targets(const mlp_dataset *data);
MLP_API const float *mlp_dataset_weights(const mlp_dataset *data);

/* The inputs of sample i [features], owned by the data set; NULL where they are of the other
 * type. Those of sample 0 begin an array of all of them, [count][features], unless the set is a
 * part of another. */
MLP_API const uint8_t *mlp_dataset_u8_at(const mlp_dataset *data, size_t i);
MLP_API const float *mlp_dataset_f32_at(const mlp_dataset *data, size_t i);

/* XXH3 (128 bits, 32 hex digits and a zero byte) of all that a run can learn from: sizes, then
 * inputs, labels, targets and weights in the order of the samples, little-endian. Tells data sets
 * apart by their content, wherever it came from; it is no protection against intent. */
MLP_API void mlp_dataset_hash(const mlp_dataset *data, char out[33]);

/* Whether the features are the pixels of an image, row by row: those of digits and of IDX files of
 * three dimensions. The sizes are 0 where they are not. */
MLP_API bool mlp_dataset_image(const mlp_dataset *data, size_t *height, size_t *width);

#ifdef __cplusplus
}
#endif

#endif
