/* SPDX-License-Identifier: MIT */
#include <mlp/version.h>

const char *mlp_version(void)
{
    return MLP_VERSION;
}
