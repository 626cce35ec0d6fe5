/* SPDX-License-Identifier: MIT */
#include "math.h"

#include "kernels.h"

void mlp_exp_c(size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = mlp_exp_scalar(x[i]);
}

void mlp_log_c(size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = mlp_log_scalar(x[i]);
}
