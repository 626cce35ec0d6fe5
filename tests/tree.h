/* SPDX-License-Identifier: MIT */
/* A made-up /proc and /sys in the temporary folder. */
#ifndef MLP_TESTS_TREE_H
#define MLP_TESTS_TREE_H

/* Writes `text` to the file `path` below the folder ("proc/stat") and makes the
 * folders that it lies in. */
void tree_put(const char *path, const char *text);

#endif
