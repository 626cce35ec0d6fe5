/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

const char *mlp_status_name(mlp_status status)
{
    switch (status) {
    case MLP_OK:
        return "done";
    case MLP_ERROR_INTERNAL:
        return "input, output or memory failure";
    case MLP_ERROR_USAGE:
        return "wrong use";
    case MLP_ERROR_DATA:
        return "bad data";
    case MLP_ERROR_DIVERGED:
        return "training diverged";
    }
    return "unknown status";
}

mlp_status mlp_fail(mlp_error *error, mlp_status status, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        error->status = status;
        vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
        /* Names and contents of files may hold anything: keep it one line. */
        for (char *c = error->message; *c != '\0'; c++) {
            if ((unsigned char)*c < 0x20 || *c == 0x7f)
                *c = '?';
        }
    }
    return status;
}

mlp_status mlp_fail_memory(mlp_error *error, const char *what)
{
    return mlp_fail(error, MLP_ERROR_INTERNAL, "out of memory for %s", what);
}
