/* SPDX-License-Identifier: MIT */
/* What the columns of a table are for, and what they are called. */
#ifndef MLP_SRC_FORMATS_CSV_COLUMNS_H
#define MLP_SRC_FORMATS_CSV_COLUMNS_H

#include "formats/csv_table.h"

/* Whether the first record has the names of all inputs, of which not all are numbers: no row has.
 * MLP_ERROR_USAGE where all are, as then it may be either. Leaves table->names where it has. */
mlp_status mlp_csv_know_header(struct mlp_csv_table *table, const mlp_columns *columns, bool *known,
                               mlp_error *error);

/* Makes table->map and counts, once its first record is there and table->header is known. */
mlp_status mlp_csv_map_columns(struct mlp_csv_table *table, const mlp_source_options *options,
                               mlp_error *error);

#endif
