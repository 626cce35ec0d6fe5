/* SPDX-License-Identifier: MIT */
#ifndef MLP_SRC_ERROR_H
#define MLP_SRC_ERROR_H

#include <mlp/status.h>

/* Writes the reason into `error` (may be NULL) and returns `status`, so that a
 * failure is one line: return mlp_fail(error, MLP_ERROR_DATA, "%s: ...", path). */
mlp_status mlp_fail(mlp_error *error, mlp_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The failure of an allocation of `what`. */
mlp_status mlp_fail_memory(mlp_error *error, const char *what);

#endif
