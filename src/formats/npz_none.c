/* SPDX-License-Identifier: MIT */
/* In place of npz.c where there is no libzip. */
#include "error.h"
#include "formats/format.h"
#include "formats/source_name.h"

static bool npz_claims(const char *source)
{
    static const char *const npz = ".npz";
    return mlp_source_stem(source, &npz, 1) > 0;
}

static bool npz_has(const char *source, mlp_split split)
{
    return split == MLP_TRAIN && mlp_source_exists(source);
}

static mlp_status npz_open(const char *source, mlp_split split, const mlp_source_options *options,
                           mlp_dataset **out, mlp_error *error)
{
    (void)split;
    (void)options;
    *out = NULL;
    return mlp_fail(error, MLP_ERROR_USAGE,
                    "%s: found an npz file, expected another format: this build has no libzip "
                    "(meson's option npz)",
                    source);
}

const struct mlp_format mlp_format_npz = {
    .options = MLP_FORMAT_UNLABELLED | MLP_FORMAT_LABELS,
    .claims = npz_claims,
    .has = npz_has,
    .open = npz_open,
};
