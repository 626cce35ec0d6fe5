/* SPDX-License-Identifier: MIT */
/* What the columns of a table are for, and what they are called. */
#ifndef MLP_SRC_FORMATS_CSV_COLUMNS_H
#define MLP_SRC_FORMATS_CSV_COLUMNS_H

#include "formats/csv_table.h"

/* Makes table->map and counts, once its first record is there and table->header is known. */
mlp_status mlp_csv_map_columns(struct mlp_csv_table *table, const mlp_source_options *options,
                               mlp_error *error);

#endif
