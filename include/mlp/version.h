/* SPDX-License-Identifier: MIT */
#ifndef MLP_VERSION_H
#define MLP_VERSION_H

#include <mlp/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is running, e.g. "0.1.0". */
MLP_API const char *mlp_version(void);

#ifdef __cplusplus
}
#endif

#endif
