/* SPDX-License-Identifier: MIT */
#ifndef MLP_SRC_FORMATS_ONNX_NAME_H
#define MLP_SRC_FORMATS_ONNX_NAME_H

#include "formats/source_name.h"

/* Whether a file is ONNX, as its name tells. */
static inline bool mlp_onnx_claims(const char *path)
{
    static const char *const ending = ".onnx";
    return mlp_source_stem(path, &ending, 1) > 0;
}

#endif
