/* SPDX-License-Identifier: MIT */
/* How functions of the library report failure. */
#ifndef MLP_STATUS_H
#define MLP_STATUS_H

#include <mlp/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every fallible function returns one of these. The values are the exit codes
 * of the `mlp` program, so a thin program can return them as they are. */
typedef enum mlp_status {
    MLP_OK = 0,
    MLP_ERROR_INTERNAL = 1, /* input, output, memory */
    MLP_ERROR_USAGE = 2,    /* an argument or option that makes no sense */
    MLP_ERROR_DATA = 3,     /* a file or array whose content is wrong */
    MLP_ERROR_DIVERGED = 4, /* training met a NaN or an infinity */
} mlp_status;

/* The reason of a failure, owned by the caller; every function that takes one
 * accepts NULL. `message` is one line without a newline that names the file,
 * the line or byte offset, what was found and what was expected. It is written
 * only when the function fails. */
typedef struct mlp_error {
    mlp_status status;
    char message[1024];
} mlp_error;

/* A short English name of `status`; never NULL. */
MLP_API const char *mlp_status_name(mlp_status status);

#ifdef __cplusplus
}
#endif

#endif
