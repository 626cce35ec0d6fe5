/* SPDX-License-Identifier: MIT */
/* XXH3 with 128 bits: fast hashes of what is large. */
#ifndef MLP_SRC_HASH_H
#define MLP_SRC_HASH_H

#include "file.h"

enum { MLP_HASH_TEXT = 33 }; /* 32 hex digits and a zero byte */

/* Of the chunks, one after the other. */
void mlp_hash_chunks(const struct mlp_chunk *chunks, size_t count, char out[MLP_HASH_TEXT]);

#endif
