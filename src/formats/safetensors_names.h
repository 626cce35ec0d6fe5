/* SPDX-License-Identifier: MIT */
/* What names of other programs' tensors say. */
#ifndef MLP_SRC_FORMATS_SAFETENSORS_NAMES_H
#define MLP_SRC_FORMATS_SAFETENSORS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Natural order: runs of digits compare as numbers, all else by its bytes. */
int mlp_st_compare_names(const char *a, const char *b);

/* Bytes that a name can grow by, its zero byte included. */
enum { MLP_ST_GROWTH = 16 };

/* Name i that the bias of `weight` may have, into `bias` [strlen(weight) + MLP_ST_GROWTH]; false
 * past the last. Where the name has no such word, `bias` is empty. */
bool mlp_st_bias_name(const char *weight, size_t i, char *bias);

/* Name i that the weight of a layer may have that is called `layer` [length], into `weight`
 * [length + MLP_ST_GROWTH]; false past the last. */
bool mlp_st_weight_name(const char *layer, size_t length, size_t i, char *weight);

#endif
