/* SPDX-License-Identifier: MIT */
/* The built-in data set: handwriting-like digits drawn by rule. */
#ifndef MLP_SRC_DIGITS_H
#define MLP_SRC_DIGITS_H

#include <mlp/dataset.h>

enum {
    MLP_DIGITS_SIDE = 28, /* pixels a row and rows an image */
    MLP_DIGITS_TRAIN = 60000,
    MLP_DIGITS_TEST = 10000,
};

/* Makes the wanted split: u8 images [count][28 * 28], row by row from the top,
 * ink bright on black, and labels 0 to 9, of which every ten images in a row
 * hold one each, in random order. Image i is a pure function of (split, i):
 * the same bytes on every machine, for every thread count. Uses the default
 * number of threads. Freed with mlp_dataset_destroy. */
mlp_status mlp_digits_create(mlp_split split, mlp_dataset **out, mlp_error *error);

#endif
