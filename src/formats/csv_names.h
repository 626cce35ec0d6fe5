/* SPDX-License-Identifier: MIT */
/* The names of CSV sources. */
#ifndef MLP_SRC_FORMATS_CSV_NAMES_H
#define MLP_SRC_FORMATS_CSV_NAMES_H

#include <mlp/dataset.h>

/* Whether `source` is `-` or ends as CSV files do. */
bool mlp_csv_claims(const char *source);

/* One file is one split, the one that the user says it is; so is standard input. */
bool mlp_csv_has(const char *source, mlp_split split);

#endif
