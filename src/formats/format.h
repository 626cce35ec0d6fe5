/* SPDX-License-Identifier: MIT */
/* Data formats. A new one is a file of its own that defines a row, declared
 * here, and its place in the list of src/data.c. */
#ifndef MLP_SRC_FORMATS_FORMAT_H
#define MLP_SRC_FORMATS_FORMAT_H

#include <mlp/dataset.h>

#include <stdbool.h>

/* Whether `source` is of this format: by its name, or by what is there. The
 * first row that says so gets it, the last row gets what is left. */
typedef bool mlp_format_claims(const char *source);

/* As mlp_dataset_has and mlp_dataset_open_as, for a source of this format. */
typedef bool mlp_format_has(const char *source, mlp_split split);
typedef mlp_status mlp_format_open(const char *source, mlp_split split,
                                   const mlp_source_options *options, mlp_dataset **out,
                                   mlp_error *error);

/* Which of mlp_source_options a format has. */
enum {
    MLP_FORMAT_UNLABELLED = 1 << 0,
    MLP_FORMAT_LABELS = 1 << 1,
    MLP_FORMAT_COLUMNS = 1 << 2, /* those of tables: all others */
};

struct mlp_format {
    unsigned options; /* others are refused before it is called */
    mlp_format_claims *claims;
    mlp_format_has *has;
    mlp_format_open *open;
};

/* A folder with MNIST's file names, and one IDX image file beside its label
 * file (idx.c). */
extern const struct mlp_format mlp_format_idx_folder;
extern const struct mlp_format mlp_format_idx_file;

/* NumPy's files: one array (npy.c), and a zip archive of arrays (npz.c, or npz_none.c, which says
 * that there is no libzip). */
extern const struct mlp_format mlp_format_npy;
extern const struct mlp_format mlp_format_npz;

/* Tables as text, and standard input (csv.c, or csv_none.c, which says that there is no libcsv). */
extern const struct mlp_format mlp_format_csv;

#endif
