/* SPDX-License-Identifier: MIT */
/* Labels of text files: texts or numbers, in the order of the samples, to classes. */
#ifndef MLP_SRC_FORMATS_LABELS_H
#define MLP_SRC_FORMATS_LABELS_H

#include <mlp/dataset.h>

enum {
    MLP_LABELS_CLASSES = 256,
    MLP_LABELS_TEXTS = 1024, /* different ones: a number has several spellings */
    MLP_LABELS_SLOTS = 4 * MLP_LABELS_TEXTS,
};

/* One of the different texts. */
struct mlp_label {
    char *text; /* [size] and a zero byte */
    size_t size;
    size_t line; /* where it is first */
};

/* Starts zeroed but for `path` and `column`, which are for messages: the column's number, from 1.
 */
struct mlp_labels {
    const char *path;
    size_t column;
    size_t known;
    struct mlp_label texts[MLP_LABELS_TEXTS]; /* [known] */
    uint16_t slots[MLP_LABELS_SLOTS];         /* by hash: number of a text + 1, or 0 */
    uint8_t classes[MLP_LABELS_TEXTS];        /* of the texts, once they are resolved */
};

/* The number of a text, new or not. MLP_ERROR_DATA where it is empty, not UTF-8 or has control
 * characters, and where there are more than MLP_LABELS_TEXTS. */
mlp_status mlp_labels_add(struct mlp_labels *labels, const char *text, size_t size, size_t line,
                          uint16_t *number, mlp_error *error);

/* Fills `classes`. With names in the options each text must be one of them. Else, where all texts
 * are numbers, each must be a whole one from 0 to 255 and is its class; where none is, the texts in
 * the order of their bytes are the classes, 2 to 256; some of either are refused. *names is the
 * names, one allocation with their texts, and *count their number; NULL and 0 where classes are
 * numbers. */
mlp_status mlp_labels_resolve(struct mlp_labels *labels, const mlp_source_options *options,
                              const char ***names, size_t *count, mlp_error *error);

void mlp_labels_end(struct mlp_labels *labels);

#endif
