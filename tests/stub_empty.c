/* SPDX-License-Identifier: MIT */
/* A library that is no CBLAS. */
int mlp_stub_empty(void);

int mlp_stub_empty(void)
{
    return 0;
}
