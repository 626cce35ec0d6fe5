/* SPDX-License-Identifier: MIT */
/* Which classes are taken for which, as text of at most 80 columns. */
#ifndef MLP_CLI_CONFUSION_H
#define MLP_CLI_CONFUSION_H

#include <stddef.h>

/* Takes one line, without a newline. */
typedef void confusion_line(void *context, const char *line);

/* confusion [classes][classes] counts by label and prediction (mlp_classification);
 * names [classes] are UTF-8, or NULL: the numbers of the classes. */

/* The matrix, up to 20 classes: a row a label, a column a prediction, '.' for 0. Where
 * the counts are too wide, in per cent of the label's samples, rounded down. Prints
 * nothing where there are more classes or this is too wide as well. */
void confusion_print_matrix(const size_t *confusion, size_t classes, const char *const *names,
                            confusion_line *line, void *context);

/* The up to 5 most frequent confusions, of as frequent ones the lower label and
 * prediction first: "4 taken for 9: 12 of 982 (1.2 %)". */
void confusion_print_worst(const size_t *confusion, size_t classes, const char *const *names,
                           confusion_line *line, void *context);

#endif
